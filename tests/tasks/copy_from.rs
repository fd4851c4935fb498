//! Copying from one account to another.

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{Connection, Filter, OnError, Overwrite, Report, TransferOptions};

use crate::support::{Bench, kind};

/// An account `main`, and another one that files come from.
fn accounts() -> (Bench, Connection) {
    let bench = Bench::new();
    let other = Connection::builder("other")
        .endpoint(bench.emulator.url())
        .access_token(bench.emulator.access_token("other"))
        .build()
        .unwrap();
    (bench, other)
}

fn put(emulator: &Emulator, path: &str, contents: impl AsRef<[u8]>) {
    emulator.put("other", path, contents.as_ref().to_vec());
}

fn options() -> TransferOptions {
    TransferOptions {
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

fn counts(report: &Report) -> [u64; 3] {
    [report.transferred, report.skipped, report.failed]
}

/// More than two parts, and not a whole number of them.
fn large() -> Vec<u8> {
    (0..=250u8).cycle().take(20_000_003).collect()
}

#[tokio::test]
async fn files_of_every_size_arrive_as_they_are_with_their_dates() {
    let (bench, other) = accounts();
    let large = large();
    put(&bench.emulator, "/from/empty.txt", "");
    put(&bench.emulator, "/from/sub/small.txt", "small");
    put(&bench.emulator, "/from/exact.bin", vec![7; 8 << 20]);
    put(&bench.emulator, "/from/large.bin", &large);
    let report = bench.dbx.copy_from(&other, "/from", "/to", options()).await;
    let report = report.unwrap();
    assert_eq!(counts(&report), [4, 0, 0], "{report}");
    assert_eq!(report.bytes, 5 + (8 << 20) + large.len() as u64);
    assert_eq!(bench.contents("/to/empty.txt").unwrap(), b"");
    assert_eq!(bench.contents("/to/sub/small.txt").unwrap(), b"small");
    assert!(bench.contents("/to/large.bin").unwrap() == large);
    for path in ["exact.bin", "large.bin", "sub/small.txt"] {
        let here = bench.dbx.info(&format!("/to/{path}")).await.unwrap();
        let there = other.info(&format!("/from/{path}")).await.unwrap();
        assert_eq!((here.hash, here.modified), (there.hash, there.modified));
    }
    // What is equal is not fetched again.
    let fetched = bench.calls("files/download");
    let again = bench.dbx.copy_from(&other, "/from", "/to", options()).await;
    assert_eq!(counts(&again.unwrap()), [0, 4, 0]);
    assert_eq!(bench.calls("files/download"), fetched);
}

#[tokio::test]
async fn sources_filters_and_places_are_those_of_a_transfer() {
    let (bench, other) = accounts();
    for path in ["/in/a.csv", "/in/b.txt", "/in/sub/c.csv", "/in/sub/A.csv"] {
        put(&bench.emulator, path, path);
    }
    let csv = TransferOptions {
        filter: Filter {
            include: Some("*.csv".into()),
            subfolders: Some(false),
            ..Filter::default()
        },
        ..options()
    };
    let report = bench.dbx.copy_from(&other, "/in", "/one", csv).await;
    assert_eq!(counts(&report.unwrap()), [1, 0, 0]);
    assert_eq!(bench.contents("/one/a.csv").unwrap(), b"/in/a.csv");
    let glob = bench
        .dbx
        .copy_from(&other, "/in/**/*.csv", "/two", options());
    assert_eq!(counts(&glob.await.unwrap()), [3, 0, 0]);
    assert!(bench.contents("/two/sub/c.csv").is_some());
    // Two that would become one both fail, and are not sent.
    let flat = TransferOptions {
        flatten: true,
        ..options()
    };
    let report = bench.dbx.copy_from(&other, "/in/**/*.csv", "/three", flat);
    assert_eq!(counts(&report.await.unwrap()), [1, 0, 2]);
    let missing = bench.dbx.copy_from(&other, "/none", "/x", options()).await;
    assert_eq!(kind(missing), "not_found");
    let file = bench
        .dbx
        .copy_from(&other, "/in/a.csv", "/x.csv", options());
    assert_eq!(kind(file.await), "invalid_argument");
    let planned = TransferOptions {
        dry_run: true,
        ..options()
    };
    let planned = bench.dbx.copy_from(&other, "/in", "/four", planned).await;
    assert_eq!(planned.unwrap().planned, 4);
    assert!(!bench.emulator.paths("main").contains(&"/four".to_owned()));
}

#[tokio::test]
async fn what_is_there_is_treated_as_said() {
    for (overwrite, expected, contents) in [
        (Overwrite::Changed, "transferred", "new"),
        (Overwrite::Never, "skipped", "old"),
        (Overwrite::Fail, "failed", "old"),
        (Overwrite::Rename, "transferred", "old"),
    ] {
        let (bench, other) = accounts();
        put(&bench.emulator, "/a.txt", "new");
        bench.remote("/to/a.txt", "old");
        let options = TransferOptions {
            overwrite,
            ..options()
        };
        let report = bench.dbx.copy_from(&other, "/a.txt", "/to", options).await;
        let report = report.unwrap();
        let [item] = report.items.as_slice() else {
            panic!("{report}");
        };
        assert_eq!(item.outcome.as_str(), expected, "{overwrite:?}");
        let there = bench.contents("/to/a.txt").unwrap();
        assert_eq!(there, contents.as_bytes(), "{overwrite:?}");
        let beside = bench.contents("/to/a (2).txt").is_some();
        assert_eq!(beside, overwrite == Overwrite::Rename);
    }
}

#[tokio::test]
async fn a_source_goes_when_it_arrived_and_not_where_it_is_the_target_itself() {
    let (bench, other) = accounts();
    put(&bench.emulator, "/in/a.txt", "a");
    put(&bench.emulator, "/in/b.txt", "b");
    bench.remote("/to/b.txt", "b");
    let moving = || TransferOptions {
        delete_source: true,
        ..options()
    };
    let report = bench.dbx.copy_from(&other, "/in", "/to", moving()).await;
    assert_eq!(counts(&report.unwrap()), [1, 1, 0]);
    assert_eq!(bench.emulator.paths("other"), ["/in"]);
    let itself = bench
        .dbx
        .copy_from(&bench.dbx, "/to", "/to", moving())
        .await;
    assert_eq!(counts(&itself.unwrap()), [0, 2, 0]);
    assert_eq!(bench.contents("/to/a.txt").unwrap(), b"a");
}

#[tokio::test]
async fn a_connection_that_breaks_on_either_side_is_got_over() {
    let (bench, other) = accounts();
    let large = large();
    put(&bench.emulator, "/large.bin", &large);
    let fault = |route, kind| bench.emulator.inject(Fault::on(route, kind).first(1));
    fault("files/upload_session/append_v2", FaultKind::CutAfterCommit);
    fault(
        "files/upload_session/finish_batch_v2",
        FaultKind::CutAfterCommit,
    );
    fault("files/download", FaultKind::CutAfter { bytes: 9_000_000 });
    let report = bench.dbx.copy_from(&other, "/large.bin", "/to", options());
    assert_eq!(counts(&report.await.unwrap()), [1, 0, 0]);
    assert!(bench.contents("/to/large.bin").unwrap() == large);
}

#[tokio::test]
async fn bytes_that_went_bad_are_never_committed() {
    let (bench, other) = accounts();
    put(&bench.emulator, "/a.bin", vec![1; 100_000]);
    bench.emulator.inject(Fault::on(
        "files/download",
        FaultKind::FlippedByte { offset: 77 },
    ));
    let report = bench
        .dbx
        .copy_from(&other, "/a.bin", "/to", options())
        .await;
    let report = report.unwrap();
    assert_eq!(counts(&report), [0, 0, 1]);
    let error = report.items[0].error.as_ref().unwrap();
    assert_eq!(error.kind().as_str(), "integrity");
    assert!(bench.contents("/to/a.bin").is_none());
}
