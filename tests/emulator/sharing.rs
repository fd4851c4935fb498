//! Links, and what else hangs on files: tags, locks, references.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

const CREATE: &str = "sharing/create_shared_link_with_settings";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.emulator.put("main", "/F/a.txt", "hello");
    lab
}

#[tokio::test]
async fn a_link_is_made_once_and_leads_to_its_file() {
    let lab = lab();
    let link = lab.ok(CREATE, json!({"path": "/f/a.txt"})).await;
    assert_eq!(
        (link[".tag"].as_str(), link["size"].as_u64()),
        (Some("file"), Some(5))
    );
    assert_eq!(link["link_permissions"]["can_revoke"], true);
    let again = lab.rpc(CREATE, json!({"path": "/f/a.txt"})).await;
    assert_eq!(again.refused(), "shared_link_already_exists/metadata/file");
    assert_eq!(
        again.json()["error"]["shared_link_already_exists"]["metadata"]["url"],
        link["url"]
    );

    let folder = lab.ok(CREATE, json!({"path": "/f"})).await;
    let listed = |arg: Value| {
        let lab = &lab;
        async move {
            lab.ok("sharing/list_shared_links", arg).await["links"]
                .as_array()
                .expect("links")
                .len()
        }
    };
    assert_eq!(listed(json!({})).await, 2);
    assert_eq!(
        listed(json!({"path": "/f/a.txt"})).await,
        2,
        "that of the folder covers it"
    );
    assert_eq!(
        listed(json!({"path": "/f/a.txt", "direct_only": true})).await,
        1
    );

    let arg = json!({"url": folder["url"], "path": "/A.txt"}).to_string();
    let file = lab
        .request(Method::POST, "/2/sharing/get_shared_link_file")
        .basic_auth("emulator-app", Some("emulator-secret"));
    assert_eq!(
        Reply::of(file.header("dropbox-api-arg", arg))
            .await
            .expect("an answer")
            .text(),
        "hello"
    );

    lab.ok("sharing/revoke_shared_link", json!({"url": link["url"]}))
        .await;
    let gone = lab
        .rpc(
            "sharing/get_shared_link_metadata",
            json!({"url": link["url"]}),
        )
        .await;
    assert_eq!(gone.refused(), "shared_link_not_found");
}

#[tokio::test]
async fn links_have_passwords_and_expire() {
    let lab = lab();
    let settings = |settings: Value| json!({"path": "/f/a.txt", "settings": settings});
    let past = settings(json!({"expires": "2001-01-01T00:00:00Z"}));
    assert_eq!(
        lab.rpc(CREATE, past).await.refused(),
        "settings_error/invalid_settings"
    );
    let team = settings(json!({"audience": "team"}));
    assert_eq!(
        lab.rpc(CREATE, team).await.refused(),
        "settings_error/not_authorized"
    );
    let link = lab
        .ok(
            CREATE,
            settings(json!({"require_password": true, "link_password": "x"})),
        )
        .await;
    assert_eq!(
        link["link_permissions"]["resolved_visibility"][".tag"],
        "password"
    );
    let look = |password: &str| {
        let arg = json!({"url": link["url"], "link_password": password});
        async { lab.rpc("sharing/get_shared_link_metadata", arg).await }
    };
    assert_eq!(look("y").await.refused(), "shared_link_access_denied");
    assert_eq!(look("x").await.status, 200);
    let expires = json!({"url": link["url"], "settings": {"expires": "2090-01-01T00:00:00Z"}});
    assert_eq!(
        lab.ok("sharing/modify_shared_link_settings", expires).await["expires"],
        "2090-01-01T00:00:00Z"
    );
    lab.emulator.advance(Duration::from_secs(70 * 366 * 86_400));
    assert_eq!(look("x").await.refused(), "shared_link_not_found");
}

