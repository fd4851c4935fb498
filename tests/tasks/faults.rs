//! What goes wrong on the way, and what comes of it.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use dropscript::emulator::{
    Emulator, Fault, FaultKind, FaultWhen, LimitBody, LimitReason, Quirk, RetryIn,
};
use dropscript::{
    Connection, CreateFolderOptions, DeleteOptions, DownloadOptions, OnError, Overwrite,
    UploadOptions, WriteOptions,
};

use crate::support::{Bench, connect, hash, kind, noise};

const UPLOAD: &str = "files/upload";
const APPEND: &str = "files/upload_session/append_v2";
const FINISH: &str = "files/upload_session/finish_batch_v2";
const APPEND_BATCH: &str = "files/upload_session/append_batch";
const DOWNLOAD: &str = "files/download";
const LOOK: &str = "files/get_metadata";

fn limited(retry_after: Option<u64>, body: LimitBody) -> FaultKind {
    FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after,
        retry_in: RetryIn::Both,
        body,
    }
}

fn failing(status: u16) -> FaultKind {
    FaultKind::ServerError {
        status,
        html: true,
        retry_after: None,
    }
}

async fn upload(bench: &Bench) -> dropscript::Result<dropscript::Report> {
    let file = bench.local("a.txt", "contents").display().to_string();
    bench
        .dbx
        .upload(
            file,
            "/d",
            UploadOptions {
                overwrite: Overwrite::Always,
                ..UploadOptions::default()
            },
        )
        .await
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    for what in [
        failing(500),
        failing(503),
        limited(Some(1), LimitBody::Json),
        limited(Some(1), LimitBody::Text),
        limited(None, LimitBody::Json),
        FaultKind::RateLimit {
            reason: LimitReason::TooManyWriteOperations,
            retry_after: None,
            retry_in: RetryIn::Both,
            body: LimitBody::Json,
        },
        FaultKind::CutBeforeHeaders,
        FaultKind::CutAfterCommit,
    ] {
        let bench = Bench::new();
        bench
            .emulator
            .inject(Fault::on(UPLOAD, what.clone()).first(1));
        let report = upload(&bench)
            .await
            .unwrap_or_else(|error| panic!("{what:?}: {error:?}"));
        assert_eq!(
            (report.transferred, bench.calls(UPLOAD)),
            (1, 2),
            "{what:?}"
        );
        assert_eq!(bench.contents("/d/a.txt").unwrap(), b"contents");
        assert_eq!(
            bench.emulator.paths("main"),
            ["/d", "/d/a.txt"],
            "{what:?}: one copy"
        );
    }
}

#[tokio::test]
async fn what_stays_is_given_up_with_its_kind() {
    let bench = Bench::new();
    bench.emulator.inject(Fault::on(UPLOAD, failing(500)));
    let error = upload(&bench).await.unwrap_err();
    assert_eq!(
        (error.kind().as_str(), error.status()),
        ("server", Some(500))
    );
    assert_eq!(bench.calls(UPLOAD), 7, "the call and six repeats");
    assert!(bench.contents("/d/a.txt").is_none());
}

#[tokio::test]
async fn no_call_starts_while_a_retry_after_runs() {
    let bench = Bench::new();
    for number in 0..40 {
        bench.local(&format!("out/{number}"), number.to_string());
    }
    bench
        .emulator
        .inject(Fault::on(APPEND_BATCH, limited(Some(2), LimitBody::Json)).nth(3));
    let options = UploadOptions {
        overwrite: Overwrite::Always,
        parallel: 8.try_into().ok(),
        ..UploadOptions::default()
    };
    let started = Instant::now();
    assert_eq!(
        bench
            .dbx
            .upload(bench.text("out"), "/d", options)
            .await
            .unwrap()
            .transferred,
        40
    );
    assert!(started.elapsed() >= Duration::from_secs(2));
    // Some others were under way when the limit was told: six calls that send, and one that commits.
    assert!(
        bench.emulator.calls().during_retry_after <= 6,
        "{:?}",
        bench.emulator.calls()
    );
}

