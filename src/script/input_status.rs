//! Whether an input of a session is whole.

use rhai::{LexError, ParseError, ParseErrorType};

use super::diagnostic::ScriptError;

/// What a session makes of an input, before it runs it.
#[derive(Debug, Clone)]
pub enum InputStatus {
    /// It can be run.
    Complete,
    /// More lines belong to it.
    Incomplete,
    /// It is wrong, whatever follows.
    Invalid(Box<ScriptError>),
}

/// Whether what follows could mend this error: it lies behind all that was written.
pub(super) fn wants_more(error: &ParseError, input: &str) -> bool {
    use ParseErrorType as P;
    let at_end = || {
        let written = input.trim_end();
        let last_line = written.lines().count().max(1);
        let last_column = written
            .lines()
            .last()
            .map_or(0, |line| line.chars().count());
        let at = error.position();
        match (at.line(), at.position()) {
            (Some(line), Some(column)) => (line, column) > (last_line, last_column),
            (Some(line), None) => line > last_line,
            (None, _) => true,
        }
    };
    match error.err_type() {
        P::UnexpectedEOF => true,
        // Its position is where the text begins; only text between back-ticks spans lines.
        P::BadInput(LexError::UnterminatedString) => {
            letter_at(input, error).is_some_and(|letter| letter == '`')
        }
        P::MissingToken(..)
        | P::MissingSymbol(_)
        | P::ExprExpected(_)
        | P::VariableExpected
        | P::PropertyExpected
        | P::FnMissingName
        | P::FnMissingParams(_)
        | P::FnMissingBody(_)
        | P::MalformedIndexExpr(_) => at_end(),
        _ => false,
    }
}

fn letter_at(input: &str, error: &ParseError) -> Option<char> {
    let line = input.lines().nth(error.position().line()? - 1)?;
    line.chars()
        .nth(error.position().position()?.checked_sub(1)?)
}

/// Whether a block comment has no end, which Rhai lets pass.
pub(super) fn in_comment(input: &str) -> bool {
    let mut letters = input.chars().peekable();
    let mut depth = 0_usize;
    let mut quote = None;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match (quote, letter, next) {
            (Some(_), '\\', _) if quote != Some('`') => {
                letters.next();
            }
            (Some(open), letter, _) if open == letter || (open != '`' && letter == '\n') => {
                quote = None;
            }
            (None, '/', Some('*')) => {
                letters.next();
                depth += 1;
            }
            (None, '*', Some('/')) if depth > 0 => {
                letters.next();
                depth -= 1;
            }
            (None, '/', Some('/')) if depth == 0 => {
                letters.by_ref().find(|letter| *letter == '\n');
            }
            (None, '"' | '`' | '\'', _) if depth == 0 => quote = Some(letter),
            _ => {}
        }
    }
    depth > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_comment_is_seen_and_one_in_text_is_not() {
        for open in ["/* a", "let x = 1; /* b\n", "/* /* */", "`a` /*"] {
            assert!(in_comment(open), "{open}");
        }
        for closed in [
            "/* a */",
            "// /*",
            "\"/*\"",
            "`/*`",
            "'/'",
            "let x = 4 / 2 * 3",
            "\"\\\"/*\"",
        ] {
            assert!(!in_comment(closed), "{closed}");
        }
    }
}
