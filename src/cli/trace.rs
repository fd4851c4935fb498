//! Calls of Dropbox as they are made, a line each, where somebody wants to see them.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::reload::{self, Handle};

use super::voice::Voice;

/// Where the library tells of its calls.
const CALLS: &str = "dropscript::call";

/// Turns the lines on and off.
#[derive(Clone)]
pub(super) struct Trace(Handle<Targets, Registry>);

impl Trace {
    /// The switch, and what it switches, which is off at first.
    pub(super) fn layer(voice: Voice) -> (Self, impl Layer<Registry>) {
        let (filter, handle) = reload::Layer::new(wanted(false));
        (Self(handle), Lines(voice).with_filter(filter))
    }

    /// Whether calls are told of.
    pub(super) fn is_on(&self) -> bool {
        let wanted = |targets: &Targets| targets.would_enable(CALLS, &tracing::Level::DEBUG);
        self.0.with_current(wanted).unwrap_or_default()
    }

    /// Has calls told of, or no more.
    pub(super) fn set(&self, is_on: bool) {
        // It is there as long as the program is.
        let _ = self.0.reload(wanted(is_on));
    }
}

fn wanted(is_on: bool) -> Targets {
    let level = if is_on {
        LevelFilter::DEBUG
    } else {
        LevelFilter::OFF
    };
    Targets::new().with_target(CALLS, level)
}

struct Lines(Voice);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut call = Call::default();
        event.record(&mut call);
        let mut line = format!("{}  ", call.route);
        let _ = match call.status {
            Some(status) => write!(line, "{status}  {} ms", call.ms),
            None => write!(line, "no answer  {} ms", call.ms),
        };
        if !call.request_id.is_empty() {
            let _ = write!(line, "  request {}", call.request_id);
        }
        self.0.traced(&line);
    }
}

#[derive(Default)]
struct Call {
    route: String,
    status: Option<u64>,
    ms: u64,
    request_id: String,
}

impl Visit for Call {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = Some(value),
            "ms" => self.ms = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "route" => value.clone_into(&mut self.route),
            "request_id" => value.clone_into(&mut self.request_id),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
