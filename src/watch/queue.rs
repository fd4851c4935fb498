//! From files that have settled to runs of the script, and from what became of those to the journal.

mod claim;
mod remote;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::breaker::Breaker;
use super::change::{Aftermath, ChangeKind, Verdict};
use super::event::{Entry, Event};
use super::findings::{Findings, State};
use super::journal::{Journal, Kept};
use super::origin::Origin;
use super::stamp::Stamp;
use crate::Result;
use crate::client::Written;

/// How long after the first failure a file comes again; four times as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How the script is given files.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The most files of one run.
    pub(super) batch: usize,
    /// How often files come again after a failure.
    pub(super) retries: u32,
    /// Which changes count.
    pub(super) kinds: Vec<ChangeKind>,
    /// How long a file that is unchanged and held open by a writer waits.
    pub(super) open_wait: Duration,
}

/// The files that wait, run, and have failed. What it does is in the journal before anybody relies on it.
pub(super) struct Queue {
    findings: Arc<Findings>,
    journal: Journal,
    origin: Origin,
    policy: Policy,
    running: HashMap<String, Running>,
    failing: BTreeMap<String, Failing>,
    /// Files that wait though they have settled, and until when.
    paused: BTreeMap<PathBuf, Instant>,
    /// Since when versions of files wait for those that write them.
    open_since: HashMap<PathBuf, (Option<Stamp>, Instant)>,
    breaker: Breaker,
}

struct Running {
    event: Event,
    began: SystemTime,
}

struct Failing {
    event: Event,
    /// `None`: when somebody says so.
    due: Option<Instant>,
}

impl Queue {
    /// A queue of what the journal has of former lives.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be read.
    pub(super) fn new(
        findings: Arc<Findings>,
        journal: Journal,
        origin: Origin,
        policy: Policy,
    ) -> Result<Self> {
        if let Origin::Disk(scope) = &origin {
            findings.update(|state| {
                journal.files(|folder, mut files| {
                    let mut here = scope.of(folder);
                    files.retain(|(name, _)| here.has(name));
                    state.files.know_folder(folder, files);
                })
            })?;
        }
        let mut queue = Self {
            findings,
            journal,
            origin,
            policy,
            running: HashMap::new(),
            failing: BTreeMap::new(),
            paused: BTreeMap::new(),
            open_since: HashMap::new(),
            breaker: Breaker::default(),
        };
        let now = Instant::now();
        for waiting in queue.journal.waiting()? {
            // A clock that was put back must not keep files waiting.
            let wait = waiting.wait.min(LONGEST_WAIT);
            queue.know_beneath(&waiting.event)?;
            queue.wait_for(waiting.event, Some(now + wait));
        }
        Ok(queue)
    }

    /// Forgets what is done with, so that all files that are there come once more.
    pub(super) fn forget(&mut self) -> Result<()> {
        self.findings.update(|state| state.files.retain(|_| false));
        self.journal.forget()?;
        match self.origin {
            Origin::Disk(_) => Ok(()),
            Origin::Dropbox(_) => self.journal.reopen(true),
        }
    }

    /// Takes all that was found so far as done with, without a run. Gives the number of files.
    pub(super) fn skip_all(&mut self) -> Result<usize> {
        let findings = &self.findings;
        self.journal.skip(|keep| {
            findings.update(|state| {
                state.files.accept_all(|files| {
                    let files = files.iter();
                    let kept: Vec<_> = files
                        .map(|(path, state)| kept(path, *state, None))
                        .collect();
                    keep(&kept)
                })
            })
        })
    }

    /// Takes what has settled as done with, without a run. Gives the number of files.
    pub(super) fn skip_settled(&mut self) -> Result<usize> {
        // One claim gives what is from before, or what is not.
        let mut skipped = Vec::new();
        while let claims = self.findings.update(|state| state.files.claim(usize::MAX))
            && !claims.is_empty()
        {
            skipped.extend(claims);
        }
        self.findings.update(|state| {
            for claim in &skipped {
                state.files.finish(&claim.path);
            }
        });
        for claim in &skipped {
            if claim.supersedes {
                self.take_out(&claim.path)?;
            }
        }
        if skipped.is_empty() {
            return Ok(0);
        }
        let kept: Vec<_> = skipped
            .iter()
            .map(|claim| kept(&claim.path, claim.after, None))
            .collect();
        self.journal.skip(|keep| {
            keep(&kept)?;
            Ok(kept.len())
        })
    }

