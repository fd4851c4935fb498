//! Standard output: what the script prints, or the events of its run, and nothing else.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use dropscript::{Progress, Report, ReportItem, TaskEvent};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::progress::above_the_bars;
use super::report::{self, Status};
use super::voice::{Voice, printable};

/// How long nothing is told of how far a task is, once it was.
const BETWEEN: Duration = Duration::from_secs(1);

/// Where a script's lines go. Clones write to the same place.
#[derive(Clone, Debug)]
pub(super) struct Output {
    form: Form,
    /// Why nothing can be written any more.
    broken: Arc<OnceLock<io::Error>>,
    /// When it was last told how far each task is.
    told: Arc<Mutex<HashMap<u64, Instant>>>,
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
    /// How far a task is.
    Progress {
        task: &'a str,
        done: u64,
        total: u64,
        bytes: u64,
        total_bytes: u64,
        file: &'a str,
    },
    /// What became of one item of a task.
    Item {
        task: &'a str,
        source: &'a str,
        destination: &'a str,
        outcome: &'a str,
        bytes: u64,
        reason: &'a str,
        error: Option<ItemError<'a>>,
    },
    /// What a task did, after its items.
    Report {
        task: &'a str,
        transferred: u64,
        skipped: u64,
        failed: u64,
        deleted: u64,
        planned: u64,
        bytes: u64,
        seconds: f64,
        dry_run: bool,
    },
    /// A run failed.
    Error(ErrorEvent<'a>),
    /// A watch has begun.
    Watching {
        paths: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
    },
    /// Something that a person should know of a watch.
    Notice { text: &'a str },
    /// Files whose run failed come again.
    Again {
        id: &'a str,
        files: usize,
        seconds: u64,
    },
    /// Files whose runs failed to the end.
    GivenUp { id: &'a str, paths: Vec<String> },
    /// Files that came during a run and were left out.
    Skipped { files: usize },
    /// A run was stopped for what came meanwhile, and another one begins with all of it.
    Restarted { run: u64 },
    /// A run is over.
    Finished { status: u8, seconds: f64 },
}

/// Why an item failed, for programs.
#[derive(Debug, Serialize)]
pub(super) struct ItemError<'a> {
    kind: &'a str,
    message: String,
    hint: Option<&'a str>,
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

/// Prints a text of the program's own, and gives the exit status for that.
pub(super) fn whole(voice: Voice, text: &str) -> Status {
    let mut out = io::stdout().lock();
    let printed = out
        .write_all(printable(text).as_bytes())
        .and_then(|()| out.flush());
    match printed {
        Ok(()) => Status::OK,
        Err(error) => report::broken_output(voice, &error),
    }
}

impl Output {
    /// Standard output in this form. Once it cannot be written any more, `cancel` is cancelled.
    pub(super) fn new(form: Form, cancel: CancellationToken) -> Self {
        Self {
            form,
            broken: Arc::default(),
            told: Arc::default(),
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

    /// Tells of a task, if events were asked for: how far it is once a second at most, and what became of each item as it is done with.
    pub(super) fn task(&self, event: TaskEvent<'_>) {
        if self.form != Form::Events {
            return;
        }
        match event {
            TaskEvent::Progress(progress) if self.is_news(progress) => {
                self.event(&RunEvent::Progress {
                    task: progress.task,
                    done: progress.done,
                    total: progress.total,
                    bytes: progress.bytes,
                    total_bytes: progress.total_bytes,
                    file: &progress.file,
                });
            }
            TaskEvent::Item(task, item) => self.item(task, item),
            TaskEvent::Ended(report) => self.report(report),
            _ => {}
        }
    }

    fn is_news(&self, progress: &Progress) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.over {
            told.remove(&progress.id);
            return true;
        }
        let now = Instant::now();
        let news = told
            .get(&progress.id)
            .is_none_or(|told| now - *told >= BETWEEN);
        if news {
            told.insert(progress.id, now);
        }
        news
    }

    fn item(&self, task: &str, item: &ReportItem) {
        let error = item.error.as_ref().map(|error| ItemError {
            kind: error.kind().as_str(),
            message: error.full_message(),
            hint: error.hint(),
        });
        self.event(&RunEvent::Item {
            task,
            source: &item.source,
            destination: &item.destination,
            outcome: item.outcome.as_str(),
            bytes: item.bytes,
            reason: &item.reason,
            error,
        });
    }

    fn report(&self, report: &Report) {
        self.event(&RunEvent::Report {
            task: report.task,
            transferred: report.transferred,
            skipped: report.skipped,
            failed: report.failed,
            deleted: report.deleted,
            planned: report.planned,
            bytes: report.bytes,
            seconds: report.seconds,
            dry_run: report.dry_run,
        });
    }

    /// Why nothing can be written any more: the reader has gone away, the disk is full.
    pub(super) fn broken(&self) -> Option<&io::Error> {
        self.broken.get()
    }

    fn line(&self, text: &str) {
        if self.broken().is_some() {
            return;
        }
        let written = above_the_bars(|| {
            let mut out = io::stdout().lock();
            // Flushed line by line: a person or a program may be waiting for it.
            out.write_all(text.as_bytes())
                .and_then(|()| out.write_all(b"\n"))
                .and_then(|()| out.flush())
        });
        if let Err(error) = written {
            // Of several lines that fail at once, the first says why.
            let _ = self.broken.set(error);
            self.cancel.cancel();
        }
    }
}
