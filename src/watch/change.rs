//! What a watcher hands over.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

/// What happened to a file since it was last handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was not there.
    Created,
    /// It was there in another version.
    Modified,
    /// It is not there any more.
    Removed,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Modified, Self::Removed];

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

/// Where a file is that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeSource {
    /// On this machine.
    Local,
    /// At Dropbox.
    Remote,
}

/// A file that changed and has settled since. Of what happened in between, the latest state alone is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The absolute path of the file; at Dropbox from the root on, as it is written there.
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
    /// Dropbox's content hash, of files that are not too large to be read for it.
    pub hash: Option<String>,
    /// How often a run has had this version, the coming one included.
    pub attempt: u32,
}

/// Files for one run of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Names these files: the same each time that they come again because a run failed, or was killed.
    pub id: String,
    /// Where they are.
    pub source: ChangeSource,
    /// Whether the files were as they are when the watch began.
    pub from_before: bool,
    /// Files below the roots, in the order of their paths.
    pub files: Vec<Change>,
}

/// What became of the run that had a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The script returned without error: its files are done with.
    Done,
    /// The script failed.
    Failed {
        /// Why, for a person.
        error: String,
        /// Whether this uses up a retry. A server that cannot be reached is no fault of the files.
        counts: bool,
    },
    /// Nothing of the script ran, and it is no use to try again before [`Watcher::retry_now`](super::Watcher::retry_now).
    Unready,
    /// The run was stopped for newer files, which come together with these.
    Restarted,
    /// The run was stopped because the program ends. The files come again when it is back.
    Stopped,
}

/// What comes of an [`Verdict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing is left to do.
    Over,
    /// The files come again after this time.
    Again(Duration),
    /// The files come again, so many of them, each in a run of its own, to find out which is to blame.
    Apart(usize),
    /// The retries are used up, and the files are given up.
    GivenUp(usize),
    /// The files wait.
    Waiting,
}

/// What is not a file below a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Followed files that were saved, made or removed.
    pub followed: Vec<PathBuf>,
    /// What a person should know: a root that went away or came back, a folder that cannot be read, a limit of the
    /// system that makes polling necessary. Each is said once.
    pub notices: Vec<String>,
    /// How many files of a Dropbox folder were left out at the beginning, by [`Initial::None`](super::Initial::None).
    pub skipped: usize,
}
