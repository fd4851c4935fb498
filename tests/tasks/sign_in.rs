//! Signing in and out, with an HTTP client in the place of the browser. A real one is in `tests/it/browser.rs`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{
    Connection, Error, Listener, Secret, SignIn, SignInOptions, StoredCredentials, TokenStore,
};
use url::Url;

use crate::support::kind;

/// A generous guard: whoever waits so long has met a fault.
const LIMIT: Duration = Duration::from_secs(60);

/// An emulator whose app may be called back, and the listener for it.
struct Desk {
    emulator: Emulator,
    sign_in: SignIn,
    listener: Listener,
}

impl Desk {
    async fn new(scopes: &[&str]) -> Self {
        loop {
            let port = free_port();
            let uri = format!("http://localhost:{port}");
            let emulator = Emulator::builder().redirect_uri(&uri).start().unwrap();
            let options = SignInOptions {
                redirect_uri: Some(uri),
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            };
            let sign_in = begin(&emulator, &options);
            // Somebody else may have taken the port meanwhile.
            if let Ok(listener) = sign_in.listen().await {
                return Self {
                    emulator,
                    sign_in,
                    listener,
                };
            }
        }
    }

    /// What comes of pressing this button, together with what the browser is shown at last.
    async fn press(
        self,
        button: &'static str,
    ) -> (Emulator, SignIn, Result<Secret, Error>, String) {
        let Self {
            emulator,
            sign_in,
            listener,
        } = self;
        let page = sign_in.authorize_url().clone();
        let waiting = sign_in.wait_for_redirect(listener, LIMIT);
        let (code, shown) = tokio::join!(waiting, follow(press(page, button)));
        (emulator, sign_in, code, shown)
    }
}

pub(crate) fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

