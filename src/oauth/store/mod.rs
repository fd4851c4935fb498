//! Where credentials are kept between runs.

mod folder;
#[cfg(feature = "keyring")]
mod keyring;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::StoredCredentials;
use crate::error::{Error, ErrorKind, Result};
use folder::{Folder, Holds};

/// How long a store may take: a person may have to unlock the keyring, and whoever holds a lock may be waiting for an answer.
const LONGEST: Duration = Duration::from_secs(120);

/// Keeps the credentials of connections, each under the connection's name.
///
/// Clones are cheap and are the same store. Several processes may use one at the same time.
#[derive(Clone, Debug)]
pub struct TokenStore(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    File(Folder),
    Keyring(Folder),
    Auto(Folder),
    Environment(StoredCredentials),
    Memory(Memory),
}

/// Where credentials were put or found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Why it is not the keyring, where that would have been the choice.
        why_no_keyring: Option<String>,
    },
    /// The keyring of the operating system.
    Keyring,
    /// The environment of the program.
    Environment,
    /// The memory of this process.
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                why_no_keyring,
            } => {
                write!(f, "the file `{}`", path.display())?;
                match why_no_keyring {
                    Some(why) => write!(f, ", since {why}"),
                    None => Ok(()),
                }
            }
            Self::Keyring => f.write_str("the keyring"),
            Self::Environment => f.write_str("the environment"),
            Self::Memory => f.write_str("memory"),
        }
    }
}

impl TokenStore {
    /// A file for each connection in this folder, which is made for this user alone.
    pub fn file(folder: impl Into<PathBuf>) -> Self {
        Self::of(Kind::File(Folder::new(folder.into())))
    }

    /// The keyring of the operating system (feature `keyring`; without it every use is `unsupported`). The folder holds no
    /// credentials, only locks and the note that they are in the keyring.
    pub fn keyring(folder: impl Into<PathBuf>) -> Self {
        Self::of(Kind::Keyring(Folder::new(folder.into())))
    }

    /// The keyring where it works, else a file in this folder. That is decided when the credentials of a connection are first
    /// kept; from then on they stay there, and a keyring that cannot be reached is an error.
    pub fn auto(folder: impl Into<PathBuf>) -> Self {
        Self::of(Kind::Auto(Folder::new(folder.into())))
    }

    /// These credentials, which the program has from its environment, under whatever name; nothing can be kept.
    #[must_use]
    pub fn environment(credentials: StoredCredentials) -> Self {
        Self::of(Kind::Environment(credentials))
    }

    /// The memory of this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::of(Kind::Memory(Memory::default()))
    }

    /// Memory that holds these credentials from the beginning.
    pub(crate) fn holding(name: &str, credentials: StoredCredentials) -> Self {
        let memory = Memory::default();
        memory.kept().insert(name.to_owned(), credentials);
        Self::of(Kind::Memory(memory))
    }

    fn of(kind: Kind) -> Self {
        Self(Arc::new(kind))
    }

    /// The credentials of a connection; `None` where none are kept.
    ///
    /// # Errors
    /// `not_allowed` where others can read or change them; `local_io` where they cannot be read, or the keyring not be reached;
    /// `unsupported` where they are in a keyring and this build has none.
    pub async fn load(&self, name: &str) -> Result<Option<StoredCredentials>> {
        self.aside(name, Kind::load).await
    }

    /// Where the credentials of a connection are; `None` where none are kept.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place> {
        self.0.place(name)
    }

    /// Whether what is kept is there for other processes too.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(*self.0, Kind::Environment(_) | Kind::Memory(_))
    }

    /// Keeps the credentials of a connection in place of those before: whole or not at all. What changes some of them holds the
    /// [`lock`](TokenStore::lock) from before it reads them.
    ///
    /// # Errors
    /// As [`load`](TokenStore::load), and `unsupported` where they are from the environment.
    pub async fn save(&self, name: &str, credentials: &StoredCredentials) -> Result<Place> {
        self.lock(name).await?.save(credentials).await
    }

    /// Keeps what signing in brought, in place of what an earlier sign-in left. A password for the proxy that is kept already stays.
    ///
    /// # Errors
    /// As [`save`](TokenStore::save).
    pub async fn sign_in(&self, name: &str, brought: StoredCredentials) -> Result<Place> {
        let lock = self.lock(name).await?;
        let kept = lock.load().await?.unwrap_or_default();
        let credentials = StoredCredentials {
            app_secret: brought.app_secret.or(kept.app_secret),
            proxy_password: brought.proxy_password.or(kept.proxy_password),
            ..brought
        };
        lock.save(&credentials).await
    }

    /// Forgets the credentials of a connection; fine where there are none.
    ///
    /// # Errors
    /// As [`save`](TokenStore::save).
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.lock(name).await?.remove().await
    }

    /// Waits until nobody else, in this process or another, holds the lock of this connection, and takes it.
    ///
    /// # Errors
    /// `timeout` where somebody holds it for two minutes; otherwise as [`load`](TokenStore::load).
    pub async fn lock(&self, name: &str) -> Result<StoreLock> {
        let held = match &*self.0 {
            Kind::Memory(memory) => Held::Memory(memory.lock(name).await),
            Kind::Environment(_) => Held::Nothing,
            Kind::File(_) | Kind::Keyring(_) | Kind::Auto(_) => {
                Held::File(self.aside(name, Kind::lock).await?)
            }
        };
        Ok(StoreLock {
            store: self.clone(),
            name: name.to_owned(),
            _held: held,
        })
    }

    /// Does what may block on a thread of its own, so that no other work waits for it, nor the end of the program.
    async fn aside<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Kind, &str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (kind, owned) = (Arc::clone(&self.0), name.to_owned());
        let (done, answer) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("credentials".to_owned())
            .spawn(move || done.send(work(&kind, &owned)).is_ok())
            .map_err(|error| {
                Error::new(
                    ErrorKind::LocalIo,
                    "cannot start a thread for the credentials",
                )
                .with_source(error)
            })?;
        match tokio::time::timeout(LONGEST, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::new(
                ErrorKind::LocalIo,
                format!("the store of the credentials of `{name}` failed"),
            )),
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!("the credentials of `{name}` cannot be had: a keyring waits to be unlocked, or another process keeps them locked"),
            )
            .with_hint("look whether a window asks for the keyring's password; `credentials = \"file\"` needs none")),
        }
    }
}

