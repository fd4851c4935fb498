//! A program that runs while the test does something.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Done, Lab};

/// Far beyond what any wait here takes: a program that reaches it hangs.
const GUARD: Duration = Duration::from_secs(60);

/// A program that runs. It is killed when the test gives up on it.
pub(crate) struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
    folder: Option<TempDir>,
    stdout: Stream,
    stderr: Stream,
}

/// What a program says on one stream, read by a thread so that it never has to wait.
struct Stream {
    chunks: Option<Receiver<Vec<u8>>>,
    /// All that was said.
    said: Vec<u8>,
    /// How much of it tests have waited for.
    seen: usize,
}

impl Child {
    /// Starts a program whose standard input is this text, and then closed.
    pub(crate) fn start(command: Command, folder: TempDir, input: Option<&str>) -> Self {
        let mut child = Self::start_with_open_input(command, folder);
        let mut stdin = child.input.take().unwrap();
        if let Some(text) = input {
            // A program that ends before it has read all of it is judged by how it ends.
            let _ = stdin.write_all(text.as_bytes());
        }
        child
    }

    /// Starts a program that is given input with [`type_in`](Self::type_in).
    pub(crate) fn start_with_open_input(mut command: Command, folder: TempDir) -> Self {
        let process = command.stdin(Stdio::piped()).spawn();
        let mut process =
            process.expect("the program starts; `script` is in the package `bsdutils`");
        let stdout = Stream::read(process.stdout.take().unwrap());
        let stderr = Stream::read(process.stderr.take().unwrap());
        Self {
            input: process.stdin.take(),
            process,
            folder: Some(folder),
            stdout,
            stderr,
        }
    }

    /// Waits until this comes on standard output, after what was waited for before.
    pub(crate) fn says(&mut self, text: &str) -> &mut Self {
        if !self.stdout.wait_for(text) {
            self.give_up(&format!("no `{text}` on standard output"));
        }
        self
    }

    /// Waits until this comes on standard error, after what was waited for before.
    pub(crate) fn complains(&mut self, text: &str) -> &mut Self {
        if !self.stderr.wait_for(text) {
            self.give_up(&format!("no `{text}` on standard error"));
        }
        self
    }

    /// All that it has said on standard output until what was waited for.
    pub(crate) fn said(&self) -> String {
        self.stdout.text()
    }

    /// The page of the emulator that it has told a person to open.
    pub(crate) fn told_page(&self) -> String {
        let said = self.said();
        let at = said.find("http://127.0.0.1").unwrap();
        said[at..].split_whitespace().next().unwrap().to_owned()
    }

    /// Types at the program's terminal.
    pub(crate) fn type_in(&mut self, keys: &str) -> &mut Self {
        let input = self.input.as_mut().unwrap();
        input
            .write_all(keys.as_bytes())
            .and_then(|()| input.flush())
            .unwrap();
        self
    }

    /// Stops reading the program's standard output, as `head` does when it has enough.
    pub(crate) fn hang_up(&mut self) -> &mut Self {
        self.stdout.chunks = None;
        self
    }

    /// Sends SIGINT.
    pub(crate) fn interrupt(&mut self) -> &mut Self {
        self.signal(Signal::INT)
    }

    /// Ends the program as the system does when it has no memory left.
    pub(crate) fn kill(mut self) -> Done {
        self.process.kill().unwrap();
        self.wait();
        let folder = self.folder.take().unwrap();
        Done::new(folder, self.stdout.text(), self.stderr.text())
    }

    /// What the program says on standard output, run once more beside this one with another command.
    pub(crate) fn beside(&mut self, words: &[&str]) -> String {
        let lab = Lab::of(self.folder.take().unwrap()).command(words);
        let output = lab
            .tool(env!("CARGO_BIN_EXE_dropscript"))
            .args(words)
            .output()
            .unwrap();
        self.folder = Some(lab.into_folder());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&mut self) -> &mut Self {
        self.signal(Signal::TERM)
    }

    /// Sends SIGHUP.
    pub(crate) fn reload(&mut self) -> &mut Self {
        self.signal(Signal::HUP)
    }

