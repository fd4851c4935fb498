//! Asynchronous jobs. They are done by the time their id is told; only the telling is put off.

use std::collections::HashMap;

use serde_json::Value;

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
}

impl Jobs {
    pub(in super::super) fn add(
        &mut self,
        id: String,
        owner: AccountId,
        check: &'static str,
        outcome: Value,
    ) {
        self.0.insert(
            id,
            Job {
                owner,
                check,
                outcome,
            },
        );
    }

    /// Changes how a job went, when it is known.
    pub(in super::super) fn complete(&mut self, id: &str, outcome: Value) {
        if let Some(job) = self.0.get_mut(id) {
            job.outcome = outcome;
        }
    }

    /// How a job went, if this caller launched it with a route that belongs to `check`.
    pub(in super::super) fn outcome(
        &self,
        id: &str,
        owner: AccountId,
        check: &str,
    ) -> Option<&Value> {
        let job = self.0.get(id)?;
        (job.owner == owner && job.check == check).then_some(&job.outcome)
    }
}
