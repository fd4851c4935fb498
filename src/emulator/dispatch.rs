//! From a request to a route and back: authorisation, the argument, the faults, the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;
use url::form_urlencoded;

use super::answer::{Answer, REQUEST_ID, Refusal};
use super::body::RequestBody;
use super::call::{Call, Caller};
use super::fault::{FaultKind, LimitBody};
use super::fields::Fields;
use super::routes::{Access, Route, Style, oauth};
use super::send::{self, Cut};
use super::shared::Shared;
use super::state::grant::App;
use super::tag::{tag, with_fields};

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
    shared.meter.called(route.name, &credentials);
    let admitted = shared.limits.admit(&credentials, &parts.headers);
    let fault = shared.faults.strike(route.name);
    let mut body = RequestBody::new(body, Arc::clone(&shared.meter));
    let outcome = match (before(fault.as_ref()).await, admitted) {
        (Before::Cut, _) => {
            told(route.name, "cut");
            return Cut::response();
        }
        (Before::Refuse(refusal), _) | (Before::GoOn, Err(refusal)) => Err(refusal),
        (Before::GoOn, Ok(())) => {
            let (outcome, rest) = carry_out(&shared, route, parts, body, fault.clone()).await;
            body = rest;
            outcome
        }
    };
    if fault == Some(FaultKind::CutAfterCommit) || matches!(outcome, Err(Refusal::Gone)) {
        told(route.name, "cut");
        return Cut::response();
    }
    body.drain().await;
    if let Err(Refusal::Limited {
        retry_after: Some(seconds),
        ..
    }) = &outcome
    {
        shared.meter.paused(&credentials, *seconds);
    }
    let dots = shared.answers().dots();
    let answer = outcome.or_else(|refusal| refusal.into_answer(route.name, dots).ok_or(()));
    match answer {
        Ok(answer) => {
            told(route.name, answer.status.as_str());
            finish(&shared, answer, fault.as_ref())
        }
        Err(()) => Cut::response(),
    }
}

/// A line of the request log.
fn told(route: &str, outcome: &str) {
    tracing::info!("{route} {outcome}");
}

/// The answer to a request for no route at all.
pub(super) fn unknown(shared: &Shared, parts: &Parts) -> Response<Body> {
    let answer = match parts.uri.path().strip_prefix("/2/") {
        Some(name) => Answer::text(
            StatusCode::BAD_REQUEST,
            format!("Unknown API function: {name:?}"),
        ),
        None => Answer::text(StatusCode::NOT_FOUND, "Not found"),
    };
    finish(shared, answer, None)
}

fn finish(shared: &Shared, answer: Answer, fault: Option<&FaultKind>) -> Response<Body> {
    let id = shared.answers().request_id();
    let id = HeaderValue::try_from(id).expect("hexadecimal digits are printable");
    send::response(
        answer.with(REQUEST_ID, id),
        fault,
        Arc::clone(&shared.meter),
    )
}

enum Before {
    GoOn,
    Refuse(Refusal),
    Cut,
}

