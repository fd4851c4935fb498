//! Deletions.

use serde_json::json;

use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::Wanted::{Gives, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};

const DELETE: &str = "files.stone, DeleteError";

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            "files.stone, delete_v2",
            "a deletion tells what was there, not that it is gone",
            &["a"],
            ("files/delete_v2", r#"{"path": "$/a"}"#),
            Gives("/metadata/.tag", "\"file\""),
        ),
        row(
            Specification,
            "files.stone, delete_v2",
            "a folder goes with all that is in it",
            &["f/", "f/a"],
            ("files/delete_v2", r#"{"path": "$/f"}"#),
            Gives("/metadata/.tag", "\"folder\""),
        ),
        row(
            Specification,
            DELETE,
            "what is not there is not deleted",
            &["a"],
            ("files/delete_v2", r#"{"path": "$/b"}"#),
            Refused("path_lookup/not_found"),
        ),
        row(
            Open,
            DELETE,
            "what is in a folder that is not there is not deleted either",
            &[],
            ("files/delete_v2", r#"{"path": "$/f/a"}"#),
            Refused("path_lookup/not_found"),
        )
        .quirk("missing-parent-not-folder"),
        row(
            Specification,
            "files.stone, delete",
            "the first version gives the bare metadata of what went",
            &["a"],
            ("files/delete", r#"{"path": "$/a"}"#),
            Gives("/name", "\"a\""),
        ),
        row(
            Specification,
            DELETE,
            "a folder has no rev to be deleted by",
            &["f/"],
            (
                "files/delete_v2",
                r#"{"path": "$/f", "parent_rev": "0123456789"}"#,
            ),
            Refused("path_write/conflict/folder"),
        ),
        case(
            Specification,
            "files.stone, delete_v2",
            "what was deleted is not found any more",
            |at| async move {
                at.put("a", "1").await?;
                at.ok("files/delete_v2", json!({"path": at.path("A")}))
                    .await?;
                holds(at.is_missing("a").await?, || "it is".to_owned())
            },
        ),
        case(
            Specification,
            DELETE,
            "a file of another rev is not deleted",
            |at| async move {
                let old = at.put("a", "1").await?;
                at.put("a", "2").await?;
                let argument = json!({"path": at.path("a"), "parent_rev": old["rev"]});
                equal(
                    at.refused("files/delete_v2", argument).await?.as_str(),
                    "path_write/conflict/file",
                )
            },
        ),
        case(
            Specification,
            DELETE,
            "a file of the given rev is deleted",
            |at| async move {
                let file = at.put("a", "1").await?;
                at.ok(
                    "files/delete_v2",
                    json!({"path": at.path("a"), "parent_rev": file["rev"]}),
                )
                .await
                .map(drop)
            },
        ),
        case(
            Specification,
            "files.stone, delete_v2",
            "a file is deleted by its id",
            |at| async move {
                let file = at.put("a", "1").await?;
                at.ok("files/delete_v2", json!({"path": file["id"]}))
                    .await?;
                holds(at.is_missing("a").await?, || "it is".to_owned())
            },
        ),
        case(
            Open,
            "none",
            "a file that is made again has another id",
            |at| async move {
                let old = at.put("a", "1").await?;
                at.ok("files/delete_v2", json!({"path": at.path("a")}))
                    .await?;
                holds(at.put("a", "2").await?["id"] != old["id"], || {
                    "it is the same".to_owned()
                })
            },
        )
        .quirk("ids-survive-deletion"),
        case(
            Specification,
            "files.stone, permanently_delete",
            "deleting for good is for teams only, and leaves no version",
            |at| async move {
                at.put("a", "1").await?;
                let path = json!({"path": at.path("a")});
                let reply = at.rpc("files/permanently_delete", path.clone()).await?;
                if matches!(reply.status, 401 | 403) {
                    return holds(!at.is_missing("a").await?, || "it is gone".to_owned());
                }
                let versions = at.rpc("files/list_revisions", path).await?;
                holds(versions.status == 409, || {
                    format!("{}, then {}", reply.text(), versions.text())
                })
            },
        ),
    ]
}
