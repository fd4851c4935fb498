//! What is told of tests while they run: lines for people, or JSON for programs.

use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Failure, Verdict};
use crate::cli::output::{ErrorEvent, Form, Output};
use crate::cli::report::{self, Status};
use crate::cli::voice::{Voice, printable, write};

/// Tells of tests.
pub(super) struct Teller {
    voice: Voice,
    json: bool,
    output: Output,
}

/// What `--json` tells.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum TestEvent<'a> {
    /// So many tests are run.
    Started { tests: usize },
    /// A test is over.
    Test {
        file: &'a str,
        name: &'a str,
        outcome: &'a str,
        seconds: f64,
        output: &'a [String],
        message: Option<String>,
        error: Option<ErrorEvent<'a>>,
    },
    /// All are.
    Finished {
        passed: usize,
        failed: usize,
        seconds: f64,
    },
}

impl Teller {
    pub(super) fn new(voice: Voice, json: bool, cancel: CancellationToken) -> Self {
        Self {
            voice,
            json,
            output: Output::new(Form::Lines, cancel),
        }
    }

    pub(super) fn started(&self, tests: usize) {
        self.event(&TestEvent::Started { tests });
    }

    pub(super) fn ended(&mut self, verdict: &Verdict) {
        let Verdict {
            file,
            name,
            took,
            printed,
            failure,
        } = verdict;
        if self.json {
            let error = match failure {
                Some(Failure::Script(error)) => Some(report::event(error)),
                _ => None,
            };
            self.event(&TestEvent::Test {
                file,
                name,
                outcome: outcome(verdict),
                seconds: took.as_secs_f64(),
                output: printed,
                message: failure.as_ref().map(Failure::message),
                error,
            });
            return;
        }
        let mark = if failure.is_some() { "FAIL" } else { "ok  " };
        let which = match name.as_str() {
            "" => file.clone(),
            name => format!("{file}: {name}"),
        };
        let which = printable(&which);
        self.output
            .print(&format!("{mark}  {which} ({:.2} s)", took.as_secs_f64()));
        if let Some(failure) = failure {
            self.explain(failure, printed);
        }
    }

    /// Why a test failed, and what it printed, on standard error.
    fn explain(&self, failure: &Failure, printed: &[String]) {
        for line in printed {
            write(&format!("  | {}\n", printable(line)));
        }
        match failure {
            Failure::Script(error) => report::show(self.voice, error),
            Failure::Surroundings(error) => {
                report::refuse(self.voice, error);
            }
            Failure::Exit(_) | Failure::Parameters(_) => self.voice.error(&failure.message()),
        }
    }

    pub(super) fn finished(&self, verdicts: &[Verdict], took: Duration) {
        let failed = failed(verdicts);
        let (passed, seconds) = (verdicts.len() - failed, took.as_secs_f64());
        if self.json {
            self.event(&TestEvent::Finished {
                passed,
                failed,
                seconds,
            });
        } else {
            let line = format!("{passed} passed, {failed} failed in {seconds:.1} s");
            self.output.print(&line);
        }
    }

    /// The exit status where nobody reads what is told.
    pub(super) fn broken(&self) -> Option<Status> {
        let error = self.output.broken()?;
        Some(report::broken_output(self.voice, error))
    }

    fn event(&self, event: &TestEvent<'_>) {
        if self.json {
            let line = serde_json::to_string(event).expect("an event has no map keys but text");
            self.output.print(&line);
        }
    }
}

fn outcome(verdict: &Verdict) -> &'static str {
    match verdict.failure {
        None => "passed",
        Some(_) => "failed",
    }
}

pub(super) fn failed(verdicts: &[Verdict]) -> usize {
    let failures = verdicts.iter().filter(|verdict| verdict.failure.is_some());
    failures.count()
}
