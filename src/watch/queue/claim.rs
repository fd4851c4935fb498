//! Which files come next.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::super::breaker;
use super::super::change::{Batch, Change, ChangeKind};
use super::super::event::{Entry, Event};
use super::super::ledger::Claim;
use super::super::proof::{self, Proof, prove};
use super::super::stamp::Stamp;
use super::{Queue, Running, kept};
use crate::{Error, ErrorKind, Result};

/// After so many bytes were read for their hashes, the files so far are enough for one run.
const MOST_READ: u64 = 256 << 20;

/// How soon another look is taken at a file that somebody has open.
const OPEN_AGAIN: Duration = Duration::from_millis(500);

impl Queue {
    /// The next files for the script, if there are any: those that come again first.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written. Then nothing was handed over.
    pub(in super::super) fn claim(&mut self) -> Result<Option<Batch>> {
        self.end_pauses(Instant::now());
        while let Some(event) = self.take_due(Instant::now()) {
            if let Some(batch) = self.again(event)? {
                return Ok(Some(batch));
            }
        }
        loop {
            let most = self.policy.batch;
            let claims = self.findings.update(|state| state.files.claim(most));
            let Some(from_before) = claims.first().map(|claim| claim.from_before) else {
                return Ok(None);
            };
            let files = self.examine(claims)?;
            if !files.is_empty() {
                let event = Event::new(files, from_before).map_err(|source| {
                    Error::new(ErrorKind::LocalIo, "the system gives no random numbers")
                        .with_source(std::io::Error::other(source))
                })?;
                return self.begin(event).map(Some);
            }
        }
    }

    fn begin(&mut self, mut event: Event) -> Result<Batch> {
        for entry in &mut event.files {
            entry.runs += 1;
        }
        self.journal.begin(&event)?;
        let batch = self.batch(&event);
        let running = Running {
            event,
            began: SystemTime::now(),
        };
        self.running.insert(batch.id.clone(), running);
        Ok(batch)
    }

    fn take_due(&mut self, now: Instant) -> Option<Event> {
        let due = self
            .failing
            .iter()
            .filter_map(|(id, failing)| Some((failing.due?, id)));
        let (at, id) = due.min()?;
        let id = (at <= now).then(|| id.clone())?;
        Some(self.failing.remove(&id)?.event)
    }

    /// Files that come again, as far as they are still what failed. Others settle anew.
    fn again(&mut self, mut event: Event) -> Result<Option<Batch>> {
        let mut changed = Vec::new();
        event.files.retain_mut(
            |entry| match prove(&self.scope.roots, &entry.path, entry.after) {
                Proof::Same(hash) => {
                    entry.hash = hash;
                    true
                }
                Proof::Changed => {
                    changed.push(entry.path.clone());
                    false
                }
            },
        );
        let now = Instant::now();
        self.findings.update(|state| {
            for path in &changed {
                state.files.give_back(path, false, now);
            }
            for entry in &event.files {
                state.files.set_running(&entry.path, true);
            }
        });
        if event.files.is_empty() {
            self.journal.drop_event(&event.id)?;
            return Ok(None);
        }
        self.begin(event).map(Some)
    }