#[tokio::test]
async fn a_permanent_error_is_tried_once() {
    let bench = Bench::new();
    assert_eq!(kind(bench.dbx.info("/none").await), "not_found");
    assert_eq!(bench.calls("files/get_metadata"), 1);
    let stranger = Connection::builder("x")
        .endpoint(bench.emulator.url())
        .access_token("wrong")
        .build()
        .unwrap();
    assert_eq!(kind(stranger.info("/none").await), "not_signed_in");
    assert_eq!(bench.calls("files/get_metadata"), 2);
}

#[tokio::test]
async fn a_refused_token_ends_a_task_at_once() {
    let bench = Bench::new();
    for number in 0..50 {
        bench.local(&format!("out/{number}"), "x");
    }
    let stranger = Connection::builder("x")
        .endpoint(bench.emulator.url())
        .access_token("wrong")
        .build()
        .unwrap();
    let options = UploadOptions {
        overwrite: Overwrite::Always,
        ..UploadOptions::default()
    };
    assert_eq!(
        kind(stranger.upload(bench.text("out"), "/d", options).await),
        "not_signed_in"
    );
    assert!(bench.calls(UPLOAD) < 10, "{}", bench.calls(UPLOAD));
}

#[tokio::test]
async fn a_server_that_is_down_is_a_network_error() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dbx = Connection::builder("x")
        .endpoint(format!("http://127.0.0.1:{port}"))
        .access_token("t")
        .build()
        .unwrap();
    let error = dbx.account().await.unwrap_err();
    assert_eq!(error.kind().as_str(), "network");
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_a_timeout() {
    let bench = Bench::new();
    bench
        .emulator
        .inject(Fault::on("users/get_current_account", FaultKind::Hang));
    let dbx = connect(&bench.emulator)
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    assert_eq!(kind(dbx.account().await), "timeout");
}

#[tokio::test]
async fn a_part_that_got_through_is_not_sent_again() {
    for what in [
        FaultKind::CutAfterCommit,
        FaultKind::IncorrectOffset { kept: 5_000_000 },
        FaultKind::CutBeforeHeaders,
        failing(500),
    ] {
        let bench = Bench::new();
        let bytes = noise(30 << 20);
        let file = bench.local("large.bin", &bytes).display().to_string();
        bench
            .emulator
            .inject(Fault::on(APPEND, what.clone()).nth(2));
        bench
            .dbx
            .upload(file, "/", UploadOptions::default())
            .await
            .unwrap_or_else(|error| panic!("{what:?}: {error:?}"));
        assert_eq!(
            hash(&bench.contents("/large.bin").unwrap()),
            hash(&bytes),
            "{what:?}"
        );
        assert_eq!(
            bench.calls("files/upload_session/start"),
            1,
            "{what:?}: one session"
        );
    }
}

#[tokio::test]
async fn a_commit_whose_answer_got_lost_is_looked_for() {
    let bench = Bench::new();
    let bytes = noise(17 << 20);
    let file = bench.local("large.bin", &bytes).display().to_string();
    bench
        .emulator
        .inject(Fault::on(FINISH, FaultKind::CutAfterCommit).first(1));
    assert_eq!(
        bench
            .dbx
            .upload(file, "/", UploadOptions::default())
            .await
            .unwrap()
            .transferred,
        1
    );
    assert_eq!(bench.emulator.paths("main"), ["/large.bin"]);
}

/// That something is in the way is not the reason: it may be what the first try made.
#[tokio::test]
async fn where_nobody_can_look_for_a_commit_that_is_what_is_told() {
    let emulator = Emulator::builder().quirk(Quirk::SameBytesConflict);
    let bench = Bench::on(emulator.start().unwrap());
    let lost = Fault::on(UPLOAD, FaultKind::CutAfterCommit);
    bench.emulator.inject(lost.first(1));
    let down = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3_600),
    };
    bench.emulator.inject(Fault::on(LOOK, down).nth(2));
    let text = WriteOptions {
        overwrite: Overwrite::Always,
        ..WriteOptions::default()
    };
    let error = bench.dbx.write_text("/a.txt", "contents", text).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind().as_str(), "server", "{error:?}");
    assert!(error.hint().unwrap().contains("may be there"), "{error:?}");
    assert_eq!(bench.emulator.paths("main"), ["/a.txt"]);
}

