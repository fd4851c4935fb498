//! Where a store keeps what it is given, and which of the places a store that may choose has chosen.

use std::fs::File;

use super::folder::{Folder, Holds};
use super::identity;
use super::keyring;
use super::memory::Memory;
use super::place::Place;
use crate::error::{Error, ErrorKind, Result};
use crate::oauth::StoredCredentials;

/// Where a store keeps credentials. What it does may block.
#[derive(Debug)]
pub(super) enum Kind {
    File(Folder),
    Keyring(Folder),
    Auto(Folder),
    Environment(StoredCredentials),
    Memory(Memory),
}

impl Kind {
    pub(super) fn lock(&self, name: &str) -> Result<File> {
        match self {
            Self::File(folder) | Self::Keyring(folder) | Self::Auto(folder) => folder.lock(name),
            Self::Environment(_) | Self::Memory(_) => unreachable!("those have no file to lock"),
        }
    }

    pub(super) fn place(&self, name: &str) -> Option<Place> {
        let (has, place) = match self {
            Self::Keyring(folder) => (folder.has(name, Holds::KeyringMark), Place::Keyring),
            Self::Auto(folder) if in_keyring(folder, name) => (true, Place::Keyring),
            Self::File(folder) | Self::Auto(folder) => {
                let path = folder.path(name, Holds::Credentials);
                let place = Place::File {
                    path,
                    why_no_keyring: None,
                };
                (folder.has(name, Holds::Credentials), place)
            }
            Self::Environment(_) => (true, Place::Environment),
            Self::Memory(memory) => (memory.kept().contains_key(name), Place::Memory),
        };
        has.then_some(place)
    }

    /// What tells the credentials of this name from others.
    pub(super) fn identity(&self, name: &str) -> String {
        let of = |credentials: &StoredCredentials| {
            let token = credentials.refresh_token.as_ref();
            token.or(credentials.access_token.as_ref()).map(identity)
        };
        match self {
            Self::File(folder) | Self::Keyring(folder) | Self::Auto(folder) => {
                let path = folder.path(name, Holds::Credentials);
                path.display().to_string()
            }
            Self::Environment(credentials) => of(credentials).unwrap_or_default(),
            Self::Memory(memory) => {
                let token = memory.kept().get(name).and_then(of);
                // Somebody may sign in to it yet.
                token.unwrap_or_else(|| format!("{:p} {name}", std::ptr::from_ref(memory)))
            }
        }
    }

    pub(super) fn load(&self, name: &str) -> Result<Option<StoredCredentials>> {
        match self {
            Self::Keyring(_) => from_keyring(name),
            Self::Auto(folder) if in_keyring(folder, name) => from_keyring(name),
            Self::File(folder) | Self::Auto(folder) => {
                let Some(bytes) = folder.read(name, Holds::Credentials)? else {
                    return Ok(None);
                };
                let place = format!("`{}`", folder.path(name, Holds::Credentials).display());
                StoredCredentials::from_bytes(&bytes, &place).map(Some)
            }
            Self::Environment(credentials) => Ok(Some(credentials.clone())),
            Self::Memory(memory) => Ok(memory.kept().get(name).cloned()),
        }
    }

