//! Mirrors, both ways.

use std::fs;

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Filter, MirrorOptions, OnError, Overwrite, Report, Result, TransferOptions};

use crate::support::{Bench, kind};

const WAYS: [&str; 2] = ["up", "down"];

fn with(filter: Filter) -> MirrorOptions {
    MirrorOptions {
        transfer: TransferOptions {
            filter,
            on_error: OnError::Report,
            ..TransferOptions::default()
        },
        ..MirrorOptions::default()
    }
}

fn plain() -> MirrorOptions {
    with(Filter::default())
}

/// `here` and `/there` are the two sides; which is the source the way says.
async fn mirror(bench: &Bench, way: &str, options: MirrorOptions) -> Result<Report> {
    match way {
        "up" => {
            bench
                .dbx
                .mirror_up(bench.path("here"), "/there", options)
                .await
        }
        _ => {
            bench
                .dbx
                .mirror_down("/there", bench.path("here"), options)
                .await
        }
    }
}

fn put(bench: &Bench, local: bool, path: &str, contents: &str) {
    if local {
        bench.local(&format!("here/{path}"), contents);
    } else {
        bench.remote(&format!("/there/{path}"), contents);
    }
}

fn sides(way: &str, source: &[(&str, &str)], target: &[(&str, &str)]) -> Bench {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("here")).unwrap();
    for (path, contents) in source {
        put(&bench, way == "up", path, contents);
    }
    for (path, contents) in target {
        put(&bench, way != "up", path, contents);
    }
    bench
}

/// The paths below the target, folders too.
fn target(bench: &Bench, way: &str) -> Vec<String> {
    if way == "up" {
        let paths = bench.emulator.paths("main").into_iter();
        return paths
            .filter_map(|path| path.strip_prefix("/there/").map(str::to_owned))
            .collect();
    }
    let mut names = Vec::new();
    walk(&bench.path("here"), "", &mut names);
    names.sort();
    names
}

fn walk(folder: &std::path::Path, below: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let relative = format!("{below}{}", entry.file_name().into_string().unwrap());
        names.push(relative.clone());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{relative}/"), names);
        }
    }
}

#[tokio::test]
async fn the_target_becomes_equal_and_then_nothing_is_to_be_done() {
    for way in WAYS {
        let bench = sides(
            way,
            &[("a.txt", "new"), ("sub/b.txt", "b"), ("same.txt", "same")],
            &[
                ("a.txt", "old"),
                ("same.txt", "same"),
                ("extra.txt", "x"),
                ("gone/deep/x.txt", "x"),
            ],
        );
        let report = mirror(&bench, way, plain()).await.unwrap();
        assert_eq!(
            (
                report.transferred,
                report.skipped,
                report.failed,
                report.deleted
            ),
            (2, 1, 0, 4),
            "{way} {report}"
        );
        assert_eq!(
            target(&bench, way),
            ["a.txt", "same.txt", "sub", "sub/b.txt"],
            "{way}"
        );
        let again = mirror(&bench, way, plain()).await.unwrap();
        assert_eq!(
            (again.transferred, again.skipped, again.deleted),
            (0, 3, 0),
            "{way} {again}"
        );
    }
}

#[tokio::test]
async fn what_name_filters_leave_out_stays_and_other_filters_delete_nothing() {
    for way in WAYS {
        let source = [("a.csv", "a"), ("big.csv", "much too big")];
        let others = [
            ("old.csv", "x"),
            ("notes.txt", "x"),
            ("keep/x.csv", "x"),
            ("big.csv", "y"),
        ];
        let bench = sides(way, &source, &others);
        let filter = Filter {
            include: Some("*.csv".into()),
            exclude_folders: Some("keep".into()),
            smaller_than: "5".parse().ok(),
            ..Filter::default()
        };
        let report = mirror(&bench, way, with(filter)).await.unwrap();
        assert_eq!(
            (report.transferred, report.deleted),
            (1, 1),
            "{way} {report}"
        );
        assert_eq!(
            target(&bench, way),
            ["a.csv", "big.csv", "keep", "keep/x.csv", "notes.txt"],
            "{way}"
        );
    }
}

#[tokio::test]
async fn without_subfolders_folders_are_left_alone() {
    for way in WAYS {
        let bench = sides(
            way,
            &[("a.txt", "a"), ("sub/b.txt", "b")],
            &[("x.txt", "x"), ("other/y.txt", "y")],
        );
        let filter = Filter {
            subfolders: Some(false),
            ..Filter::default()
        };
        mirror(&bench, way, with(filter)).await.unwrap();
        assert_eq!(
            target(&bench, way),
            ["a.txt", "other", "other/y.txt"],
            "{way}"
        );
    }
}

