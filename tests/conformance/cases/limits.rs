//! Limits and failures of the service. Faults bring them about, so only the emulator is asked.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Documentation, Observed, Open, Specification};
use crate::behaviour::{Behaviour, case, equal};
use crate::scene::Scene;
use crate::service::Reply;

const LIMITS: &str = "data ingress guide";
const SEEN: &str = "Go SDK's issues";

/// An answer to a call that goes wrong like this.
async fn troubled(at: &Scene, what: Value) -> Result<Reply, String> {
    at.fault("users/get_space_usage", what).await?;
    at.send(at.rpc_request("users/get_space_usage")).await
}

async fn limited(at: &Scene) -> Result<Reply, String> {
    troubled(at, json!({"rate_limit": {"retry_after": 7}})).await
}

pub(super) fn all() -> Vec<Behaviour> {
    let all = [
        case(Documentation, LIMITS, "a limit is a 429", |at| async move { equal(limited(&at).await?.status, 429) }),
        case(Open, LIMITS, "a limit is told as JSON", |at| async move {
            equal(limited(&at).await?.header("content-type"), "application/json")
        })
        .quirk("limit-as-text")
        .quirk("json-with-charset"),
        case(Documentation, LIMITS, "a limit says in its header how long to wait", |at| async move {
            equal(limited(&at).await?.header("retry-after"), "7")
        })
        .quirk("limit-as-text")
        .quirk("limit-wait-in-body"),
        case(Specification, "Python SDK, RateLimitError", "a limit says in its body how long to wait", |at| async move {
            equal(limited(&at).await?.json()?["error"]["retry_after"].as_u64(), Some(7))
        })
        .quirk("limit-as-text")
        .quirk("limit-without-reason"),
        case(Observed, SEEN, "a limit has its reason in a struct", |at| async move {
            equal(&limited(&at).await?.json()?["error"]["reason"], &json!({".tag": "too_many_requests"}))
        })
        .quirk("limit-as-text")
        .quirk("limit-without-reason"),
        case(Observed, SEEN, "too many writes at once are a limit too", |at| async move {
            let what = json!({"rate_limit": {"reason": "too_many_write_operations", "retry_after": 1}});
            let reply = troubled(&at, what).await?;
            equal((reply.status, reply.summary()?.as_str()), (429, "too_many_write_operations"))
        })
        .quirk("limit-as-text")
        .quirk("limit-without-reason"),
        case(Open, "error handling guide", "a failure of the server is told as a text", |at| async move {
            let reply = troubled(&at, json!({"server_error": {"status": 500}})).await?;
            equal((reply.status, reply.header("content-type")), (500, "text/plain; charset=utf-8"))
        })
        .quirk("server-error-html"),
    ];
    all.into_iter().map(Behaviour::only_emulated).collect()
}
