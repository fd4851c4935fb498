//! The tasks "mirror up" and "mirror down": one folder is made equal to the other.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use futures_util::stream;
use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::delete::{Folders, leave_to_delete};
use super::delete_in::Deletion;
use super::fetch::Download;
use super::filter::{Sieve, Task};
use super::local::Found as LocalFound;
use super::local_name;
use super::local_tree::{Entry, LocalTree};
use super::progress::Tally;
use super::remote::{Below, Found, Reading, Walk, find};
use super::run::{Done, Run, Step};
use super::send::{Target, Upload};
use super::{
    DeleteInOptions, Item, ItemKind, MirrorOptions, OnError, Outcome, Overwrite, Report,
    ReportItem, Source,
};
use crate::client::{Client, Deleted, Leave};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// Makes a folder at Dropbox equal to a local one: sends what differs, then deletes what is not here, in this order and only
    /// when nothing failed. Leave for all deletions is asked for before anything is sent.
    ///
    /// What the name filters leave out is neither sent nor deleted. Dates, sizes and tests of a program's own choose what is
    /// sent, never what is deleted. A file is deleted only while it is of the rev that was looked at, a folder only when nothing
    /// is in it.
    ///
    /// # Errors
    /// `not_found` where the local folder is not there; `invalid_argument` where it is empty and the other is not, unless
    /// `allow_empty`; else as the options' `on_error` says, with the [`Report`].
    pub async fn mirror_up(
        &self,
        local: impl AsRef<Path>,
        remote: &str,
        options: MirrorOptions,
    ) -> Result<Report> {
        let (local, client) = (local.as_ref(), self.client());
        let target: RemotePath = remote.parse()?;
        options.check()?;
        let mirror = Mirror::new(&options, Task::Upload)?;
        let source = LocalTree::open(local)?.ok_or_else(|| {
            let message = format!("there is no local folder `{}`", local.display());
            Error::new(ErrorKind::NotFound, message).with_path(local.display().to_string())
        })?;
        let before = mirror.look(&source).await?;
        let there = remote_tree(client, &target, mirror.deep).await?;
        let others = there.as_deref().unwrap_or_default();
        let name = local.display().to_string();
        mirror.check_source(
            &name,
            before.iter().map(local_name),
            others.iter().map(remote_name),
        )?;
        let extra = mirror.extra_there(others, &[&before]);
        let leave = leave_to_delete(client, &extra, Folders::Empty).await?;

        let found = vec![LocalFound::Folder {
            base: local.to_owned(),
            deep: mirror.deep,
        }];
        let sending = Upload::of_task(
            mirror.task,
            self,
            &options.transfer,
            Target::Folder(target.clone()),
        );
        let mut report = sending.run(found, Arc::clone(&mirror.sieve)).await?;
        report.task = mirror.task;
        if there.is_none() && report.items.is_empty() && !report.dry_run && !target.is_root() {
            client.create_folder(&target).await?;
        }
        if report.failed > 0 || extra.is_empty() {
            return Ok(report);
        }
        // What came to the local folder meanwhile may have been sent, and what left it may come back: neither is deleted.
        let after = mirror.look(&source).await?;
        mirror.check_source(
            &name,
            after.iter().map(local_name),
            others.iter().map(remote_name),
        )?;
        let extra = mirror.extra_there(others, &[&before, &after]);
        let deleting = DeleteInOptions {
            on_error: options.transfer.on_error,
            dry_run: options.transfer.dry_run,
            progress: options.transfer.progress.clone(),
            ..DeleteInOptions::default()
        };
        let deletion = Deletion::of_files_and_empty_folders(mirror.task, client, &deleting, leave);
        report.append(deletion.report(extra).await);
        mirror.run().settle(report)
    }

    /// Makes a local folder equal to one at Dropbox, as [`mirror_up`](Connection::mirror_up) does the other way round. Links and
    /// special files are left alone, and no link is followed.
    ///
    /// # Errors
    /// As that; `not_found` where the folder at Dropbox is not there.
    pub async fn mirror_down(
        &self,
        remote: &str,
        local: impl AsRef<Path>,
        options: MirrorOptions,
    ) -> Result<Report> {
        let (local, client) = (local.as_ref(), self.client());
        options.check()?;
        let mirror = Mirror::new(&options, Task::Download)?;
        let reading = Reading {
            glob: false,
            subfolders: None,
        };
        let path = match find(client, &Source::from(remote), reading).await? {
            Found::One(item) if item.kind == ItemKind::Folder => item.path.parse()?,
            _ => {
                let message = format!("`{remote}` is not a folder");
                return Err(Error::new(ErrorKind::InvalidArgument, message).with_path(remote));
            }
        };
        // One look tells both what is fetched and what is deleted; one that broke off ends here.
        let source = remote_tree(client, &path, mirror.deep)
            .await?
            .ok_or_else(|| {
                let message = format!("there is nothing at `{path}`");
                Error::new(ErrorKind::NotFound, message).with_path(path.to_string())
            })?;
        let there = match LocalTree::open(local)? {
            Some(tree) => {
                let entries = mirror.look(&tree).await?;
                Some((tree, entries))
            }
            None => None,
        };
        let others = there.as_ref().map_or(&[][..], |(_, entries)| entries);
        mirror.check_source(
            remote,
            source.iter().map(remote_name),
            others.iter().map(local_name),
        )?;

        let extra = mirror.extra_here(others, &source);
        let leave = leave_to_delete_here(client, &extra)?;

        let wanted = |below: &&Below| {
            mirror.sieve.names(&below.relative, below.item.kind) && mirror.sieve.facts(&below.item)
        };
        let work = stream::iter(source.iter().filter(wanted).cloned().map(Step::Work));
        let mut report = Download::of_task(mirror.task, self, &options.transfer, local, None)?
            .run(work, &mirror.sieve)
            .await?;
        report.task = mirror.task;
        let (Some((tree, _)), 0) = (there, report.failed) else {
            return Ok(report);
        };
        report.append(mirror.delete_here(&tree, local, extra, &leave).await);
        mirror.run().settle(report)
    }
}

