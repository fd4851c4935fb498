//! Which paths are taken, and how others are refused.

use serde_json::json;

use crate::behaviour::Sure::{Observed, Open, Specification};
use crate::behaviour::Wanted::{Bad, Gives, Refused, Works};
use crate::behaviour::{Behaviour, case, equal, row};

const PATTERNS: &str = "files.stone, path patterns";
const SEEN: &str = "issue threads";

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            PATTERNS,
            "the root is an empty text",
            &[],
            ("files/list_folder", r#"{"path": ""}"#),
            Works,
        ),
        row(
            Observed,
            SEEN,
            "a slash is no root to list",
            &[],
            ("files/list_folder", r#"{"path": "/"}"#),
            Bad(
                "request body: path: Specify the root folder as an empty string rather than as \"/\".",
            ),
        ),
        row(
            Observed,
            SEEN,
            "the root has no metadata",
            &[],
            ("files/get_metadata", r#"{"path": ""}"#),
            Bad("request body: path: The root folder is unsupported."),
        ),
        row(
            Observed,
            SEEN,
            "a path begins with a slash",
            &[],
            ("files/list_folder", r#"{"path": "x"}"#),
            Bad("request body: path: 'x' did not match pattern"),
        ),
        row(
            Specification,
            PATTERNS,
            "metadata of a path without a slash is a 400",
            &[],
            ("files/get_metadata", r#"{"path": "a"}"#),
            Bad("did not match pattern"),
        ),
        row(
            Specification,
            PATTERNS,
            "a folder is not made by its id",
            &[],
            ("files/create_folder_v2", r#"{"path": "id:abcdef"}"#),
            Bad("did not match pattern"),
        ),
        row(
            Specification,
            PATTERNS,
            "an item is not deleted by its rev",
            &[],
            ("files/delete_v2", r#"{"path": "rev:0123456789"}"#),
            Bad("did not match pattern"),
        ),
        row(
            Specification,
            PATTERNS,
            "a rev has nine digits at least",
            &[],
            ("files/download", r#"{"path": "rev:12345678"}"#),
            Bad("did not match pattern"),
        ),
        row(
            Specification,
            PATTERNS,
            "an id that nothing has is not found",
            &[],
            (
                "files/get_metadata",
                r#"{"path": "id:nothinghasthisid00000"}"#,
            ),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            PATTERNS,
            "a rev that nothing has is not found",
            &[],
            ("files/download", r#"{"path": "rev:0123456789abcdef"}"#),
            Refused("path/not_found"),
        ),
        row(
            Open,
            SEEN,
            "a slash at the end is a malformed path",
            &["a/"],
            ("files/get_metadata", r#"{"path": "$/a/"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Open,
            SEEN,
            "two slashes within a path are malformed",
            &["a/"],
            ("files/get_metadata", r#"{"path": "$//a"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Open,
            SEEN,
            "an upload to a path with a slash at its end is malformed",
            &[],
            ("files/upload", r#"{"path": "$/a/"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Specification,
            "files.stone, case",
            "letter case does not tell paths apart",
            &["Some/", "Some/File.TXT"],
            ("files/get_metadata", r#"{"path": "$/sOME/fILE.txt"}"#),
            Gives("/name", "\"File.TXT\""),
        ),
        row(
            Specification,
            "files.stone, LookupError",
            "what is below a file is not found",
            &["a"],
            ("files/get_metadata", r#"{"path": "$/a/b"}"#),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            "files.stone, LookupError",
            "a file has nothing to list",
            &["a"],
            ("files/list_folder", r#"{"path": "$/a"}"#),
            Refused("path/not_folder"),
        ),
        row(
            Specification,
            "files.stone, LookupError",
            "a folder has nothing to download",
            &["a/"],
            ("files/download", r#"{"path": "$/a"}"#),
            Refused("path/not_file"),
        ),
        case(
            Specification,
            PATTERNS,
            "an item is found by its id",
            |at| async move {
                let file = at.put("a", "1").await?;
                let found = at
                    .ok("files/get_metadata", json!({"path": file["id"]}))
                    .await?;
                equal(found["name"].as_str(), Some("a"))
            },
        ),
        case(
            Specification,
            PATTERNS,
            "what is in a folder is found below the folder's id",
            |at| async move {
                let folder = at.make("f").await?;
                at.put("f/a", "1").await?;
                let path = format!("{}/a", folder["id"].as_str().unwrap_or_default());
                equal(
                    at.ok("files/get_metadata", json!({ "path": path })).await?["name"].take(),
                    json!("a"),
                )
            },
        ),
        case(
            Specification,
            PATTERNS,
            "a version is downloaded by its rev",
            |at| async move {
                let old = at.put("a", "old").await?;
                at.put("a", "new").await?;
                let argument =
                    json!({"path": format!("rev:{}", old["rev"].as_str().unwrap_or_default())});
                let reply = at.call("files/download", &argument.to_string(), "").await?;
                equal((reply.status, reply.text().as_str()), (200, "old"))
            },
        ),
        case(
            Specification,
            PATTERNS,
            "a folder is listed by its id",
            |at| async move {
                let folder = at.make("f").await?;
                at.put("f/a", "1").await?;
                let (entries, _) = at.list(json!({"path": folder["id"]})).await?;
                equal(crate::scene::shown(&entries), vec!["file a".to_owned()])
            },
        ),
        case(
            Specification,
            PATTERNS,
            "an upload may name the file that it replaces by its id",
            |at| async move {
                let file = at.put("a", "1").await?;
                let argument = json!({"path": file["id"], "mode": "overwrite"});
                at.send_bytes("files/upload", argument, "2")
                    .await?
                    .result()?;
                equal(at.contents("a").await?.as_str(), "2")
            },
        ),
    ]
}
