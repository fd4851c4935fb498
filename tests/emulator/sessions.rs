//! Upload sessions.

use serde_json::{Value, json};

use crate::lab::{Lab, Reply, noise};

const MIB: usize = 1024 * 1024;

async fn start(lab: &Lab, arg: Value, bytes: &'static str) -> String {
    let started = lab
        .upload("files/upload_session/start", arg, bytes)
        .await
        .ok();
    let id = started["session_id"].as_str().expect("an id");
    assert_eq!(id.len(), 100);
    id.to_owned()
}

async fn append(
    lab: &Lab,
    id: &str,
    offset: usize,
    close: bool,
    bytes: impl Into<reqwest::Body>,
) -> Reply {
    let arg = json!({"cursor": {"session_id": id, "offset": offset}, "close": close});
    lab.upload("files/upload_session/append_v2", arg, bytes)
        .await
}

async fn finish(lab: &Lab, id: &str, offset: usize, path: &str, bytes: &'static str) -> Reply {
    let arg = json!({"cursor": {"session_id": id, "offset": offset}, "commit": {"path": path}});
    lab.upload("files/upload_session/finish", arg, bytes).await
}

#[tokio::test]
async fn pieces_make_a_file() {
    let lab = Lab::new();
    let id = start(&lab, json!({}), "hello").await;
    assert_eq!(append(&lab, &id, 5, false, " wor").await.ok(), Value::Null);
    let wrong = append(&lab, &id, 5, false, " wor").await;
    assert_eq!(wrong.refused(), "incorrect_offset");
    assert_eq!(wrong.json()["error"]["correct_offset"], 9);
    let wrong = finish(&lab, &id, 5, "/a", "").await;
    assert_eq!(wrong.refused(), "lookup_failed/incorrect_offset");
    assert_eq!(wrong.json()["error"]["lookup_failed"]["correct_offset"], 9);
    let file = finish(&lab, &id, 9, "/a", "ld").await.ok();
    assert_eq!(
        file["content_hash"],
        "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    );
    assert_eq!(
        lab.emulator.contents("main", "/a").as_deref(),
        Some(&b"hello world"[..])
    );
    assert_eq!(
        finish(&lab, &id, 11, "/b", "").await.refused(),
        "lookup_failed/not_found"
    );
}

#[tokio::test]
async fn a_commit_that_fails_keeps_the_bytes() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "other");
    let id = start(&lab, json!({}), "he").await;
    assert_eq!(
        finish(&lab, &id, 2, "/a", "llo").await.refused(),
        "path/conflict/file"
    );
    assert_eq!(finish(&lab, &id, 5, "/b", "").await.ok()["size"], 5);
}

#[tokio::test]
async fn a_closed_session_takes_nothing_more() {
    let lab = Lab::new();
    let id = start(&lab, json!({"close": true}), "hello").await;
    assert_eq!(append(&lab, &id, 5, false, "x").await.refused(), "closed");
    assert_eq!(
        finish(&lab, &id, 5, "/a", "x").await.refused(),
        "lookup_failed/closed"
    );
    assert_eq!(finish(&lab, &id, 5, "/a", "").await.status, 200);
    assert_eq!(
        append(&lab, "nothing", 0, false, "x").await.refused(),
        "not_found"
    );
}

#[tokio::test]
async fn sessions_live_for_a_week() {
    let lab = Lab::new();
    let id = start(&lab, json!({}), "hello").await;
    lab.emulator
        .advance(std::time::Duration::from_secs(7 * 86_400 + 1));
    assert_eq!(
        append(&lab, &id, 5, false, "x").await.refused(),
        "not_found"
    );
}

#[tokio::test]
async fn concurrent_pieces_come_in_any_order() {
    let lab = Lab::new();
    let contents = noise(10 * MIB + 5);
    let started = json!({"session_type": "concurrent"});
    let refused = lab
        .upload(
            "files/upload_session/start",
            json!({"session_type": "concurrent", "close": true}),
            "",
        )
        .await;
    assert_eq!(refused.refused(), "concurrent_session_close_not_allowed");
    let id = start(&lab, started, "").await;
    let piece = |from: usize, to: usize| contents[from..to].to_vec();
    assert_eq!(
        append(&lab, &id, 5, false, "x").await.refused(),
        "concurrent_session_invalid_offset"
    );
    assert_eq!(
        append(&lab, &id, 0, false, "x").await.refused(),
        "concurrent_session_invalid_data_size"
    );
    append(&lab, &id, 8 * MIB, true, piece(8 * MIB, contents.len()))
        .await
        .ok();
    assert_eq!(
        finish(&lab, &id, contents.len(), "/a", "").await.refused(),
        "concurrent_session_missing_data"
    );
    append(&lab, &id, 0, false, piece(0, 4 * MIB)).await.ok();
    append(&lab, &id, 4 * MIB, false, piece(4 * MIB, 8 * MIB))
        .await
        .ok();
    assert_eq!(
        finish(&lab, &id, contents.len(), "/a", "x").await.refused(),
        "concurrent_session_data_not_allowed"
    );
    let file = finish(&lab, &id, contents.len(), "/a", "").await.ok();
    assert_eq!(
        lab.emulator.contents("main", "/a").expect("a file"),
        contents
    );
    lab.emulator.put("main", "/b", contents);
    let same = lab.ok("files/get_metadata", json!({"path": "/b"})).await;
    assert_eq!(file["content_hash"], same["content_hash"]);
}

#[tokio::test]
async fn unaligned_pieces_hash_like_the_whole() {
    let lab = Lab::new();
    let contents = noise(9 * MIB);
    let id = start(&lab, json!({}), "").await;
    let mut offset = 0;
    for piece in contents.chunks(3 * MIB + 1) {
        append(&lab, &id, offset, false, piece.to_vec()).await.ok();
        offset += piece.len();
    }
    let file = finish(&lab, &id, offset, "/a", "").await.ok();
    lab.emulator.put("main", "/b", contents);
    assert_eq!(
        file["content_hash"],
        lab.ok("files/get_metadata", json!({"path": "/b"})).await["content_hash"]
    );
}
