//! The keyring of the operating system: the Secret Service, the Keychain, the Credential Manager.

use std::sync::Arc;

use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi;

use crate::error::{Error, ErrorKind, Result};

/// The name under which a person finds the entries in the keyring.
const SERVICE: &str = "dropscript";

/// What the keyring takes in one entry. The Credential Manager is the only one with a limit.
pub(super) const LARGEST: usize = if cfg!(windows) { 2_560 } else { 64 << 10 };

/// What is kept for the connection; `None` where there is nothing.
pub(super) fn read(name: &str) -> Result<Option<Vec<u8>>> {
    match entry(name).and_then(|entry| entry.get_secret()) {
        Ok(secret) => Ok(Some(secret)),
        Err(keyring_core::Error::NoEntry) => Ok(None),
        Err(error) => Err(explain("read from", name, &error)),
    }
}

/// Keeps this for the connection, in place of what was there.
pub(super) fn write(name: &str, secret: &[u8]) -> Result<()> {
    entry(name)
        .and_then(|entry| entry.set_secret(secret))
        .map_err(|error| explain("write to", name, &error))
}

/// Forgets what is kept for the connection.
pub(super) fn remove(name: &str) -> Result<()> {
    match entry(name).and_then(|entry| entry.delete_credential()) {
        Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
        Err(error) => Err(explain("remove from", name, &error)),
    }
}

/// A session of its own each time: one that is kept ends with the keyring's service, which may start anew while a script runs.
fn entry(name: &str) -> keyring_core::Result<Entry> {
    system()?.build(SERVICE, name, None)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn system() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    zbus_secret_service_keyring_store::Store::new()
}

#[cfg(target_os = "macos")]
fn system() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    apple_native_keyring_store::keychain::Store::new()
}

#[cfg(windows)]
fn system() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    windows_native_keyring_store::Store::new()
}

fn explain(what: &str, name: &str, error: &keyring_core::Error) -> Error {
    use keyring_core::Error::{Ambiguous, NoStorageAccess, PlatformFailure};
    // Of the other errors some carry what was read.
    let cause = match error {
        NoStorageAccess(cause) | PlatformFailure(cause) => cause.to_string(),
        Ambiguous(_) => "there are several entries for this connection".to_owned(),
        error => error.to_string(),
    };
    Error::new(
        ErrorKind::LocalIo,
        format!("cannot {what} the keyring for `{name}`: {cause}"),
    )
    .with_hint("unlock the keyring, or keep the credentials in a file with `credentials = \"file\"` and sign in again")
}
