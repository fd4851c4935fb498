//! `watch` remembers: whatever ends it, what is done is done, and what is not comes again.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{Child, Lab};

/// A script, a folder that it watches, and a journal, for several programs after each other.
struct World(TempDir);

impl World {
    fn new(script: &str) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::create_dir(world.path("data")).unwrap();
        fs::write(world.path("script.rhai"), script).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, contents: &str) {
        fs::write(self.path("data").join(name), contents).unwrap();
    }

    fn lab(&self, options: &[&str]) -> Lab {
        let text = |name: &str| self.path(name).display().to_string();
        Lab::new()
            .command(&["watch", &text("script.rhai")])
            .args(&["--journal", &text("journal.db")])
            .args(options)
    }

    fn watch(&self, options: &[&str]) -> Child {
        let data = self.path("data").display().to_string();
        let options = [&[data.as_str(), "--settle", "50ms"], options].concat();
        self.lab(&options).start()
    }
}

fn end(mut child: Child) -> String {
    child.interrupt();
    child.end(130).stdout
}

const TELLS: &str = r#"
    for file in event.files { print(`${event.id} ${file.kind} ${file.relative} ${file.attempt}.`) }
    if event.files.some(|file| file.name == "long.txt") && event.files[0].attempt == 1 { sleep("10 minutes") }
"#;

#[test]
fn what_was_done_is_not_told_again_and_what_was_not_is() {
    let world = World::new(TELLS);
    world.write("a.txt", "1");
    let mut child = world.watch(&[]);
    child.says("created a.txt 1.");
    world.write("long.txt", "1");
    child.says("created long.txt 1.");
    let said = child.said();
    let id = said
        .lines()
        .last()
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    // Dropping it kills it in the middle of the run.
    drop(child);
    fs::remove_file(world.path("data/a.txt")).unwrap();
    let mut child = world.watch(&[]);
    child.says(&format!("{id} created long.txt 2."));
    child.says("removed a.txt 1.");
    let stdout = end(child);
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    let mut child = world.watch(&[]);
    world.write("b.txt", "1");
    child.says("created b.txt 1.");
    let stdout = end(child);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
}

#[test]
fn what_fails_to_the_end_is_given_up_listed_and_tried_again() {
    let world = World::new(
        r#"for file in event.files {
            if file.name == "bad.txt" && file.attempt < 3 { throw "no good" }
            print(`${file.relative} ${file.attempt}.`);
            done(file);
        }"#,
    );
    world.write("a.txt", "1");
    world.write("bad.txt", "1");
    let mut child = world.watch(&["--retries", "1"]);
    child.says("a.txt 1.").complains("again in 1 s");
    child.complains("`bad.txt` is given up");
    let listed = world.lab(&["--failed"]).success();
    assert!(
        listed.stdout.contains("data/bad.txt  2 runs") && listed.stdout.contains("no good"),
        "{}",
        listed.stdout
    );
    let listed = world.lab(&["--failed", "--json"]).success();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["failed"][0]["attempts"], 2);
    world
        .lab(&["--retry"])
        .stderr_contains("one file is tried again")
        .success();
    child.says("bad.txt 3.");
    let stdout = end(child);
    assert_eq!(stdout, "a.txt 1.\nbad.txt 3.\n");
    world
        .lab(&["--failed"])
        .stderr_contains("nothing was given up")
        .success();
}

#[test]
fn a_script_is_watched_once_at_a_time() {
    let world = World::new("print(event.source)");
    let mut child = world.watch(&[]);
    child.says("start");
    let data = world.path("data").display().to_string();
    world
        .lab(&[&data])
        .stderr_contains("is watched already")
        .status(1);
    end(child);
    let mut child = world.watch(&[]);
    child.says("start");
    end(child);
}

#[test]
fn only_files_of_the_event_are_done() {
    Lab::new()
        .script(r#"try { done("a.txt") } catch (e) { print(e.kind) }"#)
        .stdout("invalid_argument\n")
        .success();
    Lab::new()
        .command(&["watch"])
        .stderr_contains("<SCRIPT>")
        .status(2);
}

/// How often something is tried: all of it in the full campaign.
fn times(full: usize, otherwise: usize) -> usize {
    let is_full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    if is_full { full } else { otherwise }
}

#[test]
fn nothing_is_lost_while_the_program_is_stopped() {
    let count = times(60_000, 1_000);
    let world = World::new(
        "for file in event.files { print(file.relative) } print(`${event.files.len()} files.`)",
    );
    let mut child = world.watch(&["--batch", "5000"]);
    child.says("0 files.");
    child.pause();
    for n in 0..count {
        world.write(&format!("{n}.txt"), "1");
    }
    child.go_on();
    let begun = std::time::Instant::now();
    let told = |said: &str| said.lines().filter(|line| line.contains(".txt")).count();
    while told(&child.said()) < count {
        child.says(" files.");
    }
    println!(
        "{count} files, all told {:.1} s after it went on",
        begun.elapsed().as_secs_f32()
    );
    let stdout = end(child);
    let mut names: Vec<_> = stdout
        .lines()
        .filter(|line| line.contains(".txt"))
        .collect();
    assert_eq!(names.len(), count, "none twice");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn nothing_is_lost_however_often_the_program_is_killed() {
    const FILES: usize = 40;
    let rounds = times(500, 8);
    let mut seed = 0x9E37_79B9_u64;
    println!("seed {seed:#x}, {rounds} rounds");
    let world = World::new(
        r#"for file in event.files {
            file::append_text(args[0], `${file.relative} ${file.size}` + "\n");
            done(file);
        }"#,
    );
    let log = world.path("log").display().to_string();
    let allow = ["--batch", "7", "--allow-write", &log, "--", &log];
    let version = |round: usize, n: usize| (format!("{n}.txt"), "x".repeat(round + 1));
    let mut written = Vec::new();
    for round in 0..rounds {
        let child = world.watch(&allow);
        for n in 0..FILES {
            let (name, contents) = version(round, n);
            world.write(&name, &contents);
            written.push(format!("{name} {}", contents.len()));
        }
        // xorshift64: the same moments each time, as far as the machine allows.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        std::thread::sleep(std::time::Duration::from_millis(seed % 400));
        drop(child);
    }
    let mut child = world.watch(&allow);
    let last = |log: &str| {
        let (name, contents) = version(rounds - 1, FILES - 1);
        let all = (0..FILES).all(|n| {
            let line = format!("{} {}", version(rounds - 1, n).0, contents.len());
            log.lines().any(|logged| logged == line)
        });
        all && log.contains(&name)
    };
    let begun = std::time::Instant::now();
    while !last(&fs::read_to_string(&log).unwrap_or_default()) {
        assert!(begun.elapsed().as_secs() < 60, "the last versions are lost");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // It may have found nothing left to do.
    child.complains("run 1");
    end(child);
    let log = fs::read_to_string(&log).unwrap();
    let told: Vec<_> = log.lines().collect();
    assert!(
        told.iter()
            .all(|line| written.iter().any(|version| version == line))
    );
    let mut once = told.clone();
    once.sort_unstable();
    once.dedup();
    // A run that is killed between a file and its mark repeats that file.
    assert!(
        told.len() - once.len() <= rounds,
        "{} of {}",
        once.len(),
        told.len()
    );
}
