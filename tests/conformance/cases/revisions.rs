//! Versions of files, and bringing them back.

use serde_json::{Value, json};

use crate::behaviour::Sure::Specification;
use crate::behaviour::Wanted::{Bad, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::Scene;

const LIST: &str = "files.stone, list_revisions";
const RESTORE: &str = "files.stone, RestoreError";

async fn revisions(at: &Scene, mut argument: Value) -> Result<Value, String> {
    argument["path"] = at.path("a").into();
    at.ok("files/list_revisions", argument).await
}

fn revs(listed: &Value) -> Vec<Value> {
    let entries = listed["entries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries.iter().map(|entry| entry["rev"].clone()).collect()
}

async fn versions(at: &Scene) -> Result<Vec<Value>, String> {
    let mut revs = Vec::new();
    for contents in ["1", "2", "3"] {
        revs.push(at.put("a", contents).await?["rev"].clone());
    }
    Ok(revs)
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            LIST,
            "versions are listed, the newest first",
            |at| async move {
                let mut wanted = versions(&at).await?;
                wanted.reverse();
                equal(revs(&revisions(&at, json!({})).await?), wanted)
            },
        ),
        case(
            Specification,
            LIST,
            "a limit cuts the older versions off, and says so",
            |at| async move {
                let all = versions(&at).await?;
                let listed = revisions(&at, json!({"limit": 1})).await?;
                equal(
                    (revs(&listed), &listed["has_more"]),
                    (vec![all[2].clone()], &json!(true)),
                )
            },
        ),
        case(
            Specification,
            LIST,
            "versions before a given one are listed",
            |at| async move {
                let all = versions(&at).await?;
                let listed = revisions(&at, json!({"before_rev": all[1]})).await?;
                equal(revs(&listed), vec![all[0].clone()])
            },
        ),
        case(
            Specification,
            LIST,
            "a deleted file has versions, and is told as deleted",
            |at| async move {
                versions(&at).await?;
                at.ok("files/delete_v2", json!({"path": at.path("a")}))
                    .await?;
                let listed = revisions(&at, json!({})).await?;
                holds(
                    listed["is_deleted"] == true && listed["server_deleted"].is_string(),
                    || listed.to_string(),
                )?;
                equal(revs(&listed).len(), 3)
            },
        ),
        case(
            Specification,
            LIST,
            "versions by id follow a file through a move",
            |at| async move {
                at.put("b", "0").await?;
                at.ok(
                    "files/move_v2",
                    json!({"from_path": at.path("b"), "to_path": at.path("a")}),
                )
                .await?;
                at.put("a", "1").await?;
                holds(
                    revs(&revisions(&at, json!({"mode": "id"})).await?).len() >= 2,
                    || "they do not".to_owned(),
                )
            },
        ),
        row(
            Specification,
            LIST,
            "a folder has no versions",
            &["a/"],
            ("files/list_revisions", r#"{"path": "$/a"}"#),
            Refused("path/not_file"),
        ),
        row(
            Specification,
            LIST,
            "what never was has no versions",
            &[],
            ("files/list_revisions", r#"{"path": "$/a"}"#),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            LIST,
            "a hundred versions are listed at most",
            &["a"],
            ("files/list_revisions", r#"{"path": "$/a", "limit": 101}"#),
            Bad("limit"),
        ),
        case(
            Specification,
            RESTORE,
            "an older version is brought back as a new one",
            |at| async move {
                let all = versions(&at).await?;
                let restored = at
                    .ok(
                        "files/restore",
                        json!({"path": at.path("a"), "rev": all[0]}),
                    )
                    .await?;
                holds(!all.contains(&restored["rev"]), || restored.to_string())?;
                equal(at.contents("a").await?.as_str(), "1")
            },
        ),
        case(
            Specification,
            RESTORE,
            "a deleted file is brought back",
            |at| async move {
                let all = versions(&at).await?;
                at.ok("files/delete_v2", json!({"path": at.path("a")}))
                    .await?;
                at.ok(
                    "files/restore",
                    json!({"path": at.path("a"), "rev": all[2]}),
                )
                .await?;
                equal(at.contents("a").await?.as_str(), "3")
            },
        ),
        row(
            Specification,
            RESTORE,
            "what never was is not brought back",
            &[],
            ("files/restore", r#"{"path": "$/a", "rev": "0123456789"}"#),
            Refused("path_lookup/not_found"),
        ),
        row(
            Specification,
            RESTORE,
            "a version that the file never had is not brought back",
            &["a"],
            ("files/restore", r#"{"path": "$/a", "rev": "0123456789"}"#),
            Refused("invalid_revision"),
        ),
    ]
}
