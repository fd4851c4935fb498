//! Signing in: the page, codes, tokens, scopes.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use url::Url;

use crate::lab::{Lab, Reply};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The example of RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Presses a button of the page for this request, and follows no redirect.
async fn answer(lab: &Lab, fields: &[(&str, &str)]) -> Reply {
    let url = Url::parse_with_params(&format!("{}/oauth2/authorize", lab.emulator.url()), fields)
        .expect("an address");
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .expect("a client");
    Reply::of(client.post(url)).await.expect("an answer")
}

/// The parameters that an app is told.
fn told(reply: &Reply) -> HashMap<String, String> {
    assert_eq!(reply.status, 302, "{}", reply.text());
    let to = Url::parse(reply.header("location")).expect("an address");
    to.query_pairs().into_owned().collect()
}

async fn token(lab: &Lab, fields: &[(&str, &str)]) -> Reply {
    let url = Url::parse_with_params("http://x/oauth2/token", fields).expect("an address");
    let path = format!("/oauth2/token?{}", url.query().unwrap_or_default());
    Reply::of(lab.request(Method::POST, &path))
        .await
        .expect("an answer")
}

fn error(reply: &Reply) -> String {
    assert_eq!(reply.status, 400, "{}", reply.text());
    reply.json()["error"].as_str().expect("an error").to_owned()
}

fn request<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let always = [
        ("client_id", "emulator-app"),
        ("response_type", "code"),
        ("decision", "allow"),
    ];
    let mut fields = always.to_vec();
    fields.extend_from_slice(more);
    fields
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_who_has_the_verifier() {
    let lab = Lab::new();
    let asked = request(&[
        ("redirect_uri", "http://localhost:9999"),
        ("state", "a b&c"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("token_access_type", "offline"),
        ("scope", "account_info.read files.metadata.read"),
    ]);
    let exchange = |code: String, verifier: &'static str| {
        let lab = &lab;
        async move {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("client_id", "emulator-app"),
                ("redirect_uri", "http://localhost:9999"),
                ("code_verifier", verifier),
            ];
            token(lab, &fields).await
        }
    };
    let answered = told(&answer(&lab, &asked).await);
    assert_eq!(answered["state"], "a b&c");
    assert_eq!(
        error(&exchange(answered["code"].clone(), "wrong").await),
        "invalid_grant"
    );
    assert_eq!(
        error(&exchange(answered["code"].clone(), VERIFIER).await),
        "invalid_grant",
        "it is spent"
    );

    let code = told(&answer(&lab, &asked).await)["code"].clone();
    let granted = exchange(code, VERIFIER).await.ok();
    assert_eq!(
        (granted["token_type"].as_str(), granted["scope"].as_str()),
        (
            Some("bearer"),
            Some("account_info.read files.metadata.read")
        )
    );
    let access = granted["access_token"].as_str().expect("a token");
    let call = |route: &str| {
        let request = lab
            .request(Method::POST, &format!("/2/{route}"))
            .bearer_auth(access);
        Reply::of(
            request
                .header("content-type", "application/json")
                .body(r#"{"path":"/a"}"#),
        )
    };
    let refused = call("files/create_folder_v2").await.expect("an answer");
    assert_eq!(
        (refused.status, refused.summary().as_str()),
        (401, "missing_scope")
    );
    assert_eq!(
        refused.json()["error"]["required_scope"],
        "files.content.write"
    );
    assert_eq!(
        call("files/get_metadata").await.expect("an answer").status,
        409
    );

    let refresh = granted["refresh_token"].as_str().expect("a token");
    let again = |scope: &'static str| {
        let (lab, refresh) = (&lab, refresh);
        async move {
            let mut fields = vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh),
                ("client_id", "emulator-app"),
            ];
            if !scope.is_empty() {
                fields.push(("scope", scope));
            }
            token(lab, &fields).await
        }
    };
    assert_eq!(again("").await.ok()["refresh_token"], Value::Null);
    assert_eq!(
        again("account_info.read").await.ok()["scope"],
        "account_info.read"
    );
    assert_eq!(error(&again("files.content.write").await), "invalid_scope");
}

