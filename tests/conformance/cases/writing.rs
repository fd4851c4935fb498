//! Uploads in one call: write modes, other names, conflicts; folders.

use serde_json::json;

use crate::behaviour::Sure::{Open, Specification, Verified};
use crate::behaviour::Wanted::{Bad, Gives, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::text;

const MODE: &str = "files.stone, WriteMode";
const COMMIT: &str = "files.stone, CommitInfo";
const FOLDERS: &str = "files.stone, create_folder_v2";

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = modes();
    all.extend(same_bytes());
    all.extend(folders());
    all
}

fn modes() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            MODE,
            "`add` is the default, and replaces nothing",
            &["a"],
            (
                "files/upload",
                r#"{"path": "$/a", "content_hash": null, "mode": "add", "client_modified": "2001-01-01T00:00:00Z", "strict_conflict": true}"#,
            ),
            Refused("path/conflict/file"),
        ),
        case(
            Specification,
            MODE,
            "`add` of other bytes is a conflict",
            |at| async move {
                at.put("a", "1").await?;
                equal(
                    at.put_with("a", "2", json!({})).await?.refused()?.as_str(),
                    "path/conflict/file",
                )
            },
        ),
        case(
            Specification,
            MODE,
            "`overwrite` replaces a file, with a new rev and the same id",
            |at| async move {
                let (old, new) = (at.put("a", "1").await?, at.put("a", "2").await?);
                holds(old["id"] == new["id"] && old["rev"] != new["rev"], || {
                    format!("{old} {new}")
                })
            },
        ),
        case(
            Specification,
            MODE,
            "`update` replaces the rev that it names",
            |at| async move {
                let old = at.put("a", "1").await?;
                let mode = json!({".tag": "update", "update": old["rev"]});
                at.put_with("a", "2", json!({ "mode": mode }))
                    .await?
                    .result()?;
                equal(at.contents("a").await?.as_str(), "2")
            },
        ),
        case(
            Specification,
            MODE,
            "`update` of an older rev is a conflict",
            |at| async move {
                let old = at.put("a", "1").await?;
                at.put("a", "2").await?;
                let mode = json!({".tag": "update", "update": old["rev"]});
                equal(
                    at.put_with("a", "3", json!({ "mode": mode }))
                        .await?
                        .refused()?
                        .as_str(),
                    "path/conflict/file",
                )
            },
        ),
        case(
            Specification,
            MODE,
            "`update` of an older rev takes another name where that is asked for",
            |at| async move {
                let old = at.put("a.txt", "1").await?;
                at.put("a.txt", "2").await?;
                let mode = json!({".tag": "update", "update": old["rev"]});
                let new = at
                    .put_with("a.txt", "3", json!({"mode": mode, "autorename": true}))
                    .await?
                    .result()?;
                equal(text(&new["name"]).as_str(), "a (conflicted copy).txt")
            },
        ),
        row(
            Specification,
            MODE,
            "`update` where nothing is writes",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "mode": {".tag": "update", "update": "0123456789"}}"#,
            ),
            Gives("/name", "\"a\""),
        ),
        row(
            Specification,
            COMMIT,
            "a strict `update` where nothing is is a conflict",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "mode": {".tag": "update", "update": "0123456789"}, "strict_conflict": true}"#,
            ),
            Refused("path/conflict/file"),
        ),
        row(
            Specification,
            MODE,
            "a rev in `update` has nine digits at least",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "mode": {".tag": "update", "update": "12345678"}}"#,
            ),
            Bad("update"),
        ),
        row(
            Specification,
            MODE,
            "a folder is not overwritten",
            &["a/"],
            ("files/upload", r#"{"path": "$/a", "mode": "overwrite"}"#),
            Refused("path/conflict/folder"),
        ),
        row(
            Specification,
            MODE,
            "a file beside a folder of its name takes another",
            &["a/"],
            ("files/upload", r#"{"path": "$/a", "autorename": true}"#),
            Gives("/name", "\"a (2)\""),
        ),
        row(
            Specification,
            MODE,
            "a file is no folder to write into",
            &["a"],
            ("files/upload", r#"{"path": "$/a/b/c"}"#),
            Refused("path/conflict/file_ancestor"),
        ),
        row(
            Specification,
            MODE,
            "another name has a number before the extension",
            &["a.tar.gz"],
            (
                "files/upload",
                r#"{"path": "$/a.tar.gz", "autorename": true, "strict_conflict": true}"#,
            ),
            Gives("/name", "\"a.tar (2).gz\""),
        ),
        case(
            Specification,
            COMMIT,
            "the folders above a file are made",
            |at| async move {
                at.put("x/y/z", "1").await?;
                equal(text(&at.info("x/y").await?[".tag"]).as_str(), "folder")
            },
        ),
        case(
            Specification,
            COMMIT,
            "a file keeps the case of its name when it is overwritten",
            |at| async move {
                at.put("Name", "1").await?;
                equal(text(&at.put("nAME", "2").await?["name"]).as_str(), "Name")
            },
        ),
        row(
            Specification,
            COMMIT,
            "a time with a fraction is a 400",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "client_modified": "2001-01-01T00:00:00.5Z"}"#,
            ),
            Bad("client_modified"),
        ),
        row(
            Specification,
            COMMIT,
            "a time in another zone is a 400",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "client_modified": "2001-01-01T00:00:00+01:00"}"#,
            ),
            Bad("client_modified"),
        ),
        row(
            Verified,
            "Python SDK's tests",
            "bytes of another hash are refused",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "content_hash": "0000000000000000000000000000000000000000000000000000000000000000"}"#,
            ),
            Refused("content_hash_mismatch"),
        ),
        row(
            Verified,
            "Python SDK",
            "bytes of the given hash are taken",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "content_hash": "3deaff873b998d48d3bb5a61da173b6b71f142946ff161d12daa5ca3ba27d86c"}"#,
            ),
            Gives("/size", "8"),
        ),
        row(
            Specification,
            "files.stone, UploadArg",
            "a hash has 64 characters",
            &[],
            ("files/upload", r#"{"path": "$/a", "content_hash": "abc"}"#),
            Bad("content_hash"),
        ),
        row(
            Specification,
            MODE,
            "a file is not written to the root's own path",
            &[],
            ("files/upload", r#"{"path": ""}"#),
            Bad("did not match pattern"),
        ),
    ]
}

