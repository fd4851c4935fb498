//! The tasks "copy" and "move": files that stay at Dropbox and get another place, where nothing is sent or fetched.

use std::num::NonZeroUsize;
use std::time::Instant;

use futures_util::StreamExt;
use jiff::Timestamp;

use super::delete_source::{Kept, delete_remote};
use super::filter::Task;
use super::known::{Known, already_there};
use super::list::nothing_matches;
use super::naming::check_destination;
use super::overwrite::{Decision, Side, UNCHANGED, decide};
use super::placing::{claimed, placed};
use super::progress::Tally;
use super::remote::{Below, Found, Reading, find_all};
use super::remote_files::files;
use super::replace::replace;
use super::run::{Done, Run, Step};
use super::{CopyOptions, Item, ItemKind, OnError, Outcome, Report, ReportItem, Source};
use crate::client::{Client, Leave, Leg, Relocation};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// How many items are worked on between two looks at how it goes: as many as Dropbox takes in a call.
const AT_ONCE: usize = 1_000;

/// The reason for a file that would become itself.
pub(super) const THERE_ALREADY: &str = "is there already";

impl Connection {
    /// Copies files at Dropbox into a folder there, which is made if it is missing. Up to 1,000 go in a call.
    ///
    /// As for a transfer, a folder means the files in it, and a glob keeps the path below its last folder without wildcards.
    /// Dropbox puts nothing over what is there: a file that is to be replaced goes only when its successor is beside it.
    ///
    /// # Errors
    /// `not_found` for a source that is not there; `invalid_argument` where a single file is copied to what looks like its own
    /// name, and for options that make no sense here; else as the options' `on_error` says, with the [`Report`].
    pub async fn copy_into(
        &self,
        source: impl Into<Source>,
        folder: &str,
        options: CopyOptions,
    ) -> Result<Report> {
        if options.delete_source {
            let message = "to copy and to delete the source is to move";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint("use `move`"));
        }
        self.relocate_into(Relocation::Copy, source.into(), folder, &options)
            .await
    }

    /// Moves files at Dropbox into a folder there, as [`copy_into`](Connection::copy_into). Where an equal file is at the target
    /// already, the source is deleted, if it is still of the rev that was looked at. Folders that become empty stay.
    ///
    /// # Errors
    /// As that.
    pub async fn move_into(
        &self,
        source: impl Into<Source>,
        folder: &str,
        options: CopyOptions,
    ) -> Result<Report> {
        self.relocate_into(Relocation::Move, source.into(), folder, &options)
            .await
    }

    async fn relocate_into(
        &self,
        how: Relocation,
        source: Source,
        folder: &str,
        options: &CopyOptions,
    ) -> Result<Report> {
        let target: RemotePath = folder.parse()?;
        if !options.keep_dates {
            let message = "Dropbox keeps the dates of what it copies and moves";
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("leave the option `keep_dates` out"));
        }
        let sieve = options.filter.sieve(Task::Download, Timestamp::now())?;
        let what = source.told();
        let found = find_all(self.client(), source, Reading::of(options)).await?;
        if let [Found::One(item)] = found.as_slice()
            && item.kind == ItemKind::File
        {
            let instead = match how {
                Relocation::Copy => "copy_to",
                Relocation::Move => "rename",
            };
            let hint = format!(
                "to give the file that path use `{instead}`; if it is a folder, write `{folder}/`"
            );
            check_destination(self.client(), &item.name, folder, &target, hint).await?;
        }
        let steps = files(self.client(), found, &sieve, options.filter.subfolders);
        // What is put below the source must not be come upon there: all is found before the first change.
        let steps = placed(sieve.select(steps), options, str::to_lowercase).await;
        let steps: Vec<_> = claimed(steps, str::to_lowercase).collect().await;
        if options.require_match && steps.is_empty() {
            return Err(nothing_matches(&what));
        }
        let task = CopyMove {
            client: self.client(),
            how,
            options,
            folder: target,
        };
        task.run(steps).await
    }
}

struct CopyMove<'a> {
    client: &'a Client,
    how: Relocation,
    options: &'a CopyOptions,
    folder: RemotePath,
}

