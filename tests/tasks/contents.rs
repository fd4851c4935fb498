//! Files as values, and their versions.

use dropscript::{Overwrite, WriteOptions};

use crate::support::{Bench, kind, noise};

fn writing(overwrite: Overwrite) -> WriteOptions {
    WriteOptions {
        overwrite,
        ..WriteOptions::default()
    }
}

#[tokio::test]
async fn text_and_bytes_come_back_as_they_were_written() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    let item = dbx
        .write_text("/new/a.txt", "höllo", WriteOptions::default())
        .await
        .unwrap();
    assert_eq!((item.path.as_str(), item.size), ("/new/a.txt", Some(6)));
    assert_eq!(dbx.read_text("/new/a.txt").await.unwrap(), "höllo");
    let bytes = noise(5_000_000);
    dbx.write_blob("/b", bytes.clone(), WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(dbx.read_blob("/b").await.unwrap(), bytes);
    assert_eq!(kind(dbx.read_text("/b").await), "invalid_argument");
    assert_eq!(kind(dbx.read_blob("/none").await), "not_found");
    assert_eq!(kind(dbx.read_blob("/new").await), "invalid_argument");
    assert_eq!(kind(dbx.read_blob("/").await), "invalid_argument");
    let empty = dbx.write_text("/e", "", WriteOptions::default()).await;
    assert_eq!(empty.unwrap().size, Some(0));
    assert_eq!(dbx.read_text("/e").await.unwrap(), "");
}

#[tokio::test]
async fn writing_minds_what_is_there() {
    let bench = Bench::new();
    bench.remote("/d/a.txt", "one");
    let write = async |text: &str, overwrite| {
        let written = bench.dbx.write_text("/d/a.txt", text, writing(overwrite));
        written.await.map(|item| item.path)
    };
    write("one", Overwrite::Changed).await.unwrap();
    assert_eq!(bench.calls("files/upload"), 0, "it is the same already");
    write("two", Overwrite::Changed).await.unwrap();
    assert_eq!(bench.contents("/d/a.txt").unwrap(), b"two");
    write("three", Overwrite::Never).await.unwrap();
    assert_eq!(bench.contents("/d/a.txt").unwrap(), b"two");
    assert_eq!(kind(write("three", Overwrite::Fail).await), "conflict");
    assert_eq!(
        write("three", Overwrite::Rename).await.unwrap(),
        "/d/a (2).txt"
    );
    let folder = bench.dbx.write_text("/d", "x", WriteOptions::default());
    assert_eq!(kind(folder.await), "conflict");
    let dry = WriteOptions {
        dry_run: true,
        ..WriteOptions::default()
    };
    let planned = bench.dbx.write_text("/d/new", "four", dry).await.unwrap();
    assert_eq!((planned.path.as_str(), planned.size), ("/d/new", Some(4)));
    assert!(bench.contents("/d/new").is_none());
}

#[tokio::test]
async fn what_is_too_large_for_a_value_is_refused() {
    let bench = Bench::new();
    let large = vec![0; (64 << 20) + 1];
    bench.remote("/large", large.clone());
    let error = bench.dbx.read_blob("/large").await.unwrap_err();
    assert!(error.hint().unwrap().contains("download_file"));
    let written = bench.dbx.write_blob("/l", large, WriteOptions::default());
    assert!(
        written
            .await
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("upload_file")
    );
}

#[tokio::test]
async fn a_version_comes_back() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    for text in ["one", "two"] {
        dbx.write_text("/a", text, WriteOptions::default())
            .await
            .unwrap();
    }
    let versions = dbx.revisions("/a").await.unwrap();
    assert_eq!(versions.len(), 2);
    let first = versions[1].rev.clone().unwrap();
    dbx.delete("/a", dropscript::DeleteOptions::default())
        .await
        .unwrap();
    let restored = dbx.restore("/a", &first).await.unwrap();
    assert_eq!((restored.name.as_str(), restored.size), ("a", Some(3)));
    assert_eq!(dbx.read_text("/a").await.unwrap(), "one");
    assert_eq!(
        kind(dbx.restore("/a", "0123456789").await),
        "invalid_argument"
    );
    assert_eq!(kind(dbx.revisions("/none").await), "not_found");
    let link = dbx.temporary_link("/a").await.unwrap();
    assert!(link.starts_with("http"), "{link}");
    assert_eq!(kind(dbx.temporary_link("/none").await), "not_found");
}
