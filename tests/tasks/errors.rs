//! What each call on a single item says when it fails: what went wrong, with what, and what would mend it.

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use dropscript::{
    Connection, CreateFolderOptions, Error, ListOptions, Overwrite, ShareOptions, WriteOptions,
};

use crate::support::{Bench, connect};

/// A call on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Info,
    Exists,
    ReadText,
    ReadBlob,
    WriteText,
    WriteBlob,
    WriteOver,
    Revisions,
    Restore,
    TemporaryLink,
    CreateFolder,
    CreateNewFolder,
    List,
    Share,
}

const ALL: [Call; 14] = [
    Call::Info,
    Call::Exists,
    Call::ReadText,
    Call::ReadBlob,
    Call::WriteText,
    Call::WriteBlob,
    Call::WriteOver,
    Call::Revisions,
    Call::Restore,
    Call::TemporaryLink,
    Call::CreateFolder,
    Call::CreateNewFolder,
    Call::List,
    Call::Share,
];

impl Call {
    async fn make(self, dbx: &Connection, path: &str) -> Result<(), Error> {
        let over = WriteOptions {
            overwrite: Overwrite::Fail,
            ..WriteOptions::default()
        };
        let new = CreateFolderOptions {
            exist_ok: false,
            ..CreateFolderOptions::default()
        };
        match self {
            Self::Info => dbx.info(path).await.map(drop),
            Self::Exists => dbx.exists(path).await.map(drop),
            Self::ReadText => dbx.read_text(path).await.map(drop),
            Self::ReadBlob => dbx.read_blob(path).await.map(drop),
            Self::WriteText => {
                let options = WriteOptions::default();
                dbx.write_text(path, "text", options).await.map(drop)
            }
            Self::WriteBlob => {
                let options = WriteOptions::default();
                dbx.write_blob(path, vec![1], options).await.map(drop)
            }
            Self::WriteOver => dbx.write_text(path, "text", over).await.map(drop),
            Self::Revisions => dbx.revisions(path).await.map(drop),
            Self::Restore => dbx.restore(path, "015f0000000012").await.map(drop),
            Self::TemporaryLink => dbx.temporary_link(path).await.map(drop),
            Self::CreateFolder => {
                let options = CreateFolderOptions::default();
                dbx.create_folder(path, options).await.map(drop)
            }
            Self::CreateNewFolder => dbx.create_folder(path, new).await.map(drop),
            Self::List => {
                let mut listing = dbx.list(path, ListOptions::default())?;
                match listing.next().await {
                    Some(Err(error)) => Err(error),
                    _ => Ok(()),
                }
            }
            Self::Share => dbx.share(path, ShareOptions::default()).await.map(drop),
        }
    }
}

/// What an error leaves unsaid of what a person needs.
fn lacks(error: &Error, kind: &str, path: &str, of: &str) -> Option<String> {
    let message = error.full_message();
    let lack = if error.kind().as_str() != kind {
        format!("it is `{}`", error.kind())
    } else if error.hint().is_none_or(str::is_empty) {
        "nothing says what to do".to_owned()
    } else if !path.is_empty() && !message.contains(&format!("`{path}`")) {
        format!("`{path}` is not named")
    } else if !path.is_empty() && error.path() != Some(path) {
        format!("it is about {:?}", error.path())
    } else {
        return None;
    };
    Some(format!("{of}: {lack}: {message}"))
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.remote("/docs/a.txt", "contents");
    bench.remote("/docs/bytes", [0xff, 0xfe]);
    bench
}