/// The lock of a connection in a store, until it is dropped. Reads and writes the credentials meanwhile.
#[derive(Debug)]
pub struct StoreLock {
    store: TokenStore,
    name: String,
    _held: Held,
}

/// What is released when it is dropped.
#[derive(Debug)]
enum Held {
    Nothing,
    File(#[allow(dead_code, reason = "closing it releases the lock")] File),
    Memory(#[allow(dead_code, reason = "dropping it releases the lock")] OwnedMutexGuard<()>),
}

impl StoreLock {
    /// As [`TokenStore::load`].
    ///
    /// # Errors
    /// The same.
    pub async fn load(&self) -> Result<Option<StoredCredentials>> {
        self.store.load(&self.name).await
    }

    /// As [`TokenStore::save`].
    ///
    /// # Errors
    /// The same.
    pub async fn save(&self, credentials: &StoredCredentials) -> Result<Place> {
        let credentials = credentials.clone();
        let save = move |kind: &Kind, name: &str| kind.save(name, &credentials);
        let place = self.store.aside(&self.name, save).await?;
        if let Place::File {
            why_no_keyring: Some(why),
            ..
        } = &place
        {
            tracing::warn!(
                connection = self.name,
                "credentials are kept in a file: {why}"
            );
        }
        Ok(place)
    }

    /// As [`TokenStore::remove`].
    ///
    /// # Errors
    /// The same.
    pub async fn remove(&self) -> Result<()> {
        self.store.aside(&self.name, Kind::remove).await
    }
}

impl Kind {
    fn lock(&self, name: &str) -> Result<File> {
        match self {
            Self::File(folder) | Self::Keyring(folder) | Self::Auto(folder) => folder.lock(name),
            Self::Environment(_) | Self::Memory(_) => unreachable!("those have no file to lock"),
        }
    }

    fn place(&self, name: &str) -> Option<Place> {
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

    fn load(&self, name: &str) -> Result<Option<StoredCredentials>> {
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

    fn save(&self, name: &str, credentials: &StoredCredentials) -> Result<Place> {
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

    fn remove(&self, name: &str) -> Result<()> {
        match self {
            Self::File(folder) | Self::Keyring(folder) | Self::Auto(folder) => {
                if matches!(self, Self::Keyring(_)) || folder.has(name, Holds::KeyringMark) {
                    remove_from_keyring(name)?;
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
        if let Err(error) = remove_from_keyring(name) {
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
    write_to_keyring(name, credentials)?;
    // From here on a store that may choose looks into the keyring only.
    if !folder.has(name, Holds::KeyringMark) {
        folder.write(name, Holds::KeyringMark, b"")?;
    }
    folder.remove(name, Holds::Credentials)?;
    Ok(Place::Keyring)
}

#[cfg(feature = "keyring")]
fn from_keyring(name: &str) -> Result<Option<StoredCredentials>> {
    let Some(bytes) = keyring::read(name)? else {
        return Ok(None);
    };
    StoredCredentials::from_bytes(&bytes, "the keyring").map(Some)
}

#[cfg(feature = "keyring")]
fn write_to_keyring(name: &str, credentials: &StoredCredentials) -> Result<()> {
    keyring::write(name, &fitted(credentials, keyring::LARGEST))
}

#[cfg(feature = "keyring")]
fn remove_from_keyring(name: &str) -> Result<()> {
    keyring::remove(name)
}

#[cfg(not(feature = "keyring"))]
fn from_keyring(name: &str) -> Result<Option<StoredCredentials>> {
    Err(no_keyring(name))
}

#[cfg(not(feature = "keyring"))]
fn write_to_keyring(name: &str, _: &StoredCredentials) -> Result<()> {
    Err(no_keyring(name))
}

#[cfg(not(feature = "keyring"))]
fn remove_from_keyring(name: &str) -> Result<()> {
    Err(no_keyring(name))
}

#[cfg(not(feature = "keyring"))]
fn no_keyring(name: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the credentials of `{name}` cannot be in a keyring: this build has no support for keyrings"),
    )
    .with_hint("build with the feature `keyring`, or set `credentials = \"file\"` and sign in again")
}

/// The written form, without the access token where it would be too long with it: that one can be bought again.
#[cfg(any(test, feature = "keyring"))]
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

/// The credentials and locks of a store in memory.
#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<HashMap<String, StoredCredentials>>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, StoredCredentials>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        lock.lock_owned().await
    }
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
