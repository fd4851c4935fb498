//! How much memory a run takes, and whether it may take more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Tells how many bytes the process has allocated.
pub(super) type Gauge = dyn Fn() -> u64 + Send + Sync;

/// Knows what a run takes: by the program's gauge, where there is one, and else by what its variables
/// were last seen to hold.
pub(super) struct Meter {
    gauge: Option<Arc<Gauge>>,
    budget: AtomicU64,
    /// What the gauge told when the run began.
    base: AtomicU64,
    seen: AtomicU64,
}

impl Meter {
    /// A meter without a limit until [`Meter::arm`].
    pub(super) fn new(gauge: Option<Arc<Gauge>>) -> Self {
        Self {
            gauge,
            budget: AtomicU64::new(u64::MAX),
            base: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        }
    }

    /// Begins a run that may take so many bytes.
    pub(super) fn arm(&self, budget: Option<u64>) {
        self.budget.store(budget.unwrap_or(u64::MAX), Relaxed);
        self.base
            .store(self.gauge.as_ref().map_or(0, |gauge| gauge()), Relaxed);
        self.seen.store(0, Relaxed);
    }

    pub(super) fn budget(&self) -> u64 {
        self.budget.load(Relaxed)
    }

    /// Notes what the variables in sight hold.
    pub(super) fn saw(&self, bytes: u64) {
        if self.gauge.is_none() {
            self.seen.store(bytes, Relaxed);
        }
    }

    /// Whether this many bytes beside those that are taken are too many.
    pub(super) fn is_over_with(&self, more: u64) -> bool {
        let budget = self.budget();
        if budget == u64::MAX {
            return false;
        }
        let taken = match &self.gauge {
            Some(gauge) => gauge().saturating_sub(self.base.load(Relaxed)),
            None => self.seen.load(Relaxed),
        };
        taken.saturating_add(more) > budget
    }
}
