//! Where credentials are kept between runs.

mod folder;
#[cfg_attr(not(feature = "keyring"), path = "no_keyring.rs")]
mod keyring;
mod kind;
mod memory;
mod place;

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::StoredCredentials;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use folder::Folder;
use kind::Kind;
use memory::Memory;
pub use place::Place;

/// How long a store may take: a person may have to unlock the keyring, and whoever holds a lock may be waiting for an answer.
const LONGEST: Duration = Duration::from_secs(120);

/// Keeps the credentials of connections, each under the connection's name.
///
/// Clones are cheap and are the same store. Several processes may use one at the same time.
#[derive(Clone, Debug)]
pub struct TokenStore(Arc<Kind>);

/// What tells a token from others, in this process, without telling it.
pub(super) fn identity(token: &Secret) -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    format!("token {:016x}", KEY.hash_one(token.expose()))
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

    /// What tells the credentials of a connection from those of others, without telling them.
    pub(super) fn identity(&self, name: &str) -> String {
        self.0.identity(name)
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