/// What is to be done with one file.
enum Plan {
    /// Nothing, for this reason.
    Skip(&'static str),
    /// An equal file is there already.
    Equal,
    /// It goes to where nothing is.
    Go(Leg),
    /// It takes the place of this file.
    Replace(Leg, Box<Item>),
}

impl CopyMove<'_> {
    async fn run(&self, steps: Vec<Step<Below>>) -> Result<Report> {
        let run = Run {
            task: self.how.name(),
            on_error: self.options.on_error,
            parallel: NonZeroUsize::MIN,
            plan_only: self.options.dry_run,
            listener: self.options.progress.as_ref(),
        };
        let started = Instant::now();
        let mut report = run.begin();
        let deep = steps
            .iter()
            .any(|step| matches!(step, Step::Work(below) if below.relative.contains('/')));
        let known = Known::of(self.client, &self.folder, steps.len(), deep).await?;
        let mut planned = Vec::with_capacity(steps.len());
        for step in steps {
            planned.push(match step {
                Step::Work(below) => {
                    let plan = self.plan(&below, &known).await;
                    Step::Work((below, plan))
                }
                Step::Done(item) => Step::Done(item),
            });
        }
        let plans = planned.iter().filter_map(|step| match step {
            Step::Work((_, plan)) => Some(plan),
            Step::Done(_) => None,
        });
        let leave = self.leave(plans)?;
        let tally = Tally::new(run.task, self.options.progress.as_ref());
        for step in &planned {
            if let Step::Work((below, _)) = step {
                tally.expect(below.item.size.unwrap_or_default());
            }
        }
        // Nothing more is to begin after the first failure, and a batch begins all at once.
        let at_once = match self.options.on_error {
            OnError::Stop => 1,
            OnError::Continue | OnError::Report => AT_ONCE,
        };
        while !planned.is_empty() {
            let rest = planned.split_off(planned.len().min(at_once));
            let mut ended = false;
            for item in self.some(planned, &leave, &tally).await {
                ended |= run.note(&mut report, item);
            }
            if ended {
                break;
            }
            planned = rest;
        }
        tally.finish();
        report.close(started.elapsed());
        run.settle(report)
    }

