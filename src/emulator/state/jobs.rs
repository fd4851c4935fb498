//! Asynchronous jobs. They are done by the time their id is told; only the telling is put off.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::tag::{nested, tag};
use super::AccountId;
use super::register::Register;

/// The jobs that were launched.
#[derive(Debug)]
pub(in super::super) struct Jobs(pub(super) Register<Job>);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    owner: AccountId,
    /// The route that tells how it went.
    check: Cow<'static, str>,
    outcome: Value,
    /// How often it is still said to be in progress.
    pending: u64,
}

impl Jobs {
    pub(super) fn new(lasting: bool) -> Jobs {
        Jobs(Register::new(lasting))
    }

    pub(in super::super) fn add(
        &mut self,
        id: String,
        owner: AccountId,
        check: &'static str,
        outcome: Value,
        pending: u64,
    ) {
        let job = Job {
            owner,
            check: check.into(),
            outcome,
            pending,
        };
        self.0.insert(id, job);
    }

    /// Changes how a job went, when it is known.
    pub(in super::super) fn complete(&mut self, id: &str, outcome: Value) {
        self.0.update(id, |job| job.outcome = outcome);
    }

    /// Nobody works any more at what was in progress when the process ended: only fetching from an address takes that long.
    pub(super) fn give_up(&mut self) {
        let failed = nested("failed", tag("download_failed"));
        let underway = |job: &Job| job.outcome == tag("in_progress");
        self.0.change(underway, |job| job.outcome = failed.clone());
    }

    /// How a job went, or that it goes on, if this caller launched it with a route that belongs to `check`.
    pub(in super::super) fn ask(
        &mut self,
        id: &str,
        owner: AccountId,
        check: &str,
    ) -> Option<Value> {
        let mine = |job: &&Job| job.owner == owner && job.check == check;
        let job = self.0.get(id).filter(mine)?;
        if let Some(pending) = job.pending.checked_sub(1) {
            self.0.update(id, |job| job.pending = pending);
            return Some(tag("in_progress"));
        }
        Some(job.outcome.clone())
    }
}
