//! Which names there may be, and which are the same.

use serde_json::json;

use crate::behaviour::Sure::{Documentation, Observed, Open, Specification};
use crate::behaviour::Wanted::{Gives, Refused};
use crate::behaviour::{Behaviour, case, equal, row};

const HELP: &str = "help page on file names";

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Observed,
            "rclone",
            "a name of 255 characters is taken",
            |at| async move {
                let name = "é".repeat(255);
                at.put(&name, "1").await?;
                equal(at.info(&name).await?["name"].as_str(), Some(name.as_str()))
            },
        ),
        case(
            Observed,
            "rclone",
            "a name of 256 characters is malformed",
            |at| async move {
                let reply = at.put_with(&"x".repeat(256), "1", json!({})).await?;
                equal(reply.refused()?.as_str(), "path/malformed_path")
            },
        )
        .quirk("malformed-paths-as-text"),
        row(
            Observed,
            "rclone",
            "a backslash is malformed",
            &[],
            ("files/upload", r#"{"path": "$/a\\b"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Observed,
            "rclone",
            "a space at the end of a name is malformed",
            &[],
            ("files/upload", r#"{"path": "$/a "}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Observed,
            "rclone",
            "a DEL is malformed",
            &[],
            ("files/create_folder_v2", r#"{"path": "$/a\u007f"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Open,
            "none",
            "a name of one dot is malformed",
            &[],
            ("files/upload", r#"{"path": "$/."}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Open,
            "none",
            "a name of two dots is malformed",
            &[],
            ("files/upload", r#"{"path": "$/../a"}"#),
            Refused("path/malformed_path"),
        )
        .quirk("malformed-paths-as-text"),
        row(
            Documentation,
            HELP,
            "a colon is taken",
            &[],
            ("files/upload", r#"{"path": "$/a:b"}"#),
            Gives("/name", "\"a:b\""),
        ),
        row(
            Documentation,
            HELP,
            "brackets, quotes, bars and stars are taken",
            &[],
            ("files/upload", r#"{"path": "$/<a>\"|?*"}"#),
            Gives("/name", "\"<a>\\\"|?*\""),
        ),
        row(
            Documentation,
            HELP,
            "a dot at the end of a name is taken",
            &[],
            ("files/upload", r#"{"path": "$/a."}"#),
            Gives("/name", "\"a.\""),
        ),
        row(
            Documentation,
            HELP,
            "a space in front of a name is taken",
            &[],
            ("files/upload", r#"{"path": "$/ a"}"#),
            Gives("/name", "\" a\""),
        ),
        row(
            Specification,
            "files.stone, path patterns",
            "a line feed in a name is taken",
            &[],
            ("files/upload", r#"{"path": "$/a\nb"}"#),
            Gives("/name", "\"a\\nb\""),
        ),
        row(
            Documentation,
            HELP,
            "an emoji is a name",
            &[],
            ("files/upload", r#"{"path": "$/😀"}"#),
            Gives("/name", "\"😀\""),
        ),
        row(
            Open,
            "rclone",
            "`desktop.ini` is a disallowed name",
            &[],
            ("files/upload", r#"{"path": "$/desktop.ini"}"#),
            Refused("path/disallowed_name"),
        )
        .quirk("ignored-names-malformed"),
        row(
            Open,
            "rclone",
            "`.DS_Store` is a disallowed name, whatever its case",
            &[],
            ("files/upload", r#"{"path": "$/.ds_STORE"}"#),
            Refused("path/disallowed_name"),
        )
        .quirk("ignored-names-malformed"),
        row(
            Open,
            "rclone",
            "a folder `Thumbs.db` is a disallowed name",
            &[],
            ("files/create_folder_v2", r#"{"path": "$/Thumbs.db"}"#),
            Refused("path/disallowed_name"),
        )
        .quirk("ignored-names-malformed"),
        row(
            Open,
            "none",
            "a composed accent and a combining one are the same name",
            &["\u{e9}"],
            ("files/get_metadata", "{\"path\": \"$/e\u{301}\"}"),
            Gives("/name", "\"\u{e9}\""),
        )
        .quirk("exact-names"),
        row(
            Specification,
            "files.stone, case",
            "a name keeps the accents that it was given",
            &["e\u{301}"],
            ("files/get_metadata", "{\"path\": \"$/e\u{301}\"}"),
            Gives("/name", "\"e\u{301}\""),
        ),
        row(
            Open,
            "none",
            "a space that does not break is a space",
            &["a\u{a0}b"],
            ("files/get_metadata", r#"{"path": "$/a b"}"#),
            Gives("/name", "\"a\u{a0}b\""),
        )
        .quirk("exact-names"),
        row(
            Specification,
            "files.stone, case",
            "letter case beyond ASCII does not tell names apart",
            &["ÄÖ"],
            ("files/get_metadata", r#"{"path": "$/äö"}"#),
            Gives("/name", "\"ÄÖ\""),
        ),
    ]
}
