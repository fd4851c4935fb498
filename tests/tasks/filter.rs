//! Filters of listings and transfers.

use std::fs;
use std::time::{Duration, SystemTime};

use dropscript::{
    ContentKind, ContentTest, Date, DownloadOptions, Filter, Kinds, ListOptions, Predicate,
    UploadOptions, When,
};
use jiff::Timestamp;

use crate::support::{Bench, kind};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn listed(bench: &Bench, filter: Filter) -> Vec<String> {
    let options = ListOptions {
        filter,
        ..ListOptions::default()
    };
    let mut listing = bench.dbx.list("/", options).unwrap();
    let mut paths = Vec::new();
    while let Some(item) = listing.next().await {
        paths.push(item.unwrap().path);
    }
    paths
}

async fn uploaded(bench: &Bench, source: &str, filter: Filter) -> Vec<String> {
    let options = UploadOptions {
        filter,
        ..UploadOptions::default()
    };
    let report = bench.dbx.upload(bench.text(source), "/to", options);
    let items = report.await.unwrap().items;
    let base = format!("{}/", bench.text(source));
    items
        .into_iter()
        .map(|item| match item.outcome.as_str() {
            "transferred" => item.source.replace(&base, ""),
            other => format!("{other} {}", item.source.replace(&base, "")),
        })
        .collect()
}

fn deep() -> Filter {
    Filter {
        subfolders: Some(true),
        ..Filter::default()
    }
}

