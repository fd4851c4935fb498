//! Upload sessions whose bytes come in order.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Open, Specification, Verified};
use crate::behaviour::{Behaviour, case, equal, holds};
use crate::scene::{Scene, text};
use crate::service::Reply;

const SESSION: &str = "files.stone, upload_session";
const LOOKUP: &str = "files.stone, UploadSessionLookupError";

/// Starts a session with these bytes.
pub(super) async fn start(at: &Scene, bytes: &str) -> Result<Value, String> {
    let started = at
        .send_bytes("files/upload_session/start", json!({}), bytes)
        .await?
        .result()?;
    Ok(started["session_id"].clone())
}

/// Appends at an offset.
pub(super) async fn append(
    at: &Scene,
    id: &Value,
    offset: u64,
    bytes: &str,
    close: bool,
) -> Result<Reply, String> {
    let argument = json!({"cursor": {"session_id": id, "offset": offset}, "close": close});
    at.send_bytes("files/upload_session/append_v2", argument, bytes)
        .await
}

/// Commits at an offset, with bytes to the end.
pub(super) async fn finish(
    at: &Scene,
    id: &Value,
    offset: u64,
    bytes: &str,
    name: &str,
) -> Result<Reply, String> {
    let argument =
        json!({"cursor": {"session_id": id, "offset": offset}, "commit": {"path": at.path(name)}});
    at.send_bytes("files/upload_session/finish", argument, bytes)
        .await
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = flow();
    all.extend(refusals());
    all
}

fn flow() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            SESSION,
            "a session makes a file of what came",
            |at| async move {
                let id = start(&at, "ab").await?;
                append(&at, &id, 2, "cd", false).await?.result()?;
                finish(&at, &id, 4, "ef", "a").await?.result()?;
                equal(at.contents("a").await?.as_str(), "abcdef")
            },
        ),
        case(
            Specification,
            SESSION,
            "a session may be closed with its last bytes",
            |at| async move {
                let id = start(&at, "ab").await?;
                append(&at, &id, 2, "cd", true).await?.result()?;
                finish(&at, &id, 4, "", "a").await?.result()?;
                equal(at.contents("a").await?.as_str(), "abcd")
            },
        ),
        case(
            Verified,
            "rclone",
            "a session may be closed without bytes",
            |at| async move {
                let id = start(&at, "ab").await?;
                append(&at, &id, 2, "", true).await?.result()?;
                finish(&at, &id, 2, "", "a").await?.result().map(drop)
            },
        ),
        case(
            Specification,
            SESSION,
            "a session may be closed when it is started",
            |at| async move {
                let started = at
                    .send_bytes("files/upload_session/start", json!({"close": true}), "ab")
                    .await?
                    .result()?;
                finish(&at, &started["session_id"], 2, "", "a")
                    .await?
                    .result()?;
                equal(at.contents("a").await?.as_str(), "ab")
            },
        ),
        case(
            Specification,
            SESSION,
            "a session of nothing makes an empty file",
            |at| async move {
                let id = start(&at, "").await?;
                equal(
                    finish(&at, &id, 0, "", "a").await?.result()?["size"].as_u64(),
                    Some(0),
                )
            },
        ),
        case(
            Specification,
            "files.stone, append",
            "the first version of append takes the cursor's fields",
            |at| async move {
                let id = start(&at, "ab").await?;
                let argument = json!({"session_id": id, "offset": 2});
                at.send_bytes("files/upload_session/append", argument, "cd")
                    .await?
                    .result()?;
                finish(&at, &id, 4, "", "a").await?.result().map(drop)
            },
        ),
        case(
            Specification,
            SESSION,
            "nothing is there before a session is finished",
            |at| async move {
                start(&at, "ab").await?;
                holds(at.is_missing("a").await?, || "it is".to_owned())
            },
        ),
        case(
            Open,
            SESSION,
            "a session that was finished is not found",
            |at| async move {
                let id = start(&at, "ab").await?;
                finish(&at, &id, 2, "", "a").await?.result()?;
                equal(
                    finish(&at, &id, 2, "", "b").await?.refused()?.as_str(),
                    "lookup_failed/not_found",
                )
            },
        )
        .quirk("finished-session-closed"),
        case(
            Open,
            SESSION,
            "a session that was finished takes no more bytes, as one that is not found",
            |at| async move {
                let id = start(&at, "ab").await?;
                finish(&at, &id, 2, "", "a").await?.result()?;
                equal(
                    append(&at, &id, 2, "x", false).await?.refused()?.as_str(),
                    "not_found",
                )
            },
        )
        .quirk("finished-session-closed"),
        case(
            Open,
            LOOKUP,
            "an append that was taken is `incorrect_offset` when it comes again",
            |at| async move {
                let id = start(&at, "ab").await?;
                append(&at, &id, 2, "cd", false).await?.result()?;
                let error = append(&at, &id, 2, "cd", false).await?;
                equal(error.refused()?.as_str(), "incorrect_offset")?;
                equal(error.json()?["error"]["correct_offset"].as_u64(), Some(4))
            },
        )
        .quirk("repeated-append-taken"),
        case(
            Specification,
            "files.stone, finish",
            "a commit that fails keeps the bytes, and is tried again without",
            |at| async move {
                at.put("a", "1").await?;
                let id = start(&at, "ab").await?;
                equal(
                    finish(&at, &id, 2, "cd", "a").await?.refused()?.as_str(),
                    "path/conflict/file",
                )?;
                finish(&at, &id, 4, "", "b").await?.result()?;
                equal(at.contents("b").await?.as_str(), "abcd")
            },
        ),
        case(
            Verified,
            "Python SDK's tests",
            "an append of another hash is refused, and changes nothing",
            |at| async move {
                let id = start(&at, "ab").await?;
                let argument = json!({"cursor": {"session_id": id, "offset": 2}, "content_hash": "0".repeat(64)});
                let reply = at
                    .send_bytes("files/upload_session/append_v2", argument, "cd")
                    .await?;
                equal(reply.refused()?.as_str(), "content_hash_mismatch")?;
                append(&at, &id, 2, "cd", false).await?.result().map(drop)
            },
        ),
        case(
            Specification,
            SESSION,
            "a start of another hash is refused",
            |at| async move {
                let reply = at
                    .send_bytes(
                        "files/upload_session/start",
                        json!({"content_hash": "0".repeat(64)}),
                        "ab",
                    )
                    .await?;
                equal(reply.refused()?.as_str(), "content_hash_mismatch")
            },
        ),
        case(
            Specification,
            SESSION,
            "the hash in `finish` is that of the last bytes alone",
            |at| async move {
                let id = start(&at, "hello").await?;
                let argument = json!({
                    "cursor": {"session_id": id, "offset": 5},
                    "commit": {"path": at.path("a")},
                    "content_hash": "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423",
                });
                let file = at
                    .send_bytes("files/upload_session/finish", argument, "hello world")
                    .await?
                    .result()?;
                equal(file["size"].as_u64(), Some(16))
            },
        ),
        case(
            Specification,
            SESSION,
            "a result of `finish` is the file, without a tag",
            |at| async move {
                let id = start(&at, "ab").await?;
                let file = finish(&at, &id, 2, "", "a").await?.result()?;
                equal(
                    (text(&file["name"]).as_str(), &file["metadata"]),
                    ("a", &Value::Null),
                )
            },
        ),
    ]
}