/// What a fault does before the call is looked at.
async fn before(fault: Option<&FaultKind>) -> Before {
    match fault {
        Some(FaultKind::Delay { millis }) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            Before::GoOn
        }
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::CutBeforeHeaders) => Before::Cut,
        Some(FaultKind::RateLimit {
            reason,
            retry_after,
            body,
        }) => {
            let json = *body == LimitBody::Json;
            Before::Refuse(Refusal::Limited {
                reason: *reason,
                retry_after: *retry_after,
                json,
            })
        }
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
    fault: Option<FaultKind>,
) -> (Result<Answer, Refusal>, RequestBody) {
    let prepared = async {
        check_method(route, &parts)?;
        let caller = authorize(shared, route, &parts)?;
        let arg = argument(route, &parts, &mut body).await?;
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
                fault,
            };
            let outcome = (route.handler)(&mut call).await;
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

fn query(parts: &Parts, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// What the caller shows: the header `Authorization`, or the URL parameter `authorization`.
fn credentials(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::AUTHORIZATION);
    header.map_or_else(
        || query(parts, "authorization"),
        |value| Some(String::from_utf8_lossy(value.as_bytes()).into_owned()),
    )
}

fn authorize(shared: &Shared, route: &Route, parts: &Parts) -> Result<Option<Caller>, Refusal> {
    let scope = match route.access {
        Access::Nobody => return Ok(None),
        Access::App | Access::UserOrApp(_) if oauth::basic(&parts.headers).is_some() => {
            return authorize_app(parts).map(|()| None);
        }
        Access::App => {
            return Err(invalid_authorization(
                &credentials(parts).unwrap_or_default(),
                "Basic <base64(APP_KEY:APP_SECRET)>",
            ));
        }
        Access::User(scope) | Access::UserOrApp(scope) => scope,
    };
    let Some(given) = credentials(parts) else {
        return Err(Refusal::bad(
            "Must provide HTTP header \"Authorization\" or URL parameter \"authorization\".",
        ));
    };
    let token = given.strip_prefix("Bearer ").map(str::trim);
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(invalid_authorization(
            &given,
            "Bearer <oauth2-access-token>",
        ));
    };
    let now = shared.clock.now();
    let state = shared.state();
    let Some(access) = state.grants.access(token) else {
        return Err(Refusal::Unauthorized(tag("invalid_access_token")));
    };
    if access.expires.is_some_and(|expires| expires <= now) {
        return Err(Refusal::Unauthorized(tag("expired_access_token")));
    }
    if !scope.is_empty() && !access.scopes.iter().any(|granted| granted == scope) {
        let fields = json!({ "required_scope": scope });
        return Err(Refusal::Unauthorized(with_fields("missing_scope", fields)));
    }
    let account = access.account;
    Ok(Some(Caller {
        account,
        view: state.account(account).home.clone(),
        token: token.to_owned(),
    }))
}

fn authorize_app(parts: &Parts) -> Result<(), Refusal> {
    let pair = oauth::basic(&parts.headers).and_then(Result::ok);
    let known = pair.and_then(|(key, secret)| App::of(&key).filter(|app| app.secret == secret));
    match known {
        Some(_) => Ok(()),
        None => Err(Refusal::bad("Invalid app key or secret.")),
    }
}

fn invalid_authorization(given: &str, expected: &str) -> Refusal {
    Refusal::bad(format!(
        "Invalid authorization value in HTTP header \"Authorization\": {given:?}.  Expecting \"{expected}\"."
    ))
}

/// Reads the argument from where the route's style has it.
async fn argument(route: &Route, parts: &Parts, body: &mut RequestBody) -> Result<Fields, Refusal> {
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let kind = kind.as_deref();
    match route.style {
        Style::Web => Ok(Fields::none("form")),
        Style::Rpc => {
            let bytes = body.collect(LARGEST_ARGUMENT).await?;
            if let (true, Some(arg)) = (bytes.is_empty(), query(parts, "arg")) {
                return Fields::parse("URL parameter \"arg\"", arg.as_bytes());
            }
            // Where there is nothing to read, there need be no name for it.
            if !bytes.is_empty() || kind.is_some_and(|kind| !kind.is_empty()) {
                check_kind(
                    kind,
                    &[
                        "application/json",
                        "application/json; charset=utf-8",
                        CORS_HACK,
                    ],
                )?;
            }
            if bytes.is_empty() || bytes == b"null" {
                return Ok(Fields::none("request body"));
            }
            Fields::parse("request body", &bytes)
        }
        Style::Upload => {
            check_kind(kind, &["application/octet-stream", CORS_HACK])?;
            header_argument(parts)
        }
        Style::Download => {
            if kind.is_some_and(|kind| !kind.is_empty()) {
                check_kind(
                    kind,
                    &[
                        "application/octet-stream",
                        "application/octet-stream; charset=utf-8",
                        "text/plain",
                        "text/plain; charset=utf-8",
                        CORS_HACK,
                    ],
                )?;
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
