//! Which files come next.
//!
//! It goes in three steps, so that nobody waits while files are read for their hashes: what has settled or is to be tried again is taken
//! out, looked at without the queue, and begun, as far as it is still so.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::super::breaker;
use super::super::change::{Batch, Change, ChangeKind};
use super::super::event::{Entry, Event};
use super::super::ledger::Claim;
use super::super::origin::Origin;
use super::super::proof::{Proof, Proofs};
use super::super::scope::Scope;
use super::super::stamp::Stamp;
use super::{Queue, Running, kept};
use crate::{Error, ErrorKind, Result};

/// How soon another look is taken at a file that somebody has open.
const OPEN_AGAIN: Duration = Duration::from_millis(500);

/// Files that may be the next ones for the script. They are held, so that nobody else gets them.
pub(in super::super) struct Draft {
    files: Files,
    /// Where to look at them; `None` for what only the queue knows of.
    scope: Option<Scope>,
}

enum Files {
    /// Files whose run failed, or was killed.
    Again(Event),
    /// Files that have settled, and whether they waited long enough for those that write them.
    Settled(Vec<(Claim, bool)>),
}

/// What a look at the files of a draft found, in their order.
pub(in super::super) struct Proven {
    files: Files,
    proofs: Vec<Proof>,
}

impl Draft {
    /// Looks at the files, and reads them. This may take a moment.
    pub(in super::super) fn prove(self) -> Proven {
        let Self { files, scope } = self;
        let Some(scope) = scope else {
            let proofs = Vec::new();
            return Proven { files, proofs };
        };
        let mut proofs = Proofs::new(&scope);
        let proofs = match &files {
            Files::Again(event) => event
                .files
                .iter()
                .map(|entry| proofs.of(&entry.path, entry.after))
                .collect(),
            Files::Settled(claims) => claims
                .iter()
                .map(|(claim, has_waited)| {
                    if *has_waited {
                        proofs.of(&claim.path, claim.after)
                    } else {
                        proofs.of_unopened(&claim.path, claim.after)
                    }
                })
                .collect(),
        };
        Proven { files, proofs }
    }
}

