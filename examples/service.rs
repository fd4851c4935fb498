//! A web service that runs scripts which strangers send: many at a time, each with limits, and allowed nothing but its Dropbox.
//!
//! `cargo run --example service` tries it with itself; with an address it serves:
//!
//! ```text
//! cargo run --example service 127.0.0.1:8790
//! curl --data-binary 'print(dropbox().list("/").count())' http://127.0.0.1:8790/ann
//! ```

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use dropscript::emulator::Emulator;
use dropscript::{Connection, Host, Limits, Observer, Permissions, RunOptions, Wanted};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// So many lines of a script are sent back.
const LINES: usize = 100;

/// What comes of a script.
#[derive(Serialize, Deserialize)]
struct Answer {
    output: Vec<String>,
    error: Option<String>,
}

/// The lines of one run; a host's runs share its other callbacks.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Observer for Lines {
    fn print(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES {
            lines.push(line.to_owned());
        }
    }
}

/// A host for the account of this name: the scripts of others are out of its reach.
fn host(emulator: &Emulator, account: &str) -> dropscript::Result<Host> {
    let connection = Connection::builder(account)
        .endpoint(emulator.url())
        .access_token(emulator.access_token(account))
        .build()?;
    Host::builder()
        .connection(connection)
        // Without this a script could make connections of its own, to any server.
        .connector(|_: Wanted| Err(refusal()))
        .permissions(Permissions::none())
        .limits(Limits {
            deadline: Some(Duration::from_secs(60)),
            operations: Some(1_000_000),
            string_size: 1 << 20,
            array_size: 10_000,
            map_size: 10_000,
            ..Limits::default()
        })
        .build()
}

fn refusal() -> dropscript::Error {
    let message = "scripts here have one connection only";
    dropscript::Error::new(dropscript::ErrorKind::NotAllowed, message)
}

/// Runs what was sent. Whoever hangs up ends the script: then this future is dropped.
async fn run(
    State(emulator): State<Arc<Emulator>>,
    Path(account): Path<String>,
    code: String,
) -> (StatusCode, Json<Answer>) {
    let lines = Arc::new(Lines::default());
    let options = RunOptions {
        observer: Some(lines.clone()),
        ..RunOptions::default()
    };
    let error = match host(&emulator, &account) {
        Ok(host) => host
            .eval_with(&code, options)
            .await
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(error.full_message()),
    };
    let status = match error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let output = std::mem::take(&mut *lines.0.lock().unwrap_or_else(PoisonError::into_inner));
    (status, Json(Answer { output, error }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Arc::new(Emulator::start()?);
    let service = Router::new()
        .route("/{account}", post(run))
        .with_state(emulator);
    let address = std::env::args().nth(1).filter(|word| word.contains(':'));
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("serving at {base}");
    if address.is_some() {
        axum::serve(listener, service).await?;
        return Ok(());
    }
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    try_out(&base).await?;
    serving.abort();
    Ok(())
}

/// Sends it scripts, good ones and bad ones, all at once.
async fn try_out(base: &str) -> Result<(), Box<dyn Error>> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let send = |account: String, code: &'static str| {
        let request = client.post(format!("{base}/{account}")).body(code);
        async move {
            let answer = request.send().await?.bytes().await?;
            Ok::<Answer, Box<dyn Error>>(serde_json::from_slice(&answer)?)
        }
    };
    let good =
        r#"dropbox().write_text("/a.txt", dropbox().name); print(dropbox().read_text("/a.txt"));"#;
    let all = (0..20).map(|number| send(format!("account-{number}"), good));
    for (number, answer) in join_all(all).await.into_iter().enumerate() {
        let answer = answer?;
        assert_eq!(answer.error, None);
        assert_eq!(answer.output, [format!("account-{number}")]);
    }
    for (code, why) in [
        ("loop {}", "operations"),
        (r#"print(file::read_text("/etc/passwd"))"#, "/etc/passwd"),
        (r#"dropbox(#{ access_token: "t" })"#, "one connection only"),
        (r#"let s = "x"; loop { s += s }"#, "string"),
    ] {
        let answer = send("mallory".to_owned(), code).await?;
        let error = answer.error.unwrap_or_default();
        println!("{code}: {error}");
        assert!(error.to_lowercase().contains(why) && answer.output.is_empty());
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example works");
}
