//! Tokens that are kept in a store, and renewed by one at a time of all who use them.

use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Secret, StoredCredentials, TokenStore};

use crate::support::kind;

const TOKEN: &str = "oauth2/token";

/// A connection as another process would make it: it shares nothing but the store.
fn connection(emulator: &Emulator, store: &TokenStore) -> Connection {
    Connection::builder("work")
        .endpoint(emulator.url())
        .app_key("emulator-app")
        .credentials(store.clone())
        .build()
        .unwrap()
}

fn signed_in() -> StoredCredentials {
    StoredCredentials {
        app_key: Some("emulator-app".to_owned()),
        refresh_token: Some(Secret::new("emulator-refresh-token")),
        scopes: vec!["account_info.read".to_owned()],
        proxy_password: Some(Secret::new("p")),
        ..StoredCredentials::default()
    }
}

/// A store in a folder, with what is given in it.
async fn store(credentials: &StoredCredentials) -> (tempfile::TempDir, TokenStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = TokenStore::file(folder.path().join("kept"));
    store.save("work", credentials).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn what_one_process_buys_all_use() {
    let emulator = Emulator::start().unwrap();
    let (_folder, store) = store(&signed_in()).await;
    for _ in 0..3 {
        connection(&emulator, &store).account().await.unwrap();
    }
    assert_eq!(emulator.calls().of(TOKEN), 1);
    let kept = store.load("work").await.unwrap().unwrap();
    let bought = kept.access_token.clone().unwrap();
    assert!(kept.expires.unwrap() > kept.obtained.unwrap());
    let rest = StoredCredentials {
        access_token: None,
        obtained: None,
        expires: None,
        ..kept
    };
    assert_eq!(rest, signed_in(), "the rest stays as it was");

    // The server forgets it: whoever finds out first buys another, and the rest take that one.
    emulator.advance(Duration::from_secs(5 * 3600));
    let (first, second) = (connection(&emulator, &store), connection(&emulator, &store));
    let (one, two) = tokio::join!(first.account(), second.account());
    one.unwrap();
    two.unwrap();
    assert_eq!(emulator.calls().of(TOKEN), 2);
    let kept = store.load("work").await.unwrap().unwrap();
    assert_ne!(kept.access_token, Some(bought));
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends() {
    let emulator = Emulator::start().unwrap();
    for (left, bought) in [(200, 1), (400, 0)] {
        let now = jiff::Timestamp::now();
        let seconds = jiff::SignedDuration::from_secs;
        let (_folder, store) = store(&StoredCredentials {
            access_token: Some(Secret::new(emulator.access_token("main"))),
            obtained: Some(now - seconds(14_400 - left)),
            expires: Some(now + seconds(left)),
            ..signed_in()
        })
        .await;
        let before = emulator.calls().of(TOKEN);
        connection(&emulator, &store).account().await.unwrap();
        assert_eq!(emulator.calls().of(TOKEN) - before, bought, "{left} s left");
    }
}

#[tokio::test]
async fn a_token_that_lasts_a_minute_is_used_for_most_of_it() {
    let builder = Emulator::builder().token_lifetime(Duration::from_secs(60));
    let emulator = builder.start().unwrap();
    let (_folder, store) = store(&signed_in()).await;
    for _ in 0..3 {
        connection(&emulator, &store).account().await.unwrap();
    }
    assert_eq!(emulator.calls().of(TOKEN), 1);
}

#[tokio::test]
async fn who_must_sign_in_is_told_the_command() {
    let emulator = Emulator::start().unwrap();
    let other_app = StoredCredentials {
        app_key: Some("other".to_owned()),
        ..signed_in()
    };
    let revoked = StoredCredentials {
        refresh_token: Some(Secret::new("canary")),
        ..signed_in()
    };
    for credentials in [signed_in().signed_out(), other_app, revoked] {
        let (_folder, store) = store(&credentials).await;
        let error = connection(&emulator, &store).account().await.unwrap_err();
        assert_eq!(error.kind().as_str(), "not_signed_in");
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("dropscript connection login work"), "{hint}");
        assert!(!format!("{error:?}").contains("canary"));
        assert_eq!(
            store.load("work").await.unwrap(),
            Some(credentials),
            "nothing is lost"
        );
    }
}

#[tokio::test]
async fn tokens_from_the_environment_are_renewed_in_memory() {
    let emulator = Emulator::start().unwrap();
    let store = TokenStore::environment(signed_in());
    let connection = connection(&emulator, &store);
    connection.account().await.unwrap();
    connection.account().await.unwrap();
    assert_eq!(emulator.calls().of(TOKEN), 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_trusted_is_an_error() {
    let emulator = Emulator::start().unwrap();
    let (folder, store) = store(&signed_in()).await;
    std::fs::write(folder.path().join("kept/work.json"), "{").unwrap();
    assert_eq!(
        kind(connection(&emulator, &store).account().await),
        "local_io"
    );
    assert_eq!(emulator.calls().of(TOKEN), 0);
}
