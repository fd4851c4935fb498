//! Batches of which some entries fail, and jobs that take their time or fail.

use dropscript::emulator::{Fault, FaultKind, FaultWhen};
use serde_json::{Value, json};

use crate::lab::Lab;

fn failing(route: &str, error: &str, entries: FaultWhen) -> Fault {
    let error = error.to_owned();
    Fault::on(route, FaultKind::BatchEntries { error, entries })
}

/// The failure of each entry; `null` for those that worked.
fn failures(outcome: &Value) -> Vec<Value> {
    let entries = outcome["entries"].as_array().expect("entries");
    entries
        .iter()
        .map(|entry| entry["failure"].clone())
        .collect()
}

async fn checked(lab: &Lab, check: &str, launched: &Value) -> Value {
    lab.ok(check, json!({"async_job_id": launched["async_job_id"]}))
        .await
}

#[tokio::test]
async fn chosen_commits_of_a_batch_fail_and_can_be_tried_again() {
    let lab = Lab::new();
    let route = "files/upload_session/finish_batch_v2";
    let fault = failing(route, "too_many_write_operations", FaultWhen::Every(2));
    lab.emulator.inject(fault.nth(1));
    let mut entries = Vec::new();
    for n in 0..5 {
        let arg = json!({"close": true});
        let opened = lab
            .upload("files/upload_session/start", arg, "x")
            .await
            .ok();
        let cursor = json!({"session_id": opened["session_id"], "offset": 1});
        entries.push(json!({"cursor": cursor, "commit": {"path": format!("/{n}")}}));
    }
    let busy = json!({".tag": "too_many_write_operations"});
    let done = lab.ok(route, json!({"entries": entries})).await;
    let none = Value::Null;
    assert_eq!(
        failures(&done),
        [none.clone(), busy.clone(), none.clone(), busy, none]
    );
    assert_eq!(lab.emulator.paths("main"), ["/0", "/2", "/4"]);
    let again = json!({"entries": [entries[1], entries[3]]});
    assert_eq!(
        failures(&lab.ok(route, again).await),
        [Value::Null, Value::Null]
    );
    assert_eq!(lab.emulator.paths("main").len(), 5);
}

#[tokio::test]
async fn a_piece_of_a_body_is_left_out_and_the_others_arrive() {
    let lab = Lab::new();
    let route = "files/upload_session/append_batch";
    let first = FaultWhen::First(1);
    lab.emulator
        .inject(failing(route, "incorrect_offset", first).nth(1));
    let opened = lab
        .ok(
            "files/upload_session/start_batch",
            json!({"num_sessions": 2}),
        )
        .await;
    let cursor = |n: usize| json!({"session_id": opened["session_ids"][n], "offset": 0});
    let piece = |n: usize| json!({"cursor": cursor(n), "length": 3, "close": true});
    let both = json!({"entries": [piece(0), piece(1)]});
    let appended = lab.upload(route, both, "abcdef").await.ok();
    let wrong = json!({".tag": "incorrect_offset", "correct_offset": 0});
    assert_eq!(failures(&appended), [wrong, Value::Null]);
    lab.upload(route, json!({"entries": [piece(0)]}), "abc")
        .await
        .ok();
    let entries: Vec<Value> = (0..2)
        .map(|n| {
            let cursor = json!({"session_id": opened["session_ids"][n], "offset": 3});
            json!({"cursor": cursor, "commit": {"path": format!("/{n}")}})
        })
        .collect();
    let finish = "files/upload_session/finish_batch_v2";
    let done = lab.ok(finish, json!({"entries": entries})).await;
    assert_eq!(failures(&done), [Value::Null, Value::Null]);
    let contents = |path| lab.emulator.contents("main", path);
    assert_eq!(contents("/0").as_deref(), Some(&b"abc"[..]));
    assert_eq!(contents("/1").as_deref(), Some(&b"def"[..]));
}

#[tokio::test]
async fn entries_fail_with_any_error_of_their_union() {
    let lab = Lab::new();
    let tag = |name: &str| json!({".tag": name});
    let nested = |name: &str, inner: Value| {
        let mut outer = tag(name);
        outer[name] = inner;
        outer
    };
    lab.emulator.put("main", "/a", "a");
    lab.emulator.put("main", "/b", "b");
    let second = FaultWhen::Nth(2);
    let paths = json!({"paths": ["/x", "/y"]});
    lab.emulator.inject(failing(
        "files/create_folder_batch",
        "path/conflict/file_ancestor",
        second,
    ));
    let made = lab.ok("files/create_folder_batch", paths).await;
    let conflict = nested("path", nested("conflict", tag("file_ancestor")));
    assert_eq!(failures(&made), [Value::Null, conflict]);

    lab.emulator
        .inject(failing("files/copy_batch_v2", "internal_error", second));
    let pairs = json!({"entries": [
        {"from_path": "/a", "to_path": "/x/a"}, {"from_path": "/b", "to_path": "/x/b"}]});
    let copied = lab.ok("files/copy_batch_v2", pairs).await;
    let copied = checked(&lab, "files/copy_batch/check_v2", &copied).await;
    assert_eq!(failures(&copied), [Value::Null, tag("internal_error")]);

    let locks = "files/lock_file_batch";
    let both = json!({"entries": [{"path": "/a"}, {"path": "/b"}]});
    lab.emulator
        .inject(failing(locks, "cannot_be_locked", second));
    let locked = lab.ok(locks, both.clone()).await;
    assert_eq!(failures(&locked), [Value::Null, tag("cannot_be_locked")]);

    lab.emulator
        .inject(failing("files/delete_batch", "path_lookup/locked", second));
    let deleted = lab.ok("files/delete_batch", both).await;
    let deleted = checked(&lab, "files/delete_batch/check", &deleted).await;
    let locked = nested("path_lookup", tag("locked"));
    assert_eq!(failures(&deleted), [Value::Null, locked]);
    assert_eq!(lab.emulator.paths("main"), ["/b", "/x", "/x/a"]);
}

