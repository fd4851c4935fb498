//! Where the files of a queue are: on disk, or at Dropbox.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::change::ChangeSource;
use super::journal::Journal;
use super::mirror::Mirror;
use super::scope::Scope;
use super::selection::Selection;
use super::stamp::Stamp;

/// What the files of a queue are compared with.
pub(super) enum Origin {
    /// The disk itself.
    Disk(Scope),
    /// What the journal knows of a folder at Dropbox.
    Dropbox(Mirror),
}

impl Origin {
    /// How scripts are told of it.
    pub(super) fn source(&self) -> ChangeSource {
        match self {
            Self::Disk(_) => ChangeSource::Local,
            Self::Dropbox(_) => ChangeSource::Remote,
        }
    }

    /// Whether a file counts by its path.
    pub(super) fn has(&self, journal: &Journal, path: &Path) -> bool {
        match self {
            Self::Disk(scope) => scope.has(path),
            Self::Dropbox(mirror) => match journal.seen(path) {
                Ok(Some(seen)) => mirror.names(&seen.path),
                Ok(None) => path.to_str().is_some_and(|path| mirror.names(path)),
                Err(_) => true,
            },
        }
    }

    /// What decides by all but the name.
    pub(super) fn selection(&self) -> &Arc<dyn Selection> {
        match self {
            Self::Disk(scope) => scope.selection(),
            Self::Dropbox(mirror) => mirror.selection(),
        }
    }

    /// The root that a path lies under.
    pub(super) fn root_of(&self, path: &Path) -> Option<PathBuf> {
        match self {
            Self::Disk(scope) => scope.roots.of(path).map(Path::to_owned),
            Self::Dropbox(mirror) => mirror.root_of(path),
        }
    }

    /// Whether two versions are one to a script if their hashes are the same.
    pub(super) fn may_equal(&self, before: Stamp, after: Stamp) -> bool {
        let is_one_name = || before.identity().0 == after.identity().0;
        match self {
            Self::Disk(_) => before.may_equal(&after),
            // A file that was renamed in its letter case has another name.
            Self::Dropbox(_) => before.may_equal(&after) && is_one_name(),
        }
    }
}
