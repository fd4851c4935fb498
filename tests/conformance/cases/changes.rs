//! Cursors, and what they tell.

use reqwest::Method;
use serde_json::{Value, json};

use crate::behaviour::Sure::{Observed, Open, Specification, Verified};
use crate::behaviour::{Behaviour, case, contains, equal, holds};
use crate::scene::{Scene, shown, sorted, strings};
use crate::service::Host;

const CONTINUE: &str = "files.stone, list_folder/continue";
const LONGPOLL: &str = "files.stone, list_folder/longpoll";

async fn delete(at: &Scene, name: &str) -> Result<Value, String> {
    at.ok("files/delete_v2", json!({"path": at.path(name)}))
        .await
}

/// A cursor at the end of the scene's folder, which is there.
async fn watch(at: &Scene) -> Result<String, String> {
    at.put("kept", "1").await?;
    at.cursor(true).await
}

async fn longpoll(at: &Scene, cursor: &str, timeout: u64) -> Result<Value, String> {
    let request = at
        .service
        .anonymous(Method::POST, Host::Notify, "/2/files/list_folder/longpoll");
    let argument = json!({"cursor": cursor, "timeout": timeout}).to_string();
    at.send(
        request
            .header("content-type", "application/json")
            .body(argument),
    )
    .await?
    .result()
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = told();
    all.extend(cursors());
    all
}

fn told() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            CONTINUE,
            "a new file is told",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                equal(shown(&at.changes(&cursor).await?.0), strings(&["file a"]))
            },
        ),
        case(
            Specification,
            CONTINUE,
            "a new version is told",
            |at| async move {
                let cursor = watch(&at).await?;
                let new = at.put("kept", "2").await?;
                let (entries, _) = at.changes(&cursor).await?;
                equal(
                    entries.first().map(|entry| &entry["rev"]),
                    Some(&new["rev"]),
                )
            },
        ),
        case(
            Specification,
            CONTINUE,
            "a deleted file is told as deleted, whether or not that was asked for",
            |at| async move {
                let cursor = watch(&at).await?;
                delete(&at, "kept").await?;
                equal(
                    shown(&at.changes(&cursor).await?.0),
                    strings(&["deleted kept"]),
                )
            },
        ),
        case(
            Open,
            CONTINUE,
            "a deleted folder is one entry, whatever was in it",
            |at| async move {
                at.put("f/a", "1").await?;
                at.put("f/g/b", "1").await?;
                let cursor = watch(&at).await?;
                delete(&at, "f").await?;
                equal(
                    shown(&at.changes(&cursor).await?.0),
                    strings(&["deleted f"]),
                )
            },
        )
        .quirk("deletions-per-child"),
        case(
            Specification,
            CONTINUE,
            "a move is told as a deletion and a new item",
            |at| async move {
                at.put("a", "1").await?;
                let cursor = watch(&at).await?;
                at.ok(
                    "files/move_v2",
                    json!({"from_path": at.path("a"), "to_path": at.path("b")}),
                )
                .await?;
                equal(
                    sorted(&at.changes(&cursor).await?.0),
                    strings(&["deleted a", "file b"]),
                )
            },
        ),
        case(
            Open,
            CONTINUE,
            "a file that was written twice is told twice",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                at.put("a", "2").await?;
                equal(
                    shown(&at.changes(&cursor).await?.0),
                    strings(&["file a", "file a"]),
                )
            },
        )
        .quirk("changes-merged"),
        case(
            Open,
            CONTINUE,
            "a file that came and went is told as both",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                delete(&at, "a").await?;
                equal(
                    shown(&at.changes(&cursor).await?.0),
                    strings(&["file a", "deleted a"]),
                )
            },
        )
        .quirk("changes-merged"),
        case(
            Specification,
            CONTINUE,
            "what is outside of the folder is not told",
            |at| async move {
                at.make("f").await?;
                let argument = json!({"path": at.path("f"), "recursive": true});
                let latest = at
                    .ok("files/list_folder/get_latest_cursor", argument)
                    .await?;
                at.put("outside", "1").await?;
                let cursor = latest["cursor"].as_str().unwrap_or_default();
                equal(shown(&at.changes(cursor).await?.0), Vec::new())
            },
        ),
        case(
            Specification,
            CONTINUE,
            "without `recursive` only what is in the folder is told",
            |at| async move {
                at.make("f").await?;
                let cursor = at.cursor(false).await?;
                at.put("f/deep", "1").await?;
                at.put("a", "1").await?;
                equal(shown(&at.changes(&cursor).await?.0), strings(&["file a"]))
            },
        ),
        case(
            Observed,
            "Obsidian sync's issues",
            "a move that only changes case is not told",
            |at| async move {
                at.put("name", "1").await?;
                let cursor = watch(&at).await?;
                at.rpc(
                    "files/move_v2",
                    json!({"from_path": at.path("name"), "to_path": at.path("NAME")}),
                )
                .await?;
                equal(shown(&at.changes(&cursor).await?.0), Vec::new())
            },
        ),
    ]
}