fn begin(emulator: &Emulator, options: &SignInOptions) -> SignIn {
    let builder = Connection::builder("work")
        .endpoint(emulator.url())
        .app_key("emulator-app");
    builder.sign_in(options).unwrap()
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Presses a button of the page, and gives the address that it leads to, or else the page that comes.
async fn press(page: Url, button: &'static str) -> Result<Url, String> {
    assert!(
        browser()
            .get(page.clone())
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let mut fields: HashMap<String, String> = page.query_pairs().into_owned().collect();
    fields.insert("decision".to_owned(), button.to_owned());
    let mut to = page.clone();
    to.query_pairs_mut().clear().extend_pairs(&fields);
    let answer = browser().post(to).send().await.unwrap();
    let location = answer
        .headers()
        .get("location")
        .map(|to| to.to_str().unwrap().parse().unwrap());
    match location {
        Some(to) => Ok(to),
        None => Err(answer.text().await.unwrap()),
    }
}

/// Follows the redirects to the last page.
async fn follow(to: impl Future<Output = Result<Url, String>>) -> String {
    let mut at = to.await.unwrap();
    loop {
        let answer = browser().get(at.clone()).send().await.unwrap();
        match answer.headers().get("location") {
            Some(next) => at = at.join(next.to_str().unwrap()).unwrap(),
            None => return answer.text().await.unwrap(),
        }
    }
}

#[tokio::test]
async fn who_allows_the_app_is_signed_in() {
    let desk = Desk::new(&["account_info.read", "files.metadata.read"]).await;
    let query: HashMap<_, _> = desk
        .sign_in
        .authorize_url()
        .query_pairs()
        .into_owned()
        .collect();
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["token_access_type"], "offline");
    assert_eq!(Some(&*query["redirect_uri"]), desk.sign_in.redirect_uri());
    // 32 bytes and more, in base64.
    assert!(query["state"].len() >= 43 && query["code_challenge"].len() == 43);

    let (emulator, sign_in, code, shown) = desk.press("allow").await;
    assert!(shown.contains("You can close this window"), "{shown}");
    let code = code.unwrap();
    let brought = sign_in.exchange(&code).await.unwrap();
    assert_eq!(brought.app_key.as_deref(), Some("emulator-app"));
    assert_eq!(brought.scopes, ["account_info.read", "files.metadata.read"]);
    assert!(
        brought
            .account_id
            .as_ref()
            .is_some_and(|id| id.starts_with("dbid:"))
    );
    assert!(brought.refresh_token.is_some() && brought.expires.is_some());

    // A password for the proxy that was there before stays.
    let store = TokenStore::memory();
    let password = StoredCredentials {
        proxy_password: Some(Secret::new("p")),
        ..StoredCredentials::default()
    };
    store.save("work", &password).await.unwrap();
    store.sign_in("work", brought).await.unwrap();
    let dbx = connection(&emulator, &store);
    dbx.account().await.unwrap();
    assert_eq!(
        emulator.calls().of("oauth2/token"),
        1,
        "the token that came along is used"
    );

    // Signing out ends the tokens there, and here all but the password.
    let kept = store.load("work").await.unwrap().unwrap();
    assert!(dbx.sign_out().await.unwrap().not_revoked.is_none());
    assert_eq!(store.load("work").await.unwrap(), Some(password));
    assert_eq!(kind(dbx.account().await), "not_signed_in");
    store.save("work", &kept).await.unwrap();
    assert_eq!(
        kind(connection(&emulator, &store).account().await),
        "not_signed_in"
    );
}

fn connection(emulator: &Emulator, store: &TokenStore) -> Connection {
    let builder = Connection::builder("work")
        .endpoint(emulator.url())
        .app_key("emulator-app");
    builder.credentials(store.clone()).build().unwrap()
}

#[tokio::test]
async fn who_refuses_is_not() {
    let (_, _, code, shown) = Desk::new(&[]).await.press("deny").await;
    let error = code.unwrap_err();
    assert_eq!(error.kind().as_str(), "not_signed_in");
    assert!(error.full_message().contains("denied"), "{error}");
    assert!(shown.contains("Nothing was connected"), "{shown}");
}

#[tokio::test]
async fn a_code_is_good_once_and_for_who_asked_for_it() {
    let emulator = Emulator::start().unwrap();
    let options = SignInOptions::default();
    let (mine, other) = (begin(&emulator, &options), begin(&emulator, &options));
    let page = press(mine.authorize_url().clone(), "allow")
        .await
        .unwrap_err();
    let at = page.find("value=\"").unwrap() + "value=\"".len();
    let code = page[at..].split('"').next().unwrap();
    let code = mine.read_pasted(&format!(" {code}\n")).unwrap();
    let error = other.exchange(&code).await.unwrap_err();
    assert_eq!(
        error.kind().as_str(),
        "not_signed_in",
        "without the verifier it is of no use"
    );
    assert!(!format!("{error:?}").contains(code.expose()));
    assert_eq!(
        kind(mine.exchange(&code).await),
        "not_signed_in",
        "it is spent"
    );
}

#[tokio::test]
async fn an_address_that_was_pasted_does_as_well() {
    let emulator = Emulator::start().unwrap();
    let options = SignInOptions {
        redirect_uri: Some("http://localhost:9999".to_owned()),
        ..SignInOptions::default()
    };
    let sign_in = begin(&emulator, &options);
    let address = press(sign_in.authorize_url().clone(), "allow")
        .await
        .unwrap();
    assert_eq!(
        kind(begin(&emulator, &options).read_pasted(address.as_str())),
        "not_signed_in"
    );
    let code = sign_in.read_pasted(address.as_str()).unwrap();
    assert!(
        sign_in
            .exchange(&code)
            .await
            .unwrap()
            .refresh_token
            .is_some()
    );
}

#[tokio::test]
async fn who_does_not_come_back_is_told_of_the_redirect_uri() {
    let Desk {
        sign_in, listener, ..
    } = Desk::new(&[]).await;
    let error = sign_in
        .wait_for_redirect(listener, Duration::from_millis(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "not_signed_in");
    let uri = sign_in.redirect_uri().unwrap();
    assert!(
        error.hint().is_some_and(|hint| hint.contains(uri)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_port_that_is_taken_and_an_address_elsewhere_cannot_be_listened_at() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    for (uri, expected) in [
        (format!("http://localhost:{port}"), "local_io"),
        ("https://example.com/back".to_owned(), "unsupported"),
        (String::new(), "unsupported"),
    ] {
        let options = SignInOptions {
            redirect_uri: Some(uri),
            ..SignInOptions::default()
        };
        let sign_in = Connection::builder("work")
            .app_key("key")
            .sign_in(&options)
            .unwrap();
        assert_eq!(kind(sign_in.listen().await), expected);
    }
    let wrong = SignInOptions {
        redirect_uri: Some("localhost".to_owned()),
        ..SignInOptions::default()
    };
    assert_eq!(
        kind(Connection::builder("work").app_key("key").sign_in(&wrong)),
        "invalid_argument"
    );
    assert_eq!(
        kind(Connection::builder("work").sign_in(&SignInOptions::default())),
        "invalid_argument"
    );
}

#[tokio::test]
async fn who_signs_out_while_dropbox_fails_is_told_and_signed_out_here() {
    let emulator = Emulator::start().unwrap();
    let store = TokenStore::memory();
    let signed_in = StoredCredentials {
        refresh_token: Some(Secret::new("emulator-refresh-token")),
        access_token: Some(Secret::new(emulator.access_token("main"))),
        ..StoredCredentials::default()
    };
    store.save("work", &signed_in).await.unwrap();
    // Too far off to wait for.
    let fails = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3_600),
    };
    emulator.inject(Fault::on("auth/token/revoke", fails));
    let signed_out = connection(&emulator, &store).sign_out().await.unwrap();
    assert_eq!(
        signed_out.not_revoked.map(|error| error.kind().as_str()),
        Some("server")
    );
    assert_eq!(store.load("work").await.unwrap(), None);

    let environment = TokenStore::environment(signed_in);
    assert_eq!(
        kind(connection(&emulator, &environment).sign_out().await),
        "unsupported"
    );
    assert_eq!(
        emulator.calls().of("auth/token/revoke"),
        1,
        "the environment's are left alone"
    );
}
