//! Moves and copies.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Observed, Open, Specification};
use crate::behaviour::Wanted::{Gives, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::{Scene, text};

const RELOCATION: &str = "files.stone, RelocationError";
const MOVE: &str = "files.stone, move_v2";
const COPY: &str = "files.stone, copy_v2";

async fn relocate(at: &Scene, route: &str, from: &str, to: &str) -> Result<Value, String> {
    let argument = json!({"from_path": at.path(from), "to_path": at.path(to)});
    Ok(at.ok(route, argument).await?["metadata"].take())
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = moves();
    all.extend(refusals());
    all
}

fn moves() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            MOVE,
            "a move takes the file away and keeps its contents",
            |at| async move {
                at.put("a", "1").await?;
                relocate(&at, "files/move_v2", "a", "b").await?;
                equal(
                    (at.is_missing("a").await?, at.contents("b").await?.as_str()),
                    (true, "1"),
                )
            },
        ),
        case(
            Specification,
            MOVE,
            "a move keeps the id",
            |at| async move {
                let file = at.put("a", "1").await?;
                equal(
                    &relocate(&at, "files/move_v2", "a", "b").await?["id"],
                    &file["id"],
                )
            },
        ),
        case(Open, MOVE, "what is moved has a new rev", |at| async move {
            let file = at.put("a", "1").await?;
            let moved = relocate(&at, "files/move_v2", "a", "b").await?;
            holds(moved["rev"] != file["rev"], || moved.to_string())
        })
        .quirk("moves-keep-revs"),
        case(
            Specification,
            MOVE,
            "a folder is moved with all that is in it",
            |at| async move {
                at.put("f/g/a", "1").await?;
                relocate(&at, "files/move_v2", "f", "h").await?;
                equal(at.contents("h/g/a").await?.as_str(), "1")
            },
        ),
        case(
            Specification,
            MOVE,
            "the folders above the target are made",
            |at| async move {
                at.put("a", "1").await?;
                relocate(&at, "files/move_v2", "a", "x/y/b").await?;
                equal(at.contents("x/y/b").await?.as_str(), "1")
            },
        ),
        case(
            Observed,
            "Obsidian sync's issues",
            "a move that only changes case works, and changes nothing",
            |at| async move {
                at.put("name", "1").await?;
                equal(
                    text(&relocate(&at, "files/move_v2", "name", "NAME").await?["name"]).as_str(),
                    "name",
                )
            },
        )
        .quirk("same-path-conflict"),
        case(
            Open,
            MOVE,
            "a move to the same path works, and changes nothing",
            |at| async move {
                let file = at.put("a", "1").await?;
                equal(
                    &relocate(&at, "files/move_v2", "a", "a").await?["rev"],
                    &file["rev"],
                )
            },
        )
        .quirk("same-path-conflict"),
        case(
            Specification,
            COPY,
            "a copy leaves the file, and has an id of its own",
            |at| async move {
                let file = at.put("a", "1").await?;
                let copy = relocate(&at, "files/copy_v2", "a", "b").await?;
                holds(
                    copy["id"] != file["id"] && copy["rev"] != file["rev"],
                    || copy.to_string(),
                )?;
                equal(
                    (
                        at.contents("a").await?.as_str(),
                        at.contents("b").await?.as_str(),
                    ),
                    ("1", "1"),
                )
            },
        ),
        case(
            Specification,
            COPY,
            "a folder is copied with all that is in it",
            |at| async move {
                at.put("f/g/a", "1").await?;
                relocate(&at, "files/copy_v2", "f", "h").await?;
                equal(
                    (
                        at.contents("f/g/a").await?.as_str(),
                        at.contents("h/g/a").await?.as_str(),
                    ),
                    ("1", "1"),
                )
            },
        ),
        case(
            Specification,
            COPY,
            "a copy keeps `client_modified`",
            |at| async move {
                at.put_with("a", "1", json!({"client_modified": "2001-02-03T04:05:06Z"}))
                    .await?
                    .result()?;
                equal(
                    text(&relocate(&at, "files/copy_v2", "a", "b").await?["client_modified"])
                        .as_str(),
                    "2001-02-03T04:05:06Z",
                )
            },
        ),
        row(
            Specification,
            MOVE,
            "a move takes another name where that is asked for",
            &["a.txt", "b.txt"],
            (
                "files/move_v2",
                r#"{"from_path": "$/a.txt", "to_path": "$/b.txt", "autorename": true}"#,
            ),
            Gives("/metadata/name", "\"b (2).txt\""),
        ),
        row(
            Specification,
            "files.stone, move",
            "the first version of a move gives the bare metadata",
            &["a"],
            ("files/move", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Gives("/name", "\"b\""),
        ),
    ]
}

fn refusals() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            RELOCATION,
            "what is not there is not moved",
            &[],
            ("files/move_v2", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Refused("from_lookup/not_found"),
        ),
        row(
            Specification,
            RELOCATION,
            "what is not there is not copied",
            &[],
            ("files/copy_v2", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Refused("from_lookup/not_found"),
        ),
        row(
            Specification,
            RELOCATION,
            "a file is not moved over another",
            &["a", "b"],
            ("files/move_v2", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Refused("to/conflict/file"),
        ),
        row(
            Specification,
            RELOCATION,
            "a file is not copied over another",
            &["a", "b"],
            ("files/copy_v2", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Refused("to/conflict/file"),
        ),
        row(
            Specification,
            RELOCATION,
            "a file is not moved over a folder",
            &["a", "b/"],
            ("files/move_v2", r#"{"from_path": "$/a", "to_path": "$/b"}"#),
            Refused("to/conflict/folder"),
        ),
        row(
            Specification,
            RELOCATION,
            "nothing is moved below a file",
            &["a", "b"],
            (
                "files/move_v2",
                r#"{"from_path": "$/a", "to_path": "$/b/c"}"#,
            ),
            Refused("to/conflict/file_ancestor"),
        ),
        row(
            Specification,
            RELOCATION,
            "a folder is not moved into itself",
            &["a/"],
            (
                "files/move_v2",
                r#"{"from_path": "$/a", "to_path": "$/a/b"}"#,
            ),
            Refused("cant_move_folder_into_itself"),
        ),
        row(
            Specification,
            RELOCATION,
            "a folder is not copied into itself",
            &["a/"],
            (
                "files/copy_v2",
                r#"{"from_path": "$/a", "to_path": "$/a/b"}"#,
            ),
            Refused("duplicated_or_nested_paths"),
        ),
        row(
            Open,
            RELOCATION,
            "nothing is moved to a malformed path",
            &["a"],
            (
                "files/move_v2",
                r#"{"from_path": "$/a", "to_path": "$/b/"}"#,
            ),
            Refused("to/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
    ]
}
