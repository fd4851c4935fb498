//! What uploads leave unfinished, in a database that several processes share, so that the next run goes on where the last one ended.
//!
//! Nothing here is needed to be right: what cannot be written down or read back only costs bytes that are sent again.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::content_hash::PartHash;
use crate::database::{Database, Process, immediate};
use crate::error::Result;

/// How long Dropbox keeps an upload session (SDK documentation, `upload_session/start`).
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS unfinished_uploads (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
        version TEXT NOT NULL, size INTEGER NOT NULL, session TEXT NOT NULL, begun INTEGER NOT NULL,
        UNIQUE (account, source, target)
    );
    CREATE TABLE IF NOT EXISTS unfinished_upload_parts (
        upload INTEGER NOT NULL REFERENCES unfinished_uploads ON DELETE CASCADE,
        offset INTEGER NOT NULL, bytes INTEGER NOT NULL, blocks BLOB NOT NULL, PRIMARY KEY (upload, offset)
    ) WITHOUT ROWID;";

/// Where uploads note what of a large file was sent, for a later run to go on; clones share it.
///
/// Processes may share a folder. What one of them is at work on is not taken up by another.
#[derive(Debug, Clone)]
pub struct UnfinishedWork(Arc<Store>);

#[derive(Debug)]
struct Store {
    database: Database,
    process: Process,
}

/// A large file of which a part was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedUpload {
    /// The local file.
    pub source: String,
    /// Where it goes.
    pub target: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them were sent.
    pub sent: u64,
    /// When that began.
    pub begun: Timestamp,
    /// Whether a process is at work on it.
    pub active: bool,
}

/// What an upload is of, and where it goes: what must be the same for another to go on with it.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) account: String,
    pub(super) source: String,
    pub(super) target: String,
    /// What tells this version of the source from others.
    pub(super) version: String,
    pub(super) size: u64,
}

/// An upload that somebody began.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) session: String,
    /// What was sent: where it begins, and its hash.
    pub(super) parts: Vec<(u64, PartHash)>,
    pub(super) note: Note,
}

/// Where an upload under way notes what was sent; without a place it notes nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Note(Option<(UnfinishedWork, i64)>);

impl UnfinishedWork {
    /// Opens the database `state.db` in this folder; both are made if they are missing, for this user only.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened or written.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let database = Database::in_folder(folder, TABLES)?;
        let process = Process::enroll(folder)?;
        let work = Self(Arc::new(Store { database, process }));
        let oldest = Timestamp::now() - LIFETIME;
        work.forget_dead(oldest.as_second())
            .map_err(|error| work.0.database.error(error))?;
        Ok(work)
    }

    /// What is unfinished, the oldest first.
    ///
    /// # Errors
    /// `local_io` where the database cannot be read.
    pub fn uploads(&self) -> Result<Vec<UnfinishedUpload>> {
        const SELECT: &str = "SELECT source, target, size, begun, owner,
                (SELECT coalesce(sum(bytes), 0) FROM unfinished_upload_parts WHERE upload = id)
            FROM unfinished_uploads ORDER BY begun, id";
        let read = || -> rusqlite::Result<Vec<UnfinishedUpload>> {
            let database = self.0.database.lock();
            let mut select = database.prepare(SELECT)?;
            let uploads = select.query_map([], |row| {
                let owner: String = row.get(4)?;
                Ok(UnfinishedUpload {
                    source: row.get(0)?,
                    target: row.get(1)?,
                    size: row.get::<_, i64>(2)?.cast_unsigned(),
                    begun: Timestamp::from_second(row.get(3)?).unwrap_or_default(),
                    active: self.0.process.is_alive(&owner),
                    sent: row.get::<_, i64>(5)?.cast_unsigned(),
                })
            })?;
            uploads.collect()
        };
        read().map_err(|error| self.0.database.error(error))
    }

    /// Forgets what no process is at work on, and says how many uploads that were. What was sent of them is sent again if they are begun
    /// again; Dropbox forgets it by itself.
    ///
    /// # Errors
    /// `local_io` where the database cannot be written.
    pub fn clear(&self) -> Result<usize> {
        self.forget_dead(i64::MAX)
            .map_err(|error| self.0.database.error(error))
    }

    /// Forgets uploads that were begun before that second and that nobody is at work on.
    fn forget_dead(&self, before: i64) -> rusqlite::Result<usize> {
        let mut database = self.0.database.lock();
        let transaction = immediate(&mut database)?;
        let dead = {
            let select = "SELECT id, owner FROM unfinished_uploads WHERE begun < ?1";
            let mut select = transaction.prepare(select)?;
            let all = select.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let all: Vec<(i64, String)> = all.collect::<rusqlite::Result<_>>()?;
            all.into_iter()
                .filter(|(_, owner)| !self.0.process.is_alive(owner))
        };
        let mut count = 0;
        for (id, _) in dead {
            count += transaction.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])?;
        }
        transaction.commit()?;
        Ok(count)
    }

    /// Takes up what an earlier process left of this upload. What it left of another version of the file is forgotten.
    pub(super) fn take_up(&self, task: &Task) -> Option<Begun> {
        let taken = self.try_take_up(task);
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is unfinished cannot be looked up");
            None
        })
    }

    fn try_take_up(&self, task: &Task) -> rusqlite::Result<Option<Begun>> {
        let mut database = self.0.database.lock();
        let transaction = immediate(&mut database)?;
        let select = "SELECT id, owner, version, session FROM unfinished_uploads
            WHERE account = ?1 AND source = ?2 AND target = ?3";
        let found: Option<(i64, String, String, String)> = transaction
            .query_row(select, [&task.account, &task.source, &task.target], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, owner, version, session)) = found else {
            return Ok(None);
        };
        if self.0.process.is_alive(&owner) {
            return Ok(None);
        }
        if version != task.version {
            transaction.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])?;
            transaction.commit()?;
            return Ok(None);
        }
        let take = "UPDATE unfinished_uploads SET owner = ?2 WHERE id = ?1";
        transaction.execute(take, params![id, self.0.process.name()])?;
        let parts = {
            let select = "SELECT offset, blocks FROM unfinished_upload_parts WHERE upload = ?1 ORDER BY offset";
            let mut select = transaction.prepare(select)?;
            let parts = select.query_map([id], |row| {
                let blocks: Vec<u8> = row.get(1)?;
                let offset = row.get::<_, i64>(0)?.cast_unsigned();
                Ok((offset, PartHash::from_bytes(&blocks)))
            })?;
            parts.collect::<rusqlite::Result<_>>()?
        };
        transaction.commit()?;
        let note = Note(Some((self.clone(), id)));
        Ok(Some(Begun {
            session,
            parts,
            note,
        }))
    }

    /// Notes that an upload was begun, unless one of the same is under way.
    pub(super) fn begin(&self, task: &Task, session: &str) -> Note {
        let insert = "INSERT OR IGNORE INTO unfinished_uploads
            (owner, account, source, target, version, size, session, begun) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let database = self.0.database.lock();
        let begun = database.execute(
            insert,
            params![
                self.0.process.name(),
                task.account,
                task.source,
                task.target,
                task.version,
                task.size.cast_signed(),
                session,
                Timestamp::now().as_second()
            ],
        );
        match begun {
            Ok(1) => Note(Some((self.clone(), database.last_insert_rowid()))),
            Ok(_) => Note::default(),
            Err(error) => {
                tracing::warn!(%error, "if this upload breaks off it cannot be gone on with");
                Note::default()
            }
        }
    }
}