fn cursors() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            CONTINUE,
            "without changes a page is empty and the last",
            |at| async move {
                let cursor = watch(&at).await?;
                let page = at
                    .ok("files/list_folder/continue", json!({ "cursor": cursor }))
                    .await?;
                equal(
                    (&page["entries"], &page["has_more"]),
                    (&json!([]), &json!(false)),
                )
            },
        ),
        case(
            Specification,
            CONTINUE,
            "a cursor may be used again",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                let (first, _) = at.changes(&cursor).await?;
                equal(shown(&at.changes(&cursor).await?.0), shown(&first))
            },
        ),
        case(
            Specification,
            CONTINUE,
            "the next cursor does not tell the same again",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                let (_, next) = at.changes(&cursor).await?;
                equal(shown(&at.changes(&next).await?.0), Vec::new())
            },
        ),
        case(
            Specification,
            CONTINUE,
            "a listing that is done goes on with what changes",
            |at| async move {
                at.put("kept", "1").await?;
                let (_, cursor) = at.list(json!({"recursive": true})).await?;
                at.put("a", "1").await?;
                equal(shown(&at.changes(&cursor).await?.0), strings(&["file a"]))
            },
        ),
        case(
            Verified,
            "Java SDK's tests",
            "a cursor that is none is a 400",
            |at| async move {
                let reply = at
                    .rpc("files/list_folder/continue", json!({"cursor": "garbage"}))
                    .await?;
                contains(&reply.bad()?, "cursor")
            },
        )
        .quirk("bad-cursor-resets"),
        case(
            Specification,
            CONTINUE,
            "a cursor that the service gave up is a 409 `reset`",
            |at| async move {
                let cursor = watch(&at).await?;
                at.fault("files/list_folder/continue", json!("reset_cursor"))
                    .await?;
                equal(
                    at.refused("files/list_folder/continue", json!({ "cursor": cursor }))
                        .await?
                        .as_str(),
                    "reset",
                )
            },
        )
        .only_emulated(),
        case(
            Specification,
            LONGPOLL,
            "a longpoll answers at once when there are changes",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                equal(
                    longpoll(&at, &cursor, 30).await?["changes"].as_bool(),
                    Some(true),
                )
            },
        ),
        case(
            Open,
            LONGPOLL,
            "a longpoll asks for no rest",
            |at| async move {
                let cursor = watch(&at).await?;
                at.put("a", "1").await?;
                holds(
                    longpoll(&at, &cursor, 30).await?.get("backoff").is_none(),
                    || "it does".to_owned(),
                )
            },
        )
        .quirk("longpoll-backoff"),
        case(
            Specification,
            LONGPOLL,
            "a longpoll waits for half a minute at least",
            |at| async move {
                let request = at.service.anonymous(
                    Method::POST,
                    Host::Notify,
                    "/2/files/list_folder/longpoll",
                );
                let argument = json!({"cursor": watch(&at).await?, "timeout": 29}).to_string();
                let reply = at
                    .send(
                        request
                            .header("content-type", "application/json")
                            .body(argument),
                    )
                    .await?;
                contains(&reply.bad()?, "timeout")
            },
        ),
        case(
            Specification,
            LONGPOLL,
            "a longpoll is told of a change that comes while it waits",
            |at| async move {
                let cursor = watch(&at).await?;
                let (told, put) = tokio::join!(longpoll(&at, &cursor, 30), at.put("a", "1"));
                put?;
                equal(told?["changes"].as_bool(), Some(true))
            },
        ),
    ]
}
