//! Old versions.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn revisions(lab: &Lab, arg: Value) -> Value {
    lab.ok("files/list_revisions", arg).await
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_can_be_restored() {
    let lab = Lab::new();
    for contents in ["one", "two", "three"] {
        lab.emulator.put("main", "/a.txt", contents);
    }
    let all = revisions(&lab, json!({"path": "/A.txt"})).await;
    let sizes: Vec<_> = all["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["size"].clone())
        .collect();
    assert_eq!(
        (sizes, all["is_deleted"].clone()),
        (vec![json!(5), json!(3), json!(3)], json!(false))
    );
    let page = revisions(
        &lab,
        json!({"path": "/a.txt", "limit": 1, "before_rev": all["entries"][0]["rev"]}),
    )
    .await;
    assert_eq!(
        (page["entries"][0]["rev"].clone(), page["has_more"].clone()),
        (all["entries"][1]["rev"].clone(), json!(true))
    );

    let oldest = all["entries"][2]["rev"].clone();
    let restored = lab
        .ok("files/restore", json!({"path": "/a.txt", "rev": oldest}))
        .await;
    assert_ne!(restored["rev"], oldest);
    assert_eq!(
        lab.emulator.contents("main", "/a.txt").as_deref(),
        Some(&b"one"[..])
    );
    let unknown = json!({"path": "/a.txt", "rev": "000000000"});
    assert_eq!(
        lab.rpc("files/restore", unknown).await.refused(),
        "invalid_revision"
    );
    let missing = json!({"path": "/none", "rev": oldest});
    assert_eq!(
        lab.rpc("files/restore", missing).await.refused(),
        "path_lookup/not_found"
    );
}

#[tokio::test]
async fn a_deleted_file_keeps_its_versions() {
    let lab = Lab::new();
    lab.emulator.put("main", "/f/a", "1");
    let file = lab.ok("files/get_metadata", json!({"path": "/f/a"})).await;
    lab.ok("files/delete_v2", json!({"path": "/f"})).await;
    let gone = revisions(&lab, json!({"path": "/f/a"})).await;
    assert_eq!(gone["is_deleted"], true);
    assert!(gone["server_deleted"].is_string());
    let by_id = revisions(&lab, json!({"path": file["id"], "mode": "id"})).await;
    assert_eq!(by_id["entries"][0]["rev"], file["rev"]);
    let restored = lab
        .ok("files/restore", json!({"path": "/f/a", "rev": file["rev"]}))
        .await;
    assert_eq!(restored["id"], file["id"]);
    assert_eq!(
        lab.rpc("files/list_revisions", json!({"path": "/f"}))
            .await
            .refused(),
        "path/not_file"
    );
    assert_eq!(
        lab.rpc("files/list_revisions", json!({"path": "/x"}))
            .await
            .refused(),
        "path/not_found"
    );
}

#[tokio::test]
async fn a_version_that_comes_back_over_a_file_keeps_the_letter_case_that_is_there() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a.txt", "1");
    let old = lab.ok("files/delete_v2", json!({"path": "/a.txt"})).await;
    lab.emulator.put("main", "/A.TXT", "2");
    let back = json!({"path": "/a.txt", "rev": old["metadata"]["rev"]});
    let restored = lab.ok("files/restore", back).await;
    assert_eq!(restored["path_display"], "/A.TXT");
}

/// A member's account, in which one file has two versions.
async fn member_with_two_versions(lab: &Lab, path: &str) -> Value {
    for contents in ["one", "second"] {
        lab.emulator.put("team-member", path, contents);
    }
    let all = lab.rpc_as("team-member", "files/list_revisions", json!({"path": path}));
    all.await.ok()["entries"].clone()
}

