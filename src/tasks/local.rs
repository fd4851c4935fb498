//! Finds the local files that a source means.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::filter::{Candidate, Sieve};
use super::pattern::{Case, Pattern, has_wildcards};
use super::remote::Reading;
use super::run::Step;
use super::{Item, ItemKind, ReportItem, Source};
use crate::client::{Stamp, is_partial};
use crate::error::{Error, ErrorKind, Result};

/// How many files a walk is ahead of the transfers.
const AHEAD: usize = 64;

/// What one source means.
#[derive(Debug)]
pub(super) enum Found {
    /// A file, and where it belongs below the destination.
    File { path: PathBuf, relative: String },
    /// What is in a folder, with its subfolders where `deep`.
    Folder { base: PathBuf, deep: bool },
    /// What matches a glob.
    Glob { base: PathBuf, pattern: Pattern },
}

impl Found {
    /// Whether some of its files may belong into subfolders of the destination.
    pub(super) fn is_deep(&self) -> bool {
        match self {
            Self::File { relative, .. } => relative.contains('/'),
            Self::Folder { deep, .. } => *deep,
            Self::Glob { pattern, .. } => pattern.deep,
        }
    }
}

/// A local file to work on.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) path: PathBuf,
    /// Its path below the destination, with `/` between the names.
    pub(super) relative: String,
    /// As it was when it was found.
    pub(super) stamp: Stamp,
    /// What is known of it, as an item with its local path.
    item: Item,
    created: Option<Timestamp>,
}

impl Candidate for Local {
    fn item(&self) -> &Item {
        &self.item
    }

    fn created(&self) -> Option<Timestamp> {
        self.created
    }
}

impl Local {
    fn new(path: PathBuf, relative: String, metadata: &fs::Metadata) -> Self {
        let timestamp = |time: std::io::Result<_>| Timestamp::try_from(time.ok()?).ok();
        let name = last(&relative).to_owned();
        let item = Item {
            size: Some(metadata.len()),
            modified: timestamp(metadata.modified()),
            ..Item::named(ItemKind::File, name, path.display().to_string())
        };
        Self {
            path,
            relative,
            stamp: Stamp::of(metadata),
            item,
            created: timestamp(metadata.created()),
        }
    }
}

