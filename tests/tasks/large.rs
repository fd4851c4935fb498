//! Large files: in parts, several of which are on their way at a time.

use std::fs;
use std::time::Duration;

use dropscript::emulator::{Emulator, EmulatorBuilder, Fault, FaultKind, Quirk};
use dropscript::{DownloadOptions, UploadOptions};

use crate::support::{Bench, hash, kind, noise, until_called};

const START: &str = "files/upload_session/start";
const APPEND: &str = "files/upload_session/append_v2";
const DOWNLOAD: &str = "files/download";

/// Five parts, of which the last is short.
const LARGE: usize = (33 << 20) + 77;

async fn send(bench: &Bench, bytes: &[u8]) -> dropscript::Result<dropscript::Report> {
    let file = bench.local("large.bin", bytes).display().to_string();
    let upload = bench.dbx.upload(file, "/", UploadOptions::default());
    upload.await
}

async fn fetch(bench: &Bench) -> dropscript::Result<dropscript::Report> {
    let folder = bench.path("in");
    let download = bench
        .dbx
        .download("/large.bin", folder, DownloadOptions::default());
    download.await
}

#[tokio::test]
async fn a_large_file_goes_in_parts_of_one_session_and_comes_back() {
    for quirk in [
        None,
        Some(Quirk::ConcurrentCloseIsLast),
        Some(Quirk::RangesIgnored),
        Some(Quirk::ContentRangeMissing),
    ] {
        let builder = quirk
            .into_iter()
            .fold(Emulator::builder(), EmulatorBuilder::quirk);
        let bench = Bench::on(builder.start().unwrap());
        let bytes = noise(LARGE);
        send(&bench, &bytes).await.unwrap();
        assert!(bench.contents("/large.bin").unwrap() == bytes, "{quirk:?}");
        assert_eq!((bench.calls(START), bench.calls(APPEND)), (1, 5));
        fetch(&bench).await.unwrap();
        assert!(fs::read(bench.path("in/large.bin")).unwrap() == bytes);
        let calls = match quirk {
            Some(Quirk::RangesIgnored) => 1,
            Some(Quirk::ContentRangeMissing) => 2,
            _ => 5,
        };
        assert_eq!(bench.calls(DOWNLOAD), calls, "{quirk:?}");
    }
}

#[tokio::test]
async fn a_part_that_hangs_does_not_hold_up_the_others() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    let hang = Fault::on(APPEND, FaultKind::Hang).first(1);
    bench.emulator.inject(hang);
    tokio::select! {
        sent = send(&bench, &bytes) => panic!("{sent:?}"),
        // All but the last one, which closes the session.
        () = until_called(&bench, APPEND, 4) => {}
    }
    assert_eq!(bench.contents("/large.bin"), None);

    bench.remote("/large.bin", &bytes);
    bench
        .emulator
        .inject(Fault::on(DOWNLOAD, FaultKind::Hang).nth(2));
    tokio::select! {
        fetched = fetch(&bench) => panic!("{fetched:?}"),
        () = until_called(&bench, DOWNLOAD, 5) => {}
    }
    assert!(!bench.path("in/large.bin").exists());
}

#[tokio::test]
async fn what_breaks_on_the_way_is_mended_in_the_same_session() {
    for (route, what) in [
        (APPEND, FaultKind::CutBeforeHeaders),
        (APPEND, FaultKind::CutDuringRequest { bytes: 3_000_000 }),
        (APPEND, FaultKind::CutAfterCommit),
        (DOWNLOAD, FaultKind::CutAfter { bytes: 5_000_000 }),
        (DOWNLOAD, FaultKind::CutBeforeHeaders),
    ] {
        let bench = Bench::new();
        let bytes = noise(LARGE);
        for nth in [1, 2, 5] {
            let fault = Fault::on(route, what.clone()).nth(nth);
            bench.emulator.inject(fault);
        }
        let sent = send(&bench, &bytes).await;
        sent.unwrap_or_else(|error| panic!("{route} {what:?}: {error:?}"));
        let there = bench.contents("/large.bin").unwrap();
        assert_eq!(hash(&there), hash(&bytes), "{route} {what:?}");
        assert_eq!(bench.calls(START), 1, "{route} {what:?}");
        let fetched = fetch(&bench).await;
        fetched.unwrap_or_else(|error| panic!("{route} {what:?}: {error:?}"));
        let here = fs::read(bench.path("in/large.bin")).unwrap();
        assert_eq!(hash(&here), hash(&bytes), "{route} {what:?}");
        let limit = bytes.len() as u64 * 2;
        assert!(
            bench.emulator.calls().bytes_out < limit,
            "what arrived is not asked for again"
        );
    }
}

#[tokio::test]
async fn a_part_that_went_bad_is_never_kept() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    bench.remote("/large.bin", &bytes);
    let bad = FaultKind::FlippedByte { offset: 5_000_000 };
    bench
        .emulator
        .inject(Fault::on(DOWNLOAD, bad.clone()).nth(3));
    fetch(&bench).await.unwrap();
    let here = fs::read(bench.path("in/large.bin")).unwrap();
    assert_eq!(hash(&here), hash(&bytes));

    bench.local("in/large.bin", "old");
    bench.emulator.inject(Fault::on(DOWNLOAD, bad));
    assert_eq!(kind(fetch(&bench).await), "integrity");
    assert_eq!(fs::read(bench.path("in/large.bin")).unwrap(), b"old");
    assert_eq!(bench.names("in"), ["large.bin"]);
}

#[tokio::test]
async fn a_version_that_comes_meanwhile_is_not_mixed_in() {
    let bench = Bench::new();
    let (old, new) = (noise(LARGE), vec![1; LARGE]);
    bench.remote("/large.bin", &old);
    bench
        .emulator
        .inject(Fault::on(DOWNLOAD, FaultKind::Hang).nth(2));
    let folder = bench.path("in");
    let replaced = async {
        until_called(&bench, DOWNLOAD, 2).await;
        bench.remote("/large.bin", &new);
        // The call that hangs goes on as a new one.
        std::future::pending::<()>().await;
    };
    let dbx = crate::support::connect(&bench.emulator)
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    tokio::select! {
        fetched = dbx.download("/large.bin", folder, DownloadOptions::default()) => { fetched.unwrap(); }
        () = replaced => {}
    }
    let here = fs::read(bench.path("in/large.bin")).unwrap();
    assert_eq!(hash(&here), hash(&old), "the rev that was begun with");
}

#[tokio::test]
async fn a_session_that_is_lost_is_begun_anew_with_all_parts() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    bench
        .emulator
        .inject(Fault::on(APPEND, FaultKind::LostSession).nth(3));
    send(&bench, &bytes).await.unwrap();
    let there = bench.contents("/large.bin").unwrap();
    assert_eq!(hash(&there), hash(&bytes));
    assert_eq!(bench.calls(START), 2);
}

#[tokio::test]
async fn a_file_that_changes_while_its_parts_are_sent_is_not_committed() {
    let bench = Bench::new();
    bench
        .emulator
        .inject(Fault::on(APPEND, FaultKind::Hang).first(1));
    let dbx = crate::support::connect(&bench.emulator)
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let file = bench.local("large.bin", noise(LARGE)).display().to_string();
    let change = async {
        until_called(&bench, APPEND, 2).await;
        bench.local("large.bin", noise(LARGE + 1));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        sent = dbx.upload(file, "/", UploadOptions::default()) => {
            assert_eq!(kind(sent), "integrity");
        }
        () = change => {}
    }
    assert_eq!(bench.contents("/large.bin"), None);
}
