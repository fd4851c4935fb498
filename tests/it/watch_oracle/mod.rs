//! `watch` against writers of many kinds, round after round. What must be told is written down by those who write, never taken from the
//! watcher: each version that stays is told once, nothing that passes is told, and nothing is told twice.

mod account;
mod writers;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Child, Lab};
use account::{Account, Version};
use writers::Writer;

/// Each file that the script gets, as it reads it.
const SCRIPT: &str = r#"
    let lines = "";
    for file in event.files {
        let text = if file.kind == "removed" { "" } else { file::read_text(file.path) };
        lines += `${file.kind}|${file.relative}|${text.split("\n")[0]}|${text.len()}` + "\n";
    }
    if !lines.is_empty() { file::append_text("log", lines) }
"#;

/// What passes sooner is never told.
const SETTLE: Duration = Duration::from_millis(250);

/// Far beyond what it takes to settle and to run.
const GUARD: Duration = Duration::from_secs(60);

/// What the script had, as it was told.
#[derive(Default)]
struct Told {
    /// How much of the log was read.
    read: u64,
    /// How often each version was told.
    versions: BTreeMap<Version, usize>,
    /// What is there by what was told.
    tree: BTreeMap<String, String>,
}

impl Told {
    fn read(&mut self, log: &Path) {
        let Ok(mut file) = File::open(log) else {
            return;
        };
        let mut text = String::new();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        file.read_to_string(&mut text).unwrap();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..whole].lines() {
            let words: Vec<_> = line.split('|').collect();
            let [kind, path, text, length] = words[..] else {
                panic!("`{line}`")
            };
            let state = (kind != "removed").then(|| format!("{text} {length}"));
            let known = match &state {
                Some(state) => self.tree.insert(path.to_owned(), state.clone()),
                None => self.tree.remove(path),
            };
            assert_eq!(known.is_none(), kind == "created", "{line}");
            *self.versions.entry((path.to_owned(), state)).or_default() += 1;
        }
        self.read += whole as u64;
    }
}

/// Has writers write so many versions, and compares.
fn compare(versions: usize, options: &[&str]) {
    let seed = match std::env::var("DROPSCRIPT_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => u64::from(std::process::id()),
    };
    println!("DROPSCRIPT_SEED={seed}");
    let lab = Lab::new().command(&["watch", "script.rhai", "data"]);
    fs::create_dir(lab.path("data")).unwrap();
    let settle = format!("{}ms", SETTLE.as_millis());
    let lab = lab.args(&["--settle", &settle, "--journal", "journal.db"]);
    let mut child = lab.args(options).script(SCRIPT).start();
    child.complains("run 1");
    let mut writers = Writer::all(&child.path("data"), &child.path("beside"), seed);
    let (mut account, mut told) = (Account::default(), Told::default());
    let begun = Instant::now();
    while account.count() < versions {
        std::thread::scope(|scope| {
            let some = writers.len().div_ceil(4);
            let threads: Vec<_> = writers
                .chunks_mut(some)
                .map(|writers| {
                    scope.spawn(move || {
                        let mut account = Account::default();
                        for writer in writers {
                            writer.write(&mut account);
                        }
                        account
                    })
                })
                .collect();
            for thread in threads {
                account.add(thread.join().unwrap());
            }
        });
        wait(&mut account, &mut told, &child);
    }
    let count = account.count();
    // What would come twice or late comes before this.
    child.write("data/last.txt", "last");
    account.stays("last.txt", "last");
    wait(&mut account, &mut told, &child);
    account.judges(&told.versions);
    println!("{count} versions in {:.1} s", begun.elapsed().as_secs_f32());
    child.interrupt();
    child.end(130);
}

/// Waits until all that stays was told.
fn wait(account: &mut Account, told: &mut Told, child: &Child) {
    let begun = Instant::now();
    loop {
        told.read(&child.path("log"));
        let missing = account.missing(&told.versions);
        if missing.is_empty() {
            return;
        }
        assert!(begun.elapsed() < GUARD, "not told: {missing:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How much is tried: all of it in the full campaign.
fn times(full: usize, otherwise: usize) -> usize {
    let is_full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    if is_full { full } else { otherwise }
}

#[test]
fn what_writers_of_many_kinds_leave_is_told_once_and_nothing_else() {
    compare(times(100_000, 5_000), &[]);
}

#[test]
fn polling_tells_all_of_it_too() {
    compare(times(10_000, 400), &["--poll=0.1"]);
}
