//! Path arguments: the patterns that the service's specification gives for them, and what they refer to.

use serde::{Deserialize, Serialize};

use super::answer::Refusal;
use super::fields::Fields;

/// What a path argument names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PathArg {
    /// `""` or `/a/b`, from the root of the caller's view.
    Path(String),
    /// `id:...`, and a path below that folder.
    Id { id: String, below: String },
    /// `rev:...`
    Rev(String),
    /// `ns:123/a/b`
    Namespace { id: String, path: String },
}

/// Which forms a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `Path`: nothing but a path.
    Plain,
    /// `WritePath`
    Write,
    /// `WritePathOrId`
    WriteOrId,
    /// `ReadPath`
    Read,
    /// `PathROrId`: the root too.
    Root,
}

impl Pattern {
    fn text(self) -> &'static str {
        match self {
            Pattern::Plain => r"/(.|[\r\n])*",
            Pattern::Write => r"(/(.|[\r\n])*)|(ns:[0-9]+(/.*)?)",
            Pattern::WriteOrId => r"(/(.|[\r\n])*)|(ns:[0-9]+(/.*)?)|(id:.*)",
            Pattern::Read => r"(/(.|[\r\n])*|id:.*)|(rev:[0-9a-f]{9,})|(ns:[0-9]+(/.*)?)",
            Pattern::Root => r"(/(.|[\r\n])*)?|id:.*|(ns:[0-9]+(/.*)?)",
        }
    }

    /// Reads `path`; `None` when it does not match.
    pub(super) fn read(self, path: &str) -> Option<PathArg> {
        if path.starts_with('/') || (path.is_empty() && self == Pattern::Root) {
            return Some(PathArg::Path(path.to_owned()));
        }
        if self == Pattern::Plain {
            return None;
        }
        if let Some(rest) = path.strip_prefix("ns:") {
            let (id, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let number = !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit());
            return number.then(|| PathArg::Namespace {
                id: id.to_owned(),
                path: path.to_owned(),
            });
        }
        if path.starts_with("id:") && self != Pattern::Write {
            let (id, below) = path.split_at(path.find('/').unwrap_or(path.len()));
            return Some(PathArg::Id {
                id: id.to_owned(),
                below: below.to_owned(),
            });
        }
        let rev = path
            .strip_prefix("rev:")
            .filter(|_| self == Pattern::Read)?;
        is_rev(rev).then(|| PathArg::Rev(rev.to_owned()))
    }
}

/// Whether a text has the form of a rev.
pub(super) fn is_rev(text: &str) -> bool {
    text.len() >= 9 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

impl Fields {
    /// A path.
    pub(super) fn path(&mut self, name: &str, pattern: Pattern) -> Result<PathArg, Refusal> {
        let text = self.text(name)?;
        self.check_path(name, &text, pattern)
    }

    /// A path that may be left out or null.
    pub(super) fn optional_path(
        &mut self,
        name: &str,
        pattern: Pattern,
    ) -> Result<Option<PathArg>, Refusal> {
        let text = self.optional_text(name)?;
        text.map(|text| self.check_path(name, &text, pattern))
            .transpose()
    }

    pub(super) fn check_path(
        &self,
        name: &str,
        text: &str,
        pattern: Pattern,
    ) -> Result<PathArg, Refusal> {
        if text == "/" && pattern == Pattern::Root {
            let why = "Specify the root folder as an empty string rather than as \"/\".";
            return Err(self.refuse(name, why));
        }
        let mismatch = || {
            self.refuse(
                name,
                &format!("'{text}' did not match pattern '{}'", pattern.text()),
            )
        };
        pattern.read(text).ok_or_else(mismatch)
    }

    /// A rev that may be left out or null.
    pub(super) fn optional_rev(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let text = self.optional_text(name)?;
        text.map(|text| self.check_rev(name, text)).transpose()
    }

    /// A rev.
    pub(super) fn rev(&mut self, name: &str) -> Result<String, Refusal> {
        let text = self.text(name)?;
        self.check_rev(name, text)
    }

    fn check_rev(&self, name: &str, text: String) -> Result<String, Refusal> {
        if text.len() < 9 {
            return Err(self.refuse(
                name,
                &format!("'{text}' must be at least 9 characters, got {}", text.len()),
            ));
        }
        if !is_rev(&text) {
            return Err(self.refuse(name, &format!("'{text}' did not match pattern '[0-9a-f]+'")));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_takes_its_forms() {
        assert_eq!(Pattern::Root.read(""), Some(PathArg::Path(String::new())));
        assert_eq!(Pattern::Read.read(""), None);
        assert_eq!(Pattern::Read.read("a"), None);
        assert_eq!(Pattern::Read.read("rev:12345678"), None);
        assert_eq!(
            Pattern::Read.read("rev:123456789"),
            Some(PathArg::Rev("123456789".into()))
        );
        assert_eq!(Pattern::Write.read("id:abcd"), None);
        let id = PathArg::Id {
            id: "id:abcd".into(),
            below: "/x".into(),
        };
        assert_eq!(Pattern::WriteOrId.read("id:abcd/x"), Some(id));
        assert_eq!(Pattern::Write.read("ns:x/a"), None);
        assert_eq!(Pattern::Plain.read("id:abcd"), None);
        assert_eq!(Pattern::Plain.read("ns:1/a"), None);
    }
}