fn refusals() -> Vec<Behaviour> {
    let missing = json!("pid_upload_session:none");
    let (missing_too, missing_three) = (missing.clone(), missing.clone());
    vec![
        case(
            Specification,
            LOOKUP,
            "a session that is none takes no bytes",
            move |at| {
                let id = missing.clone();
                async move {
                    equal(
                        append(&at, &id, 0, "x", false).await?.refused()?.as_str(),
                        "not_found",
                    )
                }
            },
        ),
        case(
            Specification,
            LOOKUP,
            "a session that is none is not finished",
            move |at| {
                let id = missing_too.clone();
                async move {
                    equal(
                        finish(&at, &id, 0, "x", "a").await?.refused()?.as_str(),
                        "lookup_failed/not_found",
                    )
                }
            },
        ),
        case(
            Specification,
            LOOKUP,
            "an offset ahead of the bytes is told the right one",
            |at| async move {
                let id = start(&at, "ab").await?;
                let reply = append(&at, &id, 99, "x", false).await?;
                equal(reply.refused()?.as_str(), "incorrect_offset")?;
                equal(
                    &reply.json()?["error"],
                    &json!({".tag": "incorrect_offset", "correct_offset": 2}),
                )
            },
        ),
        case(
            Specification,
            LOOKUP,
            "`finish` at another offset is told the right one",
            |at| async move {
                let id = start(&at, "ab").await?;
                let reply = finish(&at, &id, 1, "x", "a").await?;
                equal(reply.refused()?.as_str(), "lookup_failed/incorrect_offset")?;
                let error = reply.json()?["error"].take();
                equal(error["lookup_failed"]["correct_offset"].as_u64(), Some(2))
            },
        ),
        case(
            Specification,
            LOOKUP,
            "a closed session takes no more bytes",
            |at| async move {
                let id = start(&at, "").await?;
                append(&at, &id, 0, "ab", true).await?.result()?;
                equal(
                    append(&at, &id, 2, "x", false).await?.refused()?.as_str(),
                    "closed",
                )
            },
        ),
        case(
            Specification,
            LOOKUP,
            "a closed session is not finished with more bytes",
            |at| async move {
                let id = start(&at, "").await?;
                append(&at, &id, 0, "ab", true).await?.result()?;
                equal(
                    finish(&at, &id, 2, "x", "a").await?.refused()?.as_str(),
                    "lookup_failed/closed",
                )
            },
        ),
        case(
            Specification,
            SESSION,
            "a session of another kind than the two is a 400",
            |at| async move {
                let reply = at
                    .send_bytes(
                        "files/upload_session/start",
                        json!({"session_type": "random"}),
                        "",
                    )
                    .await?;
                reply.bad().map(drop)
            },
        ),
        case(
            Specification,
            SESSION,
            "an offset below nothing is a 400",
            move |at| {
                let id = missing_three.clone();
                async move {
                    let argument = json!({"cursor": {"session_id": id, "offset": -1}});
                    at.send_bytes("files/upload_session/append_v2", argument, "x")
                        .await?
                        .bad()
                        .map(drop)
                }
            },
        ),
        case(
            Specification,
            SESSION,
            "a session is committed by the rules of an upload",
            |at| async move {
                at.put("a", "1").await?;
                let id = start(&at, "ab").await?;
                equal(
                    finish(&at, &id, 2, "", "a").await?.refused()?.as_str(),
                    "path/conflict/file",
                )
            },
        ),
    ]
}