    /// Works through some files: those that go to where nothing is go together.
    async fn some(
        &self,
        steps: Vec<Step<(Below, Result<Plan>)>>,
        leave: &Leave,
        tally: &Tally,
    ) -> Vec<ReportItem> {
        let mut items = Vec::with_capacity(steps.len());
        let count = |below: &Below, item: &ReportItem| {
            let size = below.item.size.unwrap_or_default();
            tally.begin(&item.source, size).end(item);
        };
        let (mut going, mut legs) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Done(item) => items.push(item),
                Step::Work((below, Ok(Plan::Go(leg)))) if !self.options.dry_run => {
                    going.push(below);
                    legs.push(leg);
                }
                Step::Work((below, plan)) => {
                    let item = self.alone(&below, plan, leave).await;
                    count(&below, &item);
                    items.push(item);
                }
            }
        }
        let results = self.client.relocate_all(self.how, &legs).await;
        for ((below, leg), result) in going.iter().zip(legs).zip(results) {
            let item = match result {
                // Someone else put something there since it was looked at: look again, once.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    let plan = self.plan(below, &Known::Nothing).await;
                    match self.leave([&plan]) {
                        Ok(leave) => self.alone(below, plan, &leave).await,
                        Err(error) => self.told(below, &leg.to, Err(error)),
                    }
                }
                result => self.told(below, &leg.to, result.map(|_| None)),
            };
            count(below, &item);
            items.push(item);
        }
        items
    }

    async fn plan(&self, below: &Below, known: &Known) -> Result<Plan> {
        let item = &below.item;
        if item.path.starts_with("rev:") {
            let message = format!(
                "Dropbox copies and moves no older version, as `{}`",
                item.path
            );
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_path(&item.path)
                .with_hint("`restore` makes it the current one"));
        }
        let target = self.folder.join(&below.relative)?;
        let leg = Leg {
            from: item.path.parse()?,
            to: target,
            id: item.id.clone(),
            hash: item.hash.clone(),
        };
        if leg.from.key() == leg.to.key() {
            return Ok(Plan::Skip(THERE_ALREADY));
        }
        let Some(there) = known.file(self.client, &leg.to).await? else {
            return Ok(Plan::Go(leg));
        };
        if there.id.is_some() && there.id == item.id {
            return Ok(Plan::Skip(THERE_ALREADY));
        }
        let side = |item: &Item| Side {
            size: item.size.unwrap_or_default(),
            modified: item.modified,
        };
        let Self { options, .. } = self;
        let decision = decide(options.overwrite, options.size_is, side(item), side(&there));
        Ok(match decision {
            Decision::CompareHashes if item.hash.is_some() && item.hash == there.hash => {
                Plan::Equal
            }
            Decision::Replace | Decision::CompareHashes => Plan::Replace(leg, Box::new(there)),
            Decision::Skip(reason) => Plan::Skip(reason),
            Decision::FreeName => Plan::Go(Leg {
                to: known.free_name(self.client, &leg.to).await?,
                ..leg
            }),
            Decision::Refuse => return Err(already_there(&leg.to, "file")),
        })
    }

    /// Does what is planned with one file.
    async fn alone(&self, below: &Below, plan: Result<Plan>, leave: &Leave) -> ReportItem {
        let target = self.folder.join(&below.relative);
        let source = below.item.path.clone();
        let (plan, target) = match (plan, target) {
            (Ok(plan), Ok(target)) => (plan, target),
            (Err(error), target) => {
                let target = target.map_or_else(|_| String::new(), |target| target.to_string());
                return ReportItem::failed(source, target, error);
            }
            (_, Err(error)) => return ReportItem::failed(source, String::new(), error),
        };
        let skipped = |reason: &str| ReportItem {
            destination: target.to_string(),
            ..ReportItem::skipped(source.clone(), reason)
        };
        match plan {
            Plan::Skip(reason) => skipped(reason),
            Plan::Equal => match self.delete_source(&below.item, leave).await {
                Ok(kept) => skipped(kept.unwrap_or(UNCHANGED)),
                Err(error) => ReportItem::failed(source, target.to_string(), error),
            },
            Plan::Go(leg) => {
                let went = if self.options.dry_run {
                    Ok(None)
                } else {
                    self.client.relocate(self.how, &leg).await.map(|_| None)
                };
                self.told(below, &leg.to, went)
            }
            Plan::Replace(leg, there) => {
                let went = if self.options.dry_run {
                    Ok(None)
                } else {
                    match replace(self.client, &leg, &there, leave).await {
                        Ok(()) => self.delete_source(&below.item, leave).await,
                        Err(error) => Err(error),
                    }
                };
                self.told(below, &leg.to, went)
            }
        }
    }

    fn told(&self, below: &Below, to: &RemotePath, went: Result<Kept>) -> ReportItem {
        let done = |kept: Kept| Done {
            destination: to.to_string(),
            outcome: if self.options.dry_run {
                Outcome::Planned
            } else {
                Outcome::Transferred
            },
            bytes: below.item.size.unwrap_or_default(),
            reason: kept.unwrap_or_default(),
        };
        ReportItem::of(below.item.path.clone(), to.to_string(), went.map(done))
    }

    async fn delete_source(&self, item: &Item, leave: &Leave) -> Result<Kept> {
        if self.how == Relocation::Copy || self.options.dry_run {
            return Ok(None);
        }
        delete_remote(self.client, item, item.rev.as_deref(), leave).await
    }

    /// Leave for all that these plans delete.
    fn leave<'p>(&self, plans: impl IntoIterator<Item = &'p Result<Plan>>) -> Result<Leave> {
        let source = u64::from(self.how == Relocation::Move);
        let deletions = plans.into_iter().map(|plan| match plan {
            Ok(Plan::Equal) => source,
            Ok(Plan::Replace(..)) => 1 + source,
            Ok(Plan::Skip(_) | Plan::Go(_)) | Err(_) => 0,
        });
        match deletions.sum() {
            0 => Ok(Leave::for_nothing()),
            files => self.client.guards().leave_to_delete(files),
        }
    }
}
