//! The task "delete in a folder".

use std::cmp::Reverse;
use std::collections::HashSet;
use std::num::NonZeroUsize;

use futures_util::stream;
use jiff::Timestamp;

use super::delete::{Folders, PARALLEL, leave_to_delete, without_what_goes_anyway};
use super::filter::{Sieve, Task};
use super::list::nothing_matches;
use super::progress::Tally;
use super::remote::{Below, Walk};
use super::run::{Done, Run, Step};
use super::{DeleteInOptions, Item, ItemKind, Kinds, OnError, Outcome, Report, ReportItem};
use crate::client::{Client, Deleted, Leave};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// Deletes what matches in a folder, never the folder itself. All of it is found before the first deletion.
    ///
    /// A file is deleted only while it is the rev that was looked at; one that changed meanwhile is skipped. With
    /// [`Kinds::All`] a folder goes only when everything in it matches, and is empty when its turn comes; with
    /// [`Kinds::Folders`] a folder that matches goes whole.
    ///
    /// # Errors
    /// `invalid_argument` where no filter narrows it down and `all` is not set; `not_found` where the folder is not there, unless
    /// `missing_ok`; else as the options' `on_error` says, with the [`Report`].
    pub async fn delete_in(&self, folder: &str, options: DeleteInOptions) -> Result<Report> {
        let path: RemotePath = folder.parse()?;
        if !options.filter.narrows() && !options.all {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("no filter says what is to be deleted in `{folder}`"),
            )
            .with_path(folder)
            .with_hint("to delete everything in it give `all: true`"));
        }
        let sieve = options.filter.sieve(Task::DeleteIn, Timestamp::now())?;
        let deep = options.filter.subfolders == Some(true);
        let found = match find(self.client(), &path, &sieve, deep).await {
            Err(error) if options.missing_ok && error.kind() == ErrorKind::NotFound => Vec::new(),
            found => found?,
        };
        if options.require_match && found.is_empty() {
            return Err(nothing_matches(folder));
        }
        let folders = match sieve.kind() {
            Kinds::Folders => Folders::Whole,
            Kinds::Files | Kinds::All => Folders::Empty,
        };
        Deletion {
            task: "delete_in",
            client: self.client(),
            options: &options,
            folders,
            leave: leave_to_delete(self.client(), &found, folders).await?,
        }
        .run(found)
        .await
    }
}

/// What is to be deleted.
async fn find(
    client: &Client,
    folder: &RemotePath,
    sieve: &Sieve,
    deep: bool,
) -> Result<Vec<Item>> {
    let all = sieve.kind() == Kinds::All;
    // Whether everything in a folder matches is only known when everything in it was seen.
    let mut walk = Walk::folder(client, folder, deep || all);
    let mut matching = Vec::new();
    let mut kept = Kept::default();
    while let Some(below) = walk.next().await? {
        if sieve.admits(&below.item, &below.relative).await {
            matching.push(below);
        } else if all {
            kept.add(&below.relative);
        }
    }
    if let Some(sort) = sieve.sort {
        matching = sort.sort(matching);
    }
    for left_out in matching.drain(sieve.limit.min(matching.len())..) {
        kept.add(&left_out.relative);
    }
    if all {
        matching.retain(|below| below.item.kind != ItemKind::Folder || !kept.holds(below));
        if !deep {
            retain_what_lies_directly_within(&mut matching);
        }
    }
    let items = matching.into_iter().map(|below| below.item).collect();
    Ok(match sieve.kind() {
        Kinds::Folders => without_what_goes_anyway(items),
        Kinds::Files | Kinds::All => items,
    })
}

/// The folders that something stays in, by the lower case of their paths.
#[derive(Default)]
struct Kept(HashSet<String>);

impl Kept {
    fn add(&mut self, relative: &str) {
        let key = relative.to_lowercase();
        let ends: Vec<usize> = key.match_indices('/').map(|(end, _)| end).collect();
        for end in ends.into_iter().rev() {
            // The folders around a known one are known.
            if !self.0.insert(key[..end].to_owned()) {
                break;
            }
        }
    }

