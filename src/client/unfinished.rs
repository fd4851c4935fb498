//! What transfers of large files leave unfinished, in a database that several processes share, so that the next run goes on where the
//! last one ended.
//!
//! Nothing here is needed to be right: what cannot be written down or read back only costs bytes that go once more.

mod downloads;
mod partial;
mod parts;
mod pieces;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub(super) use downloads::DownloadTask;
pub use downloads::UnfinishedDownload;
pub(crate) use downloads::{Fetched, Partial};
pub(crate) use partial::is_partial;
pub(crate) use pieces::Pieces;
pub use uploads::UnfinishedUpload;
pub(super) use uploads::{Begun, Note, Task};

use crate::database::{Database, Process, immediate};
use crate::error::Result;

/// How long Dropbox keeps an upload session (SDK documentation, `upload_session/start`). What is here of a download is no use for longer
/// either: whoever wanted it would have come back.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where transfers note what of a large file has gone or come, for a later run to go on; clones share it.
///
/// Processes may share a folder. What one of them is at work on is not taken up by another.
#[derive(Debug, Clone)]
pub struct UnfinishedWork(Arc<Store>);

#[derive(Debug)]
struct Store {
    database: Database,
    process: Process,
}

impl UnfinishedWork {
    /// Opens the database `state.db` in this folder; both are made if they are missing, for this user only. What is too old to go on with
    /// is removed.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened or written.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let tables = [uploads::TABLES, downloads::TABLES, pieces::TABLES].concat();
        let database = Database::in_folder(folder, &tables)?;
        let process = Process::enroll(folder)?;
        let work = Self(Arc::new(Store { database, process }));
        let oldest = Timestamp::now() - LIFETIME;
        work.forget_dead(oldest.as_second())
            .map_err(|error| work.0.database.error(error))?;
        Ok(work)
    }

    /// Forgets what no process is at work on, and says how many transfers that were; what is here of downloads is removed. What was sent
    /// of uploads is sent again if they are begun again; Dropbox forgets it by itself.
    ///
    /// # Errors
    /// `local_io` where the database cannot be written.
    pub fn clear(&self) -> Result<usize> {
        self.forget_dead(i64::MAX)
            .map_err(|error| self.0.database.error(error))
    }

    fn forget_dead(&self, before: i64) -> rusqlite::Result<usize> {
        let mut database = self.0.database.lock();
        let transaction = immediate(&mut database)?;
        let is_alive = |owner: &str| self.is_alive(owner);
        let uploads = uploads::forget_dead(&transaction, before, is_alive)?;
        let downloads = downloads::forget_dead(&transaction, before, is_alive)?;
        // First the files: one that were left without a note would be left for ever.
        for file in &downloads {
            partial::remove(file);
        }
        transaction.commit()?;
        Ok(uploads + downloads.len())
    }

    /// Whether somebody is at work on what bears this name.
    fn is_alive(&self, owner: &str) -> bool {
        !owner.is_empty() && self.0.process.is_alive(owner)
    }
}
