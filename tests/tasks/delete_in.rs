//! Deleting what matches in a folder.

use std::time::Duration;

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Date, DeleteInOptions, Filter, Kinds, Predicate, Report, When};
use jiff::Timestamp;

use crate::support::{Bench, kind, outcomes};

const DELETE: &str = "files/delete_v2";

fn tree() -> Bench {
    let bench = Bench::new();
    for path in [
        "/d/a.tmp",
        "/d/b.txt",
        "/d/x/c.tmp",
        "/d/x/deep/e.tmp",
        "/d/y/f.tmp",
        "/d/y/g.txt",
        "/other.tmp",
    ] {
        bench.remote(path, path);
    }
    bench
}

async fn delete_in(bench: &Bench, filter: Filter) -> dropscript::Result<Report> {
    let options = DeleteInOptions {
        filter,
        ..DeleteInOptions::default()
    };
    bench.dbx.delete_in("/d", options).await
}

fn temporary() -> Filter {
    Filter {
        include: Some("*.tmp".into()),
        ..Filter::default()
    }
}

fn left(bench: &Bench) -> Vec<String> {
    bench.emulator.paths("main")
}

#[tokio::test]
async fn what_matches_goes_and_the_folder_stays() {
    let bench = tree();
    assert_eq!(delete_in(&bench, temporary()).await.unwrap().deleted, 1);
    assert!(bench.contents("/d/x/c.tmp").is_some(), "subfolders is off");
    let deep = Filter {
        subfolders: Some(true),
        ..temporary()
    };
    assert_eq!(delete_in(&bench, deep).await.unwrap().deleted, 3);
    assert_eq!(
        left(&bench),
        [
            "/d",
            "/d/b.txt",
            "/d/x",
            "/d/x/deep",
            "/d/y",
            "/d/y/g.txt",
            "/other.tmp"
        ]
    );
}

#[tokio::test]
async fn without_a_filter_all_must_be_said() {
    let bench = tree();
    for filter in [
        Filter::default(),
        Filter {
            subfolders: Some(true),
            sort: Some("name".parse().unwrap()),
            kind: Some(Kinds::All),
            ..Filter::default()
        },
    ] {
        let error = delete_in(&bench, filter).await.unwrap_err();
        assert_eq!(error.kind().as_str(), "invalid_argument");
        assert!(error.hint().unwrap().contains("`all: true`"));
    }
    assert_eq!(bench.calls("files/list_folder"), 0);
    let all = |kind| DeleteInOptions {
        all: true,
        filter: Filter {
            kind,
            ..Filter::default()
        },
        ..DeleteInOptions::default()
    };
    let report = bench.dbx.delete_in("/d/x", all(None)).await.unwrap();
    assert_eq!(outcomes(&report), [("c.tmp".to_owned(), "deleted")]);
    bench
        .dbx
        .delete_in("/", all(Some(Kinds::All)))
        .await
        .unwrap();
    assert!(left(&bench).is_empty());
}

#[tokio::test]
async fn a_folder_goes_only_when_everything_in_it_matches() {
    let everything = Filter {
        exclude: Some("*.txt".into()),
        kind: Some(Kinds::All),
        ..Filter::default()
    };
    let bench = tree();
    delete_in(&bench, everything.clone()).await.unwrap();
    assert_eq!(
        left(&bench),
        [
            "/d",
            "/d/b.txt",
            "/d/y",
            "/d/y/f.tmp",
            "/d/y/g.txt",
            "/other.tmp"
        ],
        "without subfolders a folder goes whole or stays whole"
    );
    let bench = tree();
    let deep = Filter {
        subfolders: Some(true),
        ..everything
    };
    delete_in(&bench, deep).await.unwrap();
    assert_eq!(
        left(&bench),
        ["/d", "/d/b.txt", "/d/y", "/d/y/g.txt", "/other.tmp"]
    );
    let bench = tree();
    let folders = Filter {
        include: Some("x".into()),
        kind: Some(Kinds::Folders),
        ..Filter::default()
    };
    assert_eq!(delete_in(&bench, folders).await.unwrap().deleted, 1);
    assert!(!left(&bench).iter().any(|path| path.starts_with("/d/x")));
}

