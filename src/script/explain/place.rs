//! What is written at the place of an error.

use rhai::Position;

/// Whether `name` stands there behind a dot.
pub(super) fn is_method_call(text: &str, at: Position, name: &str) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return false;
    };
    let Some(line) = text.lines().nth(line - 1) else {
        return false;
    };
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    // A call may begin its line: `dbx\n  .upload(...)` has the dot before the name too.
    before.trim_end().ends_with('.') && starts_with_word(rest_of_line(text, at), name)
}

pub(super) fn rest_of_line(text: &str, at: Position) -> &str {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return "";
    };
    let line = text.lines().nth(line - 1).unwrap_or_default();
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
