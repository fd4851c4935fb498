//! What uploads and downloads have in common: where the files go, and whether they stay where they were.

use std::fs;

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{OnError, Overwrite, Rename, TransferOptions};

use crate::support::{Bench, kind, outcomes};

fn moving() -> TransferOptions {
    TransferOptions {
        delete_source: true,
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

fn flat() -> TransferOptions {
    TransferOptions {
        flatten: true,
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

#[tokio::test]
async fn a_local_file_that_arrived_is_deleted() {
    let bench = Bench::new();
    // Few go one by one, many go together.
    for count in [1, 12] {
        for number in 0..count {
            bench.local(&format!("{count}/sub/{number}.txt"), format!("{number}"));
        }
        let folder = bench.text(&count.to_string());
        let target = format!("/in/{count}");
        let report = bench.dbx.upload(folder, &target, moving()).await.unwrap();
        assert_eq!(report.transferred, count, "{report}");
        assert!(bench.names(&format!("{count}/sub")).is_empty());
        let last = format!("{target}/sub/{}.txt", count - 1);
        assert_eq!(
            bench.contents(&last).unwrap(),
            (count - 1).to_string().as_bytes()
        );
    }
}

#[tokio::test]
async fn only_what_is_surely_at_the_target_is_deleted() {
    let bench = Bench::new();
    for name in ["same.txt", "other.txt"] {
        bench.local(&format!("out/{name}"), "mine");
    }
    bench.remote("/in/same.txt", "mine");
    bench.remote("/in/other.txt", "theirs");
    let options = TransferOptions {
        overwrite: Overwrite::Never,
        ..moving()
    };
    bench
        .dbx
        .upload(bench.text("out"), "/in", options.clone())
        .await
        .unwrap();
    assert_eq!(bench.names("out"), ["other.txt", "same.txt"]);
    let dry = TransferOptions {
        dry_run: true,
        ..moving()
    };
    bench
        .dbx
        .upload(bench.text("out"), "/in", dry)
        .await
        .unwrap();
    assert_eq!(bench.names("out"), ["other.txt", "same.txt"]);
    let fail = TransferOptions {
        overwrite: Overwrite::Fail,
        ..moving()
    };
    bench
        .dbx
        .upload(bench.text("out"), "/in", fail)
        .await
        .unwrap();
    assert_eq!(bench.names("out"), ["other.txt", "same.txt"]);
    // By default equal contents are enough, and others are replaced.
    let report = bench
        .dbx
        .upload(bench.text("out"), "/in", moving())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.skipped), (1, 1));
    assert!(bench.names("out").is_empty());
    assert_eq!(bench.contents("/in/other.txt").unwrap(), b"mine");
}

#[tokio::test]
async fn a_local_file_stays_when_sending_it_fails() {
    let bench = Bench::new();
    let path = bench.local("a.txt", "a");
    let refused = FaultKind::ServerError {
        status: 403,
        html: false,
        retry_after: None,
    };
    bench.emulator.inject(Fault::on("files/upload", refused));
    let sent = bench.dbx.upload(
        bench.text("a.txt"),
        "/in",
        TransferOptions {
            on_error: OnError::Continue,
            ..moving()
        },
    );
    assert_eq!(kind(sent.await), "permission");
    assert!(path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_is_named_is_sent_and_stays() {
    let bench = Bench::new();
    let real = bench.local("real.txt", "real");
    std::os::unix::fs::symlink(&real, bench.path("link.txt")).unwrap();
    let report = bench
        .dbx
        .upload(bench.text("link.txt"), "/in", moving())
        .await
        .unwrap();
    assert_eq!(report.items[0].reason, "not deleted: it is a symbolic link");
    assert_eq!(bench.contents("/in/link.txt").unwrap(), b"real");
    assert_eq!(bench.names(""), ["link.txt", "real.txt"]);
}

#[tokio::test]
async fn a_remote_file_is_deleted_when_it_arrived_or_an_equal_one_is_here() {
    let bench = Bench::new();
    for name in ["new.txt", "same.txt", "sub/other.txt"] {
        bench.remote(&format!("/out/{name}"), name);
    }
    bench.local("in/same.txt", "same.txt");
    let report = bench
        .dbx
        .download("/out", bench.path("in"), moving())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.skipped), (2, 1));
    assert_eq!(bench.emulator.paths("main"), ["/out", "/out/sub"]);
    assert_eq!(
        fs::read(bench.path("in/sub/other.txt")).unwrap(),
        b"sub/other.txt"
    );
}

#[tokio::test]
async fn a_remote_file_that_changed_since_it_was_read_stays() {
    let bench = Bench::new();
    bench.remote("/out/a.txt", "old");
    let item = bench.dbx.info("/out/a.txt").await.unwrap();
    bench.local("in/a.txt", "old");
    bench.remote("/out/a.txt", "new");
    // The item says what was there before, and that is here already.
    let report = bench
        .dbx
        .download(item, bench.path("in"), moving())
        .await
        .unwrap();
    assert_eq!(outcomes(&report), [("a.txt".to_owned(), "skipped")]);
    assert_eq!(
        report.items[0].reason,
        "not deleted: it changed since it was read"
    );
    assert_eq!(bench.contents("/out/a.txt").unwrap(), b"new");
}

#[tokio::test]
async fn a_remote_file_stays_when_its_bytes_come_wrong() {
    let bench = Bench::new();
    bench.remote("/out/a.txt", "right");
    bench.emulator.inject(Fault::on(
        "files/download",
        FaultKind::FlippedByte { offset: 0 },
    ));
    let report = bench
        .dbx
        .download("/out", bench.path("in"), moving())
        .await
        .unwrap();
    assert_eq!(report.failed, 1, "{report}");
    assert!(bench.names("in").is_empty());
    assert_eq!(bench.contents("/out/a.txt").unwrap(), b"right");
}

#[tokio::test]
async fn flattened_files_that_would_become_one_all_fail_and_the_others_go() {
    let bench = Bench::new();
    for path in ["a/x.txt", "b/X.TXT", "c/d/y.txt"] {
        bench.local(&format!("out/{path}"), path);
        bench.remote(&format!("/out/{path}"), path);
    }
    let report = bench
        .dbx
        .upload(bench.text("out"), "/in", flat())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.failed), (1, 2), "{report}");
    let error = report.items[0].error.as_deref().unwrap();
    assert_eq!(error.kind().as_str(), "conflict");
    let there: Vec<_> = bench
        .emulator
        .paths("main")
        .into_iter()
        .filter(|path| path.starts_with("/in"))
        .collect();
    assert_eq!(there, ["/in", "/in/y.txt"]);

    // A local file system may tell letter case apart, but not the same name twice.
    bench.remote("/out/e/y.txt", "e");
    let report = bench
        .dbx
        .download("/out/**/y.txt", bench.path("in"), flat())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.failed), (0, 2), "{report}");
    let report = bench
        .dbx
        .download("/out/c", bench.path("in"), flat())
        .await
        .unwrap();
    assert_eq!(report.transferred, 1);
    assert_eq!(bench.names("in"), ["y.txt"]);
}

