//! Which source each target of a call is for: no two sources may become one file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind};

/// The reason for a source that stands for the same file as one before.
pub(super) const NAMED_TWICE: &str = "named twice";

/// The targets that are taken, each with its source.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashMap<String, String>>);

/// What came of a claim.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The target is this source's now.
    Granted,
    /// This very source has it already.
    Again,
    /// Another source has it.
    Taken(String),
}

impl Claims {
    /// Claims a target for a source.
    pub(super) fn claim(&self, target: String, source: &str) -> Claim {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match claims.entry(target) {
            Entry::Vacant(free) => {
                free.insert(source.to_owned());
                Claim::Granted
            }
            Entry::Occupied(taken) if taken.get() == source => Claim::Again,
            Entry::Occupied(taken) => Claim::Taken(taken.get().clone()),
        }
    }
}

/// The error for a source whose target is another's.
pub(super) fn clash(source: &str, other: &str, target: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("`{other}` and `{source}` would both become `{target}`"),
    )
    .with_path(source)
    .with_hint("rename one of them, or give them different destinations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_one_source() {
        let claims = Claims::default();
        let claim = |target: &str, source| claims.claim(target.to_owned(), source);
        assert_eq!(claim("x", "/a/x"), Claim::Granted);
        assert_eq!(claim("y", "/b/x"), Claim::Granted);
        assert_eq!(claim("x", "/a/x"), Claim::Again);
        assert_eq!(claim("x", "/b/x"), Claim::Taken("/a/x".to_owned()));
    }
}
