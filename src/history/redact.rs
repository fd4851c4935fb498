//! What may be kept of a text that somebody else made.

use std::fmt;
use std::sync::Arc;

use crate::script::text_without_secrets;
use crate::secret::Secret;

/// Shorter ones are words that are in other texts too.
const SHORTEST: usize = 6;

/// Secrets that the program knows, which are left out of what is kept; clones share them.
#[derive(Clone, Default)]
pub struct KnownSecrets(Arc<[Secret]>);

impl KnownSecrets {
    /// These secrets; what is too short to be one is left aside.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let is_one = |secret: &Secret| secret.expose().chars().count() >= SHORTEST;
        Self(secrets.into_iter().filter(is_one).collect())
    }

    /// A line without secrets and control characters, cut to so many characters.
    pub(super) fn kept(&self, line: &str, length: usize) -> String {
        let mut text = line.to_owned();
        for secret in self
            .0
            .iter()
            .filter(|secret| line.contains(secret.expose()))
        {
            text = text.replace(secret.expose(), "…");
        }
        // All of it is looked at before it is cut: half a secret does not look like one.
        let text = text_without_secrets(&text);
        let visible = |c: char| match c {
            '\t' => c,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        let mut letters = text.chars();
        let mut kept: String = letters.by_ref().take(length).map(visible).collect();
        if letters.next().is_some() {
            kept.push('…');
        }
        kept
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownSecrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_what_looks_like_a_secret_is_left_out() {
        let known = KnownSecrets::new([Secret::new("hunter2"), Secret::new("a")]);
        for (line, kept) in [
            ("the word is hunter2.", "the word is …."),
            ("12 files sent, all of them", "12 files sent, all of them"),
            ("password: swordfish", "password: …"),
            (
                "{\"access_token\":\"abc\",\"n\":1}",
                "{\"access_token\":\"…\",\"n\":1}",
            ),
            (
                "GET https://example.com/hook/key",
                "GET https://example.com/…",
            ),
            ("Authorization: Bearer abc", "Authorization: Bearer …"),
            ("a\x1b[31mb", "a\u{fffd}[31mb"),
        ] {
            assert_eq!(known.kept(line, 100), kept);
        }
        assert_eq!(known.kept("one two three", 7), "one two…");
    }
}
