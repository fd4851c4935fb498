//! What a call comes to, and the refusals in the words and formats of the service.

use std::fmt;
use std::io;
use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::Serialize;
use serde_json::{Value, json};

use super::blob::Blob;
use super::body::BodyError;
use super::fault::{LimitBody, LimitReason, RetryIn};
use super::tag;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-dropbox-request-id");
pub(super) const API_RESULT: HeaderName = HeaderName::from_static("dropbox-api-result");

/// The Python SDK compares it whole: no charset may follow.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// An answer to send.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
}

/// A body as it comes.
pub(super) type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// The body of an answer.
pub(super) enum Payload {
    Bytes(Bytes),
    Blob(Blob, Range<u64>),
    /// What is made while it is sent: nobody knows yet how long it will be.
    Stream(Pieces),
}

impl Payload {
    /// Bytes that will come, where that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Payload::Bytes(bytes) => Some(bytes.len() as u64),
            Payload::Blob(_, range) => Some(range.end - range.start),
            Payload::Stream(_) => None,
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size() {
            Some(size) => write!(f, "Payload({size} bytes)"),
            None => f.write_str("Payload(a stream)"),
        }
    }
}

impl Answer {
    /// The result of an rpc or upload route.
    pub(super) fn json(result: &impl Serialize) -> Answer {
        let body =
            serde_json::to_vec(result).expect("results have string keys and no foreign types");
        Answer::new(StatusCode::OK, JSON, body)
    }

    /// The result of a route that has none.
    pub(super) fn null() -> Answer {
        Answer::new(StatusCode::OK, JSON, "null")
    }

    /// A failure with a body of JSON.
    pub(super) fn failure(status: StatusCode, body: &Value) -> Answer {
        Answer::new(status, JSON, body.to_string())
    }

    pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
        Answer::new(status, TEXT, body)
    }

    pub(super) fn html(status: StatusCode, body: impl Into<Bytes>) -> Answer {
        Answer::new(status, HTML, body)
    }

    fn new(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Answer {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        Answer {
            status,
            headers,
            payload: Payload::Bytes(body.into()),
        }
    }

    /// What it refuses, in a line, unless it is a result: the error summary, or how the text begins.
    pub(super) fn complaint(&self) -> Option<String> {
        let Payload::Bytes(body) = &self.payload else {
            return None;
        };
        if self.status.as_u16() < 400 {
            return None;
        }
        let json = serde_json::from_slice::<Value>(body).ok();
        let summary = json.as_ref().and_then(|json| {
            let named = json.get("error_summary").or_else(|| json.get("error"));
            Some(named?.as_str()?.trim_end_matches(['.', '/']).to_owned())
        });
        summary.or_else(|| {
            let text = String::from_utf8_lossy(body);
            let line = text.lines().next()?;
            // The route is told beside it.
            let line = line.split_once("API function ").map_or(line, |(_, rest)| {
                rest.split_once("\": ").map_or(rest, |(_, rest)| rest)
            });
            Some(line.chars().take(200).collect())
        })
    }

    /// Seconds that the caller is told to wait, in the header.
    pub(super) fn retry_after(&self) -> Option<u64> {
        let header = self.headers.get(header::RETRY_AFTER)?;
        header.to_str().ok()?.parse().ok()
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Answer {
        self.headers.insert(name, value);
        self
    }
}

/// Why a call is not carried out.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 400: what is wrong with the request, without the name of the function in front.
    BadRequest(String),
    /// 401, with an `AuthError`.
    Unauthorized(Value),
    /// 403, with an `AccessError`.
    Forbidden(Value),
    /// 409, with the error of the route.
    Route(Value),
    /// 422, with a `PathRootError`.
    PathRoot(Value),
    /// 429.
    Limited(Limit),
    /// An answer in a form of its own.
    Other(Box<Answer>),
    /// The client went away.
    Gone,
    /// 500: the emulator's own disk.
    Storage(io::Error),
}

