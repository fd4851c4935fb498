//! What a shared link is for a browser: a page, or with `dl=1` or `raw=1` what it leads to.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use url::form_urlencoded;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::names;
use super::super::state::tree::Node;
use super::sharing::Visitor;
use super::{download, download_zip, sharing};

pub(super) fn open(call: &mut Call) -> Outcome {
    let uri = &call.parts.uri;
    let query = uri.query().unwrap_or_default();
    let direct = form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| matches!(&*name, "dl" | "raw") && value == "1");
    let state = call.shared.state();
    let now = call.shared.clock.now();
    let found = sharing::resolve(&state, &uri.to_string(), None, &Visitor::default(), now);
    let (link, lower, node) = found.map_err(|error| {
        let (status, text) = match error {
            "shared_link_access_denied" => (
                StatusCode::FORBIDDEN,
                "This link is not for everybody, or has a password",
            ),
            _ => (StatusCode::NOT_FOUND, "There is nothing behind this link"),
        };
        Refusal::Other(Box::new(page(status, text)))
    })?;
    if !direct {
        return Ok(page(StatusCode::OK, names::name(node.display())));
    }
    if !link.settings.allow_download {
        let text = "This link does not let files be downloaded";
        return Err(Refusal::Other(Box::new(page(StatusCode::FORBIDDEN, text))));
    }
    match &node {
        Node::File(file) => {
            let etag = download::etag(file);
            let answer = download::content(&call.parts.headers, &etag, &file.blob);
            let (name, kind) = kind(&file.display);
            Ok(answer.with(header::ETAG, etag).with(name, kind))
        }
        Node::Folder(folder) => {
            let tree = state.tree(link.tree);
            download_zip::zip(tree, &lower, &folder.display).map_err(|_| {
                let text = "This folder is too large to be downloaded";
                Refusal::Other(Box::new(page(StatusCode::BAD_REQUEST, text)))
            })
        }
    }
}

fn page(status: StatusCode, text: &str) -> Answer {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    Answer::html(
        status,
        format!(
            "<!DOCTYPE html><html><head><title>Dropbox - {text}</title></head><body><h1>{text}</h1></body></html>"
        ),
    )
}

/// The header that says what kind of file a name promises.
pub(super) fn kind(display: &str) -> (HeaderName, HeaderValue) {
    let guessed = mime_guess::from_path(names::name(display)).first_raw();
    let kind = guessed.unwrap_or("application/octet-stream");
    (header::CONTENT_TYPE, HeaderValue::from_static(kind))
}
