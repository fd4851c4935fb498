//! Uploads of large files: the session that what was sent went to, and the parts that were sent.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::super::content_hash::PartHash;
use super::parts::Parts;
use super::{UnfinishedWork, immediate};
use crate::error::Result;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS unfinished_uploads (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
        version TEXT NOT NULL, size INTEGER NOT NULL, session TEXT NOT NULL, begun INTEGER NOT NULL,
        UNIQUE (account, source, target)
    );
    CREATE TABLE IF NOT EXISTS unfinished_upload_parts (
        upload INTEGER NOT NULL REFERENCES unfinished_uploads ON DELETE CASCADE,
        offset INTEGER NOT NULL, bytes INTEGER NOT NULL, blocks BLOB NOT NULL, PRIMARY KEY (upload, offset)
    ) WITHOUT ROWID;";

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
pub(in crate::client) struct Task {
    pub(in crate::client) account: String,
    pub(in crate::client) source: String,
    pub(in crate::client) target: String,
    /// What tells this version of the source from others.
    pub(in crate::client) version: String,
    pub(in crate::client) size: u64,
}

/// An upload that somebody began.
#[derive(Debug)]
pub(in crate::client) struct Begun {
    pub(in crate::client) session: String,
    /// What was sent: where it begins, and its hash.
    pub(in crate::client) parts: Vec<(u64, PartHash)>,
    pub(in crate::client) note: Note,
}

/// Where an upload under way notes what was sent; without a place it notes nothing.
#[derive(Debug, Clone, Default)]
pub(in crate::client) struct Note(Option<(UnfinishedWork, i64)>);

impl UnfinishedWork {
    /// Uploads that are unfinished, the oldest first.
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
                    active: self.is_alive(&owner),
                    sent: row.get::<_, i64>(5)?.cast_unsigned(),
                })
            })?;
            uploads.collect()
        };
        read().map_err(|error| self.0.database.error(error))
    }

    /// Takes up what an earlier run left of this upload. What it left of another version of the file is forgotten.
    pub(in crate::client) fn take_up(&self, task: &Task) -> Option<Begun> {
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
        if self.is_alive(&owner) {
            return Ok(None);
        }
        if version != task.version {
            transaction.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])?;
            transaction.commit()?;
            return Ok(None);
        }
        let take = "UPDATE unfinished_uploads SET owner = ?2 WHERE id = ?1";
        transaction.execute(take, params![id, self.0.process.name()])?;
        let parts = Parts::Sent.of(&transaction, id)?;
        transaction.commit()?;
        let note = Note(Some((self.clone(), id)));
        Ok(Some(Begun {
            session,
            parts,
            note,
        }))
    }

    /// Notes that an upload was begun, unless one of the same is under way.
    pub(in crate::client) fn begin(&self, task: &Task, session: &str) -> Note {
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
    pub(in crate::client) fn sent(&self, offset: u64, bytes: u64, hash: &PartHash) {
        self.write(|database, id| Parts::Sent.put(database, id, offset, bytes, hash));
    }

    /// There is nothing left to go on with.
    pub(in crate::client) fn over(&self) {
        self.write(|database, id| {
            database.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])
        });
    }

    /// Leaves it to whoever takes it up next, this process too.
    pub(in crate::client) fn release(&self) {
        self.write(|database, id| {
            database.execute(
                "UPDATE unfinished_uploads SET owner = '' WHERE id = ?1",
                [id],
            )
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

/// Forgets uploads that were begun before that second and that nobody is at work on; gives how many.
pub(super) fn forget_dead(
    transaction: &Transaction<'_>,
    before: i64,
    is_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<usize> {
    let all: Vec<(i64, String)> = {
        let select = "SELECT id, owner FROM unfinished_uploads WHERE begun < ?1";
        let mut select = transaction.prepare(select)?;
        let all = select.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?;
        all.collect::<rusqlite::Result<_>>()?
    };
    let mut count = 0;
    for (id, _) in all.into_iter().filter(|(_, owner)| !is_alive(owner)) {
        count += transaction.execute("DELETE FROM unfinished_uploads WHERE id = ?1", [id])?;
    }
    Ok(count)
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
