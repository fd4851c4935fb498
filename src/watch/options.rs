//! What to watch, and how.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::change::ChangeKind;
use super::journal::JournalPlace;
use super::remote::RemoteFolder;
use super::selection::Selection;

/// What to watch, and how.
#[derive(Clone)]
pub struct WatchOptions {
    /// Folders, with all that is below them, and single files.
    pub roots: Vec<PathBuf>,
    /// Take links below the roots for what they lead to, wherever that is; otherwise they are left out. Such folders are looked at every
    /// two seconds, since the system tells of a folder under one of its names only.
    pub follow_links: bool,
    /// A folder at Dropbox.
    pub remote: Option<RemoteFolder>,
    /// Which files below the roots count; all of them unless set.
    pub selection: Option<Arc<dyn Selection>>,
    /// Which changes count; all unless set.
    pub kinds: Vec<ChangeKind>,
    /// A file is handed over when it has not changed for this long. Two seconds by default.
    pub settle: Duration,
    /// How long a file waits that does not change and that a program is known to have open for writing. A minute by default.
    pub open_wait: Duration,
    /// Look at everything this often and ask the operating system for no events, as on a network share.
    pub poll: Option<Duration>,
    /// Look at everything this often although there are events, because they get lost. Five minutes by default; longer
    /// where that would take more than a thousandth of the time.
    pub rescan: Duration,
    /// Where it is kept what is done with of the local files.
    pub journal: JournalPlace,
    /// Whose journal it is: one name has one watcher at a time.
    pub name: String,
    /// What is to become of the files that are there at the beginning.
    pub initial: Initial,
    /// The most files of one run. A hundred by default.
    pub batch: usize,
    /// How often files come again after a run that failed, before they are given up. Three times by default.
    pub retries: u32,
    /// Files and folders that the program writes for itself: they are no changes.
    pub own: Vec<PathBuf>,
}

/// What is to become of the files that are there when a watch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initial {
    /// Those that are not done with, and those that are gone.
    #[default]
    New,
    /// All of them, as if they had been made just now.
    All,
    /// None: they count as done with.
    None,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            follow_links: false,
            remote: None,
            selection: None,
            kinds: ChangeKind::ALL.to_vec(),
            settle: Duration::from_secs(2),
            open_wait: Duration::from_secs(60),
            poll: None,
            rescan: Duration::from_secs(300),
            journal: JournalPlace::Memory,
            name: String::new(),
            initial: Initial::New,
            batch: 100,
            retries: 3,
            own: Vec::new(),
        }
    }
}
