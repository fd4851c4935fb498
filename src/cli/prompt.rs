//! Questions to the person at the terminal, on standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use dropscript::{Error, ErrorKind, Result, Secret};

use super::voice::printable;

/// Whether there is somebody to ask.
pub(super) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line; what is there already is kept with Enter, and taken away with a lone `-`.
///
/// # Errors
/// `local_io` where the input ends.
pub(super) fn line(question: &str, current: &str) -> Result<String> {
    let shown = match current {
        "" => String::new(),
        current => format!(" [{current}]"),
    };
    ask(&format!("{question}{shown}: "))?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.map_err(cannot_read)? == 0 {
        return Err(cannot_read(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(match answer.trim() {
        "" => current.to_owned(),
        "-" => String::new(),
        answer => answer.to_owned(),
    })
}

/// Asks for a yes; anything else is a no.
///
/// # Errors
/// As [`line`].
pub(super) fn yes(question: &str) -> Result<bool> {
    let answer = line(&format!("{question} (y/N)"), "")?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Asks for something that nobody else should see; nothing for an empty answer, and an empty secret for a lone `-`.
///
/// # Errors
/// As [`line`].
pub(super) fn secret(question: &str) -> Result<Option<Secret>> {
    // Before the question: who pastes answers at once.
    let _unseen = Unseen::begin();
    ask(&format!("{question} (not shown): "))?;
    let answer = rpassword::read_password().map_err(cannot_read)?;
    Ok(match answer.trim_end_matches(['\r', '\n']) {
        "" => None,
        "-" => Some(Secret::new("")),
        answer => Some(Secret::new(answer)),
    })
}

/// While it is there, the terminal shows nothing of what is typed.
struct Unseen {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Unseen {
    #[cfg(unix)]
    fn begin() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        // Where it is no terminal, nothing is shown anyway.
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
        Self { before }
    }

    #[cfg(not(unix))]
    fn begin() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// The secret that a program gives on standard input, up to the end of the line; an empty line is an empty secret.
///
/// # Errors
/// `invalid_argument` where there is none, `local_io` where it cannot be read.
pub(super) fn secret_from_input(what: &str) -> Result<Secret> {
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.map_err(cannot_read)? == 0 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("there is no {what} on standard input"),
        )
        .with_hint("give it on one line, as with `pass show dropbox | dropscript ...`"));
    }
    Ok(Secret::new(answer.trim_end_matches(['\r', '\n'])))
}

fn ask(question: &str) -> Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(printable(question).as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| {
            Error::new(ErrorKind::LocalIo, "cannot ask on standard error").with_source(source)
        })
}

fn cannot_read(source: io::Error) -> Error {
    Error::new(ErrorKind::LocalIo, "cannot read the answer").with_source(source)
}
