//! Batches: every entry has its result, in the order of the entries.

use dropscript::emulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::lab::Lab;

fn tags(entries: &Value) -> Vec<&str> {
    let entries = entries.as_array().expect("entries").iter();
    entries
        .map(|entry| entry[".tag"].as_str().expect("a tag"))
        .collect()
}

#[tokio::test]
async fn sessions_are_opened_filled_and_committed_together() {
    let lab = Lab::new();
    let opened = lab
        .ok(
            "files/upload_session/start_batch",
            json!({"num_sessions": 2}),
        )
        .await;
    let ids = opened["session_ids"].as_array().expect("ids").clone();
    let cursor = |n: usize, offset: u64| json!({"session_id": ids[n], "offset": offset});
    let pieces = json!({"entries": [
        {"cursor": cursor(0, 0), "length": 5, "close": true},
        {"cursor": {"session_id": "none", "offset": 0}, "length": 3},
        {"cursor": cursor(1, 0), "length": 2},
    ]});
    let appended = lab
        .upload(
            "files/upload_session/append_batch",
            pieces.clone(),
            "helloxxxhi",
        )
        .await
        .ok();
    assert_eq!(
        tags(&appended["entries"]),
        ["success", "failure", "success"]
    );
    assert_eq!(appended["entries"][1]["failure"][".tag"], "not_found");
    let short = lab
        .upload("files/upload_session/append_batch", pieces, "hello")
        .await;
    assert_eq!(short.refused(), "length_mismatch");

    let commits = json!({"entries": [
        {"cursor": cursor(0, 5), "commit": {"path": "/a"}},
        {"cursor": cursor(1, 2), "commit": {"path": "/b"}},
    ]});
    let done = lab
        .ok("files/upload_session/finish_batch_v2", commits)
        .await;
    assert_eq!(tags(&done["entries"]), ["success", "failure"]);
    assert_eq!(
        done["entries"][0]["path_lower"], "/a",
        "the metadata stands beside the tag"
    );
    assert_eq!(
        done["entries"][1]["failure"]["lookup_failed"][".tag"],
        "not_closed"
    );
    assert_eq!(
        lab.emulator.contents("main", "/a").as_deref(),
        Some(&b"hello"[..])
    );
}

#[tokio::test]
async fn a_job_may_be_pending() {
    let lab = Lab::new();
    lab.emulator.inject(
        Fault::on(
            "files/upload_session/finish_batch/check",
            FaultKind::JobPending,
        )
        .first(1),
    );
    let id = lab
        .upload("files/upload_session/start", json!({"close": true}), "x")
        .await
        .ok()["session_id"]
        .clone();
    let commits =
        json!({"entries": [{"cursor": {"session_id": id, "offset": 1}, "commit": {"path": "/a"}}]});
    let job = lab.ok("files/upload_session/finish_batch", commits).await;
    let check = || {
        lab.ok(
            "files/upload_session/finish_batch/check",
            json!({"async_job_id": job["async_job_id"]}),
        )
    };
    assert_eq!(check().await, json!({".tag": "in_progress"}));
    assert_eq!(tags(&check().await["entries"]), ["success"]);
}

#[tokio::test]
async fn folders_are_made_and_deleted_together() {
    let lab = Lab::new();
    let made = lab
        .ok(
            "files/create_folder_batch",
            json!({"paths": ["/a/b", "/a/b", "/A"]}),
        )
        .await;
    assert_eq!(made[".tag"], "complete");
    assert_eq!(tags(&made["entries"]), ["success", "failure"]);
    assert_eq!(
        made["entries"][1]["failure"]["path"]["conflict"][".tag"],
        "folder"
    );
    let job = lab
        .ok(
            "files/delete_batch",
            json!({"entries": [{"path": "/a"}, {"path": "/x"}]}),
        )
        .await;
    let done = lab
        .ok(
            "files/delete_batch/check",
            json!({"async_job_id": job["async_job_id"]}),
        )
        .await;
    assert_eq!(tags(&done["entries"]), ["success", "failure"]);
    assert_eq!(done["entries"][0]["metadata"]["name"], "a");
    assert_eq!(
        done["entries"][1]["failure"]["path_lookup"][".tag"],
        "not_found"
    );
    assert!(lab.emulator.paths("main").is_empty());
}

#[tokio::test]
async fn a_longpoll_ends_with_the_first_change() {
    let lab = Lab::new();
    let cursor = lab
        .ok("files/list_folder/get_latest_cursor", json!({"path": ""}))
        .await;
    let poll = lab.rpc("files/list_folder/longpoll", cursor.clone());
    let change = async { lab.emulator.put("main", "/a", "1") };
    let (polled, ()) = tokio::join!(poll, change);
    assert_eq!(polled.ok(), json!({"changes": true}));
    let bad = lab
        .rpc(
            "files/list_folder/longpoll",
            json!({"cursor": cursor["cursor"], "timeout": 1}),
        )
        .await
        .bad();
    assert!(bad.ends_with("timeout: 1 is not within 30 to 480"));
}
