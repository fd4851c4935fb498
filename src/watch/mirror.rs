//! A folder at Dropbox as its files come to the queue: some thousands at a time, whatever the folder holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::journal::{PageChange, Seen};
use super::selection::Selection;
use super::stamp::Stamp;
use crate::api::files::{FileMetadata, Metadata};
use crate::client::ContentHasher;
use crate::path::RemotePath;

/// So many files are in memory at most; all others that may have changed wait in the journal.
const MOST: usize = 5_000;

/// A watched folder, and which of its files are on their way.
pub(super) struct Mirror {
    folder: RemotePath,
    selection: Arc<dyn Selection>,
    /// The files that the ledger has, by their keys.
    pub(super) loaded: BTreeSet<PathBuf>,
    /// Where the look through the open files of the journal is, while it goes on.
    pub(super) turn: Option<PathBuf>,
    /// Another one is to follow it.
    pub(super) again: bool,
    pub(super) phase: Phase,
}

/// How far the beginning of the watch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// What is there is being found, and is to be left out once it is known.
    LeavingOut,
    /// What is there is being found.
    Finding,
    /// What was there is in the journal, and is being taken up.
    TakingUp,
    /// All that comes is new.
    Over,
}

impl Mirror {
    pub(super) fn new(folder: RemotePath, selection: Arc<dyn Selection>) -> Self {
        Self {
            folder,
            selection,
            loaded: BTreeSet::new(),
            turn: None,
            again: true,
            phase: Phase::Finding,
        }
    }

    /// How many more files may be in memory.
    pub(super) fn room(&self) -> usize {
        MOST.saturating_sub(self.loaded.len())
    }

    /// Whether what is found was there before the watch began.
    pub(super) fn is_beginning(&self) -> bool {
        self.phase != Phase::Over
    }

    /// Whether there is room for many.
    pub(super) fn is_low(&self) -> bool {
        self.loaded.len() <= MOST / 2
    }

    /// What decides by all but the name.
    pub(super) fn selection(&self) -> &Arc<dyn Selection> {
        &self.selection
    }

    /// Whether a file counts by its path.
    pub(super) fn names(&self, path: &str) -> bool {
        let Some((_, below)) = self.split(path) else {
            return false;
        };
        let mut folders = below.match_indices('/').map(|(end, _)| &below[..end]);
        folders.all(|folder| self.selection.enters(folder)) && self.selection.names(below)
    }

    /// The folder, written as in this path.
    pub(super) fn root_of(&self, path: &Path) -> Option<PathBuf> {
        let path = path.to_str()?;
        let (root, _) = self.split(path)?;
        Some(PathBuf::from(if root.is_empty() { "/" } else { root }))
    }

    /// The part of a path that is the folder, and what is below it.
    fn split<'a>(&self, path: &'a str) -> Option<(&'a str, &'a str)> {
        let depth = self.folder.as_str().matches('/').count();
        let (end, _) = path.match_indices('/').nth(depth)?;
        Some((&path[..end], &path[end + 1..])).filter(|(_, below)| !below.is_empty())
    }

    /// Whether a path is the folder itself, or one that it is in.
    fn is_above(&self, key: &str) -> bool {
        let folder = self.folder.key();
        folder == key
            || folder
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a path lies in the folder.
    pub(super) fn is_below(&self, key: &str) -> bool {
        key.strip_prefix(&self.folder.key())
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// An entry of a page as the journal takes it; `None` where it tells nothing of the folder.
    ///
    /// # Errors
    /// The folder itself is gone.
    pub(super) fn change(&self, entry: Metadata) -> Result<Option<PageChange>, Away> {
        match entry {
            Metadata::File(file) => {
                let Some(key) = key(file.path_lower.as_deref(), file.path_display.as_deref())
                else {
                    return Ok(None);
                };
                let below = self.is_below(&key);
                Ok(below.then(|| {
                    let mark = written_mark(&file.id, &file.rev);
                    PageChange::File(seen(file, key), mark)
                }))
            }
            Metadata::Folder(folder) => {
                let key = key(folder.path_lower.as_deref(), folder.path_display.as_deref());
                let key = key.filter(|key| self.is_below(key));
                Ok(key.map(|key| PageChange::Folder(key.into())))
            }
            Metadata::Deleted(gone) => {
                match key(gone.path_lower.as_deref(), gone.path_display.as_deref()) {
                    Some(key) if self.is_above(&key) => Err(Away),
                    Some(key) if self.is_below(&key) => Ok(Some(PageChange::Gone(key.into()))),
                    _ => Ok(None),
                }
            }
        }
    }
}

/// The folder that is watched is not there.
#[derive(Debug)]
pub(super) struct Away;

/// What a version that a run wrote itself is known by, when it is told of.
pub(super) fn written_mark(id: &str, rev: &str) -> String {
    format!("+ {rev} {id}")
}

/// What tells a version from others in a stamp.
pub(super) fn version(id: &str, rev: &str) -> u64 {
    digest(&[id, rev])
}

fn key(lower: Option<&str>, display: Option<&str>) -> Option<String> {
    let lower = lower.map(str::to_owned);
    lower.or_else(|| display.map(str::to_lowercase))
}

fn seen(file: FileMetadata, key: String) -> Seen {
    let path = file.path_display.clone().unwrap_or_else(|| key.clone());
    let version = version(&file.id, &file.rev);
    let stamp = Stamp::of_remote(
        (version, digest(&[&path])),
        file.size,
        file.client_modified,
        file.server_modified,
    );
    Seen {
        key: key.into(),
        stamp: Some(stamp),
        hash: file.content_hash,
        path,
    }
}

/// A number that texts share only if they are the same, as far as anybody will ever see.
fn digest(texts: &[&str]) -> u64 {
    let mut hasher = ContentHasher::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update(b"\0");
    }
    let hash = hasher.finish();
    u64::from_str_radix(&hash[..16], 16).expect("a hash is 64 hexadecimal digits")
}
