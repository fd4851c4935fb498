//! What all calls share.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::blob::{Store, blocking};
use super::clock::Clock;
use super::fault::FaultPlan;
use super::meter::Meter;
use super::mint::Mint;
use super::mirror;
use super::state::State;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) store: Store,
    pub(super) faults: FaultPlan,
    pub(super) meter: Arc<Meter>,
    pub(super) clock: Clock,
    /// Request ids and dots; apart from the state, so that what a tree mints does not depend on who else called.
    answers: Mutex<Mint>,
    /// Held while the directory is brought up to date, so that changes reach it in their order.
    writing: Mutex<()>,
    /// Counts up when something may have changed, for those who wait for it.
    changed: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(state: State, store: Store, seed: u64) -> Shared {
        Shared {
            state: Mutex::new(state),
            store,
            faults: FaultPlan::default(),
            meter: Arc::default(),
            clock: Clock::default(),
            answers: Mutex::new(Mint::new(!seed)),
            writing: Mutex::new(()),
            changed: watch::Sender::new(0),
        }
    }

    /// The state, for a few moments: never across I/O.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has answered nothing; what it left is no worse than what a crash leaves.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answers(&self) -> MutexGuard<'_, Mint> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells when something may have changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Says that something changed, and waits until the directory, if there is one, shows every change made so far.
    pub(super) async fn settle(self: &Arc<Self>) -> io::Result<()> {
        if matches!(self.store, Store::Memory) {
            return self.settle_now();
        }
        let shared = Arc::clone(self);
        blocking(move || shared.settle_now()).await
    }

    /// The same, for threads that may block.
    pub(super) fn settle_now(&self) -> io::Result<()> {
        self.changed.send_modify(|count| *count += 1);
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.state().take_unwritten();
        changed
            .iter()
            .try_for_each(|(directory, changes)| mirror::apply(directory, changes))
    }
}
