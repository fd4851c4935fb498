//! Many processes with one sign-in, whose tokens end all the time.
#![allow(clippy::print_stdout, reason = "how it went is told to the parent")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Secret, StoredCredentials, TokenStore};

use crate::support::campaign;

/// Name the emulator and the store's folder to the processes.
const SERVER: &str = "DROPSCRIPT_TEST_SERVER";
const FOLDER: &str = "DROPSCRIPT_TEST_TOGETHER";

const PROCESSES: usize = 16;
const TOKEN: &str = "oauth2/token";

fn connection(server: &str, folder: &Path) -> Connection {
    Connection::builder("work")
        .endpoint(server)
        .app_key("emulator-app")
        .credentials(TokenStore::file(folder))
        .build()
        .unwrap()
}

async fn signed_in(folder: &Path) {
    let credentials = StoredCredentials {
        refresh_token: Some(Secret::new("emulator-refresh-token")),
        ..StoredCredentials::default()
    };
    TokenStore::file(folder)
        .save("work", &credentials)
        .await
        .unwrap();
}

/// Calls Dropbox once for each line that comes in, and says how it went.
async fn call_on_request(server: &str, folder: &Path) {
    let dbx = connection(server, folder);
    for line in std::io::stdin().lines() {
        line.unwrap();
        match dbx.account().await {
            Ok(_) => println!("\nwent well"),
            Err(error) => println!("\nwent wrong: {}", error.full_message()),
        }
    }
}

#[tokio::test]
async fn processes_that_renew_together_renew_once_and_stay_signed_in() {
    if let (Ok(server), Some(folder)) = (std::env::var(SERVER), std::env::var_os(FOLDER)) {
        return call_on_request(&server, Path::new(&folder)).await;
    }
    let emulator = Emulator::builder().rotating_tokens().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    signed_in(&folder).await;
    let start = || -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "refresh_together::processes_that_renew_together_renew_once_and_stay_signed_in",
            ])
            .arg("--nocapture")
            .env(SERVER, emulator.url())
            .env(FOLDER, &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    let mut said: Vec<_> = children
        .iter_mut()
        .map(|child| {
            let lines = BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map_while(Result::ok);
            lines.filter(|line| line.starts_with("went "))
        })
        .collect();
    let rounds = campaign(3, 50);
    for round in 1..=rounds {
        for child in &mut children {
            writeln!(child.stdin.as_mut().unwrap()).unwrap();
        }
        for said in &mut said {
            assert_eq!(said.next().as_deref(), Some("went well"), "round {round}");
        }
        assert_eq!(emulator.calls().of(TOKEN), round, "one renewal a round");
        // All access tokens end.
        emulator.advance(Duration::from_secs(5 * 3600));
    }
    for child in &mut children {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
    println!("{PROCESSES} processes, {rounds} rounds");
}

#[tokio::test]
async fn a_job_whose_token_ends_before_every_call_goes_on() {
    let emulator = Emulator::builder().rotating_tokens().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    signed_in(&folder).await;
    let dbx = connection(emulator.url(), &folder);
    let calls = campaign(20, 200);
    for call in 1..=calls {
        assert!(!dbx.exists("/x").await.unwrap());
        assert_eq!(emulator.calls().of(TOKEN), call);
        emulator.advance(Duration::from_secs(5 * 3600));
    }
}

#[tokio::test]
async fn calls_at_once_wait_for_one_renewal() {
    let emulator = Emulator::builder().rotating_tokens().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    signed_in(&folder).await;
    let (one, other) = (
        connection(emulator.url(), &folder),
        connection(emulator.url(), &folder),
    );
    let calls = (0..32).map(|n| {
        let dbx = if n % 2 == 0 {
            one.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move { dbx.exists("/x").await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(!call.await.unwrap().unwrap());
    }
    assert_eq!(emulator.calls().of(TOKEN), 1);
}

#[tokio::test]
async fn who_gives_up_waiting_loses_no_token() {
    let emulator = Emulator::builder()
        .rotating_tokens()
        .latency(Duration::from_millis(200))
        .start()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    signed_in(&folder).await;
    let dbx = connection(emulator.url(), &folder);
    // Given up when the server may have answered already, and the next token exists nowhere but in the answer.
    while emulator.calls().of(TOKEN) == 0 {
        let call = tokio::time::timeout(Duration::from_millis(50), dbx.account());
        assert!(call.await.is_err());
    }
    dbx.account().await.unwrap();
    assert_eq!(emulator.calls().of(TOKEN), 1);
}
