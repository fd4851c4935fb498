//! What two values differ in, for reading.

use std::borrow::Cow;
use std::time::Duration;

use rhai::{Array, Dynamic, Map};
use similar::{ChangeTag, TextDiff};

use super::show;
use super::values;

/// Equal lines that are shown around those that differ.
const AROUND: usize = 2;
/// Lines that are shown in all.
const LINES: usize = 40;
/// Letters of a line that are shown.
const LETTERS: usize = 200;
/// After so long the comparison is content with more differences than there need to be.
const PATIENCE: Duration = Duration::from_millis(200);
/// So long a value may be for a sentence.
const SENTENCE: usize = 40;

/// How `left` is not `right`: in a sentence where both are short, else line by line.
pub(super) fn difference(left: &Dynamic, right: &Dynamic) -> String {
    if let (Some(left), Some(right)) = (in_a_word(left), in_a_word(right)) {
        return format!("{left} is not {right}");
    }
    let (old, new) = (lines(left), lines(right));
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(old.as_str(), new.as_str());
    let mut told = vec!["the two are not the same (- left, + right):".to_owned()];
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            told.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = cut(change.value().trim_end_matches('\n'));
            told.push(format!("{sign} {line}").trim_end().to_owned());
        }
    }
    if told.len() > LINES {
        let more = told.len() - LINES;
        told.truncate(LINES);
        told.push(format!("… and {more} more lines"));
    }
    told.join("\n")
}

/// As much of a line as is read.
fn cut(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(LETTERS) {
        None => Cow::Borrowed(line),
        Some((at, _)) => Cow::Owned(format!("{}… ({} bytes)", &line[..at], line.len())),
    }
}

/// A value that is short enough to be told in passing; text is in quotes, so that `1` and `"1"` look different.
fn in_a_word(value: &Dynamic) -> Option<String> {
    let text = if value.is_string() {
        format!("{:?}", values::show(value))
    } else if value.is_unit() {
        "()".to_owned()
    } else {
        values::show(value)
    };
    (text.chars().count() <= SENTENCE).then_some(text)
}

/// An entry a line for arrays and maps, a text as it is.
fn lines(value: &Dynamic) -> String {
    let is_nested = value.read_lock::<Array>().is_some() || value.read_lock::<Map>().is_some();
    let mut lines = if is_nested {
        show::lines(value)
    } else {
        values::show(value)
    };
    lines.push('\n');
    lines
}