    fn holds(&self, folder: &Below) -> bool {
        self.0.contains(&folder.relative.to_lowercase())
    }
}

/// Without subfolders only what lies directly in the folder goes, and what is in folders that go.
fn retain_what_lies_directly_within(matching: &mut Vec<Below>) {
    let folders: HashSet<String> = matching
        .iter()
        .filter(|below| below.item.kind == ItemKind::Folder)
        .map(|below| below.relative.to_lowercase())
        .collect();
    matching.retain(|below| match below.relative.split_once('/') {
        Some((first, _)) => folders.contains(&first.to_lowercase()),
        None => true,
    });
}

pub(super) struct Deletion<'a> {
    /// What is told of it.
    task: &'static str,
    client: &'a Client,
    options: &'a DeleteInOptions,
    folders: Folders,
    leave: Leave,
}

impl<'a> Deletion<'a> {
    /// For files, and folders that nothing is in when their turn comes. Whoever makes it has leave for all of them.
    pub(super) fn of_files_and_empty_folders(
        task: &'static str,
        client: &'a Client,
        options: &'a DeleteInOptions,
        leave: Leave,
    ) -> Self {
        Self {
            task,
            client,
            options,
            folders: Folders::Empty,
            leave,
        }
    }

    async fn run(&self, items: Vec<Item>) -> Result<Report> {
        let report = self.report(items).await;
        self.how(PARALLEL).settle(report)
    }

    /// Deletes the files, then the folders; what failed is in the report.
    pub(super) async fn report(&self, items: Vec<Item>) -> Report {
        let (mut folders, files): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .partition(|item| item.kind == ItemKind::Folder);
        let tally = Tally::new(self.task, self.options.progress.as_ref());
        (0..files.len() + folders.len()).for_each(|_| tally.expect(0));
        let mut report = self.each(files, PARALLEL, &tally).await;
        if report.failed == 0 || self.options.on_error != OnError::Stop {
            // The deepest first, so that a folder is empty when its turn comes.
            folders.sort_by_key(|folder| Reverse(folder.path.matches('/').count()));
            report.append(self.each(folders, NonZeroUsize::MIN, &tally).await);
        }
        tally.finish();
        report
    }

    fn how(&self, parallel: NonZeroUsize) -> Run<'_> {
        Run {
            task: self.task,
            on_error: self.options.on_error,
            parallel,
            plan_only: self.options.dry_run,
            listener: self.options.progress.as_ref(),
        }
    }

    async fn each(&self, items: Vec<Item>, parallel: NonZeroUsize, tally: &Tally) -> Report {
        let work = stream::iter(items.into_iter().map(Step::Work));
        self.how(parallel)
            .report(work, |item: Item| async move {
                let moving = tally.begin(&item.path, 0);
                let result = self.delete(&item).await;
                let item = ReportItem::of(item.path, String::new(), result);
                moving.end(&item);
                item
            })
            .await
    }

    async fn delete(&self, item: &Item) -> Result<Done> {
        let done = |outcome, reason| Done {
            destination: String::new(),
            outcome,
            bytes: item.size.unwrap_or_default(),
            reason,
        };
        if self.options.dry_run {
            return Ok(done(Outcome::Planned, ""));
        }
        let path: RemotePath = item.path.parse()?;
        if item.kind == ItemKind::Folder && self.folders == Folders::Empty {
            match self.client.is_empty_folder(&path).await {
                Ok(true) => {}
                Ok(false) => return Ok(done(Outcome::Skipped, "not empty")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Ok(done(Outcome::Skipped, "gone already"));
                }
                Err(error) => return Err(error),
            }
        }
        let rev = item.rev.as_deref();
        let deleted = self.client.delete_rev(&path, rev, &self.leave).await;
        Ok(match deleted? {
            Deleted::Yes => done(Outcome::Deleted, ""),
            Deleted::Changed => done(Outcome::Skipped, "changed since it was looked at"),
            Deleted::Gone => done(Outcome::Skipped, "gone already"),
        })
    }
}
