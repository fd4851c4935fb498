//! In the place of the keyring where this build has no support for keyrings.

use crate::error::{Error, ErrorKind, Result};

/// What would fit in.
pub(super) const LARGEST: usize = usize::MAX;

pub(super) fn read(name: &str) -> Result<Option<Vec<u8>>> {
    Err(unsupported(name))
}

pub(super) fn write(name: &str, _: &[u8]) -> Result<()> {
    Err(unsupported(name))
}

pub(super) fn remove(name: &str) -> Result<()> {
    Err(unsupported(name))
}

fn unsupported(name: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the credentials of `{name}` cannot be in a keyring: this build has no support for keyrings"),
    )
    .with_hint("build with the feature `keyring`, or set `credentials = \"file\"` and sign in again")
}