#[tokio::test]
async fn each_call_says_what_is_wrong_with_a_path() {
    let bench = bench();
    let mut lacking = Vec::new();
    for (path, kind, calls) in [
        (
            "/none",
            "not_found",
            &[
                Call::Info,
                Call::ReadText,
                Call::ReadBlob,
                Call::Revisions,
                Call::TemporaryLink,
                Call::List,
                Call::Share,
            ][..],
        ),
        (
            "/docs",
            "invalid_argument",
            &[
                Call::ReadText,
                Call::ReadBlob,
                Call::Revisions,
                Call::TemporaryLink,
            ],
        ),
        (
            "/docs",
            "conflict",
            &[
                Call::WriteText,
                Call::WriteBlob,
                Call::WriteOver,
                Call::CreateNewFolder,
            ],
        ),
        (
            "/docs/a.txt",
            "conflict",
            &[Call::WriteOver, Call::CreateFolder, Call::CreateNewFolder],
        ),
        (
            "/docs/a.txt",
            "invalid_argument",
            &[Call::Restore, Call::List],
        ),
        (
            "/docs/a.txt/below",
            "conflict",
            &[
                Call::WriteText,
                Call::WriteBlob,
                Call::CreateFolder,
                Call::CreateNewFolder,
            ],
        ),
        ("/docs/bytes", "invalid_argument", &[Call::ReadText]),
        (
            "/docs/desktop.ini",
            "invalid_path",
            &[Call::WriteText, Call::WriteBlob],
        ),
        (
            "/",
            "invalid_argument",
            &[
                Call::ReadText,
                Call::ReadBlob,
                Call::Revisions,
                Call::TemporaryLink,
            ],
        ),
        ("/", "conflict", &[Call::WriteText, Call::WriteBlob]),
        ("/a//b", "invalid_path", &ALL),
        ("/a/../b", "invalid_path", &ALL),
    ] {
        for call in calls {
            let of = format!("{call:?} of {path}");
            let Err(error) = call.make(&bench.dbx, path).await else {
                lacking.push(format!("{of}: no error"));
                continue;
            };
            lacking.extend(lacks(&error, kind, path, &of));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// What goes wrong with any call, whatever it is for.
#[tokio::test]
async fn each_call_says_what_stands_in_its_way() {
    let mut lacking = Vec::new();
    let (long, limit) = (Some(3_600), LimitReason::TooManyRequests);
    for (what, kind) in [
        (
            FaultKind::RateLimit {
                reason: limit,
                retry_after: long,
                retry_in: RetryIn::Both,
                body: LimitBody::Json,
            },
            "rate_limited",
        ),
        (
            FaultKind::ServerError {
                status: 503,
                html: true,
                retry_after: long,
            },
            "server",
        ),
        (FaultKind::ExpiredToken, "not_signed_in"),
    ] {
        let bench = bench();
        bench.emulator.inject(Fault::on("*", what.clone()));
        for call in ALL {
            let of = format!("{call:?} with {what:?}");
            let error = call.make(&bench.dbx, "/docs/a.txt").await.expect_err(&of);
            lacking.extend(lacks(&error, kind, "", &of));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[tokio::test]
async fn each_call_says_who_may_not_make_it() {
    let bench = bench();
    let stranger = Connection::builder("x")
        .endpoint(bench.emulator.url())
        .access_token("wrong")
        .build()
        .unwrap();
    let mut lacking = Vec::new();
    for call in ALL {
        let of = format!("{call:?} of a stranger");
        let error = call.make(&stranger, "/docs/a.txt").await.expect_err(&of);
        lacking.extend(lacks(&error, "not_signed_in", "", &of));
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[tokio::test]
async fn each_call_says_which_server_is_not_there() {
    let gone = Emulator::start().unwrap();
    let dbx = connect(&gone).build().unwrap();
    let url = gone.url().to_owned();
    let server = url.trim_start_matches("http://").to_owned();
    drop(gone);
    // One is enough: they all go the same way, and each tries for ten seconds.
    let error = Call::Info.make(&dbx, "/docs/a.txt").await.unwrap_err();
    let lacking = lacks(&error, "network", "", "a server that is gone");
    assert_eq!(lacking, None);
    assert!(error.full_message().contains(&server), "{error}");
}
