//! A directory of plain files as an account.

use std::fs;
use std::path::Path;

use dropscript::emulator::Emulator;
use serde_json::json;

use crate::lab::Lab;

fn lab(directory: &Path) -> Lab {
    Lab::with(Emulator::builder().directory(directory))
}

#[tokio::test]
async fn what_is_uploaded_lies_there_as_plain_files() {
    let directory = tempfile::tempdir().expect("a folder");
    let lab = lab(directory.path());
    let read = |path: &str| fs::read_to_string(directory.path().join(path));
    lab.upload(
        "files/upload",
        json!({"path": "/A/b.txt", "client_modified": "2020-01-02T03:04:05Z"}),
        "one",
    )
    .await
    .ok();
    assert_eq!(read("A/b.txt").expect("a file"), "one");
    let modified = fs::metadata(directory.path().join("A/b.txt"))
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(
        jiff::Timestamp::try_from(modified)
            .expect("a time")
            .to_string(),
        "2020-01-02T03:04:05Z"
    );
    let first = lab
        .ok("files/get_metadata", json!({"path": "/a/b.txt"}))
        .await;

    lab.upload(
        "files/upload",
        json!({"path": "/a/B.txt", "mode": "overwrite"}),
        "two",
    )
    .await
    .ok();
    assert_eq!(read("A/b.txt").expect("a file"), "two");
    let old = json!({"path": format!("rev:{}", first["rev"].as_str().expect("a rev"))});
    assert_eq!(lab.download(old).await.text(), "one");

    let id = lab
        .upload("files/upload_session/start", json!({}), "th")
        .await
        .ok()["session_id"]
        .clone();
    let finish = json!({"cursor": {"session_id": id, "offset": 2}, "commit": {"path": "/c"}});
    lab.upload("files/upload_session/finish", finish, "ree")
        .await
        .ok();
    assert_eq!(read("c").expect("a file"), "three");

    lab.ok("files/delete_v2", json!({"path": "/a"})).await;
    assert!(!directory.path().join("A").exists());
    lab.emulator.put("work", "/x", "another account");
    assert!(!directory.path().join("x").exists());
}

#[tokio::test]
async fn what_lies_there_is_served() {
    let directory = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(directory.path().join("Sub/Empty")).expect("a folder");
    fs::write(directory.path().join("Sub/file.txt"), "by hand").expect("a file");
    fs::write(directory.path().join("thumbs.db"), "not for Dropbox").expect("a file");
    for _ in 0..2 {
        let lab = lab(directory.path());
        assert_eq!(
            lab.emulator.paths("main"),
            ["/Sub", "/Sub/Empty", "/Sub/file.txt"]
        );
        assert_eq!(
            lab.download(json!({"path": "/sub/file.txt"})).await.text(),
            "by hand"
        );
    }
}

#[tokio::test]
async fn uploads_that_are_not_finished_leave_nothing_visible() {
    let directory = tempfile::tempdir().expect("a folder");
    let lab = lab(directory.path());
    lab.upload("files/upload_session/start", json!({}), "unfinished")
        .await
        .ok();
    lab.upload(
        "files/upload",
        json!({"path": "/a", "content_hash": "0".repeat(64)}),
        "refused",
    )
    .await
    .refused();
    let visible: Vec<_> = fs::read_dir(directory.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(visible, [".dropscript-emulator"]);
}