fn aged(bench: &Bench, relative: &str, days: u32) {
    let path = bench.local(relative, relative);
    let time = SystemTime::now() - DAY * days;
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

#[tokio::test]
async fn a_listing_shows_what_matches_in_the_order_that_is_wanted() {
    let bench = Bench::new();
    for (path, size) in [
        ("/b.csv", 3),
        ("/A.csv", 5),
        ("/x/c.CSV", 1),
        ("/x/tmp/d.csv", 9),
    ] {
        bench.remote(path, vec![0; size]);
    }
    let filter = Filter {
        include: Some("*.csv".into()),
        exclude_folders: Some("tmp".into()),
        sort: Some("-size".parse().unwrap()),
        ..deep()
    };
    assert_eq!(
        listed(&bench, filter.clone()).await,
        ["/A.csv", "/b.csv", "/x/c.CSV"]
    );
    let two = Filter {
        limit: 2.try_into().ok(),
        case_sensitive: true,
        sort: Some("name".parse().unwrap()),
        ..filter.clone()
    };
    assert_eq!(listed(&bench, two).await, ["/A.csv", "/b.csv"]);
    let small = Filter {
        smaller_than: "5".parse().ok(),
        predicate: Some(Predicate::new(|item| !item.name.starts_with('c'))),
        ..filter.clone()
    };
    assert_eq!(listed(&bench, small).await, ["/b.csv"]);
    let folders = Filter {
        kind: Some(Kinds::Folders),
        exclude_folders: Some("x/t*".into()),
        ..deep()
    };
    assert_eq!(listed(&bench, folders).await, ["/x"]);
    let nothing = ListOptions {
        require_match: true,
        filter: Filter {
            include: Some("none".into()),
            ..Filter::default()
        },
        ..ListOptions::default()
    };
    let mut listing = bench.dbx.list("/", nothing).unwrap();
    assert_eq!(kind(listing.next().await.unwrap()), "not_found");
    assert!(listing.next().await.is_none());
}

#[tokio::test]
async fn a_limit_without_an_order_ends_the_listing_early() {
    let bench = Bench::new();
    for number in 0..2_500 {
        bench.remote(&format!("/f{number}"), "");
    }
    let ten = Filter {
        limit: 10.try_into().ok(),
        ..Filter::default()
    };
    assert_eq!(listed(&bench, ten).await.len(), 10);
    assert_eq!(bench.calls("files/list_folder/continue"), 0);
}

#[tokio::test]
async fn an_upload_takes_only_what_matches() {
    let bench = Bench::new();
    for path in [
        "s/a.csv",
        "s/b.txt",
        "s/sub/c.csv",
        "s/skip/d.csv",
        "s/.h.csv",
    ] {
        bench.local(path, path);
    }
    let filter = Filter {
        include: Some("*.csv".into()),
        exclude: Some("sub/*".into()),
        exclude_folders: Some("skip".into()),
        ..Filter::default()
    };
    assert_eq!(uploaded(&bench, "s", filter).await, [".h.csv", "a.csv"]);
    let shallow = Filter {
        subfolders: Some(false),
        regex: true,
        include: Some(r"^[ab]\.".into()),
        ..Filter::default()
    };
    assert_eq!(
        uploaded(&bench, "s", shallow).await,
        ["skipped a.csv", "b.txt"]
    );
    let single = Filter {
        include: Some("*.csv".into()),
        ..Filter::default()
    };
    assert!(uploaded(&bench, "s/b.txt", single).await.is_empty());
    let sorted = Filter {
        sort: Some("-path".parse().unwrap()),
        limit: 1.try_into().ok(),
        predicate: Some(Predicate::new(|item| item.path.contains("/s"))),
        ..Filter::default()
    };
    assert_eq!(uploaded(&bench, "s", sorted).await, ["sub/c.csv"]);
}

#[cfg(unix)]
#[tokio::test]
async fn an_excluded_folder_is_not_even_looked_into() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.local("s/a.csv", "a");
    // Reading this as a folder would fail for everyone: it is a link to itself.
    std::os::unix::fs::symlink("loop", bench.path("s/loop")).unwrap();
    let closed = bench.local("s/closed/b.csv", "b");
    let closed = closed.parent().unwrap();
    fs::set_permissions(closed, fs::Permissions::from_mode(0o000)).unwrap();
    let filter = Filter {
        exclude_folders: Some("closed".into()),
        exclude: Some("loop".into()),
        ..Filter::default()
    };
    let sent = uploaded(&bench, "s", filter).await;
    fs::set_permissions(closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(sent, ["a.csv"]);
}

#[cfg(unix)]
#[tokio::test]
async fn attributes_and_contents_of_local_files_count() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.local("s/run", "#!/bin/sh\nexit");
    bench.local("s/.hidden", "total: 7");
    bench.local("s/plain", "nothing");
    let run = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bench.path("s/run"), run).unwrap();
    std::os::unix::fs::symlink("plain", bench.path("s/link")).unwrap();
    let filter = |json: &str| -> Filter { serde_json::from_str(json).unwrap() };
    for (json, expected) in [
        (r#"{"attributes":["executable"]}"#, &["run"][..]),
        (r#"{"attributes":["hidden"]}"#, &[".hidden"]),
        (
            r#"{"exclude_attributes":["hidden","executable","symlink"]}"#,
            &["plain"],
        ),
        (r#"{"attributes":["symlink"]}"#, &["skipped link"]),
        (r#"{"attributes":["readonly"]}"#, &[]),
    ] {
        let sent = uploaded(&bench, "s", filter(json)).await;
        assert_eq!(sent, expected, "{json}");
        bench
            .dbx
            .delete(
                "/to",
                dropscript::DeleteOptions {
                    missing_ok: true,
                    ..Default::default()
                },
            )
            .await
            .unwrap();
    }
    let without_links = Filter {
        exclude_attributes: vec![dropscript::Attribute::Symlink],
        content: Some(ContentTest {
            kind: ContentKind::Contains("i".to_owned()),
            not: false,
        }),
        ..Filter::default()
    };
    assert_eq!(uploaded(&bench, "s", without_links).await, ["plain", "run"]);
    let not = filter(r#"{"exclude":"link","content":{"matches":"^total","not":true}}"#);
    assert_eq!(
        uploaded(&bench, "s", not).await,
        ["skipped plain", "skipped run"]
    );
}

#[tokio::test]
async fn dates_are_those_that_are_asked_for() {
    let bench = Bench::new();
    aged(&bench, "s/old.csv", 100);
    aged(&bench, "s/new.csv", 1);
    let old = |days: &str| Filter {
        older_than: Some(days.parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(uploaded(&bench, "s", old("90 days")).await, ["old.csv"]);
    assert_eq!(
        uploaded(&bench, "s", Filter::default()).await,
        ["new.csv", "skipped old.csv"]
    );
    let names = |paths: Vec<String>| {
        let files = paths.into_iter().filter(|path| path != "/to");
        files.collect::<Vec<_>>()
    };
    let modified = Filter { ..deep() };
    let modified = Filter {
        older_than: Some("3 months".parse().unwrap()),
        ..modified
    };
    assert_eq!(
        names(listed(&bench, modified.clone()).await),
        ["/to/old.csv"]
    );
    let uploaded_long_ago = Filter {
        date: Some(Date::Uploaded),
        ..modified
    };
    assert!(listed(&bench, uploaded_long_ago).await.is_empty());
    let just_now = Filter {
        newer_than: Some(When::At(Timestamp::now() - DAY)),
        date: Some(Date::Created),
        ..deep()
    };
    assert_eq!(listed(&bench, just_now).await.len(), 2);
}

#[tokio::test]
async fn a_download_takes_only_what_matches() {
    let bench = Bench::new();
    for path in ["/r/a.csv", "/r/b.txt", "/r/x/c.csv", "/r/x/tmp/d.csv"] {
        bench.remote(path, path);
    }
    let options = |filter| DownloadOptions {
        filter,
        ..DownloadOptions::default()
    };
    let filter = Filter {
        include: Some("*.csv".into()),
        exclude_folders: Some("tmp".into()),
        ..Filter::default()
    };
    let download = |source: &str, to: &str, filter: Filter| {
        bench
            .dbx
            .download(source.to_owned(), bench.path(to), options(filter))
    };
    let report = download("/r", "1", filter.clone()).await.unwrap();
    assert_eq!(report.transferred, 2);
    assert_eq!(bench.names("1"), ["a.csv", "x"]);
    assert_eq!(bench.names("1/x"), ["c.csv"]);
    let report = download("/r/b.txt", "2", filter.clone()).await.unwrap();
    assert!(report.items.is_empty());
    let one = Filter {
        sort: Some("-name".parse().unwrap()),
        limit: 1.try_into().ok(),
        ..filter
    };
    download("/r/**", "3", one).await.unwrap();
    assert_eq!(bench.names("3/x"), ["c.csv"]);
    let folders = Filter {
        kind: Some(Kinds::Folders),
        ..Filter::default()
    };
    assert_eq!(kind(download("/r", "4", folders).await), "invalid_argument");
}
