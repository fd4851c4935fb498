//! What the program says beside the script: on standard error, in colour or plain.

use std::io::{self, IsTerminal, Write};

use dropscript::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::args::{ColorWhen, VoiceArgs};
use super::progress::Stderr;
use super::trace::Trace;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[36m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Standard error, and how much is said there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice {
    color: bool,
    quiet: bool,
    verbose: u8,
}

impl Voice {
    pub(super) fn new(args: VoiceArgs) -> Self {
        let color = match args.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb(),
        };
        Self {
            color,
            quiet: args.quiet,
            verbose: args.verbose,
        }
    }

    /// Shows what the library logs, as much of it as was asked for, and gives the switch for its calls.
    pub(super) fn listen_to_the_library(self) -> Trace {
        let level = match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (_, 0) => LevelFilter::WARN,
            (_, 1) => LevelFilter::INFO,
            (_, 2) => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(|| Stderr)
            .with_ansi(self.color)
            .with_target(false)
            .without_time();
        let ours = Targets::new().with_target("dropscript", level);
        let (trace, calls) = Trace::layer(self);
        tracing_subscriber::registry()
            .with(calls)
            .with(lines.with_filter(ours))
            .init();
        trace
    }

    /// A call of Dropbox, where somebody wants to see them.
    pub(super) fn traced(self, line: &str) {
        self.labelled(DIM, "call", line);
    }

    /// Whether errors and notes are in colour.
    pub(super) fn has_color(self) -> bool {
        self.color
    }

    /// Whether nothing but errors is to be said.
    pub(super) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether more than usual was asked for.
    pub(super) fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// What went wrong.
    pub(super) fn error(self, message: &str) {
        self.labelled(RED, "error", message);
    }

    /// What would mend it.
    pub(super) fn help(self, hint: &str) {
        self.labelled(CYAN, "help", hint);
    }

    /// Something a person should know.
    pub(super) fn warning(self, message: &str) {
        if !self.quiet {
            self.labelled(YELLOW, "warning", message);
        }
    }

    /// What is going on.
    pub(super) fn status(self, message: &str) {
        if !self.quiet {
            let message = printable(message);
            write(&if self.color {
                format!("{DIM}{message}{PLAIN}\n")
            } else {
                format!("{message}\n")
            });
        }
    }

    /// What the host logs for a script. Only its first line begins a line, so that no script speaks as the program does.
    pub(super) fn log(self, level: Level, line: &str) {
        let line = &*line.replace('\n', "\n  ");
        match level {
            Level::Error => self.labelled(RED, "error", line),
            Level::Warn => self.warning(line),
            Level::Info if !self.quiet => self.labelled(CYAN, "info", line),
            Level::Debug if !self.quiet => self.labelled(DIM, "debug", line),
            Level::Info | Level::Debug => {}
        }
    }

    fn labelled(self, color: &str, label: &str, message: &str) {
        let message = printable(message);
        write(&if self.color {
            format!("{color}{label}{PLAIN}: {message}\n")
        } else {
            format!("{label}: {message}\n")
        });
    }
}

/// Writes text to standard error as it is.
pub(super) fn write(text: &str) {
    // Where standard error is closed, nobody is left to tell.
    let _ = Stderr.write_all(text.as_bytes());
}

/// Text with its control characters made visible: a file's name must not steer the terminal.
pub(super) fn printable(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(visible).collect()
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\x1b[31mb\tc\nd"), "a\u{fffd}[31mb\tc\nd");
    }
}
