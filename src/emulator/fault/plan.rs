//! The faults in force, and when they strike.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::super::mint::Rng;
use super::unions;
use super::{Fault, FaultKind, FaultWhen};

/// The faults in force, each with its count.
#[derive(Debug)]
pub(in super::super) struct FaultPlan {
    /// The emulator's.
    seed: u64,
    armed: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    occasions: Occasions,
}

/// A fault that strikes at a call.
#[derive(Clone, Debug)]
pub(in super::super) struct Strike {
    pub(in super::super) kind: FaultKind,
    /// Fixes what is left to chance within the call.
    luck: u64,
}

impl FaultPlan {
    pub(in super::super) fn new(seed: u64) -> FaultPlan {
        FaultPlan {
            seed,
            armed: Mutex::default(),
        }
    }

    /// Arms a fault that has been checked.
    pub(in super::super) fn add(&self, fault: Fault) {
        let mut armed = self.lock();
        // Two faults of the same chance must not strike at the very same calls: the first would hide the other.
        let place = Rng::new(self.seed.wrapping_add(armed.len() as u64)).next();
        let occasions = Occasions::new(fault.when, place);
        armed.push(Armed { fault, occasions });
    }

    pub(in super::super) fn clear(&self) {
        self.lock().clear();
    }

    /// Counts a call of `route` with every fault that covers it; the first that strikes decides.
    pub(in super::super) fn strike(&self, route: &str) -> Option<Strike> {
        let mut struck = None;
        let mut armed = self.lock();
        for armed in armed.iter_mut().filter(|armed| armed.fault.covers(route)) {
            if armed.occasions.strikes() && struck.is_none() {
                struck = Some(Strike {
                    kind: armed.fault.what.clone(),
                    luck: armed.occasions.luck(),
                });
            }
        }
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts, and says which of what it counts are meant.
#[derive(Debug)]
struct Occasions {
    when: FaultWhen,
    seen: u64,
    rng: Rng,
}

impl Occasions {
    fn new(when: FaultWhen, seed: u64) -> Occasions {
        let own = match when {
            FaultWhen::Probability { seed, .. } => seed,
            _ => 0,
        };
        Occasions {
            when,
            seen: 0,
            rng: Rng::new(seed ^ own),
        }
    }

    fn strikes(&mut self) -> bool {
        self.seen += 1;
        match self.when {
            FaultWhen::Always => true,
            FaultWhen::Nth(n) => self.seen == n,
            FaultWhen::First(n) => self.seen <= n,
            FaultWhen::Every(n) => n > 0 && self.seen.is_multiple_of(n),
            FaultWhen::Probability { chance, .. } => self.rng.fraction() < chance,
        }
    }

    /// Something else to draw from, apart from the sequence of its own.
    fn luck(&self) -> u64 {
        self.rng.clone().next().wrapping_add(self.seen)
    }
}

/// Which entries of a batch fail, and with what.
#[derive(Debug)]
pub(in super::super) struct EntryFaults(Option<(Value, Occasions)>);

impl EntryFaults {
    /// What this fault does to the entries of a call of this route.
    pub(in super::super) fn of(strike: Option<&Strike>, route: &str) -> EntryFaults {
        EntryFaults(strike.and_then(|strike| match &strike.kind {
            FaultKind::BatchEntries { error, entries } => {
                let error = unions::entry_error(route, error)?;
                Some((error, Occasions::new(*entries, strike.luck)))
            }
            _ => None,
        }))
    }

    /// Every entry fails with this.
    pub(in super::super) fn all(error: Value) -> EntryFaults {
        EntryFaults(Some((error, Occasions::new(FaultWhen::Always, 0))))
    }

    /// What the next entry fails with, if it does.
    pub(in super::super) fn next(&mut self) -> Option<Value> {
        let (error, occasions) = self.0.as_mut()?;
        occasions.strikes().then(|| error.clone())
    }
}
