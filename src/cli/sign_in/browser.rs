//! A window with a page: in the person's own browser, or a private one of ours.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use dropscript::{Error, ErrorKind, Result};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use url::Url;

use crate::cli::credentials::SECRET_VARIABLES;

/// How long a private window has to close by itself.
const CLOSING: Duration = Duration::from_secs(3);

/// What killed processes need to be gone is waited for in so many turns, of so long each.
const TURNS: usize = 100;
const TURN: Duration = Duration::from_millis(10);

/// The browsers that can have a profile of their own for a while, by the names of their programs.
const BROWSERS: [(&str, Family); 12] = [
    ("chromium", Family::Chromium),
    ("chromium-browser", Family::Chromium),
    ("google-chrome", Family::Chromium),
    ("google-chrome-stable", Family::Chromium),
    ("brave-browser", Family::Chromium),
    ("microsoft-edge", Family::Chromium),
    ("vivaldi", Family::Chromium),
    ("firefox", Family::Firefox),
    ("firefox-esr", Family::Firefox),
    ("librewolf", Family::Firefox),
    (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        Family::Chromium,
    ),
    (
        "/Applications/Firefox.app/Contents/MacOS/firefox",
        Family::Firefox,
    ),
];

/// How a browser is told what to do.
#[derive(Clone, Copy)]
enum Family {
    Chromium,
    Firefox,
}

/// A window with a page in it.
pub(super) enum Window {
    /// In the person's browser: it is left alone.
    Theirs,
    /// Ours, with a profile that nobody has used before and nobody will use again.
    Private(Box<Private>),
}

/// A window of ours.
pub(super) struct Private {
    browser: Child,
    /// All of its processes. The first may end before the others do.
    group: Option<Pid>,
    /// With its profile; removed when it is dropped.
    folder: TempDir,
}

impl Window {
    /// Opens the page in the person's browser: the one that `BROWSER` names, else the system's.
    ///
    /// # Errors
    /// `unsupported` where there is none.
    pub(super) fn theirs(page: &Url) -> Result<Self> {
        let chosen = env::var("BROWSER").ok().filter(|chosen| !chosen.is_empty());
        if let Some(chosen) = chosen {
            for line in chosen.split(':') {
                if start_line(line, page) {
                    return Ok(Self::Theirs);
                }
            }
            let message = format!("cannot start the browser that `BROWSER` names, `{chosen}`");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if !has_display() {
            let message = "there is no display to open a browser on";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let openers = open::commands(page.as_str());
        if openers.into_iter().map(Command::from).any(start) {
            return Ok(Self::Theirs);
        }
        let message = "there is no program that opens a browser";
        Err(Error::new(ErrorKind::Unsupported, message).with_hint("name one with `BROWSER`"))
    }

    /// Opens the page in a private window, where nobody is signed in yet.
    ///
    /// # Errors
    /// `unsupported` where no browser is found that can, `local_io` where it cannot be started.
    pub(super) fn private(page: &Url) -> Result<Self> {
        let (program, family) = find().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "there is no browser for a private window",
            )
            .with_hint("install Chromium or Firefox, or set `browser = \"external\"`")
        })?;
        let cannot = |error| Error::io("start the browser", &program, error);
        let folder = tempfile::Builder::new()
            .prefix("dropscript-browser-")
            .tempdir()
            .map_err(cannot)?;
        let [profile, temporary] = ["profile", "tmp"].map(|name| folder.path().join(name));
        for made in [&profile, &temporary] {
            std::fs::create_dir(made).map_err(cannot)?;
        }
        let mut command = Command::new(&program);
        // What it puts beside its profile is to go with it.
        quiet(&mut command).env("TMPDIR", temporary);
        match family {
            Family::Chromium => {
                let mut option = OsString::from("--user-data-dir=");
                option.push(profile);
                command
                    .arg(option)
                    .args([
                        "--no-first-run",
                        "--no-default-browser-check",
                        "--disable-sync",
                    ])
                    .args(["--incognito", "--new-window"]);
            }
            Family::Firefox => {
                command
                    .args(["--new-instance", "--profile"])
                    .arg(profile)
                    .arg("--private-window");
            }
        }
        // A group of its own, so that all of its processes can be ended, and an interrupt of ours is not theirs.
        command.process_group(0);
        let browser = command.arg(page.as_str()).spawn().map_err(cannot)?;
        let group = browser.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self::Private(Box::new(Private {
            browser,
            group,
            folder,
        })))
    }

    /// Waits until the person closes it; forever where it is not ours.
    pub(super) async fn closed(&mut self) {
        match self {
            Self::Theirs => std::future::pending().await,
            // Whatever there is to know of how it ended, it is no more.
            Self::Private(window) => drop(window.browser.wait().await),
        }
    }

    /// Closes it, if it is ours, and throws its profile away.
    pub(super) async fn close(mut self) {
        self.signal(Signal::TERM);
        if let Self::Private(window) = &mut self {
            let _ = tokio::time::timeout(CLOSING, window.browser.wait()).await;
        }
    }

    fn signal(&self, signal: Signal) {
        let Self::Private(window) = self else {
            return;
        };
        if let Some(group) = window.group {
            // One that has ended already needs no telling.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Self::Private(window) = self {
            // Its profile can only be removed when nothing writes there any more.
            in_time(|| !matches!(window.browser.try_wait(), Ok(None)));
            if let Some(group) = window.group {
                in_time(|| test_kill_process_group(group).is_err());
            }
            in_time(|| std::fs::remove_dir_all(window.folder.path()).is_ok());
        }
    }
}

/// Waits until something is so, for a second at most.
fn in_time(mut is_so: impl FnMut() -> bool) {
    for _ in 0..TURNS {
        if is_so() {
            return;
        }
        std::thread::sleep(TURN);
    }
}

/// Starts a command line as `BROWSER` has them: the page takes the place of `%s`, or comes last.
fn start_line(line: &str, page: &Url) -> bool {
    let mut words = line.split_whitespace();
    let Some(program) = words.next() else {
        return false;
    };
    let mut arguments: Vec<_> = words
        .map(|word| word.replace("%s", page.as_str()))
        .collect();
    if !line.contains("%s") {
        arguments.push(page.to_string());
    }
    let mut command = Command::new(program);
    command.args(arguments);
    start(command)
}

/// Starts a browser that goes on by itself.
fn start(mut command: Command) -> bool {
    quiet(&mut command).spawn().is_ok()
}

/// Makes a command one that neither reads nor writes where we do, and that is given no secret.
fn quiet(command: &mut Command) -> &mut Command {
    for secret in SECRET_VARIABLES {
        command.env_remove(secret);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// The first of the browsers that is installed.
fn find() -> Option<(PathBuf, Family)> {
    let path = env::var_os("PATH").unwrap_or_default();
    BROWSERS.into_iter().find_map(|(name, family)| {
        let mut places = env::split_paths(&path).map(|folder| folder.join(name));
        places
            .find(|place| place.is_file())
            .map(|place| (place, family))
    })
}

/// Whether a window can be seen. Without a display the openers of some systems start a browser in the terminal.
fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
            .into_iter()
            .any(set)
}
