//! The record of a call, for programs and as a line of the request log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde::{Serialize, Serializer};

/// A call as the emulator remembers it. Times are counted from when the emulator started; in JSON, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoggedCall {
    /// The route.
    pub route: &'static str,
    /// Who called, by the name of the account.
    pub caller: String,
    /// When it arrived.
    #[serde(rename = "start_ms", serialize_with = "millis")]
    pub start: Duration,
    /// How long it took until its answer was handed over to be sent, or sent where it is a file; `None` while that goes on.
    #[serde(rename = "took_ms", serialize_with = "optional_millis")]
    pub took: Option<Duration>,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body that came.
    pub bytes_in: u64,
    /// Bytes of the response's body that went.
    pub bytes_out: u64,
    /// The kind of the fault that struck.
    pub fault: Option<&'static str>,
    /// The error summary, or what else a refusal said.
    pub error: Option<String>,
}

/// Milliseconds.
pub(super) fn millis<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64() * 1e3)
}

#[expect(clippy::ref_option, reason = "the form that serde asks for")]
fn optional_millis<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millis(time, to),
        None => to.serialize_none(),
    }
}

/// Bytes of all calls.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
}

/// What is known of a call so far.
#[derive(Debug)]
pub(super) struct Record {
    method: Method,
    route: &'static str,
    pub(super) caller: String,
    pub(super) start: Duration,
    fault: Option<&'static str>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    totals: Arc<Totals>,
    /// The status, and what was said beside it.
    pub(super) answer: OnceLock<(StatusCode, Option<String>)>,
    pub(super) took: OnceLock<Duration>,
}

impl Record {
    pub(super) fn new(
        (method, route): (Method, &'static str),
        caller: String,
        start: Duration,
        fault: Option<&'static str>,
        totals: Arc<Totals>,
    ) -> Record {
        Record {
            method,
            route,
            caller,
            start,
            fault,
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            totals,
            answer: OnceLock::new(),
            took: OnceLock::new(),
        }
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        self.totals
            .bytes_in
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
        self.totals
            .bytes_out
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> LoggedCall {
        let answer = self.answer.get();
        LoggedCall {
            route: self.route,
            caller: self.caller.clone(),
            start: self.start,
            took: self.took.get().copied(),
            status: answer.map(|(status, _)| status.as_u16()),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            fault: self.fault,
            error: answer.and_then(|(_, error)| error.clone()),
        }
    }

    /// A line for people: what is of the same width comes first.
    pub(super) fn line(&self) -> String {
        use std::fmt::Write as _;
        let call = self.read();
        let status = call
            .status
            .map_or("cut".to_owned(), |status| status.to_string());
        let took = call.took.unwrap_or_default().as_millis();
        let (came, went) = (size(call.bytes_in), size(call.bytes_out));
        let mut line = format!("{status} {took:>6} ms {came:>10} in {went:>10} out");
        let _ = write!(line, "  {} {}", self.method, call.route);
        if !call.caller.is_empty() {
            let _ = write!(line, "  {}", visible(&call.caller));
        }
        if let Some(error) = call.error {
            let _ = write!(line, "  {}", visible(&error));
        }
        if let Some(fault) = call.fault {
            let _ = write!(line, "  [{fault}]");
        }
        line
    }
}

/// Bytes as people read them.
#[expect(
    clippy::cast_precision_loss,
    reason = "a digit after the point is enough"
)]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Text in which nothing steers a terminal.
pub(super) fn visible(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}
