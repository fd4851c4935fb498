//! Sending: local files into a folder at Dropbox.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::delete_source::{Kept, UNPROVEN, delete_local, leave_for_sources};
use super::filter::Sieve;
use super::known::{FEW, Known, already_there};
use super::local::{Found, Local, walk};
use super::overwrite::{Decision, Side, UNCHANGED, decide};
use super::placing::{claimed, placed};
use super::preflight;
use super::progress::{Moving, Tally};
use super::run::{Done, Run, Step, failed_first};
use super::{Outcome, Overwrite, Report, ReportItem, TransferOptions};
use crate::api::files::{CommitInfo, FileMetadata, WriteMode};
use crate::client::{
    Client, ContentHasher, Leave, LocalFile, Sent, SmallFiles, Stamp, Written, lost_each_time,
};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// How many files are worked on at a time: small ones go together, and the more there are, the fewer calls they take.
const PARALLEL: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");

/// How many large files are sent at a time.
const LARGE: usize = 4;

/// How many files are read at a time to compare their hashes.
const READING: usize = 4;

/// From so many files on, small ones go together. One or two are there sooner by themselves.
const MANY: usize = 4;

pub(super) struct Upload<'a> {
    task: &'static str,
    connection: &'a Connection,
    client: &'a Client,
    options: &'a TransferOptions,
    target: Target,
    /// Where small files go together.
    small: Option<SmallFiles>,
    large: Semaphore,
    reading: Semaphore,
    tally: Tally,
}

pub(super) enum Target {
    Folder(RemotePath),
    Exact(RemotePath),
}

