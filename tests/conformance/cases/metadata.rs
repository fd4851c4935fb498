//! What is told of files and folders.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::behaviour::Sure::{Open, Specification, Verified};
use crate::behaviour::Wanted::{Gives, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::text;

const METADATA: &str = "files.stone, FileMetadata";
const HASH: &str = "content hash guide";

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        row(
            Specification,
            "files.stone, Metadata",
            "metadata of a file has the tag `file`",
            &["a"],
            ("files/get_metadata", r#"{"path": "$/a"}"#),
            Gives("/.tag", "\"file\""),
        ),
        row(
            Specification,
            "files.stone, Metadata",
            "metadata of a folder has the tag `folder`",
            &["a/"],
            ("files/get_metadata", r#"{"path": "$/a"}"#),
            Gives("/.tag", "\"folder\""),
        ),
        row(
            Specification,
            METADATA,
            "size is counted in bytes",
            &["a"],
            ("files/get_metadata", r#"{"path": "$/a"}"#),
            Gives("/size", "8"),
        ),
        row(
            Specification,
            METADATA,
            "a file can be downloaded",
            &["a"],
            ("files/get_metadata", r#"{"path": "$/a"}"#),
            Gives("/is_downloadable", "true"),
        ),
        row(
            Specification,
            "files.stone, get_metadata",
            "what is not there is not found",
            &[],
            ("files/get_metadata", r#"{"path": "$/a"}"#),
            Refused("path/not_found"),
        ),
        case(
            Specification,
            METADATA,
            "a rev is nine or more hexadecimal digits",
            |at| async move {
                let rev = text(&at.put("a", "1").await?["rev"]);
                let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                holds(rev.len() >= 9 && rev.chars().all(digits), || rev.clone())
            },
        ),
        case(
            Specification,
            METADATA,
            "an id begins with `id:`",
            |at| async move {
                let file = at.put("a", "1").await?;
                holds(text(&file["id"]).starts_with("id:"), || file.to_string())
            },
        ),
        case(
            Specification,
            METADATA,
            "a folder has an id and no rev",
            |at| async move {
                let folder = at.make("a").await?;
                holds(
                    text(&folder["id"]).starts_with("id:") && folder["rev"].is_null(),
                    || folder.to_string(),
                )
            },
        ),
        case(
            Open,
            METADATA,
            "metadata has `content_hash`",
            |at| async move {
                holds(at.put("a", "1").await?["content_hash"].is_string(), || {
                    "it has none".to_owned()
                })
            },
        )
        .quirk("content-hash-missing"),
        case(
            Verified,
            HASH,
            "the hash of nothing is that of no blocks",
            |at| async move {
                let file = at.put("a", "").await?;
                equal(
                    text(&file["content_hash"]).as_str(),
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                )
            },
        )
        .quirk("content-hash-missing"),
        case(
            Verified,
            HASH,
            "the hash of `hello world` is as computed elsewhere",
            |at| async move {
                let file = at.put("a", "hello world").await?;
                equal(
                    text(&file["content_hash"]).as_str(),
                    "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423",
                )
            },
        )
        .quirk("content-hash-missing"),
        case(
            Verified,
            HASH,
            "the hash goes by blocks of 4 MiB",
            |at| async move {
                let argument = json!({"path": at.path("a")});
                let file = at
                    .send_bytes("files/upload", argument, vec![b'A'; (4 << 20) + 1])
                    .await?
                    .result()?;
                equal(
                    text(&file["content_hash"]).as_str(),
                    "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92",
                )
            },
        )
        .quirk("content-hash-missing"),
        case(
            Open,
            METADATA,
            "metadata has `path_display`",
            |at| async move {
                let file = at.put("A", "1").await?;
                equal(text(&file["path_display"]), at.path("A"))
            },
        )
        .quirk("path-display-missing")
        .quirk("paths-missing"),
        case(
            Open,
            METADATA,
            "metadata has `path_lower`",
            |at| async move {
                let file = at.put("A", "1").await?;
                equal(text(&file["path_lower"]), at.path("a"))
            },
        )
        .quirk("paths-missing"),
        case(
            Open,
            METADATA,
            "`path_display` has the case that each folder was made with",
            |at| async move {
                at.make("Some").await?;
                let file = at.put("sOME/File", "1").await?;
                equal(text(&file["path_display"]), at.path("Some/File"))
            },
        )
        .quirk("parents-in-lower-case")
        .quirk("path-display-missing")
        .quirk("paths-missing"),
        case(
            Open,
            METADATA,
            "`server_modified` is the time of the commit",
            |at| async move {
                let file = at.put("a", "1").await?;
                let told: Timestamp = text(&file["server_modified"])
                    .parse()
                    .map_err(|error: jiff::Error| error.to_string())?;
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |past| past.as_secs());
                let apart = i64::try_from(now)
                    .unwrap_or(i64::MAX)
                    .abs_diff(told.as_second());
                holds(apart < 900, || format!("{apart} seconds apart"))
            },
        )
        .quirk("server-clock-ahead"),
        case(
            Specification,
            METADATA,
            "`client_modified` is as it was given",
            |at| async move {
                let file = at
                    .put_with("a", "1", json!({"client_modified": "2001-02-03T04:05:06Z"}))
                    .await?
                    .result()?;
                equal(
                    text(&file["client_modified"]).as_str(),
                    "2001-02-03T04:05:06Z",
                )
            },
        ),
        case(
            Open,
            METADATA,
            "metadata has the fields of the specification and no others",
            |at| async move {
                const KNOWN: [&str; 19] = [
                    "name",
                    "path_lower",
                    "path_display",
                    "parent_shared_folder_id",
                    "id",
                    "client_modified",
                    "server_modified",
                    "rev",
                    "size",
                    "media_info",
                    "symlink_info",
                    "sharing_info",
                    "is_downloadable",
                    "export_info",
                    "property_groups",
                    "has_explicit_shared_members",
                    "content_hash",
                    "file_lock_info",
                    "preview_url",
                ];
                let file = at.put("a", "1").await?;
                let Value::Object(fields) = &file else {
                    return Err(file.to_string());
                };
                let unknown: Vec<_> = fields
                    .keys()
                    .filter(|name| !KNOWN.contains(&name.as_str()))
                    .collect();
                equal(unknown, Vec::new())
            },
        )
        .quirk("unknown-fields"),
        case(
            Specification,
            "files.stone, include_deleted",
            "what was deleted is told when it is asked for",
            |at| async move {
                at.put("a", "1").await?;
                at.ok("files/delete_v2", json!({"path": at.path("a")}))
                    .await?;
                let told = at
                    .ok(
                        "files/get_metadata",
                        json!({"path": at.path("a"), "include_deleted": true}),
                    )
                    .await?;
                equal(
                    (text(&told[".tag"]).as_str(), text(&told["name"]).as_str()),
                    ("deleted", "a"),
                )
            },
        ),
    ]
}
