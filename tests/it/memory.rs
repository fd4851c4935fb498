//! Memory does not grow with the size of a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const GIB: u64 = 1 << 30;

/// What an upload and a download of any size may take, beside what the program takes to do nothing: four parts of 8 MiB are in memory
/// at a time, and what the connections hold.
const CEILING_KIB: u64 = 60 * 1024;

/// The program, killed when the test ends early.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The emulator is a process of its own, so that only the client is measured.
#[cfg(target_os = "linux")]
#[test]
fn a_gibibyte_goes_up_and_down_in_little_memory() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dropscript"));
        command
            .current_dir(folder.path())
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.path());
        command
    };
    let mut emulator = Program(
        program()
            .args(["emulator", "remote", "--listen", "127.0.0.1:0", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(emulator.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = address["url"].as_str().unwrap();

    // Holes read as zeros, and cost no disk.
    File::create(folder.path().join("large.bin"))
        .unwrap()
        .set_len(GIB)
        .unwrap();
    let peak = |script: &str| {
        let script = format!(
            "let dbx = dropbox(#{{ endpoint: \"{url}\", access_token: \"emulator-access-token\" }});\n{script}"
        );
        peak_memory(program().args(["eval", &script]))
    };
    let nothing = peak("");
    let up = peak("assert_eq(dbx.upload(\"large.bin\", \"/\").transferred, 1);");
    fs::remove_file(folder.path().join("large.bin")).unwrap();
    let down = peak("assert_eq(dbx.download(\"/large.bin\", \".\").transferred, 1);");
    println!("peak memory: nothing {nothing} KiB, 1 GiB up {up} KiB, down {down} KiB");
    assert_eq!(
        fs::metadata(folder.path().join("large.bin")).unwrap().len(),
        GIB
    );
    assert!(
        up.max(down) - nothing < CEILING_KIB,
        "nothing {nothing} KiB, up {up} KiB, down {down} KiB"
    );
}

/// The most memory that a program had, in KiB, by the high-water mark that the kernel keeps.
fn peak_memory(command: &mut Command) -> u64 {
    let started = Instant::now();
    let mut program = Program(command.spawn().unwrap());
    let status = format!("/proc/{}/status", program.0.id());
    let mut peak = 0;
    loop {
        peak = high_water_mark(Path::new(&status)).unwrap_or(peak);
        if let Some(status) = program.0.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return peak;
        }
        assert!(
            started.elapsed() < Duration::from_secs(300),
            "it does not end"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}
