//! A queue of files at Dropbox: what pages tell of goes to the journal first, and from there some thousands at a time to the ledger.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::super::event::Event;
use super::super::journal::{Look, Page, Seen, removal_mark};
use super::super::mirror::{self, Away, Mirror, Phase, written_mark};
use super::super::origin::Origin;
use super::super::proof::Proof;
use super::super::stamp::Stamp;
use super::{Queue, kept};
use crate::Result;
use crate::api::files::ListFolderResult;
use crate::client::Changed;

/// So many open files are read from the journal at once.
const SOME: usize = 500;

impl Queue {
    /// The path of a file as people write it.
    pub(super) fn shown<'a>(&self, key: &'a Path) -> Cow<'a, Path> {
        if matches!(self.origin, Origin::Disk(_)) {
            return Cow::Borrowed(key);
        }
        match self.journal.seen(key) {
            Ok(Some(seen)) => Cow::Owned(PathBuf::from(seen.path)),
            _ => Cow::Borrowed(key),
        }
    }

    /// Whether a file is still to be in this state, and its hash, going by the journal. What cannot be read now is looked at again.
    pub(super) fn seen_as(&self, key: &Path, state: Option<Stamp>) -> Proof {
        match self.journal.seen(key) {
            Ok(Some(seen)) if seen.stamp == state => Proof::Same(seen.hash),
            Ok(None) if state.is_none() => Proof::Same(None),
            _ => Proof::Changed,
        }
    }

    /// How far the folder was looked at, and whose it was.
    pub(in super::super) fn look(&self) -> Result<(Look, Option<String>)> {
        self.journal.look()
    }

    /// Notes whose folder it is.
    pub(in super::super) fn set_account(&self, account: &str) -> Result<()> {
        self.journal.set_account(account)
    }

    /// All is to be listed and compared with what is known.
    pub(in super::super) fn look_anew(&self) -> Result<()> {
        self.journal.look_anew()
    }

    /// Takes a page of changes. Where the folder itself is gone, nothing of it is noted.
    pub(in super::super) fn take_page(
        &mut self,
        page: ListFolderResult,
    ) -> Result<std::result::Result<(), Away>> {
        let Some(mirror) = self.mirror() else {
            return Ok(Ok(()));
        };
        let entries = page.entries.into_iter();
        let changes: std::result::Result<Vec<_>, Away> = entries
            .filter_map(|entry| mirror.change(entry).transpose())
            .collect();
        let changes = match changes {
            Ok(changes) => changes,
            Err(away) => return Ok(Err(away)),
        };
        let told = self.journal.take_page(&Page {
            changes: &changes,
            cursor: &page.cursor,
            is_last: !page.has_more,
        })?;
        self.accept_own(&told.own);
        for key in told.files {
            self.notice_file(&key)?;
        }
        for folder in told.gone {
            self.notice_loss(&folder)?;
        }
        self.refill()?;
        Ok(Ok(()))
    }

    /// A run changed something itself: that is no change, whether a page told of it already or will.
    pub(in super::super) fn changed(&mut self, changed: &Changed) -> Result<()> {
        let Origin::Dropbox(mirror) = &self.origin else {
            return Ok(());
        };
        let (key, mark) = match changed {
            Changed::Written {
                path_lower,
                id,
                rev,
            } => (path_lower, written_mark(id, rev)),
            Changed::Removed { path_lower } => (path_lower, removal_mark(Path::new(path_lower))),
        };
        if !mirror.is_below(key) {
            return Ok(());
        }
        let key = Path::new(key);
        let own: Vec<(PathBuf, Option<Stamp>)> = match changed {
            Changed::Written { id, rev, .. } => {
                let version = mirror::version(id, rev);
                let seen = self.journal.seen(key)?.and_then(|seen| seen.stamp);
                let seen = seen.filter(|stamp| stamp.remote_version() == version);
                seen.map(|stamp| (key.to_owned(), Some(stamp)))
                    .into_iter()
                    .collect()
            }
            Changed::Removed { .. } => {
                let lost = self.journal.lost(key)?;
                lost.into_iter().map(|key| (key, None)).collect()
            }
        };
        if own.is_empty() {
            return self.journal.mark_own(&mark);
        }
        self.accept_own(&own);
        let kept: Vec<_> = own
            .iter()
            .map(|(key, state)| kept(key, *state, None))
            .collect();
        self.journal.keep(&kept)
    }

    /// Takes versions that a run made itself as done with, as far as they are on their way.
    fn accept_own(&self, own: &[(PathBuf, Option<Stamp>)]) {
        if let Origin::Dropbox(Mirror { loaded, .. }) = &self.origin {
            self.findings.update(|state| {
                for (path, own) in own.iter().filter(|(path, _)| loaded.contains(path)) {
                    // What nobody has had yet must not go unseen beneath what is ours.
                    if !state.files.has_another(path, *own) {
                        state.files.accept(path, *own);
                    }
                }
            });
        }
    }

    /// Where no page is left for now, what is there at the beginning is known.
    pub(in super::super) fn begin_from_here(&mut self) -> Result<usize> {
        let Some(mirror) = self.mirror_mut() else {
            return Ok(0);
        };
        if !matches!(mirror.phase, Phase::LeavingOut | Phase::Finding) {
            return Ok(0);
        }
        // A backlog that does not fit into memory is from before until its end.
        let before = std::mem::replace(&mut mirror.phase, Phase::TakingUp);
        mirror.again = true;
        let skipped = match before {
            Phase::LeavingOut => self.skip_open()?,
            _ => 0,
        };
        self.refill()?;
        Ok(skipped)
    }

    /// Takes another look at the files whose settle time is over.
    pub(in super::super) fn settle(&mut self) -> Result<()> {
        let now = Instant::now();
        let due = self.findings.update(|state| state.files.due(now));
        let looks: Result<Vec<_>> = due
            .into_iter()
            .map(|key| Ok((self.journal.seen(&key)?.and_then(|seen| seen.stamp), key)))
            .collect();
        let looks = looks?;
        self.findings.update(|state| {
            for (stamp, key) in looks {
                state.files.observe(&key, stamp, now);
            }
        });
        self.refill()
    }

    /// What is known beneath a version that is about to be held: the ledger has what is on its way, and not all files.
    pub(super) fn know_beneath(&mut self, event: &Event) -> Result<()> {
        let Origin::Dropbox(mirror) = &mut self.origin else {
            return Ok(());
        };
        for entry in &event.files {
            if mirror.loaded.insert(entry.path.clone()) {
                let known = self.journal.known(&entry.path)?;
                self.findings
                    .update(|state| state.files.accept(&entry.path, known));
            }
        }
        Ok(())
    }

    /// Lets go of what is done with, and takes up as many open files as there is room for.
    pub(super) fn refill(&mut self) -> Result<()> {
        let Some(mirror) = self.mirror() else {
            return Ok(());
        };
        if mirror.phase == Phase::LeavingOut
            || !(mirror.again || mirror.turn.is_some() || !mirror.is_low())
        {
            return Ok(());
        }
        self.let_go()?;
        while let Some((turn, room)) = self.next_turn() {
            let open = self.journal.open_files(&turn, room.min(SOME))?;
            let last = open.last().map(|seen| seen.key.clone());
            self.take_up(open)?;
            if let Some(mirror) = self.mirror_mut() {
                mirror.turn = last;
                if mirror.phase == Phase::TakingUp && mirror.turn.is_none() && !mirror.again {
                    mirror.phase = Phase::Over;
                }
            }
        }
        Ok(())
    }

    /// Where to read on, and how many.
    fn next_turn(&mut self) -> Option<(PathBuf, usize)> {
        let mirror = self.mirror_mut()?;
        if mirror.turn.is_none() && std::mem::take(&mut mirror.again) {
            mirror.turn = Some(PathBuf::new());
        }
        let turn = mirror.turn.clone()?;
        Some((turn, mirror.room())).filter(|(_, room)| *room > 0)
    }

    /// Forgets the files that nobody has and that do not wait.
    fn let_go(&mut self) -> Result<()> {
        let Some(mirror) = self.mirror() else {
            return Ok(());
        };
        let rest: Vec<PathBuf> = self.findings.update(|state| {
            let loaded = mirror.loaded.iter();
            loaded
                .filter(|key| state.files.forget_at_rest(key))
                .cloned()
                .collect()
        });
        let mut closed = Vec::new();
        for key in rest {
            let seen = self.journal.seen(&key)?.and_then(|seen| seen.stamp);
            let is_known = seen == self.journal.known(&key)?;
            if let Some(mirror) = self.mirror_mut() {
                mirror.loaded.remove(&key);
                mirror.again |= !is_known;
            }
            if is_known {
                closed.push(key);
            }
        }
        self.journal.close(&closed)
    }

    /// A file is there that a page told of.
    fn notice_file(&mut self, key: &Path) -> Result<()> {
        let Some(mirror) = self.mirror_mut() else {
            return Ok(());
        };
        if mirror.phase == Phase::LeavingOut {
            return Ok(());
        }
        if !mirror.loaded.contains(key) && (mirror.room() == 0 || mirror.is_beginning()) {
            mirror.again = true;
            return Ok(());
        }
        let seen = self.journal.seen(key)?;
        self.take_up(seen.into_iter().collect())
    }

    /// A path is gone, with all that was below it.
    fn notice_loss(&mut self, folder: &Path) -> Result<()> {
        let Some(mirror) = self.mirror_mut() else {
            return Ok(());
        };
        mirror.again = true;
        let loaded: Vec<_> = mirror
            .loaded
            .range(folder.to_owned()..)
            .take_while(|key| key.starts_with(folder))
            .cloned()
            .collect();
        for key in loaded {
            let seen = self.journal.seen(&key)?;
            self.take_up(seen.into_iter().collect())?;
        }
        Ok(())
    }

    /// Compares files with what is done with, and lets those wait that differ.
    fn take_up(&mut self, files: Vec<Seen>) -> Result<()> {
        let (now, clock) = (Instant::now(), SystemTime::now());
        let (mut closed, mut passed) = (Vec::new(), Vec::new());
        for Seen {
            key, path, stamp, ..
        } in files
        {
            let Origin::Dropbox(mirror) = &mut self.origin else {
                continue;
            };
            if !mirror.names(&path) {
                passed.push(key);
                continue;
            }
            let is_new = !mirror.loaded.contains(&key);
            let known = if is_new {
                self.journal.known(&key)?
            } else {
                None
            };
            if is_new && known == stamp {
                closed.push(key);
                continue;
            }
            let is_first = mirror.is_beginning();
            self.findings.update(|state| {
                if is_new {
                    state.files.accept(&key, known);
                }
                state.files.observe(&key, stamp, now);
                if is_first {
                    state.files.settle_by_date(&key, clock);
                }
            });
            mirror.loaded.insert(key);
        }
        self.journal.pass_over(&passed)?;
        self.journal.close(&closed)
    }

    /// Takes all that is there as done with, without a run, and gives the number of files.
    fn skip_open(&mut self) -> Result<usize> {
        let (mut turn, mut count) = (PathBuf::new(), 0);
        loop {
            let open = self.journal.open_files(&turn, SOME)?;
            let Some(last) = open.last() else {
                return Ok(count);
            };
            turn.clone_from(&last.key);
            let Some(mirror) = self.mirror() else {
                return Ok(count);
            };
            let (named, others): (Vec<_>, Vec<_>) =
                open.iter().partition(|seen| mirror.names(&seen.path));
            let mut left_out = Vec::new();
            for seen in named {
                if self.journal.known(&seen.key)? != seen.stamp {
                    left_out.push(kept(&seen.key, seen.stamp, seen.hash.as_deref()));
                }
            }
            count += self.journal.skip(|keep| {
                keep(&left_out)?;
                Ok(left_out.len())
            })?;
            let others: Vec<_> = others.iter().map(|seen| seen.key.clone()).collect();
            self.journal.pass_over(&others)?;
            let keys: Vec<_> = left_out.iter().map(|kept| kept.path.to_owned()).collect();
            self.journal.close(&keys)?;
        }
    }

    fn mirror(&self) -> Option<&Mirror> {
        match &self.origin {
            Origin::Dropbox(mirror) => Some(mirror),
            Origin::Disk(_) => None,
        }
    }

    fn mirror_mut(&mut self) -> Option<&mut Mirror> {
        match &mut self.origin {
            Origin::Dropbox(mirror) => Some(mirror),
            Origin::Disk(_) => None,
        }
    }
}
