//! What the emulator remembers of its calls.

use std::time::Duration;

use dropscript::emulator::{
    Emulator, Fault, FaultKind, LimitBody, LimitReason, LoggedCall, RetryIn,
};
use reqwest::Method;
use serde_json::json;

use crate::lab::{Lab, Reply};

fn wait(seconds: u64, retry_in: RetryIn) -> FaultKind {
    FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after: Some(seconds),
        retry_in,
        body: LimitBody::Json,
    }
}

#[tokio::test]
async fn calls_are_counted_by_route_status_and_fault() {
    let lab = Lab::new();
    lab.emulator
        .inject(Fault::on("users/*", FaultKind::ExpiredToken).nth(1));
    lab.emulator
        .inject(Fault::on("users/*", FaultKind::CutAfterCommit).nth(2));
    let ask = "users/get_current_account";
    assert_eq!(lab.rpc(ask, json!(null)).await.status, 401);
    let cut = lab.request(Method::POST, "/2/users/get_space_usage");
    let cut = cut.bearer_auth(lab.emulator.access_token("main"));
    Reply::of(cut).await.expect_err("the connection is cut");
    lab.ok(ask, json!(null)).await;
    lab.upload("files/upload", json!({"path": "/a"}), "12345")
        .await
        .ok();
    let calls = lab.emulator.calls();
    assert_eq!(
        (
            calls.of(ask),
            calls.of("users/get_space_usage"),
            calls.total()
        ),
        (2, 1, 4)
    );
    assert_eq!(
        calls.by_status.into_iter().collect::<Vec<_>>(),
        [(200, 2), (401, 1)]
    );
    assert_eq!(calls.unanswered, 1);
    assert_eq!(calls.faults["expired_token"][ask], 1);
    assert_eq!(calls.faults["cut_after_commit"]["users/get_space_usage"], 1);
    assert_eq!(calls.bytes_in, "null".len() as u64 * 2 + 5);
    let log = lab.emulator.log();
    assert_eq!(
        calls.bytes_out,
        log.iter().map(|call| call.bytes_out).sum::<u64>()
    );
    assert!(
        calls.connections >= 2,
        "a connection that was cut is not used again"
    );

    lab.emulator.reset_counters();
    let calls = lab.emulator.calls();
    assert_eq!((calls.total(), calls.unanswered, calls.bytes_in), (0, 0, 0));
    assert!(calls.by_status.is_empty() && calls.faults.is_empty());
    assert!(lab.emulator.log().is_empty());
}

#[tokio::test]
async fn windows_in_which_a_caller_shall_wait_are_remembered_by_caller() {
    let lab = Lab::new();
    let page = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3600),
    };
    lab.emulator
        .inject(Fault::on("files/*", wait(60, RetryIn::Field)).nth(1));
    lab.emulator.inject(Fault::on("files/*", page).nth(2));
    let list = |account: &str| {
        let request = lab
            .request(Method::POST, "/2/files/list_folder")
            .bearer_auth(lab.emulator.access_token(account))
            .header("content-type", "application/json")
            .body(json!({"path": ""}).to_string());
        async { Reply::of(request).await.expect("an answer") }
    };
    let field_only = list("main").await;
    assert_eq!(
        (field_only.status, field_only.header("retry-after")),
        (429, "")
    );
    assert_eq!(list("other").await.status, 503);
    list("main").await.ok();
    list("other").await.ok();
    list("third").await.ok();
    let calls = lab.emulator.calls();
    assert_eq!(calls.during_retry_after, 2);
    let early: Vec<_> = calls.during_retry_after_by_caller.into_iter().collect();
    assert_eq!(early, [("main".to_owned(), 1), ("other".to_owned(), 1)]);
    let windows: Vec<_> = calls
        .retry_windows
        .iter()
        .map(|window| (window.caller.as_str(), window.end.checked_sub(window.start)))
        .collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(windows, [("main", seconds(60)), ("other", seconds(3600))]);
    // They are open still, so a new count begins in them.
    lab.emulator.reset_counters();
    list("main").await.ok();
    assert_eq!(lab.emulator.calls().during_retry_after, 1);
    assert_eq!(lab.emulator.calls().retry_windows.len(), 2);
}

