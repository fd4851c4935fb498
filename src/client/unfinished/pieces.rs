//! How much has come of the parts that downloads are in the middle of.
//!
//! A process that is killed leaves what it wrote; a system that ends may not, as nothing of it was synced. So a note holds for as long as
//! the system runs that it was made under.

use std::sync::LazyLock;

use rusqlite::{Connection, params};

use super::UnfinishedWork;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS unfinished_download_pieces (
        download INTEGER NOT NULL REFERENCES unfinished_downloads ON DELETE CASCADE,
        offset INTEGER NOT NULL, bytes INTEGER NOT NULL, boot TEXT NOT NULL, PRIMARY KEY (download, offset)
    ) WITHOUT ROWID;";

/// Notes of one download.
#[derive(Debug, Clone)]
pub(crate) struct Pieces {
    pub(super) work: UnfinishedWork,
    pub(super) download: i64,
}

/// What tells one start of the system from another; none where nothing does, and then nothing is noted.
static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
});

impl Pieces {
    /// So many bytes of the part that begins there are written.
    pub(crate) fn written(&self, part: u64, bytes: u64) {
        const WRITE: &str = "INSERT OR REPLACE INTO unfinished_download_pieces
            SELECT id, ?2, ?3, ?4 FROM unfinished_downloads WHERE id = ?1";
        let Some(boot) = &*BOOT else { return };
        let (part, bytes) = (part.cast_signed(), bytes.cast_signed());
        let database = self.work.0.database.lock();
        let written = database
            .prepare_cached(WRITE)
            .and_then(|mut write| write.execute(params![self.download, part, bytes, boot]));
        if let Err(error) = written {
            tracing::warn!(%error, "what was fetched cannot be written down");
        }
    }
}

/// The part that begins there is whole.
pub(super) fn is_whole(database: &Connection, download: i64, part: u64) -> rusqlite::Result<usize> {
    const DELETE: &str =
        "DELETE FROM unfinished_download_pieces WHERE download = ?1 AND offset = ?2";
    let mut delete = database.prepare_cached(DELETE)?;
    delete.execute(params![download, part.cast_signed()])
}

/// How much is there of which parts.
pub(super) fn of(database: &Connection, download: i64) -> rusqlite::Result<Vec<(u64, u64)>> {
    const SELECT: &str =
        "SELECT offset, bytes FROM unfinished_download_pieces WHERE download = ?1 AND boot = ?2";
    let Some(boot) = &*BOOT else {
        return Ok(Vec::new());
    };
    let mut select = database.prepare(SELECT)?;
    let pieces = select.query_map(params![download, boot], |row| {
        let (part, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((part.cast_unsigned(), bytes.cast_unsigned()))
    })?;
    pieces.collect()
}

/// How much of a download is there in parts that are not whole.
pub(super) fn total(database: &Connection, download: i64) -> rusqlite::Result<u64> {
    let pieces = of(database, download)?;
    Ok(pieces.into_iter().map(|(_, bytes)| bytes).sum())
}
