//! `test`: the tests of scripts, each against a Dropbox of its own.

mod args;
mod bed;
mod found;
mod junit;
mod nested;
mod seeding;
mod tell;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dropscript::{Error, ErrorKind, Reason, Result, ScriptError};
use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::interrupt::Interrupts;
use super::report::{self, Status};
use super::voice::Voice;
pub(super) use args::TestArgs;
pub(super) use bed::vocabulary;
use bed::{Bed, Printed};
pub(super) use found::ENDING;
use found::{Case, What};
use tell::Teller;

/// How a test ended.
struct Verdict {
    file: String,
    /// The function; empty where the file is at fault.
    name: String,
    took: Duration,
    /// What it printed and logged.
    printed: Vec<String>,
    failure: Option<Failure>,
}

/// Why a test failed.
enum Failure {
    /// The script did.
    Script(Box<ScriptError>),
    /// It gave `exit` this status.
    Exit(i32),
    /// It is no test.
    Parameters(Vec<String>),
    /// There was nothing to run it in.
    Surroundings(Error),
}

impl Failure {
    /// What went wrong, in a line.
    fn message(&self) -> String {
        match self {
            Self::Script(error) => error.message.clone(),
            Self::Exit(status) => format!("it ended by `exit({status})`"),
            Self::Parameters(names) => {
                format!(
                    "a test has no parameters, this one has `{}`",
                    names.join("`, `")
                )
            }
            Self::Surroundings(error) => error.full_message(),
        }
    }
}

/// Runs the tests, and tells of each.
pub(super) async fn main(voice: Voice, args: &TestArgs) -> Status {
    let begun = Instant::now();
    let cases =
        bed::reader(args).and_then(|host| found::cases(&host, &args.paths, args.filter.as_deref()));
    let prepared = cases.and_then(|cases| Ok((cases, listen()?)));
    let (cases, interrupts) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return report::refuse(voice, &error),
    };
    let cancel = interrupts.token();
    let mut teller = Teller::new(voice, args.json, cancel.clone());
    teller.started(cases.len());
    let verdicts = stream::iter(cases)
        .map(|case| judge(args, case, cancel.clone()))
        .buffered(jobs(args))
        // What was not begun when it is interrupted has no verdict.
        .take_while(|verdict| std::future::ready(!is_interrupted(verdict, &cancel)))
        .inspect(|verdict| teller.ended(verdict));
    let verdicts: Vec<Verdict> = verdicts.collect().await;
    teller.finished(&verdicts, begun.elapsed());
    if let Some(file) = &args.junit
        && let Err(source) = std::fs::write(file, junit::document(&verdicts))
    {
        return report::refuse(voice, &Error::io("write", file, source));
    }
    if let Some(status) = teller.broken() {
        return status;
    }
    if cancel.is_cancelled() {
        return interrupts.status().unwrap_or(Status::INTERRUPTED);
    }
    if verdicts.iter().any(|verdict| verdict.failure.is_some()) {
        Status::PARSE
    } else {
        Status::OK
    }
}

fn listen() -> Result<Interrupts> {
    Interrupts::listen().map_err(|source| {
        Error::new(ErrorKind::LocalIo, "cannot listen for signals").with_source(source)
    })
}

fn jobs(args: &TestArgs) -> usize {
    let wanted = args
        .jobs
        .or_else(|| std::thread::available_parallelism().ok());
    wanted.map_or(1, NonZeroUsize::get)
}

fn is_interrupted(verdict: &Verdict, cancel: &CancellationToken) -> bool {
    let by_it = |failure: &Failure| matches!(failure, Failure::Script(error) if error.reason == Reason::Interrupted);
    cancel.is_cancelled() && verdict.failure.as_ref().is_some_and(by_it)
}

/// Runs one test.
async fn judge(args: &TestArgs, case: Case, cancel: CancellationToken) -> Verdict {
    let begun = Instant::now();
    let printed = Arc::<Printed>::default();
    let failure = match case.what {
        What::Fault(error) => Some(Failure::Script(error)),
        What::Parameters(names) => Some(Failure::Parameters(names)),
        What::Function { script, path } => match Bed::new(args, &path, &cancel) {
            Err(error) => Some(Failure::Surroundings(error)),
            Ok(bed) => match bed.run(&script, &case.name, &printed, cancel).await {
                Ok(outcome) => outcome
                    .exit
                    .filter(|status| *status != 0)
                    .map(Failure::Exit),
                Err(error) => Some(Failure::Script(Box::new(error))),
            },
        },
    };
    Verdict {
        file: case.file,
        name: case.name,
        took: begun.elapsed(),
        printed: printed.take(),
        failure,
    }
}