#[tokio::test]
async fn what_is_deleted_for_good_is_forgotten() {
    let lab = Lab::new();
    let call = |route, arg| lab.rpc_as("team-member", route, arg);
    let (here, for_good) = ("files/get_metadata", "files/permanently_delete");
    let versions = member_with_two_versions(&lab, "/f/a").await;
    let everything = json!({"path": "", "recursive": true, "include_deleted": true});
    let cursor = call("files/list_folder", everything.clone()).await.ok()["cursor"].clone();

    let stale = json!({"path": "/f/a", "parent_rev": versions[1]["rev"]});
    assert_eq!(
        call(for_good, stale).await.refused(),
        "path_write/conflict/file"
    );
    assert_eq!(
        call(for_good, json!({"path": "/f/A"})).await.ok(),
        Value::Null
    );
    for path in [json!("/f/a"), versions[0]["id"].clone()] {
        let gone = json!({"path": path, "include_deleted": true});
        assert_eq!(call(here, gone).await.refused(), "path/not_found");
        let gone = json!({"path": path, "mode": "path"});
        let gone = call("files/list_revisions", gone).await;
        assert_eq!(gone.refused(), "path/not_found");
    }
    for version in versions.as_array().expect("entries") {
        let rev = version["rev"].as_str().expect("a rev");
        let by_rev = json!({"path": format!("rev:{rev}")});
        assert_eq!(call(here, by_rev).await.refused(), "path/not_found");
        let back = call("files/restore", json!({"path": "/f/a", "rev": rev})).await;
        assert_eq!(back.refused(), "path_lookup/not_found");
    }
    let listed = call("files/list_folder", everything).await.ok();
    let listed = listed["entries"].as_array().expect("entries");
    assert!(
        listed.iter().all(|entry| entry["path_lower"] != "/f/a"),
        "{listed:?}"
    );

    // Who follows the changes is told once that it went.
    let news = call("files/list_folder/continue", json!({"cursor": cursor}))
        .await
        .ok();
    assert_eq!(news["entries"].as_array().map(Vec::len), Some(1), "{news}");
    assert_eq!(news["entries"][0][".tag"], "deleted");
    assert_eq!(news["has_more"], false);
    let again = call(for_good, json!({"path": "/f/a"})).await;
    assert_eq!(again.refused(), "path_lookup/not_found");

    lab.emulator.put("team-member", "/f/a", "anew");
    let anew = call("files/list_revisions", json!({"path": "/f/a"}))
        .await
        .ok();
    assert_eq!(anew["entries"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_was_deleted_before_can_be_deleted_for_good() {
    let lab = Lab::new();
    let call = |route, arg| lab.rpc_as("team-member", route, arg);
    let versions = member_with_two_versions(&lab, "/f/sub/a").await;
    call(
        "files/move_v2",
        json!({"from_path": "/f/sub/a", "to_path": "/kept"}),
    )
    .await
    .ok();
    member_with_two_versions(&lab, "/f/sub/b").await;
    call("files/delete_v2", json!({"path": "/f"})).await.ok();
    let cursor = json!({"path": "", "recursive": true});
    let cursor = call("files/list_folder/get_latest_cursor", cursor)
        .await
        .ok()["cursor"]
        .clone();
    assert_eq!(
        call("files/permanently_delete", json!({"path": "/f"}))
            .await
            .ok(),
        Value::Null
    );
    for path in ["/f", "/f/sub", "/f/sub/a", "/f/sub/b"] {
        let gone = json!({"path": path, "include_deleted": true});
        assert_eq!(
            call("files/get_metadata", gone).await.refused(),
            "path/not_found"
        );
    }
    let news = call("files/list_folder/continue", json!({"cursor": cursor}))
        .await
        .ok();
    assert_eq!(news["entries"], json!([]), "it was deleted before");
    // What had moved away is where it was, with its own versions.
    let kept = call("files/get_metadata", json!({"path": versions[0]["id"]}))
        .await
        .ok();
    assert_eq!(kept["path_lower"], "/kept");
    let contents = lab.emulator.contents("team-member", "/kept");
    assert_eq!(contents.as_deref(), Some(&b"second"[..]));
}

#[tokio::test]
async fn only_a_team_deletes_for_good() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "1");
    let refused = lab
        .rpc("files/permanently_delete", json!({"path": "/a"}))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(refused.summary(), "invalid_account_type/endpoint");
    assert!(lab.emulator.contents("main", "/a").is_some());
}
