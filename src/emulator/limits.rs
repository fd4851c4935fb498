//! The limits that the service keeps its clients to: calls a second, one writer at a time, the size of headers.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::fault::LimitReason;
use super::state::TreeId;

/// How far ahead of its rate a caller may be.
const BURST: Duration = Duration::from_secs(1);

/// The limits as they were asked for, and who is near them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) rate: Option<NonZeroU32>,
    pub(super) write_lock: Option<Duration>,
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
        header: Option<usize>,
    ) -> Limits {
        Limits {
            rate,
            write_lock,
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
        let used_up = callers.entry(caller.to_owned()).or_insert(now);
        // However many calls come, a caller that waits for as long as it is told gets through.
        *used_up = ((*used_up).max(now) + each).min(now + BURST + each);
        if *used_up <= now + BURST {
            return Ok(());
        }
        Err(limited(LimitReason::TooManyRequests))
    }

    fn hold(&self, tree: TreeId, time: Duration) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&tree).is_some_and(|until| *until > now) {
            return Err(limited(LimitReason::TooManyWriteOperations));
        }
        held.insert(tree, now + time);
        Ok(())
    }
}

fn limited(reason: LimitReason) -> Refusal {
    Refusal::Limited {
        reason,
        retry_after: Some(1),
        json: true,
    }
}

impl Call {
    /// Holds the user's namespace for a commit of that many entries, for as long as commits take here.
    ///
    /// While another commit holds it, this one is refused.
    pub(super) async fn hold_namespace(&mut self, entries: usize) -> Result<(), Refusal> {
        let Some(lock) = self.shared.limits.write_lock else {
            return Ok(());
        };
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        let time = lock + (lock / 20).saturating_mul(entries);
        self.shared.limits.hold(self.caller().view.tree, time)?;
        tokio::time::sleep(time).await;
        Ok(())
    }
}
