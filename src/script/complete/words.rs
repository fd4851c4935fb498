//! How candidates are written.

use crate::script::reference::{Entry, Signature};
use crate::script::vocabulary::Function;

/// Something that could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What takes the place of what is written.
    pub text: String,
    /// What it is called where there are several to choose from.
    pub label: String,
    /// Whether more is to be written behind it, as behind a folder; else it is whole.
    pub goes_on: bool,
}

impl Candidate {
    pub(in crate::script) fn word(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            label: text.to_owned(),
            goes_on: true,
        }
    }

    /// A file or folder; `text` is its name as it stands within quotes.
    pub(super) fn path(text: &str, name: &str, is_folder: bool) -> Self {
        let slash = if is_folder { "/" } else { "" };
        Self {
            text: format!("{text}{slash}"),
            label: format!("{}{slash}", printable(name)),
            goes_on: is_folder,
        }
    }

    /// A function of the reference.
    pub(super) fn entry(entry: &Entry) -> Self {
        if !entry.is_function() {
            return Self::word(&entry.name);
        }
        let takes_nothing = entry.signatures.iter().all(|way| way.parameters.is_empty());
        let label = entry.signatures.first().map(parameters).unwrap_or_default();
        Self::call(&entry.name, takes_nothing, &label)
    }

    /// A function of Rhai's or of the session.
    pub(super) fn function(function: &Function, as_method: bool) -> Self {
        let skipped = usize::from(as_method);
        let takes_nothing = function.parameters.len() <= skipped;
        let names = function.parameters.iter().skip(skipped);
        let names: Vec<&str> = names
            .map(|parameter| match parameter.name.as_str() {
                "" => parameter.kind.as_str(),
                name => name,
            })
            .collect();
        Self::call(&function.name, takes_nothing, &names.join(", "))
    }

    pub(super) fn call(name: &str, takes_nothing: bool, parameters: &str) -> Self {
        let end = if takes_nothing { ")" } else { "" };
        Self {
            text: format!("{name}({end}"),
            label: format!("{name}({parameters})"),
            goes_on: true,
        }
    }
}

fn parameters(way: &Signature) -> String {
    let names = way
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// A name as it stands in text with these quotes.
pub(super) fn escaped(name: &str, quote: char) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        match (letter, quote) {
            ('\\' | '"', '"') => text.extend(['\\', letter]),
            ('`', '`') => text.push_str("``"),
            _ => text.push(letter),
        }
    }
    text
}

/// What a text means that was escaped so, or is half written.
pub(super) fn unescaped(text: &str, quote: char) -> String {
    if quote == '`' {
        return text.replace("``", "`");
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            letter => plain.push(letter),
        }
    }
    plain
}

/// The words in quotes in what an option expects: `"changed", "always" or "fail"`.
pub(super) fn quoted(expects: &str) -> Vec<String> {
    let is_example = expects.contains(", as ")
        || expects.starts_with('a') && !expects.starts_with("an array of \"");
    if is_example {
        return Vec::new();
    }
    let words = expects.split('"').skip(1).step_by(2);
    words
        .filter(|word| word.len() > 1)
        .map(str::to_owned)
        .collect()
}

/// Names that a line can be made of: one with a line end in it cannot be typed, nor shown.
pub(super) fn named_below(names: impl Iterator<Item = (String, bool)>) -> Vec<(String, bool)> {
    names
        .filter(|(name, _)| !name.contains(char::is_control))
        .collect()
}

fn printable(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_quotes() {
        for (name, quote, written) in [
            ("a \"b\" \\c", '"', "a \\\"b\\\" \\\\c"),
            ("a `b` \"c\"", '`', "a ``b`` \"c\""),
        ] {
            assert_eq!(escaped(name, quote), written);
            assert_eq!(unescaped(written, quote), name);
        }
    }

    #[test]
    fn the_values_of_an_option_are_those_in_quotes() {
        assert_eq!(quoted("\"stop\" or \"report\""), ["stop", "report"]);
        assert_eq!(
            quoted("an array of \"hidden\" and \"symlink\""),
            ["hidden", "symlink"]
        );
        assert!(quoted("a number of bytes, or text as \"10 MB\"").is_empty());
        assert!(quoted("a URL, as \"http://localhost:9999\"").is_empty());
    }
}
