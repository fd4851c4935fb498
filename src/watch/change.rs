//! What a watcher hands over.

use std::path::PathBuf;

use jiff::Timestamp;

/// What happened to a file since it was last handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Created,
    /// It was there in another version.
    Modified,
    /// It is not there any more.
    Removed,
}

impl ChangeKind {
    /// The word that scripts see: `created`, `modified` or `removed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Removed => "removed",
        }
    }
}

/// A file that changed and has settled since. Of what happened in between, the latest state alone is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The absolute path of the file.
    pub path: PathBuf,
    /// The root that it was found under: a folder, or the file itself.
    pub root: PathBuf,
    /// The path below the root; the name of the file where the root is the file itself.
    pub relative: PathBuf,
    /// What happened.
    pub kind: ChangeKind,
    /// The size in bytes; of a removed file, the last one known.
    pub size: u64,
    /// The modified date; of a removed file, the last one known.
    pub modified: Timestamp,
}

/// All that has settled since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files below the roots, in the order of their paths. A followed file is not among them.
    pub files: Vec<Change>,
    /// Followed files that were saved, made or removed.
    pub followed: Vec<PathBuf>,
    /// What a person should know: a root that went away or came back, a folder that cannot be read, a limit of the
    /// system that makes polling necessary. Each is said once.
    pub notices: Vec<String>,
}

impl Changes {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.followed.is_empty() && self.notices.is_empty()
    }
}