/// The items below a folder at Dropbox; `None` where it is not there.
async fn remote_tree(
    client: &Client,
    folder: &RemotePath,
    deep: bool,
) -> Result<Option<Vec<Below>>> {
    let mut walk = Walk::folder(client, folder, deep);
    let mut items = Vec::new();
    loop {
        match walk.next().await {
            Ok(Some(below)) => items.push(below),
            Ok(None) => return Ok(Some(items)),
            Err(error) if error.kind() == ErrorKind::NotFound && items.is_empty() => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}

fn local_name(entry: &Entry) -> (&str, Option<ItemKind>) {
    (&entry.relative, entry.kind)
}

fn remote_name(below: &Below) -> (&str, Option<ItemKind>) {
    (&below.relative, Some(below.item.kind))
}

/// Dropbox minds neither letter case nor how letters are composed.
fn as_dropbox_compares(relative: &str) -> String {
    relative.nfc().collect::<String>().to_lowercase()
}

/// Leave to delete these in a local folder.
fn leave_to_delete_here(client: &Client, extra: &[Entry]) -> Result<Leave> {
    if extra.is_empty() {
        return Ok(Leave::for_nothing());
    }
    let is_file = |entry: &&Entry| entry.kind == Some(ItemKind::File);
    let files = extra.iter().filter(is_file).count() as u64;
    client.guards().leave_to_delete(files)
}

struct Mirror<'a> {
    /// Which of the two tasks it is.
    task: &'static str,
    options: &'a MirrorOptions,
    sieve: Arc<Sieve>,
    deep: bool,
}

impl<'a> Mirror<'a> {
    fn new(options: &'a MirrorOptions, task: Task) -> Result<Self> {
        let filter = &options.transfer.filter;
        Ok(Self {
            task: match task {
                Task::Upload => "mirror_up",
                _ => "mirror_down",
            },
            options,
            sieve: Arc::new(filter.sieve(task, Timestamp::now())?),
            deep: filter.subfolders.unwrap_or(true),
        })
    }

    /// What is in a local folder.
    async fn look(&self, tree: &LocalTree) -> Result<Vec<Entry>> {
        tree.entries(self.deep, Arc::clone(&self.sieve)).await
    }

    fn run(&self) -> Run<'_> {
        Run {
            task: self.task,
            on_error: self.options.transfer.on_error,
            parallel: NonZeroUsize::MIN,
            plan_only: self.options.transfer.dry_run,
            listener: self.options.transfer.progress.as_ref(),
        }
    }

    /// Whether the mirror is about something of this name. Without subfolders it is not about folders: nobody looked into them.
    fn is_about(&self, relative: &str, kind: ItemKind) -> bool {
        (self.deep || kind == ItemKind::File) && self.sieve.names_of_any_kind(relative, kind)
    }

    /// An empty source is more often one that is not mounted, or not the one that was meant.
    fn check_source<'b>(
        &self,
        name: &str,
        mut source: impl Iterator<Item = (&'b str, Option<ItemKind>)>,
        mut target: impl Iterator<Item = (&'b str, Option<ItemKind>)>,
    ) -> Result<()> {
        let counts = |(relative, kind): (&str, Option<ItemKind>)| {
            kind.is_some_and(|kind| self.is_about(relative, kind))
        };
        if self.options.allow_empty || source.any(counts) || !target.any(counts) {
            return Ok(());
        }
        let message = format!("nothing in `{name}` is to be mirrored, and the target is not empty");
        Err(Error::new(ErrorKind::InvalidArgument, message)
            .with_path(name)
            .with_hint("if the target is to become empty give `allow_empty: true`"))
    }

    /// What is to be deleted at Dropbox: what was found there, and here at none of these times.
    fn extra_there(&self, there: &[Below], here: &[&[Entry]]) -> Vec<Item> {
        if !self.options.delete_extra {
            return Vec::new();
        }
        let here: HashSet<String> = here
            .iter()
            .copied()
            .flatten()
            .map(|entry| as_dropbox_compares(&entry.relative))
            .collect();
        there
            .iter()
            .filter(|below| self.is_about(&below.relative, below.item.kind))
            .filter(|below| !here.contains(&as_dropbox_compares(&below.relative)))
            .map(|below| below.item.clone())
            .collect()
    }

    /// What is to be deleted here: what is not at Dropbox.
    fn extra_here(&self, here: &[Entry], there: &[Below]) -> Vec<Entry> {
        if !self.options.delete_extra {
            return Vec::new();
        }
        let there: HashSet<String> = there
            .iter()
            .map(|below| local_name::key(&below.relative))
            .collect();
        here.iter()
            .filter(|entry| {
                entry
                    .kind
                    .is_some_and(|kind| self.is_about(&entry.relative, kind))
            })
            .filter(|entry| !there.contains(&local_name::key(&entry.relative)))
            .cloned()
            .collect()
    }

    /// Deletes files, then folders that are empty then.
    async fn delete_here(
        &self,
        tree: &LocalTree,
        folder: &Path,
        extra: Vec<Entry>,
        _leave: &Leave,
    ) -> Report {
        let (mut folders, files): (Vec<Entry>, Vec<Entry>) = extra
            .into_iter()
            .partition(|entry| entry.kind == Some(ItemKind::Folder));
        // The deepest first, so that a folder is empty when its turn comes.
        folders.sort_by_key(|entry| Reverse(entry.relative.matches('/').count()));
        let run = self.run();
        let tally = Tally::new(self.task, run.listener);
        (0..files.len() + folders.len()).for_each(|_| tally.expect(0));
        let each = async |entry: Entry| {
            let path = folder.join(&entry.relative).display().to_string();
            let moving = tally.begin(&path, 0);
            let result = self.delete_one(tree, entry).await;
            let item = ReportItem::of(path, String::new(), result);
            moving.end(&item);
            item
        };
        let mut report = run
            .report(stream::iter(files.into_iter().map(Step::Work)), each)
            .await;
        if report.failed == 0 || self.options.transfer.on_error != OnError::Stop {
            let folders = stream::iter(folders.into_iter().map(Step::Work));
            report.append(run.report(folders, each).await);
        }
        tally.finish();
        report
    }

    async fn delete_one(&self, tree: &LocalTree, entry: Entry) -> Result<Done> {
        let (bytes, folder) = (entry.size, entry.kind == Some(ItemKind::Folder));
        let done = |outcome, reason| Done {
            destination: String::new(),
            outcome,
            bytes: if folder { 0 } else { bytes },
            reason,
        };
        if self.options.transfer.dry_run {
            return Ok(done(Outcome::Planned, ""));
        }
        Ok(match tree.delete(entry).await? {
            Deleted::Yes => done(Outcome::Deleted, ""),
            Deleted::Changed if folder => done(Outcome::Skipped, "not empty"),
            Deleted::Changed => done(Outcome::Skipped, "changed since it was looked at"),
            Deleted::Gone => done(Outcome::Skipped, "gone already"),
        })
    }
}

impl MirrorOptions {
    /// Refuses what would make the two sides differ.
    fn check(&self) -> Result<()> {
        let Self { transfer, .. } = self;
        let refused = [
            (transfer.delete_source, "delete_source"),
            (transfer.flatten, "flatten"),
            (transfer.rename.is_some(), "rename"),
            (
                transfer.overwrite == Overwrite::Rename,
                "overwrite: \"rename\"",
            ),
        ];
        match refused.into_iter().find(|(given, _)| *given) {
            None => Ok(()),
            Some((_, option)) => {
                let message = format!("with `{option}` the two folders would not become equal");
                Err(
                    Error::new(ErrorKind::InvalidArgument, message).with_hint(format!(
                        "leave `{option}` out, or use `upload` or `download`"
                    )),
                )
            }
        }
    }
}
