//! Launching jobs and asking after them.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fault::FaultKind;
use super::super::tag::tag;

/// The answer of a route that launches a job whose outcome is known already: the job's id.
pub(super) fn launch(call: &Call, check: &'static str, outcome: Value) -> Answer {
    let owner = call.caller().account;
    let mut state = call.shared.state();
    let id = state.mint.job_id();
    state.jobs.add(id.clone(), owner, check, outcome);
    Answer::json(&json!({ ".tag": "async_job_id", "async_job_id": id }))
}

/// Every `check` route.
pub(super) fn check(call: &mut Call) -> Outcome {
    let id = call.arg.text("async_job_id")?;
    if id.is_empty() {
        return Err(call
            .arg
            .refuse("async_job_id", "'' must be at least 1 characters, got 0"));
    }
    call.arg.finish()?;
    let owner = call.caller().account;
    let state = call.shared.state();
    let outcome = state.jobs.outcome(&id, owner, call.route);
    let outcome = outcome.ok_or_else(|| Refusal::Route(tag("invalid_async_job_id")))?;
    if call.fault == Some(FaultKind::JobPending) {
        return Ok(Answer::json(&tag("in_progress")));
    }
    Ok(Answer::json(outcome))
}
