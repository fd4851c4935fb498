//! Many small files at once: few calls, and each file right whatever happens to them.

use std::fs;
use std::time::Duration;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use dropscript::{Overwrite, Report, UploadOptions};

use crate::support::{Bench, connect, noise, outcomes};

const START: &str = "files/upload_session/start_batch";
const APPEND: &str = "files/upload_session/append_batch";
const FINISH: &str = "files/upload_session/finish_batch_v2";

fn make(bench: &Bench, count: usize) {
    for number in 0..count {
        bench.local(
            &format!("out/{}/{number}", number % 7),
            noise(number * 13 % 5_000),
        );
    }
}

async fn send(bench: &Bench) -> Report {
    let sent = bench
        .dbx
        .upload(bench.text("out"), "/d", UploadOptions::default())
        .await;
    sent.unwrap()
}

fn assert_all_there(bench: &Bench, count: usize) {
    for number in 0..count {
        let contents = bench.contents(&format!("/d/{}/{number}", number % 7));
        assert!(
            contents == Some(noise(number * 13 % 5_000)),
            "{number} is not what was sent"
        );
    }
    let folders = count.min(7) + 1;
    assert_eq!(
        bench.emulator.paths("main").len(),
        count + folders,
        "one copy of each"
    );
}

#[tokio::test]
async fn hundreds_of_files_take_a_few_calls() {
    let bench = Bench::new();
    make(&bench, 300);
    let report = send(&bench).await;
    assert_eq!((report.transferred, report.failed), (300, 0));
    assert_all_there(&bench, 300);
    let calls = bench.emulator.calls();
    assert!(calls.total() <= 25, "{:?}", calls.by_route);
    assert_eq!(calls.of("files/upload"), 0);
    let again = send(&bench).await;
    assert_eq!((again.transferred, again.skipped), (0, 300));
    assert!(bench.emulator.calls().total() <= calls.total() + 2);
}

#[tokio::test]
async fn a_file_by_itself_takes_one_call_that_sends_it() {
    let bench = Bench::new();
    bench.local("out/a", "a");
    send(&bench).await;
    assert_eq!((bench.calls("files/upload"), bench.calls(START)), (1, 0));
}

#[tokio::test]
async fn files_of_all_sizes_go_at_once() {
    let bench = Bench::new();
    let sizes = [
        0,
        1,
        4 << 20,
        (4 << 20) + 1,
        8 << 20,
        (8 << 20) + 1,
        9 << 20,
    ];
    for (number, size) in sizes.into_iter().enumerate() {
        bench.local(&format!("out/{number}"), noise(size));
    }
    let report = send(&bench).await;
    assert_eq!(report.transferred, sizes.len() as u64);
    for (number, size) in sizes.into_iter().enumerate() {
        assert!(
            bench.contents(&format!("/d/{number}")) == Some(noise(size)),
            "{size} bytes"
        );
    }
}

