//! Disks that are full, or fail: the old file stays whole, and nothing else is left.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dropscript::emulator::Emulator;

/// A file that takes a few writes, and one that goes in parts.
const SMALL: usize = 3 << 20;
const LARGE: usize = 33 << 20;

fn full() -> bool {
    std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full")
}

/// A folder with an old file in `in`, and an emulator with a new one.
struct Disk {
    folder: tempfile::TempDir,
    emulator: Emulator,
    new: Vec<u8>,
}

const OLD: &[u8] = b"old contents";

impl Disk {
    fn new(size: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let new: Vec<u8> = (0..size)
            .map(|at| u8::try_from(at / 1_000 % 251).unwrap())
            .collect();
        let emulator = Emulator::start().unwrap();
        emulator.put("main", "/a.bin", new.clone());
        Self {
            folder,
            emulator,
            new,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn script(&self) -> String {
        format!(
            "dropbox(#{{ endpoint: \"{}\", access_token: \"{}\" }}).download_file(\"/a.bin\", \"in/a.bin\")",
            self.emulator.url(),
            self.emulator.access_token("main")
        )
    }

    /// Runs another program, which runs ours.
    fn run(&self, mut command: Command) -> Output {
        command
            .current_dir(self.path())
            .env_remove("DROPBOX_ACCESS_TOKEN")
            .env("DROPSCRIPT_STATE", self.path().join("state"));
        command.output().unwrap_or_else(|error| {
            let program = command.get_program().display();
            panic!("`{program}` is needed, and `tests/run` installs it: {error}")
        })
    }

    /// Downloads while the calls that `inject` names fail on this path, and says how many did.
    fn downloads_while(&self, path: &str, inject: &str) -> (Output, usize) {
        fs::write(self.path().join("in/a.bin"), OLD).unwrap();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "trace", "-e", "trace=all", "-P"]);
        command.arg(self.path().join(path));
        command.args(["-e", inject, env!("CARGO_BIN_EXE_dropscript"), "eval"]);
        command.arg(self.script());
        let ended = self.run(command);
        let trace = fs::read_to_string(self.path().join("trace")).unwrap();
        (ended, trace.matches("(INJECTED)").count())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().join("in")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[test]
fn a_full_disk_keeps_the_old_file() {
    for (size, rooms) in [
        (SMALL, if full() { 100 } else { 2 }),
        (LARGE, if full() { 100 } else { 1 }),
    ] {
        let disk = Disk::new(size);
        for number in 1..=rooms {
            // From almost nothing to almost enough.
            let room = (size * number / (rooms + 1)).max(16 << 10) >> 10;
            let mut command = Command::new("unshare");
            command.args(["-rm", "sh", "-c"]).arg(format!(
                "mount -t tmpfs -o size={room}k tmpfs in && printf '%s' 'old contents' > in/a.bin && \
                 \"$0\" eval \"$1\"; echo status $?; cat in/a.bin; echo; ls -A in"
            ));
            command.args([env!("CARGO_BIN_EXE_dropscript"), &disk.script()]);
            let ended = disk.run(command);
            let (told, said) = (
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr),
            );
            assert_eq!(
                told, "status 1\nold contents\na.bin\n",
                "{room} KiB: {said}"
            );
            assert!(
                said.contains("in/a.bin") && said.contains("No space left"),
                "{said}"
            );
        }
    }
}

#[test]
fn a_rename_or_a_sync_that_fails_keeps_one_of_the_two_whole() {
    let calls = ["fsync", "renameat", "renameat2", "linkat", "openat"];
    let errors = if full() {
        &["EIO", "ENOSPC", "EROFS"][..]
    } else {
        &["EIO"]
    };
    let most = if full() { 200 } else { 2 };
    let mut injected = 0;
    for (size, calls) in [(SMALL, &calls[..]), (LARGE, &calls[..3])] {
        let disk = Disk::new(size);
        for call in calls {
            for error in errors {
                for number in 1..=most {
                    let inject = format!("inject={call}:error={error}:when={number}");
                    let (ended, count) = disk.downloads_while("in", &inject);
                    if count == 0 {
                        // There are no more of these.
                        assert!(ended.status.success(), "{inject}");
                        break;
                    }
                    assert_eq!(count, 1, "{inject}");
                    injected += 1;
                    let said = String::from_utf8_lossy(&ended.stderr);
                    let there = fs::read(disk.path().join("in/a.bin")).unwrap();
                    if ended.status.success() {
                        assert!(there == disk.new, "{inject}: {said}");
                    } else {
                        assert!(said.contains("`in"), "{inject}: {said}");
                        // What fails after the rename leaves the new file.
                        assert!(there == OLD || there == disk.new, "{inject}: {said}");
                    }
                    let names = disk.names();
                    let only = names.iter().all(|name| name == "a.bin");
                    assert!(only, "{inject}: {names:?} {said}");
                }
            }
        }
    }
    println!("{injected} calls failed");
    assert!(injected >= 4, "{injected}");
}

#[test]
fn a_state_file_that_fails_holds_no_transfer_up() {
    let disk = Disk::new(LARGE);
    let most = if full() { 200 } else { 2 };
    let mut injected = 0;
    let errors = if full() {
        &["EIO", "ENOSPC", "EROFS"][..]
    } else {
        &["EIO"]
    };
    for file in ["state/state.db", "state/state.db-wal"] {
        for call in ["pwrite64", "fdatasync"] {
            for error in errors {
                for number in 1..=most {
                    let inject = format!("inject={call}:error={error}:when={number}");
                    let (ended, count) = disk.downloads_while(file, &inject);
                    injected += count;
                    let said = String::from_utf8_lossy(&ended.stderr);
                    assert!(ended.status.success(), "{file} {inject}: {said}");
                    assert!(fs::read(disk.path().join("in/a.bin")).unwrap() == disk.new);
                    assert_eq!(disk.names(), ["a.bin"], "{file} {inject}");
                    if count == 0 {
                        break;
                    }
                }
            }
        }
    }
    println!("{injected} calls failed");
    assert!(injected >= 2, "{injected}");
}