#[tokio::test]
async fn entries_that_fail_by_chance_are_the_same_with_the_same_seed() {
    let run = async || {
        let lab = Lab::new();
        let some = FaultWhen::Probability {
            chance: 0.3,
            seed: 5,
        };
        lab.emulator
            .inject(failing("files/create_folder_batch", "path/other", some));
        let mut all = Vec::new();
        for batch in 0..2 {
            let paths: Vec<String> = (0..100).map(|n| format!("/{batch}/{n}")).collect();
            let made = lab
                .ok("files/create_folder_batch", json!({"paths": paths}))
                .await;
            all.push(failures(&made));
        }
        all
    };
    let all = run().await;
    assert_eq!(all, run().await);
    assert_ne!(all[0], all[1], "one batch after the other has its own luck");
    let failed = all[0].iter().filter(|failure| !failure.is_null()).count();
    assert!((10..60).contains(&failed), "{failed} of 100");
}

#[tokio::test]
async fn a_batch_becomes_a_job_that_takes_its_time() {
    let lab = Lab::new();
    let route = "files/create_folder_batch";
    lab.emulator
        .inject(Fault::on(route, FaultKind::AsyncJob { pending: 2 }).first(2));
    let mut jobs = Vec::new();
    for path in ["/a", "/b"] {
        let launched = lab.ok(route, json!({"paths": [path]})).await;
        assert_eq!(launched[".tag"], "async_job_id");
        jobs.push(launched);
    }
    // Each job has its own patience.
    for expected in ["in_progress", "in_progress", "complete", "complete"] {
        for job in &jobs {
            let asked = checked(&lab, "files/create_folder_batch/check", job).await;
            assert_eq!(asked[".tag"], expected);
        }
    }
    let at_once = lab.ok(route, json!({"paths": ["/c"]})).await;
    assert_eq!(at_once[".tag"], "complete");
}

#[tokio::test]
async fn a_job_fails_as_its_route_tells_failures() {
    let lab = Lab::new();
    let fail = |route: &str, error: Option<&str>| {
        let error = error.map(str::to_owned);
        lab.emulator
            .inject(Fault::on(route, FaultKind::JobFailed { error }).nth(1));
    };
    let check = "files/delete_batch/check";
    fail(check, None);
    let launched = lab.ok("files/delete_batch", json!({"entries": []})).await;
    let failed = checked(&lab, check, &launched).await;
    let busy = json!({".tag": "too_many_write_operations"});
    assert_eq!(failed, json!({".tag": "failed", "failed": busy}));
    assert_eq!(checked(&lab, check, &launched).await[".tag"], "complete");

    let check = "files/move_batch/check";
    fail(check, Some("to/conflict/folder"));
    lab.emulator.put("main", "/a", "a");
    let pair = json!({"entries": [{"from_path": "/a", "to_path": "/b"}]});
    let launched = lab.ok("files/move_batch", pair).await;
    let failed = checked(&lab, check, &launched).await;
    assert_eq!(failed["failed"]["to"]["conflict"][".tag"], "folder");

    // Where the status knows no failure, asking itself fails.
    let check = "files/upload_session/finish_batch/check";
    fail(check, None);
    let launched = lab
        .ok("files/upload_session/finish_batch", json!({"entries": []}))
        .await;
    let id = json!({"async_job_id": launched["async_job_id"]});
    assert_eq!(lab.rpc(check, id.clone()).await.refused(), "internal_error");
    assert_eq!(lab.ok(check, id).await[".tag"], "complete");
}

#[tokio::test]
async fn sessions_of_a_batch_are_lost() {
    let lab = Lab::new();
    let route = "files/upload_session/finish_batch_v2";
    lab.emulator
        .inject(Fault::on(route, FaultKind::LostSession).nth(1));
    let start = "files/upload_session/start";
    let opened = lab.upload(start, json!({"close": true}), "x").await.ok();
    let cursor = json!({"session_id": opened["session_id"], "offset": 1});
    let commit = json!({"entries": [{"cursor": cursor, "commit": {"path": "/a"}}]});
    for _ in 0..2 {
        let done = lab.ok(route, commit.clone()).await;
        let failure = &done["entries"][0]["failure"];
        assert_eq!(failure["lookup_failed"][".tag"], "not_found");
    }
}
