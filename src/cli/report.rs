//! The one place where errors are shown and where the exit status comes from.

use std::io;
use std::ops::Range;
use std::process::ExitCode;

use ariadne::{CharSet, Color, Config, Label, Report, ReportKind};
use dropscript::{Error, ErrorKind, Frame, Reason, ScriptError};

use super::output::{ErrorEvent, Place};
use super::report_table::table;
use super::voice::{Voice, printable, write};

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(u8);

impl Status {
    /// It worked.
    pub(super) const OK: Self = Self(0);
    /// The script raised an error.
    pub(super) const FAILED: Self = Self(1);
    /// Wrong usage or configuration.
    pub(super) const USAGE: Self = Self(2);
    /// A script does not parse.
    pub(super) const PARSE: Self = Self(3);
    /// A person must sign in.
    pub(super) const SIGN_IN: Self = Self(4);
    /// Not allowed by the host's own permissions.
    pub(super) const NOT_ALLOWED: Self = Self(5);
    /// Some items failed.
    pub(super) const PARTIAL: Self = Self(6);
    /// Dropbox unreachable: a later try may work.
    pub(super) const UNREACHABLE: Self = Self(7);
    /// The run's timeout.
    pub(super) const TIMEOUT: Self = Self(8);
    /// SIGINT.
    pub(super) const INTERRUPTED: Self = Self(130);
    /// The reader of standard output went away, as a shell shows SIGPIPE.
    pub(super) const PIPE: Self = Self(141);
    /// SIGTERM.
    pub(super) const TERMINATED: Self = Self(143);

    /// A status by its number.
    pub(super) fn new(code: u8) -> Self {
        Self(code)
    }

    /// The status that a script gave to `exit`, cut to the byte that the operating system keeps of it.
    pub(super) fn of_exit(status: i32) -> Self {
        Self(status.to_le_bytes()[0])
    }

    /// The status for a script that ended with this error.
    pub(super) fn of(error: &ScriptError) -> Self {
        match error.reason {
            Reason::Parse => Self::PARSE,
            Reason::Interrupted => Self::INTERRUPTED,
            Reason::Deadline => Self::TIMEOUT,
            Reason::Failed(kind) => Self::of_kind(kind),
            _ => Self::FAILED,
        }
    }

    /// The status for an error of this kind.
    pub(super) fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotSignedIn => Self::SIGN_IN,
            ErrorKind::NotAllowed => Self::NOT_ALLOWED,
            ErrorKind::Partial => Self::PARTIAL,
            ErrorKind::Network
            | ErrorKind::Server
            | ErrorKind::RateLimited
            | ErrorKind::Timeout => Self::UNREACHABLE,
            _ => Self::FAILED,
        }
    }

    /// The number.
    pub(super) fn code(self) -> u8 {
        self.0
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.0)
    }
}

/// Shows an error from outside of a script, and gives the status for wrong usage or configuration.
pub(super) fn refuse(voice: Voice, error: &Error) -> Status {
    voice.error(&error.full_message());
    if let Some(hint) = error.hint() {
        voice.help(hint);
    }
    match error.kind() {
        ErrorKind::InvalidArgument | ErrorKind::NotFound | ErrorKind::LocalIo => Status::USAGE,
        kind => Status::of_kind(kind),
    }
}

/// Shows why standard output cannot be written, unless its reader simply had enough, and gives the status for that.
pub(super) fn broken_output(voice: Voice, error: &io::Error) -> Status {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Status::PIPE;
    }
    voice.error(&format!("cannot write to standard output: {error}"));
    Status::FAILED
}

/// How bad it is what was found in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// It cannot work.
    Error,
    /// It works, and may not be meant.
    Warning,
}

/// Shows why a script ended: the line with a caret, the calls that led there, and what would mend it.
pub(super) fn show(voice: Voice, error: &ScriptError) {
    show_as(voice, Severity::Error, error);
}

/// As [`show`]; with `-q` there are no warnings.
pub(super) fn show_as(voice: Voice, severity: Severity, error: &ScriptError) {
    match severity {
        Severity::Error => voice.error(&error.message),
        Severity::Warning if voice.is_quiet() => return,
        Severity::Warning => voice.warning(&error.message),
    }
    if let Some(report) = error.error.as_deref().and_then(Error::report) {
        for line in table(report) {
            write(format!("  {}", printable(&line)).trim_end());
            write("\n");
        }
    }
    let drawing = error
        .frames
        .split_last()
        .and_then(|(place, calls)| draw(voice, severity, place, calls));
    if let Some(drawing) = drawing {
        write(&drawing);
    }
    if let Some(hint) = &error.hint {
        voice.help(hint);
    }
}

