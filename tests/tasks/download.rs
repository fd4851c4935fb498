//! Downloading.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{DownloadOptions, Filter, Overwrite, Report, UploadOptions};

use crate::support::{Bench, kind, noise, until_called};

fn overwrite(overwrite: Overwrite) -> DownloadOptions {
    DownloadOptions {
        overwrite,
        ..DownloadOptions::default()
    }
}

#[tokio::test]
async fn a_folder_comes_back_as_it_is() {
    let bench = Bench::new();
    let large = noise(9 << 20);
    let files: &[(&str, &[u8])] = &[
        ("a.txt", b"a"),
        ("empty", b""),
        ("Sub Folder/Grüße/🦀 \"x\".txt", b"crab"),
        ("sub folder/b.bin", &large),
    ];
    for (name, contents) in files {
        bench.remote(&format!("/src/{name}"), contents);
    }
    let report = bench
        .dbx
        .download("/SRC", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.failed), (4, 0), "{report}");
    assert_eq!(
        bench.names("in"),
        ["Sub Folder", "a.txt", "empty"],
        "one folder, as it was first written"
    );
    assert_eq!(
        fs::read(bench.path("in/Sub Folder/Grüße/🦀 \"x\".txt")).unwrap(),
        b"crab"
    );
    assert!(fs::read(bench.path("in/Sub Folder/b.bin")).unwrap() == large);
    assert_eq!(
        bench.names("in/Sub Folder"),
        ["Grüße", "b.bin"],
        "no temporary file is left"
    );
}

#[tokio::test]
async fn each_overwrite_mode_does_as_it_says() {
    let bench = Bench::new();
    bench.remote("/a.txt", "remote");
    let local = bench.local("in/a.txt", "local!");
    let download = |mode| {
        bench
            .dbx
            .download("/a.txt", bench.path("in"), overwrite(mode))
    };
    assert_eq!(kind(download(Overwrite::Fail).await), "conflict");
    assert_eq!(download(Overwrite::Never).await.unwrap().skipped, 1);
    assert_eq!(download(Overwrite::Size).await.unwrap().skipped, 1);
    fs::File::options()
        .write(true)
        .open(&local)
        .unwrap()
        .set_modified(SystemTime::now() + Duration::from_secs(3_600))
        .unwrap();
    assert_eq!(download(Overwrite::Newer).await.unwrap().skipped, 1);
    assert_eq!(fs::read(&local).unwrap(), b"local!");
    let report = download(Overwrite::Rename).await.unwrap();
    assert!(
        report.items[0].destination.ends_with("in/a (2).txt"),
        "{}",
        report.items[0].destination
    );
    assert_eq!(fs::read(&local).unwrap(), b"local!");
    assert_eq!(download(Overwrite::Changed).await.unwrap().transferred, 1);
    assert_eq!(fs::read(&local).unwrap(), b"remote");
    assert_eq!(download(Overwrite::Changed).await.unwrap().skipped, 1);
    assert_eq!(download(Overwrite::Always).await.unwrap().transferred, 1);
}

