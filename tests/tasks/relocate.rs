//! Copying and renaming at Dropbox.

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Overwrite, RelocateOptions};

use crate::support::{Bench, kind};

fn options(overwrite: Overwrite) -> RelocateOptions {
    RelocateOptions {
        overwrite,
        ..RelocateOptions::default()
    }
}

fn tree() -> Bench {
    let bench = Bench::new();
    for path in ["/a.txt", "/b.txt", "/f/x.txt"] {
        bench.remote(path, path);
    }
    bench
}

#[tokio::test]
async fn a_file_and_a_folder_are_copied_and_renamed() {
    let bench = tree();
    let dbx = &bench.dbx;
    let plain = RelocateOptions::default;
    let copy = dbx.copy_to("/a.txt", "/new/c.txt", plain()).await.unwrap();
    assert_eq!(copy.path, "/new/c.txt");
    assert_eq!(bench.contents("/new/c.txt").unwrap(), b"/a.txt");
    dbx.copy_to("/f", "/g", plain()).await.unwrap();
    assert_eq!(bench.contents("/g/x.txt").unwrap(), b"/f/x.txt");
    let moved = dbx.rename("/f/x.txt", "y.txt", plain()).await.unwrap();
    assert_eq!(moved.path, "/f/y.txt");
    let id = dbx.info("/a.txt").await.unwrap().id.unwrap();
    let moved = dbx.rename(&id, "z.txt", plain()).await.unwrap();
    assert_eq!(moved.path, "/z.txt");
    dbx.rename("/z.txt", "/deep/er/z.txt", plain())
        .await
        .unwrap();
    assert_eq!(bench.contents("/deep/er/z.txt").unwrap(), b"/a.txt");
    for (from, to, expected) in [
        ("/none", "/x", "not_found"),
        ("/f", "/f/in", "invalid_argument"),
        ("/", "/x", "invalid_argument"),
        ("/b.txt", "/B.TXT", "invalid_argument"),
        ("/b.txt", "/f/y.txt", "conflict"),
        ("/b.txt", "/g", "conflict"),
    ] {
        assert_eq!(kind(dbx.rename(from, to, plain()).await), expected, "{to}");
    }
}

#[tokio::test]
async fn what_is_there_is_minded_and_never_replaced() {
    let bench = tree();
    let copy = async |overwrite| {
        let copied = bench.dbx.copy_to("/a.txt", "/b.txt", options(overwrite));
        copied.await.map(|item| item.path)
    };
    assert_eq!(kind(copy(Overwrite::Fail).await), "conflict");
    assert_eq!(copy(Overwrite::Never).await.unwrap(), "/b.txt");
    assert_eq!(copy(Overwrite::Rename).await.unwrap(), "/b (2).txt");
    assert_eq!(kind(copy(Overwrite::Always).await), "invalid_argument");
    assert_eq!(bench.contents("/b.txt").unwrap(), b"/b.txt");
    let dry = RelocateOptions {
        dry_run: true,
        ..RelocateOptions::default()
    };
    let planned = bench.dbx.rename("/a.txt", "c.txt", dry).await.unwrap();
    assert_eq!(planned.path, "/c.txt");
    assert!(bench.contents("/c.txt").is_none());
}

#[tokio::test]
async fn an_answer_that_got_lost_is_looked_for() {
    for (route, source) in [
        ("files/move_v2", "/a.txt"),
        ("files/move_v2", "/f"),
        ("files/copy_v2", "/a.txt"),
        ("files/copy_v2", "/f"),
    ] {
        let bench = tree();
        bench
            .emulator
            .inject(Fault::on(route, FaultKind::CutAfterCommit).first(1));
        let relocated = if route == "files/move_v2" {
            bench
                .dbx
                .rename(source, "/there", RelocateOptions::default())
                .await
        } else {
            bench
                .dbx
                .copy_to(source, "/there", RelocateOptions::default())
                .await
        };
        assert_eq!(relocated.unwrap().path, "/there", "{route} {source}");
        assert_eq!(bench.calls(route), 2, "{route}");
    }
}
