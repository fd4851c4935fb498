//! Shared links.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Open, Specification, Verified};
use crate::behaviour::Wanted::Refused;
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::{Scene, text};

const CREATE: &str = "sharing.stone, create_shared_link";
const CREATE_ROUTE: &str = "sharing/create_shared_link_with_settings";

async fn link(at: &Scene, name: &str) -> Result<Value, String> {
    at.ok(CREATE_ROUTE, json!({"path": at.path(name)})).await
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            CREATE,
            "a link to a file has an address and the tag `file`",
            |at| async move {
                at.put("a", "1").await?;
                let made = link(&at, "a").await?;
                holds(
                    text(&made["url"]).starts_with("https://") && made[".tag"] == "file",
                    || made.to_string(),
                )
            },
        ),
        case(
            Specification,
            CREATE,
            "a folder is shared too",
            |at| async move {
                at.make("f").await?;
                equal(text(&link(&at, "f").await?[".tag"]).as_str(), "folder")
            },
        ),
        case(
            Verified,
            "sharing.stone, LinkPermissions",
            "a link has every permission that strict decoders want",
            |at| async move {
                at.put("a", "1").await?;
                let permissions = link(&at, "a").await?["link_permissions"].take();
                let flags = [
                    "can_revoke",
                    "can_set_expiry",
                    "can_remove_expiry",
                    "allow_download",
                    "can_allow_download",
                    "can_disallow_download",
                    "allow_comments",
                    "team_restricts_comments",
                ];
                holds(
                    flags.iter().all(|flag| permissions[flag].is_boolean()),
                    || permissions.to_string(),
                )
            },
        ),
        case(
            Specification,
            CREATE,
            "a second link to the same file is refused",
            |at| async move {
                at.put("a", "1").await?;
                link(&at, "a").await?;
                let tags = at
                    .refused(CREATE_ROUTE, json!({"path": at.path("a")}))
                    .await?;
                holds(tags.starts_with("shared_link_already_exists"), || {
                    tags.clone()
                })
            },
        ),
        case(
            Open,
            CREATE,
            "that refusal brings the link that there is",
            |at| async move {
                at.put("a", "1").await?;
                let made = link(&at, "a").await?;
                let error = at
                    .rpc(CREATE_ROUTE, json!({"path": at.path("a")}))
                    .await?
                    .json()?["error"]
                    .take();
                equal(
                    &error["shared_link_already_exists"]["metadata"]["url"],
                    &made["url"],
                )
            },
        )
        .quirk("link-exists-bare"),
        case(
            Open,
            CREATE,
            "anybody may give a link an expiry",
            |at| async move {
                at.put("a", "1").await?;
                let settings = json!({"expires": "2099-01-01T00:00:00Z"});
                let made = at
                    .ok(
                        CREATE_ROUTE,
                        json!({"path": at.path("a"), "settings": settings}),
                    )
                    .await?;
                equal(text(&made["expires"]).as_str(), "2099-01-01T00:00:00Z")
            },
        )
        .quirk("link-settings-refused"),
        case(
            Specification,
            "sharing.stone, list_shared_links",
            "the links to a file are listed",
            |at| async move {
                at.put("a", "1").await?;
                let made = link(&at, "a").await?;
                let listed = at
                    .ok(
                        "sharing/list_shared_links",
                        json!({"path": at.path("a"), "direct_only": true}),
                    )
                    .await?;
                equal(&listed["links"][0]["url"], &made["url"])
            },
        ),
        case(
            Specification,
            "sharing.stone, revoke_shared_link",
            "a link that was revoked is not found",
            |at| async move {
                at.put("a", "1").await?;
                let url = link(&at, "a").await?["url"].take();
                at.ok("sharing/revoke_shared_link", json!({ "url": url }))
                    .await?;
                equal(
                    at.refused("sharing/get_shared_link_metadata", json!({ "url": url }))
                        .await?
                        .as_str(),
                    "shared_link_not_found",
                )
            },
        ),
        row(
            Specification,
            CREATE,
            "what is not there is not shared",
            &[],
            (CREATE_ROUTE, r#"{"path": "$/a"}"#),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            CREATE,
            "a link does not expire in the past",
            &["a"],
            (
                CREATE_ROUTE,
                r#"{"path": "$/a", "settings": {"expires": "2001-01-01T00:00:00Z"}}"#,
            ),
            Refused("settings_error/invalid_settings"),
        ),
    ]
}