/// What `--json` tells of an error.
pub(super) fn event(error: &ScriptError) -> ErrorEvent<'_> {
    let ours = error.error.as_deref();
    let place = |frame: &'_ Frame| (frame.line, frame.column);
    ErrorEvent {
        kind: match error.reason {
            Reason::Parse => "parse",
            Reason::Interrupted => "interrupted",
            Reason::Deadline => "deadline",
            Reason::Limit => "limit",
            Reason::Failed(kind) => kind.as_str(),
            _ => "script",
        },
        message: &error.message,
        path: ours.and_then(Error::path),
        tag: ours.and_then(Error::tag),
        hint: error.hint.as_deref(),
        frames: error
            .frames
            .iter()
            .map(|frame| {
                let (line, column) = place(frame);
                Place {
                    script: &frame.name,
                    line,
                    column,
                }
            })
            .collect(),
    }
}

/// The line of a place with a caret under it, and the calls that led there; `None` where there is nothing to point at.
fn draw(voice: Voice, severity: Severity, place: &Frame, calls: &[Frame]) -> Option<String> {
    let text = with_plain_lines(&place.source);
    let span = span(&text, place.line, place.column)?;
    let charset = if voice.has_color() {
        CharSet::Unicode
    } else {
        CharSet::Ascii
    };
    let config = Config::default()
        .with_color(voice.has_color())
        .with_char_set(charset);
    let name = printable(&place.name);
    let (kind, color) = match severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    };
    let mut label = Label::new((name.clone(), span.clone())).with_color(color);
    if !place.label.is_empty() {
        label = label.with_message(printable(&place.label));
    }
    let mut report = Report::build(kind, (name.clone(), span))
        .with_config(config)
        .with_label(label);
    if !calls.is_empty() {
        report.set_note(stack(calls));
    }
    let mut drawn = Vec::new();
    report
        .finish()
        .write(ariadne::sources([(name, text)]), &mut drawn)
        .ok()?;
    // The first line is ariadne's word for how bad it is; ours is above it.
    let drawn = String::from_utf8(drawn).ok()?;
    drawn.split_once('\n').map(|(_, rest)| rest.to_owned())
}

/// The calls, the innermost first, with those that repeat told once.
fn stack(calls: &[Frame]) -> String {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for call in calls.iter().rev() {
        let line = format!("{} at {call}", call.label);
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    let lines = lines.into_iter().map(|(line, times)| match times {
        1 => printable(&line),
        times => format!("{} ({times} times)", printable(&line)),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text of a script with no line ends but those that Rhai counts, character by character.
fn with_plain_lines(text: &str) -> String {
    let plain = |c: char| match c {
        '\n' | '\t' => c,
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(plain).collect()
}

/// The characters to point at: the word that begins at this place, the one character there, or where the text has ended,
/// the last one before. Line and column count from 1; all in characters.
fn span(text: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let before = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(|line| line.chars().count());
    let start = before.sum::<usize>() + column - 1;
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let word = text.chars().skip(start).take_while(is_word).count();
    if word > 0 || text.chars().nth(start).is_some_and(|c| !c.is_whitespace()) {
        return Some(start..start + word.max(1));
    }
    let so_far = text.chars().take(start).enumerate();
    let (last, _) = so_far.filter(|(_, c)| !c.is_whitespace()).last()?;
    Some(last..last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_word_that_begins_there() {
        let text = "let ü = 1;\n  x.nope()\n";
        assert_eq!(span(text, 2, 5), Some(15..19), "nope");
        assert_eq!(span(text, 1, 5), Some(4..5), "ü is one character");
        assert_eq!(span(text, 2, 9), Some(19..20), "a bracket");
    }

    #[test]
    fn where_the_text_has_ended_it_is_the_last_character() {
        assert_eq!(span("fn f() {\n\n", 3, 1), Some(7..8));
        assert_eq!(span("let x = ", 1, 10), Some(6..7));
        assert_eq!(span("", 1, 1), None);
    }

    #[test]
    fn statuses_are_the_ones_that_the_help_tells() {
        assert_eq!(Status::of_kind(ErrorKind::NotSignedIn).code(), 4);
        assert_eq!(Status::of_kind(ErrorKind::NotAllowed).code(), 5);
        assert_eq!(Status::of_kind(ErrorKind::Partial).code(), 6);
        assert_eq!(Status::of_kind(ErrorKind::RateLimited).code(), 7);
        assert_eq!(Status::of_kind(ErrorKind::Conflict).code(), 1);
        assert_eq!(Status::of_exit(3).code(), 3);
        assert_eq!(Status::of_exit(-1).code(), 255);
    }

    #[test]
    fn calls_that_repeat_are_told_once() {
        let call = |line| Frame {
            file: None,
            name: "a.rhai".to_owned(),
            source: "".into(),
            line,
            column: 1,
            label: "in the call of `f`".to_owned(),
        };
        assert_eq!(
            stack(&[call(9), call(2), call(2), call(2)]),
            "in the call of `f` at a.rhai:2:1 (3 times)\nin the call of `f` at a.rhai:9:1"
        );
    }
}
