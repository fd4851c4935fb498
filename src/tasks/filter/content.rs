//! What is in a local file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use regex::bytes::Regex;
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

/// A test of what is in a local file; files of any size are read piece by piece.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Given")]
pub struct ContentTest {
    /// The test.
    pub kind: ContentKind,
    /// Whether it must not hold.
    pub not: bool,
}

/// How contents are tested. Letter case counts.
#[derive(Debug, Clone)]
pub enum ContentKind {
    /// The text is in it.
    Contains(String),
    /// The text is all that is in it.
    Equals(String),
    /// A line of it matches; of lines longer than 1 MiB each such piece for itself.
    Matches(Regex),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    contains: Option<String>,
    equals: Option<String>,
    matches: Option<String>,
    #[serde(default)]
    not: bool,
}

impl TryFrom<Given> for ContentTest {
    type Error = Error;

    fn try_from(given: Given) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("the test of contents {why}"),
            )
        };
        let kind = match (given.contains, given.equals, given.matches) {
            (Some(text), None, None) if text.is_empty() => {
                return Err(wrong("holds no text"));
            }
            (Some(text), None, None) => ContentKind::Contains(text),
            (None, Some(text), None) => ContentKind::Equals(text),
            (None, None, Some(text)) => {
                let regex = Regex::new(&text);
                ContentKind::Matches(
                    regex
                        .map_err(|cause| wrong("is not a regular expression").with_source(cause))?,
                )
            }
            _ => return Err(wrong("has one of `contains`, `equals` and `matches`")),
        };
        Ok(Self {
            kind,
            not: given.not,
        })
    }
}

/// How much is read at a time.
const PIECE: usize = 1 << 20;

impl ContentTest {
    /// Whether it holds for the file.
    pub(super) fn holds(&self, path: &Path) -> Result<bool> {
        let read = |error| Error::io("read", path, error);
        let file = File::open(path).map_err(read)?;
        let found = match &self.kind {
            ContentKind::Contains(text) => contains(file, text.as_bytes()),
            ContentKind::Equals(text) => equals(file, text.as_bytes()),
            ContentKind::Matches(regex) => matches(file, regex),
        };
        Ok(found.map_err(read)? != self.not)
    }
}

fn contains(mut from: impl Read, text: &[u8]) -> std::io::Result<bool> {
    let finder = memchr::memmem::Finder::new(text);
    let mut piece = vec![0; PIECE.max(text.len() * 2)];
    let mut held = 0;
    loop {
        let length = from.read(&mut piece[held..])?;
        if length == 0 {
            return Ok(false);
        }
        let end = held + length;
        if finder.find(&piece[..end]).is_some() {
            return Ok(true);
        }
        // The text may begin in what was read and end in what comes.
        held = end.min(text.len() - 1);
        piece.copy_within(end - held..end, 0);
    }
}

fn equals(from: impl Read, text: &[u8]) -> std::io::Result<bool> {
    let mut read = Vec::new();
    from.take(text.len() as u64 + 1).read_to_end(&mut read)?;
    Ok(read == text)
}

fn matches(from: impl Read, regex: &Regex) -> std::io::Result<bool> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        from.by_ref()
            .take(PIECE as u64)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(false);
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if regex.is_match(text.strip_suffix(b"\r").unwrap_or(text)) {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one by one, so that everything lies across a border.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(into.len()).min(1);
            into[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn a_text_is_found_across_pieces() {
        for (contents, text, expected) in [
            ("aab", "ab", true),
            ("ababac", "abac", true),
            ("aaa", "b", false),
            ("", "a", false),
            ("a", "ab", false),
            ("x", "x", true),
        ] {
            let found = contains(Slow(contents.as_bytes()), text.as_bytes());
            assert_eq!(found.expect("bytes"), expected, "{text} in {contents}");
        }
        let mut large = vec![b'-'; 2 * PIECE];
        large[PIECE - 2..PIECE + 2].copy_from_slice(b"here");
        assert!(contains(large.as_slice(), b"here").expect("bytes"));
    }

    #[test]
    fn equal_is_equal_to_the_last_byte() {
        assert!(equals(Slow(b"abc"), b"abc").expect("bytes"));
        assert!(!equals(Slow(b"abcd"), b"abc").expect("bytes"));
        assert!(!equals(Slow(b"ab"), b"abc").expect("bytes"));
        assert!(equals(Slow(b""), b"").expect("bytes"));
    }

    #[test]
    fn lines_match_for_themselves() {
        let regex = Regex::new(r"^total: \d+$").expect("a regex");
        let holds = |text: &str| matches(text.as_bytes(), &regex).expect("bytes");
        assert!(holds("a\r\ntotal: 7\r\nb"));
        assert!(holds("total: 7"));
        assert!(!holds("subtotal: 7\n"));
    }

    #[test]
    fn one_test_and_nothing_else() {
        let read = serde_json::from_str::<ContentTest>;
        assert!(read(r#"{"contains":"a","not":true}"#).expect("a test").not);
        for wrong in [
            "{}",
            r#"{"contains":"a","equals":"b"}"#,
            r#"{"contains":""}"#,
            r#"{"matches":"("}"#,
            r#"{"has":"a"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
