//! The emulator's own routes, for tests in other languages: faults in, counts out. Only this machine may call them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::any;
use serde::Deserialize;

use super::blob::Store;
use super::fault::Fault;
use super::quirk::{Quirk, UnknownQuirk};
use super::server::Via;
use super::shared::Shared;

/// Bytes of a list of faults, at most.
const LARGEST_BODY: usize = 1024 * 1024;

/// Adds them to the routes of the service.
pub(super) fn add_to(router: Router, shared: &Arc<Shared>) -> Router {
    let own = |act: fn(&Shared, &Method, &[u8]) -> Reply| {
        let shared = Arc::clone(shared);
        any(move |request: Request| answer(Arc::clone(&shared), act, request))
    };
    router
        .route("/emulator/faults", own(faults))
        .route("/emulator/quirks", own(quirks))
        .route("/emulator/calls", own(calls))
        .route("/emulator/log", own(log))
        .route("/emulator/reset-counters", own(reset_counters))
}

type Reply = Result<String, (StatusCode, String)>;

async fn answer(
    shared: Arc<Shared>,
    act: fn(&Shared, &Method, &[u8]) -> Reply,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let via = parts.extensions.get::<Via>();
    if !via.is_some_and(|via| via.peer.to_canonical().is_loopback()) {
        let text = "only this machine may control the emulator\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let reply = match axum::body::to_bytes(body, LARGEST_BODY).await {
        Ok(body) => act(&shared, &parts.method, &body),
        Err(error) => Err((StatusCode::BAD_REQUEST, error.to_string())),
    };
    match reply {
        Ok(json) => ([("content-type", "application/json")], json).into_response(),
        Err((status, text)) => (status, text + "\n").into_response(),
    }
}

/// `POST` adds faults, `DELETE` ends all that there are.
fn faults(shared: &Shared, method: &Method, body: &[u8]) -> Reply {
    match *method {
        Method::POST => {
            // All of them or none.
            let given = Fault::list_from_json(body);
            for fault in given.map_err(|why| (StatusCode::BAD_REQUEST, why))? {
                shared.faults.add(fault);
            }
            Ok("null".to_owned())
        }
        Method::DELETE => {
            shared.faults.clear();
            Ok("null".to_owned())
        }
        _ => not_allowed("POST and DELETE"),
    }
}

/// The name of a quirk, or some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Some(Vec<String>),
    One(String),
}

/// `GET`: the names of the quirks that are on. `POST` turns some on, `DELETE` turns all off.
fn quirks(shared: &Shared, method: &Method, body: &[u8]) -> Reply {
    let bad = |error: String| (StatusCode::BAD_REQUEST, error);
    match *method {
        Method::GET => {}
        Method::POST => {
            let names = match serde_json::from_slice(body) {
                Ok(Given::Some(names)) => names,
                Ok(Given::One(name)) => vec![name],
                Err(error) => return Err(bad(error.to_string())),
            };
            let given: Result<Vec<Quirk>, _> = names.iter().map(|name| name.parse()).collect();
            let given = given.map_err(|error: UnknownQuirk| bad(error.to_string()))?;
            let served = !matches!(shared.store, Store::Memory);
            for quirk in &given {
                quirk
                    .check(served)
                    .map_err(|error| bad(error.to_string()))?;
            }
            for quirk in given {
                shared.quirks.turn_on(quirk);
            }
        }
        Method::DELETE => shared.quirks.turn_all_off(),
        _ => return not_allowed("GET, POST and DELETE"),
    }
    Ok(serde_json::to_string(&shared.quirks.on()).expect("names are text"))
}

/// `GET`: what the emulator has been asked so far.
fn calls(shared: &Shared, method: &Method, _: &[u8]) -> Reply {
    if method != Method::GET {
        return not_allowed("GET");
    }
    let calls = serde_json::to_string(&shared.meter.read());
    Ok(calls.expect("its keys are texts and numbers"))
}

/// `GET`: the last calls, one by one.
fn log(shared: &Shared, method: &Method, _: &[u8]) -> Reply {
    if method != Method::GET {
        return not_allowed("GET");
    }
    let log = serde_json::to_string(&shared.meter.log());
    Ok(log.expect("it has no maps"))
}

/// `POST`: counts anew.
fn reset_counters(shared: &Shared, method: &Method, _: &[u8]) -> Reply {
    if method != Method::POST {
        return not_allowed("POST");
    }
    shared.meter.reset();
    Ok("null".to_owned())
}

fn not_allowed(allowed: &str) -> Reply {
    let text = format!("here only {allowed} will do");
    Err((StatusCode::METHOD_NOT_ALLOWED, text))
}
