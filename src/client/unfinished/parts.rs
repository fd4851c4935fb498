//! What is noted of the parts of a transfer, the same for both ways: where each begins, how long it is, and its hash.

use rusqlite::{Connection, params};

use super::super::content_hash::PartHash;

/// The table that such notes are in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parts {
    Sent,
    Fetched,
}

impl Parts {
    fn insert(self) -> &'static str {
        match self {
            Self::Sent => "INSERT OR REPLACE INTO unfinished_upload_parts VALUES (?1, ?2, ?3, ?4)",
            Self::Fetched => {
                "INSERT OR REPLACE INTO unfinished_download_parts VALUES (?1, ?2, ?3, ?4)"
            }
        }
    }

    fn select(self) -> &'static str {
        match self {
            Self::Sent => {
                "SELECT offset, blocks FROM unfinished_upload_parts WHERE upload = ?1 ORDER BY offset"
            }
            Self::Fetched => {
                "SELECT offset, blocks FROM unfinished_download_parts WHERE download = ?1 ORDER BY offset"
            }
        }
    }

    /// Notes a part of this transfer.
    pub(super) fn put(
        self,
        database: &Connection,
        transfer: i64,
        offset: u64,
        bytes: u64,
        hash: &PartHash,
    ) -> rusqlite::Result<usize> {
        let (offset, bytes) = (offset.cast_signed(), bytes.cast_signed());
        let mut insert = database.prepare_cached(self.insert())?;
        insert.execute(params![transfer, offset, bytes, hash.to_bytes()])
    }

    /// The parts of this transfer, in their order.
    pub(super) fn of(
        self,
        database: &Connection,
        transfer: i64,
    ) -> rusqlite::Result<Vec<(u64, PartHash)>> {
        let mut select = database.prepare(self.select())?;
        let parts = select.query_map([transfer], |row| {
            let blocks: Vec<u8> = row.get(1)?;
            let offset = row.get::<_, i64>(0)?.cast_unsigned();
            Ok((offset, PartHash::from_bytes(&blocks)))
        })?;
        parts.collect()
    }
}
