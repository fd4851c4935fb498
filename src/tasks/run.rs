//! Works through many items, several at a time, and reports what became of each.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::{Stream, StreamExt};

use super::{OnError, OnProgress, Outcome, Report, ReportItem};
use crate::error::{Error, ErrorKind, Result};

/// How the items of a task are worked through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    /// What is told of it, as `upload`.
    pub(super) task: &'static str,
    pub(super) on_error: OnError,
    pub(super) parallel: NonZeroUsize,
    pub(super) plan_only: bool,
    /// Who hears of each item as it is done with.
    pub(super) listener: Option<&'a OnProgress>,
}

/// What a walk comes upon.
#[derive(Debug)]
pub(super) enum Step<W> {
    /// Something to work on.
    Work(W),
    /// Something that is done with already: left out, or failed.
    Done(ReportItem),
}

/// The steps with those first that failed already, so that a task which is to stop at a failure does so before the first byte.
pub(super) fn failed_first<W>(steps: Vec<Step<W>>) -> impl Iterator<Item = Step<W>> {
    let failed = |step: &Step<W>| matches!(step, Step::Done(item) if item.error.is_some());
    let (first, rest): (Vec<_>, Vec<_>) = steps.into_iter().partition(failed);
    first.into_iter().chain(rest)
}

/// What became of one item: the outcome, and why in a few words.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) destination: String,
    pub(super) outcome: Outcome,
    pub(super) bytes: u64,
    pub(super) reason: &'static str,
}

impl Run<'_> {
    /// Works through all of it. The error at the end holds the report of what was done.
    pub(super) async fn through<W, F, Fut>(
        self,
        work: impl Stream<Item = Step<W>>,
        each: F,
    ) -> Result<Report>
    where
        F: Fn(W) -> Fut,
        Fut: Future<Output = ReportItem>,
    {
        self.settle(self.report(work, each).await)
    }

    /// Works through all of it, or until the first failure where that is to end it; what failed is in the report.
    pub(super) async fn report<W, F, Fut>(
        self,
        work: impl Stream<Item = Step<W>>,
        each: F,
    ) -> Report
    where
        F: Fn(W) -> Fut,
        Fut: Future<Output = ReportItem>,
    {
        let started = Instant::now();
        let stopped = AtomicBool::new(false);
        let mut report = self.begin();
        let each = &each;
        let mut finished = std::pin::pin!(
            work.take_while(|_| std::future::ready(!stopped.load(Ordering::Relaxed)))
                .map(|step| async {
                    match step {
                        // It waited for its turn, and is not begun any more.
                        Step::Work(_) if stopped.load(Ordering::Relaxed) => None,
                        Step::Work(work) => Some(each(work).await),
                        Step::Done(item) => Some(item),
                    }
                })
                .buffer_unordered(self.parallel.get())
        );
        while let Some(item) = finished.next().await {
            let Some(item) = item else { continue };
            if self.note(&mut report, item) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
        report.close(started.elapsed());
        report
    }

    /// A report with nothing in it.
    pub(super) fn begin(self) -> Report {
        Report {
            task: self.task,
            dry_run: self.plan_only,
            ..Report::default()
        }
    }

    /// Notes what became of one item. Whether that is the end of the task: then nothing more is to begin.
    pub(super) fn note(self, report: &mut Report, item: ReportItem) -> bool {
        // Without a token, or against a guard of the run, nothing else can work either.
        let fatal = item.error.as_ref().filter(|error| {
            let hopeless = matches!(error.kind(), ErrorKind::NotSignedIn | ErrorKind::NotAllowed);
            hopeless || self.on_error == OnError::Stop
        });
        let ends = fatal.is_some();
        if let Some(error) = fatal {
            report.fatal_error.get_or_insert_with(|| Arc::clone(error));
        }
        if let Some(listener) = self.listener {
            listener.item(self.task, &item);
        }
        report.add(item);
        ends
    }

    /// The report, or the error for what failed: the one that ended the task, where one did.
    pub(super) fn settle(self, report: Report) -> Result<Report> {
        match (report.fatal_error.clone(), report.first_error.clone()) {
            _ if self.on_error == OnError::Report => Ok(report),
            (Some(fatal), _) => Err((*fatal).clone().with_report(report)),
            (None, Some(first)) => Err(failure(&first, report)),
            (None, None) => Ok(report),
        }
    }
}

