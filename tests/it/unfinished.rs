//! What is killed goes on where it stopped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind};
use serde_json::Value;

const APPEND: &str = "files/upload_session/append_v2";

/// Parts of the file, of which the last is short.
const PARTS: u64 = 6;

const PART: usize = 8 << 20;

/// How often a program is killed.
fn rounds() -> u64 {
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    if full { 300 } else { 4 }
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
    let script = format!(
        "dropbox(#{{ endpoint: \"{}\", access_token: \"{}\" }}).upload_file(\"large.bin\", \"{target}\")",
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

#[test]
fn an_upload_that_is_killed_goes_on_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let emulator = Emulator::start().unwrap();
    for round in 0..rounds() {
        let target = &format!("/{round}.bin");
        let mut bytes = vec![0; PART * 5 + 99];
        for (at, block) in bytes.chunks_mut(1 << 20).enumerate() {
            block.fill(u8::try_from((at as u64 * 7 + round) % 251).unwrap());
        }
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