impl Queue {
    /// Takes out the files that may be next, if there are any: those that come again first.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub(in super::super) fn draft(&mut self) -> Result<Option<Draft>> {
        let now = Instant::now();
        self.end_pauses(now);
        self.refill()?;
        if let Some(event) = self.take_due(now) {
            self.findings.update(|state| {
                for entry in &event.files {
                    state.files.set_running(&entry.path, true);
                }
            });
            return Ok(Some(self.draft_of(Files::Again(event))));
        }
        loop {
            let most = self.policy.batch;
            let claims = self.findings.update(|state| state.files.claim(most));
            if claims.is_empty() {
                return Ok(None);
            }
            let claims = self.sift(claims, now)?;
            if !claims.is_empty() {
                return Ok(Some(self.draft_of(Files::Settled(claims))));
            }
        }
    }

    fn draft_of(&self, files: Files) -> Draft {
        let scope = match &self.origin {
            Origin::Disk(scope) => Some(scope.clone()),
            Origin::Dropbox(_) => None,
        };
        Draft { files, scope }
    }

    /// Begins a run with the files, as far as they are still what was taken out. `None` where none is.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written. Then nothing was handed over.
    pub(in super::super) fn begin(&mut self, proven: Proven) -> Result<Option<Batch>> {
        let Proven { files, mut proofs } = proven;
        if let Origin::Dropbox(_) = &self.origin {
            let seen = |path: &Path, state| self.seen_as(path, state);
            proofs = match &files {
                Files::Again(event) => event
                    .files
                    .iter()
                    .map(|entry| seen(&entry.path, entry.after))
                    .collect(),
                Files::Settled(claims) => claims
                    .iter()
                    .map(|(claim, _)| seen(&claim.path, claim.after))
                    .collect(),
            };
        }
        let event = match files {
            Files::Again(event) => self.again(event, proofs)?,
            Files::Settled(claims) => {
                let from_before = claims.iter().any(|(claim, _)| claim.from_before);
                let files = self.examine(claims.into_iter().map(|(claim, _)| claim), proofs)?;
                if files.is_empty() {
                    return Ok(None);
                }
                let event = Event::new(files, from_before).map_err(|source| {
                    Error::new(ErrorKind::LocalIo, "the system gives no random numbers")
                        .with_source(std::io::Error::other(source))
                })?;
                Some(event)
            }
        };
        let Some(mut event) = event else {
            return Ok(None);
        };
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
        Ok(Some(batch))
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
    fn again(&mut self, mut event: Event, proofs: Vec<Proof>) -> Result<Option<Event>> {
        let now = Instant::now();
        let files = std::mem::take(&mut event.files);
        for (mut entry, proof) in files.into_iter().zip(proofs) {
            match self.unless_written(&entry.path, entry.after, proof) {
                Proof::Same(hash) => {
                    entry.hash = hash;
                    event.files.push(entry);
                }
                Proof::Changed | Proof::Open | Proof::TooMuch => {
                    self.give_back(&entry.path, false, now);
                }
            }
        }
        if event.files.is_empty() {
            self.journal.drop_event(&event.id)?;
            return Ok(None);
        }
        Ok(Some(event))
    }

    /// Of files that have settled, those that are worth a look, and whether they waited long enough for those that write them.
    fn sift(&mut self, claims: Vec<Claim>, now: Instant) -> Result<Vec<(Claim, bool)>> {
        let (mut worth, mut passed) = (Vec::new(), Vec::new());
        for claim in claims {
            if claim.supersedes {
                self.take_out(&claim.path)?;
            }
            if !self.counts(&claim.path, claim.before, claim.after) {
                passed.push((claim.path, claim.after, None));
                continue;
            }
            let held = claim
                .after
                .and_then(|stamp| self.breaker.holds(&claim.path, stamp, now));
            if let Some(until) = held {
                let news = breaker::sentence(&self.shown(&claim.path));
                self.findings.update(|state| state.notices.push(news));
                self.paused.insert(claim.path, until);
                continue;
            }
            let since = self.open_since.get(&claim.path);
            let has_waited = self.policy.open_wait.is_zero()
                || since.is_some_and(|(state, since)| {
                    *state == claim.after && now - *since >= self.policy.open_wait
                });
            worth.push((claim, has_waited));
        }
        self.pass(&passed)?;
        Ok(worth)
    }

    /// Of files that were looked at, those that the script is to get.
    fn examine(
        &mut self,
        claims: impl Iterator<Item = Claim>,
        proofs: Vec<Proof>,
    ) -> Result<Vec<Entry>> {
        let (mut files, mut passed) = (Vec::new(), Vec::new());
        let now = Instant::now();
        for (claim, proof) in claims.zip(proofs) {
            let Claim {
                path,
                before,
                after,
                ..
            } = claim;
            let hash = match self.unless_written(&path, after, proof) {
                Proof::Same(hash) => hash,
                Proof::Changed => {
                    self.give_back(&path, false, now);
                    continue;
                }
                Proof::TooMuch => {
                    self.give_back(&path, true, now);
                    continue;
                }
                Proof::Open => {
                    let since = self.open_since.entry(path.clone()).or_insert((after, now));
                    // One that is written to begins to wait anew.
                    if since.0 != after {
                        *since = (after, now);
                    }
                    self.paused.insert(path, now + OPEN_AGAIN);
                    continue;
                }
            };
            self.open_since.remove(&path);
            let may_equal =
                matches!((before, after), (Some(a), Some(b)) if self.origin.may_equal(a, b));
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
        self.pass(&passed)?;
        Ok(files)
    }

    /// What was found, unless another run has written the file since it was taken out.
    fn unless_written(&self, path: &Path, state: Option<Stamp>, proof: Proof) -> Proof {
        let held = self.findings.update(|all| all.files.held_or(path, state));
        if held == state { proof } else { Proof::Changed }
    }

    /// Takes versions as done with that the script does not get.
    fn pass(&mut self, passed: &[(PathBuf, Option<Stamp>, Option<String>)]) -> Result<()> {
        self.findings.update(|state| {
            for (path, ..) in passed {
                state.files.finish(path);
            }
        });
        let passed: Vec<_> = passed
            .iter()
            .map(|(path, state, hash)| kept(path, *state, hash.as_deref()))
            .collect();
        self.journal.keep(&passed)
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
                .origin
                .selection()
                .admits(&self.shown(path), stamp.size(), stamp.modified())
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
            source: self.origin.source(),
            from_before: event.from_before,
            files: files.filter_map(|entry| self.change(entry)).collect(),
        }
    }

    fn change(&self, entry: &Entry) -> Option<Change> {
        let stamp = entry.after.or(entry.before)?;
        let path = self.shown(&entry.path).into_owned();
        let root = self.origin.root_of(&path)?;
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
