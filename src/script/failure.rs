//! Our errors as the values that a script catches, and back again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, FLOAT, INT, Map, Position};

use super::gate::Raised;
use crate::error::{Error, ErrorKind};
use crate::tasks::Report;

/// The fields that every thrown error of ours has.
pub(super) const FIELDS: [&str; 10] = [
    "kind",
    "message",
    "path",
    "tag",
    "status",
    "request_id",
    "retry_after",
    "retryable",
    "report",
    "hint",
];

/// `kind_of` of what the engine itself raised.
const SCRIPT: &str = "script";
/// `kind_of` of what the script threw.
const THROWN: &str = "thrown";

/// Raises `error` in the script.
pub(super) fn raise(error: &Error) -> Box<EvalAltResult> {
    // The value carries no link to the error: `Failures::find` restores it by its fields.
    EvalAltResult::ErrorRuntime(to_map(error).into(), Position::NONE).into()
}

/// The errors raised last, so that an uncaught one leaves the script as it was raised.
#[derive(Default)]
pub(super) struct Failures(Mutex<VecDeque<Arc<Error>>>);

impl Failures {
    /// Enough for a script that catches some errors and then throws an earlier one again.
    const KEPT: usize = 16;

    /// Raises `error` in the script and remembers it.
    pub(super) fn raise(&self, error: Error) -> Box<EvalAltResult> {
        let map = to_map(&error);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == Self::KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(error));
        EvalAltResult::ErrorRuntime(map.into(), Position::NONE).into()
    }

    /// The error behind a thrown value, or one built of its fields; `None` when it is not ours.
    pub(super) fn find(&self, thrown: &Dynamic) -> Option<Arc<Error>> {
        let (kind, map) = ours(thrown)?;
        let (message, path) = (text(&map, "message"), text(&map, "path"));
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |error: &&Arc<Error>| {
            error.kind() == kind
                && Some(error.full_message()) == message
                && error.path().map(str::to_owned) == path
        };
        if let Some(error) = kept.iter().rev().find(same) {
            return Some(Arc::clone(error));
        }
        let mut error = Error::new(kind, message.unwrap_or_default());
        if let Some(path) = path {
            error = error.with_path(path);
        }
        if let Some(hint) = text(&map, "hint") {
            error = error.with_hint(hint);
        }
        Some(Arc::new(error))
    }
}

/// The map that a script catches: every field is there, `()` where it does not apply.
pub(super) fn to_map(error: &Error) -> Map {
    let text = |value: Option<&str>| value.map_or(Dynamic::UNIT, Into::into);
    Map::from_iter([
        ("kind".into(), error.kind().as_str().into()),
        ("message".into(), error.full_message().into()),
        ("path".into(), text(error.path())),
        ("tag".into(), text(error.tag())),
        (
            "status".into(),
            error
                .status()
                .map_or(Dynamic::UNIT, |status| INT::from(status).into()),
        ),
        ("request_id".into(), text(error.request_id())),
        (
            "retry_after".into(),
            error.retry_after().map_or(Dynamic::UNIT, seconds),
        ),
        ("retryable".into(), error.is_retryable().into()),
        (
            "report".into(),
            Report::of(error).map_or(Dynamic::UNIT, |report| Dynamic::from(report.clone())),
        ),
        ("hint".into(), text(error.hint())),
    ])
}

/// A duration in seconds: an integer when it is whole.
fn seconds(duration: Duration) -> Dynamic {
    match INT::try_from(duration.as_secs()) {
        Ok(whole) if duration.subsec_nanos() == 0 => whole.into(),
        _ => FLOAT::from(duration.as_secs_f64()).into(),
    }
}

/// What `catch (e)` would give for `error`, as Rhai itself makes it.
///
/// # Errors
/// The error itself when a script must not catch it.
pub(super) fn caught(error: Box<EvalAltResult>) -> Raised<Dynamic> {
    let inner = error.unwrap_inner();
    if inner.is_system_exception() || inner.is_pseudo_error() {
        return Err(error);
    }
    if let EvalAltResult::ErrorRuntime(value, _) = inner {
        return Ok(value.clone());
    }
    let position = inner.position();
    let name = format!("{inner:?}");
    let name = name.split('(').next().unwrap_or_default();
    let mut map = Map::from_iter([
        ("error".into(), name.into()),
        ("message".into(), without_position(inner).into()),
    ]);
    let number = |n: Option<usize>| n.and_then(|n| INT::try_from(n).ok());
    if let Some(line) = number(position.line()) {
        map.insert("line".into(), line.into());
        let column = number(position.position()).unwrap_or(0);
        map.insert("position".into(), column.into());
    }
    Ok(map.into())
}

/// The kind of any caught value: one of ours, `script` for an error of the engine, else `thrown`.
pub(super) fn kind_of(value: &Dynamic) -> &'static str {
    if let Some((kind, _)) = ours(value) {
        return kind.as_str();
    }
    let by_engine = value.read_lock::<Map>().is_some_and(|map| {
        text(&map, "error").is_some_and(|name| name.starts_with("Error"))
            && map.contains_key("message")
    });
    if by_engine { SCRIPT } else { THROWN }
}

/// The message of any caught value.
pub(super) fn message_of(value: &Dynamic) -> String {
    value
        .read_lock::<Map>()
        .and_then(|map| text(&map, "message"))
        .unwrap_or_else(|| super::values::show(value))
}

fn ours(value: &Dynamic) -> Option<(ErrorKind, Map)> {
    let map = value.read_lock::<Map>()?;
    if !FIELDS.iter().all(|field| map.contains_key(*field)) {
        return None;
    }
    let kind = text(&map, "kind")?.parse().ok()?;
    Some((kind, map.clone()))
}

fn text(map: &Map, key: &str) -> Option<String> {
    map.get(key)?.clone().into_string().ok()
}

fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match error.position() {
        position if position.is_none() => text,
        position => text
            .strip_suffix(&format!(" ({position})"))
            .map(str::to_owned)
            .unwrap_or(text),
    }
}
