//! The limits that the service keeps its clients to: calls a second, one writer at a time, the size of headers.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};

use serde_json::Value;

use super::answer::{Answer, Limit, Refusal};
use super::call::Call;
use super::fault::{EntryFaults, FaultKind, LimitReason, WriteRefusal};
use super::shared::Shared;
use super::state::TreeId;
use super::tag::tag;

/// How far ahead of its rate a caller may be.
const BURST: Duration = Duration::from_secs(1);

/// The callers that are remembered before those that have waited long enough are forgotten.
const CALLERS: usize = 10_000;

/// The limits as they were asked for, and who is near them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) rate: Option<NonZeroU32>,
    pub(super) write_lock: Option<Duration>,
    /// How a commit is refused meanwhile.
    pub(super) write_refusal: WriteRefusal,
    pub(super) header: Option<usize>,
    /// When each caller, by its credentials, will have used up what it called.
    callers: Mutex<HashMap<String, Instant>>,
    /// Until when a commit holds a namespace.
    held: Mutex<HashMap<TreeId, Instant>>,
}

impl Limits {
    pub(super) fn new(
        rate: Option<NonZeroU32>,
        write_lock: Option<Duration>,
        write_refusal: WriteRefusal,
        header: Option<usize>,
    ) -> Limits {
        Limits {
            rate,
            write_lock,
            write_refusal,
            header,
            ..Limits::default()
        }
    }

    /// Refuses a header that is too large, and a caller that calls too often. Calls that are refused count too.
    pub(super) fn admit(&self, caller: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        if let Some(limit) = self.header {
            let lines = headers.iter();
            // Each line with its colon, space and end.
            let size: usize = lines
                .map(|(name, value)| name.as_str().len() + value.len() + 4)
                .sum();
            if size > limit {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                let text = format!("the header has {size} bytes, {limit} are allowed");
                return Err(Refusal::Other(Box::new(Answer::text(status, text))));
            }
        }
        match self.rate {
            // Who shows nothing cannot be told from others.
            Some(rate) if !caller.is_empty() => self.count(caller, rate),
            _ => Ok(()),
        }
    }

    fn count(&self, caller: &str, rate: NonZeroU32) -> Result<(), Refusal> {
        let now = Instant::now();
        let each = Duration::from_secs(1) / rate.get();
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS {
            callers.retain(|_, used_up| *used_up > now);
        }
        let used_up = callers.entry(caller.to_owned()).or_insert(now);
        // However many calls come, a caller that waits for as long as it is told gets through.
        *used_up = ((*used_up).max(now) + each).min(now + BURST + each);
        if *used_up <= now + BURST {
            return Ok(());
        }
        Err(Refusal::Limited(Limit::usual(LimitReason::TooManyRequests)))
    }

    /// Takes hold of a namespace; `false` while another commit holds it.
    fn take(&self, tree: TreeId, time: Duration) -> bool {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&tree).is_some_and(|until| *until > now) {
            return false;
        }
        // Longer than the clock can count is a day here.
        let end = now
            .checked_add(time)
            .unwrap_or(now + Duration::from_secs(86_400));
        held.insert(tree, end);
        true
    }

    /// Holds a namespace for a commit of that many entries, for as long as commits take here.
    async fn hold(&self, tree: TreeId, entries: usize) -> Result<(), Busy> {
        let Some(lock) = self.write_lock else {
            return Ok(());
        };
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        let time = lock.saturating_add((lock / 20).saturating_mul(entries));
        if !self.take(tree, time) {
            return Err(Busy(self.write_refusal));
        }
        tokio::time::sleep(time).await;
        Ok(())
    }
}

/// The tag of the errors that say that another commit holds the namespace.
pub(super) fn too_many_writes() -> Value {
    tag("too_many_write_operations")
}

/// Another commit holds the namespace, and how that is to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy(WriteRefusal);

impl Busy {
    /// The refusal of a call whose route has this error of its own for it.
    pub(super) fn refusal(self, own: impl FnOnce() -> Value) -> Refusal {
        match self.0 {
            WriteRefusal::Call => self.into(),
            WriteRefusal::Route | WriteRefusal::Entry => Refusal::Route(own()),
        }
    }
}

impl From<Busy> for Refusal {
    fn from(_: Busy) -> Refusal {
        Refusal::Limited(Limit::usual(LimitReason::TooManyWriteOperations))
    }
}

impl Shared {
    /// Holds a namespace for a commit without a call of its own.
    pub(super) async fn hold_namespace(&self, tree: TreeId) -> Result<(), Busy> {
        self.limits.hold(tree, 1).await
    }
}

impl Call {
    /// Holds the user's namespace for a commit, for as long as commits take here.
    pub(super) async fn hold_namespace(&mut self) -> Result<(), Busy> {
        let tree = self.caller().view.tree;
        self.hold(tree, 1).await
    }

    /// The same for a commit of that many entries. Where the entries shall tell that another commit holds it, each fails with
    /// `busy`. What is given back says which entries fail.
    pub(super) async fn hold_for_entries(
        &mut self,
        entries: usize,
        busy: impl FnOnce() -> Value,
    ) -> Result<EntryFaults, Refusal> {
        let tree = self.caller().view.tree;
        match self.hold(tree, entries).await {
            Ok(()) => Ok(self.entry_faults()),
            Err(Busy(WriteRefusal::Entry)) => Ok(EntryFaults::all(busy())),
            Err(busy) => Err(busy.into()),
        }
    }

    /// The same for a namespace that need not be the user's.
    pub(super) async fn hold(&mut self, tree: TreeId, entries: usize) -> Result<(), Busy> {
        if let Some(FaultKind::TooManyWriteOperations { told }) = self.fault() {
            return Err(Busy(*told));
        }
        self.shared.limits.hold(tree, entries).await
    }
}