#[tokio::test]
async fn an_empty_or_missing_source_deletes_nothing() {
    for way in WAYS {
        let bench = sides(way, &[], &[("x.txt", "x")]);
        if way == "down" {
            bench
                .dbx
                .create_folder("/there", dropscript::CreateFolderOptions::default())
                .await
                .unwrap();
        }
        assert_eq!(
            kind(mirror(&bench, way, plain()).await),
            "invalid_argument",
            "{way}"
        );
        assert_eq!(target(&bench, way), ["x.txt"], "{way}");
        let allowed = MirrorOptions {
            allow_empty: true,
            ..plain()
        };
        assert_eq!(
            mirror(&bench, way, allowed).await.unwrap().deleted,
            1,
            "{way}"
        );
        assert!(target(&bench, way).is_empty(), "{way}");
    }
    let bench = sides("up", &[], &[("x.txt", "x")]);
    let missing = bench.dbx.mirror_up(
        bench.path("none"),
        "/there",
        MirrorOptions {
            allow_empty: true,
            ..plain()
        },
    );
    assert_eq!(kind(missing.await), "not_found");
    let missing = bench.dbx.mirror_down(
        "/none",
        bench.path("here"),
        MirrorOptions {
            allow_empty: true,
            ..plain()
        },
    );
    assert_eq!(kind(missing.await), "not_found");
    assert_eq!(target(&bench, "up"), ["x.txt"]);
}

#[tokio::test]
async fn nothing_is_deleted_after_a_failure_or_when_it_is_not_wanted() {
    for way in WAYS {
        let bench = sides(way, &[("a.txt", "a"), ("b.txt", "b")], &[("x.txt", "x")]);
        let route = if way == "up" {
            "files/upload"
        } else {
            "files/download"
        };
        let refused = FaultKind::ServerError {
            status: 403,
            html: false,
            retry_after: None,
        };
        bench.emulator.inject(Fault::on(route, refused).first(1));
        let report = mirror(&bench, way, plain()).await.unwrap();
        assert_eq!((report.failed, report.deleted), (1, 0), "{way} {report}");
        assert!(target(&bench, way).contains(&"x.txt".to_owned()), "{way}");

        let keep = MirrorOptions {
            delete_extra: false,
            ..plain()
        };
        assert_eq!(mirror(&bench, way, keep).await.unwrap().deleted, 0, "{way}");
        let dry = TransferOptions {
            dry_run: true,
            ..plain().transfer
        };
        let dry = MirrorOptions {
            transfer: dry,
            ..plain()
        };
        let planned = mirror(&bench, way, dry).await.unwrap();
        assert_eq!(
            (planned.planned, planned.deleted),
            (1, 0),
            "{way} {planned}"
        );
        assert_eq!(target(&bench, way), ["a.txt", "b.txt", "x.txt"], "{way}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_deletes_nothing() {
    for way in WAYS {
        let bench = sides(way, &[("a.txt", "a")], &[("x.txt", "x")]);
        let refused = FaultKind::ServerError {
            status: 403,
            html: false,
            retry_after: None,
        };
        bench
            .emulator
            .inject(Fault::on("files/list_folder", refused).first(1));
        assert_eq!(
            kind(mirror(&bench, way, plain()).await),
            "permission",
            "{way}"
        );
        assert_eq!(target(&bench, way), ["x.txt"], "{way}");
    }
}

#[tokio::test]
async fn names_that_dropbox_takes_for_one_are_one() {
    let bench = sides(
        "up",
        &[("cafe\u{301}.txt", "x"), ("Case.txt", "y")],
        &[("caf\u{e9}.txt", "x"), ("case.TXT", "y")],
    );
    let report = mirror(&bench, "up", plain()).await.unwrap();
    assert_eq!((report.failed, report.deleted), (0, 0), "{report}");
    assert_eq!(target(&bench, "up").len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_left_alone_and_never_followed() {
    let bench = sides("down", &[("a.txt", "a")], &[("x.txt", "x")]);
    let outside = bench.local("outside/precious.txt", "precious");
    std::os::unix::fs::symlink(bench.path("outside"), bench.path("here/link")).unwrap();
    std::os::unix::fs::symlink(&outside, bench.path("here/file-link")).unwrap();
    let report = mirror(&bench, "down", plain()).await.unwrap();
    assert_eq!((report.deleted, report.failed), (1, 0), "{report}");
    assert_eq!(bench.names("here"), ["a.txt", "file-link", "link"]);
    assert_eq!(fs::read(outside).unwrap(), b"precious");
    // At the source a link is not sent, and what has its name at the target stays.
    bench.remote("/there/file-link", "kept");
    let report = mirror(&bench, "up", plain()).await.unwrap();
    assert_eq!((report.deleted, report.failed), (0, 0), "{report}");
    assert_eq!(bench.contents("/there/file-link").unwrap(), b"kept");
}

#[tokio::test]
async fn what_would_make_the_sides_differ_is_refused() {
    let bench = sides("up", &[("a.txt", "a")], &[]);
    for transfer in [
        TransferOptions {
            delete_source: true,
            ..TransferOptions::default()
        },
        TransferOptions {
            flatten: true,
            ..TransferOptions::default()
        },
        TransferOptions {
            overwrite: Overwrite::Rename,
            ..TransferOptions::default()
        },
    ] {
        let options = MirrorOptions {
            transfer,
            ..MirrorOptions::default()
        };
        assert_eq!(
            kind(mirror(&bench, "up", options).await),
            "invalid_argument"
        );
    }
    assert!(bench.path("here/a.txt").exists());
}