impl Note {
    /// A part was sent.
    pub(super) fn sent(&self, offset: u64, bytes: u64, hash: &PartHash) {
        let insert = "INSERT OR REPLACE INTO unfinished_upload_parts VALUES (?1, ?2, ?3, ?4)";
        self.write(|database, id| {
            let (offset, bytes) = (offset.cast_signed(), bytes.cast_signed());
            let mut insert = database.prepare_cached(insert)?;
            insert.execute(params![id, offset, bytes, hash.to_bytes()])
        });
    }

    /// There is nothing left to go on with.
    pub(super) fn over(&self) {
        self.write(|database, id| {
            database.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])
        });
    }

    fn write(&self, write: impl FnOnce(&Connection, i64) -> rusqlite::Result<usize>) {
        if let Some((work, id)) = &self.0
            && let Err(error) = write(&work.0.database.lock(), *id)
        {
            tracing::warn!(%error, "what was sent cannot be written down");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(version: &str) -> Task {
        Task {
            account: "main".to_owned(),
            source: "/here".to_owned(),
            target: "/there".to_owned(),
            version: version.to_owned(),
            size: 100,
        }
    }

    #[test]
    fn what_a_process_left_is_taken_up_once_it_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = UnfinishedWork::open(folder.path()).expect("a store");
        let note = first.begin(&task("1"), "session");
        note.sent(8, 8, &PartHash::of(b"part"));
        let second = UnfinishedWork::open(folder.path()).expect("a store");
        assert!(second.take_up(&task("1")).is_none(), "it is at work on it");
        assert_eq!(second.clear().expect("a count"), 0);
        let listed = &second.uploads().expect("a list")[0];
        assert_eq!((listed.sent, listed.size, listed.active), (8, 100, true));
        drop((first, note));

        let begun = second.take_up(&task("1")).expect("it is gone");
        assert_eq!(begun.session, "session");
        let hashes: Vec<_> = begun
            .parts
            .iter()
            .map(|(at, hash)| (*at, hash.content_hash()))
            .collect();
        assert_eq!(hashes, [(8, PartHash::of(b"part").content_hash())]);
        begun.note.over();
        assert!(second.uploads().expect("a list").is_empty());
    }

    #[test]
    fn another_version_of_the_file_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = UnfinishedWork::open(folder.path()).expect("a store");
        let note = first.begin(&task("1"), "session");
        drop((first, note));
        let second = UnfinishedWork::open(folder.path()).expect("a store");
        assert!(second.take_up(&task("2")).is_none());
        assert!(
            second.uploads().expect("a list").is_empty(),
            "it is of no use any more"
        );
    }

    #[test]
    fn the_same_upload_twice_at_a_time_is_noted_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let work = UnfinishedWork::open(folder.path()).expect("a store");
        let first = work.begin(&task("1"), "one");
        let second = work.begin(&task("1"), "two");
        second.sent(0, 8, &PartHash::of(b"x"));
        second.over();
        assert_eq!(work.uploads().expect("a list").len(), 1);
        first.over();
        assert!(work.uploads().expect("a list").is_empty());
    }
}
