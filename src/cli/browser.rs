//! Leading a person's browser to a page.

use std::process::{Command, Stdio};

/// The programs that open a page, the first that is there counts.
#[cfg(not(any(target_os = "macos", windows)))]
const OPENERS: &[&[&str]] = &[&["xdg-open"], &["gio", "open"], &["wslview"]];
#[cfg(target_os = "macos")]
const OPENERS: &[&[&str]] = &[&["open"]];
#[cfg(windows)]
const OPENERS: &[&[&str]] = &[&["rundll32", "url.dll,FileProtocolHandler"]];

/// Opens the page in the person's browser; whether a program for that could be started.
pub(super) fn open(page: &str) -> bool {
    OPENERS.iter().any(|opener| {
        let Some((program, arguments)) = opener.split_first() else {
            return false;
        };
        Command::new(program)
            .args(arguments)
            .arg(page)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .is_ok()
    })
}
