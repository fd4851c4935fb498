//! Uploads, folders, deletions: the rules of writing.

use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

async fn upload(lab: &Lab, arg: Value, bytes: &'static str) -> Reply {
    lab.upload("files/upload", arg, bytes).await
}

#[tokio::test]
async fn an_upload_returns_the_metadata_and_the_hash() {
    let lab = Lab::new();
    let arg = json!({"path": "/A/Hello.txt", "client_modified": "2020-01-02T03:04:05Z", "mute": true, "property_groups": null});
    let file = upload(&lab, arg, "hello world").await.ok();
    assert_eq!(file["name"], "Hello.txt");
    assert_eq!(file["path_lower"], "/a/hello.txt");
    assert_eq!(file["path_display"], "/A/Hello.txt");
    assert_eq!(file["client_modified"], "2020-01-02T03:04:05Z");
    assert_eq!(file["size"], 11);
    assert_eq!(file["is_downloadable"], true);
    assert_eq!(
        file["content_hash"],
        "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    );
    assert!(file["rev"].as_str().expect("a rev").len() >= 9);
    assert_eq!(file[".tag"], Value::Null, "a concrete result has no tag");
    let again = lab
        .ok("files/get_metadata", json!({"path": file["id"]}))
        .await;
    assert_eq!(again[".tag"], "file");
    assert_eq!(again["rev"], file["rev"]);
    assert_eq!(
        lab.ok("files/get_metadata", json!({"path": "/a"})).await[".tag"],
        "folder"
    );
}

#[tokio::test]
async fn the_write_modes_are_as_tabulated() {
    let lab = Lab::new();
    let first = upload(&lab, json!({"path": "/d.txt"}), "1").await.ok();
    assert_eq!(
        upload(&lab, json!({"path": "/D.txt", "mode": "add"}), "1")
            .await
            .ok()["rev"],
        first["rev"]
    );
    assert_eq!(
        upload(
            &lab,
            json!({"path": "/d.txt", "strict_conflict": true}),
            "1"
        )
        .await
        .refused(),
        "path/conflict/file"
    );
    let refused = upload(&lab, json!({"path": "/d.txt"}), "2").await;
    assert_eq!(refused.refused(), "path/conflict/file");
    assert_eq!(
        refused.json()["error"]["reason"]["conflict"][".tag"],
        "file"
    );

    // The bytes wait in a session: the commit can be tried again without them.
    let session = refused.json()["error"]["upload_session_id"].clone();
    let finish =
        json!({"cursor": {"session_id": session, "offset": 1}, "commit": {"path": "/kept.txt"}});
    assert_eq!(
        lab.upload("files/upload_session/finish", finish, "")
            .await
            .ok()["size"],
        1
    );

    let renamed = upload(&lab, json!({"path": "/d.txt", "autorename": true}), "2")
        .await
        .ok();
    assert_eq!(renamed["name"], "d (2).txt");
    let update = |rev: &Value| json!({"path": "/d.txt", "mode": {".tag": "update", "update": rev}});
    assert_eq!(
        upload(&lab, update(&json!("000000000")), "3")
            .await
            .refused(),
        "path/conflict/file"
    );
    let updated = upload(&lab, update(&first["rev"]), "3").await.ok();
    assert_eq!(updated["id"], first["id"]);
    assert_ne!(updated["rev"], first["rev"]);
    assert_eq!(
        upload(&lab, update(&first["rev"]), "4").await.refused(),
        "path/conflict/file"
    );
    assert_eq!(
        upload(&lab, json!({"path": "/d.txt/x"}), "5")
            .await
            .refused(),
        "path/conflict/file_ancestor"
    );
    upload(&lab, json!({"path": "/f/x"}), "6").await.ok();
    assert_eq!(
        upload(&lab, json!({"path": "/F", "mode": "overwrite"}), "6")
            .await
            .refused(),
        "path/conflict/folder"
    );
}

#[tokio::test]
async fn bytes_that_are_not_what_was_meant_are_refused() {
    let lab = Lab::new();
    let hash = "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423";
    let arg = json!({"path": "/a", "content_hash": hash});
    assert_eq!(
        upload(&lab, arg.clone(), "hello xorld").await.refused(),
        "content_hash_mismatch"
    );
    assert_eq!(lab.emulator.paths("main").len(), 0);
    assert_eq!(upload(&lab, arg, "hello world").await.status, 200);
}

#[tokio::test]
async fn names_that_dropbox_refuses_are_refused() {
    let lab = Lab::new();
    for (path, error) in [
        ("/a//b", "path/malformed_path"),
        ("/a/", "path/malformed_path"),
        ("/a\\b", "path/malformed_path"),
        ("/x/Thumbs.DB", "path/disallowed_name"),
    ] {
        assert_eq!(
            upload(&lab, json!({"path": path}), "1").await.refused(),
            error,
            "{path}"
        );
        assert_eq!(
            lab.rpc("files/create_folder_v2", json!({"path": path}))
                .await
                .refused(),
            error,
            "{path}"
        );
    }
}

#[tokio::test]
async fn folders_are_made_once() {
    let lab = Lab::new();
    let made = lab
        .ok("files/create_folder_v2", json!({"path": "/A/b"}))
        .await;
    assert_eq!(made["metadata"]["path_display"], "/A/b");
    let again = lab
        .rpc("files/create_folder_v2", json!({"path": "/a/B"}))
        .await;
    assert_eq!(again.refused(), "path/conflict/folder");
    let renamed = lab
        .ok(
            "files/create_folder_v2",
            json!({"path": "/a/b", "autorename": true}),
        )
        .await;
    assert_eq!(renamed["metadata"]["name"], "b (2)");
}

#[tokio::test]
async fn a_deletion_returns_what_was_there() {
    let lab = Lab::new();
    let file = upload(&lab, json!({"path": "/A/b.txt"}), "1").await.ok();
    let stale = json!({"path": "/a/b.txt", "parent_rev": "000000000"});
    assert_eq!(
        lab.rpc("files/delete_v2", stale).await.refused(),
        "path_write/conflict/file"
    );
    let deleted = lab
        .ok(
            "files/delete_v2",
            json!({"path": file["id"], "parent_rev": file["rev"]}),
        )
        .await;
    assert_eq!(deleted["metadata"], lab_file(&file));
    assert_eq!(
        lab.rpc("files/delete_v2", json!({"path": "/a/b.txt"}))
            .await
            .refused(),
        "path_lookup/not_found"
    );
    assert_eq!(
        lab.rpc("files/get_metadata", json!({"path": "/a/b.txt"}))
            .await
            .refused(),
        "path/not_found"
    );
    let gone = lab
        .ok(
            "files/get_metadata",
            json!({"path": "/a/b.txt", "include_deleted": true}),
        )
        .await;
    assert_eq!(gone[".tag"], "deleted");
    lab.ok("files/delete_v2", json!({"path": "/A"})).await;
    assert_eq!(lab.emulator.paths("main").len(), 0);
    assert_eq!(
        lab.ok("users/get_space_usage", Value::Null).await["used"],
        0
    );
}

/// A concrete result as it looks where folders and deleted items can stand too.
fn lab_file(file: &Value) -> Value {
    let mut tagged = file.clone();
    tagged[".tag"] = "file".into();
    tagged
}