    /// When something is due that no look at files tells of.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let failing = self.failing.values().filter_map(|failing| failing.due);
        failing.chain(self.paused.values().copied()).min()
    }

    /// How many files wait for another try.
    pub(super) fn count_failing(&self) -> usize {
        let failing = self.failing.values();
        failing.map(|failing| failing.event.files.len()).sum()
    }

    /// Whether this run is one of its own.
    pub(super) fn has_run(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Whether this file is in one of the runs.
    pub(super) fn is_running(&self, id: &str, path: &Path) -> bool {
        let running = self.running.get(id);
        let files = running.map(|running| running.event.files.as_slice());
        self.position(files.unwrap_or_default(), path).is_some()
    }

    /// One file of a run is done with, while the script goes on.
    pub(super) fn finish_one(&mut self, id: &str, path: &Path) -> Result<()> {
        let files = self
            .running
            .get(id)
            .map(|running| running.event.files.as_slice());
        let Some(at) = self.position(files.unwrap_or_default(), path) else {
            return Ok(());
        };
        let Some(running) = self.running.get_mut(id) else {
            return Ok(());
        };
        let entry = running.event.files.remove(at);
        let state = self.findings.update(|state| finish(state, &entry));
        self.journal.done_one(id, &finished(&entry, state))
    }

    /// Which of the entries is of the file that was handed over under this path.
    fn position(&self, files: &[Entry], path: &Path) -> Option<usize> {
        let is_it = |entry: &Entry| match &self.origin {
            Origin::Disk(_) => entry.path == path,
            Origin::Dropbox(_) => self.shown(&entry.path) == path,
        };
        files.iter().position(is_it)
    }

    /// A run is over.
    pub(super) fn finish(&mut self, id: &str, ending: Verdict) -> Result<Aftermath> {
        let Some(Running { mut event, began }) = self.running.remove(id) else {
            return Ok(Aftermath::Over);
        };
        let now = Instant::now();
        for entry in &event.files {
            self.breaker.ran(&entry.path, began, now);
        }
        self.breaker.prune(now);
        match ending {
            Verdict::Done => self.done(&event),
            Verdict::Failed { error, counts } => {
                event.failures += u32::from(counts);
                self.failed(event, &error, now)
            }
            Verdict::Unready => {
                self.note_states(&mut event);
                self.journal.failed(&event, Duration::ZERO, "")?;
                self.wait_for(event, None);
                Ok(Aftermath::Waiting)
            }
            Verdict::Restarted => {
                self.findings.update(|state| {
                    for entry in &event.files {
                        state.files.give_back(&entry.path, true, now);
                    }
                });
                self.journal.drop_event(id)?;
                Ok(Aftermath::Waiting)
            }
            // In the journal it is still running, and so comes again.
            Verdict::Stopped => Ok(Aftermath::Waiting),
        }
    }

    fn done(&mut self, event: &Event) -> Result<Aftermath> {
        let kept: Vec<_> = self.findings.update(|state| {
            let entries = event.files.iter();
            entries
                .map(|entry| finished(entry, finish(state, entry)))
                .collect()
        });
        self.journal.done(&event.id, &kept)?;
        Ok(Aftermath::Over)
    }

    fn failed(&mut self, mut event: Event, error: &str, now: Instant) -> Result<Aftermath> {
        self.note_states(&mut event);
        if event.files.is_empty() {
            return self.done(&event);
        }
        if event.failures <= self.policy.retries {
            let wait = wait_after(event.failures);
            self.journal.failed(&event, wait, error)?;
            self.wait_for(event, Some(now + wait));
            return Ok(Aftermath::Again(wait));
        }
        let count = event.files.len();
        if count > 1 {
            let id = event.id.clone();
            let parts = event.parts();
            self.journal.part(&id, &parts, error)?;
            for part in parts {
                self.wait_for(part, Some(now));
            }
            return Ok(Aftermath::Apart(count));
        }
        let kept: Vec<_> = self.findings.update(|state| {
            let entries = event.files.iter();
            entries
                .map(|entry| finished(entry, finish(state, entry)))
                .collect()
        });
        self.journal.dead(&event, &kept, error)?;
        Ok(Aftermath::GivenUp(count))
    }

    /// The run itself may have written its files anew.
    fn note_states(&self, event: &mut Event) {
        self.findings.update(|state| {
            for entry in &mut event.files {
                let held = state.files.held_or(&entry.path, entry.after);
                if held != entry.after {
                    (entry.after, entry.hash) = (held, None);
                }
            }
        });
    }

    /// Files that come again when they are due; until then newer versions take their places.
    fn wait_for(&mut self, mut event: Event, due: Option<Instant>) {
        event
            .files
            .retain(|entry| self.origin.has(&self.journal, &entry.path));
        self.findings.update(|state| {
            for entry in &event.files {
                state.files.hold(&entry.path, entry.after);
            }
        });
        let failing = Failing { event, due };
        self.failing.insert(failing.event.id.clone(), failing);
    }

    /// Tries all that failed again now.
    pub(super) fn retry_now(&mut self) {
        for failing in self.failing.values_mut() {
            failing.due = Some(Instant::now());
        }
    }

    /// Takes up what a person wants tried again. Gives the number of files.
    pub(super) fn take_wanted_again(&mut self) -> Result<usize> {
        let mut count = 0;
        for mut event in self.journal.wanted_again()? {
            // Where a newer version is under way, it is of no use.
            self.findings.update(|state| {
                event
                    .files
                    .retain(|entry| !state.files.is_held(&entry.path));
            });
            count += event.files.len();
            self.know_beneath(&event)?;
            self.wait_for(event, Some(Instant::now()));
        }
        Ok(count)
    }

    /// A run wrote or removed this file itself: that is no change.
    pub(super) fn wrote(&mut self, path: &Path, written: Written<'_>) -> Result<()> {
        let Origin::Disk(scope) = &self.origin else {
            return Ok(());
        };
        let mut kept_states = Vec::new();
        let all = match written {
            Written::Removed => self.findings.update(|state| state.files.all_below(path)),
            _ => vec![path.to_owned()],
        };
        for path in all.into_iter().filter(|path| scope.has(path)) {
            let Ok(now) = scope.look(&path) else {
                continue;
            };
            // What somebody else did since is a change.
            let is_own = match (written, now) {
                (Written::Whole(written), Some(now)) => now.is_of(written),
                // What somebody else wrote before that is in it as well.
                (Written::Appended { before, after }, Some(now)) => {
                    let known = self.findings.update(|state| state.files.base(&path));
                    known == before.map(Stamp::of) && now == Stamp::of(after)
                }
                (Written::Removed, None) => true,
                _ => false,
            };
            if !is_own {
                continue;
            }
            let is_done = self.findings.update(|state| {
                // What nobody has had yet must not go unseen beneath what is ours.
                if state.files.has_another(&path, now) {
                    return false;
                }
                state.files.accept(&path, now);
                // What becomes of a file that a run has is written down at its end.
                !state.files.is_held(&path)
            });
            if is_done {
                kept_states.push((path, now));
            }
        }
        let kept: Vec<_> = kept_states
            .iter()
            .map(|(path, state)| kept(path, *state, None))
            .collect();
        self.journal.keep(&kept)
    }

    /// Takes a file out of the event that failed with it.
    fn take_out(&mut self, path: &Path) -> Result<()> {
        let has_it = |failing: &Failing| failing.event.files.iter().any(|entry| entry.path == path);
        let id = self
            .failing
            .iter()
            .find_map(|(id, failing)| has_it(failing).then(|| id.clone()));
        let Some(mut failing) = id.and_then(|id| self.failing.remove(&id)) else {
            return Ok(());
        };
        failing.event.files.retain(|entry| entry.path != path);
        if failing.event.files.is_empty() {
            return self.journal.drop_event(&failing.event.id);
        }
        self.failing.insert(failing.event.id.clone(), failing);
        Ok(())
    }
}

/// How long files wait after so many failures; none counts where the server was to blame.
fn wait_after(failures: u32) -> Duration {
    match failures {
        0 => Duration::from_secs(30),
        failures => FIRST_WAIT
            .saturating_mul(4_u32.saturating_pow(failures - 1))
            .min(LONGEST_WAIT),
    }
}

fn kept<'a>(path: &'a Path, state: Option<Stamp>, hash: Option<&'a str>) -> Kept<'a> {
    Kept { path, state, hash }
}

/// Takes a version as done with, and gives the state that is known now.
fn finish(state: &mut State, entry: &Entry) -> Option<Stamp> {
    let now = state.files.held_or(&entry.path, entry.after);
    state.files.finish(&entry.path);
    now
}

/// A version that was to be in the state of the entry, and is in this one.
fn finished(entry: &Entry, state: Option<Stamp>) -> Kept<'_> {
    let hash = entry.hash.as_deref().filter(|_| state == entry.after);
    kept(&entry.path, state, hash)
}

/// What a panic left behind is what the journal says, more or less a run.
pub(super) fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
