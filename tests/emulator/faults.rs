//! Misbehaviour on request.

use std::time::{Duration, Instant};

use dropscript::emulator::{Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use serde_json::json;

use crate::lab::{Lab, Reply};

fn lab_with(fault: Fault) -> Lab {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "0123456789");
    lab.emulator.inject(fault);
    lab
}

#[tokio::test]
async fn limits_come_in_every_form() {
    let limit = |retry_after, body| FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after,
        retry_in: RetryIn::Both,
        body,
    };
    let lab = lab_with(Fault::on("files/download", limit(Some(1), LimitBody::Json)).nth(1));
    lab.emulator
        .inject(Fault::on("files/download", limit(None, LimitBody::Json)).nth(2));
    lab.emulator
        .inject(Fault::on("files/download", limit(None, LimitBody::Text)).nth(3));
    let writes = FaultKind::RateLimit {
        reason: LimitReason::TooManyWriteOperations,
        retry_after: None,
        retry_in: RetryIn::Both,
        body: LimitBody::Json,
    };
    lab.emulator
        .inject(Fault::on("files/download", writes).nth(4));

    let waiting = lab.download(json!({"path": "/a"})).await;
    assert_eq!((waiting.status, waiting.header("retry-after")), (429, "1"));
    assert_eq!(waiting.json()["error"]["retry_after"], 1);
    assert_eq!(
        waiting.json()["error"]["reason"][".tag"],
        "too_many_requests"
    );
    let bare = lab.download(json!({"path": "/a"})).await;
    assert_eq!((bare.status, bare.header("retry-after")), (429, ""));
    assert_eq!(
        lab.emulator.calls().during_retry_after,
        1,
        "that one came too early"
    );
    let text = lab.download(json!({"path": "/a"})).await;
    assert_eq!(
        (text.status, text.header("content-type")),
        (429, "text/plain; charset=utf-8")
    );
    let writes = lab.download(json!({"path": "/a"})).await;
    assert_eq!(
        (writes.status, writes.summary().as_str()),
        (429, "too_many_write_operations")
    );
    assert_eq!(lab.download(json!({"path": "/a"})).await.status, 200);
    assert_eq!(lab.emulator.calls().of("files/download"), 5);
}

#[tokio::test]
async fn server_errors_and_expired_tokens() {
    let page = FaultKind::ServerError {
        status: 503,
        html: true,
        retry_after: None,
    };
    let lab = lab_with(Fault::on("users/*", page).nth(1));
    lab.emulator
        .inject(Fault::on("users/*", FaultKind::ExpiredToken).nth(2));
    let error = lab.rpc("users/get_space_usage", json!(null)).await;
    assert_eq!(
        (error.status, error.header("content-type")),
        (503, "text/html; charset=utf-8")
    );
    let expired = lab.rpc("users/get_space_usage", json!(null)).await;
    assert_eq!(
        (expired.status, expired.summary().as_str()),
        (401, "expired_access_token")
    );
    assert_eq!(
        lab.rpc("users/get_space_usage", json!(null)).await.status,
        200
    );
}

#[tokio::test]
async fn a_cut_before_the_headers_does_nothing_and_one_after_the_commit_everything() {
    let lab = lab_with(Fault::on("files/upload", FaultKind::CutBeforeHeaders).nth(1));
    lab.emulator
        .inject(Fault::on("files/upload", FaultKind::CutAfterCommit).nth(2));
    for path in ["/first", "/second"] {
        let request = lab.upload_request("files/upload", &json!({"path": path}), "x");
        Reply::of(request).await.expect_err("the connection is cut");
    }
    assert_eq!(lab.emulator.paths("main"), ["/a", "/second"]);
}

#[tokio::test]
async fn bodies_are_cut_shortened_spoiled() {
    let lab = lab_with(Fault::on("files/download", FaultKind::CutAfter { bytes: 4 }).nth(1));
    lab.emulator
        .inject(Fault::on("files/download", FaultKind::TruncatedBody { bytes: 4 }).nth(2));
    lab.emulator
        .inject(Fault::on("files/download", FaultKind::FlippedByte { offset: 2 }).nth(3));
    lab.emulator
        .inject(Fault::on("files/download", FaultKind::WrongContentHash).nth(4));
    let arg = json!({"path": "/a"});

    let mut cut = lab.download_request(&arg).send().await.expect("a header");
    assert_eq!(cut.content_length(), Some(10));
    assert_eq!(cut.chunk().await.expect("a part").expect("a part"), "0123");
    cut.chunk().await.expect_err("the connection is cut");
    assert_eq!(lab.download(arg.clone()).await.text(), "0123");
    assert_eq!(lab.download(arg.clone()).await.text(), "0133456789");
    let lied = lab
        .download(arg.clone())
        .await
        .header("dropbox-api-result")
        .to_owned();
    assert_ne!(
        lied.split_once("content_hash"),
        lab.download(arg)
            .await
            .header("dropbox-api-result")
            .split_once("content_hash")
    );
}

#[tokio::test]
async fn answers_come_late_or_slowly() {
    let lab = lab_with(Fault::on("files/download", FaultKind::Delay { millis: 150 }).nth(1));
    lab.emulator.inject(
        Fault::on(
            "files/download",
            FaultKind::SlowDrip {
                bytes_per_second: 50,
            },
        )
        .nth(2),
    );
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(
            lab.download(json!({"path": "/a"})).await.text(),
            "0123456789"
        );
        assert!(start.elapsed() >= Duration::from_millis(150));
    }
}

#[tokio::test]
async fn sessions_and_cursors_are_lost() {
    let lab = lab_with(
        Fault::on(
            "files/upload_session/append_v2",
            FaultKind::IncorrectOffset { kept: 2 },
        )
        .nth(1),
    );
    lab.emulator
        .inject(Fault::on("files/upload_session/append_v2", FaultKind::LostSession).nth(3));
    lab.emulator
        .inject(Fault::on("files/list_folder/continue", FaultKind::ResetCursor).first(1));
    let id = lab
        .upload("files/upload_session/start", json!({}), "ab")
        .await
        .ok()["session_id"]
        .clone();
    let append = |offset: u64, bytes: &'static str| {
        let arg = json!({"cursor": {"session_id": id, "offset": offset}});
        let request = lab.upload_request("files/upload_session/append_v2", &arg, bytes);
        async { Reply::of(request).await.expect("an answer") }
    };
    assert_eq!(append(2, "cdef").await.json()["error"]["correct_offset"], 4);
    assert_eq!(append(4, "ef").await.status, 200);
    assert_eq!(append(6, "gh").await.refused(), "not_found");
    assert_eq!(append(6, "gh").await.refused(), "not_found");
    let page = lab.ok("files/list_folder", json!({"path": ""})).await;
    let next = json!({"cursor": page["cursor"]});
    assert_eq!(
        lab.rpc("files/list_folder/continue", next.clone())
            .await
            .refused(),
        "reset"
    );
    assert_eq!(
        lab.rpc("files/list_folder/continue", next).await.status,
        200
    );
}

#[tokio::test]
async fn a_distant_server_answers_later() {
    let latency = Duration::from_millis(60);
    let lab = Lab::with(dropscript::emulator::Emulator::builder().latency(latency));
    let call = || async {
        let start = Instant::now();
        lab.ok("users/get_space_usage", json!(null)).await;
        start.elapsed()
    };
    assert!(
        call().await >= 3 * latency,
        "the first call makes the connection"
    );
    assert!(call().await >= latency);
}
