//! Where credentials are kept.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dropscript::{Place, Secret, StoredCredentials, TokenStore};

use crate::support::kind;

pub(crate) fn credentials(mark: &str) -> StoredCredentials {
    StoredCredentials {
        app_key: Some("key".to_owned()),
        refresh_token: Some(Secret::new(format!("refresh-{mark}"))),
        access_token: Some(Secret::new(format!("access-{mark}"))),
        scopes: vec!["account_info.read".to_owned()],
        proxy_password: Some(Secret::new("p")),
        ..StoredCredentials::default()
    }
}

/// A folder whose subfolder `kept` is the store's.
struct Kept {
    folder: tempfile::TempDir,
    store: TokenStore,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore::file(folder.path().join("state/kept"));
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("state/kept").join(name)
    }

    /// The names in the store's folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_saved_is_there_until_it_is_removed() {
    let kept = Kept::new();
    let store = &kept.store;
    assert_eq!(store.load("work").await.unwrap(), None);
    assert_eq!(store.place("work"), None);
    for mark in ["1", "2"] {
        let place = store.save("work", &credentials(mark)).await.unwrap();
        assert_eq!(
            place.to_string(),
            format!("the file `{}`", kept.path("work.json").display())
        );
        assert_eq!(store.place("work"), Some(place));
        let read = store.load("work").await.unwrap();
        assert_eq!(read, Some(credentials(mark)));
    }
    store.save("Work", &credentials("3")).await.unwrap();
    assert_eq!(store.load("work").await.unwrap(), Some(credentials("2")));
    store.remove("work").await.unwrap();
    store.remove("work").await.unwrap();
    assert_eq!(store.load("work").await.unwrap(), None);
    assert_eq!(store.load("Work").await.unwrap(), Some(credentials("3")));
    assert_eq!(
        kept.names(),
        ["%57ork.json", "%57ork.lock"],
        "nothing else is left"
    );
}

#[tokio::test]
async fn nobody_else_can_open_it_at_any_moment() {
    let kept = Kept::new();
    kept.store.save("work", &credentials("0")).await.unwrap();
    assert_eq!(mode(&kept.path("")), 0o700);
    assert_eq!(mode(&kept.path("work.json")), 0o600);
    let (folder, over) = (kept.path(""), Arc::new(AtomicBool::new(false)));
    let until = Arc::clone(&over);
    let watch = std::thread::spawn(move || {
        let mut seen = 0_u32;
        while !until.load(Ordering::Relaxed) {
            for entry in fs::read_dir(&folder).unwrap().flatten() {
                // Those that are replaced meanwhile are gone.
                if let Ok(found) = entry.metadata() {
                    assert_eq!(found.permissions().mode() & 0o077, 0, "{entry:?}");
                    seen += 1;
                }
            }
        }
        seen
    });
    for n in 0..50 {
        let credentials = credentials(&n.to_string());
        kept.store.save("work", &credentials).await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    assert!(watch.join().unwrap() > 0);
}

#[tokio::test]
async fn a_file_that_others_could_have_read_or_put_there_is_refused() {
    let kept = Kept::new();
    let store = &kept.store;
    store.save("work", &credentials("1")).await.unwrap();
    let file = kept.path("work.json");
    let refused = async |why: &str, mend: &str| {
        let error = store.load("work").await.unwrap_err();
        assert_eq!(error.kind().as_str(), "not_allowed");
        assert!(error.full_message().contains(why), "{error}");
        assert!(
            error.hint().is_some_and(|hint| hint.contains(mend)),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("access-1"));
    };
    for wide in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&file, fs::Permissions::from_mode(wide)).unwrap();
        refused("open to other users", "chmod 600").await;
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    fs::set_permissions(kept.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    refused("open to other users", "chmod 700").await;
    assert_eq!(
        kind(store.save("work", &credentials("2")).await),
        "not_allowed"
    );
    fs::set_permissions(kept.path(""), fs::Permissions::from_mode(0o700)).unwrap();

    let elsewhere = kept.folder.path().join("elsewhere.json");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    refused("is a link", "remove the link").await;
    // What is saved takes the link's place and leaves alone where it leads.
    store.save("work", &credentials("2")).await.unwrap();
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("access-1"));
    assert_eq!(store.load("work").await.unwrap(), Some(credentials("2")));

    // Only root can give a file away; for everybody else the system's folders are somebody else's.
    let stranger = 65_534;
    if chown(&file, Some(stranger), None).is_ok() {
        refused("belongs to another user", "run this as").await;
    } else {
        let error = TokenStore::file("/usr").load("work").await.unwrap_err();
        assert!(
            error.full_message().contains("belongs to another user"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_written_leaves_the_old_and_nothing_else() {
    let kept = Kept::new();
    // A folder of that name cannot be replaced by a file.
    fs::create_dir_all(kept.path("work.json/x")).unwrap();
    fs::set_permissions(kept.path(""), fs::Permissions::from_mode(0o700)).unwrap();
    let error = kept
        .store
        .save("work", &credentials("1"))
        .await
        .unwrap_err();
    assert!(error.full_message().contains("work.json"), "{error}");
    assert_eq!(kept.names(), ["work.json", "work.lock"]);
}

#[tokio::test]
async fn one_at_a_time_holds_the_lock_of_a_connection() {
    let kept = Kept::new();
    for store in [kept.store.clone(), TokenStore::memory()] {
        let lock = store.lock("work").await.unwrap();
        store.lock("home").await.unwrap();
        let (other, done) = (store.clone(), AtomicBool::new(false));
        let waiting = async {
            let lock = other.lock("work").await.unwrap();
            assert!(done.load(Ordering::SeqCst), "it was held");
            lock.load().await.unwrap()
        };
        let holding = async {
            lock.save(&credentials("1")).await.unwrap();
            // Others get their chance to be wrong.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            done.store(true, Ordering::SeqCst);
            drop(lock);
        };
        let (read, ()) = tokio::join!(waiting, holding);
        assert_eq!(read, Some(credentials("1")));
    }
}

#[tokio::test]
async fn the_environment_is_read_only() {
    let store = TokenStore::environment(credentials("1"));
    assert_eq!(store.load("any").await.unwrap(), Some(credentials("1")));
    assert_eq!(store.place("any"), Some(Place::Environment));
    assert_eq!(
        kind(store.save("any", &credentials("2")).await),
        "unsupported"
    );
    assert_eq!(kind(store.remove("any").await), "unsupported");
}

/// What a keyring does where there is one is in `tests/keyring.rs`.
#[cfg(not(feature = "keyring"))]
#[tokio::test]
async fn without_support_for_keyrings_the_choice_is_a_file_and_a_keyring_an_error() {
    let kept = Kept::new();
    let auto = TokenStore::auto(kept.path(""));
    let place = auto.save("work", &credentials("1")).await.unwrap();
    assert!(
        matches!(
            place,
            Place::File {
                why_no_keyring: None,
                ..
            }
        ),
        "{place}"
    );
    assert_eq!(auto.load("work").await.unwrap(), Some(credentials("1")));

    let keyring = TokenStore::keyring(kept.path(""));
    assert_eq!(
        kind(keyring.save("work", &credentials("2")).await),
        "unsupported"
    );
    // Kept in the keyring by another build: a file must not stand in for them.
    fs::write(kept.path("home.keyring"), "").unwrap();
    assert_eq!(kind(auto.load("home").await), "unsupported");
    assert_eq!(
        kind(auto.save("home", &credentials("3")).await),
        "unsupported"
    );
    assert!(!kept.path("home.json").exists());
}
