//! Watching for files that change.
//!
//! The operating system's events are hints, and a scan is the truth: events get lost, come twice, or come before the
//! folder they tell of is watched. So a hint only makes the watcher look, and a look at everything comes now and then
//! without one.

mod change;
mod findings;
mod hints;
mod inbox;
mod ledger;
mod local;
mod look;
#[cfg(test)]
mod oracle;
mod roots;
mod stamp;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::{Error, ErrorKind, Result};
use findings::Findings;
use inbox::Inbox;
use ledger::Settled;
use local::{Local, Pace};
use roots::{Roots, place};
use stamp::Stamp;

pub use change::{Change, ChangeKind, Changes};

/// Dates of files lag behind the clock by up to one tick of the kernel, at most 10 ms.
const CLOCK_LAG: Duration = Duration::from_millis(20);

/// What to watch, and how.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// Folders, with all that is below them, and single files. Links below a root are not followed.
    pub roots: Vec<PathBuf>,
    /// A file is handed over when it has not changed for this long. Two seconds by default.
    pub settle: Duration,
    /// Look at everything this often and ask the operating system for no events, as on a network share.
    pub poll: Option<Duration>,
    /// Look at everything this often although there are events, because they get lost. Five minutes by default; longer
    /// where that would take more than a thousandth of the time.
    pub rescan: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            settle: Duration::from_secs(2),
            poll: None,
            rescan: Duration::from_secs(300),
        }
    }
}

/// Watches local files on a thread of its own until it is dropped.
///
/// Every version of a file that stays unchanged for the settle time is handed over, at least in the latest version when
/// the owner comes late. A root that goes away is unknown, not empty: its files are not told as removed, and it is
/// looked for until it is back.
pub struct Watcher {
    roots: Roots,
    followed: HashSet<PathBuf>,
    findings: Arc<Findings>,
    inbox: Arc<Inbox>,
}

impl Watcher {
    /// Takes a first look at the roots and begins to watch them.
    ///
    /// The files that are there count as created. Those that have not changed for the settle time are ready at once:
    /// [`take`](Self::take) gives them.
    ///
    /// # Errors
    /// `not_found` or `local_io` where a root is missing or cannot be looked at.
    pub fn start(options: &WatchOptions) -> Result<Self> {
        let roots = Roots::find(&options.roots)?;
        let findings = Arc::new(Findings::new(options.settle));
        let inbox = Arc::new(Inbox::default());
        let pace = Pace {
            rescan: options.rescan,
            poll: options.poll,
        };
        let mut local = Local::new(
            roots.clone(),
            Arc::clone(&findings),
            Arc::clone(&inbox),
            pace,
        );
        local.begin();
        thread::Builder::new()
            .name("watch".into())
            .spawn(move || local.run())
            .map_err(|source| {
                Error::new(ErrorKind::LocalIo, "cannot start a thread to watch on")
                    .with_source(source)
            })?;
        Ok(Self {
            roots,
            followed: HashSet::new(),
            findings,
            inbox,
        })
    }

    /// Follows these files, a script and its modules, in the place of those followed so far. Saving one from now on is a
    /// change.
    pub fn follow(&mut self, files: &[PathBuf]) {
        self.follow_from(files, None);
    }

    /// As [`follow`](Self::follow), for files that were read since the time `loaded`: one that is not followed yet counts
    /// as changed if it was saved after that.
    pub fn follow_since(&mut self, files: &[PathBuf], loaded: SystemTime) {
        self.follow_from(files, Some(loaded));
    }

    fn follow_from(&mut self, files: &[PathBuf], loaded: Option<SystemTime>) {
        let files: Vec<_> = files.iter().filter_map(|file| place(file).ok()).collect();
        let following: HashSet<_> = files.iter().cloned().collect();
        let new = files.iter().filter(|path| !self.followed.contains(*path));
        let looks: Vec<_> = new
            .map(|path| (path, look::file_through_links(path)))
            .collect();
        let is_newer =
            |stamp: Stamp| loaded.is_some_and(|loaded| !stamp.is_older_than(CLOCK_LAG, loaded));
        self.findings.update(|state| {
            state.followed.retain(|path| following.contains(path));
            for (path, seen) in looks {
                match seen {
                    Ok(Some(stamp)) if is_newer(stamp) => {
                        state.followed.observe(path, Some(stamp), Instant::now());
                    }
                    Ok(seen) => state.followed.accept(path, seen),
                    // The next look that tells something counts as a change.
                    Err(_) => {}
                }
            }
        });
        self.followed = following;
        self.inbox.follow(files);
    }

    /// Waits until something has settled, and hands over all that has. Nothing is lost if this is not awaited to its end.
    pub async fn next(&mut self) -> Changes {
        loop {
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            self.findings.ready().await;
        }
    }

    /// Hands over what has settled by now, which may be nothing.
    pub fn take(&mut self) -> Changes {
        let ready = self.findings.take();
        let files = ready
            .files
            .into_iter()
            .filter_map(|file| self.change(file))
            .collect();
        let followed = ready.followed.into_iter().map(|file| file.path);
        Changes {
            files,
            followed: followed.collect(),
            notices: ready.notices,
        }
    }

    /// Looks at everything now, whatever events have come.
    pub fn rescan(&self) {
        self.inbox.touch(inbox::Touched::set_everything);
    }

    fn change(&self, file: Settled) -> Option<Change> {
        let Settled {
            path,
            before,
            after,
        } = file;
        if self.followed.contains(&path) {
            return None;
        }
        let kind = match (before, after) {
            (None, _) => ChangeKind::Created,
            (Some(_), Some(_)) => ChangeKind::Modified,
            (Some(_), None) => ChangeKind::Removed,
        };
        let stamp = after.or(before)?;
        let root = self.roots.of(&path)?.to_owned();
        let below = path
            .strip_prefix(&root)
            .ok()
            .filter(|below| *below != Path::new(""));
        let relative = below.map_or_else(
            || path.file_name().map(PathBuf::from),
            |below| Some(below.to_owned()),
        )?;
        Some(Change {
            root,
            relative,
            kind,
            size: stamp.size(),
            modified: stamp.modified(),
            path,
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.stop();
    }
}
