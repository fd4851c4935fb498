//! What browsers ask before they let a page of elsewhere call (the Fetch standard, "CORS protocol").

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use url::form_urlencoded;

/// Headers of calls that pages may set.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Dropbox-API-Arg, Dropbox-API-Path-Root, Dropbox-API-Select-Admin, Dropbox-API-Select-User, If-None-Match, Range, X-Dropbox-Client-Info",
);

/// Headers of answers that pages may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Accept-Ranges, Content-Length, Content-Range, Dropbox-API-Result, ETag, Retry-After, X-Dropbox-Request-Id",
);

const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// The answer to a browser that asks first; `None` for any other request.
pub(super) fn preflight<B>(request: &Request<B>) -> Option<Response<Body>> {
    let headers = request.headers();
    if request.method() != Method::OPTIONS
        || !headers.contains_key(header::ORIGIN)
        || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        return None;
    }
    let query = request.uri().query().unwrap_or_default();
    let refused = form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "reject_cors_preflight" && value == "true");
    if refused {
        let text = "reject_cors_preflight is set: this request should have needed no preflight";
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Some(response);
    }
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, OPTIONS"),
        ),
        (
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        ),
    ]);
    Some(response)
}

/// Whether it comes from a page, which may then read the answer.
pub(super) fn is_asked<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::ORIGIN)
}

/// Lets the page read an answer.
pub(super) fn allow(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
