//! A process that serves a directory is killed again and again, in the middle of whatever it does. What it answered is there
//! afterwards, and what it did not answer is there whole or not at all.

mod process;
mod worker;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::dice::{Dice, full_campaign, seed};
use crate::lab::content_hash;
use process::Process;
use worker::Worker;

const WORKERS: usize = 4;

/// What a path holds: a file's rev and hash, or nothing of that for a folder.
type Listing = BTreeMap<String, Option<(String, String)>>;

/// Takes the entries of a page into a listing.
fn take_in(listing: &mut Listing, entries: &Value) {
    for entry in entries.as_array().expect("entries") {
        let text = |name: &str| entry[name].as_str().expect(name).to_owned();
        let path = text("path_lower");
        if entry[".tag"] == "deleted" {
            let below = format!("{path}/");
            listing.retain(|known, _| *known != path && !known.starts_with(&below));
        } else {
            let file = (entry[".tag"] == "file").then(|| (text("rev"), text("content_hash")));
            listing.insert(path, file);
        }
    }
}

/// Takes in all that is left of a listing, and gives the cursor at its end.
async fn follow(process: &Process, listing: &mut Listing, mut page: Value) -> Value {
    loop {
        take_in(listing, &page["entries"]);
        let cursor = json!({"cursor": page["cursor"]});
        if page["has_more"] == false {
            return cursor;
        }
        page = process.ok("files/list_folder/continue", cursor).await;
    }
}

async fn list(process: &Process) -> (Listing, Value) {
    let mut listing = Listing::new();
    let arg = json!({"path": "", "recursive": true});
    let page = process.ok("files/list_folder", arg).await;
    let cursor = follow(process, &mut listing, page).await;
    (listing, cursor)
}

/// What lies in a directory, as a listing would tell it.
fn on_disk(folder: &Path, at: &str, found: &mut BTreeMap<String, Option<String>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        if name == ".dropscript-emulator" {
            continue;
        }
        let path = format!("{at}/{}", name.to_lowercase());
        if entry.path().is_dir() {
            on_disk(&entry.path(), &path, found);
            found.insert(path, None);
        } else {
            let contents = fs::read(entry.path()).expect("a file");
            found.insert(path, Some(content_hash(&contents)));
        }
    }
}

/// A person, who knows nothing of any emulator.
fn meddle(directory: &Path, dice: &mut Dice) {
    let folder = directory.join("By Hand").join(dice.below(3).to_string());
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(dice.below(5).to_string());
    match dice.below(4) {
        0 => {
            let _ = fs::remove_file(file);
        }
        1 => {
            let _ = fs::remove_dir_all(folder);
        }
        _ => fs::write(file, dice.next().to_string()).expect("a file"),
    }
}

/// Works until the process is killed, after about that many answers.
async fn work_and_kill(
    process: Process,
    workers: Vec<Worker>,
    directory: &Path,
    dice: &mut Dice,
) -> Vec<Worker> {
    let process = Arc::new(process);
    let (answers, killed) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let enough = Arc::new(Notify::new());
    let limit = 20 + dice.below(200);
    let mut running = Vec::new();
    for mut worker in workers {
        let (process, answers) = (Arc::clone(&process), Arc::clone(&answers));
        let (killed, enough) = (Arc::clone(&killed), Arc::clone(&enough));
        running.push(tokio::spawn(async move {
            while worker.step(&process).await {
                if answers.fetch_add(1, Ordering::Relaxed) == limit {
                    enough.notify_one();
                }
            }
            assert!(killed.load(Ordering::Relaxed), "it ended by itself");
            worker
        }));
    }
    for _ in 0..dice.below(4) {
        meddle(directory, dice);
    }
    enough.notified().await;
    // Not always just after an answer.
    tokio::time::sleep(Duration::from_micros(dice.next() % 5000)).await;
    killed.store(true, Ordering::Relaxed);
    process.kill();
    let mut workers = Vec::new();
    for worker in running {
        workers.push(worker.await.expect("it found nothing wrong"));
    }
    workers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_when_the_process_is_killed() {
    let kills = if full_campaign() { 200 } else { 10 };
    let seed = seed();
    let mut dice = Dice(seed);
    let directory = tempfile::tempdir().expect("a folder");
    let directory = directory.path();
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|number| Worker::new(number, Dice(dice.next())))
        .collect();
    let mut known = Listing::new();
    let mut process = Process::start(directory);
    let mut cursor = list(&process).await.1;
    for kill in 0..kills {
        workers = work_and_kill(process, workers, directory, &mut dice).await;
        for _ in 0..dice.below(3) {
            meddle(directory, &mut dice);
        }
        process = Process::start(directory);

        let (listing, end) = list(&process).await;
        // What happened since the last time leads from what was to what is.
        let page = process.ok("files/list_folder/continue", cursor).await;
        follow(&process, &mut known, page).await;
        assert_eq!(known, listing, "seed {seed}, after kill {kill}");
        cursor = end;
        let mut found = BTreeMap::new();
        on_disk(directory, "", &mut found);
        let told: BTreeMap<_, _> = listing
            .iter()
            .map(|(path, file)| (path.clone(), file.as_ref().map(|(_, hash)| hash.clone())))
            .collect();
        assert_eq!(told, found, "seed {seed}, after kill {kill}");
        for worker in &mut workers {
            worker.check(&process, &listing, directory).await;
        }
    }
    for worker in &mut workers {
        worker.finish_all(&process).await;
    }
    process.kill();
}
