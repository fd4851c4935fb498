//! What the server counts, and the calls that it remembers.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde::Serialize;

use super::record::{LoggedCall, Record, Totals, millis};

/// The calls, and the windows, that are remembered; of more, the last.
const REMEMBERED: usize = 10_000;

/// What the emulator has been asked so far. Callers go by the names of their accounts; `""` is who shows no token, or a wrong one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Calls {
    /// Calls by route, such as `files/upload`; those that a fault answered count too.
    pub by_route: BTreeMap<String, u64>,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Calls that ended without an answer: it was cut off, or the client went away.
    pub unanswered: u64,
    /// Faults that struck: by kind, such as `cut_after`, and by route.
    pub faults: BTreeMap<String, BTreeMap<String, u64>>,
    /// Connections that clients made.
    pub connections: u64,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of response bodies.
    pub bytes_out: u64,
    /// Calls that came before the `Retry-After` of an earlier answer to the same caller had passed.
    pub during_retry_after: u64,
    /// The same by caller.
    pub during_retry_after_by_caller: BTreeMap<String, u64>,
    /// When callers were told to wait: the last 10,000 times.
    pub retry_windows: Vec<RetryWindow>,
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

    /// How often a kind of fault struck, by its name, such as `cut_after`.
    #[must_use]
    pub fn struck(&self, kind: &str) -> u64 {
        self.faults.get(kind).map_or(0, |by| by.values().sum())
    }
}

/// A time for which a caller was told to wait, counted from when the emulator started. In JSON, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetryWindow {
    /// Who.
    pub caller: String,
    /// When the answer that said so went out.
    #[serde(rename = "start_ms", serialize_with = "millis")]
    pub start: Duration,
    /// From when the caller may call again.
    #[serde(rename = "end_ms", serialize_with = "millis")]
    pub end: Duration,
}

#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    /// How much later than it is made an answer goes out.
    latency: Duration,
    totals: Arc<Totals>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: Calls,
    windows: VecDeque<RetryWindow>,
    log: VecDeque<Arc<Record>>,
    /// Until when a caller was told to wait, and since when without a break.
    pauses: HashMap<String, (Duration, Duration)>,
}

/// A call that is being handled. The call is over when the last of it is dropped, and the request log gets its line.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) record: Arc<Record>,
    meter: Arc<Meter>,
}

impl Ticket {
    /// What is answered.
    pub(super) fn answered(&self, status: StatusCode, error: Option<String>) {
        if self.record.answer.set((status, error)).is_ok() {
            let mut counts = self.meter.lock();
            *counts.calls.by_status.entry(status.as_u16()).or_default() += 1;
        }
    }

    /// The answer tells the caller to wait that many seconds.
    pub(super) fn told_to_wait(&self, seconds: u64) {
        let start = self
            .meter
            .started
            .elapsed()
            .saturating_add(self.meter.latency);
        let end = start.saturating_add(Duration::from_secs(seconds));
        let mut counts = self.meter.lock();
        let caller = &self.record.caller;
        let pause = counts.pauses.entry(caller.clone()).or_insert((start, end));
        *pause = if start <= pause.1 {
            (pause.0, pause.1.max(end))
        } else {
            (start, end)
        };
        let caller = caller.clone();
        push(&mut counts.windows, RetryWindow { caller, start, end });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let now = self.meter.started.elapsed();
        let _ = self.record.took.set(now.saturating_sub(self.record.start));
        if self.record.answer.get().is_none() {
            self.meter.lock().calls.unanswered += 1;
        }
        tracing::info!("{}", self.record.line());
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(item);
}

impl Meter {
    pub(super) fn new(latency: Duration) -> Meter {
        Meter {
            started: Instant::now(),
            latency,
            totals: Arc::default(),
            counts: Mutex::default(),
        }
    }

    /// A connection was made.
    pub(super) fn connected(&self) {
        self.lock().calls.connections += 1;
    }

    /// A call arrived. `strike` is asked, at that very moment, which fault strikes it.
    pub(super) fn called<T>(
        self: &Arc<Self>,
        method: &Method,
        route: &'static str,
        caller: String,
        strike: impl FnOnce() -> (T, Option<&'static str>),
    ) -> (Ticket, T) {
        let mut counts = self.lock();
        let start = self.started.elapsed();
        let (struck, fault) = strike();
        let calls = &mut counts.calls;
        *calls.by_route.entry(route.to_owned()).or_default() += 1;
        if let Some(kind) = fault {
            let by_route = calls.faults.entry(kind.to_owned()).or_default();
            *by_route.entry(route.to_owned()).or_default() += 1;
        }
        let pause = counts.pauses.get(&caller);
        if pause.is_some_and(|(since, until)| (*since..*until).contains(&start)) {
            counts.calls.during_retry_after += 1;
            let by_caller = &mut counts.calls.during_retry_after_by_caller;
            *by_caller.entry(caller.clone()).or_default() += 1;
        }
        let (asked, totals) = ((method.clone(), route), Arc::clone(&self.totals));
        let record = Arc::new(Record::new(asked, caller, start, fault, totals));
        push(&mut counts.log, Arc::clone(&record));
        drop(counts);
        let meter = Arc::clone(self);
        (Ticket { record, meter }, struck)
    }

    /// Counts anew, and forgets the calls. Who was told to wait still is.
    pub(super) fn reset(&self) {
        let now = self.started.elapsed();
        let mut counts = self.lock();
        counts.calls = Calls::default();
        counts.log.clear();
        counts.windows.retain(|window| window.end > now);
        self.totals.bytes_in.store(0, Ordering::Relaxed);
        self.totals.bytes_out.store(0, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Calls {
        let counts = self.lock();
        Calls {
            bytes_in: self.totals.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.totals.bytes_out.load(Ordering::Relaxed),
            retry_windows: counts.windows.iter().cloned().collect(),
            ..counts.calls.clone()
        }
    }

    /// The calls that are remembered, in the order in which they arrived.
    pub(super) fn log(&self) -> Vec<LoggedCall> {
        let records: Vec<Arc<Record>> = self.lock().log.iter().cloned().collect();
        records.iter().map(|record| record.read()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
