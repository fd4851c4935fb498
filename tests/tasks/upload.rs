//! Uploading.

use std::fs::File;
use std::time::{Duration, SystemTime};

use dropscript::{OnError, Outcome, Overwrite, Report, SizeIs, UploadOptions};

use crate::support::{Bench, hash, kind, noise, outcomes};

fn overwrite(overwrite: Overwrite) -> UploadOptions {
    UploadOptions {
        overwrite,
        ..UploadOptions::default()
    }
}

#[tokio::test]
async fn a_folder_arrives_with_its_subfolders_and_names() {
    let bench = Bench::new();
    let long = "n".repeat(200);
    let names = [
        "plain.txt",
        "sub/with space.txt",
        "sub/Grüße/🦀.txt",
        "sub/it's \"quoted\".txt",
        "100% [x] {y}.txt",
        long.as_str(),
        "empty",
    ];
    for name in names {
        bench.local(
            &format!("out/{name}"),
            if name == "empty" { "" } else { name },
        );
    }
    let report = bench
        .dbx
        .upload(bench.text("out"), "/dest", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(
        (report.transferred, report.failed),
        (names.len() as u64, 0),
        "{report}"
    );
    for name in names {
        let expected = if name == "empty" { "" } else { name };
        assert_eq!(
            bench.contents(&format!("/dest/{name}")).unwrap(),
            expected.as_bytes(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn sizes_round_a_part_arrive_whole() {
    let bench = Bench::new();
    let mib = 1 << 20;
    for size in [
        1,
        4 * mib,
        4 * mib + 1,
        8 * mib - 1,
        8 * mib,
        8 * mib + 1,
        16 * mib,
        20 * mib + 7,
    ] {
        let bytes = noise(size);
        let file = bench.local("f.bin", &bytes);
        let report = bench
            .dbx
            .upload(
                file.display().to_string(),
                "/sizes",
                overwrite(Overwrite::Always),
            )
            .await
            .unwrap();
        assert_eq!((report.transferred, report.bytes), (1, size as u64));
        assert_eq!(
            hash(&bench.contents("/sizes/f.bin").unwrap()),
            hash(&bytes),
            "{size} bytes"
        );
    }
}

#[tokio::test]
async fn a_large_file_goes_by_session_and_is_read_once() {
    let bench = Bench::new();
    let file = bench.local("large.bin", noise(20 << 20));
    bench
        .dbx
        .upload(file.display().to_string(), "/", UploadOptions::default())
        .await
        .unwrap();
    let calls = [
        "files/upload",
        "files/upload_session/start",
        "files/upload_session/append_v2",
        "files/upload_session/finish_batch_v2",
    ]
    .map(|route| bench.calls(route));
    assert_eq!(calls, [0, 1, 2, 1]);
}

#[tokio::test]
async fn what_is_unchanged_is_not_sent_again() {
    let bench = Bench::new();
    for number in 0..20 {
        bench.local(&format!("out/{number}.txt"), number.to_string());
    }
    let upload = || {
        bench
            .dbx
            .upload(bench.text("out"), "/dest", UploadOptions::default())
    };
    assert_eq!(upload().await.unwrap().transferred, 20);
    bench.local("out/7.txt", "seven");
    // The same length, so that only the hash tells.
    bench.local("out/8.txt", "9");
    let report = upload().await.unwrap();
    assert_eq!((report.transferred, report.skipped), (2, 18));
    assert_eq!(bench.contents("/dest/8.txt").unwrap(), b"9");
    let sent = bench.emulator.calls().bytes_in;
    assert_eq!(upload().await.unwrap().skipped, 20);
    let listed = bench.emulator.calls().bytes_in - sent;
    assert!(
        listed < 500,
        "a listing was asked for, and nothing else sent: {listed} bytes"
    );
}

#[tokio::test]
async fn each_overwrite_mode_does_as_it_says() {
    let bench = Bench::new();
    let file = bench.local("a.txt", "newer and longer");
    let text = file.display().to_string();
    let upload = |mode| bench.dbx.upload(text.clone(), "/d", overwrite(mode));
    bench.remote("/d/a.txt", "old");
    assert_eq!(kind(upload(Overwrite::Fail).await), "conflict");
    assert_eq!(upload(Overwrite::Never).await.unwrap().skipped, 1);
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
        .unwrap();
    assert_eq!(upload(Overwrite::Newer).await.unwrap().skipped, 1);
    let larger = UploadOptions {
        size_is: SizeIs::Larger,
        ..overwrite(Overwrite::Size)
    };
    assert_eq!(
        bench
            .dbx
            .upload(text.clone(), "/d", larger)
            .await
            .unwrap()
            .skipped,
        1
    );
    assert_eq!(
        bench.contents("/d/a.txt").unwrap(),
        b"old",
        "nothing replaced it yet"
    );
    let report = upload(Overwrite::Rename).await.unwrap();
    assert_eq!(report.items[0].destination, "/d/a (2).txt");
    assert_eq!(bench.contents("/d/a.txt").unwrap(), b"old");
    assert_eq!(upload(Overwrite::Changed).await.unwrap().transferred, 1);
    assert_eq!(bench.contents("/d/a.txt").unwrap(), b"newer and longer");
    assert_eq!(upload(Overwrite::Always).await.unwrap().transferred, 1);
}

#[tokio::test]
async fn the_modified_date_goes_along_in_whole_seconds() {
    let bench = Bench::new();
    let file = bench.local("a.txt", "a");
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_750);
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(time)
        .unwrap();
    bench
        .dbx
        .upload(file.display().to_string(), "/", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(
        bench
            .dbx
            .info("/a.txt")
            .await
            .unwrap()
            .modified
            .unwrap()
            .as_second(),
        1_234_567_890
    );
    let undated = UploadOptions {
        keep_dates: false,
        ..overwrite(Overwrite::Always)
    };
    bench.local("b.txt", "b");
    bench
        .dbx
        .upload(bench.text("b.txt"), "/", undated)
        .await
        .unwrap();
    assert!(
        bench
            .dbx
            .info("/b.txt")
            .await
            .unwrap()
            .modified
            .unwrap()
            .as_second()
            > 1_700_000_000
    );
}

#[tokio::test]
async fn a_single_file_to_what_looks_like_its_name_is_refused() {
    let bench = Bench::new();
    let file = bench.local("a.csv", "a").display().to_string();
    let error = bench
        .dbx
        .upload(file.clone(), "/reports/b.csv", UploadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "invalid_argument");
    assert!(error.hint().unwrap().contains("upload_file"));
    bench
        .dbx
        .upload(file.clone(), "/reports/b.csv/", UploadOptions::default())
        .await
        .unwrap();
    assert!(bench.contents("/reports/b.csv/a.csv").is_some());
    bench
        .dbx
        .upload(file.clone(), "/reports/b.csv", UploadOptions::default())
        .await
        .unwrap();
    bench
        .dbx
        .upload_file(&file, "/reports/c.csv", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(bench.contents("/reports/c.csv").unwrap(), b"a");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_tells_what_it_would() {
    let bench = Bench::new();
    bench.remote("/d/same.txt", "same");
    bench.local("out/same.txt", "same");
    bench.local("out/new.txt", "new");
    let options = UploadOptions {
        dry_run: true,
        ..UploadOptions::default()
    };
    let report = bench
        .dbx
        .upload(bench.text("out"), "/d", options)
        .await
        .unwrap();
    assert!(report.dry_run);
    assert_eq!(
        outcomes(&report),
        [
            ("new.txt".to_owned(), "planned"),
            ("same.txt".to_owned(), "skipped")
        ]
    );
    assert_eq!(bench.emulator.paths("main"), ["/d", "/d/same.txt"]);
}

#[tokio::test]
async fn names_that_differ_by_case_only_are_not_merged() {
    let bench = Bench::new();
    bench.local("out/readme", "one");
    bench.local("out/README", "two");
    let error = bench
        .dbx
        .upload(bench.text("out"), "/d", UploadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "partial");
    let report = Report::of(&error).unwrap();
    assert_eq!((report.transferred, report.failed), (1, 1));
}

#[tokio::test]
async fn on_error_decides_what_a_failure_leads_to() {
    let bench = Bench::new();
    bench.remote("/d/sub", "a file where a folder is wanted");
    for name in ["sub/x.txt", "ok.txt"] {
        bench.local(&format!("out/{name}"), name);
    }
    let with = |on_error| {
        bench.dbx.upload(
            bench.text("out"),
            "/d",
            UploadOptions {
                on_error,
                ..UploadOptions::default()
            },
        )
    };
    let error = with(OnError::Continue).await.unwrap_err();
    assert_eq!(error.kind().as_str(), "partial");
    assert!(bench.contents("/d/ok.txt").is_some());
    let report = with(OnError::Report).await.unwrap();
    let failed = report
        .items
        .iter()
        .find(|item| item.outcome == Outcome::Failed)
        .unwrap();
    assert_eq!(failed.error.as_ref().unwrap().kind().as_str(), "conflict");
    assert_eq!(kind(with(OnError::Stop).await), "conflict");
}

#[tokio::test]
async fn globs_and_lists_are_sources() {
    let bench = Bench::new();
    for name in ["a.csv", "b.txt", "sub/c.csv"] {
        bench.local(&format!("out/{name}"), name);
    }
    let one = bench
        .dbx
        .upload(bench.text("out/*.csv"), "/1", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(one.transferred, 1);
    let deep = bench
        .dbx
        .upload(bench.text("out/**/*.csv"), "/2", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!(
        (deep.transferred, bench.contents("/2/sub/c.csv").is_some()),
        (2, true)
    );
    let list = vec![bench.text("out/a.csv"), bench.text("out/b.txt")];
    assert_eq!(
        bench
            .dbx
            .upload(list, "/3", UploadOptions::default())
            .await
            .unwrap()
            .transferred,
        2
    );
    let none = bench
        .dbx
        .upload(bench.text("out/*.none"), "/4", UploadOptions::default())
        .await
        .unwrap();
    assert!(none.items.is_empty());
    let required = UploadOptions {
        require_match: true,
        ..UploadOptions::default()
    };
    assert_eq!(
        kind(
            bench
                .dbx
                .upload(bench.text("out/*.none"), "/4", required)
                .await
        ),
        "not_found"
    );
    assert_eq!(
        kind(
            bench
                .dbx
                .upload(bench.text("none.txt"), "/4", UploadOptions::default())
                .await
        ),
        "not_found"
    );
}

#[tokio::test]
async fn a_path_without_a_slash_is_told() {
    let bench = Bench::new();
    let file = bench.local("a.txt", "a").display().to_string();
    let error = bench
        .dbx
        .upload(file, "reports", UploadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind().as_str(), error.hint()),
        ("invalid_path", Some("did you mean `/reports`?"))
    );
    assert_eq!(bench.emulator.calls().by_route.values().sum::<u64>(), 0);
}

#[tokio::test]
async fn sources_that_clash_are_both_named() {
    let bench = Bench::new();
    bench.local("a/x.txt", "a");
    bench.local("b/x.txt", "b");
    let source = vec![bench.text("a/x.txt"), bench.text("b/x.txt")];
    let error = bench
        .dbx
        .upload(source, "/d", UploadOptions::default())
        .await
        .unwrap_err();
    let message = error.full_message();
    assert!(
        message.contains("a/x.txt") && message.contains("b/x.txt"),
        "{message}"
    );
    assert_eq!(bench.contents("/d/x.txt").unwrap(), b"a");
}

#[tokio::test]
async fn a_source_that_is_named_twice_is_sent_once() {
    let bench = Bench::new();
    bench.local("a/x.txt", "a");
    let source = vec![bench.text("a"), bench.text("a/*.txt")];
    let report = bench
        .dbx
        .upload(source, "/d", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.skipped), (1, 1), "{report}");
}

#[tokio::test]
async fn what_is_below_the_target_is_not_listed_for_files_beside_each_other() {
    let bench = Bench::new();
    for number in 0..2_001 {
        bench.remote(&format!("/d/deep/{number}"), "x");
    }
    for number in 0..9 {
        bench.local(&format!("out/{number}.csv"), number.to_string());
    }
    bench.remote("/d/4.csv", "4");
    let report = bench
        .dbx
        .upload(bench.text("out/*.csv"), "/d", UploadOptions::default())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.skipped), (8, 1), "{report}");
    assert_eq!(bench.calls("files/list_folder/continue"), 0);
}

#[tokio::test]
async fn an_empty_folder_makes_its_destination() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).unwrap();
    let dry = UploadOptions {
        dry_run: true,
        ..UploadOptions::default()
    };
    bench
        .dbx
        .upload(bench.text("out"), "/dest", dry)
        .await
        .unwrap();
    assert!(bench.emulator.paths("main").is_empty());
    let report = bench
        .dbx
        .upload(bench.text("out"), "/dest", UploadOptions::default())
        .await
        .unwrap();
    assert!(report.items.is_empty());
    assert_eq!(bench.emulator.paths("main"), ["/dest"]);
}
