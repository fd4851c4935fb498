//! A directory of plain files as an account.

use std::fs;
use std::path::Path;

use dropscript::emulator::{AccountKind, Emulator};
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

#[tokio::test]
async fn files_are_not_held_open() {
    let directory = tempfile::tempdir().expect("a folder");
    let lab = lab(directory.path());
    let open = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    lab.emulator.put("main", "/first", "1");
    let before = open();
    for n in 0..200 {
        lab.emulator.put("main", &format!("/{n}"), n.to_string());
    }
    assert!(
        open() < before + 100,
        "{before} files were open, {} are",
        open()
    );
}

/// What a killed process would leave: everything as it is at this moment.
pub(crate) fn snapshot(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            snapshot(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[tokio::test]
async fn ids_versions_and_cursors_outlive_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    let lab_before = lab(&before);
    lab_before.emulator.put("main", "/A/b.txt", "one");
    lab_before.emulator.put("work", "/w", "work");
    let old = lab_before
        .ok("files/get_metadata", json!({"path": "/a/b.txt"}))
        .await;
    let account = lab_before
        .ok("users/get_current_account", json!(null))
        .await;
    let cursor = lab_before
        .ok(
            "files/list_folder/get_latest_cursor",
            json!({"path": "", "recursive": true}),
        )
        .await;
    lab_before
        .upload(
            "files/upload",
            json!({"path": "/a/b.txt", "mode": "overwrite"}),
            "two",
        )
        .await
        .ok();
    lab_before
        .ok(
            "files/move_v2",
            json!({"from_path": "/a/b.txt", "to_path": "/c"}),
        )
        .await;
    lab_before
        .ok("files/delete_v2", json!({"path": "/a"}))
        .await;
    snapshot(&before, &after);

    let lab = lab(&after);
    assert_eq!(lab.emulator.paths("main"), ["/c"]);
    assert_eq!(
        lab.emulator.contents("work", "/w").as_deref(),
        Some(&b"work"[..])
    );
    assert_eq!(
        lab.ok("users/get_current_account", json!(null)).await["account_id"],
        account["account_id"]
    );
    assert_eq!(
        lab.ok("files/get_metadata", json!({"path": old["id"]}))
            .await["path_lower"],
        "/c"
    );
    let rev = json!({"path": format!("rev:{}", old["rev"].as_str().expect("a rev"))});
    assert_eq!(lab.download(rev).await.text(), "one");
    let changes = lab.ok("files/list_folder/continue", cursor.clone()).await;
    assert_eq!(
        changes,
        lab_before.ok("files/list_folder/continue", cursor).await
    );
    assert_eq!(changes["entries"].as_array().expect("entries").len(), 4);
    let new = lab
        .upload("files/upload", json!({"path": "/d"}), "new")
        .await
        .ok();
    assert!(
        new["rev"].as_str() > changes["entries"][2]["rev"].as_str(),
        "revs go on"
    );
}

#[tokio::test]
async fn what_a_person_does_is_noticed() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = |name: &str| directory.path().join(name);
    {
        let lab = lab(directory.path());
        for name in ["/edited", "/removed", "/kept"] {
            lab.emulator.put("main", name, "before");
        }
        let old = lab
            .ok("files/get_metadata", json!({"path": "/edited"}))
            .await;
        let cursor = lab
            .ok("files/list_folder/get_latest_cursor", json!({"path": ""}))
            .await;
        fs::write(path("edited"), "edited in place").expect("a file");
        lab.ok("files/list_folder/longpoll", cursor.clone()).await;
        let new = lab
            .ok("files/get_metadata", json!({"path": "/edited"}))
            .await;
        assert_eq!(
            (new["id"].clone(), new["size"].clone()),
            (old["id"].clone(), json!(15))
        );
        assert_eq!(
            lab.download(json!({"path": "/edited"})).await.text(),
            "edited in place"
        );
    }
    fs::remove_file(path("removed")).expect("a file");
    fs::create_dir(path("Folder")).expect("a folder");
    fs::write(path("Folder/new"), "by hand").expect("a file");
    let lab = lab(directory.path());
    assert_eq!(
        lab.emulator.paths("main"),
        ["/Folder", "/Folder/new", "/edited", "/kept"]
    );
    let gone = lab
        .ok("files/list_revisions", json!({"path": "/removed"}))
        .await;
    assert_eq!(gone["is_deleted"], true);
    lab.ok(
        "files/restore",
        json!({"path": "/removed", "rev": gone["entries"][0]["rev"]}),
    )
    .await;
    assert_eq!(
        fs::read_to_string(path("removed")).expect("a file"),
        "before"
    );
}

#[test]
fn a_directory_is_served_by_one_emulator_at_a_time() {
    let directory = tempfile::tempdir().expect("a folder");
    let first = Emulator::builder()
        .directory(directory.path())
        .start()
        .expect("the emulator starts");
    let second = Emulator::builder().directory(directory.path()).start();
    let error = second.expect_err("the directory is in use").to_string();
    assert!(
        error.contains("another emulator serves this directory"),
        "{error}"
    );
    drop(first);
    Emulator::builder()
        .directory(directory.path())
        .start()
        .expect("it is free again");
}

