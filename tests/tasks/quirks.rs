//! The client against each quirk of the emulator: what Dropbox may do otherwise must not cost a file.

use std::fs;
use std::time::Duration;

use dropscript::emulator::{
    Emulator, EmulatorBuilder, Fault, FaultKind, LimitBody, LimitReason, Quirk, RetryIn,
};
use dropscript::{
    Connection, CreateFolderOptions, DeleteInOptions, DeleteOptions, DownloadOptions, Filter, Item,
    ItemKind, ListOptions, Overwrite, RelocateOptions, Result, UploadOptions, WriteOptions,
};
use futures_util::{StreamExt as _, stream};

use crate::support::{connect, kind, noise};

/// Bytes of a file that goes by an upload session: one more than a part has.
const LARGE: usize = (8 << 20) + 1;

/// Bytes of the largest file of a round. Only where sessions may matter by default, as each such file takes a while.
fn largest(quirk: Quirk) -> usize {
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    match quirk {
        Quirk::FinishedSessionClosed
        | Quirk::RepeatedAppendTaken
        | Quirk::ContentHashMissing
        | Quirk::SameBytesNewRev
        | Quirk::JsonWithCharset => LARGE,
        _ if full => LARGE,
        _ => 10_000,
    }
}

/// An emulator with this quirk, or with none.
fn with(quirk: impl Into<Option<Quirk>>) -> Emulator {
    let quirk = quirk.into().into_iter();
    let builder = quirk.fold(Emulator::builder(), EmulatorBuilder::quirk);
    builder.start().unwrap()
}

fn always() -> UploadOptions {
    UploadOptions {
        overwrite: Overwrite::Always,
        ..UploadOptions::default()
    }
}

fn deep() -> Filter {
    Filter {
        subfolders: Some(true),
        ..Filter::default()
    }
}

async fn listed(dbx: &Connection, folder: &str) -> Result<Vec<Item>> {
    let options = ListOptions {
        filter: deep(),
        ..ListOptions::default()
    };
    let mut listing = dbx.list(folder, options)?;
    let mut items = Vec::new();
    while let Some(item) = listing.next().await {
        items.push(item?);
    }
    Ok(items)
}

/// The files of a listing as `name size`, sorted. Names are what is sure of them.
fn files(items: &[Item]) -> Vec<String> {
    let mut files: Vec<_> = items
        .iter()
        .filter(|item| item.kind == ItemKind::File)
        .map(|item| format!("{} {}", item.name, item.size.unwrap()))
        .collect();
    files.sort();
    files
}

type Told = std::result::Result<(), Box<dyn std::error::Error>>;

#[allow(
    clippy::needless_pass_by_value,
    reason = "what is compared is made for it"
)]
fn same<T: std::fmt::Debug + PartialEq>(what: &str, got: T, wanted: T) -> Told {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what}: {got:?} where {wanted:?} was expected").into())
}

/// Does with a connection what people do, and looks each time whether it is so.
async fn round(quirk: Quirk, emulator: &Emulator, dbx: &Connection) -> Told {
    let folder = tempfile::tempdir()?;
    let local = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir_all(local("out/Sub"))?;
    fs::write(local("out/small.txt"), "one")?;
    fs::write(local("out/Sub/Inner.txt"), "inner")?;
    let contents = noise(largest(quirk));
    fs::write(local("out/large.bin"), &contents)?;
    let there = |path: &str| emulator.contents("main", path).map(|bytes| bytes.to_vec());

    dbx.upload(local("out"), "/d/out", always()).await?;
    let whole = there("/d/out/large.bin").is_some_and(|sent| sent == contents);
    same("the large file is there", whole, true)?;
    // The same again, and then something else: each time that is what is there.
    let small = || local("out/small.txt");
    dbx.upload(small(), "/d/out", always()).await?;
    fs::write(small(), "three")?;
    dbx.upload(small(), "/d/out", always()).await?;
    same(
        "the file was replaced",
        there("/d/out/small.txt"),
        Some(b"three".to_vec()),
    )?;
    dbx.upload(small(), "/d/out", UploadOptions::default())
        .await?;

    let large = format!("large.bin {}", contents.len());
    let items = files(&listed(dbx, "/d").await?);
    same(
        "the listing",
        items,
        vec![
            "Inner.txt 5".to_owned(),
            large.clone(),
            "small.txt 5".to_owned(),
        ],
    )?;
    dbx.download("/d/out", local("in"), DownloadOptions::default())
        .await?;
    // What has no path is known to be below the folder, but not where.
    let inner = match quirk {
        Quirk::PathsMissing => "Inner.txt",
        _ => "Sub/Inner.txt",
    };
    for (name, wanted) in [
        ("small.txt", "small.txt"),
        ("large.bin", "large.bin"),
        (inner, "Sub/Inner.txt"),
    ] {
        let equal =
            fs::read(local(&format!("in/{name}")))? == fs::read(local(&format!("out/{wanted}")))?;
        same(&format!("{name} is as it was sent"), equal, true)?;
    }
    let info = dbx.info("/d/out/small.txt").await?;
    same(
        "its size",
        (info.name.as_str(), info.size),
        ("small.txt", Some(5)),
    )?;
    same("what is not there", dbx.exists("/d/none").await?, false)?;
    change(dbx).await?;
    // Whoever looks again sees what is left, and nothing that is gone.
    let left = files(&listed(dbx, "/d").await?);
    same("what is left", left, vec![large])?;
    let paths = emulator.paths("main").join(" ");
    let wanted = "/d /d/empty /d/empty/deep /d/new /d/out /d/out/Sub /d/out/large.bin";
    same("the tree", paths.as_str(), wanted)
}

