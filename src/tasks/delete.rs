//! The task "delete".

use std::collections::HashSet;
use std::num::NonZeroUsize;

use futures_util::stream;

use super::list::nothing_matches;
use super::progress::Tally;
use super::remote::{Found, Reading, Walk, find};
use super::run::{Done, Run, Step};
use super::{DeleteOptions, Item, ItemKind, Outcome, Report, ReportItem, Source};
use crate::client::{Client, Leave};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// Deletions of one account wait for each other, so little is won by more.
pub(super) const PARALLEL: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

impl Connection {
    /// Deletes items: a file, a folder with all that it holds, what a glob matches, or several of these.
    ///
    /// ```no_run
    /// # async fn example(connection: dropscript::Connection) -> dropscript::Result<()> {
    /// use dropscript::{DeleteOptions, ErrorKind};
    ///
    /// match connection.delete("/reports/draft.csv", DeleteOptions::default()).await {
    ///     Err(error) if error.kind() == ErrorKind::NotFound => println!("it was gone"),
    ///     deleted => println!("{}", deleted?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for the root; `not_found` for a source that is not there, unless `missing_ok`; else as the options'
    /// `on_error` says, with the [`Report`].
    pub async fn delete(
        &self,
        source: impl Into<Source>,
        options: DeleteOptions,
    ) -> Result<Report> {
        let client = self.client();
        let source = source.into();
        let what = source.told();
        // All that is to be deleted is found before the first deletion.
        let mut items = Vec::new();
        for source in source.flattened() {
            self.find_to_delete(&source, &options, &mut items).await?;
        }
        let items = without_what_goes_anyway(items);
        if options.require_match && items.is_empty() {
            return Err(nothing_matches(&what));
        }
        let leave = leave_to_delete(client, &items, Folders::Whole).await?;
        let run = Run {
            task: "delete",
            on_error: options.on_error,
            parallel: PARALLEL,
            plan_only: options.dry_run,
            listener: options.progress.as_ref(),
        };
        let count = items.len();
        let work = stream::iter(items.into_iter().map(Step::Work));
        let (options, leave) = (&options, &leave);
        let tally = Tally::new("delete", options.progress.as_ref());
        (0..count).for_each(|_| tally.expect(0));
        let tally = &tally;
        let report = run.through(work, |item: Item| async move {
            let moving = tally.begin(&item.path, 0);
            let result = delete(client, &item, options, leave).await;
            let item = ReportItem::of(item.path, String::new(), result);
            moving.end(&item);
            item
        });
        let report = report.await;
        tally.finish();
        report
    }

    async fn find_to_delete(
        &self,
        source: &Source,
        options: &DeleteOptions,
        items: &mut Vec<Item>,
    ) -> Result<()> {
        let client = self.client();
        let reading = Reading {
            glob: options.glob,
            subfolders: None,
        };
        match find(client, source, reading).await {
            Ok(Found::One(item)) if item.path == "/" => Err(Error::new(
                ErrorKind::InvalidArgument,
                "the root folder cannot be deleted",
            )
            .with_path("/")
            .with_hint("name what is to be deleted in it")),
            Ok(Found::One(item)) => {
                items.push(item);
                Ok(())
            }
            Ok(Found::Glob(pattern)) => {
                let mut walk = Walk::glob(client, pattern)?;
                while let Some(below) = walk.next().await? {
                    items.push(below.item);
                }
                Ok(())
            }
            Err(error) if options.missing_ok && error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The items without those in a folder among them, which goes whole, and each once.
pub(super) fn without_what_goes_anyway(mut items: Vec<Item>) -> Vec<Item> {
    let folders: HashSet<String> = items
        .iter()
        .filter(|item| item.kind == ItemKind::Folder)
        .map(|item| item.path.to_lowercase())
        .collect();
    let mut seen = HashSet::new();
    items.retain(|item| {
        let key = item.path.to_lowercase();
        let within = key
            .match_indices('/')
            .any(|(end, _)| folders.contains(&key[..end]));
        !within && seen.insert(key)
    });
    items
}

/// What becomes of a folder that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folders {
    /// It goes with all that it holds.
    Whole,
    /// It goes when nothing is in it any more.
    Empty,
}

/// Leave to delete these items, asked for before the first of them is.
pub(super) async fn leave_to_delete(
    client: &Client,
    items: &[Item],
    folders: Folders,
) -> Result<Leave> {
    let guards = client.guards();
    if items.is_empty() {
        return Ok(Leave::for_nothing());
    }
    if !guards.count_deletions() {
        return guards.leave_to_delete(0);
    }
    let mut files = 0;
    for item in items {
        files += match item.kind {
            ItemKind::Folder if folders == Folders::Whole => {
                client.count_files(&item.path.parse()?).await?
            }
            ItemKind::Folder => 0,
            ItemKind::File | ItemKind::Deleted => 1,
        };
    }
    guards.leave_to_delete(files)
}

async fn delete(
    client: &Client,
    item: &Item,
    options: &DeleteOptions,
    leave: &Leave,
) -> Result<Done> {
    let bytes = item.size.unwrap_or_default();
    let done = |outcome, reason| Done {
        destination: String::new(),
        outcome,
        bytes,
        reason,
    };
    if options.dry_run {
        return Ok(done(Outcome::Planned, ""));
    }
    let path: RemotePath = item.path.parse()?;
    match client.delete(&path, leave).await {
        Ok(()) => Ok(done(Outcome::Deleted, "")),
        Err(error) if options.missing_ok && error.kind() == ErrorKind::NotFound => {
            Ok(done(Outcome::Skipped, "gone already"))
        }
        Err(error) => Err(error),
    }
}
