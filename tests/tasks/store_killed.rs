//! A process that is killed while it saves tokens.
#![allow(clippy::print_stdout, reason = "what is saved is told to the parent")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dropscript::{Secret, StoredCredentials, TokenStore};

/// Names the store's folder to the process that is to be killed.
const FOLDER: &str = "DROPSCRIPT_TEST_STORE";

/// The tokens of a number, long enough for several pages.
fn tokens(number: u64) -> StoredCredentials {
    let long = |kind: &str| Some(Secret::new(format!("{kind}-{number:08}-").repeat(300)));
    StoredCredentials {
        refresh_token: long("refresh"),
        access_token: long("access"),
        scopes: vec![number.to_string()],
        ..StoredCredentials::default()
    }
}

/// The number that the tokens there are of.
async fn kept(folder: &Path) -> Option<u64> {
    let read = TokenStore::file(folder).load("work").await.unwrap()?;
    let number = read.scopes[0].parse().unwrap();
    assert_eq!(read, tokens(number), "of one saving");
    Some(number)
}

/// Saves one after the other, and says each one that is saved.
async fn save_until_killed(folder: &Path) {
    let store = TokenStore::file(folder);
    for number in kept(folder).await.unwrap_or_default() + 1.. {
        store.save("work", &tokens(number)).await.unwrap();
        println!("\nsaved {number}");
    }
}

#[tokio::test]
async fn tokens_survive_a_process_that_is_killed_while_it_saves() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return save_until_killed(Path::new(&folder)).await;
    }
    let rounds = crate::support::campaign(20, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("kept");
    let mut last = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store_killed::tokens_survive_a_process_that_is_killed_while_it_saves",
            ])
            .arg("--nocapture")
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("saved ")?.parse::<u64>().ok());
        last = said.next().expect("it saves something");
        // Each round a little later, over the time of a few savings.
        std::thread::sleep(Duration::from_micros(round * 7_919 % 10_000));
        child.kill().unwrap();
        child.wait().unwrap();
        last = said.last().unwrap_or(last);
        let found = kept(&folder).await.expect("tokens");
        assert!(
            found >= last,
            "{found} is older than {last}, which was saved"
        );
    }
    let store = TokenStore::file(&folder);
    store.save("work", &tokens(0)).await.unwrap();
    let left = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        left, 2,
        "the tokens and the lock, and nothing of those that were killed"
    );
    println!("killed {rounds} times, the last after {last} savings");
}
