//! Masks of names: `*.csv;*.txt`.

use globset::GlobBuilder;
use regex::RegexSet;
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

/// Masks as they are given: one text, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Masks {
    /// One mask, or several joined by `;`.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl From<&str> for Masks {
    fn from(text: &str) -> Self {
        Self::One(text.to_owned())
    }
}

/// How masks are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) regex: bool,
    pub(super) case_sensitive: bool,
}

/// Masks, ready to be compared with.
#[derive(Debug, Clone)]
pub(super) struct MaskSet {
    /// Masks without a `/`, for the name.
    names: RegexSet,
    /// Masks with a `/`, for the path below the source.
    paths: RegexSet,
}

impl MaskSet {
    /// Parses the masks of the option `option`.
    ///
    /// # Errors
    /// `invalid_argument` for a mask that is none, and where there is none at all.
    pub(super) fn parse(masks: &Masks, style: Style, option: &str) -> Result<Self> {
        let texts = match masks {
            Masks::One(text) => std::slice::from_ref(text),
            Masks::Many(texts) => texts,
        };
        let (mut names, mut paths) = (Vec::new(), Vec::new());
        for text in texts {
            let parts: Vec<&str> = if style.regex {
                vec![text.as_str()]
            } else {
                text.split(';').map(str::trim).collect()
            };
            for mask in parts.into_iter().filter(|mask| !mask.is_empty()) {
                let expression = if style.regex {
                    mask.to_owned()
                } else {
                    expression(mask.trim_start_matches('/'), mask, option)?
                };
                if mask.contains('/') {
                    paths.push(expression);
                } else {
                    names.push(expression);
                }
            }
        }
        if names.is_empty() && paths.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the option `{option}` holds no mask"),
            )
            .with_hint("leave it out where nothing is to be left out"));
        }
        Ok(Self {
            names: set(&names, style, option)?,
            paths: set(&paths, style, option)?,
        })
    }

    /// Whether one of them matches; `relative` is the path below the source.
    pub(super) fn matches(&self, relative: &str) -> bool {
        let name = relative.rsplit('/').next().unwrap_or(relative);
        self.names.is_match(name) || self.paths.is_match(relative)
    }
}

/// A glob as a regular expression, so that all masks of a set are compared at once.
fn expression(glob: &str, shown: &str, option: &str) -> Result<String> {
    let glob = GlobBuilder::new(glob.trim_end_matches('/'))
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{shown}` in `{option}` is not a mask"),
            )
            .with_hint("write `[[]` for a bracket that is part of a name")
            .with_source(cause)
        })?;
    Ok(unicode(glob.regex()))
}

/// An expression for Unicode text: globset writes one for bytes, in which `?` is a byte and letters beyond ASCII are several.
fn unicode(expression: &str) -> String {
    let expression = expression.strip_prefix("(?-u)").unwrap_or(expression);
    let mut text = String::from("(?s)");
    let mut bytes = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let escaped = rest
            .strip_prefix("\\x")
            .and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = &rest[4..];
            continue;
        }
        text.push_str(&String::from_utf8_lossy(&std::mem::take(&mut bytes)));
        // An escaped character goes with its backslash, which so never stands before an `x` that is text.
        let length = match rest.chars().nth(1) {
            Some(second) if first == '\\' => 1 + second.len_utf8(),
            _ => first.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    text
}

fn set(expressions: &[String], style: Style, option: &str) -> Result<RegexSet> {
    regex::RegexSetBuilder::new(expressions)
        .case_insensitive(!style.case_sensitive)
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("a mask in `{option}` is not a regular expression"),
            )
            .with_source(cause)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style {
        regex: false,
        case_sensitive: false,
    };
    const REGEX: Style = Style {
        regex: true,
        ..PLAIN
    };

    fn matches(masks: &Masks, style: Style, relative: &str) -> bool {
        MaskSet::parse(masks, style, "include")
            .expect("masks")
            .matches(relative)
    }

    #[test]
    fn a_mask_is_for_the_name_and_one_with_a_slash_for_the_path() {
        for (mask, relative, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "sub/a.csv", true),
            ("*.csv", "sub.csv/a.txt", false),
            ("sub/*.csv", "sub/a.csv", true),
            ("sub/*.csv", "x/sub/a.csv", false),
            ("/sub/*.csv", "sub/a.csv", true),
            ("**/sub/*", "x/y/sub/a", true),
            ("?.TXT", "ü.txt", true),
            ("*", ".hidden", true),
            ("{a,b}[0-9].*", "b7.log", true),
            ("*.csv; *.txt;", "x.txt", true),
            ("*.csv;*.txt", "x.log", false),
            ("[ä-ü]?.txt", "öß.txt", true),
            (r"a\x41", r"a\x41", true),
            ("a*", "a\nb", true),
        ] {
            assert_eq!(
                matches(&mask.into(), PLAIN, relative),
                expected,
                "{mask} {relative}"
            );
        }
        let several = Masks::Many(vec!["a*".to_owned(), "b*;c*".to_owned()]);
        assert!(matches(&several, PLAIN, "call"));
    }

    #[test]
    fn letter_case_counts_where_it_is_said() {
        let strict = Style {
            case_sensitive: true,
            ..PLAIN
        };
        assert!(matches(&"*.CSV".into(), PLAIN, "a.csv"));
        assert!(!matches(&"*.CSV".into(), strict, "a.csv"));
        assert!(matches(&"Ä*".into(), PLAIN, "äpfel"));
    }

    #[test]
    fn regular_expressions_are_found_anywhere_and_not_parted() {
        assert!(matches(&"^a;b".into(), REGEX, "a;bc"));
        assert!(matches(&r"\d{4}".into(), REGEX, "report 2026.csv"));
        assert!(matches(&"^sub/.*x$".into(), REGEX, "sub/a/x"));
        assert!(!matches(&"^csv$".into(), REGEX, "a.csv"));
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for (masks, style) in [
            (Masks::from(" ; "), PLAIN),
            (Masks::Many(Vec::new()), PLAIN),
            ("a[b".into(), PLAIN),
            ("a(b".into(), REGEX),
        ] {
            let error = MaskSet::parse(&masks, style, "exclude").expect_err("no mask");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains("`exclude`"), "{error}");
        }
    }
}