    pub(super) fn save(&self, name: &str, credentials: &StoredCredentials) -> Result<Place> {
        match self {
            Self::File(folder) => to_file(folder, name, credentials, None),
            Self::Keyring(folder) => to_keyring(folder, name, credentials),
            Self::Auto(folder) if in_keyring(folder, name) => to_keyring(folder, name, credentials),
            Self::Auto(folder) if folder.has(name, Holds::Credentials) => {
                to_file(folder, name, credentials, None)
            }
            Self::Auto(folder) => to_keyring(folder, name, credentials).or_else(|error| {
                // That this build has no support for keyrings is nothing that went wrong.
                let why = cfg!(feature = "keyring").then(|| error.full_message());
                to_file(folder, name, credentials, why)
            }),
            Self::Environment(_) => Err(Error::new(
                ErrorKind::Unsupported,
                "credentials from the environment cannot be changed",
            )
            .with_hint("change the environment, or use a saved connection")),
            Self::Memory(memory) => {
                memory.kept().insert(name.to_owned(), credentials.clone());
                Ok(Place::Memory)
            }
        }
    }

    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match self {
            Self::File(folder) | Self::Keyring(folder) | Self::Auto(folder) => {
                if matches!(self, Self::Keyring(_)) || folder.has(name, Holds::KeyringMark) {
                    keyring::remove(name)?;
                }
                for holds in [Holds::Credentials, Holds::KeyringMark, Holds::Lock] {
                    folder.remove(name, holds)?;
                }
                Ok(())
            }
            Self::Environment(_) => self.save(name, &StoredCredentials::default()).map(drop),
            Self::Memory(memory) => {
                memory.kept().remove(name);
                Ok(())
            }
        }
    }
}

/// Whether a store that may choose has chosen the keyring. A file beside the mark is one that was about to be removed.
fn in_keyring(folder: &Folder, name: &str) -> bool {
    folder.has(name, Holds::KeyringMark)
}

/// Keeps them in a file, and nowhere else.
fn to_file(
    folder: &Folder,
    name: &str,
    credentials: &StoredCredentials,
    why_no_keyring: Option<String>,
) -> Result<Place> {
    let path = folder.write(name, Holds::Credentials, &credentials.to_bytes())?;
    if folder.has(name, Holds::KeyringMark) {
        // They are in the file now; a rest in a keyring that cannot be reached is no reason to fail.
        if let Err(error) = keyring::remove(name) {
            tracing::warn!(
                connection = name,
                "old credentials stay behind: {}",
                error.full_message()
            );
        }
        folder.remove(name, Holds::KeyringMark)?;
    }
    Ok(Place::File {
        path,
        why_no_keyring,
    })
}

/// Keeps them in the keyring, and nowhere else.
fn to_keyring(folder: &Folder, name: &str, credentials: &StoredCredentials) -> Result<Place> {
    keyring::write(name, &fitted(credentials, keyring::LARGEST))?;
    // From here on a store that may choose looks into the keyring only.
    if !folder.has(name, Holds::KeyringMark) {
        folder.write(name, Holds::KeyringMark, b"")?;
    }
    folder.remove(name, Holds::Credentials)?;
    Ok(Place::Keyring)
}

fn from_keyring(name: &str) -> Result<Option<StoredCredentials>> {
    let Some(bytes) = keyring::read(name)? else {
        return Ok(None);
    };
    StoredCredentials::from_bytes(&bytes, "the keyring").map(Some)
}

/// The written form, without the access token where it would be too long with it: that one can be bought again.
fn fitted(credentials: &StoredCredentials, largest: usize) -> Vec<u8> {
    let whole = credentials.to_bytes();
    if whole.len() <= largest || credentials.refresh_token.is_none() {
        return whole;
    }
    StoredCredentials {
        access_token: None,
        obtained: None,
        expires: None,
        ..credentials.clone()
    }
    .to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_token_that_is_too_long_for_the_keyring_is_left_out() {
        let credentials = StoredCredentials {
            refresh_token: Some(Secret::new("r")),
            access_token: Some(Secret::new("a".repeat(2_000))),
            proxy_password: Some(Secret::new("p")),
            ..StoredCredentials::default()
        };
        let read = |largest| {
            let written = fitted(&credentials, largest);
            assert!(written.len() <= largest);
            StoredCredentials::from_bytes(&written, "a test").expect("sound")
        };
        assert_eq!(read(2_560), credentials);
        let cut = read(1_000);
        assert!(cut.access_token.is_none() && cut.refresh_token.is_some());
        assert_eq!(cut.proxy_password, credentials.proxy_password);
    }
}