impl<'a> Upload<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        options: &'a TransferOptions,
        target: Target,
    ) -> Self {
        Self::of_task("upload", connection, options, target)
    }

    /// One that is a part of another task, and told of as that.
    pub(super) fn of_task(
        task: &'static str,
        connection: &'a Connection,
        options: &'a TransferOptions,
        target: Target,
    ) -> Self {
        Self {
            task,
            connection,
            client: connection.client(),
            options,
            target,
            small: None,
            large: Semaphore::new(LARGE),
            reading: Semaphore::new(READING),
            tally: Tally::new(task, options.progress.as_ref()),
        }
    }

    pub(super) async fn run(mut self, found: Vec<Found>, sieve: Arc<Sieve>) -> Result<Report> {
        let deep = found.iter().any(Found::is_deep) && !self.options.flatten;
        let work = sieve.select(walk(found, Arc::clone(&sieve)));
        let work = placed(work, self.options, str::to_lowercase).await;
        // All is found before the first byte: what cannot work is told at once, and how much it is is known.
        let work = claimed(work, str::to_lowercase).map(refused_by_dropbox);
        let steps: Vec<_> = work.collect().await;
        let count = steps.len();
        let leave = leave_for_sources(self.client, &steps, self.options)?;
        let known = match &self.target {
            Target::Folder(folder) => Known::of(self.client, folder, count, deep).await?,
            Target::Exact(_) => Known::Nothing,
        };
        self.look_ahead(&steps, &known).await?;
        for step in &steps {
            if let Step::Work(local) = step {
                self.tally.expect(local.stamp.size);
            }
        }
        let work = stream::iter(failed_first(steps));
        let many = count >= MANY && self.client.takes_small_files();
        let sending = many.then(|| {
            let (small, sending) = self.client.small_files();
            self.small = Some(small);
            sending
        });
        let run = Run {
            task: self.task,
            on_error: self.options.on_error,
            parallel: self.options.parallel.unwrap_or(PARALLEL),
            plan_only: self.options.dry_run,
            listener: self.options.progress.as_ref(),
        };
        let context = Context {
            known: &known,
            leave: &leave,
        };
        let sent = run.through(work, |local| self.file(local, context));
        let report = match sending {
            Some(sending) => beside(sent, sending).await,
            None => sent.await,
        };
        self.tally.finish();
        report
    }

    /// What would keep all of it from arriving.
    async fn look_ahead(&self, steps: &[Step<Local>], known: &Known) -> Result<()> {
        let files = || {
            steps.iter().filter_map(|step| match step {
                Step::Work(local) => Some(local),
                Step::Done(_) => None,
            })
        };
        let all: u64 = files().map(|local| local.stamp.size).sum();
        if !preflight::is_much(files().count(), all) {
            return Ok(());
        }
        let sizes = files().map(|local| async move {
            let target = self.target_of(local)?;
            let there = known.file(self.client, &target).await;
            Ok(match there {
                // What is there may be equal, and room is asked for less than there is.
                Ok(Some(_)) | Err(_) => 0,
                Ok(None) => local.stamp.size,
            })
        });
        let sizes: Vec<Result<u64>> = stream::iter(sizes).buffer_unordered(FEW).collect().await;
        let new = sizes.into_iter().filter_map(Result::ok).sum();
        let folder = match &self.target {
            Target::Folder(folder) => folder.clone(),
            Target::Exact(path) => path.parent(),
        };
        let (scope, folder, room) = tokio::try_join!(
            preflight::scope(self.connection, "files.content.write"),
            preflight::remote_folder(self.client, &folder),
            preflight::remote_room(self.client, new),
        )?;
        let faults: Vec<Error> = [scope, folder, room].into_iter().flatten().collect();
        preflight::together(&faults)
    }

    fn target_of(&self, local: &Local) -> Result<RemotePath> {
        match &self.target {
            Target::Folder(folder) => folder.join(&local.relative),
            Target::Exact(path) => Ok(path.clone()),
        }
    }

    async fn file(&self, local: Local, context: Context<'_>) -> ReportItem {
        let source = local.path.display().to_string();
        let moving = self.tally.begin(&source, local.stamp.size);
        let item = match self.target_of(&local) {
            Ok(target) => {
                let result = self.send(&local, &target, context, &moving).await;
                ReportItem::of(source, target.to_string(), result)
            }
            Err(error) => ReportItem::failed(source, local.relative, error),
        };
        moving.end(&item);
        item
    }

    async fn send(
        &self,
        local: &Local,
        target: &RemotePath,
        context: Context<'_>,
        moving: &Moving,
    ) -> Result<Done> {
        match self.send_knowing(local, target, context, moving).await {
            // Someone else changed the target since it was looked at: look again, once.
            Err(error) if error.kind() == ErrorKind::Conflict && error.status().is_some() => {
                let anew = Context {
                    known: &Known::Nothing,
                    ..context
                };
                let sent = self.send_knowing(local, target, anew, moving).await;
                sent.map_err(lost_each_time)
            }
            sent => sent,
        }
    }

    async fn send_knowing(
        &self,
        local: &Local,
        target: &RemotePath,
        Context { known, leave }: Context<'_>,
        moving: &Moving,
    ) -> Result<Done> {
        let done = |target: &RemotePath, outcome, reason| Done {
            destination: target.to_string(),
            outcome,
            bytes: local.stamp.size,
            reason,
        };
        let (target, mode) = match self.decide(local, target, known).await? {
            (_, Decision::Skip(UNCHANGED)) => {
                let kept = self.delete_source(local, local.stamp, leave).await?;
                return Ok(done(target, Outcome::Skipped, kept.unwrap_or(UNCHANGED)));
            }
            (_, Decision::Skip(reason)) => return Ok(done(target, Outcome::Skipped, reason)),
            (None, Decision::Replace) if self.options.overwrite == Overwrite::Always => {
                (target.clone(), WriteMode::Overwrite)
            }
            (None, _) => (target.clone(), WriteMode::Add),
            // Only the file that was looked at is replaced, not one that came meanwhile.
            (Some(rev), Decision::Replace) => (target.clone(), WriteMode::Update(rev)),
            (Some(_), Decision::FreeName) => {
                (known.free_name(self.client, target).await?, WriteMode::Add)
            }
            (Some(_), Decision::Refuse | Decision::CompareHashes) => {
                return Err(already_there(target, "file"));
            }
        };
        if self.options.dry_run {
            // What cannot be read would fail.
            open(&local.path).await?;
            return Ok(done(&target, Outcome::Planned, ""));
        }
        let (sent, stamp) = self.send_to(local, &target, mode, moving).await?;
        let kept = if self.options.delete_source && sent.content_hash.is_none() {
            Some(UNPROVEN)
        } else {
            self.delete_source(local, stamp, leave).await?
        };
        Ok(Done {
            bytes: sent.size,
            ..done(&target, Outcome::Transferred, kept.unwrap_or_default())
        })
    }

    /// Deletes the file that was read when it was as `read` says, where that is wanted.
    async fn delete_source(&self, local: &Local, read: Stamp, leave: &Leave) -> Result<Kept> {
        if !self.options.delete_source || self.options.dry_run {
            return Ok(None);
        }
        let kept = delete_local(local.path.clone(), read, leave).await?;
        if kept.is_none() {
            self.client.guards().wrote(&local.path, Written::Removed);
        }
        Ok(kept)
    }

    /// Sends the file together with other small ones where that can be, else by itself. Also says which version of it that was.
    async fn send_to(
        &self,
        local: &Local,
        target: &RemotePath,
        mode: WriteMode,
        moving: &Moving,
    ) -> Result<(FileMetadata, Stamp)> {
        let commit = |stamp: Stamp| CommitInfo {
            path: target.as_str().to_owned(),
            mode: mode.clone(),
            autorename: false,
            client_modified: stamp.timestamp().filter(|_| self.options.keep_dates),
            mute: false,
            strict_conflict: false,
        };
        if let Some(small) = &self.small
            && local.stamp.size <= SmallFiles::LARGEST
        {
            let commit = commit(local.stamp);
            let sent = small
                .upload(local.path.clone(), local.stamp, commit)
                .await?;
            if let Sent::Committed(metadata) = sent {
                return Ok((metadata, local.stamp));
            }
        }
        let _turn = self.large.acquire().await;
        let moving = moving.clone();
        let file = open(&local.path).await?;
        let file = file.telling(move |bytes| moving.reach(bytes));
        let sent = self.client.upload(&file, &commit(file.stamp())).await?;
        Ok((sent, file.stamp()))
    }

    /// What to do, and the rev of the file at the target where there is one.
    async fn decide(
        &self,
        local: &Local,
        target: &RemotePath,
        known: &Known,
    ) -> Result<(Option<String>, Decision)> {
        // Nothing about the target could change what is done.
        if self.options.overwrite == Overwrite::Always && !self.options.dry_run {
            return Ok((None, Decision::Replace));
        }
        let Some(existing) = known.file(self.client, target).await? else {
            return Ok((None, Decision::Replace));
        };
        let source = Side {
            size: local.stamp.size,
            modified: local.stamp.timestamp(),
        };
        let side = Side {
            size: existing.size.unwrap_or_default(),
            modified: existing.modified,
        };
        let decision = match decide(self.options.overwrite, self.options.size_is, source, side) {
            Decision::CompareHashes if self.is_equal(local, existing.hash).await? => {
                Decision::Skip(UNCHANGED)
            }
            Decision::CompareHashes => Decision::Replace,
            decision => decision,
        };
        Ok((existing.rev, decision))
    }

    /// Whether the file, as it was found, has this content hash.
    async fn is_equal(&self, local: &Local, hash: Option<String>) -> Result<bool> {
        let Some(hash) = hash else { return Ok(false) };
        let _turn = self.reading.acquire().await;
        let (path, stamp) = (local.path.clone(), local.stamp);
        let read = move || {
            let file = LocalFile::open(&path)?;
            let equal = file.content_hash()? == hash;
            Ok(equal && file.stamp() == stamp && file.check_unchanged().is_ok())
        };
        tokio::task::spawn_blocking(read).await?
    }
}

