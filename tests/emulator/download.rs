//! `files/download`

use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

#[tokio::test]
async fn the_contents_come_with_the_metadata() {
    let lab = Lab::new();
    lab.emulator.put("main", "/A.txt", "0123456789");
    let reply = lab.download(json!({"path": "/a.TXT"})).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "0123456789"));
    let result: Value = serde_json::from_str(reply.header("dropbox-api-result")).expect("JSON");
    assert_eq!(
        (result["name"].as_str(), result["size"].as_u64()),
        (Some("A.txt"), Some(10))
    );
    assert_eq!(reply.header("content-length"), "10");
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    let by_rev = json!({"path": format!("rev:{}", result["rev"].as_str().expect("a rev"))});
    assert_eq!(lab.download(by_rev).await.text(), "0123456789");
    assert_eq!(
        lab.download(json!({"path": "/none"})).await.refused(),
        "path/not_found"
    );
}

#[tokio::test]
async fn an_old_version_stays_readable_by_its_rev() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "old");
    let old = lab.ok("files/get_metadata", json!({"path": "/a"})).await;
    lab.emulator.put("main", "/a", "new");
    let rev = format!("rev:{}", old["rev"].as_str().expect("a rev"));
    assert_eq!(lab.download(json!({"path": rev})).await.text(), "old");
    assert_eq!(lab.download(json!({"path": old["id"]})).await.text(), "new");
}

#[tokio::test]
async fn parts_can_be_asked_for() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "0123456789");
    let part = |range: &'static str| {
        Reply::of(
            lab.download_request(&json!({"path": "/a"}))
                .header("range", range),
        )
    };
    for (range, contents, told) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let reply = part(range).await.expect("an answer");
        assert_eq!(
            (
                reply.status,
                reply.text().as_str(),
                reply.header("content-range")
            ),
            (206, contents, told)
        );
    }
    let beyond = part("bytes=10-").await.expect("an answer");
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, "bytes */10")
    );
    assert_eq!(part("bytes=1-2,4-5").await.expect("an answer").status, 200);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "0123456789");
    let etag = lab
        .download(json!({"path": "/a"}))
        .await
        .header("etag")
        .to_owned();
    let same = lab
        .download_request(&json!({"path": "/a"}))
        .header("if-none-match", &etag);
    assert_eq!(Reply::of(same).await.expect("an answer").status, 304);
    lab.emulator.put("main", "/a", "other");
    let changed = lab
        .download_request(&json!({"path": "/a"}))
        .header("if-none-match", &etag);
    assert_eq!(Reply::of(changed).await.expect("an answer").text(), "other");
}