#[tokio::test]
async fn the_modified_date_comes_along() {
    let bench = Bench::new();
    let file = bench.local("a.txt", "a");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    fs::File::options()
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
    bench
        .dbx
        .download("/a.txt", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap();
    assert_eq!(
        fs::metadata(bench.path("in/a.txt"))
            .unwrap()
            .modified()
            .unwrap(),
        time
    );
}

#[tokio::test]
async fn files_globs_items_and_lists_are_sources() {
    let bench = Bench::new();
    for name in [
        "/r/a.csv",
        "/r/B.CSV",
        "/r/c.txt",
        "/r/sub/d.csv",
        "/r/[x].csv",
    ] {
        bench.remote(name, name);
    }
    let download = |source: &str, folder: &str| {
        bench.dbx.download(
            source.to_owned(),
            bench.path(folder),
            DownloadOptions::default(),
        )
    };
    download("/r/*.csv", "1").await.unwrap();
    assert_eq!(bench.names("1"), ["B.CSV", "[x].csv", "a.csv"]);
    download("/r/**/*.csv", "2").await.unwrap();
    assert_eq!(bench.names("2/sub"), ["d.csv"]);
    download("/r/[x].csv", "3").await.unwrap();
    assert_eq!(
        bench.names("3"),
        ["[x].csv"],
        "a name that exists is itself"
    );
    let item = bench.dbx.info("/R/C.txt").await.unwrap();
    bench
        .dbx
        .download(vec![item], bench.path("4"), DownloadOptions::default())
        .await
        .unwrap();
    assert_eq!(bench.names("4"), ["c.txt"]);
    let shallow = DownloadOptions {
        filter: Filter {
            subfolders: Some(false),
            ..Filter::default()
        },
        ..DownloadOptions::default()
    };
    bench
        .dbx
        .download("/r", bench.path("5"), shallow)
        .await
        .unwrap();
    assert_eq!(bench.names("5"), ["B.CSV", "[x].csv", "a.csv", "c.txt"]);
    assert_eq!(kind(download("/nowhere", "6").await), "not_found");
    assert_eq!(kind(download("r/*.csv", "6").await), "invalid_path");
}

#[tokio::test]
async fn a_single_file_to_what_looks_like_its_name_is_refused() {
    let bench = Bench::new();
    bench.remote("/a.csv", "a");
    let error = bench
        .dbx
        .download("/a.csv", bench.path("b.csv"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "invalid_argument");
    assert!(error.hint().unwrap().contains("download_file"));
    bench
        .dbx
        .download_file("/a.csv", bench.path("in/b.csv"), DownloadOptions::default())
        .await
        .unwrap();
    assert_eq!(fs::read(bench.path("in/b.csv")).unwrap(), b"a");
    assert_eq!(
        kind(
            bench
                .dbx
                .download_file("/", bench.path("in/c"), DownloadOptions::default())
                .await
        ),
        "invalid_argument"
    );
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let bench = Bench::new();
    bench.remote("/a.txt", "a");
    let options = DownloadOptions {
        dry_run: true,
        ..DownloadOptions::default()
    };
    let report = bench
        .dbx
        .download("/a.txt", bench.path("in"), options)
        .await
        .unwrap();
    assert_eq!((report.planned, report.transferred), (1, 0));
    assert!(!bench.path("in").exists());
    assert_eq!(bench.calls("files/download"), 0);
}

#[tokio::test]
async fn what_is_in_the_way_is_told_and_left() {
    let bench = Bench::new();
    bench.remote("/r/a.txt", "a");
    bench.remote("/r/b.txt", "b");
    fs::create_dir_all(bench.path("in/a.txt")).unwrap();
    bench.local("elsewhere.txt", "untouched");
    #[cfg(unix)]
    std::os::unix::fs::symlink(bench.path("elsewhere.txt"), bench.path("in/b.txt")).unwrap();
    let error = bench
        .dbx
        .download("/r", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "conflict");
    assert_eq!(Report::of(&error).unwrap().failed, 2);
    assert_eq!(fs::read(bench.path("elsewhere.txt")).unwrap(), b"untouched");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_among_the_folders_does_not_lead_out() {
    let bench = Bench::new();
    bench.remote("/r/sub/a.txt", "a");
    fs::create_dir_all(bench.path("outside")).unwrap();
    fs::create_dir_all(bench.path("in")).unwrap();
    std::os::unix::fs::symlink(bench.path("outside"), bench.path("in/sub")).unwrap();
    let error = bench
        .dbx
        .download("/r", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "local_io");
    assert!(bench.names("outside").is_empty());
}

#[tokio::test]
async fn a_destination_that_cannot_be_made_is_told() {
    let bench = Bench::new();
    bench.remote("/a.txt", "a");
    bench.local("file", "in the way");
    let error = bench
        .dbx
        .download("/a.txt", bench.path("file/in"), DownloadOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "local_io");
    assert!(error.path().unwrap().ends_with("file/in"));
}

#[tokio::test]
async fn two_sources_never_become_one_file() {
    let bench = Bench::new();
    bench.remote("/a/x.txt", "from a");
    bench.remote("/b/x.txt", "from b");
    let error = bench
        .dbx
        .download(
            vec!["/a/x.txt", "/b/x.txt"],
            bench.path("in"),
            DownloadOptions::default(),
        )
        .await
        .unwrap_err();
    let report = Report::of(&error).unwrap();
    assert_eq!((report.transferred, report.failed), (1, 1), "{report}");
    let message = error.full_message();
    assert!(
        message.contains("/a/x.txt") && message.contains("/b/x.txt"),
        "{message}"
    );
    assert_eq!(fs::read(bench.path("in/x.txt")).unwrap(), b"from a");
}

#[tokio::test]
async fn a_source_that_is_named_twice_is_fetched_once() {
    let bench = Bench::new();
    bench.remote("/a/x.txt", "x");
    let report = bench
        .dbx
        .download(
            vec!["/a", "/a/*.txt"],
            bench.path("in"),
            DownloadOptions::default(),
        )
        .await
        .unwrap();
    assert_eq!((report.transferred, report.skipped), (1, 1), "{report}");
}

#[tokio::test]
async fn a_free_name_is_not_that_of_another_source() {
    let bench = Bench::new();
    bench.remote("/a/x.txt", "one");
    bench.remote("/a/x (2).txt", "two");
    bench.remote("/b/x.txt", "three");
    bench.local("in/x.txt", "local");
    let report = bench
        .dbx
        .download(
            vec!["/a", "/b"],
            bench.path("in"),
            overwrite(Overwrite::Rename),
        )
        .await
        .unwrap();
    assert_eq!(report.transferred, 3, "{report}");
    let mut contents: Vec<_> = bench
        .names("in")
        .iter()
        .map(|name| fs::read_to_string(bench.path("in").join(name)).unwrap())
        .collect();
    contents.sort();
    assert_eq!(contents, ["local", "one", "three", "two"]);
}

#[tokio::test]
async fn a_rev_is_fetched_as_it_was() {
    let bench = Bench::new();
    bench.remote("/a.txt", "old");
    let rev = bench.dbx.info("/a.txt").await.unwrap().rev.unwrap();
    bench.remote("/a.txt", "new");
    bench
        .dbx
        .download(
            format!("rev:{rev}"),
            bench.path("in"),
            DownloadOptions::default(),
        )
        .await
        .unwrap();
    assert_eq!(fs::read(bench.path("in/a.txt")).unwrap(), b"old");
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_is_not_replaced() {
    for mode in [
        Overwrite::Never,
        Overwrite::Fail,
        Overwrite::Rename,
        Overwrite::Changed,
    ] {
        let bench = Bench::new();
        bench.remote("/a.bin", noise(30_000));
        let slow = FaultKind::SlowDrip {
            bytes_per_second: 20_000,
        };
        bench.emulator.inject(Fault::on("files/download", slow));
        let download = bench
            .dbx
            .download("/a.bin", bench.path("in"), overwrite(mode));
        let appear = async {
            while bench.calls("files/download") == 0 {
                tokio::task::yield_now().await;
            }
            bench.local("in/a.bin", "someone else's");
        };
        let (downloaded, ()) = tokio::join!(download, appear);
        assert_eq!(kind(downloaded), "conflict", "{mode:?}");
        assert_eq!(fs::read(bench.path("in/a.bin")).unwrap(), b"someone else's");
        assert_eq!(bench.names("in"), ["a.bin"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_replaced_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.remote("/a.txt", "new");
    let file = bench.local("in/a.txt", "old");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    bench
        .dbx
        .download("/a.txt", bench.path("in"), DownloadOptions::default())
        .await
        .unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn more_files_come_at_a_time_while_the_server_takes_it() {
    const DOWNLOAD: &str = "files/download";
    let bench = Bench::new();
    for number in 0..1_500 {
        bench.remote(&format!("/src/{number}"), "x");
    }
    let options = DownloadOptions::default();
    let download = bench.dbx.download("/src", bench.path("in"), options);
    let hung = async {
        // Enough also where all that are under way always end together: 8 and 9 and so on up to 32.
        until_called(&bench, DOWNLOAD, 600).await;
        let hang = Fault::on(DOWNLOAD, FaultKind::Hang);
        bench.emulator.inject(hang);
        let arrived = || {
            bench
                .names("in")
                .iter()
                .filter(|name| !name.starts_with('.'))
                .count()
        };
        let begun = || usize::try_from(bench.calls(DOWNLOAD)).unwrap();
        let guard = Instant::now();
        while begun() - arrived() < 32 {
            let long = guard.elapsed() > Duration::from_secs(60);
            assert!(!long, "{} of {}", arrived(), begun());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        done = download => panic!("{done:?}"),
        () = hung => {}
    }
}
