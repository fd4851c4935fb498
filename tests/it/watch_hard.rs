//! `watch` where it is hard: folders that are made faster than they can be watched, file systems that tell nothing, limits of the system,
//! and a journal that is cut off in the middle of a write.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher as _};

use crate::support::{Child, Lab};

/// Writes down each file before it is done with.
const LOGS: &str = r#"
    for file in event.files {
        file::append_text("log", `${file.relative} ${file.size}` + "\n");
        done(file);
    }
"#;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dropscript");

/// How often something is tried: all of it in the full campaign.
fn times(full: usize, otherwise: usize) -> usize {
    let is_full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    if is_full { full } else { otherwise }
}

fn lab(options: &[&str]) -> Lab {
    let lab = Lab::new().command(&["watch", "script.rhai", "data"]);
    fs::create_dir(lab.path("data")).unwrap();
    let lab = lab.args(&["--settle", "50ms", "--journal", "journal.db"]);
    lab.args(options).script(LOGS)
}

/// Waits until so many lines were written down, and gives them.
fn logged(log: &Path, count: usize) -> Vec<String> {
    let (mut begun, mut last) = (Instant::now(), 0);
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let lines = text.lines().count();
        if lines >= count {
            return text.lines().map(str::to_owned).collect();
        }
        // Many take their time; a lost one is one after which nothing comes.
        if lines > last {
            (begun, last) = (Instant::now(), lines);
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{lines} of {count}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(mut child: Child) {
    child.interrupt();
    child.end(130);
}

/// What `notify` tells of by itself, asked for all that is below a folder.
struct Bare {
    told: Arc<Mutex<BTreeSet<PathBuf>>>,
    _watcher: notify::RecommendedWatcher,
}

impl Bare {
    fn new(root: &Path) -> Self {
        let told: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let note = Arc::clone(&told);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let Ok(event) = event else { return };
                if !matches!(event.kind, EventKind::Access(_)) {
                    note.lock().unwrap().extend(event.paths);
                }
            })
            .unwrap();
        watcher.watch(root, RecursiveMode::Recursive).unwrap();
        Self {
            told,
            _watcher: watcher,
        }
    }
}

#[test]
fn files_in_folders_that_were_just_made_are_not_lost() {
    let count = times(10_000, 200);
    let mut child = lab(&[]).start();
    child.complains("run 1");
    let root = child.path("data");
    let bare = Bare::new(&root);
    let files: Vec<_> = (0..count)
        .map(|n| root.join(format!("{n}/a/b/c/f.txt")))
        .collect();
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "1").unwrap();
    }
    let mut told = logged(&child.path("log"), count);
    let seen = bare.told.lock().unwrap();
    let lost = files.iter().filter(|file| !seen.contains(*file)).count();
    println!("{count} files, none lost; notify by itself lost {lost}");
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), count, "each of them once");
    end(child);
}

