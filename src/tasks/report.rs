//! What a task did.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ByteSize;
use crate::error::Error;

/// What a task did, file by file and in sum. It prints as a short table.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Which task it was, as `upload`.
    pub task: &'static str,
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
    /// How long it took.
    pub seconds: f64,
    /// Whether it only planned.
    pub dry_run: bool,
    /// One entry an item, by source.
    pub items: Vec<ReportItem>,
    /// What failed first.
    pub(super) first_error: Option<Arc<Error>>,
    /// What ended the task before all was tried.
    pub(super) fatal_error: Option<Arc<Error>>,
}

/// What became of one item.
#[derive(Debug, Clone)]
pub struct ReportItem {
    /// Where it was.
    pub source: String,
    /// Where it is now; empty where it was deleted.
    pub destination: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its size, where known.
    pub bytes: u64,
    /// Why, in a few words; empty where there is nothing to say.
    pub reason: String,
    /// What went wrong.
    pub error: Option<Arc<Error>>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was sent or fetched, and its hash was checked.
    Transferred,
    /// It needed nothing.
    Skipped,
    /// It failed.
    Failed,
    /// It was deleted.
    Deleted,
    /// It would have been done.
    Planned,
}

impl Outcome {
    /// The word that scripts see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transferred => "transferred",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Planned => "planned",
        }
    }
}

impl Report {
    /// The report that came with an error, where one did.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        error.report()
    }

    pub(super) fn add(&mut self, item: ReportItem) {
        match item.outcome {
            Outcome::Transferred => {
                self.transferred += 1;
                self.bytes += item.bytes;
            }
            Outcome::Skipped => self.skipped += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Deleted => self.deleted += 1,
            Outcome::Planned => self.planned += 1,
        }
        if self.first_error.is_none() {
            self.first_error.clone_from(&item.error);
        }
        self.items.push(item);
    }

    /// Adds what was done after it.
    pub(super) fn append(&mut self, later: Self) {
        let seconds = self.seconds + later.seconds;
        for item in later.items {
            self.add(item);
        }
        self.close(Duration::from_secs_f64(seconds));
    }

    pub(super) fn close(&mut self, took: Duration) {
        self.seconds = took.as_secs_f64();
        self.items.sort_by(|a, b| a.source.cmp(&b.source));
    }
}

/// How many of the entries that failed are printed.
const FAILURES_SHOWN: usize = 10;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            ("transferred", self.transferred),
            ("skipped", self.skipped),
            ("deleted", self.deleted),
            ("planned", self.planned),
            ("failed", self.failed),
        ];
        let mut said = false;
        for (word, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{}{count} {word}", if said { ", " } else { "" })?;
            said = true;
        }
        if !said {
            f.write_str("nothing to do")?;
        }
        if self.bytes > 0 {
            write!(f, ", {}", ByteSize(self.bytes))?;
        }
        write!(f, " in {:.1} s", self.seconds)?;
        let failures = self
            .items
            .iter()
            .filter(|item| item.outcome == Outcome::Failed);
        for item in failures.clone().take(FAILURES_SHOWN) {
            let why = item
                .error
                .as_ref()
                .map_or_else(|| item.reason.clone(), |error| error.full_message());
            write!(f, "\n  failed  {}: {why}", item.source)?;
        }
        match failures.count().saturating_sub(FAILURES_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn item(outcome: Outcome, bytes: u64) -> ReportItem {
        let error = (outcome == Outcome::Failed)
            .then(|| Arc::new(Error::new(ErrorKind::NotFound, "there is nothing")));
        ReportItem {
            source: "a".to_owned(),
            destination: String::new(),
            outcome,
            bytes,
            reason: String::new(),
            error,
        }
    }

    #[test]
    fn it_prints_what_happened_and_what_failed() {
        let mut report = Report::default();
        assert_eq!(report.to_string(), "nothing to do in 0.0 s");
        report.add(item(Outcome::Transferred, 5_000_000));
        report.add(item(Outcome::Skipped, 7));
        report.add(item(Outcome::Failed, 7));
        report.close(Duration::from_millis(1_260));
        assert_eq!(
            report.to_string(),
            "1 transferred, 1 skipped, 1 failed, 4.8 MB in 1.3 s\n  failed  a: there is nothing"
        );
    }
}
