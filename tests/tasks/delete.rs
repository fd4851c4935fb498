//! Deleting.

use dropscript::DeleteOptions;

use crate::support::{Bench, kind, outcomes};

fn tree() -> Bench {
    let bench = Bench::new();
    for path in ["/a/x.txt", "/a/y.csv", "/a/old/z.csv", "/b.csv"] {
        bench.remote(path, path);
    }
    bench
}

#[tokio::test]
async fn a_file_a_folder_or_what_a_glob_matches_goes() {
    let bench = tree();
    let delete = |source: &str| {
        bench
            .dbx
            .delete(source.to_owned(), DeleteOptions::default())
    };
    assert_eq!(delete("/B.csv").await.unwrap().deleted, 1);
    assert_eq!(delete("/a/*.csv").await.unwrap().deleted, 1);
    assert_eq!(
        bench.emulator.paths("main"),
        ["/a", "/a/old", "/a/old/z.csv", "/a/x.txt"]
    );
    let report = delete("/a/**").await.unwrap();
    assert_eq!(
        outcomes(&report),
        [
            ("old".to_owned(), "deleted"),
            ("x.txt".to_owned(), "deleted")
        ],
        "what is in a folder goes with it"
    );
    assert_eq!(delete("/a").await.unwrap().deleted, 1);
    assert!(bench.emulator.paths("main").is_empty());
}

#[tokio::test]
async fn the_root_stays() {
    let bench = tree();
    for root in ["", "/"] {
        assert_eq!(
            kind(bench.dbx.delete(root, DeleteOptions::default()).await),
            "invalid_argument"
        );
    }
    assert_eq!(bench.calls("files/delete_v2"), 0);
}

#[tokio::test]
async fn nothing_is_deleted_when_one_of_several_is_missing() {
    let bench = tree();
    let error = bench
        .dbx
        .delete(vec!["/b.csv", "/none"], DeleteOptions::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind().as_str(), error.path()),
        ("not_found", Some("/none"))
    );
    assert!(bench.contents("/b.csv").is_some());
    let lenient = DeleteOptions {
        missing_ok: true,
        ..DeleteOptions::default()
    };
    assert_eq!(
        bench
            .dbx
            .delete(vec!["/b.csv", "/none"], lenient)
            .await
            .unwrap()
            .deleted,
        1
    );
}

#[tokio::test]
async fn a_dry_run_deletes_nothing() {
    let bench = tree();
    let options = DeleteOptions {
        dry_run: true,
        ..DeleteOptions::default()
    };
    let report = bench.dbx.delete("/a", options).await.unwrap();
    assert_eq!((report.planned, report.deleted), (1, 0));
    assert_eq!(bench.calls("files/delete_v2"), 0);
}
