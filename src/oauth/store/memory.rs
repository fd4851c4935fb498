//! Credentials that end with the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::oauth::StoredCredentials;

/// The credentials and locks of a store in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    kept: Mutex<HashMap<String, StoredCredentials>>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    /// The credentials, by the names of their connections.
    pub(super) fn kept(&self) -> MutexGuard<'_, HashMap<String, StoredCredentials>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else holds the lock of this name, and takes it.
    pub(super) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        lock.lock_owned().await
    }
}
