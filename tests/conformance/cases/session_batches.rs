//! Several upload sessions in one call.

use serde_json::{Value, json};

use super::sessions::{append, finish, start};
use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::{Behaviour, case, equal};
use crate::scene::{Scene, text};

const BATCH: &str = "files.stone, finish_batch_v2";
const APPEND: &str = "files.stone, append_batch";

/// A session that holds these bytes and is closed.
async fn closed(at: &Scene, bytes: &str) -> Result<Value, String> {
    let id = start(at, "").await?;
    append(at, &id, 0, bytes, true).await?.result()?;
    Ok(id)
}

fn commit(at: &Scene, id: &Value, offset: u64, name: &str) -> Value {
    json!({"cursor": {"session_id": id, "offset": offset}, "commit": {"path": at.path(name)}})
}

/// The outcome of each entry: its tag, or the tags of its failure.
fn outcomes(result: &Value) -> Vec<String> {
    let entries = result["entries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries
        .iter()
        .map(|entry| match &entry["failure"] {
            Value::Null => text(&entry[".tag"]),
            failure => {
                let outer = text(&failure[".tag"]);
                let inner = text(&failure[&outer][".tag"]);
                format!("{outer}/{inner}").trim_end_matches('/').to_owned()
            }
        })
        .collect()
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = commits();
    all.extend(appends());
    all
}

fn commits() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            "files.stone, start_batch",
            "sessions are started by the dozen",
            |at| async move {
                let started = at
                    .ok(
                        "files/upload_session/start_batch",
                        json!({"num_sessions": 12}),
                    )
                    .await?;
                equal(started["session_ids"].as_array().map(Vec::len), Some(12))
            },
        )
        .quirk("no-session-batches"),
        case(
            Specification,
            "files.stone, start_batch",
            "not more than 1,000 sessions are started at once",
            |at| async move {
                let reply = at
                    .rpc(
                        "files/upload_session/start_batch",
                        json!({"num_sessions": 1001}),
                    )
                    .await?;
                super::super::behaviour::contains(&reply.bad()?, "num_sessions")
            },
        )
        .quirk("no-session-batches"),
        case(
            Specification,
            BATCH,
            "a batch of commits answers at once, in the order of its entries",
            |at| async move {
                let (a, b) = (closed(&at, "a").await?, closed(&at, "bb").await?);
                let argument =
                    json!({"entries": [commit(&at, &a, 1, "a"), commit(&at, &b, 2, "b")]});
                let result = at
                    .ok("files/upload_session/finish_batch_v2", argument)
                    .await?;
                let sizes = result["entries"]
                    .as_array()
                    .map(|entries| entries.iter().map(|entry| entry["size"].as_u64()).collect());
                equal(sizes, Some(vec![Some(1), Some(2)]))
            },
        )
        .quirk("no-session-batches")
        .quirk("finish-batch-limited"),
        case(
            Specification,
            BATCH,
            "in a batch a session that is not closed fails",
            |at| async move {
                let id = start(&at, "a").await?;
                let argument = json!({"entries": [commit(&at, &id, 1, "a")]});
                let result = at
                    .ok("files/upload_session/finish_batch_v2", argument)
                    .await?;
                equal(
                    outcomes(&result),
                    vec!["lookup_failed/not_closed".to_owned()],
                )
            },
        )
        .quirk("no-session-batches"),
        case(
            Specification,
            BATCH,
            "what fails in a batch does not keep the others from working",
            |at| async move {
                let (a, b) = (closed(&at, "a").await?, closed(&at, "b").await?);
                let argument =
                    json!({"entries": [commit(&at, &a, 7, "a"), commit(&at, &b, 1, "b")]});
                let result = at
                    .ok("files/upload_session/finish_batch_v2", argument)
                    .await?;
                equal(
                    outcomes(&result),
                    vec![
                        "lookup_failed/incorrect_offset".to_owned(),
                        "success".to_owned(),
                    ],
                )
            },
        )
        .quirk("no-session-batches")
        .quirk("finish-batch-limited"),
        case(
            Open,
            BATCH,
            "commits of one batch do not keep each other from working",
            |at| async move {
                let (a, b) = (closed(&at, "a").await?, closed(&at, "b").await?);
                let argument =
                    json!({"entries": [commit(&at, &a, 1, "a"), commit(&at, &b, 1, "b")]});
                let result = at
                    .ok("files/upload_session/finish_batch_v2", argument)
                    .await?;
                equal(
                    outcomes(&result),
                    vec!["success".to_owned(), "success".to_owned()],
                )
            },
        )
        .quirk("no-session-batches")
        .quirk("finish-batch-limited"),
        case(
            Specification,
            "files.stone, finish_batch",
            "the first version of a batch comes to the same",
            |at| async move {
                let a = closed(&at, "a").await?;
                let argument = json!({"entries": [commit(&at, &a, 1, "a")]});
                let result = at
                    .batch(
                        "files/upload_session/finish_batch",
                        "files/upload_session/finish_batch/check",
                        argument,
                    )
                    .await?;
                equal(outcomes(&result), vec!["success".to_owned()])
            },
        )
        .quirk("no-session-batches"),
    ]
}

fn appends() -> Vec<Behaviour> {
    vec![
        case(Specification, APPEND, "pieces for several sessions come in one body", |at| async move {
            let (a, b) = (start(&at, "").await?, start(&at, "").await?);
            let entry = |id: &Value, length: u64| json!({"cursor": {"session_id": id, "offset": 0}, "length": length});
            let argument = json!({"entries": [entry(&a, 2), entry(&b, 3)]});
            let result = at.send_bytes("files/upload_session/append_batch", argument, "aabbb").await?.result()?;
            equal(outcomes(&result), vec!["success".to_owned(), "success".to_owned()])?;
            finish(&at, &b, 3, "", "b").await?.result()?;
            equal(at.contents("b").await?.as_str(), "bbb")
        })
        .quirk("no-append-batch"),
        case(Specification, APPEND, "a piece at another offset fails by itself", |at| async move {
            let (a, b) = (start(&at, "").await?, start(&at, "").await?);
            let entry = |id: &Value, offset: u64| json!({"cursor": {"session_id": id, "offset": offset}, "length": 1});
            let argument = json!({"entries": [entry(&a, 9), entry(&b, 0)]});
            let result = at.send_bytes("files/upload_session/append_batch", argument, "ab").await?.result()?;
            equal(outcomes(&result), vec!["incorrect_offset".to_owned(), "success".to_owned()])
        })
        .quirk("no-append-batch"),
        case(Specification, APPEND, "a body of another length is refused", |at| async move {
            let a = start(&at, "").await?;
            let argument = json!({"entries": [{"cursor": {"session_id": a, "offset": 0}, "length": 5}]});
            let reply = at.send_bytes("files/upload_session/append_batch", argument, "abc").await?;
            equal(reply.refused()?.as_str(), "length_mismatch")
        })
        .quirk("no-append-batch"),
        case(Open, APPEND, "a body of another hash is taken by no session", |at| async move {
            let a = start(&at, "").await?;
            let entries = json!([{"cursor": {"session_id": a, "offset": 0}, "length": 3}]);
            let argument = json!({"entries": entries, "content_hash": "0".repeat(64)});
            let reply = at.send_bytes("files/upload_session/append_batch", argument, "abc").await?;
            equal(reply.refused()?.as_str(), "content_hash_mismatch")?;
            append(&at, &a, 0, "abc", false).await?.result().map(drop)
        })
        .quirk("no-append-batch"),
    ]
}