#[tokio::test]
async fn a_session_that_is_lost_each_time_is_a_fault_of_the_server() {
    let bench = Bench::new();
    let file = bench.local("large.bin", noise(9 << 20));
    let file = file.display().to_string();
    let lost = Fault::on(APPEND, FaultKind::LostSession);
    bench.emulator.inject(lost);
    let sent = bench.dbx.upload(file, "/", UploadOptions::default()).await;
    let error = sent.unwrap_err();
    assert_eq!(error.kind().as_str(), "server", "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(bench.calls("files/upload_session/start"), 3);

    // Small ones too, which go together.
    for number in 0..5 {
        bench.local(&format!("out/{number}"), number.to_string());
    }
    let lost = FaultKind::BatchEntries {
        error: "lookup_failed/not_found".to_owned(),
        entries: FaultWhen::Always,
    };
    bench.emulator.inject(Fault::on(FINISH, lost));
    let options = UploadOptions {
        on_error: OnError::Report,
        ..UploadOptions::default()
    };
    let report = bench.dbx.upload(bench.text("out"), "/", options).await;
    let report = report.unwrap();
    let kinds = report.items.iter().filter_map(|item| item.error.as_ref());
    let kinds: Vec<_> = kinds.map(|error| error.kind().as_str()).collect();
    assert_eq!((report.transferred, kinds), (0, vec!["server"; 5]));
}

#[tokio::test]
async fn a_session_that_is_lost_is_begun_anew() {
    let bench = Bench::new();
    let bytes = noise(17 << 20);
    let file = bench.local("large.bin", &bytes).display().to_string();
    bench
        .emulator
        .inject(Fault::on(APPEND, FaultKind::LostSession).first(1));
    bench
        .dbx
        .upload(file, "/", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(hash(&bench.contents("/large.bin").unwrap()), hash(&bytes));
    assert_eq!(bench.calls("files/upload_session/start"), 2);
}

#[tokio::test]
async fn an_answer_with_another_hash_is_not_called_done() {
    let bench = Bench::new();
    bench
        .emulator
        .inject(Fault::on(UPLOAD, FaultKind::WrongContentHash));
    assert_eq!(
        upload(&bench).await.unwrap_err().kind().as_str(),
        "integrity"
    );
}

#[tokio::test]
async fn changes_whose_answer_got_lost_are_not_errors() {
    let bench = Bench::new();
    bench.remote("/old", "x");
    for route in ["files/create_folder_v2", "files/delete_v2"] {
        bench
            .emulator
            .inject(Fault::on(route, FaultKind::CutAfterCommit).first(1));
    }
    let strict = CreateFolderOptions {
        exist_ok: false,
        ..CreateFolderOptions::default()
    };
    bench.dbx.create_folder("/new", strict).await.unwrap();
    assert_eq!(
        bench
            .dbx
            .delete("/old", DeleteOptions::default())
            .await
            .unwrap()
            .deleted,
        1
    );
    assert_eq!(bench.emulator.paths("main"), ["/new"]);
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let bench = Bench::new();
    let bytes = noise(3 << 20);
    bench.remote("/a.bin", &bytes);
    for nth in [1, 2] {
        bench
            .emulator
            .inject(Fault::on(DOWNLOAD, FaultKind::CutAfter { bytes: 1 << 20 }).nth(nth));
    }
    bench
        .dbx
        .download("/a.bin", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap();
    assert!(fs::read(bench.path("in/a.bin")).unwrap() == bytes);
    assert_eq!(bench.calls(DOWNLOAD), 3);
    assert!(
        bench.emulator.calls().bytes_out < 4 << 20,
        "what arrived is not asked for again"
    );
}

#[tokio::test]
async fn a_download_that_breaks_for_good_leaves_the_old_file() {
    let bench = Bench::new();
    bench.remote("/a.bin", noise(1 << 20));
    bench.local("in/a.bin", "old");
    bench
        .emulator
        .inject(Fault::on(DOWNLOAD, FaultKind::CutAfter { bytes: 0 }));
    let error = bench
        .dbx
        .download("/a.bin", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "network");
    assert_eq!(fs::read(bench.path("in/a.bin")).unwrap(), b"old");
    assert_eq!(bench.names("in"), ["a.bin"], "no temporary file is left");
}

#[tokio::test]
async fn bytes_that_went_bad_are_fetched_again_and_never_kept() {
    for what in [
        FaultKind::FlippedByte { offset: 77 },
        FaultKind::TruncatedBody { bytes: 100 },
    ] {
        let bench = Bench::new();
        let bytes = noise(100_000);
        bench.remote("/a.bin", &bytes);
        bench
            .emulator
            .inject(Fault::on(DOWNLOAD, what.clone()).first(1));
        bench
            .dbx
            .download("/a.bin", bench.path("in"), DownloadOptions::default())
            .await
            .unwrap();
        assert!(
            fs::read(bench.path("in/a.bin")).unwrap() == bytes,
            "{what:?}"
        );
    }
    let bench = Bench::new();
    bench.remote("/a.bin", noise(100_000));
    bench.local("in/a.bin", "old");
    bench
        .emulator
        .inject(Fault::on(DOWNLOAD, FaultKind::FlippedByte { offset: 77 }));
    let error = bench
        .dbx
        .download("/a.bin", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "integrity");
    assert_eq!(fs::read(bench.path("in/a.bin")).unwrap(), b"old");
    assert_eq!(bench.names("in"), ["a.bin"]);
}

#[tokio::test]
async fn a_dropped_download_leaves_nothing() {
    let bench = Bench::new();
    bench.remote("/a.bin", noise(1 << 20));
    bench.emulator.inject(Fault::on(
        DOWNLOAD,
        FaultKind::SlowDrip {
            bytes_per_second: 100_000,
        },
    ));
    let download = bench
        .dbx
        .download("/a.bin", bench.path("in"), DownloadOptions::default());
    assert!(
        tokio::time::timeout(Duration::from_millis(300), download)
            .await
            .is_err()
    );
    assert_eq!(bench.calls(DOWNLOAD), 1, "it was under way");
    // The file without a name goes when its thread notices that nobody wants it.
    let guard = Instant::now();
    while !bench.names("in").is_empty() {
        assert!(
            guard.elapsed() < Duration::from_secs(60),
            "{:?}",
            bench.names("in")
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn two_emulators_do_not_share_anything() {
    let (one, other) = (Emulator::start().unwrap(), Emulator::start().unwrap());
    one.put("main", "/a", "1");
    let dbx = connect(&other).build().unwrap();
    assert!(!dbx.exists("/a").await.unwrap());
}

#[tokio::test]
async fn a_wait_beyond_all_patience_is_told_and_holds_nothing_up() {
    for seconds in [601, 1 << 40] {
        for what in [
            limited(Some(seconds), LimitBody::Json),
            FaultKind::ServerError {
                status: 503,
                html: false,
                retry_after: Some(seconds),
            },
        ] {
            let bench = Bench::new();
            bench
                .emulator
                .inject(Fault::on(UPLOAD, what.clone()).first(1));
            let patience = Duration::from_secs(20);
            let error = tokio::time::timeout(patience, upload(&bench))
                .await
                .unwrap_or_else(|_| panic!("{what:?} is waited for"))
                .unwrap_err();
            assert_eq!(
                error.retry_after(),
                Some(Duration::from_secs(seconds)),
                "{what:?}"
            );
            tokio::time::timeout(patience, upload(&bench))
                .await
                .unwrap_or_else(|_| panic!("{what:?} holds up the next call"))
                .unwrap();
        }
    }
}
