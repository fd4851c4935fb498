//! What comes back, as scripts see it.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use rhai::{Dynamic, INT, Map};

use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::modules::json;
use crate::script::run::Run;
use crate::web::WebAnswer;

/// `#{ status, headers, text, json }`; names of headers are in lower case, `json` is `()` where the answer is none.
pub(super) fn to_map(run: &Run, answer: WebAnswer) -> Raised<Map> {
    let text = match String::from_utf8(answer.body) {
        Ok(text) => text,
        Err(other) => String::from_utf8_lossy(other.as_bytes()).into_owned(),
    };
    let json = if is_json(&answer.headers) {
        let value = json::from_text(run, &text);
        // What stops the script does so here too; text that only claims to be JSON is still there as text.
        run.gate().check()?;
        value.unwrap_or_default()
    } else {
        Dynamic::UNIT
    };
    let mut headers = Map::new();
    for name in answer.headers.keys() {
        let values = answer.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.as_str().into(), values.join(", ").into());
    }
    Ok(Map::from_iter([
        ("status".into(), INT::from(answer.status.as_u16()).into()),
        ("headers".into(), headers.into()),
        ("text".into(), text.into()),
        ("json".into(), json),
    ]))
}

/// What a dry run gives for something that was not sent: as though it had been taken.
pub(super) fn planned() -> Map {
    Map::from_iter([
        ("status".into(), INT::from(StatusCode::OK.as_u16()).into()),
        ("headers".into(), Map::new().into()),
        ("text".into(), "".into()),
        ("json".into(), Dynamic::UNIT),
        ("planned".into(), true.into()),
    ])
}

/// An answer of 400 and more. What is in it is not told: servers repeat the address there, which may be a secret.
pub(super) fn refused(answer: &WebAnswer) -> Error {
    let kind = match answer.status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED => ErrorKind::Permission,
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorKind::NotFound,
        StatusCode::REQUEST_TIMEOUT => ErrorKind::Timeout,
        StatusCode::CONFLICT => ErrorKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        status if status.is_server_error() => ErrorKind::Server,
        _ => ErrorKind::InvalidArgument,
    };
    let message = format!(
        "`{}` answered with the status {}",
        answer.host, answer.status
    );
    let error = Error::new(kind, message)
        .with_answer(answer.status.as_u16(), None, None)
        .with_hint("`raise: false` gives the answer as it is");
    let wait = answer.headers.get(RETRY_AFTER);
    match wait.and_then(|wait| wait.to_str().ok()?.parse().ok()) {
        Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
        None => error,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}