#[tokio::test]
async fn answers_that_get_lost_make_no_second_copy_and_no_error() {
    for route in [START, APPEND, FINISH] {
        for what in [FaultKind::CutAfterCommit, FaultKind::CutAfter { bytes: 5 }] {
            let bench = Bench::new();
            make(&bench, 120);
            bench
                .emulator
                .inject(Fault::on(route, what.clone()).first(1));
            let report = send(&bench).await;
            assert_eq!(report.transferred, 120, "{route} {what:?}");
            assert_all_there(&bench, 120);
        }
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for route in [START, APPEND, FINISH] {
        for what in [
            FaultKind::ServerError {
                status: 503,
                html: true,
                retry_after: None,
            },
            FaultKind::RateLimit {
                reason: LimitReason::TooManyWriteOperations,
                retry_after: Some(1),
                retry_in: RetryIn::Both,
                body: LimitBody::Json,
            },
            FaultKind::CutBeforeHeaders,
            FaultKind::ExpiredToken,
        ] {
            let mut bench = Bench::new();
            make(&bench, 50);
            let refresh = connect(&bench.emulator)
                .refresh_token(bench.emulator.refresh_token("main"))
                .app_key("emulator-app");
            bench.dbx = refresh.build().unwrap();
            bench
                .emulator
                .inject(Fault::on(route, what.clone()).first(1));
            let report = send(&bench).await;
            assert_eq!(report.transferred, 50, "{route} {what:?}");
            assert_all_there(&bench, 50);
            let calls = bench.emulator.calls();
            assert!(
                calls.during_retry_after <= 1,
                "fifty files are two calls, of which one may be under way when the other is refused"
            );
        }
    }
}

#[tokio::test]
async fn a_server_without_such_routes_gets_the_files_one_by_one() {
    for (route, status) in [(START, 404), (APPEND, 404), (APPEND, 400), (FINISH, 404)] {
        let bench = Bench::new();
        make(&bench, 60);
        let what = FaultKind::ServerError {
            status,
            html: false,
            retry_after: None,
        };
        bench.emulator.inject(Fault::on(route, what));
        let report = send(&bench).await;
        assert_eq!(report.transferred, 60, "{route} {status}");
        assert_all_there(&bench, 60);
    }
}

#[tokio::test]
async fn commits_never_fight_over_the_namespace() {
    let emulator = Emulator::builder().write_lock(Duration::from_millis(20));
    let bench = Bench::on(emulator.start().unwrap());
    make(&bench, 200);
    for number in 0..3 {
        bench.local(&format!("out/0/large {number}"), noise(9 << 20));
    }
    let report = send(&bench).await;
    assert_eq!(report.transferred, 203);
    let finished = bench.calls(FINISH);
    assert!(
        finished <= 20,
        "{finished} commits, none refused and repeated"
    );
}

#[tokio::test]
async fn only_what_is_refused_fails() {
    let bench = Bench::new();
    make(&bench, 30);
    bench.local("out/desktop.ini", "ignored there");
    bench.remote("/d/3/blocked/x", "a folder");
    bench.local("out/3/blocked", "a file");
    let sent = bench
        .dbx
        .upload(bench.text("out"), "/d", UploadOptions::default());
    let error = sent.await.unwrap_err();
    let report = Report::of(&error).unwrap();
    assert_eq!((report.transferred, report.failed), (30, 2));
    let failed: Vec<_> = report
        .items
        .iter()
        .filter_map(|item| Some((item.source.as_str(), item.error.as_ref()?.kind().as_str())))
        .collect();
    assert!(failed[0].0.ends_with("/3/blocked") && failed[0].1 == "conflict");
    assert!(failed[1].0.ends_with("/desktop.ini") && failed[1].1 == "invalid_path");
}

#[tokio::test]
async fn a_file_that_changes_before_it_is_read_is_sent_as_it_is_then() {
    let bench = Bench::new();
    make(&bench, 10);
    bench
        .emulator
        .inject(Fault::on(START, FaultKind::Delay { millis: 300 }).first(1));
    let change = async {
        while bench.calls(START) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fs::write(bench.path("out/3/3"), "written meanwhile").unwrap();
    };
    let (report, ()) = tokio::join!(send(&bench), change);
    assert_eq!(report.transferred, 10);
    assert_eq!(bench.contents("/d/3/3").unwrap(), b"written meanwhile");
}

#[tokio::test]
async fn a_new_version_replaces_only_the_one_that_was_seen() {
    let bench = Bench::new();
    make(&bench, 20);
    send(&bench).await;
    bench.local("out/5/5", "new");
    bench.local("out/6/6", "new too");
    let report = send(&bench).await;
    assert_eq!((report.transferred, report.skipped), (2, 18));
    assert_eq!(bench.contents("/d/5/5").unwrap(), b"new");
    let kept = UploadOptions {
        overwrite: Overwrite::Rename,
        ..UploadOptions::default()
    };
    let renamed = bench.dbx.upload(bench.text("out"), "/d", kept).await;
    assert_eq!(renamed.unwrap().transferred, 20);
    assert_eq!(bench.contents("/d/5/5 (2)").unwrap(), b"new");
    assert!(outcomes(&report).contains(&("5".to_owned(), "transferred")));
}