#[tokio::test]
async fn a_window_begins_when_the_answer_goes_out() {
    let latency = Duration::from_millis(200);
    let lab = Lab::with(Emulator::builder().latency(latency));
    lab.emulator
        .inject(Fault::on("users/*", wait(60, RetryIn::Both)).nth(1));
    let ask = || lab.rpc("users/get_current_account", json!(null));
    assert_eq!(ask().await.status, 429);
    let window = &lab.emulator.calls().retry_windows[0];
    let arrived = lab.emulator.log()[0].start;
    assert!(
        window.start >= arrived + latency,
        "nobody can know of it before"
    );
    ask().await.ok();
    assert_eq!(lab.emulator.calls().during_retry_after, 1);
}

#[tokio::test]
async fn the_log_tells_of_each_call_and_never_of_a_token() {
    let lab = Lab::new();
    let start = "files/upload_session/start";
    lab.emulator
        .inject(Fault::on(start, FaultKind::Delay { millis: 30 }).nth(1));
    lab.upload(start, json!({}), "12345").await.ok();
    lab.rpc("files/get_metadata", json!({"path": "/none"}))
        .await
        .refused();
    let wrong = lab
        .request(Method::POST, "/2/users/get_current_account")
        .header("authorization", "Bearerr emulator-access-token");
    Reply::of(wrong).await.expect("an answer").bad();
    let log = lab.emulator.log();
    let [upload, lookup, unknown] = &log[..] else {
        panic!("{log:?}");
    };
    let told = |call: &LoggedCall| (call.route, call.caller.clone(), call.status, call.bytes_in);
    assert_eq!(told(upload), (start, "main".to_owned(), Some(200), 5));
    assert_eq!(upload.fault, Some("delay"));
    assert!(upload.took >= Some(Duration::from_millis(30)));
    assert_eq!(told(lookup).2, Some(409));
    assert_eq!(lookup.error.as_deref(), Some("path/not_found"));
    assert!(upload.start + upload.took.unwrap_or_default() <= lookup.start);
    assert_eq!((unknown.caller.as_str(), unknown.status), ("", Some(400)));
    assert!(
        unknown
            .error
            .as_deref()
            .is_some_and(|error| error.contains("Invalid authorization"))
    );
    assert!(!format!("{log:?}").contains("emulator-access-token"));

    let request = lab.request(Method::GET, "/emulator/log");
    let json = Reply::of(request).await.expect("an answer").ok();
    assert_eq!(json.as_array().map(Vec::len), Some(3));
    assert_eq!(json[1]["error"], "path/not_found");
    assert!(json[0]["took_ms"].as_f64() >= Some(30.0));
    let request = lab.request(Method::GET, "/emulator/calls");
    let json = Reply::of(request).await.expect("an answer").ok();
    assert_eq!(json["by_status"], json!({"200": 1, "400": 1, "409": 1}));
    assert_eq!(json["faults"], json!({"delay": {start: 1}}));
}

#[tokio::test]
async fn faults_strike_in_the_order_of_arrival_and_repeat_with_the_seed() {
    const CALLS: usize = 60;
    let run = async |seed: u64| {
        let latency = Duration::from_millis(2);
        let lab = Lab::with(Emulator::builder().seed(seed).latency(latency));
        let failing = FaultKind::ServerError {
            status: 500,
            html: false,
            retry_after: None,
        };
        let route = "users/get_current_account";
        for fault in [
            Fault::on(route, wait(1, RetryIn::Both)).every(7),
            Fault::on(route, failing).with_probability(0.3, 1),
            Fault::on("users/*", FaultKind::ExpiredToken).with_probability(0.3, 1),
            Fault::on(route, FaultKind::Delay { millis: 3 }).every(2),
        ] {
            lab.emulator.inject(fault);
        }
        let calls = (0..CALLS).map(|_| lab.rpc(route, json!(null)));
        futures_util::future::join_all(calls).await;
        let log = lab.emulator.log();
        let struck: Vec<_> = log.iter().map(|call| (call.fault, call.status)).collect();
        struck
    };
    let struck = run(3).await;
    assert_eq!(struck.len(), CALLS);
    for (number, (fault, status)) in struck.iter().enumerate() {
        // Of those that strike at one call, the first given acts.
        assert_eq!(
            *fault == Some("rate_limit"),
            (number + 1) % 7 == 0,
            "call {number}"
        );
        let expected = match fault {
            Some("rate_limit") => 429,
            Some("server_error") => 500,
            Some("expired_token") => 401,
            _ => 200,
        };
        assert_eq!(*status, Some(expected), "call {number}");
    }
    for kind in ["server_error", "expired_token", "delay"] {
        assert!(
            struck.iter().any(|(fault, _)| *fault == Some(kind)),
            "{kind}"
        );
    }
    assert_eq!(struck, run(3).await);
    assert_ne!(struck, run(4).await);
}
