//! From a request to a route and back: admission, the argument, the faults, the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use url::form_urlencoded;

use super::admission;
use super::answer::{Answer, Limit, REQUEST_ID, Refusal};
use super::body::RequestBody;
use super::call::Call;
use super::fault::{FaultKind, Strike};
use super::fields::Fields;
use super::meter::Ticket;
use super::quirk::{Quirk, Quirks, answers};
use super::record::visible;
use super::routes::{Route, Style};
use super::send::{self, Cut};
use super::shared::Shared;
use super::tag::tag;

/// Bytes in the argument of an rpc call, at most.
const LARGEST_ARGUMENT: usize = 16 * 1024 * 1024;

/// Answers a request for `route`.
pub(super) async fn serve(
    shared: Arc<Shared>,
    route: &'static Route,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let credentials = credentials(&parts).unwrap_or_default();
    let caller = name_of(&shared, &credentials);
    let (ticket, strike) = shared.meter.called(&parts.method, route.name, caller, || {
        let strike = shared.faults.strike(route.name);
        let name = strike.as_ref().map(|strike| strike.kind.name());
        (strike, name)
    });
    let fault = strike.as_ref().map(|strike| strike.kind.clone());
    let admitted = shared.limits.admit(&credentials, &parts.headers);
    let admitted =
        admitted.and_then(|()| answers::admit(&shared.quirks, route.name, &parts.headers));
    let mut body = RequestBody::new(body, Some(Arc::clone(&ticket.record)));
    let outcome = match (before(fault.as_ref(), &mut body).await, admitted) {
        (Before::Cut, _) => return Cut::response(),
        (Before::Refuse(refusal), _) | (Before::GoOn, Err(refusal)) => Err(refusal),
        (Before::GoOn, Ok(())) => {
            let (outcome, rest) = carry_out(&shared, route, parts, body, strike).await;
            body = rest;
            outcome
        }
    };
    if fault == Some(FaultKind::CutAfterCommit) || matches!(outcome, Err(Refusal::Gone)) {
        return Cut::response();
    }
    body.drain().await;
    let wait = match &outcome {
        Err(Refusal::Limited(limit)) => limit.retry_after,
        Err(Refusal::Other(answer)) => answer.retry_after(),
        _ => None,
    };
    let dots = shared.answers().dots();
    let answer = outcome.or_else(|refusal| refusal.into_answer(route.name, dots).ok_or(()));
    let Ok(answer) = answer else {
        return Cut::response();
    };
    let answer = answers::apply(&shared.quirks, route.name, answer);
    if let Some(seconds) = wait.filter(|_| !shared.quirks.has(Quirk::LimitAsText)) {
        ticket.told_to_wait(seconds);
    }
    ticket.answered(answer.status, complaint(&answer, &credentials));
    finish(&shared, answer, fault.as_ref(), Some(ticket))
}

/// The name of the account whose token this is; `""` where it is none.
fn name_of(shared: &Shared, credentials: &str) -> String {
    let token = credentials.strip_prefix("Bearer ").map(str::trim);
    let state = shared.state();
    let access = token.and_then(|token| state.grants.access(token));
    access.map_or_else(String::new, |access| {
        state.account(access.account).name.clone()
    })
}

/// What the request log says of a refusal: never what the caller showed, which may be a token with a slip in it.
fn complaint(answer: &Answer, credentials: &str) -> Option<String> {
    let complaint = answer.complaint()?;
    Some(match credentials.split_whitespace().last() {
        Some(shown) => complaint.replace(shown, "..."),
        None => complaint,
    })
}

/// The answer to a request for no route at all.
pub(super) fn unknown(shared: &Shared, parts: &Parts) -> Response<Body> {
    let answer = match parts.uri.path().strip_prefix("/2/") {
        Some(name) => unknown_function(&shared.quirks, name),
        None => Answer::text(StatusCode::NOT_FOUND, "Not found"),
    };
    let (status, path) = (answer.status.as_u16(), visible(parts.uri.path()));
    tracing::info!("{status}  {} {path}  there is no such route", parts.method);
    finish(shared, answer, None, None)
}

pub(super) fn unknown_function(quirks: &Quirks, name: &str) -> Answer {
    let status = if quirks.has(Quirk::UnknownFunction404) {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::BAD_REQUEST
    };
    Answer::text(status, format!("Unknown API function: {name:?}"))
}

fn finish(
    shared: &Shared,
    answer: Answer,
    fault: Option<&FaultKind>,
    ticket: Option<Ticket>,
) -> Response<Body> {
    let id = shared.answers().request_id();
    let id = HeaderValue::try_from(id).expect("hexadecimal digits are printable");
    send::response(answer.with(REQUEST_ID, id), fault, ticket)
}

enum Before {
    GoOn,
    Refuse(Refusal),
    Cut,
}

/// What a fault does before the call is looked at.
async fn before(fault: Option<&FaultKind>, body: &mut RequestBody) -> Before {
    match fault {
        Some(FaultKind::Delay { millis }) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            Before::GoOn
        }
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::CutBeforeHeaders) => Before::Cut,
        Some(FaultKind::CutDuringRequest { bytes }) => {
            body.take_off(*bytes).await;
            Before::Cut
        }
        Some(FaultKind::RateLimit {
            reason,
            retry_after,
            retry_in,
            body,
        }) => Before::Refuse(Refusal::Limited(Limit {
            reason: *reason,
            retry_after: *retry_after,
            retry_in: *retry_in,
            body: *body,
        })),
        Some(FaultKind::ServerError {
            status,
            html,
            retry_after,
        }) => Before::Refuse(Refusal::Other(Box::new(server_error(
            *status,
            *html,
            *retry_after,
        )))),
        Some(FaultKind::ExpiredToken) => {
            Before::Refuse(Refusal::Unauthorized(tag("expired_access_token")))
        }
        _ => Before::GoOn,
    }
}

