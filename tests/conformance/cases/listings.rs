//! Listings.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::Wanted::{Bad, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::{Scene, sorted, strings, text};

const LIST: &str = "files.stone, list_folder";

/// `f` with two files, a folder, and a file in that.
async fn furnish(at: &Scene) -> Result<(), String> {
    for name in ["f/one", "f/two", "f/deep/three"] {
        at.put(name, "1").await?;
    }
    Ok(())
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            LIST,
            "a listing shows what is in a folder, not below",
            |at| async move {
                furnish(&at).await?;
                let (entries, _) = at.list(json!({"path": at.path("f")})).await?;
                equal(
                    sorted(&entries),
                    strings(&["file one", "file two", "folder deep"]),
                )
            },
        ),
        case(
            Specification,
            LIST,
            "a recursive listing shows all that is below",
            |at| async move {
                furnish(&at).await?;
                let (entries, _) = at
                    .list(json!({"path": at.path("f"), "recursive": true}))
                    .await?;
                let names: BTreeSet<_> = sorted(&entries).into_iter().collect();
                let wanted = strings(&["file one", "file three", "file two", "folder deep"]);
                holds(wanted.iter().all(|name| names.contains(name)), || {
                    format!("{names:?}")
                })
            },
        ),
        case(
            Open,
            LIST,
            "a recursive listing begins with the folder itself",
            |at| async move {
                furnish(&at).await?;
                let (entries, _) = at
                    .list(json!({"path": at.path("f"), "recursive": true}))
                    .await?;
                equal(
                    entries.first().map(|entry| text(&entry["name"])),
                    Some("f".to_owned()),
                )
            },
        )
        .quirk("listing-without-itself"),
        case(
            Specification,
            LIST,
            "an empty folder is an empty listing",
            |at| async move {
                at.make("f").await?;
                let (entries, _) = at.list(json!({"path": at.path("f")})).await?;
                equal(entries, Vec::<Value>::new())
            },
        ),
        row(
            Specification,
            "files.stone, LookupError",
            "a folder that is not there is not listed",
            &[],
            ("files/list_folder", r#"{"path": "$/f"}"#),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            LIST,
            "a limit is at least one",
            &[],
            ("files/list_folder", r#"{"path": "", "limit": 0}"#),
            Bad("limit"),
        ),
        case(
            Specification,
            LIST,
            "pages together miss nothing and repeat nothing",
            |at| async move {
                for number in 0..7 {
                    at.put(&format!("f/{number}"), "1").await?;
                }
                let (entries, _) = at.list(json!({"path": at.path("f"), "limit": 2})).await?;
                let names: Vec<_> = (0..7).map(|number| format!("file {number}")).collect();
                equal(sorted(&entries), names)
            },
        ),
        case(
            Open,
            LIST,
            "a page has as many entries as its limit",
            |at| async move {
                for number in 0..5 {
                    at.put(&format!("f/{number}"), "1").await?;
                }
                let page = at
                    .ok(
                        "files/list_folder",
                        json!({"path": at.path("f"), "limit": 4}),
                    )
                    .await?;
                equal(
                    (
                        page["entries"].as_array().map(Vec::len),
                        page["has_more"].as_bool(),
                    ),
                    (Some(4), Some(true)),
                )
            },
        )
        .quirk("pages-approximate"),
        case(
            Open,
            LIST,
            "no page is empty while there is more",
            |at| async move {
                furnish(&at).await?;
                let page = at
                    .ok(
                        "files/list_folder",
                        json!({"path": at.path("f"), "limit": 2}),
                    )
                    .await?;
                holds(
                    page["entries"]
                        .as_array()
                        .is_some_and(|entries| !entries.is_empty()),
                    || page.to_string(),
                )
            },
        )
        .quirk("pages-approximate"),
        case(
            Open,
            LIST,
            "without a limit a page has more than 500 entries",
            |at| async move {
                let paths: Vec<_> = (0..501)
                    .map(|number| at.path(&format!("f/{number}")))
                    .collect();
                at.batch(
                    "files/create_folder_batch",
                    "files/create_folder_batch/check",
                    json!({ "paths": paths }),
                )
                .await?;
                let page = at
                    .ok("files/list_folder", json!({"path": at.path("f")}))
                    .await?;
                equal(
                    (
                        page["entries"].as_array().map(Vec::len),
                        page["has_more"].as_bool(),
                    ),
                    (Some(501), Some(false)),
                )
            },
        )
        .quirk("pages-of-500")
        .quirk("pages-approximate"),
        case(
            Specification,
            LIST,
            "what was deleted is listed when it is asked for",
            |at| async move {
                furnish(&at).await?;
                at.ok("files/delete_v2", json!({"path": at.path("f/one")}))
                    .await?;
                let (entries, _) = at
                    .list(json!({"path": at.path("f"), "include_deleted": true}))
                    .await?;
                equal(
                    sorted(&entries),
                    strings(&["deleted one", "file two", "folder deep"]),
                )
            },
        ),
        case(
            Specification,
            LIST,
            "what was deleted is not listed otherwise",
            |at| async move {
                furnish(&at).await?;
                at.ok("files/delete_v2", json!({"path": at.path("f/one")}))
                    .await?;
                let (entries, _) = at.list(json!({"path": at.path("f")})).await?;
                equal(sorted(&entries), strings(&["file two", "folder deep"]))
            },
        ),
        case(
            Specification,
            LIST,
            "entries of a listing carry their tags",
            |at| async move {
                furnish(&at).await?;
                let (entries, _) = at.list(json!({"path": at.path("f")})).await?;
                holds(
                    entries.iter().all(|entry| entry[".tag"].is_string()),
                    || format!("{entries:?}"),
                )
            },
        ),
        case(
            Specification,
            LIST,
            "a listed file has its rev, size and times",
            |at| async move {
                at.put("f/a", "12").await?;
                let (entries, _) = at.list(json!({"path": at.path("f")})).await?;
                let file = entries.first().ok_or("nothing")?;
                holds(
                    file["rev"].is_string()
                        && file["size"] == 2
                        && file["client_modified"].is_string(),
                    || file.to_string(),
                )
            },
        ),
    ]
}