#[tokio::test]
async fn revoking_a_token_ends_its_siblings_too() {
    let lab = Lab::new();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "emulator-refresh-token"),
        ("client_id", "emulator-app"),
    ];
    let refresh = || token(&lab, &fields);
    let access = refresh().await.ok()["access_token"].clone();
    let revoke = lab
        .request(Method::POST, "/2/auth/token/revoke")
        .bearer_auth(access.as_str().expect("a token"));
    assert_eq!(
        Reply::of(revoke).await.expect("an answer").ok(),
        Value::Null
    );
    let sibling = lab.rpc("users/get_current_account", Value::Null).await;
    assert_eq!(
        (sibling.status, sibling.summary().as_str()),
        (401, "invalid_access_token")
    );
    assert_eq!(error(&refresh().await), "invalid_grant");
}

#[tokio::test]
async fn the_page_says_who_asks_and_what_is_wrong() {
    let lab = Lab::new();
    let page =
        |fields: &str| Reply::of(lab.request(Method::GET, &format!("/oauth2/authorize?{fields}")));
    let asked =
        page("client_id=emulator-app&response_type=code&scope=files.content.read&state=%22%3E")
            .await
            .expect("an answer");
    assert_eq!(asked.header("content-type"), "text/html; charset=utf-8");
    assert!(
        asked.text().contains("Emulator app would like")
            && asked.text().contains("<li>files.content.read</li>")
    );
    for wrong in [
        "client_id=none&response_type=code",
        "client_id=emulator-app&response_type=code&redirect_uri=http://localhost/",
        "client_id=emulator-app&response_type=code&redirect_uri=http://localhost:1234",
        "client_id=emulator-app&response_type=token",
        "client_id=emulator-app&response_type=code&scope=everything",
    ] {
        assert_eq!(page(wrong).await.expect("an answer").status, 400, "{wrong}");
    }
    let denied = answer(
        &lab,
        &[
            ("client_id", "emulator-app"),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost"),
            ("decision", "deny"),
        ],
    );
    assert_eq!(told(&denied.await)["error"], "access_denied");
    let shown = answer(&lab, &request(&[])).await;
    assert!(
        shown.status == 200 && shown.text().contains("id=\"code\""),
        "no address: the code is shown"
    );
}

#[tokio::test]
async fn codes_expire_and_need_the_same_address_and_a_secret() {
    let lab = Lab::new();
    let code = || async {
        let reply = answer(&lab, &request(&[("redirect_uri", "http://localhost")])).await;
        told(&reply)["code"].clone()
    };
    let exchange = |code: String, redirect: &'static str, secret: &'static str| {
        let lab = &lab;
        async move {
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", &*code),
                ("client_id", "emulator-app"),
                ("redirect_uri", redirect),
            ];
            if !secret.is_empty() {
                fields.push(("client_secret", secret));
            }
            token(lab, &fields).await
        }
    };
    assert_eq!(
        error(&exchange(code().await, "http://localhost:9999", "emulator-secret").await),
        "invalid_grant"
    );
    assert_eq!(
        error(&exchange(code().await, "http://localhost", "wrong").await),
        "invalid_client"
    );
    assert_eq!(
        error(&exchange(code().await, "http://localhost", "").await),
        "invalid_client"
    );
    let granted = exchange(code().await, "http://localhost", "emulator-secret")
        .await
        .ok();
    assert_eq!(granted["refresh_token"], Value::Null, "not asked for");
    let old = code().await;
    lab.emulator.advance(Duration::from_secs(601));
    assert_eq!(
        error(&exchange(old, "http://localhost", "emulator-secret").await),
        "invalid_grant"
    );
    let twice = lab
        .request(
            Method::POST,
            "/oauth2/token?grant_type=refresh_token&refresh_token=x&client_id=emulator-app",
        )
        .basic_auth("emulator-app", Some("emulator-secret"));
    assert_eq!(
        error(&Reply::of(twice).await.expect("an answer")),
        "invalid_request"
    );
}

#[tokio::test]
async fn apps_call_with_their_key_and_secret() {
    let lab = Lab::new();
    let check = |secret: &'static str| {
        let request = lab
            .request(Method::POST, "/2/check/app")
            .basic_auth("emulator-app", Some(secret));
        Reply::of(
            request
                .header("content-type", "application/json")
                .body(r#"{"query":"hi"}"#),
        )
    };
    assert_eq!(
        check("emulator-secret").await.expect("an answer").ok(),
        json!({"result": "hi"})
    );
    assert_eq!(check("wrong").await.expect("an answer").status, 400);
    assert_eq!(
        lab.ok("check/user", json!({"query": "ho"})).await["result"],
        "ho"
    );
}
