//! What is common to all routes: authorisation, formats, the words of refusals.

use reqwest::Method;
use serde_json::json;

use crate::lab::{Lab, Reply};

#[tokio::test]
async fn who_shows_no_token_or_a_wrong_one_is_refused() {
    let lab = Lab::new();
    let call = || lab.request(Method::POST, "/2/users/get_current_account");
    let none = Reply::of(call()).await.expect("an answer");
    assert!(none.bad().contains(
        "Must provide HTTP header \"Authorization\" or URL parameter \"authorization\"."
    ));
    let basic = Reply::of(call().header("authorization", "Basic eDp5"))
        .await
        .expect("an answer");
    assert!(
        basic
            .bad()
            .contains("Expecting \"Bearer <oauth2-access-token>\".")
    );
    let wrong = Reply::of(call().bearer_auth("asdf"))
        .await
        .expect("an answer");
    assert_eq!(
        (wrong.status, wrong.summary().as_str()),
        (401, "invalid_access_token")
    );
    assert_eq!(
        wrong.header("www-authenticate"),
        "Bearer realm=\"Dropbox-API\""
    );
    let parameter = lab.request(
        Method::POST,
        "/2/users/get_current_account?authorization=Bearer%20emulator-access-token",
    );
    assert_eq!(Reply::of(parameter).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_call_without_an_argument_takes_null_and_nothing() {
    let lab = Lab::new();
    let token = lab.emulator.access_token("main");
    let call = || {
        lab.request(Method::POST, "/2/users/get_current_account")
            .bearer_auth(&token)
    };
    assert_eq!(Reply::of(call()).await.expect("an answer").status, 200);
    let null = Reply::of(
        call()
            .header("content-type", "application/json")
            .body("null"),
    )
    .await
    .expect("an answer");
    let account = null.ok();
    assert_eq!(account["account_id"].as_str().expect("an id").len(), 40);
    assert_eq!(
        account["root_info"]["root_namespace_id"],
        account["root_info"]["home_namespace_id"]
    );
    assert_eq!(null.header("x-dropbox-request-id").len(), 32);
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_words_of_the_service() {
    let lab = Lab::new();
    let cases = [
        (
            json!({"path": "x"}),
            "request body: path: 'x' did not match pattern '(/(.|[\\r\\n])*)?|id:.*|(ns:[0-9]+(/.*)?)'",
        ),
        (
            json!({"path": "/"}),
            "request body: path: Specify the root folder as an empty string rather than as \"/\".",
        ),
        (
            json!({"path": null}),
            "request body: path: expected to be a string, got null",
        ),
        (
            json!({"path": "", "colour": 1}),
            "request body: unknown field 'colour'",
        ),
        (
            json!({"path": "", "limit": 0}),
            "request body: limit: 0 is not within 1 to 2000",
        ),
        (json!({}), "request body: missing required field 'path'"),
    ];
    for (arg, text) in cases {
        let expected = format!("Error in call to API function \"files/list_folder\": {text}");
        assert_eq!(lab.rpc("files/list_folder", arg).await.bad(), expected);
    }
    let root = lab
        .rpc("files/get_metadata", json!({"path": ""}))
        .await
        .bad();
    assert!(root.ends_with("request body: path: The root folder is unsupported."));
    let unknown = lab.rpc("files/nothing", json!({})).await.bad();
    assert_eq!(unknown, "Unknown API function: \"files/nothing\"");
    let garbled = lab
        .upload_request("files/upload", &json!({}), "")
        .header("dropbox-api-arg", "{");
    assert_eq!(Reply::of(garbled).await.expect("an answer").status, 400);
}

#[tokio::test]
async fn the_argument_may_come_as_a_url_parameter_and_in_any_spelling() {
    let lab = Lab::new();
    lab.emulator.put("main", "/ü.txt", "x");
    let path = "/2/files/download?arg=%7B%22path%22%3A%22%2F%C3%BC.txt%22%7D&authorization=Bearer+emulator-access-token";
    let reply = Reply::of(lab.request(Method::GET, path))
        .await
        .expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(
        reply.header("dropbox-api-result").contains("\\u00fc.txt"),
        "header-safe"
    );
}

#[tokio::test]
async fn a_refresh_token_gives_access_tokens_that_expire() {
    let lab = Lab::new();
    let refresh = |fields: &'static str| {
        let request = lab
            .request(Method::POST, "/1/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded");
        Reply::of(request.body(fields))
    };
    let form = "grant_type=refresh_token&refresh_token=emulator-refresh-token&client_id=emulator-app&client_secret=emulator-secret";
    let granted = refresh(form).await.expect("an answer").ok();
    assert_eq!(granted["expires_in"], 14_400);
    let token = granted["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let account = || {
        Reply::of(
            lab.request(Method::POST, "/2/users/get_current_account")
                .bearer_auth(&token),
        )
    };
    assert_eq!(account().await.expect("an answer").status, 200);
    lab.emulator.advance(std::time::Duration::from_secs(14_401));
    let expired = account().await.expect("an answer");
    assert_eq!(
        (expired.status, expired.summary().as_str()),
        (401, "expired_access_token")
    );

    let basic = lab
        .request(
            Method::POST,
            "/oauth2/token?grant_type=refresh_token&refresh_token=emulator-refresh-token",
        )
        .basic_auth("emulator-app", Some("emulator-secret"));
    assert_eq!(Reply::of(basic).await.expect("an answer").status, 200);
    let invalid = refresh("grant_type=refresh_token&refresh_token=x&client_id=emulator-app")
        .await
        .expect("an answer");
    assert_eq!(
        (invalid.status, invalid.json()["error"].as_str()),
        (400, Some("invalid_grant"))
    );
}

#[tokio::test]
async fn accounts_see_only_their_own_files() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "main");
    lab.emulator.put("work", "/a", "work");
    let token = lab.emulator.access_token("work");
    let mine = lab
        .request(Method::POST, "/2/files/download")
        .bearer_auth(token)
        .header("dropbox-api-arg", r#"{"path":"/a"}"#);
    assert_eq!(Reply::of(mine).await.expect("an answer").text(), "work");
    assert_eq!(
        lab.emulator.contents("main", "/A").as_deref(),
        Some(&b"main"[..])
    );
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let lab = Lab::new();
    let url = lab.emulator.url().to_owned();
    drop(lab);
    assert!(
        reqwest::get(url)
            .await
            .expect_err("nobody listens")
            .is_connect()
    );
}

#[tokio::test]
async fn nothing_stands_beside_a_bare_tag() {
    let lab = Lab::new();
    for (route, arg) in [
        (
            "users/features/get_values",
            json!({"features": [{".tag": "file_locking", "extra": 1}]}),
        ),
        ("users/features/get_values", json!({"features": [5]})),
        (
            "files/search_v2",
            json!({"query": "x", "options": {"file_categories": [{".tag": "image", "extra": 1}]}}),
        ),
        (
            "files/get_thumbnail_batch",
            json!({"entries": [{"path": "/x", "size": {".tag": "w64h64", "extra": 1}}]}),
        ),
    ] {
        lab.rpc(route, arg).await.bad();
    }
}