fn same_bytes() -> Vec<Behaviour> {
    vec![
        case(
            Open,
            MODE,
            "`add` of the bytes that are there works, and writes nothing",
            |at| async move {
                let old = at.put("a", "1").await?;
                let again = at.put_with("a", "1", json!({})).await?.result()?;
                equal(&again["rev"], &old["rev"])
            },
        )
        .quirk("same-bytes-conflict"),
        case(
            Open,
            MODE,
            "`overwrite` with the bytes that are there makes no new rev",
            |at| async move {
                let (old, new) = (at.put("a", "1").await?, at.put("a", "1").await?);
                equal(&new["rev"], &old["rev"])
            },
        )
        .quirk("same-bytes-new-rev"),
        case(
            Open,
            MODE,
            "`update` with the bytes that are there makes no new rev",
            |at| async move {
                let old = at.put("a", "1").await?;
                let mode = json!({".tag": "update", "update": old["rev"]});
                let new = at
                    .put_with("a", "1", json!({ "mode": mode }))
                    .await?
                    .result()?;
                equal(&new["rev"], &old["rev"])
            },
        )
        .quirk("same-bytes-new-rev"),
        case(
            Specification,
            COMMIT,
            "a strict `add` of the bytes that are there is a conflict",
            |at| async move {
                at.put("a", "1").await?;
                let reply = at
                    .put_with("a", "1", json!({"strict_conflict": true}))
                    .await?;
                equal(reply.refused()?.as_str(), "path/conflict/file")
            },
        ),
        case(
            Specification,
            "files.stone, UploadWriteFailed",
            "what could not be committed can be finished as a session",
            |at| async move {
                at.put("a", "1").await?;
                let body = at.put_with("a", "other", json!({})).await?.json()?;
                let cursor = json!({"session_id": body["error"]["upload_session_id"], "offset": 5});
                let argument = json!({"cursor": cursor, "commit": {"path": at.path("b")}});
                at.send_bytes("files/upload_session/finish", argument, "")
                    .await?
                    .result()?;
                equal(at.contents("b").await?.as_str(), "other")
            },
        ),
    ]
}

fn folders() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            FOLDERS,
            "a folder is made with those above it",
            &[],
            ("files/create_folder_v2", r#"{"path": "$/x/y/z"}"#),
            Gives("/metadata/name", "\"z\""),
        ),
        row(
            Specification,
            FOLDERS,
            "a folder that is there is a conflict",
            &["a/"],
            ("files/create_folder_v2", r#"{"path": "$/a"}"#),
            Refused("path/conflict/folder"),
        ),
        row(
            Specification,
            FOLDERS,
            "a file of the name is a conflict",
            &["a"],
            ("files/create_folder_v2", r#"{"path": "$/A"}"#),
            Refused("path/conflict/file"),
        ),
        row(
            Specification,
            FOLDERS,
            "a folder takes another name where that is asked for",
            &["a.b/"],
            (
                "files/create_folder_v2",
                r#"{"path": "$/a.b", "autorename": true}"#,
            ),
            Gives("/metadata/name", "\"a.b (2)\""),
        ),
        row(
            Specification,
            FOLDERS,
            "a folder is not made in a file",
            &["a"],
            ("files/create_folder_v2", r#"{"path": "$/a/b"}"#),
            Refused("path/conflict/file_ancestor"),
        ),
        row(
            Specification,
            "files.stone, create_folder",
            "the first version gives the bare metadata",
            &[],
            ("files/create_folder", r#"{"path": "$/a"}"#),
            Gives("/name", "\"a\""),
        ),
    ]
}
