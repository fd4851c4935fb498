//! How soon `repl` is ready, and how soon a key is on the screen: `cargo bench --bench repl`.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Far beyond what any wait here takes.
const GUARD: Duration = Duration::from_secs(60);
const STARTS: usize = 30;
const ENTRIES: usize = 10_000;
const KEYS: &str = "the-quick-brown-fox-jumps-over-the-lazy-dog";

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let many = folder.path().join("dropbox/many");
    std::fs::create_dir_all(&many).unwrap();
    let mut prompts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut person = Person::sits_down(folder.path(), "--emulator");
        person.sees("> ");
        prompts.push(begun.elapsed());
        person.types("\x04");
    }
    tell("first prompt, emulator included", &mut prompts);

    for at in 0..ENTRIES {
        std::fs::write(many.join(format!("file {at:05}.txt")), "").unwrap();
    }
    let mut person = Person::sits_down(folder.path(), "--emulator=dropbox");
    person.sees("> ");
    person.types("let dbx = dropbox()\r");
    person.sees("> ");
    // Now the whole folder is known; there is too much to show, and it asks.
    person.types("dbx.read_text(\"/many/\t");
    person.sees("Display all 10000");
    person.types("n");
    person.sees("> ");
    let mut echoes = Vec::new();
    for key in KEYS.chars().cycle().take(200) {
        person.rests();
        let begun = Instant::now();
        person.types(&key.to_string());
        person.sees(&key.to_string());
        echoes.push(begun.elapsed());
    }
    tell("echo of a key, 10,000 names known", &mut echoes);
    person.types("\x03");
    person.rests();
    let mut tabs = Vec::new();
    for _ in 0..20 {
        person.types("dbx.read_text(\"/many/file 0999");
        person.rests();
        let begun = Instant::now();
        person.types("\t9");
        person.sees("09999.txt");
        tabs.push(begun.elapsed());
        person.types("\x03");
        person.rests();
    }
    tell("completion among 10,000 names", &mut tabs);
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{what}: median {:.1} ms, 95 % within {:.1} ms, at most {:.1} ms",
        millis(at(50)),
        millis(at(95)),
        millis(at(100))
    );
}

/// Somebody at a terminal, which `script` of util-linux gives.
struct Person {
    terminal: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    unseen: Vec<u8>,
}

impl Person {
    fn sits_down(home: &Path, emulator: &str) -> Self {
        let line = format!(
            "exec '{}' repl {emulator}",
            env!("CARGO_BIN_EXE_dropscript")
        );
        let mut terminal = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_STATE_HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` of the package `bsdutils` is there");
        let mut out = terminal.stdout.take().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys: terminal.stdin.take().unwrap(),
            terminal,
            screen,
            unseen: Vec::new(),
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .and_then(|()| self.keys.flush())
            .unwrap();
    }

    /// Waits until this is on the screen, after what was waited for before.
    fn sees(&mut self, text: &str) {
        loop {
            let found = self
                .unseen
                .windows(text.len())
                .position(|part| part == text.as_bytes());
            if let Some(at) = found {
                self.unseen.drain(..at + text.len());
                return;
            }
            let more = self.screen.recv_timeout(GUARD).expect("it answers");
            self.unseen.extend(more);
        }
    }

    /// Waits until nothing more comes, and forgets what came.
    fn rests(&mut self) {
        while self.screen.recv_timeout(Duration::from_millis(20)).is_ok() {}
        self.unseen.clear();
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.terminal.kill();
        let _ = self.terminal.wait();
    }
}