#[tokio::test]
async fn temporary_links_need_no_token_and_end() {
    let lab = lab();
    let link = lab
        .ok("files/get_temporary_link", json!({"path": "/f/a.txt"}))
        .await["link"]
        .clone();
    let path = link
        .as_str()
        .expect("a link")
        .trim_start_matches(lab.emulator.url())
        .to_owned();
    let get = || Reply::of(lab.request(Method::GET, &path).header("range", "bytes=1-2"));
    assert_eq!(get().await.expect("an answer").text(), "el");
    lab.emulator.advance(Duration::from_secs(14_401));
    assert_eq!(get().await.expect("an answer").status, 410);
    assert_eq!(
        lab.rpc("files/get_temporary_link", json!({"path": "/f"}))
            .await
            .refused(),
        "path/not_file"
    );

    let up = lab
        .ok(
            "files/get_temporary_upload_link",
            json!({"commit_info": {"path": "/up"}}),
        )
        .await["link"]
        .clone();
    let path = up
        .as_str()
        .expect("a link")
        .trim_start_matches(lab.emulator.url())
        .to_owned();
    let post = || {
        Reply::of(
            lab.request(Method::POST, &path)
                .header("content-type", "application/octet-stream")
                .body("hello world"),
        )
    };
    let hash = "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423";
    assert_eq!(
        post().await.expect("an answer").ok(),
        json!({"content-hash": hash})
    );
    assert!(
        post().await.expect("an answer").status >= 400,
        "it takes one file"
    );
    assert_eq!(
        lab.emulator.contents("main", "/up").as_deref(),
        Some(&b"hello world"[..])
    );
}

#[tokio::test]
async fn items_are_tagged_and_locked() {
    let lab = lab();
    let tag = |text: &str| json!({"path": "/f/a.txt", "tag_text": text});
    lab.ok("files/tags/add", tag("Red")).await;
    let tags = lab
        .ok("files/tags/get", json!({"paths": ["/f/a.txt"]}))
        .await;
    assert_eq!(
        tags["paths_to_tags"][0]["tags"],
        json!([{".tag": "user_generated_tag", "tag_text": "red"}])
    );
    lab.ok("files/tags/remove", tag("red")).await;
    assert_eq!(
        lab.rpc("files/tags/remove", tag("red")).await.refused(),
        "tag_not_present"
    );
    assert!(
        lab.rpc("files/tags/add", tag("two words"))
            .await
            .bad()
            .contains("tag_text")
    );

    let entries = json!({"entries": [{"path": "/f/a.txt"}, {"path": "/f"}]});
    let locked = lab.ok("files/lock_file_batch", entries.clone()).await;
    assert_eq!(
        locked["entries"][0]["lock"]["content"][".tag"],
        "single_user"
    );
    assert_eq!(
        locked["entries"][1]["failure"]["path_lookup"][".tag"],
        "not_file"
    );
    let unlocked = lab.ok("files/unlock_file_batch", entries).await;
    assert_eq!(
        unlocked["entries"][0]["lock"]["content"][".tag"],
        "unlocked"
    );
}

#[tokio::test]
async fn files_come_from_other_accounts_and_other_places() {
    let lab = lab();
    let reference = lab
        .ok("files/copy_reference/get", json!({"path": "/f"}))
        .await;
    let token = lab.emulator.access_token("other");
    let arg = json!({"copy_reference": reference["copy_reference"], "path": "/copy"}).to_string();
    let save = lab
        .request(Method::POST, "/2/files/copy_reference/save")
        .bearer_auth(token)
        .header("content-type", "application/json");
    Reply::of(save.body(arg)).await.expect("an answer").ok();
    assert_eq!(lab.emulator.paths("other"), ["/copy", "/copy/a.txt"]);

    let link = lab
        .ok("files/get_temporary_link", json!({"path": "/f/a.txt"}))
        .await["link"]
        .clone();
    let job = lab
        .ok("files/save_url", json!({"path": "/saved", "url": link}))
        .await;
    let mut status = json!({".tag": "in_progress"});
    while status[".tag"] == "in_progress" {
        status = lab
            .ok(
                "files/save_url/check_job_status",
                json!({"async_job_id": job["async_job_id"]}),
            )
            .await;
    }
    assert_eq!(
        (status[".tag"].as_str(), status["name"].as_str()),
        (Some("complete"), Some("saved"))
    );
    let wrong = json!({"path": "/saved", "url": "gopher:x"});
    assert_eq!(
        lab.rpc("files/save_url", wrong).await.refused(),
        "invalid_url"
    );
    assert_eq!(
        lab.rpc("users/get_account", json!({"account_id": "x".repeat(40)}))
            .await
            .refused(),
        "no_account"
    );
}
