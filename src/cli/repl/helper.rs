//! What the line editor asks at each key: all of it answered by the session.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use dropscript::repl::{Candidate, Class, Command, Completion, Token, brackets_at, tokens};
use dropscript::{InputStatus, Session};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustyline::completion::{self, Completer};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{self, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::screen;

const KEYWORD: &str = "\x1b[35m";
const TEXT: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const CALL: &str = "\x1b[34m";
const DIM: &str = "\x1b[2m";
const BRACKET: &str = "\x1b[1;33m";
const UNDERLINE: &str = "\x1b[4m";
const PLAIN: &str = "\x1b[0m";

/// A key that completes waits so long for a folder that is being listed, or until the next key.
const PATIENCE: Duration = Duration::from_secs(3);

/// Completes, hints and colours the inputs of a session.
pub(super) struct Assistant {
    pub(super) session: Rc<RefCell<Session>>,
    pub(super) has_color: bool,
}

/// A candidate as the editor wants it.
pub(super) struct Choice(Candidate);

impl completion::Candidate for Choice {
    fn display(&self) -> &str {
        &self.0.label
    }

    fn replacement(&self) -> &str {
        &self.0.text
    }
}

impl Completer for Assistant {
    type Candidate = Choice;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Choice>)> {
        if is_indented_here(&line[..cursor]) {
            return Ok((cursor, vec![Choice(indentation())]));
        }
        let begun = Instant::now();
        let complete = || self.session.borrow().complete(line, cursor);
        let mut found: Completion = complete();
        while found.is_pending && begun.elapsed() < PATIENCE && !is_key_waiting() {
            found = complete();
        }
        Ok((
            found.start,
            found.candidates.into_iter().map(Choice).collect(),
        ))
    }
}

/// Whether the cursor is where a further line begins: a tab there is no wish to see every name that there is.
fn is_indented_here(before: &str) -> bool {
    let line = before.rsplit_once('\n').map(|(_, line)| line);
    line.is_some_and(|line| line.trim().is_empty())
}

fn indentation() -> Candidate {
    Candidate {
        text: "    ".to_owned(),
        label: String::new(),
        goes_on: true,
    }
}

/// Waits a moment for a key, and says whether there is one.
fn is_key_waiting() -> bool {
    let moment = Timespec {
        tv_sec: 0,
        tv_nsec: 5_000_000,
    };
    let input = std::io::stdin();
    let mut keys = [PollFd::new(&input, PollFlags::IN)];
    poll(&mut keys, Some(&moment)).is_ok_and(|ready| ready > 0)
}

/// A line below the input, to be read and not to be taken.
pub(super) struct Below {
    text: String,
}

impl hint::Hint for Below {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assistant {
    type Hint = Below;

    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<Below> {
        // It is drawn behind the input, and so belongs to its end.
        if cursor < line.len() {
            return None;
        }
        let hint = self.session.borrow().hint(line, cursor)?;
        // One that went over the edge would be a second line, and the input would jump.
        let (columns, _) = screen::size()?;
        let shown: String = hint.text.chars().take(columns.saturating_sub(3)).collect();
        let current = hint
            .current
            .filter(|range| range.end <= shown.len() && self.has_color);
        let text = match current {
            Some(range) => format!(
                "{}{UNDERLINE}{}{PLAIN}{DIM}{}",
                &shown[..range.start],
                &shown[range.clone()],
                &shown[range.end..]
            ),
            None => shown,
        };
        Some(Below {
            text: format!("\n  {text}"),
        })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        if !self.has_color || line.is_empty() {
            return line.into();
        }
        if Command::parse(line).is_some() {
            return format!("{NUMBER}{line}{PLAIN}").into();
        }
        let matching = brackets_at(line, cursor);
        let is_matching = |token: &Token<'_>| {
            matching
                .as_ref()
                .is_some_and(|pair| pair.contains(&token.range()))
        };
        let tokens = tokens(line);
        let mut colored = String::with_capacity(line.len() * 2);
        for (at, token) in tokens.iter().enumerate() {
            let color = match token.class {
                _ if is_matching(token) => BRACKET,
                Class::Keyword => KEYWORD,
                Class::Text => TEXT,
                Class::Number => NUMBER,
                Class::Comment => DIM,
                Class::Name if tokens.get(at + 1).is_some_and(|next| next.text == "(") => CALL,
                _ => "",
            };
            if color.is_empty() {
                colored.push_str(token.text);
            } else {
                colored.extend([color, token.text, PLAIN]);
            }
        }
        colored.into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.has_color {
            format!("{DIM}{hint}{PLAIN}").into()
        } else {
            hint.into()
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.has_color
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_command = Command::parse(input).is_some();
        let status = || self.session.borrow().status(input);
        Ok(
            if !is_command && matches!(status(), InputStatus::Incomplete) {
                ValidationResult::Incomplete
            } else {
                ValidationResult::Valid(None)
            },
        )
    }
}

impl Helper for Assistant {}
