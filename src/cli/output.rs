//! Standard output: what the script prints, or the events of its run, and nothing else.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::report::Status;
use super::voice::Voice;

/// Where a script's lines go. Clones write to the same place.
#[derive(Clone, Debug)]
pub(super) struct Output {
    form: Form,
    voice: Voice,
    /// The exit status, once nothing more can be written.
    ended: Arc<OnceLock<Status>>,
    cancel: CancellationToken,
}

/// What standard output is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The lines that the script prints.
    Lines,
    /// One JSON object a line.
    Events,
}

/// What `--json` tells.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum RunEvent<'a> {
    /// A run begins.
    Started {
        script: &'a str,
        source: &'a str,
        files: usize,
    },
    /// The script printed a line.
    Print { text: &'a str },
    /// A run failed.
    Error(ErrorEvent<'a>),
    /// A run is over.
    Finished { status: u8, seconds: f64 },
}

/// Why a run failed, for programs.
#[derive(Debug, Serialize)]
pub(super) struct ErrorEvent<'a> {
    pub(super) kind: &'a str,
    pub(super) message: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
    pub(super) hint: Option<&'a str>,
    /// The innermost place last.
    pub(super) frames: Vec<Place<'a>>,
}

/// A place in a script.
#[derive(Debug, Serialize)]
pub(super) struct Place<'a> {
    pub(super) script: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Output {
    /// Standard output in this form. Once nothing more can be written, `cancel` is cancelled.
    pub(super) fn new(form: Form, voice: Voice, cancel: CancellationToken) -> Self {
        Self {
            form,
            voice,
            ended: Arc::default(),
            cancel,
        }
    }

    /// Passes on a line that a script prints.
    pub(super) fn print(&self, text: &str) {
        match self.form {
            Form::Lines => self.line(text),
            Form::Events => self.event(&RunEvent::Print { text }),
        }
    }

    /// Tells of an event, if events were asked for.
    pub(super) fn event(&self, event: &RunEvent<'_>) {
        if self.form == Form::Events {
            self.line(&serde_json::to_string(event).expect("an event has no map keys but text"));
        }
    }

    /// The exit status where nothing more can be written: mostly, as the reader has gone away.
    pub(super) fn ended(&self) -> Option<Status> {
        self.ended.get().copied()
    }

    fn line(&self, text: &str) {
        if self.ended().is_some() {
            return;
        }
        let mut out = io::stdout().lock();
        // Flushed line by line: a person or a program may be waiting for it.
        let written = out
            .write_all(text.as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush());
        if let Err(error) = written {
            let status = if error.kind() == io::ErrorKind::BrokenPipe {
                Status::PIPE
            } else {
                self.voice
                    .error(&format!("cannot write to standard output: {error}"));
                Status::FAILED
            };
            self.ended.get_or_init(|| status);
            self.cancel.cancel();
        }
    }
}
