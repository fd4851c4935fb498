//! Moves and copies.

use serde_json::{Value, json};

use crate::lab::Lab;

fn paths(from: &str, to: &str) -> Value {
    json!({"from_path": from, "to_path": to})
}

#[tokio::test]
async fn a_move_keeps_the_ids_and_takes_all_along() {
    let lab = Lab::new();
    lab.emulator.put("main", "/A/b/C.txt", "1");
    let before = lab
        .ok("files/get_metadata", json!({"path": "/a/b/c.txt"}))
        .await;
    let moved = lab.ok("files/move_v2", paths("/a", "/New/Place")).await;
    assert_eq!(moved["metadata"][".tag"], "folder");
    assert_eq!(
        lab.emulator.paths("main"),
        ["/New", "/New/Place", "/New/Place/b", "/New/Place/b/C.txt"]
    );
    let after = lab
        .ok("files/get_metadata", json!({"path": before["id"]}))
        .await;
    assert_eq!(after["path_display"], "/New/Place/b/C.txt");
    assert_eq!(after["content_hash"], before["content_hash"]);
    assert_eq!(
        lab.ok("files/move", paths("/new/place/b", "/b")).await["name"],
        "b"
    );
}

#[tokio::test]
async fn a_move_that_changes_only_the_case_does_nothing() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a.txt", "1");
    let cursor = lab
        .ok("files/list_folder/get_latest_cursor", json!({"path": ""}))
        .await;
    let moved = lab.ok("files/move_v2", paths("/a.txt", "/A.TXT")).await;
    assert_eq!(moved["metadata"]["path_display"], "/a.txt");
    assert_eq!(
        lab.ok("files/list_folder/continue", cursor).await["entries"],
        json!([])
    );
}

#[tokio::test]
async fn what_stands_in_the_way_is_told() {
    let lab = Lab::new();
    for path in ["/a/x", "/f", "/g/x"] {
        lab.emulator.put("main", path, path.to_owned());
    }
    for (from, to, error) in [
        ("/none", "/z", "from_lookup/not_found"),
        ("/a", "/f", "to/conflict/file"),
        ("/f", "/g", "to/conflict/folder"),
        ("/a", "/f/z", "to/conflict/file_ancestor"),
        ("/a", "/A/b", "cant_move_folder_into_itself"),
        ("/a", "/z//y", "to/malformed_path"),
    ] {
        assert_eq!(
            lab.rpc("files/move_v2", paths(from, to)).await.refused(),
            error,
            "{from} to {to}"
        );
    }
    assert_eq!(
        lab.rpc("files/copy_v2", paths("/a", "/a/b"))
            .await
            .refused(),
        "duplicated_or_nested_paths"
    );
    let renamed = json!({"from_path": "/f", "to_path": "/g", "autorename": true});
    assert_eq!(
        lab.ok("files/move_v2", renamed).await["metadata"]["name"],
        "g (2)"
    );
}

#[tokio::test]
async fn a_copy_is_an_item_of_its_own() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a/x", "1");
    let copied = lab.ok("files/copy_v2", paths("/a", "/b")).await;
    assert_ne!(
        copied["metadata"]["id"],
        lab.ok("files/get_metadata", json!({"path": "/a"})).await["id"]
    );
    lab.ok("files/delete_v2", json!({"path": "/a"})).await;
    assert_eq!(
        lab.emulator.contents("main", "/b/x").as_deref(),
        Some(&b"1"[..])
    );
}

#[tokio::test]
async fn a_batch_gives_a_job_and_every_entry_its_result() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "1");
    let launched = lab
        .ok(
            "files/move_batch_v2",
            json!({"entries": [paths("/a", "/b"), paths("/none", "/c")]}),
        )
        .await;
    assert_eq!(launched[".tag"], "async_job_id");
    let job = json!({"async_job_id": launched["async_job_id"]});
    let done = lab.ok("files/move_batch/check_v2", job.clone()).await;
    assert_eq!(done[".tag"], "complete");
    assert_eq!(done["entries"][0]["success"][".tag"], "file");
    assert_eq!(
        done["entries"][1]["failure"]["relocation_error"]["from_lookup"][".tag"],
        "not_found"
    );
    assert_eq!(
        lab.rpc("files/copy_batch/check_v2", job).await.refused(),
        "invalid_async_job_id"
    );
}
