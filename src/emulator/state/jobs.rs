//! Asynchronous jobs. They are done by the time their id is told; only the telling is put off.

use std::collections::HashMap;

use serde_json::Value;

use super::super::tag::tag;
use super::AccountId;

/// The jobs that were launched.
#[derive(Debug, Default)]
pub(in super::super) struct Jobs(HashMap<String, Job>);

#[derive(Debug)]
struct Job {
    owner: AccountId,
    /// The route that tells how it went.
    check: &'static str,
    outcome: Value,
    /// How often it is still said to be in progress.
    pending: u64,
}

impl Jobs {
    pub(in super::super) fn add(
        &mut self,
        id: String,
        owner: AccountId,
        check: &'static str,
        outcome: Value,
        pending: u64,
    ) {
        self.0.insert(
            id,
            Job {
                owner,
                check,
                outcome,
                pending,
            },
        );
    }

    /// Changes how a job went, when it is known.
    pub(in super::super) fn complete(&mut self, id: &str, outcome: Value) {
        if let Some(job) = self.0.get_mut(id) {
            job.outcome = outcome;
        }
    }

    /// How a job went, or that it goes on, if this caller launched it with a route that belongs to `check`.
    pub(in super::super) fn ask(
        &mut self,
        id: &str,
        owner: AccountId,
        check: &str,
    ) -> Option<Value> {
        let mine = |job: &&mut Job| job.owner == owner && job.check == check;
        let job = self.0.get_mut(id).filter(mine)?;
        if job.pending > 0 {
            job.pending -= 1;
            return Some(tag("in_progress"));
        }
        Some(job.outcome.clone())
    }
}