    /// Stops it where it is, until it is told to [`go_on`](Self::go_on).
    pub(crate) fn pause(&mut self) -> &mut Self {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn go_on(&mut self) -> &mut Self {
        self.signal(Signal::CONT)
    }

    /// Writes a file in the working directory, in place.
    pub(crate) fn write(&mut self, path: &str, contents: &str) -> &mut Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    /// Saves a file as editors do: written beside it, and put into its place.
    pub(crate) fn save(&mut self, path: &str, contents: &str) -> &mut Self {
        let draft = format!("{path}.draft~");
        self.write(&draft, contents);
        fs::rename(self.path(&draft), self.path(path)).unwrap();
        self
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder().join("work").join(path)
    }

    /// A path in the folder for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder().join("tmp")
    }

    /// Waits until the program has ended, which it has to do with this exit status.
    pub(crate) fn end(mut self, expected: i32) -> Done {
        drop(self.input.take());
        let status = self.wait();
        self.stdout.read_to_end();
        self.stderr.read_to_end();
        if status.code() != Some(expected) {
            self.give_up(&format!("it ended with {status} instead of {expected}"));
        }
        let folder = self.folder.take().unwrap();
        Done::new(folder, self.stdout.text(), self.stderr.text())
    }

    /// Waits until the program has ended, however it does, but for a panic or a signal.
    pub(crate) fn end_somehow(mut self) -> Done {
        drop(self.input.take());
        let status = self.wait();
        if status.code().is_none_or(|code| code == 101) {
            self.give_up(&format!("it ended with {status}"));
        }
        let folder = self.folder.take().unwrap();
        Done::new(folder, self.stdout.text(), self.stderr.text())
    }

    /// What the system tells anybody of the program and of those that it started: their command lines, and their environments.
    pub(crate) fn family(&self) -> Vec<(String, String)> {
        let told = |pid: u32, what: &str| {
            let text = fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
            String::from_utf8_lossy(&text).replace('\0', "\n")
        };
        let all = fs::read_dir("/proc").unwrap().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parents: Vec<(u32, u32)> = pids
            .filter_map(|pid| {
                let status = told(pid, "status");
                let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
                Some((pid, line.trim().parse().ok()?))
            })
            .collect();
        let mut ahead = vec![self.process.id()];
        let mut family = Vec::new();
        while let Some(pid) = ahead.pop() {
            family.push((told(pid, "cmdline"), told(pid, "environ")));
            let children = parents.iter().filter(|(_, parent)| *parent == pid);
            ahead.extend(children.map(|(child, _)| child));
        }
        family
    }

    /// Fails when the program has ended already.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.process.try_wait().unwrap() {
            self.give_up(&format!("it ended with {status}"));
        }
    }

    fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    fn signal(&mut self, signal: Signal) -> &mut Self {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        self
    }

    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        // The end of the streams comes with the end of the program, and can be waited for.
        self.stdout.read_to_end();
        self.stderr.read_to_end();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > GUARD {
                self.give_up("it does not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn give_up(&mut self, why: &str) -> ! {
        let _ = self.process.kill();
        panic!(
            "{why}; standard output was:\n{}\nstandard error was:\n{}",
            self.stdout.text(),
            self.stderr.text()
        );
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stream {
    fn read(mut stream: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            chunks: Some(chunks),
            said: Vec::new(),
            seen: 0,
        }
    }

    fn wait_for(&mut self, text: &str) -> bool {
        let (start, text) = (Instant::now(), text.as_bytes());
        loop {
            let news = self.said[self.seen..].windows(text.len());
            if let Some(at) = news.into_iter().position(|part| part == text) {
                self.seen += at + text.len();
                return true;
            }
            if !self.receive(start) {
                return false;
            }
        }
    }

    fn read_to_end(&mut self) {
        let start = Instant::now();
        while self.receive(start) {}
    }

    fn receive(&mut self, start: Instant) -> bool {
        let Some(chunks) = &self.chunks else {
            return false;
        };
        let chunk = chunks.recv_timeout(GUARD.saturating_sub(start.elapsed()));
        chunk.map(|chunk| self.said.extend(chunk)).is_ok()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }
}
