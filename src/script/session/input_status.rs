//! Whether an input of a session is whole.

use rhai::{LexError, ParseError, ParseErrorType};

use crate::script::diagnostic::ScriptError;

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
        // Its position is where the text begins. Text between back-ticks spans lines, raw text too, and other text where the line ends
        // with a backslash.
        P::BadInput(LexError::UnterminatedString) => match letter_at(input, error) {
            Some('`' | '#') => true,
            Some('"') => input.trim_end_matches(['\n', '\r']).ends_with('\\'),
            _ => false,
        },
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
