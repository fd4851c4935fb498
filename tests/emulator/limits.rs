//! Limits, the control routes, and starting with a folder's files.

use std::num::NonZeroU32;
use std::time::Duration;

use dropscript::emulator::{Emulator, Quirk};
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

#[tokio::test]
async fn a_token_may_call_so_often_and_no_more() {
    let rate = NonZeroU32::new(5).expect("not zero");
    let lab = Lab::with(Emulator::builder().rate_limit(rate));
    let mut refused = 0;
    for _ in 0..12 {
        let reply = lab.rpc("users/get_current_account", json!(null)).await;
        if reply.status == 429 {
            refused += 1;
            assert_eq!(reply.header("retry-after"), "1");
            assert_eq!(reply.json()["error"]["reason"][".tag"], "too_many_requests");
        }
    }
    assert!((1..=7).contains(&refused), "{refused} of 12");
    // What another token does is its own affair.
    let other = lab.emulator.access_token("other");
    let request = lab.request(Method::POST, "/2/users/get_current_account");
    let reply = Reply::of(request.bearer_auth(other)).await;
    reply.expect("an answer").ok();
    assert!(lab.emulator.calls().during_retry_after > 0);
}

#[tokio::test]
async fn a_commit_holds_its_namespace() {
    let lab = Lab::with(Emulator::builder().write_lock(Duration::from_secs(1)));
    let create = |path: &str| lab.rpc("files/create_folder_v2", json!({ "path": path }));
    let (one, two) = tokio::join!(create("/a"), create("/b"));
    let (done, refused) = if one.status == 200 {
        (one, two)
    } else {
        (two, one)
    };
    done.ok();
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.summary(), "too_many_write_operations");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(lab.emulator.paths("main").len(), 1);
    // Reading needs no lock, and when the commit is answered it holds nothing any more.
    lab.ok("files/list_folder", json!({ "path": "" })).await;
    create("/c").await.ok();
}

#[tokio::test]
async fn a_header_may_be_so_large_and_no_larger() {
    let lab = Lab::with(Emulator::builder().header_limit(2_000));
    let upload = |path: String| lab.upload("files/upload", json!({ "path": path }), "x");
    upload("/short".to_owned()).await.ok();
    let long = format!("/{}/{}", "a".repeat(250), "b".repeat(250)).repeat(5);
    assert_eq!(upload(long).await.status, 431);
}

#[tokio::test]
async fn tests_in_other_languages_control_it() {
    let lab = Lab::new();
    let control = async |method: Method, path: &str, body: Value| {
        let request = lab.request(method, &format!("/emulator/{path}"));
        let reply = Reply::of(request.body(body.to_string()));
        reply.await.expect("an answer")
    };
    let what = json!({ "server_error": { "status": 503 } });
    let fault = json!([{ "route": "users/*", "what": what }]);
    control(Method::POST, "faults", fault).await.ok();
    let ask = || lab.rpc("users/get_current_account", json!(null));
    assert_eq!(ask().await.status, 503);
    control(Method::DELETE, "faults", json!(null)).await.ok();
    ask().await.ok();
    let calls = control(Method::GET, "calls", json!(null)).await.ok();
    assert_eq!(calls["by_route"], json!({ "users/get_current_account": 2 }));
    control(Method::POST, "reset-counters", json!(null))
        .await
        .ok();
    let calls = control(Method::GET, "calls", json!(null)).await.ok();
    assert_eq!(calls["by_route"], json!({}));
    let wrong = control(Method::POST, "faults", json!({ "what": "explode" })).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(control(Method::PUT, "calls", json!(null)).await.status, 405);
}

#[test]
fn it_starts_with_the_files_of_a_folder() {
    let seed = tempfile::TempDir::new().expect("a folder");
    std::fs::create_dir_all(seed.path().join("Reports/empty")).expect("a folder");
    std::fs::write(seed.path().join("Reports/a.txt"), "alpha").expect("a file");
    let served = tempfile::TempDir::new().expect("a folder");
    let seeded = || Emulator::builder().seed_from(seed.path());
    for builder in [seeded(), seeded().directory(served.path())] {
        let emulator = builder.start().expect("the emulator starts");
        assert_eq!(
            emulator.paths("main"),
            ["/Reports", "/Reports/a.txt", "/Reports/empty"]
        );
        let contents = emulator.contents("main", "/reports/A.txt");
        assert_eq!(contents.as_deref(), Some(&b"alpha"[..]));
    }
    let missing = Emulator::builder().seed_from(seed.path().join("none"));
    assert!(missing.start().is_err());
}

#[tokio::test]
async fn quirks_are_turned_on_and_off_over_http() {
    let lab = Lab::with(Emulator::builder().quirk(Quirk::EtagStrong));
    let quirks = async |method, body: &str| {
        let request = lab
            .request(method, "/emulator/quirks")
            .body(body.to_owned());
        Reply::of(request).await.expect("an answer")
    };
    lab.emulator.put("main", "/a", "1");
    assert_eq!(quirks(Method::GET, "").await.json(), json!(["etag-strong"]));
    let on = quirks(Method::POST, r#"["pages-of-500", "user-messages"]"#).await;
    assert_eq!(
        on.json(),
        json!(["user-messages", "pages-of-500", "etag-strong"])
    );
    let refused = quirks(Method::POST, "\"etag-string\"").await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("did you mean `etag-strong`?"));
    let tag = async || {
        lab.download(json!({"path": "/a"}))
            .await
            .header("etag")
            .to_owned()
    };
    assert!(tag().await.starts_with('"'));
    assert_eq!(quirks(Method::DELETE, "").await.json(), json!([]));
    assert!(tag().await.starts_with("W/"));
}

#[test]
fn a_folder_on_disk_cannot_keep_apart_what_only_accents_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let builder = Emulator::builder().directory(folder.path());
    let refused = builder.quirk(Quirk::ExactNames).start();
    let told = refused.expect_err("it cannot").to_string();
    assert!(told.contains("leave the directory out"), "{told}");
}