/// Copies, renames, writes, makes and deletes.
async fn change(dbx: &Connection) -> Told {
    let plain = RelocateOptions::default;
    dbx.copy_to("/d/out/small.txt", "/d/copy.txt", plain())
        .await?;
    dbx.rename("/d/copy.txt", "/d/new/moved.txt", plain())
        .await?;
    same(
        "the copy",
        dbx.read_text("/d/new/moved.txt").await?.as_str(),
        "three",
    )?;
    let over = WriteOptions {
        overwrite: Overwrite::Always,
        ..WriteOptions::default()
    };
    dbx.write_text("/d/new/moved.txt", "four", over).await?;
    let versions = dbx.revisions("/d/new/moved.txt").await?;
    same("its versions", versions.is_empty(), false)?;
    for _ in 0..2 {
        dbx.create_folder("/d/empty/deep", CreateFolderOptions::default())
            .await?;
    }
    dbx.delete("/d/new/moved.txt", DeleteOptions::default())
        .await?;
    let lenient = DeleteOptions {
        missing_ok: true,
        ..DeleteOptions::default()
    };
    dbx.delete("/d/no/such/folder", lenient).await?;
    let texts = DeleteInOptions {
        filter: Filter {
            include: Some("*.txt".into()),
            ..deep()
        },
        ..DeleteInOptions::default()
    };
    dbx.delete_in("/d/out", texts).await?;
    dbx.account().await?;
    dbx.space().await?;
    Ok(())
}

#[tokio::test]
async fn people_get_what_they_asked_for_whichever_quirk_is_on() {
    let rounds = Quirk::ALL.iter().map(|quirk| async move {
        let emulator = with(*quirk);
        let dbx = connect(&emulator).build().unwrap();
        let told = round(*quirk, &emulator, &dbx).await;
        told.err().map(|error| format!("{}: {error}", quirk.name()))
    });
    let faults: Vec<_> = stream::iter(rounds)
        .buffer_unordered(4)
        .filter_map(|fault| async { fault })
        .collect()
        .await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn a_limit_is_waited_out_however_it_is_told() {
    for quirk in [
        Quirk::LimitAsText,
        Quirk::LimitWithoutReason,
        Quirk::LimitWaitInBody,
        Quirk::JsonWithCharset,
    ] {
        let emulator = with(quirk);
        let limited = FaultKind::RateLimit {
            reason: LimitReason::TooManyRequests,
            retry_after: Some(1),
            retry_in: RetryIn::Both,
            body: LimitBody::Json,
        };
        emulator.inject(Fault::on("files/get_metadata", limited).first(1));
        let dbx = connect(&emulator).build().unwrap();
        assert!(!dbx.exists("/x").await.unwrap(), "{quirk:?}");
        let calls = emulator.calls();
        assert_eq!(
            (calls.of("files/get_metadata"), calls.during_retry_after),
            (2, 0),
            "{quirk:?}"
        );
    }
}

#[tokio::test]
async fn a_token_is_refused_in_the_same_words_however_that_is_told() {
    for quirk in [None, Some(Quirk::TokenRefusedAsText)] {
        let emulator = with(quirk);
        let dbx = connect(&emulator).access_token("nobody's").build().unwrap();
        assert_eq!(kind(dbx.account().await), "not_signed_in");
    }
}

#[tokio::test]
async fn a_server_that_fails_is_told_whatever_page_it_shows() {
    for quirk in [None, Some(Quirk::ServerErrorHtml)] {
        let emulator = with(quirk);
        let failing = FaultKind::ServerError {
            status: 500,
            html: false,
            retry_after: None,
        };
        emulator.inject(Fault::on("files/get_metadata", failing).first(1));
        let dbx = connect(&emulator).build().unwrap();
        assert!(!dbx.exists("/x").await.unwrap());
    }
}

#[tokio::test]
async fn an_access_token_is_replaced_when_it_is_refused_however_it_came() {
    for quirk in [Quirk::ExpiresInMissing, Quirk::RefreshTokensRotate] {
        let emulator = with(quirk);
        let dbx = Connection::builder("main")
            .endpoint(emulator.url())
            .refresh_token(emulator.refresh_token("main"))
            .app_key("emulator-app")
            .app_secret("emulator-secret")
            .build()
            .unwrap();
        dbx.account().await.unwrap();
        dbx.account().await.unwrap();
        assert_eq!(emulator.calls().of("oauth2/token"), 1, "{quirk:?}");
        emulator.advance(Duration::from_secs(20_000));
        dbx.account().await.unwrap();
        assert_eq!(emulator.calls().of("oauth2/token"), 2, "{quirk:?}");
    }
}

/// Sends a file of so many bytes to the root, and gives them.
async fn send(dbx: &Connection, name: &str, size: usize) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let bytes = noise(size);
    fs::write(&file, &bytes).unwrap();
    let file = file.display().to_string();
    dbx.upload(file, "/", UploadOptions::default()).await?;
    Ok(bytes)
}

