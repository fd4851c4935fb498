//! Large transfers that broke off, and what goes on with them.

use std::fs;
use std::time::{Duration, Instant};

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{DownloadOptions, UnfinishedWork, UploadOptions};

use crate::support::{Bench, kind, noise};

const START: &str = "files/upload_session/start";
const APPEND: &str = "files/upload_session/append_v2";
const DOWNLOAD: &str = "files/download";

/// Five parts, of which the last is short.
const LARGE: usize = (33 << 20) + 77;

/// A connection that notes in a folder how far its transfers come.
fn keeping(bench: &Bench) -> dropscript::Connection {
    let work = UnfinishedWork::open(bench.path("state")).unwrap();
    let builder = crate::support::connect(&bench.emulator);
    builder.unfinished(work).build().unwrap()
}

/// Sends three parts of five, and ends.
async fn break_off(bench: &Bench, file: &str) {
    let hang = Fault::on(APPEND, FaultKind::Hang).nth(2);
    bench.emulator.inject(hang);
    let dbx = keeping(bench);
    let sent = async {
        let work = UnfinishedWork::open(bench.path("state")).unwrap();
        let guard = Instant::now();
        while work
            .uploads()
            .unwrap()
            .iter()
            .all(|upload| upload.sent < 3 * (8 << 20))
        {
            assert!(guard.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        uploaded = dbx.upload(file, "/", UploadOptions::default()) => panic!("{uploaded:?}"),
        () = sent => {}
    }
}

#[tokio::test]
async fn an_upload_that_broke_off_goes_on_with_what_is_missing() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    let file = bench.local("large.bin", &bytes).display().to_string();
    break_off(&bench, &file).await;
    let before = bench.calls(APPEND);
    let report = keeping(&bench)
        .upload(file, "/", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(report.transferred, 1);
    assert!(bench.contents("/large.bin").unwrap() == bytes);
    assert_eq!((bench.calls(START), bench.calls(APPEND) - before), (1, 2));
    let work = UnfinishedWork::open(bench.path("state")).unwrap();
    assert_eq!(work.uploads().unwrap(), [], "nothing is left of it");
}

#[tokio::test]
async fn what_is_not_the_same_file_any_more_is_sent_whole() {
    for again in [false, true] {
        let bench = Bench::new();
        let local = bench.local("large.bin", noise(LARGE));
        let file = local.display().to_string();
        break_off(&bench, &file).await;
        // Other bytes in every part, with the same size and, the second time, the same date.
        let date = fs::metadata(&local).unwrap().modified().unwrap();
        let mut bytes = noise(LARGE);
        bytes
            .iter_mut()
            .step_by(1 << 20)
            .for_each(|byte| *byte ^= 1);
        fs::write(&local, &bytes).unwrap();
        if again {
            let open = fs::File::options().write(true).open(&local).unwrap();
            open.set_modified(date).unwrap();
        }
        keeping(&bench)
            .upload(file, "/", UploadOptions::default())
            .await
            .unwrap();
        assert!(bench.contents("/large.bin").unwrap() == bytes, "{again}");
        assert_eq!(bench.calls(START), 2);
    }
}

#[tokio::test]
async fn a_session_that_dropbox_forgot_is_begun_anew() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    let file = bench.local("large.bin", &bytes).display().to_string();
    break_off(&bench, &file).await;
    let lost = Fault::on(APPEND, FaultKind::LostSession).first(1);
    bench.emulator.inject(lost);
    keeping(&bench)
        .upload(file, "/", UploadOptions::default())
        .await
        .unwrap();
    assert!(bench.contents("/large.bin").unwrap() == bytes);
    assert_eq!(bench.calls(START), 2);
}

/// Fetches three parts of five at least, and ends.
async fn break_off_fetching(bench: &Bench) {
    let hang = Fault::on(DOWNLOAD, FaultKind::Hang).nth(2);
    bench.emulator.inject(hang);
    let dbx = keeping(bench);
    let fetched = async {
        let work = UnfinishedWork::open(bench.path("state")).unwrap();
        let enough = |work: &UnfinishedWork| {
            let left = work.downloads().unwrap();
            left.iter()
                .any(|download| download.fetched >= 3 * (8 << 20))
        };
        let guard = Instant::now();
        while !enough(&work) {
            assert!(guard.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let download = dbx.download("/large.bin", bench.path("in"), DownloadOptions::default());
    tokio::select! {
        downloaded = download => panic!("{downloaded:?}"),
        () = fetched => {}
    }
    bench.emulator.clear_faults();
    // What the thread that writes the file holds is given back when it notices that nobody wants it.
    let work = UnfinishedWork::open(bench.path("state")).unwrap();
    drop(dbx);
    let guard = Instant::now();
    while work.downloads().unwrap()[0].active {
        assert!(guard.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn fetch_on(bench: &Bench) -> dropscript::Result<dropscript::Report> {
    let dbx = keeping(bench);
    let download = dbx.download("/large.bin", bench.path("in"), DownloadOptions::default());
    download.await
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on_with_what_is_missing() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    bench.remote("/large.bin", &bytes);
    break_off_fetching(&bench).await;
    let [partial] = &bench.names("in")[..] else {
        panic!("{:?}", bench.names("in"))
    };
    let work = UnfinishedWork::open(bench.path("state")).unwrap();
    let left = &work.downloads().unwrap()[0];
    assert!(left.partial.ends_with(partial));
    let missing = LARGE as u64 - left.fetched;
    let before = bench.emulator.calls().bytes_out;
    assert_eq!(fetch_on(&bench).await.unwrap().transferred, 1);
    assert!(fs::read(bench.path("in/large.bin")).unwrap() == bytes);
    let came = bench.emulator.calls().bytes_out - before;
    // What is not of the file is little.
    assert!(
        (missing..missing + (64 << 10)).contains(&came),
        "{came} for {missing}"
    );
    assert_eq!(bench.names("in"), ["large.bin"]);
    assert_eq!(work.downloads().unwrap(), [], "nothing is left of it");
}

#[tokio::test]
async fn what_is_on_disk_is_not_trusted() {
    type Harm = fn(&std::path::Path);
    let harms: [(Harm, u64); 4] = [
        // Each part of it is another now.
        (
            |partial| {
                let mut bytes = fs::read(partial).unwrap();
                bytes
                    .iter_mut()
                    .step_by(1 << 20)
                    .for_each(|byte| *byte ^= 1);
                fs::write(partial, bytes).unwrap();
            },
            5,
        ),
        (|partial| fs::write(partial, "cut").unwrap(), 5),
        (|partial| fs::remove_file(partial).unwrap(), 5),
        (
            |partial| {
                let elsewhere = partial.with_file_name("elsewhere");
                fs::rename(partial, &elsewhere).unwrap();
                std::os::unix::fs::symlink(&elsewhere, partial).unwrap();
            },
            5,
        ),
    ];
    for (number, (harm, calls)) in harms.into_iter().enumerate() {
        let bench = Bench::new();
        let bytes = noise(LARGE);
        bench.remote("/large.bin", &bytes);
        break_off_fetching(&bench).await;
        let partial = bench.path("in").join(&bench.names("in")[0]);
        harm(&partial);
        let before = bench.calls(DOWNLOAD);
        fetch_on(&bench).await.unwrap();
        assert!(fs::read(bench.path("in/large.bin")).unwrap() == bytes);
        assert_eq!(bench.calls(DOWNLOAD) - before, calls, "{number}");
        assert!(!partial.exists(), "{number}");
    }
}

#[tokio::test]
async fn what_is_of_another_version_is_not_gone_on_with() {
    let bench = Bench::new();
    bench.remote("/large.bin", noise(LARGE));
    break_off_fetching(&bench).await;
    let new = vec![1; LARGE];
    bench.remote("/large.bin", &new);
    fetch_on(&bench).await.unwrap();
    assert!(fs::read(bench.path("in/large.bin")).unwrap() == new);
    assert_eq!(bench.names("in"), ["large.bin"]);
}

#[tokio::test]
async fn a_run_that_goes_on_after_a_failure_takes_up_what_came() {
    let bench = Bench::new();
    let bytes = noise(LARGE);
    bench.remote("/large.bin", &bytes);
    let file = bench.local("up.bin", &bytes).display().to_string();
    let dbx = keeping(&bench);
    // Nobody waits for so long.
    let down = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3_600),
    };
    for (route, nth) in [(DOWNLOAD, 5), (APPEND, 5)] {
        bench
            .emulator
            .inject(Fault::on(route, down.clone()).nth(nth));
    }
    let download = || dbx.download("/large.bin", bench.path("in"), DownloadOptions::default());
    let upload = || dbx.upload(&*file, "/", UploadOptions::default());
    assert_eq!(kind(download().await), "server");
    assert_eq!(kind(upload().await), "server");
    bench.emulator.clear_faults();
    let before = (bench.calls(DOWNLOAD), bench.calls(APPEND));
    download().await.unwrap();
    upload().await.unwrap();
    assert!(fs::read(bench.path("in/large.bin")).unwrap() == bytes);
    assert!(bench.contents("/up.bin").unwrap() == bytes);
    // What was under way then was given up.
    assert!((1..=4).contains(&(bench.calls(DOWNLOAD) - before.0)));
    // The last one of an upload goes when all others have gone.
    assert_eq!(bench.calls(APPEND) - before.1, 1);
    assert_eq!(bench.calls(START), 1);
}

#[tokio::test]
async fn bytes_that_went_bad_leave_nothing_to_go_on_with() {
    let bench = Bench::new();
    bench.remote("/large.bin", noise(LARGE));
    let bad = FaultKind::FlippedByte { offset: 5_000_000 };
    bench.emulator.inject(Fault::on(DOWNLOAD, bad));
    assert_eq!(kind(fetch_on(&bench).await), "integrity");
    assert!(bench.names("in").is_empty());
    let work = UnfinishedWork::open(bench.path("state")).unwrap();
    assert_eq!(work.downloads().unwrap(), []);
}