#[tokio::test]
async fn the_directory_of_a_member_shows_what_its_root_shows() {
    let directory = tempfile::tempdir().expect("a folder");
    let builder = || Emulator::builder().directory(directory.path());
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("Sales")).expect("a folder");
    fs::write(path("Sales/by-hand.txt"), "by hand").expect("a file");
    let space = [
        "/Ada Admin",
        "/Cleo Colleague",
        "/Cleo Colleague/own.txt",
        "/Max Member",
        "/Max Member/own.txt",
        "/Projects",
        "/Projects/plan.txt",
        "/Sales",
        "/Sales/by-hand.txt",
        "/Sam Suspended",
    ];
    let mut ids: Option<serde_json::Value> = None;
    for run in 0..2 {
        let lab = Lab::with(builder().account(AccountKind::Business));
        if run == 0 {
            lab.emulator.put("team-member", "/own.txt", "mine");
            lab.emulator.put("team-colleague", "/own.txt", "not mine");
            lab.emulator.put("team-space", "/Projects/plan.txt", "ours");
            lab.emulator.put("main", "/personal.txt", "elsewhere");
        }
        let visible = entries(directory.path());
        assert_eq!(
            visible,
            [".dropscript-emulator", "Max Member", "Projects", "Sales"]
        );
        let own = fs::read_to_string(path("Max Member/own.txt"));
        assert_eq!(own.expect("a file"), "mine");
        let plan = fs::read_to_string(path("Projects/plan.txt"));
        assert_eq!(plan.expect("a file"), "ours");
        assert_eq!(lab.emulator.paths("team-space"), space);
        assert_eq!(lab.emulator.paths("main"), ["/personal.txt"]);
        let told = lab
            .rpc_as("", "users/get_current_account", serde_json::Value::Null)
            .await
            .ok();
        assert_eq!(told["name"]["display_name"], "Max Member");
        let now = json!([told["root_info"], told["team_member_id"], told["team"]]);
        assert_eq!(ids.get_or_insert_with(|| now.clone()), &now);
    }
    let error = builder().start().expect_err("it is of another account");
    assert!(error.to_string().contains("business"), "{error}");
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("a name in UTF-8")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_killed_process_was_about_to_show_is_not_spoiled() {
    let directory = tempfile::tempdir().expect("a folder");
    let state = directory.path().join(".dropscript-emulator");
    let blob = {
        let lab = lab(directory.path());
        lab.emulator.put("main", "/a", "first");
        let blobs = fs::read_dir(state.join("blobs")).expect("a folder");
        let mut blobs = blobs.map(|entry| entry.expect("an entry").path());
        blobs.next().expect("the first version")
    };
    // Killed between the two steps of putting a file in the place of another.
    fs::hard_link(blob, state.join("staged")).expect("a link");
    let lab = lab(directory.path());
    let old = lab.ok("files/get_metadata", json!({"path": "/a"})).await;
    lab.emulator.put("main", "/a", "second");
    let rev = json!({"path": format!("rev:{}", old["rev"].as_str().expect("a rev"))});
    assert_eq!(lab.download(rev).await.text(), "first");
    assert_eq!(
        fs::read_to_string(directory.path().join("a")).expect("a file"),
        "second"
    );
}

#[tokio::test]
async fn a_person_may_do_anything_to_the_directory() {
    let directory = tempfile::tempdir().expect("a folder");
    let path = |name: &str| directory.path().join(name);
    {
        let lab = lab(directory.path());
        for name in ["/Case.txt", "/file", "/Folder/Deep/x", "/same size"] {
            lab.emulator.put("main", name, "before");
        }
    }
    fs::rename(path("Case.txt"), path("cASE.TXT")).expect("renamed");
    fs::remove_file(path("file")).expect("removed");
    fs::create_dir_all(path("file/Ä/ö")).expect("a folder");
    fs::write(path("file/Ä/ö/-n {a}'\"%20"), "odd").expect("a file");
    fs::remove_dir_all(path("Folder")).expect("removed");
    fs::write(path("Folder"), "a file now").expect("a file");
    fs::write(path("same size"), "behind").expect("a file");
    std::os::unix::fs::symlink("/etc", path("link")).expect("a link");
    std::os::unix::fs::symlink(path("Folder"), path("file/link")).expect("a link");
    let lab = lab(directory.path());
    let paths = lab.emulator.paths("main");
    let expected = [
        "/Case.txt",
        "/Folder",
        "/file",
        "/file/Ä",
        "/file/Ä/ö",
        "/file/Ä/ö/-n {a}'\"%20",
        "/same size",
    ];
    assert_eq!(paths, expected);
    let read = |path: &str| lab.emulator.contents("main", path);
    assert_eq!(read("/folder").as_deref(), Some(&b"a file now"[..]));
    assert_eq!(read("/same size").as_deref(), Some(&b"behind"[..]));
    assert_eq!(read("/file/ä/ö/-n {a}'\"%20").as_deref(), Some(&b"odd"[..]));
    assert_eq!(read("/case.txt").as_deref(), Some(&b"before"[..]));
    assert!(path("link").is_symlink() && path("file/link").is_symlink());
}
