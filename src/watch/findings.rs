//! What the watching thread has found, and its owner has not taken yet.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::ledger::{Claim, Ledger};

/// An editor that writes a script in place is done within this time.
const SETTLE_FOLLOWED: Duration = Duration::from_millis(100);

/// The place where the watching thread and the owner of the watcher meet. Neither looks at a file while it holds it.
pub(super) struct Findings {
    state: Mutex<State>,
    ready: Notify,
}

/// The two ledgers, and what a person should know.
pub(super) struct State {
    /// The files below the roots.
    pub(super) files: Ledger,
    /// The script and its modules.
    pub(super) followed: Ledger,
    /// Which those are: one below a root is no file of a run.
    pub(super) followed_files: HashSet<PathBuf>,
    /// Sentences for a person.
    pub(super) notices: Vec<String>,
    /// How many files were left out at the beginning, since the last question.
    pub(super) skipped: usize,
}

impl Findings {
    pub(super) fn new(settle: Duration) -> Self {
        let state = State {
            files: Ledger::new(settle),
            followed: Ledger::new(SETTLE_FOLLOWED),
            followed_files: HashSet::new(),
            notices: Vec::new(),
            skipped: 0,
        };
        Self {
            state: Mutex::new(state),
            ready: Notify::new(),
        }
    }

    /// Changes what is known, and wakes the owner if that made something ready.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        if state.files.has_settled() || state.followed.has_settled() || !state.notices.is_empty() {
            self.ready.notify_one();
        }
        result
    }

    /// When the next file is due for another look.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let state = self.lock();
        [state.files.next_due(), state.followed.next_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes the followed files that have settled, and what a person should know.
    pub(super) fn take_news(&self) -> (Vec<Claim>, Vec<String>) {
        let mut state = self.lock();
        let followed = state.followed.claim(usize::MAX);
        for claim in &followed {
            state.followed.finish(&claim.path);
        }
        // Finishing lets the next version come, of which there is none yet.
        let rest = state.followed.claim(0);
        debug_assert!(rest.is_empty(), "nobody asked for any");
        (followed, std::mem::take(&mut state.notices))
    }

    /// Wakes the owner, who has made something ready.
    pub(super) fn wake(&self) {
        self.ready.notify_one();
    }

    /// How many files have settled, and how many have not yet.
    pub(super) fn count_waiting(&self) -> (usize, usize) {
        self.lock().files.count_waiting()
    }

    /// Waits until something may be ready.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A look that was half noted is noted again by the next scan, so a panic elsewhere does no lasting harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
