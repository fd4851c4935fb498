//! The task "copy from": files of another account come into this one, with nothing on disk.

use std::num::NonZeroUsize;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::copy_move::THERE_ALREADY;
use super::delete_source::{Kept, UNPROVEN, delete_remote, leave_for_sources};
use super::filter::Task;
use super::known::{Known, already_there};
use super::list::nothing_matches;
use super::naming::check_destination;
use super::overwrite::{Decision, Side, UNCHANGED, decide};
use super::placing::{claimed, placed};
use super::progress::{Moving, Tally};
use super::remote::{Below, Found, Reading, find_all};
use super::remote_files::files;
use super::run::{Done, Run, Step};
use super::{CopyOptions, Item, ItemKind, Outcome, Report, ReportItem, Source};
use crate::api::files::{CommitInfo, FileMetadata, WriteMode};
use crate::client::{Client, Leave, SmallFiles};
use crate::connection::Connection;
use crate::error::{ErrorKind, Result};
use crate::path::RemotePath;

/// Files at a time: each is fetched and sent at once.
const PARALLEL: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");

/// How many large files go at a time: each holds two parts in memory.
const LARGE: usize = 3;

impl Connection {
    /// Copies files of another account into a folder of this one, which is made if it is missing. The bytes stream from server to
    /// server through this machine; a file is there only when its content hash is that of the source.
    ///
    /// # Errors
    /// `not_found` for a source that is not there; `invalid_argument` where a single file is copied to what looks like its own
    /// name; else as the options' `on_error` says, with the [`Report`].
    pub async fn copy_from(
        &self,
        other: &Connection,
        source: impl Into<Source>,
        folder: &str,
        options: CopyOptions,
    ) -> Result<Report> {
        let (client, from) = (self.client(), other.client());
        let target: RemotePath = folder.parse()?;
        let sieve = options.filter.sieve(Task::Download, Timestamp::now())?;
        let source = source.into();
        let what = source.told();
        let found = find_all(from, source, Reading::of(&options)).await?;
        if let [Found::One(item)] = found.as_slice()
            && item.kind == ItemKind::File
        {
            let hint =
                format!("if it is a folder, write `{folder}/`; `rename` gives a file another name");
            check_destination(client, &item.name, folder, &target, hint).await?;
        }
        let steps = files(from, found, &sieve, options.filter.subfolders);
        // All is found before the first change: the other account may be this one.
        let steps = placed(sieve.select(steps), &options, str::to_lowercase).await;
        let steps: Vec<_> = claimed(steps, str::to_lowercase).collect().await;
        if options.require_match && steps.is_empty() {
            return Err(nothing_matches(&what));
        }
        let is_deep =
            |step: &Step<Below>| matches!(step, Step::Work(below) if below.relative.contains('/'));
        let deep = steps.iter().any(is_deep);
        let task = CopyFrom {
            leave: leave_for_sources(from, &steps, &options)?,
            known: Known::of(client, &target, steps.len(), deep).await?,
            client,
            from,
            options: &options,
            folder: target,
            large: Semaphore::new(LARGE),
            tally: Tally::new("copy_from", options.progress.as_ref()),
        };
        let run = Run {
            task: "copy_from",
            on_error: options.on_error,
            parallel: options.parallel.unwrap_or(PARALLEL),
            plan_only: options.dry_run,
            listener: options.progress.as_ref(),
        };
        for step in &steps {
            if let Step::Work(below) = step {
                task.tally.expect(below.item.size.unwrap_or_default());
            }
        }
        let done = run
            .through(stream::iter(steps), |below| task.file(below))
            .await;
        task.tally.finish();
        done
    }
}

struct CopyFrom<'a> {
    client: &'a Client,
    from: &'a Client,
    options: &'a CopyOptions,
    folder: RemotePath,
    known: Known,
    leave: Leave,
    large: Semaphore,
    tally: Tally,
}

