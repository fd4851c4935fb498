//! Signing in with a real browser, on the emulator's page and back.

use std::net::Ipv4Addr;
use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Listener, SignIn, SignInOptions, TokenStore};

use crate::support::Browser;

/// Far beyond what a person here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// An emulator, and a sign-in to it that waits for a browser.
async fn begin() -> (Emulator, SignIn, Listener) {
    loop {
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        let uri = format!("http://localhost:{port}");
        let emulator = Emulator::builder().redirect_uri(&uri).start().unwrap();
        let options = SignInOptions {
            redirect_uri: Some(uri),
            ..SignInOptions::default()
        };
        let builder = Connection::builder("work")
            .endpoint(emulator.url())
            .app_key("emulator-app");
        let sign_in = builder.sign_in(&options).unwrap();
        // Somebody else may have taken the port meanwhile.
        if let Ok(listener) = sign_in.listen().await {
            return (emulator, sign_in, listener);
        }
    }
}

#[tokio::test]
async fn a_person_allows_the_app_in_a_browser_and_is_signed_in() {
    let browser = Browser::start().await;
    let (emulator, sign_in, listener) = begin().await;
    let back = sign_in.redirect_uri().unwrap().to_owned();
    let person = async {
        browser.open(sign_in.authorize_url().as_str()).await;
        browser.screenshot("sign-in-consent.png").await;
        browser.click("#allow").await;
        // No code is in the address bar.
        browser.arrives_at(&format!("{back}/done")).await;
    };
    let (code, ()) = tokio::join!(sign_in.wait_for_redirect(listener, LIMIT), person);
    let page = browser.source().await;
    let code = code.unwrap();
    assert!(page.contains("You can close this window") && !page.contains(code.expose()));
    browser.screenshot("sign-in-done.png").await;

    let store = TokenStore::memory();
    store
        .sign_in("work", sign_in.exchange(&code).await.unwrap())
        .await
        .unwrap();
    let builder = Connection::builder("work")
        .endpoint(emulator.url())
        .app_key("emulator-app");
    builder
        .credentials(store)
        .build()
        .unwrap()
        .account()
        .await
        .unwrap();
    browser.close().await;
}

#[tokio::test]
async fn other_pages_end_no_sign_in_and_a_person_who_refuses_does() {
    let browser = Browser::start().await;
    let (_emulator, sign_in, listener) = begin().await;
    let back = sign_in.redirect_uri().unwrap().to_owned();
    let person = async {
        // What any page of the web can send a browser to.
        for forged in [
            "/?code=c&state=s",
            "/?error=access_denied",
            "/?error=access_denied&state=s",
        ] {
            browser.open(&format!("{back}{forged}")).await;
            assert!(
                browser
                    .source()
                    .await
                    .contains("not the page you are looking for")
            );
        }
        browser.screenshot("sign-in-wrong.png").await;
        browser.open(sign_in.authorize_url().as_str()).await;
        browser.click("#deny").await;
        browser.arrives_at(&format!("{back}/denied")).await;
    };
    let (code, ()) = tokio::join!(sign_in.wait_for_redirect(listener, LIMIT), person);
    browser.screenshot("sign-in-denied.png").await;
    let error = code.unwrap_err();
    assert_eq!(error.kind().as_str(), "not_signed_in");
    assert!(error.to_string().contains("denied"), "{error}");
    browser.close().await;
}
