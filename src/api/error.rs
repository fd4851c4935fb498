//! The one place that turns an HTTP status and Dropbox's tags into an [`ErrorKind`].

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::Route;
use super::tag::known_tag;
use crate::error::{Error, ErrorKind};

/// An answer that is an error: its parts, as they came.
pub(crate) struct Refusal<'a> {
    pub(crate) route: &'a Route<'a>,
    /// The path that the call was about.
    pub(crate) path: Option<&'a str>,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    error_summary: Option<String>,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    user_message: Option<UserMessage>,
}

#[derive(Deserialize)]
struct UserMessage {
    text: String,
}

impl Refusal<'_> {
    /// The error for the caller.
    pub(crate) fn into_error(self) -> Error {
        let envelope = serde_json::from_slice::<Envelope>(self.body);
        if self.is_cut(&envelope) {
            return match self.path {
                Some(path) => ended_early(self.route).with_path(shown(path)),
                None => ended_early(self.route),
            };
        }
        let envelope = envelope.ok();
        let tag = envelope
            .as_ref()
            .and_then(|envelope| tag_of(envelope.error_summary.as_deref()?));
        let error = match (&envelope, &tag) {
            (Some(envelope), Some(tag)) => self.tagged(envelope, tag),
            _ => self.untagged(),
        };
        let request_id = self
            .headers
            .get("x-dropbox-request-id")
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let error = error.with_answer(self.status.as_u16(), tag, request_id);
        let error = match self.path {
            Some(path) => error.with_path(shown(path)),
            None => error,
        };
        let error = match self.retry_after(envelope.as_ref()) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        if error.hint().is_some() {
            return error;
        }
        match error.kind() {
            ErrorKind::RateLimited => error.with_hint("try again later, or do less at a time"),
            ErrorKind::Server => error.with_hint(
                "try again later; https://status.dropbox.com tells whether Dropbox is well",
            ),
            _ => error,
        }
    }

    /// Whether the answer is one of a route that did not come whole: its status alone would say something else.
    fn is_cut(&self, envelope: &Result<Envelope, serde_json::Error>) -> bool {
        self.status == StatusCode::CONFLICT
            && envelope.as_ref().is_err_and(serde_json::Error::is_eof)
    }

    fn tagged(&self, envelope: &Envelope, tag: &str) -> Error {
        let path = self.path.map_or_else(
            || format!("`{}`", self.route.name),
            |path| format!("`{}`", shown(path)),
        );
        let known = known_tag(self.route, tag);
        let kind = known.map_or_else(|| self.kind_by_status(), |known| known.kind);
        let mut message = match known.and_then(|known| known.words) {
            Some(words) => words.replace("{}", &path),
            None => format!("Dropbox refused `{}`: {tag}", self.route.name),
        };
        if let Some(text) = &envelope.user_message {
            message = format!("{message} ({})", text.text);
        }
        let error = Error::new(kind, message);
        let scope = envelope.error.get("required_scope");
        let hint = match scope.and_then(Value::as_str) {
            Some(scope) => Some(format!(
                "give the app the scope `{scope}`, then sign in again"
            )),
            None => known.and_then(|known| known.mend).map(str::to_owned),
        };
        let error = match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        error.with_detail(envelope.error.clone())
    }

    fn untagged(&self) -> Error {
        let text = String::from_utf8_lossy(self.body);
        let text = text.trim();
        let route = self.route.name;
        match self.status {
            StatusCode::BAD_REQUEST if text.contains("Dropbox-API-Select-User") => Error::new(
                ErrorKind::InvalidArgument,
                "the token is that of a whole team, and nobody said whose files are meant",
            )
            .with_hint("set `member` or `admin` of the connection, or call `dbx.as_member(...)`"),
            StatusCode::BAD_REQUEST
                if text.contains("Authorization") || text.contains("access token") =>
            {
                Error::new(
                    ErrorKind::NotSignedIn,
                    "Dropbox does not accept the access token",
                )
                .with_hint("sign in again, or give another token")
            }
            StatusCode::BAD_REQUEST if text.contains("did not match pattern") => {
                let path = self.path.map(shown).unwrap_or_default();
                Error::new(
                    ErrorKind::InvalidPath,
                    format!("`{path}` is not a path that Dropbox accepts"),
                )
            }
            StatusCode::BAD_REQUEST if text.starts_with("Unknown API function") => Error::new(
                ErrorKind::Unsupported,
                format!("this server does not know the route `{route}`"),
            ),
            StatusCode::BAD_REQUEST => Error::new(
                ErrorKind::InvalidArgument,
                format!("Dropbox refused `{route}`: {}", first_line(text)),
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                Error::new(ErrorKind::RateLimited, "Dropbox limits the rate of calls")
            }
            status if status.is_server_error() => Error::new(
                ErrorKind::Server,
                format!(
                    "Dropbox failed at `{route}` with status {}",
                    status.as_u16()
                ),
            ),
            status => Error::new(
                self.kind_by_status(),
                format!("`{route}` was answered with status {}", status.as_u16()),
            )
            .with_hint("is the endpoint a server that speaks Dropbox's API?"),
        }
    }

    fn kind_by_status(&self) -> ErrorKind {
        match self.status.as_u16() {
            400 => ErrorKind::InvalidArgument,
            401 => ErrorKind::NotSignedIn,
            403 | 422 => ErrorKind::Permission,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            500.. => ErrorKind::Server,
            _ => ErrorKind::Unsupported,
        }
    }

    /// Seconds, from the header or the body. Dropbox leaves both out of some `too_many_write_operations`.
    fn retry_after(&self, envelope: Option<&Envelope>) -> Option<Duration> {
        let header = self
            .headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.trim().parse().ok());
        let body = || envelope?.error.get("retry_after")?.as_u64();
        header.or_else(body).map(Duration::from_secs)
    }
}