#[test]
fn nothing_is_lost_where_the_journal_is_cut_off_in_a_write() {
    const FILES: usize = 20;
    let rounds = times(200, 5);
    let lab = lab(&[]);
    let at = |name: &str| lab.path(name);
    let mut cut = 0;
    for round in 0..rounds {
        // Later ones at ever other places, over all that a run writes.
        let call = ["pwrite64", "fdatasync"][round % 2];
        let when = 1 + round * 7 % 60;
        let inject = format!("inject={call}:signal=KILL:when={when}");
        let mut traced = Command::new("strace");
        traced.args([
            "-f",
            "-qq",
            "-o",
            "trace",
            "-e",
            "trace=pwrite64,fdatasync",
            "-e",
            &inject,
        ]);
        for file in ["journal.db", "journal.db-wal"] {
            traced.arg("-P").arg(at(file));
        }
        traced.args([PROGRAM, "watch", "script.rhai", "data", "--settle", "50ms"]);
        traced.args(["--journal", "journal.db", "--batch", "7"]);
        traced.current_dir(at("")).stdin(Stdio::null());
        traced.stdout(Stdio::null()).stderr(Stdio::null());
        traced.env("DROPSCRIPT_STATE", at("state"));
        for n in 0..FILES {
            fs::write(at(&format!("data/{n}.txt")), "x".repeat(round + 1)).unwrap();
        }
        let mut process = traced.spawn().unwrap_or_else(|error| {
            panic!("`strace` is needed, and `tests/run` installs it: {error}")
        });
        let begun = Instant::now();
        let killed = loop {
            if process.try_wait().unwrap().is_some() {
                break true;
            }
            // There are no as many calls; then all of it is done at some time.
            if begun.elapsed() > Duration::from_secs(5) {
                break false;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        cut += usize::from(killed);
        if !killed {
            // With the tracer goes what it traces.
            kill_the_traced(process.id());
            process.wait().unwrap();
        }
    }
    assert!(cut > 0, "none was cut off");
    let last = |n: usize| format!("{n}.txt {rounds}");
    let log = at("log");
    let mut child = lab.start();
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: BTreeSet<_> = text.lines().collect();
        if (0..FILES).all(|n| lines.contains(&*last(n))) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "lost: {text}");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.complains("run 1");
    end_and_compare(child, &log, rounds, cut);
}

fn end_and_compare(child: Child, log: &Path, rounds: usize, cut: usize) {
    let text = fs::read_to_string(log).unwrap();
    end(child);
    let told: Vec<_> = text.lines().collect();
    let once: BTreeSet<_> = told.iter().copied().collect();
    let again = told.len() - once.len();
    println!(
        "{rounds} rounds, {cut} cut off: {} told, {again} of them again",
        told.len()
    );
    // A run that ends between a file and its mark repeats that file, and one that is cut off in the mark.
    assert!(again <= rounds, "{again}");
}

fn kill_the_traced(tracer: u32) {
    let children = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"));
    for pid in children.unwrap_or_default().split_whitespace() {
        let pid = rustix::process::Pid::from_raw(pid.parse().unwrap());
        let _ = rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::KILL);
    }
}

#[test]
fn beyond_the_systems_limit_the_rest_is_looked_at_all_the_same() {
    let lab = lab(&[]);
    for n in 0..30 {
        fs::create_dir(lab.path(&format!("data/{n}"))).unwrap();
    }
    // In a user namespace of its own the limit is its own too.
    let line = format!(
        "echo 10 > /proc/sys/user/max_inotify_watches && exec {PROGRAM} watch script.rhai data --settle 50ms --journal journal.db"
    );
    let lab = Lab::of(lab.into_folder()).program("unshare");
    let mut child = lab.command(&["-U", "-r", "sh", "-c", &line]).start();
    child.complains("fs.inotify.max_user_watches");
    for n in 0..30 {
        child.write(&format!("data/{n}/a.txt"), "1");
    }
    assert_eq!(logged(&child.path("log"), 30).len(), 30);
    // It is said once.
    let said = child_stderr(child);
    assert_eq!(said.matches("max_user_watches").count(), 1, "{said}");
}

fn child_stderr(mut child: Child) -> String {
    child.interrupt();
    child.end(130).stderr
}

/// A folder under another name, by a file system in user space, which is what network file systems look like.
struct Mounted(PathBuf);

impl Mounted {
    fn new(real: &Path, at: &Path) -> Self {
        fs::create_dir_all(real).unwrap();
        fs::create_dir_all(at).unwrap();
        let output = Command::new("bindfs").arg(real).arg(at).output();
        let output = output.unwrap_or_else(|error| {
            panic!("`bindfs` is needed, and `tests/run` installs it: {error}")
        });
        assert!(output.status.success(), "{output:?}");
        Self(at.to_owned())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("fusermount")
            .args(["-u", "-z"])
            .arg(&self.0)
            .output();
    }
}

#[test]
fn what_others_write_on_a_shared_file_system_is_found_without_events() {
    let lab = lab(&[]);
    let (real, shared) = (lab.path("real"), lab.path("data/shared"));
    let mounted = Mounted::new(&real, &shared);
    let mut child = lab.start();
    child.complains("is on a network or shared file system");
    // As another machine does: the system here is not told of it.
    fs::write(real.join("a.txt"), "1").unwrap();
    child.write("data/b.txt", "22");
    let mut told = logged(&child.path("log"), 2);
    told.sort_unstable();
    assert_eq!(told, ["b.txt 2", "shared/a.txt 1"]);
    // One that goes away is not empty.
    drop(mounted);
    child.complains("cannot be read");
    child.write("data/c.txt", "333");
    assert_eq!(logged(&child.path("log"), 3)[2], "c.txt 3");
    end(child);
}
