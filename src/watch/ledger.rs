//! Which versions of which files are done with, which are under way, and which are waiting.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::stamp::Stamp;

/// The files as they were when they were done with, and what has been seen of them since.
///
/// It is told of looks at the file system and of the time, and touches neither itself. A version counts as settled when
/// two looks at least the settle time apart saw it, with no other version between. It can then be claimed; a file of
/// which a version is held by somebody gathers the next one meanwhile.
pub(super) struct Ledger {
    settle: Duration,
    /// What is done with, by folder, so that a file costs its name and its stamp, not its whole path.
    known: BTreeMap<PathBuf, BTreeMap<Box<OsStr>, Stamp>>,
    held: BTreeMap<PathBuf, Held>,
    pending: BTreeMap<PathBuf, Pending>,
    /// No file is due before; one may have been due then that is not any more.
    earliest: Option<Instant>,
    /// The last file that was claimed: the next claim begins behind it, so that each file has its turn.
    turn: PathBuf,
    /// Something has settled that nobody has asked for yet; it may have changed again.
    ready: bool,
}

struct Pending {
    state: Option<Stamp>,
    since: Instant,
    settled: bool,
    from_before: bool,
}

/// A version that somebody has, who has not said yet what became of it.
struct Held {
    state: Option<Stamp>,
    /// Nobody else may have the file now.
    running: bool,
}

/// A file that has settled: how it was when it was last done with, and how it is now. `None` is "no such file".
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) path: PathBuf,
    pub(super) before: Option<Stamp>,
    pub(super) after: Option<Stamp>,
    /// Whether it was so when the watch began.
    pub(super) from_before: bool,
    /// Whether an earlier version is held, which this one takes the place of.
    pub(super) supersedes: bool,
}

impl Ledger {
    /// A ledger of no files, with the time that a version must stay as it is.
    pub(super) fn new(settle: Duration) -> Self {
        Self {
            settle,
            known: BTreeMap::new(),
            held: BTreeMap::new(),
            pending: BTreeMap::new(),
            earliest: None,
            turn: PathBuf::new(),
            ready: false,
        }
    }

    /// Takes a file as done with in this state, whatever was known of it. Who holds a version of it holds this one now.
    pub(super) fn accept(&mut self, path: &Path, state: Option<Stamp>) {
        self.pending.remove(path);
        if let Some(held) = self.held.get_mut(path) {
            held.state = state;
        } else {
            self.know(path, state);
        }
    }

    /// Whether a version other than this one waits that nobody has had.
    pub(super) fn has_another(&self, path: &Path, state: Option<Stamp>) -> bool {
        let pending = self.pending.get(path);
        pending.is_some_and(|pending| pending.state != state)
    }