/// What is known before the first file is sent.
#[derive(Clone, Copy)]
struct Context<'a> {
    known: &'a Known,
    leave: &'a Leave,
}

/// A file that Dropbox would not take fails, and is not sent.
fn refused_by_dropbox(step: Step<Local>) -> Step<Local> {
    let Step::Work(local) = step else { return step };
    match preflight::refused(&local.relative, local.stamp.size) {
        None => Step::Work(local),
        Some(error) => {
            let source = local.path.display().to_string();
            let error = error.with_path(&source);
            Step::Done(ReportItem::failed(source, local.relative, error))
        }
    }
}

/// Does one thing while another goes on beside it, which ends by itself or with it.
async fn beside<T>(main: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    let (mut main, mut other) = (std::pin::pin!(main), std::pin::pin!(other));
    tokio::select! {
        biased;
        done = &mut main => return done,
        () = &mut other => {}
    }
    main.await
}

async fn open(path: &Path) -> Result<LocalFile> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || LocalFile::open(&path)).await?
}

impl LocalFile {
    fn content_hash(&self) -> Result<String> {
        let mut hasher = ContentHasher::new();
        self.read_all(|bytes| hasher.update(bytes))?;
        Ok(hasher.finish())
    }
}

impl Stamp {
    /// The modified date in whole seconds, as Dropbox keeps it.
    fn timestamp(&self) -> Option<Timestamp> {
        let exact = Timestamp::try_from(self.modified?).ok()?;
        Timestamp::from_second(exact.as_second()).ok()
    }
}
