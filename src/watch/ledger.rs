//! Which versions of which files have been handed over, and which are waiting.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::stamp::Stamp;

/// The files as they were last handed over, and what has been seen of them since.
///
/// It is told of looks at the file system and of the time, and touches neither itself. A version counts as settled when
/// two looks at least the settle time apart saw it, with no other version between.
pub(super) struct Ledger {
    settle: Duration,
    /// By folder, so that a file costs its name and its stamp, not its whole path.
    delivered: BTreeMap<PathBuf, BTreeMap<Box<OsStr>, Stamp>>,
    pending: BTreeMap<PathBuf, Pending>,
    /// Something has settled since the last take; it may have changed again.
    ready: bool,
}

struct Pending {
    state: Option<Stamp>,
    since: Instant,
    settled: bool,
}

/// A file that has settled: how it was when it was last handed over, and how it is now. `None` is "no such file".
pub(super) struct Settled {
    pub(super) path: PathBuf,
    pub(super) before: Option<Stamp>,
    pub(super) after: Option<Stamp>,
}

impl Ledger {
    /// A ledger of no files, with the time that a version must stay as it is.
    pub(super) fn new(settle: Duration) -> Self {
        Self {
            settle,
            delivered: BTreeMap::new(),
            pending: BTreeMap::new(),
            ready: false,
        }
    }

    /// Takes a file as handed over in this state, whatever was known of it.
    pub(super) fn accept(&mut self, path: &Path, state: Option<Stamp>) {
        self.pending.remove(path);
        self.deliver(path, state);
    }

    /// Drops all that is known of the files for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.pending.retain(|path, _| keep(path));
        self.delivered.retain(|folder, files| {
            files.retain(|name, _| keep(&folder.join(&**name)));
            !files.is_empty()
        });
    }

    /// Notes one look at one file.
    pub(super) fn observe(&mut self, path: &Path, state: Option<Stamp>, now: Instant) {
        if state == self.delivered(path) {
            self.pending.remove(path);
        } else if let Some(pending) = self.pending.get_mut(path) {
            if pending.state != state {
                *pending = Pending::new(state, now);
            } else if now.duration_since(pending.since) >= self.settle {
                pending.settled = true;
                self.ready = true;
            }
        } else {
            self.pending
                .insert(path.to_owned(), Pending::new(state, now));
        }
    }

    /// Notes one look at a whole folder: all files directly in it. A known file that is not among them is gone.
    pub(super) fn observe_folder(
        &mut self,
        folder: &Path,
        files: &[(OsString, Stamp)],
        now: Instant,
    ) {
        let present: BTreeMap<&OsStr, Stamp> = files
            .iter()
            .map(|(name, stamp)| (name.as_os_str(), *stamp))
            .collect();
        let delivered = self.delivered.get(folder);
        let mut news: Vec<(PathBuf, Option<Stamp>)> = present
            .iter()
            .filter(|(name, stamp)| delivered.and_then(|files| files.get(**name)) != Some(stamp))
            .map(|(name, stamp)| (folder.join(name), Some(*stamp)))
            .collect();
        let gone = delivered
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(AsRef::as_ref);
        news.extend(
            gone.filter(|name: &&OsStr| !present.contains_key(name))
                .map(|name| (folder.join(name), None)),
        );
        // What is waiting may have gone, or come back to what was handed over.
        let waiting = self
            .pending_below(folder)
            .filter(|path| path.parent() == Some(folder));
        news.extend(waiting.map(|path| {
            let state = path.file_name().and_then(|name| present.get(name)).copied();
            (path.to_owned(), state)
        }));
        for (path, state) in news {
            self.observe(&path, state, now);
        }
    }

    /// Counts as settled what has not changed for the settle time by its own dates: for the files that are there when
    /// the watch begins, of which there was no earlier look.
    pub(super) fn settle_by_dates(&mut self, now: SystemTime) {
        for pending in self.pending.values_mut() {
            pending.settled |= pending
                .state
                .is_some_and(|stamp| stamp.is_older_than(self.settle, now));
            self.ready |= pending.settled;
        }
    }

    /// The files whose settle time is over: another look settles them.
    pub(super) fn due(&self, now: Instant) -> Vec<PathBuf> {
        self.pending
            .iter()
            .filter(|(_, pending)| !pending.settled && pending.since + self.settle <= now)
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Lets a file of which a look told nothing wait for another settle time.
    pub(super) fn postpone(&mut self, path: &Path, now: Instant) {
        if let Some(pending) = self.pending.get_mut(path) {
            pending.since = now;
        }
    }

    /// When the next file is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let waiting = self.pending.values().filter(|pending| !pending.settled);
        waiting.map(|pending| pending.since + self.settle).min()
    }

    /// Whether a take is worth while. It may still give nothing, where what had settled has changed again.
    pub(super) fn has_settled(&self) -> bool {
        self.ready
    }

    /// Hands over all that has settled, in the order of the paths.
    pub(super) fn take(&mut self) -> Vec<Settled> {
        if !std::mem::take(&mut self.ready) {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        let (settled, pending): (BTreeMap<_, _>, _) = pending
            .into_iter()
            .partition(|(_, pending)| pending.settled);
        self.pending = pending;
        settled
            .into_iter()
            .map(|(path, Pending { state: after, .. })| {
                let before = self.deliver(&path, after);
                Settled {
                    path,
                    before,
                    after,
                }
            })
            .collect()
    }

    fn delivered(&self, path: &Path) -> Option<Stamp> {
        let (folder, name) = split(path)?;
        self.delivered.get(folder)?.get(name).copied()
    }

    fn deliver(&mut self, path: &Path, state: Option<Stamp>) -> Option<Stamp> {
        let (folder, name) = split(path)?;
        let Some(stamp) = state else {
            let files = self.delivered.get_mut(folder)?;
            let before = files.remove(name);
            if files.is_empty() {
                self.delivered.remove(folder);
            }
            return before;
        };
        if let Some(files) = self.delivered.get_mut(folder) {
            return files.insert(name.into(), stamp);
        }
        let files = BTreeMap::from([(name.into(), stamp)]);
        self.delivered.insert(folder.to_owned(), files);
        None
    }

    fn pending_below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a Path> {
        // Paths are ordered component by component, so all that is below a folder comes right after it.
        self.pending
            .range(folder.to_owned()..)
            .map(|(path, _)| path.as_path())
            .take_while(move |path| path.starts_with(folder))
    }
}

