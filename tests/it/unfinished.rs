//! What is killed goes on where it stopped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind};
use serde_json::Value;

const APPEND: &str = "files/upload_session/append_v2";
const DOWNLOAD: &str = "files/download";

/// Parts of the file, of which the last is short.
const PARTS: u64 = 6;

const PART: usize = 8 << 20;

/// What answers without contents have together.
const OTHERS: u64 = 10_000;

/// How often a program is killed.
fn rounds() -> u64 {
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    if full { 1_000 } else { 4 }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dropscript"));
    command
        .current_dir(folder)
        .env_remove("DROPBOX_ACCESS_TOKEN")
        .env("DROPSCRIPT_STATE", folder.join("state"));
    command
}

fn upload(folder: &Path, emulator: &Emulator, target: &str) -> Child {
    let call = format!("upload_file(\"large.bin\", \"{target}\")");
    run(folder, emulator, &call)
}

fn download(folder: &Path, emulator: &Emulator, target: &str) -> Child {
    let call = format!("download_file(\"/large.bin\", \"{target}\")");
    run(folder, emulator, &call)
}

fn run(folder: &Path, emulator: &Emulator, call: &str) -> Child {
    let script = format!(
        "dropbox(#{{ endpoint: \"{}\", access_token: \"{}\" }}).{call}",
        emulator.url(),
        emulator.access_token("main")
    );
    let mut command = program(folder);
    command.args(["eval", &script]).stdout(Stdio::null());
    command.spawn().unwrap()
}

fn unfinished(folder: &Path, arg: &str) -> Value {
    let mut command = program(folder);
    command.args(["unfinished", "--json"]);
    if !arg.is_empty() {
        command.arg(arg);
    }
    let told = command.output();
    let told = told.unwrap();
    assert!(told.status.success(), "{told:?}");
    serde_json::from_slice(&told.stdout).unwrap()
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let guard = Instant::now();
    while !is() {
        assert!(guard.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Other bytes each round, and in each block.
fn contents(round: u64) -> Vec<u8> {
    let mut bytes = vec![0; PART * 5 + 99];
    for (at, block) in bytes.chunks_mut(1 << 20).enumerate() {
        block.fill(u8::try_from((at as u64 * 7 + round) % 251).unwrap());
    }
    bytes
}

#[test]
fn an_upload_that_is_killed_goes_on_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let emulator = Emulator::start().unwrap();
    for round in 0..rounds() {
        let target = &format!("/{round}.bin");
        let bytes = contents(round);
        fs::write(folder.join("large.bin"), &bytes).unwrap();
        let before = emulator.calls().of(APPEND);
        // The kill comes when some parts have arrived and one never will.
        let hangs = 1 + round % (PARTS - 1);
        emulator.inject(Fault::on(APPEND, FaultKind::Hang).nth(hangs));
        let mut killed = upload(folder, &emulator, target);
        until("the other parts are sent", || {
            emulator.calls().of(APPEND) - before >= PARTS - 1
        });
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(emulator.contents("main", target).as_deref(), None);
        let left = unfinished(folder, "");
        let left = &left["uploads"][0];
        assert_eq!(
            (&left["target"], &left["active"]),
            (&target.as_str().into(), &false.into())
        );

        let sent = left["sent"].as_u64().unwrap();
        let (calls, sessions) = (
            emulator.calls().of(APPEND),
            emulator.calls().of("files/upload_session/start"),
        );
        let mut again = upload(folder, &emulator, target);
        assert!(again.wait().unwrap().success(), "round {round}");
        assert!(emulator.contents("main", target).unwrap() == bytes);
        let missing = (bytes.len() as u64 - sent).div_ceil(PART as u64);
        assert_eq!(
            emulator.calls().of(APPEND) - calls,
            missing,
            "round {round}"
        );
        assert_eq!(emulator.calls().of("files/upload_session/start"), sessions);
        assert_eq!(unfinished(folder, "")["uploads"], Value::Array(Vec::new()));
    }
}

#[test]
fn what_is_unfinished_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let emulator = Emulator::start().unwrap();
    let target = "/large.bin";
    fs::write(folder.join("large.bin"), vec![1; PART * 5]).unwrap();
    emulator.inject(Fault::on(APPEND, FaultKind::Hang).nth(2));
    let mut killed = upload(folder, &emulator, target);
    until("it is begun", || emulator.calls().of(APPEND) >= 4);
    assert_eq!(
        unfinished(folder, "--clear")["cleared"],
        0,
        "it is under way"
    );
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(unfinished(folder, "--clear")["cleared"], 1);
    assert_eq!(unfinished(folder, "")["uploads"], Value::Array(Vec::new()));
    assert!(upload(folder, &emulator, target).wait().unwrap().success());
    assert_eq!(emulator.calls().of("files/upload_session/start"), 2);
}

/// What is in the folder of the downloads: the names of files, and whether each is of a download that is not whole.
fn names(folder: &Path) -> Vec<(String, bool)> {
    let entries = fs::read_dir(folder.join("in")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| {
            let partial = name.starts_with(".dropscript-");
            (name, partial)
        })
        .collect()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Kills a download at some moment, and has the next run go on with it.
#[cfg(unix)]
#[test]
fn a_download_that_is_killed_goes_on_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("in")).unwrap();
    let emulator = Emulator::start().unwrap();
    let size = (PART * 5 + 99) as u64;
    let (mut again, mut whole_at_once) = (0, 0);
    for round in 0..rounds() {
        let bytes = contents(round);
        emulator.put("main", "/large.bin", bytes.clone());
        let old = round.is_multiple_of(2).then(|| format!("old {round}"));
        let target = folder.join("in/large.bin");
        match &old {
            Some(old) => fs::write(&target, old).unwrap(),
            None => drop(fs::remove_file(&target)),
        }
        emulator.reset_counters();
        // The kill comes when so many parts were asked for, of which one never comes, or at whatever moment that is.
        let calls = 1 + round % PARTS;
        let hangs = round % 3 != 0;
        if hangs {
            emulator.inject(Fault::on(DOWNLOAD, FaultKind::Hang).nth(calls));
        }
        let mut killed = download(folder, &emulator, "in/large.bin");
        until("it is under way", || {
            assert_eq!(
                fs::read(&target).ok().as_deref(),
                old.as_ref().map(String::as_bytes)
            );
            emulator.calls().of(DOWNLOAD) >= calls
        });
        killed.kill().unwrap();
        killed.wait().unwrap();
        emulator.clear_faults();
        let there = fs::read(&target).ok();
        if there.as_ref() == Some(&bytes) {
            whole_at_once += 1;
            continue;
        }
        assert_eq!(there.as_deref(), old.as_ref().map(String::as_bytes));
        let left = &unfinished(folder, "")["downloads"];
        let noted = left[0]["fetched"].as_u64().unwrap_or_default();
        if noted > 0 {
            assert_eq!(
                (&left[0]["source"], &left[0]["active"]),
                (&"/large.bin".into(), &false.into())
            );
            let partial = left[0]["partial"].as_str().unwrap();
            assert_eq!(mode(Path::new(partial)), 0o600);
        }
        let partials = names(folder).into_iter().filter(|(_, partial)| *partial);
        assert!(partials.count() <= 1);
        // What was sent and is not noted was on the line, or in memory, which has room for four parts; other answers are small.
        let first = emulator.calls().bytes_out;
        assert!(
            first <= noted + 4 * PART as u64 + OTHERS,
            "{first} of which {noted} are noted"
        );

        let mut next = download(folder, &emulator, "in/large.bin");
        assert!(next.wait().unwrap().success(), "round {round}");
        assert!(fs::read(&target).unwrap() == bytes);
        let second = emulator.calls().bytes_out - first;
        assert!(second < size - noted + OTHERS, "{second} after {noted}");
        again += second.saturating_sub(size - first.min(size));
        assert_eq!(
            unfinished(folder, "")["downloads"],
            Value::Array(Vec::new())
        );
        assert_eq!(names(folder), [("large.bin".to_owned(), false)]);
        if old.is_none() {
            fs::write(folder.join("new"), "").unwrap();
            assert_eq!(mode(&target), mode(&folder.join("new")));
        }
    }
    let rounds = rounds();
    println!("{rounds} kills: {whole_at_once} came too late, {again} bytes were fetched again");
}