fn server_error(status: u16, html: bool, retry_after: Option<u64>) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    let mut answer = if html {
        Answer::html(
            status,
            format!(
                "<!DOCTYPE html><html><head><title>Dropbox - {reason}</title></head><body><h1>{reason}</h1></body></html>"
            ),
        )
    } else {
        Answer::text(status, reason)
    };
    if let Some(seconds) = retry_after {
        answer.headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// Lets the route answer. The body comes back, for what is left of it to be read off.
async fn carry_out(
    shared: &Arc<Shared>,
    route: &'static Route,
    parts: Parts,
    mut body: RequestBody,
    strike: Option<Strike>,
) -> (Result<Answer, Refusal>, RequestBody) {
    let prepared = async {
        check_method(route, &parts)?;
        let caller = admission::admit(shared, route, &parts)?;
        let any_kind = shared.quirks.has(Quirk::ContentTypesFree);
        let arg = argument(route, &parts, &mut body, any_kind).await?;
        Ok((caller, arg))
    };
    match prepared.await {
        Err(refusal) => (Err(refusal), body),
        Ok((caller, arg)) => {
            let mut call = Call {
                shared: Arc::clone(shared),
                route: route.name,
                caller,
                arg,
                parts,
                body,
                strike,
            };
            let outcome = (route.handler)(&mut call).await;
            let kept = shared.keep_promises().await;
            let outcome = kept.map_err(Refusal::from).and(outcome);
            (outcome, call.body)
        }
    }
}

fn check_method(route: &Route, parts: &Parts) -> Result<(), Refusal> {
    let readable = matches!(route.style, Style::Download | Style::Web);
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    if readable && reads || parts.method == Method::POST {
        return Ok(());
    }
    let answer = Answer::text(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} is not allowed here", parts.method),
    );
    Err(Refusal::Other(Box::new(answer.with(
        header::ALLOW,
        HeaderValue::from_static(if readable { "GET, HEAD, POST" } else { "POST" }),
    ))))
}

/// A parameter of the URL.
pub(super) fn query(parts: &Parts, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// What the caller shows: the header `Authorization`, or the URL parameter `authorization`.
pub(super) fn credentials(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::AUTHORIZATION);
    header.map_or_else(
        || query(parts, "authorization"),
        |value| Some(String::from_utf8_lossy(value.as_bytes()).into_owned()),
    )
}

/// Reads the argument from where the route's style has it.
async fn argument(
    route: &Route,
    parts: &Parts,
    body: &mut RequestBody,
    any_kind: bool,
) -> Result<Fields, Refusal> {
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let check_kind = |expected: &[&str]| {
        if any_kind {
            return Ok(());
        }
        check_kind(kind.as_deref(), expected)
    };
    let is_named = kind.as_deref().is_some_and(|kind| !kind.is_empty());
    match route.style {
        Style::Web => Ok(Fields::none("form")),
        Style::Rpc => {
            let bytes = body.collect(LARGEST_ARGUMENT).await?;
            if let (true, Some(arg)) = (bytes.is_empty(), query(parts, "arg")) {
                return Fields::parse("URL parameter \"arg\"", arg.as_bytes());
            }
            // Where there is nothing to read, there need be no name for it.
            if !bytes.is_empty() || is_named {
                check_kind(&[
                    "application/json",
                    "application/json; charset=utf-8",
                    CORS_HACK,
                ])?;
            }
            if bytes.is_empty() || bytes == b"null" {
                return Ok(Fields::none("request body"));
            }
            Fields::parse("request body", &bytes)
        }
        Style::Upload => {
            check_kind(&["application/octet-stream", CORS_HACK])?;
            header_argument(parts)
        }
        Style::Download => {
            if is_named {
                check_kind(&[
                    "application/octet-stream",
                    "application/octet-stream; charset=utf-8",
                    "text/plain",
                    "text/plain; charset=utf-8",
                    CORS_HACK,
                ])?;
            }
            let bytes = body.collect(LARGEST_ARGUMENT).await?;
            if !bytes.is_empty() {
                let got = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
                return Err(Refusal::bad(format!(
                    "The request body is supposed to be empty, but it isn't; got {got:?}"
                )));
            }
            header_argument(parts)
        }
    }
}

const CORS_HACK: &str = "text/plain; charset=dropbox-cors-hack";

fn check_kind(given: Option<&str>, expected: &[&str]) -> Result<(), Refusal> {
    let plain = |kind: &str| kind.to_ascii_lowercase().replace(' ', "");
    let given = given.unwrap_or_default();
    if expected.iter().any(|kind| plain(kind) == plain(given)) {
        return Ok(());
    }
    let expected: Vec<String> = expected.iter().map(|kind| format!("{kind:?}")).collect();
    let expected = expected.join(", ");
    Err(Refusal::bad(format!(
        "Bad HTTP \"Content-Type\" header: {given:?}.  Expecting one of {expected}."
    )))
}

fn header_argument(parts: &Parts) -> Result<Fields, Refusal> {
    if let Some(arg) = parts.headers.get("dropbox-api-arg") {
        return Fields::parse("HTTP header \"Dropbox-API-Arg\"", arg.as_bytes());
    }
    match query(parts, "arg") {
        Some(arg) => Fields::parse("URL parameter \"arg\"", arg.as_bytes()),
        None => Err(Refusal::bad(
            "Must provide HTTP header \"Dropbox-API-Arg\" or URL parameter \"arg\".",
        )),
    }
}