impl CopyFrom<'_> {
    async fn file(&self, below: Below) -> ReportItem {
        let source = below.item.path.clone();
        let size = below.item.size.unwrap_or_default();
        let moving = self.tally.begin(&source, size);
        let item = match self.folder.join(&below.relative) {
            Ok(target) => {
                let result = self.copy(&below.item, &target, &moving).await;
                ReportItem::of(source, target.to_string(), result)
            }
            Err(error) => ReportItem::failed(source, below.relative, error),
        };
        moving.end(&item);
        item
    }

    async fn copy(&self, item: &Item, target: &RemotePath, moving: &Moving) -> Result<Done> {
        match self.copy_knowing(item, target, &self.known, moving).await {
            // Someone else changed the target since it was looked at: look again, once.
            Err(error) if error.kind() == ErrorKind::Conflict && error.status().is_some() => {
                self.copy_knowing(item, target, &Known::Nothing, moving)
                    .await
            }
            copied => copied,
        }
    }

    async fn copy_knowing(
        &self,
        item: &Item,
        target: &RemotePath,
        known: &Known,
        moving: &Moving,
    ) -> Result<Done> {
        let done = |target: &RemotePath, outcome, reason| Done {
            destination: target.to_string(),
            outcome,
            bytes: item.size.unwrap_or_default(),
            reason,
        };
        let (target, mode) = match known.file(self.client, target).await? {
            None => (target.clone(), WriteMode::Add),
            // A folder that both accounts share: to delete the source would delete the file.
            Some(there) if there.id.is_some() && there.id == item.id && there.rev == item.rev => {
                return Ok(done(target, Outcome::Skipped, THERE_ALREADY));
            }
            Some(there) => match self.decide(item, &there) {
                Decision::Skip(UNCHANGED) => {
                    let kept = self.delete_source(item, item.rev.as_deref()).await?;
                    return Ok(done(target, Outcome::Skipped, kept.unwrap_or(UNCHANGED)));
                }
                Decision::Skip(reason) => return Ok(done(target, Outcome::Skipped, reason)),
                Decision::Replace => (
                    target.clone(),
                    there.rev.map_or(WriteMode::Overwrite, WriteMode::Update),
                ),
                Decision::FreeName => (known.free_name(self.client, target).await?, WriteMode::Add),
                Decision::Refuse | Decision::CompareHashes => {
                    return Err(already_there(target, "file"));
                }
            },
        };
        if self.options.dry_run {
            return Ok(done(&target, Outcome::Planned, ""));
        }
        let _turn = if item.size.is_some_and(|size| size > SmallFiles::LARGEST) {
            self.large.acquire().await.ok()
        } else {
            None
        };
        let commit = |read: &FileMetadata| CommitInfo {
            path: target.as_str().to_owned(),
            mode: mode.clone(),
            autorename: false,
            client_modified: Some(read.client_modified).filter(|_| self.options.keep_dates),
            mute: false,
            strict_conflict: false,
        };
        let path: RemotePath = item.path.parse()?;
        let gone = |bytes| moving.reach(bytes);
        let carried = self
            .client
            .upload_from(self.from, &path, commit, gone)
            .await?;
        let proven = carried.source.content_hash.is_some()
            && carried.source.content_hash == carried.arrived.content_hash;
        let kept = if self.options.delete_source && !proven {
            Some(UNPROVEN)
        } else {
            self.delete_source(item, Some(&carried.source.rev)).await?
        };
        Ok(Done {
            bytes: carried.arrived.size,
            ..done(&target, Outcome::Transferred, kept.unwrap_or_default())
        })
    }

    fn decide(&self, item: &Item, there: &Item) -> Decision {
        let side = |item: &Item| Side {
            size: item.size.unwrap_or_default(),
            modified: item.modified,
        };
        let Self { options, .. } = self;
        match decide(options.overwrite, options.size_is, side(item), side(there)) {
            Decision::CompareHashes if item.hash.is_some() && item.hash == there.hash => {
                Decision::Skip(UNCHANGED)
            }
            Decision::CompareHashes => Decision::Replace,
            decision => decision,
        }
    }

    async fn delete_source(&self, item: &Item, rev: Option<&str>) -> Result<Kept> {
        if !self.options.delete_source || self.options.dry_run {
            return Ok(None);
        }
        delete_remote(self.from, item, rev, &self.leave).await
    }
}