/// One error for all that failed: their own kind where nothing worked and all failed alike, else `partial`.
fn failure(first: &Error, report: Report) -> Error {
    let failed = report.failed;
    let all = report.items.len();
    let alike = report.items.iter().all(|item| {
        item.error
            .as_ref()
            .is_some_and(|error| error.kind() == first.kind())
    });
    if failed == 1 && alike {
        return first.clone().with_report(report);
    }
    let error = if alike {
        Error::new(
            first.kind(),
            format!("all {failed} failed; the first: {}", first.full_message()),
        )
    } else {
        Error::new(
            ErrorKind::Partial,
            format!(
                "{failed} of {all} failed; the first: {}",
                first.full_message()
            ),
        )
    };
    let error = match first.hint() {
        Some(hint) => error.with_hint(hint),
        None => error,
    };
    let error = match first.path() {
        Some(path) => error.with_path(path),
        None => error,
    };
    error.with_report(report)
}

impl ReportItem {
    pub(super) fn of(source: String, destination: String, result: Result<Done>) -> Self {
        match result {
            Ok(done) => Self {
                source,
                destination: done.destination,
                outcome: done.outcome,
                bytes: done.bytes,
                reason: done.reason.to_owned(),
                error: None,
            },
            Err(error) => Self::failed(source, destination, error),
        }
    }

    pub(super) fn failed(source: String, destination: String, error: Error) -> Self {
        Self {
            source,
            destination,
            outcome: Outcome::Failed,
            bytes: 0,
            reason: error.to_string(),
            error: Some(Arc::new(error)),
        }
    }

    pub(super) fn skipped(source: String, reason: &str) -> Self {
        Self {
            source,
            destination: String::new(),
            outcome: Outcome::Skipped,
            bytes: 0,
            reason: reason.to_owned(),
            error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn outcome(kind: Option<ErrorKind>) -> Result<Done> {
        match kind {
            Some(kind) => Err(Error::new(kind, "no")),
            None => Ok(Done {
                destination: String::new(),
                outcome: Outcome::Transferred,
                bytes: 1,
                reason: "",
            }),
        }
    }

    async fn run(kinds: &[Option<ErrorKind>], on_error: OnError) -> Result<Report> {
        let work = futures_util::stream::iter(kinds.iter().map(|kind| Step::Work(*kind)));
        let run = Run {
            task: "upload",
            on_error,
            parallel: ONE,
            plan_only: false,
            listener: None,
        };
        run.through(work, |kind| async move {
            ReportItem::of("a".to_owned(), "b".to_owned(), outcome(kind))
        })
        .await
    }

    #[tokio::test]
    async fn some_failures_are_partial_and_the_report_comes_along() {
        let error = run(&[None, Some(ErrorKind::NotFound), None], OnError::Continue)
            .await
            .expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Partial);
        let report = Report::of(&error).expect("a report");
        assert_eq!((report.transferred, report.failed), (2, 1));
    }

    #[tokio::test]
    async fn failures_all_alike_keep_their_kind() {
        let error = run(
            &[Some(ErrorKind::Network), Some(ErrorKind::Network)],
            OnError::Continue,
        )
        .await
        .expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Network);
        assert!(error.to_string().starts_with("all 2 failed"));
        let error = run(&[Some(ErrorKind::NoSpace)], OnError::Continue)
            .await
            .expect_err("an error");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::NoSpace, "no")
        );
    }

    #[tokio::test]
    async fn stop_begins_nothing_more() {
        let error = run(
            &[None, Some(ErrorKind::NotFound), None, None],
            OnError::Stop,
        )
        .await
        .expect_err("an error");
        assert_eq!(Report::of(&error).expect("a report").items.len(), 2);
    }

    #[tokio::test]
    async fn report_raises_nothing() {
        let report = run(&[Some(ErrorKind::NotFound), None], OnError::Report)
            .await
            .expect("a report");
        assert_eq!((report.transferred, report.failed), (1, 1));
    }

    #[tokio::test]
    async fn a_refused_token_ends_the_task() {
        let refused = Some(ErrorKind::NotSignedIn);
        for (before, on_error) in [
            (None, OnError::Continue),
            (Some(ErrorKind::NotFound), OnError::Continue),
            (None, OnError::Stop),
        ] {
            let error = run(&[before, refused, None], on_error)
                .await
                .expect_err("an error");
            let report = Report::of(&error).expect("a report");
            assert_eq!(report.items.len(), 2);
            assert_eq!(error.kind(), ErrorKind::NotSignedIn, "after {before:?}");
        }
    }
}