impl Pending {
    fn new(state: Option<Stamp>, since: Instant) -> Self {
        Self {
            state,
            since,
            settled: false,
        }
    }
}

fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(2);

    struct Bench {
        ledger: Ledger,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                ledger: Ledger::new(SETTLE),
                start: Instant::now(),
            }
        }

        fn at(&self, milliseconds: u64) -> Instant {
            self.start + Duration::from_millis(milliseconds)
        }

        fn see(&mut self, milliseconds: u64, path: &str, version: Option<i64>) {
            let now = self.at(milliseconds);
            self.ledger
                .observe(Path::new(path), version.map(Stamp::version), now);
        }

        fn see_folder(&mut self, milliseconds: u64, folder: &str, files: &[(&str, i64)]) {
            let now = self.at(milliseconds);
            let files: Vec<_> = files
                .iter()
                .map(|(name, n)| ((*name).into(), Stamp::version(*n)))
                .collect();
            self.ledger.observe_folder(Path::new(folder), &files, now);
        }

        fn take(&mut self) -> Vec<(String, Option<u64>, Option<u64>)> {
            let size = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.size());
            let taken = self.ledger.take().into_iter();
            taken
                .map(|file| {
                    (
                        file.path.display().to_string(),
                        size(file.before),
                        size(file.after),
                    )
                })
                .collect()
        }
    }

    #[test]
    fn a_version_settles_when_a_look_after_the_settle_time_sees_it_unchanged() {
        let mut bench = Bench::new();
        bench.see(0, "/r/a", Some(1));
        assert_eq!(bench.ledger.next_due(), Some(bench.at(2000)));
        assert!(bench.ledger.due(bench.at(1999)).is_empty());
        assert_eq!(bench.ledger.due(bench.at(2000)), [Path::new("/r/a")]);
        assert!(bench.take().is_empty(), "time alone settles nothing");
        bench.see(2000, "/r/a", Some(1));
        assert!(bench.ledger.has_settled());
        assert_eq!(bench.take(), [("/r/a".into(), None, Some(1))]);
        assert!(bench.take().is_empty(), "handed over once");
    }

    #[test]
    fn a_growing_file_waits_until_it_stops() {
        let mut bench = Bench::new();
        for second in 0..60 {
            bench.see(
                second * 1000,
                "/r/a",
                Some(1 + i64::try_from(second).expect("small")),
            );
            assert!(bench.take().is_empty());
        }
        bench.see(61_000, "/r/a", Some(60));
        assert_eq!(bench.take(), [("/r/a".into(), None, Some(60))]);
    }

    #[test]
    fn a_change_after_settling_and_before_taking_waits_again() {
        let mut bench = Bench::new();
        bench.see(0, "/r/a", Some(1));
        bench.see(2000, "/r/a", Some(1));
        bench.see(2500, "/r/a", Some(2));
        assert!(bench.take().is_empty());
        bench.see(4500, "/r/a", Some(2));
        assert_eq!(bench.take(), [("/r/a".into(), None, Some(2))]);
    }

    #[test]
    fn what_is_created_and_removed_between_two_takes_is_no_change() {
        let mut bench = Bench::new();
        bench.see(0, "/r/4913", Some(1));
        bench.see(100, "/r/4913", None);
        assert_eq!(bench.ledger.next_due(), None);
    }

    #[test]
    fn a_removal_settles_too_so_that_delete_and_recreate_is_one_change() {
        let mut bench = Bench::new();
        bench
            .ledger
            .accept(Path::new("/r/a"), Some(Stamp::version(1)));
        bench.see(0, "/r/a", None);
        bench.see(500, "/r/a", Some(2));
        bench.see(2500, "/r/a", Some(2));
        assert_eq!(bench.take(), [("/r/a".into(), Some(1), Some(2))]);
        bench.see(3000, "/r/a", None);
        bench.see(5000, "/r/a", None);
        assert_eq!(bench.take(), [("/r/a".into(), Some(2), None)]);
        assert!(bench.ledger.delivered.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn a_look_at_a_folder_finds_what_is_new_changed_and_gone_in_it_alone() {
        let mut bench = Bench::new();
        for (path, n) in [("/r/a", 1), ("/r/b", 1), ("/r/c", 1), ("/r/sub/a", 1)] {
            bench
                .ledger
                .accept(Path::new(path), Some(Stamp::version(n)));
        }
        bench.see(0, "/r/passing", Some(1));
        let now = [("a", 1), ("b", 2), ("d", 4)];
        bench.see_folder(100, "/r", &now);
        bench.see_folder(2100, "/r", &now);
        assert_eq!(
            bench.take(),
            [
                ("/r/b".into(), Some(1), Some(2)),
                ("/r/c".into(), Some(1), None),
                ("/r/d".into(), None, Some(4)),
            ]
        );
    }

    #[test]
    fn files_from_before_settle_by_their_dates() {
        let mut bench = Bench::new();
        bench.see(0, "/r/a", Some(1));
        bench
            .ledger
            .settle_by_dates(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert!(!bench.ledger.has_settled());
        bench
            .ledger
            .settle_by_dates(SystemTime::UNIX_EPOCH + Duration::from_secs(3));
        assert_eq!(bench.take(), [("/r/a".into(), None, Some(1))]);
    }

    #[test]
    fn what_is_not_retained_is_unknown() {
        let mut bench = Bench::new();
        bench
            .ledger
            .accept(Path::new("/r/a"), Some(Stamp::version(1)));
        bench.see(0, "/r/b", Some(1));
        bench.ledger.retain(|path| path.ends_with("b"));
        assert!(bench.ledger.delivered.is_empty());
        assert_eq!(
            bench.ledger.pending.keys().collect::<Vec<_>>(),
            [Path::new("/r/b")]
        );
    }
}
