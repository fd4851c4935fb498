//! What is told before the first byte.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use dropscript::{
    Connection, OnError, Report, Secret, StoredCredentials, TokenStore, TransferOptions,
};

use crate::support::Bench;

fn options() -> TransferOptions {
    TransferOptions {
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

/// A local file of this size with nothing in it, which takes no room.
fn vast(bench: &Bench, relative: &str, size: u64) {
    let path = bench.local(relative, "");
    File::create(path).unwrap().set_len(size).unwrap();
}

fn counts(report: &Report) -> [u64; 3] {
    [report.transferred, report.skipped, report.failed]
}

/// How often anything was sent.
fn sent(bench: &Bench) -> u64 {
    let sending = [
        "files/upload",
        "files/upload_session/start",
        "files/upload_session/start_batch",
    ];
    sending.into_iter().map(|route| bench.calls(route)).sum()
}

#[tokio::test]
async fn what_does_not_fit_into_the_account_is_told_and_not_sent() {
    let bench = Bench::new();
    vast(&bench, "out/a.bin", 3 << 39);
    vast(&bench, "out/b.bin", 3 << 39);
    let error = bench.dbx.upload(bench.text("out"), "/x", options()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind().as_str(), "no_space");
    assert!(error.to_string().contains("3.0 TB of new files"), "{error}");
    assert_eq!(sent(&bench), 0);
}

#[tokio::test]
async fn what_is_there_already_needs_no_room() {
    let bench = Bench::new();
    bench.remote("/x/a.bin", "a");
    vast(&bench, "out/a.bin", 3 << 40);
    bench.local("out/b.txt", "b");
    let report = bench.dbx.upload(bench.text("out"), "/x", options()).await;
    // Too large for Dropbox in any case.
    assert_eq!(counts(&report.unwrap()), [1, 0, 1]);
}

#[tokio::test]
async fn faults_of_the_whole_are_told_together() {
    let bench = Bench::new();
    bench.remote("/taken", "a file");
    vast(&bench, "out/a.bin", 3 << 39);
    vast(&bench, "out/b.bin", 3 << 39);
    for folder in ["/taken", "/taken/deep/down"] {
        let error = bench.dbx.upload(bench.text("out"), folder, options()).await;
        let error = error.unwrap_err();
        let message = error.to_string();
        assert!(message.contains("for 2 reasons"), "{message}");
        assert!(message.contains("`/taken` is a file"), "{message}");
        assert!(message.contains("do not fit"), "{message}");
    }
    assert_eq!(sent(&bench), 0);
}

#[tokio::test]
async fn a_small_upload_is_not_held_up_by_questions() {
    let bench = Bench::new();
    bench.local("out/a.txt", "a");
    bench
        .dbx
        .upload(bench.text("out"), "/x", options())
        .await
        .unwrap();
    assert_eq!(bench.calls("users/get_space_usage"), 0);
    assert_eq!(bench.calls("files/get_metadata"), 1);
}

#[tokio::test]
async fn names_and_sizes_that_dropbox_refuses_are_not_sent_and_the_rest_is() {
    let bench = Bench::new();
    for name in [
        "a.txt",
        "b\\c.txt",
        "ends with a space ",
        ".DS_Store",
        "sub/desktop.ini",
    ] {
        bench.local(&format!("out/{name}"), name);
    }
    vast(&bench, "out/vast.bin", (1 << 41) + 1);
    let report = bench.dbx.upload(bench.text("out"), "/x", options()).await;
    let report = report.unwrap();
    assert_eq!(counts(&report), [1, 0, 5], "{report}");
    for item in &report.items {
        let kind = item.error.as_ref().map(|error| error.kind().as_str());
        let expected = match item.source.rsplit('/').next().unwrap() {
            "a.txt" => None,
            "vast.bin" => Some("invalid_argument"),
            _ => Some("invalid_path"),
        };
        assert_eq!(kind, expected, "{}", item.source);
    }
    assert_eq!(bench.emulator.paths("main"), ["/x", "/x/a.txt"]);
}

#[tokio::test]
async fn a_task_that_stops_at_a_failure_does_so_before_the_first_byte() {
    let bench = Bench::new();
    for number in 0..20 {
        bench.local(&format!("out/{number}.txt"), "a");
    }
    bench.local("out/z ", "z");
    let stop = TransferOptions {
        on_error: OnError::Stop,
        ..TransferOptions::default()
    };
    let error = bench.dbx.upload(bench.text("out"), "/x", stop).await;
    assert_eq!(error.unwrap_err().kind().as_str(), "invalid_path");
    assert_eq!(sent(&bench), 0);
}

#[tokio::test]
async fn a_folder_that_takes_no_files_is_told_before_anything_is_fetched() {
    let bench = Bench::new();
    bench.remote("/a.txt", "a");
    bench.local("file", "");
    let target = bench.path("file/in");
    let error = bench.dbx.download("/a.txt", &target, options()).await;
    assert_eq!(error.unwrap_err().kind().as_str(), "local_io");
    assert_eq!(bench.calls("files/download"), 0);
}

#[tokio::test]
async fn a_sign_in_that_does_not_allow_it_is_told_before_anything_moves() {
    let bench = Bench::new();
    for number in 0..12 {
        bench.local(&format!("out/{number}"), "x");
        bench.remote(&format!("/d/{number}"), "x");
    }
    let store = TokenStore::memory();
    let credentials = StoredCredentials {
        app_key: Some("emulator-app".to_owned()),
        refresh_token: Some(Secret::new(bench.emulator.refresh_token("main"))),
        scopes: vec!["files.metadata.read".to_owned()],
        ..StoredCredentials::default()
    };
    store.save("narrow", &credentials).await.unwrap();
    let dbx = Connection::builder("narrow")
        .endpoint(bench.emulator.url())
        .app_key("emulator-app")
        .credentials(store)
        .build()
        .unwrap();
    let up = dbx.upload(bench.text("out"), "/x", options()).await;
    let down = dbx.download("/d", bench.path("in"), options()).await;
    for (result, scope) in [(up, "files.content.write"), (down, "files.content.read")] {
        let error = result.unwrap_err();
        assert_eq!(error.kind().as_str(), "permission", "{error}");
        assert!(error.to_string().contains(scope), "{error}");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("dropscript connection login narrow"),
            "{hint}"
        );
    }
    assert_eq!((sent(&bench), bench.calls("files/download")), (0, 0));
}

/// Answers as a server with a shared folder that may only be looked at; tells which routes were called.
fn read_only_folder() -> (String, Arc<Mutex<Vec<String>>>) {
    const FOLDER: &str = r#"{".tag":"folder","name":"shared","id":"id:1","path_lower":"/shared","path_display":"/shared",
        "sharing_info":{"read_only":true,"shared_folder_id":"1"}}"#;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let called = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::clone(&called);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.unwrap());
            let (mut first, mut length) = (String::new(), 0);
            let _ = connection.read_line(&mut first);
            loop {
                let mut line = String::new();
                let read = connection.read_line(&mut line).unwrap_or_default();
                if read <= 2 {
                    break;
                }
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
            }
            let _ = connection.read_exact(&mut vec![0; length]);
            let body = if first.contains("files/list_folder") {
                r#"{"entries":[],"cursor":"c","has_more":false}"#
            } else {
                FOLDER
            };
            calls.lock().unwrap().push(first);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = connection.get_mut().write_all(answer.as_bytes());
        }
    });
    (url, called)
}

#[tokio::test]
async fn a_shared_folder_that_may_only_be_looked_at_is_told_before_anything_is_sent() {
    let bench = Bench::new();
    for number in 0..12 {
        bench.local(&format!("out/{number}"), "x");
    }
    let (url, called) = read_only_folder();
    let dbx = Connection::builder("guest")
        .endpoint(url)
        .access_token("t")
        .build()
        .unwrap();
    let error = dbx.upload(bench.text("out"), "/shared", options()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind().as_str(), "permission", "{error}");
    assert_eq!(error.path(), Some("/shared"));
    assert!(error.hint().unwrap().contains("owner"), "{error:?}");
    let called = called.lock().unwrap();
    assert!(
        !called.iter().any(|line| line.contains("upload")),
        "{called:?}"
    );
}
