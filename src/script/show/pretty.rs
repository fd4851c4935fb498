//! Maps and arrays over lines, each as long as the screen allows.

use std::fmt::Write;

use rhai::{Array, Blob, Dynamic, FnPtr, Map};

use super::width::{cut_end, printable, printable_text, width};
use super::{MORE, View};
use crate::connection::Connection;
use crate::script::modules::Listing;
use crate::script::values;
use crate::tasks::{ByteSize, Item, Report};

/// So many entries of an array or map are shown.
const ENTRIES: usize = 20;
/// So many lines of all.
const LINES: usize = 60;
/// So many characters of a text.
const LETTERS: usize = 2_000;
/// So deep values are shown in one another.
const DEPTH: usize = 24;

/// A text in quotes; whole, it is shown as it is.
pub(super) fn text(text: &str, view: View) -> String {
    if view.whole {
        return printable_text(text);
    }
    match text.char_indices().nth(LETTERS) {
        None => format!("{text:?}"),
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{:?}\nand {more} more characters; {MORE}", &text[..at])
        }
    }
}

/// An array or map.
pub(super) fn lines(value: &Dynamic, view: View) -> String {
    let mut writer = Writer {
        view,
        lines: vec![String::new()],
        has_cut: false,
    };
    writer.value(value, 0, 0);
    let mut lines = writer.lines;
    if !view.whole && lines.len() > LINES {
        lines.truncate(LINES);
        writer.has_cut = true;
    }
    if writer.has_cut {
        lines.push(MORE.to_owned());
    }
    lines.join("\n")
}

/// A value in one line, cut where it does not fit.
pub(super) fn in_one_line(value: &Dynamic, columns: usize) -> String {
    if let Some(line) = in_a_line(value, columns, 0) {
        return line;
    }
    if let Some(array) = value.read_lock::<Array>() {
        return format!("[… {} values]", array.len());
    }
    if let Some(map) = value.read_lock::<Map>() {
        return format!("#{{… {} values}}", map.len());
    }
    let brief = brief(value).unwrap_or_else(|| printable(&value.to_string()));
    cut_end(&brief, columns)
}

