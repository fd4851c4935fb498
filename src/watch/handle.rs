//! What runs tell a watcher while they go on.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::queue::{Queue, lock};
use super::roots::place;
use crate::Result;
use crate::client::{RemoteChange, Written};

/// A way to tell a [`Watcher`](super::Watcher) of files while a run goes on, from any thread.
#[derive(Clone)]
pub struct WatchHandle {
    pub(super) queue: Arc<Mutex<Queue>>,
    pub(super) far: Option<Arc<Mutex<Queue>>>,
    /// The account of the folder at Dropbox.
    pub(super) account: String,
}

impl WatchHandle {
    /// Takes one file of a run as done with, whatever becomes of the run. Says whether it is one of its files.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn done(&self, id: &str, path: &Path) -> Result<bool> {
        let queues = std::iter::once(&self.queue).chain(&self.far);
        for queue in queues {
            let mut queue = lock(queue);
            if queue.is_running(id, path) {
                queue.finish_one(id, path)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A run wrote or removed this file itself. That is no change.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn wrote(&self, path: &Path, written: Written<'_>) -> Result<()> {
        match place(path) {
            Ok(path) => lock(&self.queue).wrote(&path, written),
            // Where even its folder is gone, there is nothing to leave out.
            Err(_) => Ok(()),
        }
    }

    /// A run changed this at Dropbox itself. In the folder that is watched that is no change.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn changed(&self, change: &RemoteChange) -> Result<()> {
        match &self.far {
            Some(far) if change.account == self.account => lock(far).changed(&change.what),
            _ => Ok(()),
        }
    }
}
