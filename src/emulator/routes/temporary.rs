//! `files/get_temporary_link`, `files/get_temporary_upload_link`, and what these links lead to.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::path_arg::Pattern;
use super::super::state::links::{Temporary, TemporaryKind};
use super::super::state::tree::Node;
use super::super::tag::{nested, tag};
use super::super::{names, wire};
use super::download;
use super::open_link;
use super::upload::CommitInfo;

/// How long a link works: four hours.
const LIFETIME: Duration = Duration::from_secs(14_400);

pub(super) fn get_link(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    call.arg.finish()?;
    let view = call.caller().view;
    let refuse = |error| Refusal::Route(nested("path", error));
    let mut state = call.shared.state();
    let (lower, file) = match state.find(&view, &path) {
        Ok((lower, Node::File(file))) => (lower, file),
        Ok((_, Node::Folder(_))) => return Err(refuse(tag("not_file"))),
        Err(error) => return Err(refuse(wire::lookup_error(error))),
    };
    let token = state.mint.link_id();
    let kind = TemporaryKind::Download {
        tree: view.tree,
        rev: file.rev.clone(),
    };
    let expires = call.shared.clock.now() + LIFETIME;
    let link = Temporary { kind, expires };
    state.temporary.insert(token.clone(), link);
    drop(state);
    let link = format!("{}/apitl/1/{token}", call.origin());
    let metadata = wire::file(&view, &lower, &file);
    Ok(Answer::json(&json!({ "metadata": metadata, "link": link })))
}

pub(super) fn get_upload_link(call: &mut Call) -> Outcome {
    let mut commit = call.arg.fields("commit_info")?;
    let info = CommitInfo::read(&mut commit)?;
    commit.finish()?;
    let duration = call.arg.optional_seconds("duration", 60.0..=14_400.0)?;
    call.arg.finish()?;
    let caller = call.caller();
    let kind = TemporaryKind::Upload(Box::new((caller, info)));
    let duration = duration.unwrap_or(LIFETIME);
    let expires = call.shared.clock.now() + duration;
    let mut state = call.shared.state();
    let token = state.mint.link_id();
    let link = Temporary { kind, expires };
    state.temporary.insert(token.clone(), link);
    drop(state);
    let link = format!("{}/apitul/1/{token}", call.origin());
    Ok(Answer::json(&json!({ "link": link })))
}

/// 410 once the link's time is over, 404 where there never was one.
fn find(call: &Call) -> Result<Temporary, Refusal> {
    let token = names::name(call.parts.uri.path());
    let found = call.shared.state().temporary.get(token).cloned();
    let missing = || other(StatusCode::NOT_FOUND, "There is no such link");
    let found = found.ok_or_else(missing)?;
    if found.expires <= call.shared.clock.now() {
        return Err(other(StatusCode::GONE, "This link has expired"));
    }
    Ok(found)
}

fn other(status: StatusCode, text: &'static str) -> Refusal {
    Refusal::Other(Box::new(Answer::text(status, text)))
}

pub(super) fn follow(call: &mut Call) -> Outcome {
    match find(call)?.kind {
        TemporaryKind::Download { tree, rev } => {
            let file = call.shared.state().tree(tree).version(&rev).cloned();
            let file = file.ok_or_else(|| other(StatusCode::NOT_FOUND, "There is no such link"))?;
            let etag = download::etag(&file);
            let answer = download::content(&call.parts.headers, &etag, &file.blob);
            let (name, kind) = open_link::kind(&file.display);
            Ok(answer.with(header::ETAG, etag).with(name, kind))
        }
        TemporaryKind::Upload(..) => Err(other(StatusCode::NOT_FOUND, "There is no such link")),
    }
}

pub(super) async fn upload(call: &mut Call) -> Outcome {
    let link = find(call)?;
    let TemporaryKind::Upload(commit) = link.kind else {
        return Err(other(StatusCode::NOT_FOUND, "There is no such link"));
    };
    let (caller, info) = *commit;
    let kind = call.parts.headers.get(header::CONTENT_TYPE);
    if call.parts.method != Method::POST
        || kind != Some(&HeaderValue::from_static("application/octet-stream"))
    {
        return Err(other(
            StatusCode::BAD_REQUEST,
            "Expecting a POST of application/octet-stream",
        ));
    }
    let content = call.receive_content(None).await?;
    call.hold(caller.view.tree, 1).await?;
    let hash = content.content_hash.clone();
    // A link takes one file: it is gone once it was used.
    let token = names::name(call.parts.uri.path());
    {
        let mut state = call.shared.state();
        if state.temporary.remove(token).is_none() {
            return Err(other(StatusCode::GONE, "This link has been used"));
        }
        info.commit(&mut state, &caller, content, call.shared.clock.now())
            .map_err(|error| Refusal::Route(nested("path", wire::write_error(error))))?;
    }
    call.shared.settle().await?;
    Ok(Answer::json(&json!({ "content-hash": hash })))
}