    /// Of files that have settled, those that the script is to get.
    fn examine(&mut self, claims: Vec<Claim>) -> Result<Vec<Entry>> {
        let mut files = Vec::new();
        let mut passed: Vec<(PathBuf, Option<Stamp>, Option<String>)> = Vec::new();
        let mut open: Option<HashSet<(u64, u64)>> = None;
        let mut read = 0;
        for claim in claims {
            let Claim {
                path,
                before,
                after,
                supersedes,
                ..
            } = claim;
            if supersedes {
                self.take_out(&path)?;
            }
            let now = Instant::now();
            if read > MOST_READ {
                self.give_back(&path, true, now);
                continue;
            }
            if !self.counts(&path, before, after) {
                passed.push((path, after, None));
                continue;
            }
            if let Some(stamp) = after {
                if let Some(until) = self.breaker.holds(&path, stamp, now) {
                    let news = breaker::sentence(&path);
                    self.findings.update(|state| state.notices.push(news));
                    self.paused.insert(path, until);
                    continue;
                }
                let open = open.get_or_insert_with(proof::open_for_writing);
                if open.contains(&stamp.identity()) && self.waits_for_its_writer(&path, now) {
                    self.paused.insert(path, now + OPEN_AGAIN);
                    continue;
                }
                read += stamp.size().min(proof::MOST_HASHED);
            }
            let hash = match prove(&self.scope.roots, &path, after) {
                Proof::Same(hash) => hash,
                Proof::Changed => {
                    self.give_back(&path, false, now);
                    continue;
                }
            };
            self.open_since.remove(&path);
            let may_equal = matches!((before, after), (Some(a), Some(b)) if a.may_equal(&b));
            if may_equal && hash.is_some() && self.journal.hash(&path)? == hash {
                passed.push((path, after, hash));
                continue;
            }
            files.push(Entry {
                path,
                before,
                after,
                hash,
                runs: 0,
            });
        }
        self.findings.update(|state| {
            for (path, ..) in &passed {
                state.files.finish(path);
            }
        });
        let passed: Vec<_> = passed
            .iter()
            .map(|(path, state, hash)| kept(path, *state, hash.as_deref()))
            .collect();
        self.journal.keep(&passed)?;
        Ok(files)
    }

    /// Whether a change is one that the script wants to know of.
    fn counts(&self, path: &Path, before: Option<Stamp>, after: Option<Stamp>) -> bool {
        let Some(stamp) = after.or(before) else {
            return false;
        };
        let is_followed = || {
            self.findings
                .update(|state| state.followed_files.contains(path))
        };
        self.policy.kinds.contains(&kind(before, after))
            && !is_followed()
            && self
                .scope
                .selection()
                .admits(path, stamp.size(), stamp.modified())
    }

    /// Whether a file that somebody has open for writing waits for that to end.
    fn waits_for_its_writer(&mut self, path: &Path, now: Instant) -> bool {
        let since = *self.open_since.entry(path.to_owned()).or_insert(now);
        now - since < self.policy.open_wait
    }

    /// Lets files wait no longer whose pause is over.
    fn end_pauses(&mut self, now: Instant) {
        let over: Vec<_> = self
            .paused
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(path, _)| path.clone())
            .collect();
        for path in over {
            self.paused.remove(&path);
            self.give_back(&path, true, now);
        }
    }

    fn give_back(&self, path: &Path, settled: bool, now: Instant) {
        self.findings
            .update(|state| state.files.give_back(path, settled, now));
    }

    fn batch(&self, event: &Event) -> Batch {
        let files = event.files.iter();
        Batch {
            id: event.id.clone(),
            from_before: event.from_before,
            files: files.filter_map(|entry| self.change(entry)).collect(),
        }
    }

    fn change(&self, entry: &Entry) -> Option<Change> {
        let stamp = entry.after.or(entry.before)?;
        let path = entry.path.clone();
        let root = self.scope.roots.of(&path)?.to_owned();
        let below = path.strip_prefix(&root).ok();
        let below = below.filter(|below| *below != Path::new(""));
        let relative = below.map_or_else(
            || path.file_name().map(PathBuf::from),
            |below| Some(below.to_owned()),
        )?;
        Some(Change {
            root,
            relative,
            kind: kind(entry.before, entry.after),
            size: stamp.size(),
            modified: stamp.modified(),
            hash: entry.hash.clone(),
            attempt: entry.runs,
            path,
        })
    }
}

fn kind(before: Option<Stamp>, after: Option<Stamp>) -> ChangeKind {
    match (before, after) {
        (None, _) => ChangeKind::Created,
        (Some(_), Some(_)) => ChangeKind::Modified,
        (Some(_), None) => ChangeKind::Removed,
    }
}
