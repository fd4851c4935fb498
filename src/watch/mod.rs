//! Watching for files that change, on this machine and at Dropbox.
//!
//! The operating system's events are hints, and a scan is the truth: events get lost, come twice, or come before the
//! folder they tell of is watched. So a hint only makes the watcher look, and a look at everything comes now and then
//! without one.
//!
//! What has settled waits in a ledger until somebody claims it for a run, and is done with when that run is: the journal
//! knows of each version what became of it, whatever ends the process.

mod breaker;
mod by_folder;
mod change;
mod event;
mod failed;
mod far;
mod findings;
mod handle;
mod hints;
mod inbox;
mod journal;
mod ledger;
#[cfg(test)]
mod lives;
mod local;
mod look;
mod mirror;
mod options;
#[cfg(test)]
mod oracle;
mod origin;
mod proof;
mod queue;
mod remote;
mod roots;
mod scope;
mod selection;
mod stamp;
#[cfg(test)]
mod tests;
mod tree;
mod watcher;

use std::time::Duration;

pub use change::{Aftermath, Batch, Change, ChangeKind, ChangeSource, News, Verdict};
pub use failed::{FailedFile, FailedFiles};
pub use handle::WatchHandle;
pub use journal::JournalPlace;
pub use options::{Initial, WatchOptions};
pub use remote::RemoteFolder;
pub use selection::Selection;
pub use watcher::Watcher;

/// Dates of files lag behind the clock by up to one tick of the kernel, at most 10 ms.
const CLOCK_LAG: Duration = Duration::from_millis(20);