/// What a value is in one short line; `None` where it is an array, a map, or of a type that is not known here.
pub(super) fn brief(value: &Dynamic) -> Option<String> {
    if let Some(blob) = value.read_lock::<Blob>() {
        return Some(bytes(&blob));
    }
    if value.is::<FnPtr>() {
        return Some("closure".to_owned());
    }
    if let Some(connection) = value.read_lock::<Connection>() {
        return Some(format!("Connection {:?}", connection.name()));
    }
    if let Some(listing) = value.read_lock::<Listing>() {
        return Some(listing.to_string());
    }
    if let Some(report) = value.read_lock::<Report>() {
        return Some(
            report
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    if value.is_string() || value.is_char() {
        return Some(format!("{:?}", values::show(value)));
    }
    if value.is_unit() {
        return Some("()".to_owned());
    }
    let is_plain = value.is_int() || value.is_float() || value.is_bool();
    if is_plain || values::is_time(value) || value.is::<Item>() {
        return Some(printable(&values::show(value)));
    }
    None
}

fn bytes(blob: &Blob) -> String {
    const SHOWN: usize = 16;
    let mut text = format!("blob of {}", ByteSize(blob.len() as u64));
    for (at, byte) in blob.iter().take(SHOWN).enumerate() {
        let _ = write!(text, "{}{byte:02x}", if at == 0 { ": " } else { " " });
    }
    if blob.len() > SHOWN {
        text.push_str(" …");
    }
    text
}

struct Writer {
    view: View,
    lines: Vec<String>,
    has_cut: bool,
}

impl Writer {
    /// Writes a value behind what is in the last line, leaving `behind` columns free.
    fn value(&mut self, value: &Dynamic, depth: usize, behind: usize) {
        let last = self.lines.last().map_or(0, |line| width(line));
        let room = self.view.columns.saturating_sub(last + behind).max(10);
        if let Some(line) = in_a_line(value, room, depth) {
            return self.write(&line);
        }
        if depth >= DEPTH {
            self.has_cut = true;
            return self.write("…");
        }
        if let Some(array) = value.read_lock::<Array>() {
            let entries = array.iter().map(|value| (String::new(), value));
            return self.entries("[", entries, "]", depth);
        }
        if let Some(map) = value.read_lock::<Map>() {
            let entries = map
                .iter()
                .map(|(name, value)| (format!("{}: ", key(name)), value));
            return self.entries("#{", entries, "}", depth);
        }
        let brief = brief(value).unwrap_or_else(|| printable(&value.to_string()));
        if self.view.whole {
            return self.write(&brief);
        }
        let cut = cut_end(&brief, room.max(20));
        self.has_cut |= cut != brief;
        self.write(&cut);
    }

    fn entries<'a>(
        &mut self,
        open: &str,
        entries: impl ExactSizeIterator<Item = (String, &'a Dynamic)>,
        close: &str,
        depth: usize,
    ) {
        self.write(open);
        let indent = "  ".repeat(depth + 1);
        let count = entries.len();
        let shown = if self.view.whole { count } else { ENTRIES };
        for (name, value) in entries.take(shown) {
            if self.is_full() {
                self.has_cut = true;
                break;
            }
            self.lines.push(format!("{indent}{name}"));
            self.value(value, depth + 1, 1);
            self.write(",");
        }
        if count > shown {
            self.has_cut = true;
            self.lines
                .push(format!("{indent}and {} more", count - shown));
        }
        self.lines.push(format!("{}{close}", "  ".repeat(depth)));
    }

    fn is_full(&self) -> bool {
        !self.view.whole && self.lines.len() > LINES
    }

    fn write(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
    }
}

/// A value in one line, where it fits into so many columns.
fn in_a_line(value: &Dynamic, room: usize, depth: usize) -> Option<String> {
    if depth > DEPTH {
        return None;
    }
    let (open, close, entries): (_, _, Vec<(String, Dynamic)>) =
        if let Some(array) = value.read_lock::<Array>() {
            if array.len() > room {
                return None;
            }
            let entries = array.iter().map(|value| (String::new(), value.clone()));
            ("[", "]", entries.collect())
        } else if let Some(map) = value.read_lock::<Map>() {
            if map.len() > room {
                return None;
            }
            let entry = |name: &str, value: &Dynamic| (format!("{}: ", key(name)), value.clone());
            let entries = map.iter().map(|(name, value)| entry(name, value));
            ("#{ ", " }", entries.collect())
        } else {
            let brief = brief(value).unwrap_or_else(|| printable(&value.to_string()));
            return (width(&brief) <= room).then_some(brief);
        };
    if entries.is_empty() {
        return Some(format!("{}{}", open.trim(), close.trim()));
    }
    let mut line = open.to_owned();
    for (at, (name, value)) in entries.iter().enumerate() {
        line.push_str(if at == 0 { "" } else { ", " });
        line.push_str(name);
        let left = room.checked_sub(width(&line) + close.len())?;
        line.push_str(&in_a_line(value, left, depth + 1)?);
    }
    line.push_str(close);
    (width(&line) <= room).then_some(line)
}

/// The name of an entry as a script writes it.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let is_word = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_word {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    fn shown(code: &str, columns: usize, whole: bool) -> String {
        let value = Engine::new().eval::<Dynamic>(code).expect("sound");
        lines(&value, View { columns, whole })
    }

    #[test]
    fn what_fits_is_in_one_line() {
        assert_eq!(
            shown("#{ a: [1, 2], b: \"c\" }", 80, false),
            "#{ a: [1, 2], b: \"c\" }"
        );
        assert_eq!(shown("[]", 80, false), "[]");
        assert_eq!(shown("#{}", 80, false), "#{}");
        assert_eq!(
            shown("[(), 1.5, true, 'x', blob(2, 255)]", 80, false),
            "[(), 1.5, true, \"x\", blob of 2 B: ff ff]"
        );
    }

    #[test]
    fn what_does_not_is_an_entry_a_line() {
        assert_eq!(
            shown(
                "#{ first: [1, 2, 3], \"a b\": #{ long: \"some words\" } }",
                24,
                false
            ),
            "#{\n  \"a b\": #{\n    long: \"some words\",\n  },\n  first: [1, 2, 3],\n}"
        );
    }

    #[test]
    fn what_is_large_is_cut_and_says_so() {
        let many = "let a = []; for i in 0..1000 { a.push(`entry ${i}`); } a";
        let cut = shown(many, 80, false);
        assert!(
            cut.ends_with("  and 980 more\n]\n`:all` shows all"),
            "{cut}"
        );
        let whole = shown(many, 80, true);
        assert!(
            whole.contains("entry 999") && !whole.contains(":all"),
            "{whole}"
        );
        let deep = "let a = []; for i in 0..100 { a = [a, 1]; } a";
        assert!(shown(deep, 40, false).lines().count() <= LINES + 1);
        let nested = "let a = []; for i in 0..30 { let b = []; for j in 0..30 { b.push(`entry ${j}`); } a.push(b); } a";
        assert_eq!(shown(nested, 40, false).lines().count(), LINES + 1);
    }

    #[test]
    fn a_long_text_is_cut() {
        let view = View::default();
        assert_eq!(text("a\n\"b\"", view), "\"a\\n\\\"b\\\"\"");
        let long = "x".repeat(LETTERS + 5);
        assert!(text(&long, view).ends_with("and 5 more characters; `:all` shows all"));
        assert_eq!(
            text(
                &long,
                View {
                    whole: true,
                    ..view
                }
            ),
            long
        );
    }
}
