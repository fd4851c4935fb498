//! Which versions of which files are done with, which are under way, and which are waiting.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::by_folder::{ByFolder, Names};
use super::stamp::Stamp;

/// The files as they were when they were done with, and what has been seen of them since.
///
/// It is told of looks at the file system and of the time, and touches neither itself. A version counts as settled when
/// two looks at least the settle time apart saw it, with no other version between. It can then be claimed; a file of
/// which a version is held by somebody gathers the next one meanwhile.
pub(super) struct Ledger {
    settle: Duration,
    /// What is done with.
    known: ByFolder<Stamp>,
    held: BTreeMap<PathBuf, Held>,
    pending: ByFolder<Pending>,
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
            known: ByFolder::default(),
            held: BTreeMap::new(),
            pending: ByFolder::default(),
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
        self.pending.retain(&keep);
        self.known.retain(keep);
    }

    /// Takes the files of a folder as done with in these states, where nothing is known of any of them yet.
    pub(super) fn know_folder(&mut self, folder: &Path, files: Vec<(OsString, Stamp)>) {
        let files = files
            .into_iter()
            .map(|(name, stamp)| (name.into(), stamp))
            .collect();
        self.known.put_folder(folder, files);
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
            self.pending.insert(path, Pending::new(state, now));
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
        let (known, pending) = (self.known.folder(folder), self.pending.folder(folder));
        // What is waiting or held may have gone, or come back to what was done with.
        let held = below(&self.held, folder).filter(|path| path.parent() == Some(folder));
        let held: Vec<_> = held.map(Path::to_owned).collect();
        if known.is_none() && pending.is_none() && held.is_empty() {
            return self.observe_new_folder(folder, files, now);
        }
        let present: BTreeMap<&OsStr, Stamp> = files
            .iter()
            .map(|(name, stamp)| (name.as_os_str(), *stamp))
            .collect();
        let waits_so = |name: &OsStr, state: Option<Stamp>| {
            let pending = pending.and_then(|files| files.get(name));
            pending.is_some_and(|pending| pending.settled && pending.state == state)
        };
        let new = present.iter().filter(|(name, stamp)| {
            known.and_then(|files| files.get(**name)) != Some(stamp)
                && !waits_so(name, Some(**stamp))
        });
        let mut news: Vec<(PathBuf, Option<Stamp>)> = new
            .map(|(name, stamp)| (folder.join(name), Some(*stamp)))
            .collect();
        let gone = known.into_iter().flat_map(Names::keys);
        let gone = gone.chain(pending.into_iter().flat_map(Names::keys));
        let gone = gone.filter(|name| !present.contains_key(&***name) && !waits_so(name, None));
        news.extend(gone.map(|name| (folder.join(&**name), None)));
        // One that waits may be as it was when it was done with.
        let open = pending.into_iter().flat_map(Names::keys);
        let open = open.filter(|name| !waits_so(name, present.get(&***name).copied()));
        let open = open.map(|name| folder.join(&**name)).chain(held);
        news.extend(open.map(|path| {
            let state = path.file_name().and_then(|name| present.get(name)).copied();
            (path, state)
        }));
        for (path, state) in news {
            self.observe(&path, state, now);
        }
    }

    /// Notes the first look at a folder. All that is in it is new.
    fn observe_new_folder(&mut self, folder: &Path, files: &[(OsString, Stamp)], now: Instant) {
        let files: Names<_> = files
            .iter()
            .map(|(name, stamp)| (name.as_os_str().into(), Pending::new(Some(*stamp), now)))
            .collect();
        if !files.is_empty() {
            self.pending.put_folder(folder, files);
            self.expect(now);
        }
    }

    /// Ends the first look: what it found was there before. It counts as settled where it has not changed for the settle time by its
    /// own dates, as there was no earlier look.
    pub(super) fn settle_by_dates(&mut self, now: SystemTime) {
        for pending in self.pending.values_mut() {
            pending.settle_by_date(self.settle, now);
            self.ready |= pending.settled;
        }
    }

    /// Takes all that is waiting as done with, and tells of it folder by folder.
    pub(super) fn accept_all<E>(
        &mut self,
        mut each: impl FnMut(&[(PathBuf, Option<Stamp>)]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let pending = std::mem::take(&mut self.pending);
        let count = pending.len();
        for (folder, files) in pending.into_folders() {
            let files: Vec<_> = files
                .into_iter()
                .map(|(name, pending)| (folder.join(&*name), pending.state))
                .collect();
            each(&files)?;
            if self.known.folder(&folder).is_none() {
                // Without a look for the folder of each file.
                let there = files.into_iter().filter_map(|(path, state)| {
                    let name = path.file_name()?.to_owned();
                    Some((name, state?))
                });
                self.know_folder(&folder, there.collect());
            } else {
                for (path, state) in &files {
                    self.know(path, *state);
                }
            }
        }
        Ok(count)
    }

    /// The files whose settle time is over: another look at each of them settles it, or makes it wait again.
    pub(super) fn due(&mut self, now: Instant) -> Vec<PathBuf> {
        let (mut due, mut earliest) = (Vec::new(), None);
        for (folder, files) in self.pending.folders() {
            for (name, pending) in files.iter().filter(|(_, pending)| !pending.settled) {
                match pending.since + self.settle {
                    at if at <= now => due.push(folder.join(&**name)),
                    at => earliest = Some(earliest.map_or(at, |earlier: Instant| earlier.min(at))),
                }
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
        let mut from_before = None;
        let (mut paths, mut more) = (Vec::new(), false);
        for (folder, name, pending) in self.pending.behind(&self.turn) {
            if !pending.settled {
                continue;
            }
            let path = folder.join(name);
            if self.held.get(&path).is_some_and(|held| held.running) {
                continue;
            }
            let fits = *from_before.get_or_insert(pending.from_before) == pending.from_before;
            if !fits || paths.len() >= most {
                more = true;
                break;
            }
            paths.push(path);
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
        } else if self.pending.get(path).is_none() {
            let pending = Pending {
                settled,
                ..Pending::new(held.state, now)
            };
            self.pending.insert(path, pending);
            self.expect(now);
        }
        self.ready |= settled;
    }

    /// Forgets what is done with of a file that neither waits nor is held, and says whether it was so.
    pub(super) fn forget_at_rest(&mut self, path: &Path) -> bool {
        let rests = self.pending.get(path).is_none() && !self.held.contains_key(path);
        if rests {
            self.know(path, None);
        }
        rests
    }

    /// A file that waits was so when the watch began. It counts as settled as [`settle_by_dates`](Self::settle_by_dates) says.
    pub(super) fn settle_by_date(&mut self, path: &Path, now: SystemTime) {
        if let Some(pending) = self.pending.get_mut(path) {
            pending.settle_by_date(self.settle, now);
            self.ready |= pending.settled;
        }
    }

    /// The folders of the files that are done with.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.known.folders().map(|(folder, _)| folder)
    }

    /// Everything at or below a path of which something is known, done with or waiting.
    pub(super) fn all_below(&self, path: &Path) -> Vec<PathBuf> {
        let mut all = self.known.at_or_below(path);
        all.extend(self.pending.at_or_below(path));
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
        self.known.get(path).copied()
    }

    fn know(&mut self, path: &Path, state: Option<Stamp>) {
        match state {
            Some(stamp) => self.known.insert(path, stamp),
            None => drop(self.known.remove(path)),
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

    fn settle_by_date(&mut self, settle: Duration, now: SystemTime) {
        self.from_before = true;
        let is_old = |stamp: Stamp| stamp.is_older_than(settle, now);
        self.settled |= self.state.is_some_and(is_old);
    }
}

/// The paths at or below a folder. They are ordered component by component, so all of them come right after it.
fn below<'a, T>(map: &'a BTreeMap<PathBuf, T>, folder: &'a Path) -> impl Iterator<Item = &'a Path> {
    map.range::<Path, _>((Bound::Included(folder), Bound::Unbounded))
        .map(|(path, _)| path.as_path())
        .take_while(move |path| path.starts_with(folder))
}

#[cfg(test)]
mod tests;