#[tokio::test]
async fn a_new_name_comes_from_the_item() {
    let bench = Bench::new();
    for path in ["a.txt", "sub/b.txt"] {
        bench.local(&format!("out/{path}"), path);
    }
    let named = |name: fn(&str) -> String| TransferOptions {
        rename: Some(Rename::new(move |item| name(&item.name))),
        on_error: OnError::Report,
        ..TransferOptions::default()
    };
    bench
        .dbx
        .upload(
            bench.text("out"),
            "/in",
            named(|name| format!("old-{name}")),
        )
        .await
        .unwrap();
    assert_eq!(
        bench.emulator.paths("main"),
        ["/in", "/in/old-a.txt", "/in/sub", "/in/sub/old-b.txt"]
    );
    bench
        .dbx
        .download(
            "/in",
            bench.path("got"),
            named(|name| name.replace("old-", "new-")),
        )
        .await
        .unwrap();
    assert_eq!(bench.names("got"), ["new-a.txt", "sub"]);
    assert_eq!(bench.names("got/sub"), ["new-b.txt"]);

    // One name for two in the same folder is as bad as none, or as one that leads elsewhere.
    bench.local("out/c.txt", "c");
    let same = bench
        .dbx
        .upload(bench.text("out/*.txt"), "/same", named(|_| "x".to_owned()))
        .await
        .unwrap();
    assert_eq!((same.transferred, same.failed), (0, 2));
    for name in [
        |_: &str| String::new(),
        |_: &str| "../x".to_owned(),
        |_: &str| "..".to_owned(),
    ] {
        let report = bench
            .dbx
            .upload(bench.text("out/a.txt"), "/bad", named(name))
            .await
            .unwrap();
        assert_eq!(
            report.items[0].error.as_deref().unwrap().kind().as_str(),
            "invalid_argument"
        );
    }
    let exact = bench
        .dbx
        .upload_file(bench.path("out/a.txt"), "/x", named(|_| "y".to_owned()));
    assert_eq!(kind(exact.await), "invalid_argument");
    assert!(
        !bench
            .emulator
            .paths("main")
            .iter()
            .any(|path| path.starts_with("/same") || path.starts_with("/bad"))
    );
}

/// The commit takes a while, and the file is written to meanwhile: what was sent is whole, and the newer file stays.
#[tokio::test]
async fn a_local_file_that_changed_since_it_was_read_stays() {
    let bench = Bench::new();
    let path = bench.local("a.txt", "old");
    let slow = FaultKind::Delay { millis: 1_000 };
    bench.emulator.inject(Fault::on("files/upload", slow));
    let write = async {
        while bench.calls("files/upload") == 0 {
            tokio::task::yield_now().await;
        }
        fs::write(&path, "newer").unwrap();
    };
    let (report, ()) = tokio::join!(
        bench.dbx.upload(bench.text("a.txt"), "/in", moving()),
        write
    );
    let report = report.unwrap();
    assert_eq!(
        report.items[0].reason,
        "not deleted: it changed since it was read"
    );
    assert_eq!(bench.contents("/in/a.txt").unwrap(), b"old");
    assert_eq!(fs::read(&path).unwrap(), b"newer");
}