/// Reads one source. Text that names an existing file or folder exactly is that, whatever characters are in it.
pub(super) fn find(source: Source, reading: Reading) -> Result<Found> {
    let text = match source {
        Source::Entry(entry) => {
            return Ok(Found::File {
                path: entry.path,
                relative: entry.relative,
            });
        }
        Source::Text(text) => text,
        Source::Item(_) | Source::Many(_) => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a remote item is not a source here",
            )
            .with_hint("give a local path, a glob, or entries of `event.files`"));
        }
    };
    let path = PathBuf::from(&text);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Ok(Found::Folder {
            base: path,
            deep: reading.subfolders.unwrap_or(true),
        }),
        // Opening a pipe or a device could wait for ever.
        Ok(metadata) if !metadata.is_file() => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{text}` is not a regular file"),
        )
        .with_path(text)),
        Ok(_) => {
            let relative = utf8_name(&path)?;
            Ok(Found::File { path, relative })
        }
        Err(_) if reading.glob && has_wildcards(&text) => {
            let pattern = Pattern::parse(&text, Case::Sensitive, reading.subfolders == Some(true))?;
            let base = match (pattern.base.as_str(), text.starts_with('/')) {
                ("", true) => PathBuf::from("/"),
                ("", false) => PathBuf::from("."),
                (base, _) => PathBuf::from(base),
            };
            Ok(Found::Glob { base, pattern })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::new(
            ErrorKind::NotFound,
            format!("there is no local file or folder `{text}`"),
        )
        .with_path(text)),
        Err(error) => Err(Error::io("read", &path, error)),
    }
}

/// Walks all that was found, as far as the sieve lets it through, on a thread for blocking work, not far ahead of whoever takes it.
pub(super) fn walk(found: Vec<Found>, sieve: Arc<Sieve>) -> impl Stream<Item = Step<Local>> + Send {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        for found in found {
            let walk = Walk {
                sender: &sender,
                sieve: &sieve,
                pattern: None,
                deep: false,
            };
            let walked = match found {
                Found::File { path, relative } => {
                    let link = path.is_symlink();
                    // A source that is named is not in a folder: its name is all that masks see.
                    walk.file(path, relative, link)
                }
                Found::Folder { base, deep } => Walk { deep, ..walk }.folder(&base, ""),
                Found::Glob { base, pattern } if base.is_dir() => Walk {
                    deep: pattern.deep,
                    pattern: Some(&pattern),
                    ..walk
                }
                .folder(&base, ""),
                // As everywhere, a glob where nothing is matches nothing.
                Found::Glob { .. } => Ok(()),
            };
            if walked.is_err() {
                return;
            }
        }
    });
    stream::poll_fn(move |context| receiver.poll_recv(context))
}

/// Nobody takes what the walk finds any more.
struct Gone;

struct Walk<'a> {
    sender: &'a mpsc::Sender<Step<Local>>,
    sieve: &'a Sieve,
    pattern: Option<&'a Pattern>,
    deep: bool,
}

impl Walk<'_> {
    fn folder(&self, folder: &Path, below: &str) -> Result<(), Gone> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.failed(folder, Error::io("read", folder, error)),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, below)?,
                Err(error) => self.failed(folder, Error::io("read", folder, error))?,
            }
        }
        Ok(())
    }

    fn entry(&self, entry: &fs::DirEntry, below: &str) -> Result<(), Gone> {
        let path = entry.path();
        let name = match utf8_name(&path) {
            Ok(name) => name,
            Err(error) => return self.failed(&path, error),
        };
        // What is of a download is not a file yet.
        if is_partial(&name) {
            return Ok(());
        }
        let relative = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.failed(&path, Error::io("read", &path, error)),
        };
        if kind.is_dir() {
            return if self.deep && self.sieve.enters(&relative) {
                self.folder(&path, &relative)
            } else {
                Ok(())
            };
        }
        if self
            .pattern
            .is_some_and(|pattern| !pattern.matches(&relative))
        {
            return Ok(());
        }
        if kind.is_file() {
            return self.file(path, relative, false);
        }
        if !self.sieve.names(&relative, ItemKind::File) {
            return Ok(());
        }
        let metadata = fs::metadata(&path).ok();
        let name = last(&relative);
        if !self
            .sieve
            .attributes(name, kind.is_symlink(), metadata.as_ref())
        {
            return Ok(());
        }
        // A link may lead anywhere, in a circle too; named as a source itself it is followed.
        let reason = if kind.is_symlink() {
            "a symbolic link"
        } else {
            "not a regular file"
        };
        self.send(Step::Done(ReportItem::skipped(
            path.display().to_string(),
            reason,
        )))
    }

    /// Sends a file on if the sieve lets it through.
    fn file(&self, path: PathBuf, relative: String, link: bool) -> Result<(), Gone> {
        if !self.sieve.names(&relative, ItemKind::File) {
            return Ok(());
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return self.failed(&path, Error::io("read", &path, error)),
        };
        let attributes = self
            .sieve
            .attributes(last(&relative), link, Some(&metadata));
        let local = Local::new(path, relative, &metadata);
        if !attributes || !self.sieve.facts(&local) {
            return Ok(());
        }
        match self.sieve.contents(&local.path) {
            Ok(true) => self.send(Step::Work(local)),
            Ok(false) => Ok(()),
            Err(error) => self.failed(&local.path, error),
        }
    }

    fn failed(&self, path: &Path, error: Error) -> Result<(), Gone> {
        self.send(Step::Done(ReportItem::failed(
            path.display().to_string(),
            String::new(),
            error,
        )))
    }

    fn send(&self, step: Step<Local>) -> Result<(), Gone> {
        self.sender.blocking_send(step).map_err(|_| Gone)
    }
}

fn last(relative: &str) -> &str {
    relative.rsplit('/').next().unwrap_or_default()
}

/// The last name of a path; Dropbox stores names in Unicode only.
fn utf8_name(path: &Path) -> Result<String> {
    // `..` and `.` have no name of their own.
    let named = if path.file_name().is_some() {
        path.to_owned()
    } else {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    };
    match named.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Error::new(
            ErrorKind::InvalidPath,
            format!(
                "the name of `{}` is not Unicode, which Dropbox needs",
                path.display()
            ),
        )
        .with_path(path.display().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::tasks::Filter;
    use crate::tasks::filter::Task;

    const PLAIN: Reading = Reading {
        glob: true,
        subfolders: None,
    };

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("sub/deep")).expect("folders");
        for name in ["a.csv", "b.txt", "sub/c.csv", "sub/deep/d.csv", "[x].csv"] {
            fs::write(folder.path().join(name), name).expect("a file");
        }
        folder
    }

    async fn found(source: String, reading: Reading) -> Vec<String> {
        let sieve = Filter::default().sieve(Task::Upload, Timestamp::now());
        let found = vec![find(Source::Text(source), reading).expect("a source")];
        let steps = walk(found, Arc::new(sieve.expect("no filter")));
        let mut names: Vec<_> = steps
            .map(|step| match step {
                Step::Work(local) => local.relative,
                Step::Done(item) => format!("{}: {}", item.outcome.as_str(), item.reason),
            })
            .collect()
            .await;
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_folder_means_its_contents() {
        let folder = folder();
        let text = folder.path().display().to_string();
        assert_eq!(
            found(text.clone(), PLAIN).await,
            ["[x].csv", "a.csv", "b.txt", "sub/c.csv", "sub/deep/d.csv"]
        );
        let shallow = Reading {
            subfolders: Some(false),
            ..PLAIN
        };
        assert_eq!(found(text, shallow).await, ["[x].csv", "a.csv", "b.txt"]);
    }

    #[tokio::test]
    async fn a_glob_keeps_the_path_below_its_base() {
        let folder = folder();
        let text = |glob: &str| format!("{}/{glob}", folder.path().display());
        assert_eq!(found(text("*.csv"), PLAIN).await, ["[x].csv", "a.csv"]);
        assert_eq!(
            found(text("**/*.csv"), PLAIN).await,
            ["[x].csv", "a.csv", "sub/c.csv", "sub/deep/d.csv"]
        );
        let anywhere = Reading {
            subfolders: Some(true),
            ..PLAIN
        };
        assert_eq!(
            found(text("?.csv"), anywhere).await,
            ["a.csv", "sub/c.csv", "sub/deep/d.csv"]
        );
        assert!(found(text("none/*.csv"), PLAIN).await.is_empty());
    }

    #[tokio::test]
    async fn a_name_with_wildcards_that_exists_is_itself() {
        let folder = folder();
        assert_eq!(
            found(format!("{}/[x].csv", folder.path().display()), PLAIN).await,
            ["[x].csv"]
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_are_left_out_and_told() {
        let folder = folder();
        std::os::unix::fs::symlink("/etc", folder.path().join("sub/link")).expect("a link");
        let text = folder.path().join("sub").display().to_string();
        assert_eq!(
            found(text, PLAIN).await,
            ["c.csv", "deep/d.csv", "skipped: a symbolic link"]
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = find(Source::from("/nowhere/at/all"), PLAIN).expect_err("nothing there");
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::NotFound, Some("/nowhere/at/all"))
        );
        let error = find(
            Source::from("/nowhere/*.csv"),
            Reading {
                glob: false,
                ..PLAIN
            },
        )
        .expect_err("nothing there");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
