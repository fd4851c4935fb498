//! Tokens that are bought with a refresh token.

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{Connection, ConnectionBuilder};

const TOKEN: &str = "oauth2/token";

fn refreshing(emulator: &Emulator) -> ConnectionBuilder {
    Connection::builder("main")
        .endpoint(emulator.url())
        .app_key("emulator-app")
        .app_secret("emulator-secret")
        .refresh_token("emulator-refresh-token")
}

#[tokio::test]
async fn one_token_is_bought_and_used_for_all_calls() {
    let emulator = Emulator::start().unwrap();
    let dbx = refreshing(&emulator).build().unwrap();
    assert_eq!(
        emulator.calls().of(TOKEN),
        0,
        "nothing is sent before it is needed"
    );
    let (account, space, exists) = tokio::join!(dbx.account(), dbx.space(), dbx.exists("/x"));
    account.unwrap();
    space.unwrap();
    assert!(!exists.unwrap());
    assert_eq!(emulator.calls().of(TOKEN), 1);
}

#[tokio::test]
async fn an_expired_token_is_replaced_in_mid_work() {
    let emulator = Emulator::start().unwrap();
    let dbx = refreshing(&emulator).build().unwrap();
    dbx.account().await.unwrap();
    emulator.inject(Fault::on("files/get_metadata", FaultKind::ExpiredToken).first(1));
    assert!(!dbx.exists("/x").await.unwrap());
    assert_eq!(
        (
            emulator.calls().of(TOKEN),
            emulator.calls().of("files/get_metadata")
        ),
        (2, 2)
    );
}

#[tokio::test]
async fn a_refused_refresh_says_what_to_do_and_shows_no_secret() {
    let emulator = Emulator::start().unwrap();
    let dbx = refreshing(&emulator)
        .refresh_token("canary-refresh")
        .app_secret("emulator-secret")
        .build()
        .unwrap();
    let error = dbx.account().await.unwrap_err();
    assert_eq!(error.kind().as_str(), "not_signed_in");
    assert!(error.hint().is_some());
    let shown = format!("{error:?} {}", error.full_message());
    assert!(
        !shown.contains("canary") && !shown.contains("emulator-secret"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_secret_of_another_app_is_no_matter_of_signing_in() {
    let emulator = Emulator::start().unwrap();
    let dbx = refreshing(&emulator).app_secret("canary").build().unwrap();
    let error = dbx.account().await.unwrap_err();
    assert_eq!(error.kind().as_str(), "invalid_argument");
    let hint = error.hint().unwrap();
    assert!(hint.contains("--app-secret-stdin"), "{hint}");
    assert!(!format!("{error:?} {}", error.full_message()).contains("canary"));
}

#[tokio::test]
async fn a_token_server_that_is_busy_is_asked_again() {
    let emulator = Emulator::start().unwrap();
    let busy = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: None,
    };
    emulator.inject(Fault::on(TOKEN, busy).first(2));
    let dbx = refreshing(&emulator).build().unwrap();
    dbx.account().await.unwrap();
    assert_eq!(emulator.calls().of(TOKEN), 3);
}
