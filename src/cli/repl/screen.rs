//! The screen of a person: how large it is, and long texts on it.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use rustix::termios::tcgetwinsize;

use crate::cli::output::Output;

/// Columns and rows of the terminal that standard output is; `None` where it is none, or does not say.
pub(super) fn size() -> Option<(usize, usize)> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = tcgetwinsize(out).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// Shows a text: what is longer than the screen through a pager, where there is one.
pub(super) fn show(output: &Output, text: &str) {
    let is_long = size().is_some_and(|(columns, rows)| {
        let lines = text.lines().map(|line| line.chars().count() / columns + 1);
        lines.sum::<usize>() > rows.saturating_sub(1)
    });
    if !is_long || !paged(text) {
        output.print(text);
    }
}

/// Whether a pager showed it: `$PAGER`, which may be empty for none, else `less`.
fn paged(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if pager.trim().is_empty() {
        return false;
    }
    // Ends by itself where all fits after all, passes colours, and leaves the text on the screen.
    let started = Command::new("sh")
        .args(["-c", &pager])
        .env(
            "LESS",
            std::env::var("LESS").unwrap_or_else(|_| "FRX".to_owned()),
        )
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut pager) = started else {
        return false;
    };
    if let Some(mut input) = pager.stdin.take() {
        // Whoever leaves the pager early has seen enough.
        let _ = input
            .write_all(text.as_bytes())
            .and_then(|()| input.write_all(b"\n"));
    }
    pager.wait().is_ok_and(|status| status.code() != Some(127))
}
