//! One run as it is written down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::entry::{Ending, RunCounts, told};
use super::redact::KnownSecrets;
use super::store::History;
use crate::script::{Observer, RunOutcome, ScriptError, TaskEvent};

/// How many lines are kept.
const LINES: usize = 20;
/// How many characters of a line are kept.
const LINE: usize = 400;

/// Writes one run down: what it prints and does by its [`observer`](Self::observer), how it ends by [`end`](Self::end).
///
/// A recorder that is dropped before that leaves the run as one that was interrupted. None of this fails: what cannot be written is a
/// warning.
#[derive(Debug)]
#[must_use]
pub struct Recorder {
    /// Where it is written, and under which number; `None` where it could not be begun, and when it has ended.
    row: Option<(History, i64)>,
    begun: Instant,
    heard: Arc<Heard>,
}

/// What was heard of a run so far.
#[derive(Debug, Default)]
struct Heard {
    secrets: KnownSecrets,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    output: Vec<String>,
    lines: u64,
    counts: RunCounts,
}

/// What is written down when a run is over.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) milliseconds: u64,
    pub(super) ending: Ending,
    pub(super) status: Option<u8>,
    pub(super) counts: RunCounts,
    pub(super) output: String,
    pub(super) lines: u64,
    pub(super) error: String,
}

impl Recorder {
    pub(super) fn new(row: Option<(History, i64)>, secrets: KnownSecrets) -> Self {
        Self {
            row,
            begun: Instant::now(),
            heard: Arc::new(Heard {
                secrets,
                notes: Mutex::default(),
            }),
        }
    }

    /// What hears the run, for [`RunOptions::observer`](crate::RunOptions::observer).
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::<Heard>::clone(&self.heard)
    }

    /// Writes down how the run ended, with the exit status that came of it.
    pub fn end(mut self, result: &Result<RunOutcome, ScriptError>, status: u8) {
        let error = result.as_ref().err().map(told);
        self.close(Ending::of(result), Some(status), &error.unwrap_or_default());
    }

    fn close(&mut self, ending: Ending, status: Option<u8>, error: &str) {
        let Some((history, id)) = self.row.take() else {
            return;
        };
        let notes = self.heard.notes();
        let error: Vec<String> = error
            .lines()
            .take(LINES)
            .map(|line| self.heard.secrets.kept(line, LINE))
            .collect();
        let ended = Ended {
            milliseconds: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            ending,
            status,
            counts: notes.counts,
            output: notes.output.join("\n"),
            lines: notes.lines,
            error: error.join("\n"),
        };
        drop(notes);
        history.end(id, &ended);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close(Ending::Interrupted, None, "");
    }
}

impl Heard {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Heard {
    fn print(&self, text: &str) {
        let mut notes = self.notes();
        // A text of many lines counts as that many.
        for line in text.split('\n') {
            notes.lines += 1;
            if notes.output.len() < LINES {
                notes.output.push(self.secrets.kept(line, LINE));
            }
        }
    }

    fn task(&self, event: TaskEvent<'_>) {
        if let TaskEvent::Ended(report) = event {
            self.notes().counts.add(report);
        }
    }
}