#[tokio::test]
async fn what_was_not_looked_at_stays() {
    let bench = tree();
    // The test is asked while the folder is looked at; what comes then was not looked at.
    let emulator = std::sync::Arc::new(bench.emulator);
    let late = std::sync::Arc::clone(&emulator);
    let filter = Filter {
        predicate: Some(Predicate::new(move |item| {
            if item.name == "a.tmp" {
                late.put("main", "/d/a.tmp", "changed");
                late.put("main", "/d/x/late.txt", "new");
            }
            item.path != "/d/b.txt"
        })),
        kind: Some(Kinds::All),
        ..Filter::default()
    };
    let options = DeleteInOptions {
        filter,
        ..DeleteInOptions::default()
    };
    let report = bench.dbx.delete_in("/d", options).await.unwrap();
    let changed: Vec<_> = report
        .items
        .iter()
        .filter(|item| item.outcome.as_str() == "skipped")
        .map(|item| (item.source.as_str(), item.reason.as_str()))
        .collect();
    assert_eq!(
        changed,
        [
            ("/d/a.tmp", "changed since it was looked at"),
            ("/d/x", "not empty")
        ]
    );
    assert_eq!(
        emulator.paths("main"),
        [
            "/d",
            "/d/a.tmp",
            "/d/b.txt",
            "/d/x",
            "/d/x/late.txt",
            "/other.tmp"
        ]
    );
}

#[tokio::test]
async fn dates_go_by_the_later_one() {
    let bench = Bench::new();
    bench.remote("/d/first", "1");
    bench.emulator.advance(Duration::from_secs(7_200));
    bench.remote("/d/second", "2");
    let before = Filter {
        older_than: Some(When::At(Timestamp::now() + Duration::from_secs(3_600))),
        ..Filter::default()
    };
    let by = Filter {
        date: Some(Date::Uploaded),
        ..before.clone()
    };
    assert_eq!(delete_in(&bench, by).await.unwrap().deleted, 1);
    assert_eq!(delete_in(&bench, before).await.unwrap().deleted, 0);
    assert_eq!(left(&bench), ["/d", "/d/second"]);
}

#[tokio::test]
async fn nothing_is_deleted_before_all_is_found() {
    let bench = Bench::new();
    for number in 0..2_100 {
        bench.remote(&format!("/d/{number}.tmp"), "");
    }
    bench.emulator.inject(Fault::on(
        "files/list_folder/continue",
        FaultKind::ServerError {
            status: 400,
            html: false,
            retry_after: None,
        },
    ));
    delete_in(&bench, temporary()).await.unwrap_err();
    assert_eq!(bench.calls(DELETE), 0);
}

#[tokio::test]
async fn a_dry_run_plans_and_a_missing_folder_is_told() {
    let bench = tree();
    let dry = DeleteInOptions {
        dry_run: true,
        filter: temporary(),
        ..DeleteInOptions::default()
    };
    let report = bench.dbx.delete_in("/d", dry).await.unwrap();
    assert_eq!((report.planned, bench.calls(DELETE)), (1, 0));
    let none = |missing_ok| DeleteInOptions {
        missing_ok,
        filter: temporary(),
        ..DeleteInOptions::default()
    };
    assert_eq!(
        kind(bench.dbx.delete_in("/none", none(false)).await),
        "not_found"
    );
    let report = bench.dbx.delete_in("/none", none(true)).await.unwrap();
    assert!(report.items.is_empty());
    assert_eq!(
        kind(bench.dbx.delete_in("/other.tmp", none(true)).await),
        "invalid_argument"
    );
    assert!(bench.contents("/other.tmp").is_some());
}
