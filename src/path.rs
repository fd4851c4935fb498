//! Paths at Dropbox.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};

/// The longest name of a file or folder, in characters.
const LONGEST_NAME: usize = 255;

/// A path at Dropbox, checked once: the root, `/a/b`, or an item by `id:`, `rev:` or `ns:`.
///
/// `""` and `/` both mean the root, and one slash at the end is dropped. Names keep their letter case; Dropbox compares
/// without regard to it, as does [`key`](RemotePath::key).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemotePath(String);

impl RemotePath {
    /// The root folder.
    #[must_use]
    pub fn root() -> Self {
        Self(String::new())
    }

    /// As Dropbox wants it in an argument: the root is empty text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root folder.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last name; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder that holds it; the root's is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    /// The path of `below`, a relative path with `/` between its names.
    ///
    /// # Errors
    /// `invalid_path` where the result is not a path.
    pub fn join(&self, below: &str) -> Result<Self> {
        format!("{}/{below}", self.0).parse()
    }

    /// The form that two paths of one item have in common: lower case, as Dropbox's `path_lower`.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for RemotePath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = |why: String| {
            Error::new(ErrorKind::InvalidPath, why)
                .with_path(text)
                .with_hint("write it from the root on, as `/folder/name`")
        };
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Ok(Self::root());
        }
        let names = match path.split_once('/') {
            Some(("", names)) => names,
            Some((head, names)) if head.starts_with("ns:") || head.starts_with("id:") => names,
            None if ["ns:", "id:", "rev:"]
                .iter()
                .any(|prefix| path.starts_with(prefix)) =>
            {
                return Ok(Self(path.to_owned()));
            }
            _ => {
                return Err(invalid(format!(
                    "a remote path starts with a slash: `{text}` does not"
                ))
                .with_hint(format!("did you mean `/{text}`?")));
            }
        };
        for name in names.split('/') {
            match name {
                "" => {
                    return Err(invalid(format!(
                        "`{text}` has an empty name between two slashes"
                    )));
                }
                "." | ".." => {
                    return Err(invalid(format!(
                        "`{text}` contains `{name}`, which Dropbox does not know"
                    )));
                }
                _ if name.contains('\0') => {
                    return Err(invalid(format!(
                        "`{}` contains a NUL character",
                        text.escape_debug()
                    )));
                }
                _ if name.chars().count() > LONGEST_NAME => {
                    return Err(invalid(format!(
                        "a name in `{text}` is longer than {LONGEST_NAME} characters"
                    )));
                }
                _ => {}
            }
        }
        Ok(Self(path.to_owned()))
    }
}

impl fmt::Display for RemotePath {
    /// As people write it: the root is `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<RemotePath> {
        text.parse()
    }

    #[test]
    fn the_root_has_two_spellings() {
        for text in ["", "/"] {
            let root = parsed(text).expect("a root");
            assert!(root.is_root());
            assert_eq!((root.as_str(), root.to_string().as_str()), ("", "/"));
            assert_eq!(root.join("a b").expect("a path").as_str(), "/a b");
        }
    }

    #[test]
    fn a_path_is_taken_apart() {
        let path = parsed("/Reports/2026/ü.csv").expect("a path");
        assert_eq!(
            (path.name(), path.parent().as_str()),
            ("ü.csv", "/Reports/2026")
        );
        assert_eq!(path.key(), "/reports/2026/ü.csv");
        assert_eq!(parsed("/a").expect("a path").parent(), RemotePath::root());
        assert_eq!(parsed("/a/").expect("a path").as_str(), "/a");
        assert_eq!(parsed("id:abc").expect("an id").as_str(), "id:abc");
        assert_eq!(parsed("ns:12/a").expect("a namespace").name(), "a");
    }

    #[test]
    fn what_is_no_path_is_refused_with_a_reason() {
        let long = format!("/{}", "x".repeat(256));
        for (text, says) in [
            ("reports", "did you mean `/reports`?"),
            ("/a//b", "empty name"),
            ("/a/../b", "`..`"),
            ("/a\0", "NUL"),
            (&long, "255"),
        ] {
            let error = parsed(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidPath);
            let whole = format!("{error} {}", error.hint().unwrap_or_default());
            assert!(whole.contains(says), "{whole}");
        }
    }
}
