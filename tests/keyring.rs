//! Credentials in the keyring of the operating system: the real one, in a session of its own.
#![cfg(all(unix, not(target_os = "macos")))]
#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::fs;
use std::path::Path;
use std::process::Command;

use dropscript::{Place, Secret, StoredCredentials, TokenStore};

/// Tell the test's own program, started anew, what to do and in which folder.
const PART: &str = "DROPSCRIPT_TEST_KEYRING";
const FOLDER: &str = "DROPSCRIPT_TEST_FOLDER";

/// Unlocks a new keyring, and runs the rest of the line.
const IN_A_KEYRING: &str = "printf canary-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$0\" \"$@\"";

fn credentials(mark: &str) -> StoredCredentials {
    StoredCredentials {
        app_key: Some("key".to_owned()),
        refresh_token: Some(Secret::new(format!("canary-refresh-{mark}"))),
        // As long as those of Dropbox and longer.
        access_token: Some(Secret::new(format!("canary-access-{mark}").repeat(100))),
        proxy_password: Some(Secret::new("canary-proxy")),
        ..StoredCredentials::default()
    }
}

/// Runs a part of the test in a process of its own.
fn run(part: &str, folder: &Path, mut command: Command) {
    let home = folder.join("home");
    fs::create_dir_all(&home).unwrap();
    let done = command
        .args([
            "--exact",
            "credentials_are_in_the_keyring_and_never_unsaid_in_a_file",
            "--nocapture",
        ])
        .env(PART, part)
        .env(FOLDER, folder)
        .env("HOME", &home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", &home)
        .output();
    let done = done.unwrap_or_else(|error| {
        panic!("{error}: install `dbus` and `gnome-keyring`, or run `tests/run`, which does so")
    });
    let said = [done.stdout, done.stderr].concat();
    assert!(
        done.status.success(),
        "{part}: {}",
        String::from_utf8_lossy(&said)
    );
}

#[tokio::test]
async fn credentials_are_in_the_keyring_and_never_unsaid_in_a_file() {
    let folder = std::env::var_os(FOLDER);
    match (std::env::var(PART).as_deref(), folder) {
        (Ok("with"), Some(folder)) => return with_a_keyring(Path::new(&folder)).await,
        (Ok("without"), Some(folder)) => return without_one(Path::new(&folder)).await,
        _ => {}
    }
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", IN_A_KEYRING]).arg(&program);
    run("with", folder.path(), session);
    let mut alone = Command::new(&program);
    alone.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    run("without", folder.path(), alone);
}

/// The names in the store's folder; no canary is in any of the files.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.join("kept")).unwrap() {
        let entry = entry.unwrap();
        let contents = fs::read_to_string(entry.path()).unwrap();
        assert!(!contents.contains("canary"), "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    names
}

async fn with_a_keyring(folder: &Path) {
    let kept = folder.join("kept");
    let keyring = TokenStore::keyring(&kept);
    assert_eq!(keyring.load("home").await.unwrap(), None);
    for mark in ["1", "2"] {
        assert_eq!(
            keyring.save("home", &credentials(mark)).await.unwrap(),
            Place::Keyring
        );
        assert_eq!(keyring.load("home").await.unwrap(), Some(credentials(mark)));
    }
    let auto = TokenStore::auto(&kept);
    assert_eq!(
        auto.save("work", &credentials("3")).await.unwrap(),
        Place::Keyring
    );
    assert_eq!(auto.place("work"), Some(Place::Keyring));
    assert_eq!(auto.load("work").await.unwrap(), Some(credentials("3")));
    assert_eq!(
        names(folder),
        ["home.keyring", "home.lock", "work.keyring", "work.lock"]
    );

    // Moved to a file and back, there is one place at a time.
    let file = TokenStore::file(&kept);
    assert!(matches!(
        file.save("home", &credentials("4")).await.unwrap(),
        Place::File { .. }
    ));
    assert_eq!(keyring.load("home").await.unwrap(), None);
    assert_eq!(auto.load("home").await.unwrap(), Some(credentials("4")));
    keyring.save("home", &credentials("5")).await.unwrap();
    assert_eq!(file.load("home").await.unwrap(), None);

    keyring.remove("home").await.unwrap();
    keyring.remove("home").await.unwrap();
    assert_eq!(keyring.load("home").await.unwrap(), None);
    assert_eq!(names(folder), ["work.keyring", "work.lock"]);
}

async fn without_one(folder: &Path) {
    let kept = folder.join("kept");
    let auto = TokenStore::auto(&kept);
    // These are in a keyring that cannot be reached now: no file stands in for it.
    for result in [
        auto.load("work").await.map(drop),
        auto.save("work", &credentials("6")).await.map(drop),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind().as_str(), "local_io");
        assert!(error.full_message().contains("keyring"), "{error}");
        assert!(error.hint().is_some());
    }
    assert!(!kept.join("work.json").exists());

    let error = TokenStore::keyring(&kept)
        .save("new", &credentials("7"))
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "local_io");
    let place = auto.save("new", &credentials("8")).await.unwrap();
    assert!(place.to_string().contains("since"), "it says why: {place}");
    assert!(matches!(
        place,
        Place::File {
            why_no_keyring: Some(_),
            ..
        }
    ));
    assert_eq!(auto.load("new").await.unwrap(), Some(credentials("8")));
}
