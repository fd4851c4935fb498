//! What is measured.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::line::Line;
use super::mib;
use super::server::Server;

/// How long small calls are made.
const TIME: Duration = Duration::from_secs(3);
const PART: usize = 8 << 20;

/// A small call.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Metadata,
    Upload,
    Append,
    Move,
}

pub(crate) const CALLS: &[(&str, Call)] = &[
    ("get_metadata", Call::Metadata),
    ("upload of 1 KiB", Call::Upload),
    ("append_v2 of 1 KiB", Call::Append),
    ("move_v2", Call::Move),
];

/// Calls a second when nothing is behind them.
pub(crate) async fn floor(server: &Server, lines: usize) -> f64 {
    calls(server, lines, Call::Metadata).await
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) async fn calls(server: &Server, lines: usize, call: Call) -> f64 {
    let count = Rc::new(Cell::new(0u64));
    let mut first = Line::open(&server.host).await;
    first
        .upload("files/upload", r#"{"path":"/a.txt"}"#, "hello".into())
        .await;
    let start = Instant::now();
    let clients = (0..lines).map(|number| {
        let count = Rc::clone(&count);
        async move {
            let mut line = Line::open(&server.host).await;
            let mut client = Client::new(number, call, &mut line).await;
            while start.elapsed() < TIME {
                client.call(&mut line).await;
                count.set(count.get() + 1);
            }
        }
    });
    join_all(clients).await;
    count.get() as f64 / start.elapsed().as_secs_f64()
}

struct Client {
    number: usize,
    call: Call,
    body: Vec<u8>,
    session: String,
    made: usize,
}

impl Client {
    async fn new(number: usize, call: Call, line: &mut Line) -> Client {
        let mut session = String::new();
        match call {
            Call::Append => session = start(line, "{}").await,
            Call::Move => {
                let arg = format!(r#"{{"path":"/m{number}/0"}}"#);
                line.upload("files/upload", &arg, "hello".into()).await;
            }
            Call::Metadata | Call::Upload => {}
        }
        Client {
            number,
            call,
            body: vec![b'x'; 1024],
            session,
            made: 0,
        }
    }

    async fn call(&mut self, line: &mut Line) {
        let (n, number) = (self.made, self.number);
        self.made += 1;
        // No two files are alike.
        self.body[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let body = Bytes::copy_from_slice(&self.body);
        match self.call {
            Call::Metadata => {
                line.rpc("files/get_metadata", r#"{"path":"/a.txt"}"#).await;
            }
            Call::Upload => {
                let arg = format!(r#"{{"path":"/c{number}/{n}.txt"}}"#);
                line.upload("files/upload", &arg, body).await;
            }
            Call::Append => {
                let (id, offset) = (&self.session, n * 1024);
                let arg = format!(r#"{{"cursor":{{"session_id":"{id}","offset":{offset}}}}}"#);
                line.upload("files/upload_session/append_v2", &arg, body)
                    .await;
            }
            Call::Move => {
                let to = n + 1;
                let arg =
                    format!(r#"{{"from_path":"/m{number}/{n}","to_path":"/m{number}/{to}"}}"#);
                line.rpc("files/move_v2", &arg).await;
            }
        }
    }
}

fn parse(answer: &[u8]) -> Value {
    serde_json::from_slice(answer).expect("JSON")
}

async fn start(line: &mut Line, arg: &str) -> String {
    let answer = line
        .upload("files/upload_session/start", arg, Bytes::new())
        .await;
    let id = parse(&answer)["session_id"].clone();
    id.as_str().expect("an id").to_owned()
}

/// Seconds and bytes for a whole listing.
pub(crate) async fn list(server: &Server, count: usize) -> (f64, usize) {
    let mut line = Line::open(&server.host).await;
    let start = Instant::now();
    let (mut bytes, mut pages) = (0, Vec::new());
    let mut page = line
        .rpc("files/list_folder", r#"{"path":"/many","limit":2000}"#)
        .await;
    loop {
        bytes += page.len();
        // No more is read than the next call needs: the client is not what is measured.
        let text = std::str::from_utf8(&page).expect("text");
        let cursor = text.split(r#""cursor":""#).nth(1).expect("a cursor");
        let cursor = cursor.split('"').next().expect("a cursor").to_owned();
        let more = text.contains(r#""has_more":true"#);
        pages.push(page);
        if !more {
            break;
        }
        let arg = format!(r#"{{"cursor":"{cursor}"}}"#);
        page = line.rpc("files/list_folder/continue", &arg).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    let listed: usize = pages
        .iter()
        .map(|page| parse(page)["entries"].as_array().expect("entries").len())
        .sum();
    assert_eq!(listed, count);
    (seconds, bytes)
}

/// MiB/s.
pub(crate) struct Large {
    pub(crate) sequential: f64,
    pub(crate) concurrent: f64,
    pub(crate) down: f64,
    pub(crate) down_hashed: f64,
}

pub(crate) async fn large(server: &Server, size: usize) -> Large {
    let part = Bytes::from(
        (0..PART)
            .map(|n| (n % 251).to_le_bytes()[0])
            .collect::<Vec<u8>>(),
    );
    let mut line = Line::open(&server.host).await;
    let rate = |start: Instant| mib(size) / start.elapsed().as_secs_f64();

    let from = Instant::now();
    let id = start(&mut line, "{}").await;
    for offset in (0..size).step_by(PART) {
        append(&mut line, &id, offset, false, part.clone()).await;
    }
    finish(&mut line, &id, size, "/sequential").await;
    let sequential = rate(from);

    let from = Instant::now();
    let id = start(&mut line, r#"{"session_type":"concurrent"}"#).await;
    let id = id.as_str();
    let clients = (0..4).map(|number| {
        let part = part.clone();
        async move {
            let mut line = Line::open(&server.host).await;
            for offset in (0..size).step_by(PART).skip(number).step_by(4) {
                let close = offset + PART == size;
                append(&mut line, id, offset, close, part.clone()).await;
            }
        }
    });
    join_all(clients).await;
    finish(&mut line, id, size, "/concurrent").await;
    let concurrent = rate(from);

    let from = Instant::now();
    let mut body = Body::new(line.download(r#"{"path":"/sequential"}"#).await).into_data_stream();
    let mut seen = 0;
    while let Some(chunk) = body.next().await {
        seen += chunk.expect("bytes").len();
    }
    assert_eq!(seen, size);
    let down = rate(from);

    let from = Instant::now();
    let mut body = Body::new(line.download(r#"{"path":"/concurrent"}"#).await).into_data_stream();
    let mut hasher = Sha256::new();
    while let Some(chunk) = body.next().await {
        hasher.update(chunk.expect("bytes"));
    }
    let down_hashed = rate(from);
    let mut expected = Sha256::new();
    (0..size / PART).for_each(|_| expected.update(&part));
    assert_eq!(hasher.finalize(), expected.finalize());
    Large {
        sequential,
        concurrent,
        down,
        down_hashed,
    }
}

async fn append(line: &mut Line, id: &str, offset: usize, close: bool, body: Bytes) {
    let arg = format!(r#"{{"cursor":{{"session_id":"{id}","offset":{offset}}},"close":{close}}}"#);
    line.upload("files/upload_session/append_v2", &arg, body)
        .await;
}

async fn finish(line: &mut Line, id: &str, size: usize, path: &str) {
    let cursor = format!(r#"{{"session_id":"{id}","offset":{size}}}"#);
    let arg = format!(r#"{{"cursor":{cursor},"commit":{{"path":"{path}"}}}}"#);
    line.upload("files/upload_session/finish", &arg, Bytes::new())
        .await;
}
