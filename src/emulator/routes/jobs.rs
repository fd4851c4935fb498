//! Launching jobs and asking after them.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fault::{FaultKind, JobFailure, job_failure};
use super::super::quirk::Quirk;
use super::super::tag::{nested, tag};

/// The answer of a route that launches a job whose outcome is known already: the job's id.
pub(super) fn launch(call: &Call, check: &'static str, outcome: Value) -> Answer {
    if call.quirk(Quirk::BatchesAtOnce) && outcome[".tag"] == "complete" {
        return Answer::json(&outcome);
    }
    let owner = call.caller().account;
    let pending = pending(call);
    let mut state = call.shared.state();
    let id = state.mint.job_id();
    state.jobs.add(id.clone(), owner, check, outcome, pending);
    Answer::json(&json!({ ".tag": "async_job_id", "async_job_id": id }))
}

/// How often a job that this call launches is said to be in progress, whatever has become of it.
pub(super) fn pending(call: &Call) -> u64 {
    match call.fault() {
        Some(FaultKind::AsyncJob { pending }) => *pending,
        _ if call.quirk(Quirk::JobsTakeTime) => 1,
        _ => 0,
    }
}

/// Whether the call shall launch a job where it need not.
pub(super) fn is_forced(call: &Call) -> bool {
    matches!(call.fault(), Some(FaultKind::AsyncJob { .. }))
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
    let outcome = call.shared.state().jobs.ask(&id, owner, call.route);
    let outcome = outcome.ok_or_else(|| Refusal::Route(tag("invalid_async_job_id")))?;
    match call.fault() {
        Some(FaultKind::JobPending) => Ok(Answer::json(&tag("in_progress"))),
        Some(FaultKind::JobFailed { error }) => match job_failure(call.route, error.as_deref()) {
            Some(JobFailure::Status(error)) => Ok(Answer::json(&nested("failed", error))),
            Some(JobFailure::Poll(error)) => Err(Refusal::Route(error)),
            None => Ok(Answer::json(&outcome)),
        },
        _ => Ok(Answer::json(&outcome)),
    }
}