/// What a 429 says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) reason: LimitReason,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    pub(super) retry_in: RetryIn,
    pub(super) body: LimitBody,
}

impl Limit {
    /// In the form that is usual, with the second that is usual.
    pub(super) fn usual(reason: LimitReason) -> Limit {
        Limit {
            reason,
            retry_after: Some(1),
            retry_in: RetryIn::Both,
            body: LimitBody::Json,
        }
    }
}

impl Refusal {
    pub(super) fn bad(text: impl Into<String>) -> Refusal {
        Refusal::BadRequest(text.into())
    }

    /// The answer. `dots` follow an error summary; `function` is the route's name.
    pub(super) fn into_answer(self, function: &str, dots: &str) -> Option<Answer> {
        let envelope = |error: Value| json!({ "error_summary": format!("{}/{dots}", tag::summary(&error)), "error": error });
        Some(match self {
            Refusal::BadRequest(text) => {
                let text = format!("Error in call to API function \"{function}\": {text}");
                Answer::text(StatusCode::BAD_REQUEST, text)
            }
            Refusal::Unauthorized(error) => {
                Answer::failure(StatusCode::UNAUTHORIZED, &envelope(error)).with(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"Dropbox-API\""),
                )
            }
            Refusal::Forbidden(error) => Answer::failure(StatusCode::FORBIDDEN, &envelope(error)),
            Refusal::Route(error) => Answer::failure(StatusCode::CONFLICT, &envelope(error)),
            Refusal::PathRoot(error) => {
                Answer::failure(StatusCode::UNPROCESSABLE_ENTITY, &envelope(error))
            }
            Refusal::Limited(limit) => limited(limit, dots),
            Refusal::Other(answer) => *answer,
            Refusal::Gone => return None,
            Refusal::Storage(error) => {
                let text = format!("the emulator cannot keep its files: {error}");
                Answer::text(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        })
    }
}

fn limited(limit: Limit, dots: &str) -> Answer {
    let name = match limit.reason {
        LimitReason::TooManyRequests => "too_many_requests",
        LimitReason::TooManyWriteOperations => "too_many_write_operations",
    };
    let told = |places: [RetryIn; 2]| {
        limit
            .retry_after
            .filter(|_| places.contains(&limit.retry_in))
    };
    let mut answer = match limit.body {
        LimitBody::Json => {
            let mut error = json!({ "reason": tag::tag(name) });
            if let Some(seconds) = told([RetryIn::Both, RetryIn::Field]) {
                error["retry_after"] = seconds.into();
            }
            let body = json!({ "error_summary": format!("{name}/{dots}"), "error": error });
            Answer::failure(StatusCode::TOO_MANY_REQUESTS, &body)
        }
        LimitBody::Text => Answer::text(StatusCode::TOO_MANY_REQUESTS, name),
    };
    if let Some(seconds) = told([RetryIn::Both, RetryIn::Header]) {
        answer.headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Storage(error)
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Refusal {
        match error {
            BodyError::Broken | BodyError::Superseded => Refusal::Gone,
            BodyError::TooShort => Refusal::Route(tag::tag("length_mismatch")),
            BodyError::TooLarge => Refusal::Route(tag::tag("payload_too_large")),
            BodyError::Storage(error) => Refusal::Storage(error),
        }
    }
}

/// JSON that may stand in a header: DEL and every character outside ASCII as `\uXXXX` (developers' site, "JSON encoding").
pub(super) fn header_safe(json: &str) -> String {
    use std::fmt::Write as _;
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            safe.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example_of_header_json_holds() {
        let escaped = header_safe("{\"field\": \"some_üñîcødé_and_\u{7f}\"}");
        assert_eq!(
            escaped,
            r#"{"field": "some_\u00fc\u00f1\u00eec\u00f8d\u00e9_and_\u007f"}"#
        );
        assert_eq!(header_safe("\u{1f600}"), r"\ud83d\ude00");
    }
}
