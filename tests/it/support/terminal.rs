//! A real terminal: tmux, whose screen is read as a person reads it.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::Lab;

/// Far beyond what any wait here takes.
const GUARD: Duration = Duration::from_secs(60);

/// A program at a terminal of its own, with the laboratory that it runs in.
pub(crate) struct Terminal {
    socket: PathBuf,
    lab: Lab,
}

impl Terminal {
    /// Runs the laboratory's program at a screen of so many columns and rows.
    pub(crate) fn start(lab: Lab, columns: u16, rows: u16) -> Self {
        let terminal = Self {
            socket: lab.path("../tmux"),
            lab,
        };
        terminal.open(columns, rows);
        terminal
    }

    /// Runs the program once more, in the same laboratory, when it has ended.
    pub(crate) fn restart(&self, columns: u16, rows: u16) {
        self.has_ended();
        self.open(columns, rows);
    }

    fn open(&self, columns: u16, rows: u16) {
        let line = self.lab.shell_line();
        let (columns, rows) = (columns.to_string(), rows.to_string());
        // Without a status line all rows are the program's.
        let arguments = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            &line,
            ";",
            "set",
            "status",
            "off",
        ];
        let status = self.tmux(&arguments).status();
        let status = status.unwrap_or_else(|error| {
            panic!("{error}: install `tmux`, or run `tests/run`, which does so")
        });
        assert!(status.success(), "tmux ended with {status}");
    }

    /// What is on the screen, without spaces at the ends of lines.
    pub(crate) fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Waits until the screen is as it is to be.
    pub(crate) fn waits_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(
                begun.elapsed() < GUARD,
                "no {what} on the screen:\n{screen}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What is on the screen, with its colours as the terminal was told them.
    pub(crate) fn colored_screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p", "-e"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until this is on the screen.
    pub(crate) fn shows(&self, text: &str) -> String {
        self.waits_until(&format!("`{text}`"), |screen| screen.contains(text))
    }

    /// Waits until the last line with something in it, hints left out, is this.
    pub(crate) fn shows_last(&self, line: &str) -> String {
        self.waits_until(&format!("line `{line}` at the end"), |screen| {
            screen.trim_end().lines().last() == Some(line)
        })
    }

    /// Types text, letter by letter.
    pub(crate) fn types(&self, text: &str) -> &Self {
        self.done(&["send-keys", "-l", "--", text])
    }

    /// Presses keys, as `Enter`, `Tab`, `C-c`.
    pub(crate) fn presses(&self, keys: &[&str]) -> &Self {
        self.done(&[&["send-keys"], keys].concat())
    }

    /// Pastes text, as a terminal that knows bracketed paste.
    pub(crate) fn pastes(&self, text: &str) -> &Self {
        self.done(&["set-buffer", "--", text])
            .done(&["paste-buffer", "-p"])
    }

    /// Gives the screen another size, as a person who pulls at the window.
    pub(crate) fn resizes(&self, columns: u16, rows: u16) -> &Self {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.done(&["resize-window", "-x", &columns, "-y", &rows])
    }

    /// Waits until the program has ended, and tmux with it.
    pub(crate) fn has_ended(&self) {
        let begun = Instant::now();
        while self
            .tmux(&["list-sessions"])
            .output()
            .unwrap()
            .status
            .success()
        {
            assert!(
                begun.elapsed() < GUARD,
                "it does not end:\n{}",
                self.screen()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The laboratory, for a look at what is there.
    pub(crate) fn lab(&self) -> &Lab {
        &self.lab
    }

    fn done(&self, arguments: &[&str]) -> &Self {
        let output = self.tmux(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        self
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = self.lab.tool("tmux");
        command
            .arg("-u")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments);
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended already needs no telling.
        let _ = self.tmux(&["kill-server"]).output();
    }
}