    /// Drops all that is known of the files for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.pending.retain(|path, _| keep(path));
        self.known.retain(|folder, files| {
            files.retain(|name, _| keep(&folder.join(&**name)));
            !files.is_empty()
        });
    }

    /// Notes one look at one file.
    pub(super) fn observe(&mut self, path: &Path, state: Option<Stamp>, now: Instant) {
        if state == self.base(path) {
            self.pending.remove(path);
        } else if let Some(pending) = self.pending.get_mut(path)
            && pending.state == state
        {
            if !pending.settled && now.duration_since(pending.since) >= self.settle {
                pending.settled = true;
                self.ready = true;
            }
        } else {
            self.pending
                .insert(path.to_owned(), Pending::new(state, now));
            self.expect(now);
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
        let known = self.known.get(folder);
        let mut news: Vec<(PathBuf, Option<Stamp>)> = present
            .iter()
            .filter(|(name, stamp)| known.and_then(|files| files.get(**name)) != Some(stamp))
            .map(|(name, stamp)| (folder.join(name), Some(*stamp)))
            .collect();
        let gone = known
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(AsRef::as_ref);
        news.extend(
            gone.filter(|name: &&OsStr| !present.contains_key(name))
                .map(|name| (folder.join(name), None)),
        );
        // What is waiting or held may have gone, or come back to what was done with.
        let open = below(&self.pending, folder).chain(below(&self.held, folder));
        let open = open.filter(|path| path.parent() == Some(folder));
        news.extend(open.map(|path| {
            let state = path.file_name().and_then(|name| present.get(name)).copied();
            (path.to_owned(), state)
        }));
        for (path, state) in news {
            self.observe(&path, state, now);
        }
    }

    /// Ends the first look: what it found was there before. It counts as settled where it has not changed for the settle time by its
    /// own dates, as there was no earlier look.
    pub(super) fn settle_by_dates(&mut self, now: SystemTime) {
        for pending in self.pending.values_mut() {
            pending.from_before = true;
            pending.settled |= pending
                .state
                .is_some_and(|stamp| stamp.is_older_than(self.settle, now));
            self.ready |= pending.settled;
        }
    }

    /// Takes all that is waiting as done with, and gives it.
    pub(super) fn accept_all(&mut self) -> Vec<(PathBuf, Option<Stamp>)> {
        let pending = std::mem::take(&mut self.pending);
        let all: Vec<_> = pending
            .into_iter()
            .map(|(path, pending)| (path, pending.state))
            .collect();
        for (path, state) in &all {
            self.know(path, *state);
        }
        all
    }

    /// The files whose settle time is over: another look at each of them settles it, or makes it wait again.
    pub(super) fn due(&mut self, now: Instant) -> Vec<PathBuf> {
        let (mut due, mut earliest) = (Vec::new(), None);
        for (path, pending) in self.pending.iter().filter(|(_, pending)| !pending.settled) {
            match pending.since + self.settle {
                at if at <= now => due.push(path.clone()),
                at => earliest = Some(earliest.map_or(at, |earlier: Instant| earlier.min(at))),
            }
        }
        self.earliest = earliest;
        due
    }

    /// Lets a file of which a look told nothing wait for another settle time.
    pub(super) fn postpone(&mut self, path: &Path, now: Instant) {
        if let Some(pending) = self.pending.get_mut(path) {
            pending.since = now;
            self.expect(now);
        }
    }

    /// When the next file may be due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.earliest
    }

    /// Whether a claim is worth while. It may still give nothing, where what had settled has changed again.
    pub(super) fn has_settled(&self) -> bool {
        self.ready
    }

    /// Hands over what has settled, so many files at most, all from before or none: they are held until the ledger is told what became of
    /// them.
    pub(super) fn claim(&mut self, most: usize) -> Vec<Claim> {
        let behind = (Bound::Excluded(self.turn.as_path()), Bound::Unbounded);
        let up_to = (Bound::Unbounded, Bound::Included(self.turn.as_path()));
        let all = self.pending.range::<Path, _>(behind);
        let all = all.chain(self.pending.range::<Path, _>(up_to));
        let mut from_before = None;
        let (mut paths, mut more) = (Vec::new(), false);
        for (path, pending) in all {
            if !pending.settled || self.held.get(path).is_some_and(|held| held.running) {
                continue;
            }
            let fits = *from_before.get_or_insert(pending.from_before) == pending.from_before;
            if !fits || paths.len() >= most {
                more = true;
                break;
            }
            paths.push(path.clone());
        }
        self.ready = more;
        if let Some(last) = paths.last() {
            self.turn.clone_from(last);
        }
        paths.sort();
        let claims = paths.into_iter().filter_map(|path| self.take(path));
        claims.collect()
    }

    fn take(&mut self, path: PathBuf) -> Option<Claim> {
        let pending = self.pending.remove(&path)?;
        let held = Held {
            state: pending.state,
            running: true,
        };
        let supersedes = self.held.insert(path.clone(), held).is_some();
        Some(Claim {
            before: self.known(&path),
            after: pending.state,
            from_before: pending.from_before,
            supersedes,
            path,
        })
    }

    /// Whether somebody holds a version of a file.
    pub(super) fn is_held(&self, path: &Path) -> bool {
        self.held.contains_key(path)
    }

    /// The version of a file that somebody holds, or else the one given.
    pub(super) fn held_or(&self, path: &Path, given: Option<Stamp>) -> Option<Stamp> {
        self.held.get(path).map_or(given, |held| held.state)
    }

    /// Holds a version for another try; until then a newer one may take its place.
    pub(super) fn hold(&mut self, path: &Path, state: Option<Stamp>) {
        let running = false;
        self.held.insert(path.to_owned(), Held { state, running });
    }

    /// The version of a file that is held is done with; nothing happens where none is.
    pub(super) fn finish(&mut self, path: &Path) {
        if let Some(held) = self.held.remove(path) {
            self.know(path, held.state);
            self.ready = true;
        }
    }

    /// The version that is held waits for another try, or is tried again. A newer one may take its place while it waits.
    pub(super) fn set_running(&mut self, path: &Path, running: bool) {
        if let Some(held) = self.held.get_mut(path) {
            held.running = running;
            self.ready |= !running;
        }
    }

    /// The version that is held goes back to those that wait: settled as it was, or to settle once more.
    pub(super) fn give_back(&mut self, path: &Path, settled: bool, now: Instant) {
        let Some(held) = self.held.remove(path) else {
            return;
        };
        if held.state == self.known(path) {
            self.pending.remove(path);
        } else if !self.pending.contains_key(path) {
            let pending = Pending {
                settled,
                ..Pending::new(held.state, now)
            };
            self.pending.insert(path.to_owned(), pending);
            self.expect(now);
        }
        self.ready |= settled;
    }

    /// The folders of the files that are done with.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.known.keys().map(PathBuf::as_path)
    }

    /// Everything at or below a path of which something is known, done with or waiting.
    pub(super) fn all_below(&self, path: &Path) -> Vec<PathBuf> {
        let folders = self
            .known
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
            .take_while(|(folder, _)| folder.starts_with(path));
        let mut all: Vec<PathBuf> = folders
            .flat_map(|(folder, files)| files.keys().map(|name| folder.join(&**name)))
            .collect();
        if self.known(path).is_some() {
            all.push(path.to_owned());
        }
        all.extend(below(&self.pending, path).map(Path::to_owned));
        all.extend(below(&self.held, path).map(Path::to_owned));
        all
    }

    /// How many files wait: those that have settled, and those that have not.
    pub(super) fn count_waiting(&self) -> (usize, usize) {
        let settled = self.pending.values().filter(|pending| pending.settled);
        let settled = settled.count();
        (settled, self.pending.len() - settled)
    }

    fn expect(&mut self, since: Instant) {
        let at = since + self.settle;
        self.earliest = Some(self.earliest.map_or(at, |earlier| earlier.min(at)));
    }

    /// What a look is compared with: the version that is held, or else the one that is done with.
    pub(super) fn base(&self, path: &Path) -> Option<Stamp> {
        match self.held.get(path) {
            Some(held) => held.state,
            None => self.known(path),
        }
    }

    fn known(&self, path: &Path) -> Option<Stamp> {
        let (folder, name) = split(path)?;
        self.known.get(folder)?.get(name).copied()
    }

    fn know(&mut self, path: &Path, state: Option<Stamp>) {
        let Some((folder, name)) = split(path) else {
            return;
        };
        match (self.known.get_mut(folder), state) {
            (Some(files), Some(stamp)) => {
                files.insert(name.into(), stamp);
            }
            (Some(files), None) => {
                files.remove(name);
                if files.is_empty() {
                    self.known.remove(folder);
                }
            }
            (None, Some(stamp)) => {
                let files = BTreeMap::from([(name.into(), stamp)]);
                self.known.insert(folder.to_owned(), files);
            }
            (None, None) => {}
        }
    }
}

impl Pending {
    fn new(state: Option<Stamp>, since: Instant) -> Self {
        Self {
            state,
            since,
            settled: false,
            from_before: false,
        }
    }
}

fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

/// The paths at or below a folder. They are ordered component by component, so all of them come right after it.
fn below<'a, T>(map: &'a BTreeMap<PathBuf, T>, folder: &'a Path) -> impl Iterator<Item = &'a Path> {
    map.range::<Path, _>((Bound::Included(folder), Bound::Unbounded))
        .map(|(path, _)| path.as_path())
        .take_while(move |path| path.starts_with(folder))
}

#[cfg(test)]
mod tests;