#[tokio::test]
async fn a_part_whose_answer_got_lost_is_there_once() {
    for quirk in [None, Some(Quirk::RepeatedAppendTaken)] {
        let emulator = with(quirk);
        let lost = Fault::on("files/upload_session/append_v2", FaultKind::CutAfterCommit);
        emulator.inject(lost.first(1));
        let dbx = connect(&emulator).build().unwrap();
        let bytes = send(&dbx, "large.bin", (16 << 20) + 1).await.unwrap();
        assert!(
            emulator.contents("main", "/large.bin").unwrap() == bytes,
            "{quirk:?}"
        );
    }
}

#[tokio::test]
async fn an_append_may_be_answered_with_nothing_at_all() {
    let emulator = with(Quirk::VoidResultsEmpty);
    let dbx = connect(&emulator).build().unwrap();
    let bytes = send(&dbx, "large.bin", (16 << 20) + 1).await.unwrap();
    assert!(emulator.contents("main", "/large.bin").unwrap() == bytes);
    assert!(emulator.calls().of("files/upload_session/append_v2") > 0);
}

#[tokio::test]
async fn a_commit_whose_answer_got_lost_is_found_however_its_session_ended() {
    for (quirk, route, size) in [
        (
            Quirk::FinishedSessionClosed,
            "files/upload_session/finish",
            LARGE,
        ),
        (Quirk::SameBytesConflict, "files/upload", 10),
        (Quirk::SameBytesNewRev, "files/upload", 10),
        (Quirk::ContentHashMissing, "files/upload", 10),
    ] {
        let emulator = with(quirk);
        emulator.inject(Fault::on(route, FaultKind::CutAfterCommit).first(1));
        let dbx = connect(&emulator).build().unwrap();
        send(&dbx, "a.bin", size)
            .await
            .unwrap_or_else(|error| panic!("{quirk:?}: {error:?}"));
        assert_eq!(emulator.paths("main"), ["/a.bin"], "{quirk:?}");
    }
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on_whatever_becomes_of_ranges() {
    for quirk in [
        Quirk::RangesIgnored,
        Quirk::ContentRangeMissing,
        Quirk::EtagStrong,
        Quirk::ContentHashMissing,
    ] {
        let emulator = with(quirk);
        let bytes = noise(1 << 20);
        emulator.put("main", "/a.bin", bytes.clone());
        emulator
            .inject(Fault::on("files/download", FaultKind::CutAfter { bytes: 300_000 }).first(1));
        let dbx = connect(&emulator).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        dbx.download("/a.bin", folder.path(), DownloadOptions::default())
            .await
            .unwrap_or_else(|error| panic!("{quirk:?}: {error:?}"));
        assert!(
            fs::read(folder.path().join("a.bin")).unwrap() == bytes,
            "{quirk:?}"
        );
    }
}

#[tokio::test]
async fn names_that_differ_by_their_accents_only_are_told_apart_or_not_as_dropbox_does() {
    for (quirk, files) in [(None, 1), (Some(Quirk::ExactNames), 2)] {
        let emulator = with(quirk);
        let dbx = connect(&emulator).build().unwrap();
        for (name, text) in [("\u{e9}", "composed"), ("e\u{301}", "combined")] {
            let options = WriteOptions {
                overwrite: Overwrite::Always,
                ..WriteOptions::default()
            };
            dbx.write_text(&format!("/{name}"), text, options)
                .await
                .unwrap();
            assert_eq!(dbx.read_text(&format!("/{name}")).await.unwrap(), text);
        }
        assert_eq!(listed(&dbx, "/").await.unwrap().len(), files);
    }
}

#[tokio::test]
async fn a_header_that_is_too_long_is_a_clear_error() {
    let emulator = with(Quirk::HeaderLimit4K);
    let dbx = connect(&emulator).build().unwrap();
    // Each character is twelve in a header.
    let path = format!("/{}/{}", "\u{1f600}".repeat(200), "\u{1f600}".repeat(200));
    let error = dbx
        .write_text(&path, "x", WriteOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind().as_str(), "invalid_argument", "{error:?}");
    assert_eq!(emulator.paths("main"), Vec::<String>::new());
}
