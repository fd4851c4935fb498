//! What is written at the place of an error.

use rhai::Position;

/// Whether `name` stands there behind a dot.
pub(super) fn is_method_call(text: &str, at: Position, name: &str) -> bool {
    // A call may begin its line: `dbx\n  .upload(...)` has the dot before the name too.
    before(text, at).trim_end().ends_with('.') && starts_with_word(rest_of_line(text, at), name)
}

/// The line that the place is in.
pub(super) fn line(text: &str, at: Position) -> &str {
    at.line()
        .and_then(|number| text.lines().nth(number.checked_sub(1)?))
        .unwrap_or_default()
}

/// What stands in its line before the place.
pub(super) fn before(text: &str, at: Position) -> &str {
    let line = line(text, at);
    &line[..line.len() - rest_of_line(text, at).len()]
}

pub(super) fn rest_of_line(text: &str, at: Position) -> &str {
    let line = line(text, at);
    let Some(column) = at.position() else {
        return "";
    };
    let start = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    &line[start..]
}

pub(super) fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}