/// Of what came less than a block of Dropbox's comes again, though four parts were in the middle. The line is slow, so that little is on it.
#[test]
fn a_download_that_is_killed_between_parts_loses_a_chunk_at_most() {
    const CHUNK: u64 = 4 << 20;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("in")).unwrap();
    let emulator = Emulator::start().unwrap();
    let size = (PART * 5 + 99) as u64;
    let rounds = rounds().div_ceil(4);
    let mut most = 0;
    for round in 0..rounds {
        let bytes = contents(round);
        emulator.put("main", "/large.bin", bytes.clone());
        emulator.reset_counters();
        for call in 2..=PARTS {
            let drip = FaultKind::SlowDrip {
                bytes_per_second: 3_000_000,
            };
            emulator.inject(Fault::on(DOWNLOAD, drip).nth(call));
        }
        let mut killed = download(folder, &emulator, "in/large.bin");
        let enough = PART as u64 + CHUNK + round % 8 * (1 << 20);
        until("some of each part is there", || {
            emulator.calls().bytes_out > enough + CHUNK
        });
        killed.kill().unwrap();
        killed.wait().unwrap();
        emulator.clear_faults();
        let first = emulator.calls().bytes_out;
        let noted = unfinished(folder, "")["downloads"][0]["fetched"].as_u64();
        let noted = noted.unwrap();
        assert!(
            first <= noted + CHUNK + OTHERS,
            "{first} of which {noted} are noted"
        );
        assert!(!noted.is_multiple_of(PART as u64), "{noted}");
        most = most.max(first - noted);

        let mut next = download(folder, &emulator, "in/large.bin");
        assert!(next.wait().unwrap().success(), "round {round}");
        let second = emulator.calls().bytes_out - first;
        assert!(second <= size - noted + OTHERS, "{second} after {noted}");
        assert!(fs::read(folder.join("in/large.bin")).unwrap() == bytes);
        fs::remove_file(folder.join("in/large.bin")).unwrap();
    }
    println!("{rounds} kills: at most {most} bytes were fetched again");
}

#[test]
fn what_was_fetched_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("in")).unwrap();
    let emulator = Emulator::start().unwrap();
    emulator.put("main", "/large.bin", contents(0));
    emulator.inject(Fault::on(DOWNLOAD, FaultKind::Hang).nth(3));
    let mut killed = download(folder, &emulator, "in/large.bin");
    until("some of it is there", || {
        unfinished(folder, "")["downloads"][0]["fetched"].as_u64() >= Some(3 * PART as u64)
    });
    assert_eq!(
        unfinished(folder, "--clear")["cleared"],
        0,
        "it is under way"
    );
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(names(folder).len(), 1);
    // It is not a file: no task takes it for one.
    let mut up = run(
        folder,
        &emulator,
        "mirror_up(\"in\", \"/up\", #{ allow_empty: true })",
    );
    assert!(up.wait().unwrap().success());
    assert_eq!(emulator.paths("main"), ["/large.bin", "/up"]);
    assert_eq!(unfinished(folder, "--clear")["cleared"], 1);
    assert_eq!(names(folder), []);
}
