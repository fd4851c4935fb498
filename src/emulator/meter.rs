//! What the server counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// What the emulator has been asked so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Calls {
    /// Calls by route, such as `files/upload`; those that a fault answered count too.
    pub by_route: BTreeMap<String, u64>,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of response bodies.
    pub bytes_out: u64,
    /// Calls that came before the `Retry-After` of an earlier answer to the same caller had passed.
    pub during_retry_after: u64,
}

impl Calls {
    /// Calls of one route.
    #[must_use]
    pub fn of(&self, route: &str) -> u64 {
        self.by_route.get(route).copied().unwrap_or(0)
    }

    /// Calls of all routes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_route.values().sum()
    }
}

#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_route: BTreeMap<&'static str, u64>,
    during_retry_after: u64,
    /// Until when a caller, by its credentials, was told to wait.
    pauses: HashMap<String, Instant>,
}

impl Meter {
    /// A call arrived.
    pub(super) fn called(&self, route: &'static str, caller: &str) {
        let mut counts = self.lock();
        *counts.by_route.entry(route).or_default() += 1;
        if counts
            .pauses
            .get(caller)
            .is_some_and(|until| Instant::now() < *until)
        {
            counts.during_retry_after += 1;
        }
    }

    /// A caller was told to wait.
    pub(super) fn paused(&self, caller: &str, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds);
        self.lock().pauses.insert(caller.to_owned(), until);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts anew. Who was told to wait still is.
    pub(super) fn reset(&self) {
        let mut counts = self.lock();
        counts.by_route.clear();
        counts.during_retry_after = 0;
        self.bytes_in.store(0, Ordering::Relaxed);
        self.bytes_out.store(0, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Calls {
        let counts = self.lock();
        Calls {
            by_route: counts
                .by_route
                .iter()
                .map(|(route, count)| ((*route).to_owned(), *count))
                .collect(),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            during_retry_after: counts.during_retry_after,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