/// The error for an answer that ended before its end.
pub(crate) fn ended_early(route: &Route<'_>) -> Error {
    let message = format!("the answer of `{}` ended early", route.name);
    Error::new(ErrorKind::Network, message).with_hint("try again")
}

/// Whether the server does not offer the route, or not to this caller: then another way has to do.
pub(crate) fn is_unknown_route(error: &Error) -> bool {
    error.tag() == Some("route_access_denied")
        || error.tag().is_none()
            && error.kind() == ErrorKind::Unsupported
            && matches!(error.status(), Some(400 | 404 | 405))
}

/// Whether it is not what the call asks for that was refused, but its form: then smaller calls may do.
pub(crate) fn is_refused_form(error: &Error) -> bool {
    error.tag().is_none() && matches!(error.status(), Some(400 | 413 | 431))
}

/// The error for an entry of a batch that failed: `failure` is a value of the error union of `route`.
pub(crate) fn refused_entry(route: &Route<'_>, path: &str, failure: Value) -> Error {
    let tag = tags_of(&failure);
    let known = known_tag(route, &tag);
    let path_shown = format!("`{}`", shown(path));
    let message = match known.and_then(|known| known.words) {
        Some(words) => words.replace("{}", &path_shown),
        None => format!("Dropbox refused {path_shown}: {tag}"),
    };
    let error = Error::new(
        known.map_or(ErrorKind::Conflict, |known| known.kind),
        message,
    );
    let error = match known.and_then(|known| known.mend) {
        Some(mend) => error.with_hint(mend),
        None => error,
    };
    error
        .with_path(shown(path))
        .with_answer(StatusCode::CONFLICT.as_u16(), Some(tag), None)
        .with_detail(failure)
}

/// The tags of a union's value from the outside in, as an error summary has them.
fn tags_of(mut value: &Value) -> String {
    let mut tags = String::new();
    while let Some(tag) = value.get(".tag").and_then(Value::as_str) {
        if !tags.is_empty() {
            tags.push('/');
        }
        tags.push_str(tag);
        // `UploadWriteFailed` stands beside its tag, and has its own union in `reason`.
        value = value
            .get(tag)
            .or_else(|| value.get("reason"))
            .unwrap_or(&Value::Null);
    }
    tags
}

