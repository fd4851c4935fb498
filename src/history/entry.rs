//! What is kept of a run.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::error::ErrorKind;
use crate::script::{Reason, RunOutcome, ScriptError};
use crate::tasks::Report;

/// What is known of a run when it begins; the default says as little as possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunStart {
    /// The command that runs it, as `run`.
    pub command: String,
    /// What triggered it, as the script sees it in `event.source`.
    pub source: String,
    /// How many files that brought.
    pub files: u64,
    /// What messages call the script.
    pub script: String,
    /// The script's file, where it is one.
    pub path: Option<PathBuf>,
    /// The connection that was asked for; empty where none was named.
    pub connection: String,
    /// Whether an emulator is its Dropbox.
    pub emulated: bool,
    /// Whether it only plans.
    pub dry_run: bool,
}

/// A run of the past, or one that is under way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PastRun {
    /// Its number: the later, the higher; none is given twice.
    pub id: u64,
    /// How it began.
    pub start: RunStart,
    /// When it began.
    pub begun: Timestamp,
    /// How long it took; `None` where that is not known.
    pub took: Option<Duration>,
    /// How it ended.
    pub ending: Ending,
    /// Its exit status; `None` where it gave none.
    pub status: Option<u8>,
    /// What its tasks did, all together.
    pub counts: RunCounts,
    /// The first lines that it printed, without what looks like a secret.
    pub output: Vec<String>,
    /// How many lines it printed.
    pub lines: u64,
    /// The first lines of what it failed with, without what looks like a secret.
    pub error: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It is under way.
    Running,
    /// It came to its end.
    Worked,
    /// It failed, or gave `exit` a status other than 0.
    Failed,
    /// It was interrupted, or told to end.
    Interrupted,
    /// It took longer than its deadline.
    TimedOut,
    /// Its process ended before it did.
    Killed,
}

impl Ending {
    const ALL: [Self; 6] = [
        Self::Running,
        Self::Worked,
        Self::Failed,
        Self::Interrupted,
        Self::TimedOut,
        Self::Killed,
    ];

    /// The word for it, as `worked`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Worked => "worked",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::TimedOut => "timeout",
            Self::Killed => "killed",
        }
    }

    pub(super) fn from_str(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == word)
    }

    pub(super) fn of(result: &Result<RunOutcome, ScriptError>) -> Self {
        match result {
            Ok(outcome) if outcome.exit.unwrap_or(0) == 0 => Self::Worked,
            Ok(_) => Self::Failed,
            Err(error) => match error.reason {
                Reason::Interrupted => Self::Interrupted,
                Reason::Deadline => Self::TimedOut,
                _ => Self::Failed,
            },
        }
    }
}

/// What the tasks of a run did, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Files that were sent or fetched.
    pub transferred: u64,
    /// Files that needed nothing.
    pub skipped: u64,
    /// Files that failed.
    pub failed: u64,
    /// Items that were deleted.
    pub deleted: u64,
    /// What would have been done, in a dry run.
    pub planned: u64,
    /// Bytes of the files that were transferred.
    pub bytes: u64,
}

impl RunCounts {
    pub(super) fn add(&mut self, report: &Report) {
        self.transferred += report.transferred;
        self.skipped += report.skipped;
        self.failed += report.failed;
        self.deleted += report.deleted;
        self.planned += report.planned;
        self.bytes += report.bytes;
    }
}

/// What a run failed with, in lines: what went wrong, where, and what would mend it.
pub(super) fn told(error: &ScriptError) -> String {
    let message = match error.reason {
        Reason::Failed(kind) if kind != ErrorKind::Partial => {
            format!("{} ({})", error.message, kind.as_str())
        }
        _ => error.message.clone(),
    };
    let places = error.frames.iter().rev().map(|frame| format!("at {frame}"));
    let hint = error.hint.iter().map(|hint| format!("help: {hint}"));
    let lines: Vec<String> = [message].into_iter().chain(places).chain(hint).collect();
    lines.join("\n")
}