/// `path/not_found/...` without the run of dots that ends a summary.
fn tag_of(summary: &str) -> Option<String> {
    let tag = summary.trim_end_matches('.').trim_end_matches('/');
    (!tag.is_empty()).then(|| tag.to_owned())
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let end = line
        .char_indices()
        .nth(300)
        .map_or(line.len(), |(index, _)| index);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::super::{GET_METADATA, UPLOAD_SESSION_APPEND, UPLOAD_SESSION_FINISH};
    use super::*;

    fn error(route: &Route<'_>, status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).expect("a status");
        Refusal {
            route,
            path: Some("/a/b.txt"),
            status,
            headers: &HeaderMap::new(),
            body: body.as_bytes(),
        }
        .into_error()
    }

    fn summary(route: &Route<'_>, summary: &str) -> Error {
        error(
            route,
            409,
            &format!(r#"{{"error_summary":"{summary}","error":{{}}}}"#),
        )
    }

    #[test]
    fn the_most_specific_tag_decides() {
        for (text, kind, tag) in [
            ("path/not_found/..", ErrorKind::NotFound, "path/not_found"),
            (
                "path/conflict/file/...",
                ErrorKind::Conflict,
                "path/conflict/file",
            ),
            (
                "path_write/no_write_permission/",
                ErrorKind::Permission,
                "path_write/no_write_permission",
            ),
            (
                "path/insufficient_space",
                ErrorKind::NoSpace,
                "path/insufficient_space",
            ),
            ("something_new/..", ErrorKind::Conflict, "something_new"),
        ] {
            let error = summary(&GET_METADATA, text);
            assert_eq!((error.kind(), error.tag()), (kind, Some(tag)), "{text}");
        }
    }

    #[test]
    fn a_lost_session_is_not_a_missing_file() {
        assert_eq!(
            summary(&UPLOAD_SESSION_APPEND, "not_found/.").kind(),
            ErrorKind::Conflict
        );
        assert_eq!(
            summary(&UPLOAD_SESSION_FINISH, "lookup_failed/not_found/.").kind(),
            ErrorKind::Conflict
        );
    }

    #[test]
    fn the_message_names_the_path() {
        assert_eq!(
            summary(&GET_METADATA, "path/not_found/").to_string(),
            "there is nothing at `/a/b.txt`"
        );
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body = r#"{"error_summary":"missing_scope/..","error":{".tag":"missing_scope","required_scope":"files.content.write"}}"#;
        let error = error(&GET_METADATA, 401, body);
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(
            error
                .hint()
                .expect("a hint")
                .contains("files.content.write")
        );
    }

    #[test]
    fn plain_text_is_understood() {
        let text = "Error in call to API function \"files/get_metadata\": request body: path: 'x' did not match pattern '/'";
        assert_eq!(
            error(&GET_METADATA, 400, text).kind(),
            ErrorKind::InvalidPath
        );
        assert_eq!(
            error(&GET_METADATA, 429, "slow down").kind(),
            ErrorKind::RateLimited
        );
        assert_eq!(
            error(&GET_METADATA, 503, "<html>").kind(),
            ErrorKind::Server
        );
        assert_eq!(
            error(&GET_METADATA, 404, "<html>").kind(),
            ErrorKind::Unsupported
        );
    }

    #[test]
    fn the_wait_comes_from_header_or_body() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, http::HeaderValue::from_static("7"));
        let refusal = |headers, body| {
            Refusal {
                route: &GET_METADATA,
                path: None,
                status: StatusCode::TOO_MANY_REQUESTS,
                headers,
                body,
            }
            .into_error()
        };
        assert_eq!(
            refusal(&headers, b"busy").retry_after(),
            Some(Duration::from_secs(7))
        );
        let body = br#"{"error_summary":"too_many_requests/","error":{"reason":{".tag":"too_many_requests"},"retry_after":3}}"#;
        let error = refusal(&HeaderMap::new(), body);
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::RateLimited, Some(Duration::from_secs(3)))
        );
    }
}
