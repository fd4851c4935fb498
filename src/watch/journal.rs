//! What survives the process: which versions of which files are done with, and what became of the others.

mod rows;
mod seen;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use rows::{bytes, delete, keep_all, path_at, put_entries, put_failed, split, stamp_at};
pub(super) use rows::{entries, shown};
pub(super) use seen::{Look, Page, PageChange, Seen, removal_mark};

use super::event::Event;
use super::stamp::Stamp;
use crate::database::{Database, immediate};
use crate::error::{Error, ErrorKind, Result};

/// The layout of the tables. What a later version of the program wrote in another one is not touched.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS watches (
        id INTEGER PRIMARY KEY, format INTEGER NOT NULL, script TEXT NOT NULL, source TEXT NOT NULL,
        skipped INTEGER NOT NULL DEFAULT 0, cursor TEXT, UNIQUE (script, source)
    );
    CREATE TABLE IF NOT EXISTS watch_folders (
        id INTEGER PRIMARY KEY, watch INTEGER NOT NULL, path BLOB NOT NULL, UNIQUE (watch, path)
    );
    CREATE TABLE IF NOT EXISTS watch_files (
        folder INTEGER NOT NULL, name BLOB NOT NULL, stamp BLOB NOT NULL, hash TEXT, PRIMARY KEY (folder, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS watch_events (
        id TEXT PRIMARY KEY, watch INTEGER NOT NULL, state TEXT NOT NULL, failures INTEGER NOT NULL,
        begun INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS watch_event_files (
        event TEXT NOT NULL, path BLOB NOT NULL, before BLOB, after BLOB, hash TEXT, runs INTEGER NOT NULL,
        PRIMARY KEY (event, path)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS watch_looks (
        watch INTEGER PRIMARY KEY, account TEXT, look INTEGER NOT NULL DEFAULT 0, whole INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS watch_seen (
        watch INTEGER NOT NULL, key BLOB NOT NULL, path TEXT NOT NULL, stamp BLOB, hash TEXT, open INTEGER NOT NULL,
        look INTEGER NOT NULL, PRIMARY KEY (watch, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS watch_seen_open ON watch_seen (watch, key) WHERE open = 1;
    CREATE TABLE IF NOT EXISTS watch_own (
        watch INTEGER NOT NULL, mark TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (watch, mark)
    ) WITHOUT ROWID;";

/// Where the journal of a watch is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    /// In `state.db` of this folder, beside what else the program remembers.
    Folder(PathBuf),
    /// In this file.
    File(PathBuf),
    /// In memory: nothing is known after the end of the process.
    Memory,
}

impl JournalPlace {
    /// The file, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join("state.db")),
            Self::File(file) => Some(file.clone()),
            Self::Memory => None,
        }
    }

    pub(super) fn open(&self) -> Result<Database> {
        match self {
            Self::Folder(folder) => Database::in_folder(folder, TABLES),
            Self::File(file) => Database::open(file, TABLES),
            Self::Memory => Database::in_memory(TABLES),
        }
    }
}

/// The part of the journal that is about one source of one script. Nobody else has it open.
pub(super) struct Journal {
    database: Database,
    watch: i64,
    /// What others last changed, as far as was looked.
    version: i64,
    _lock: Option<File>,
}

/// Takes note of versions that are left out.
pub(super) type Skip<'a> = dyn FnMut(&[Kept<'_>]) -> rusqlite::Result<()> + 'a;

/// A version that is done with. `None` is "no such file".
pub(super) struct Kept<'a> {
    pub(super) path: &'a Path,
    pub(super) state: Option<Stamp>,
    pub(super) hash: Option<&'a str>,
}

/// An event that is waiting to be tried again.
pub(super) struct Waiting {
    pub(super) event: Event,
    /// How long from now.
    pub(super) wait: Duration,
}

impl Journal {
    /// Opens the journal of a script and a source.
    ///
    /// # Errors
    /// `conflict` where another process has it, `unsupported` where a later version of the program wrote it, `local_io`.
    pub(super) fn open(place: &JournalPlace, script: &str, source: &str) -> Result<Self> {
        let database = place.open()?;
        let watch = find(&database, script, source)?;
        let lock = match place.file() {
            Some(file) => Some(lock(&file, watch, script)?),
            None => None,
        };
        Ok(Self {
            database,
            watch,
            version: 0,
            _lock: lock,
        })
    }

    /// Tells `each` of the files that are done with, folder by folder.
    pub(super) fn files(&self, mut each: impl FnMut(&Path, Vec<(OsString, Stamp)>)) -> Result<()> {
        const FOLDERS: &str = "SELECT id, path FROM watch_folders WHERE watch = ?1";
        const FILES: &str = "SELECT name, stamp FROM watch_files WHERE folder = ?1";
        self.read(|database| {
            let (mut folders, mut files) = (database.prepare(FOLDERS)?, database.prepare(FILES)?);
            let mut folders = folders.query([self.watch])?;
            while let Some(row) = folders.next()? {
                let folder = path_at(row, 1)?;
                let mut all = Vec::new();
                let mut rows = files.query([row.get::<_, i64>(0)?])?;
                while let Some(row) = rows.next()? {
                    if let Some(stamp) = stamp_at(row, 1)? {
                        all.push((path_at(row, 0)?.into_os_string(), stamp));
                    }
                }
                each(&folder, all);
            }
            Ok(())
        })
    }

    /// The hash of the version of a file that is done with, where it is known.
    pub(super) fn hash(&self, path: &Path) -> Result<Option<String>> {
        self.of_file(path, "hash", |row| row.get(0))
    }

    /// The version of a file that is done with.
    pub(super) fn known(&self, path: &Path) -> Result<Option<Stamp>> {
        self.of_file(path, "stamp", |row| stamp_at(row, 0))
    }

    /// A column of a file that is done with.
    fn of_file<T>(
        &self,
        path: &Path,
        column: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<Option<T>>,
    ) -> Result<Option<T>> {
        let select = format!(
            "SELECT {column} FROM watch_files JOIN watch_folders ON folder = id
            WHERE watch = ?1 AND path = ?2 AND name = ?3"
        );
        let (folder, name) = split(path);
        self.read(|database| {
            let mut select = database.prepare_cached(&select)?;
            let found = select.query_row(params![self.watch, folder, name], read);
            Ok(found.optional()?.flatten())
        })
    }

    /// Forgets which files are done with.
    pub(super) fn forget(&self) -> Result<()> {
        const DELETE: &str = "DELETE FROM watch_files WHERE folder IN (SELECT id FROM watch_folders WHERE watch = ?1)";
        self.write(|transaction| transaction.execute(DELETE, [self.watch]).map(drop))
    }

    /// The events that a former process was at work on, or was to try again. What it was at work on is due now.
    pub(super) fn waiting(&self) -> Result<Vec<Waiting>> {
        const SELECT: &str = "SELECT id, failures, due FROM watch_events
            WHERE watch = ?1 AND state IN ('running', 'failed') ORDER BY begun, id";
        self.read(|database| {
            let mut select = database.prepare(SELECT)?;
            let events = select.query_map([self.watch], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))
            })?;
            let events: Vec<(String, u32, i64)> = events.collect::<rusqlite::Result<_>>()?;
            let now = Timestamp::now().as_millisecond();
            let event = |(id, failures, due): (String, u32, i64)| {
                let wait = u64::try_from(due.saturating_sub(now)).unwrap_or_default();
                Ok(Waiting {
                    event: Event {
                        files: entries(database, &id)?,
                        id,
                        failures,
                        from_before: true,
                    },
                    wait: Duration::from_millis(wait),
                })
            };
            events.into_iter().map(event).collect()
        })
    }

    /// The events that somebody wants tried again since the last question.
    pub(super) fn wanted_again(&mut self) -> Result<Vec<Event>> {
        const SELECT: &str =
            "SELECT id FROM watch_events WHERE watch = ?1 AND state = 'again' ORDER BY begun, id";
        const UPDATE: &str = "UPDATE watch_events SET state = 'failed', failures = 0, due = 0 WHERE watch = ?1 AND state = 'again'";
        let version = self
            .read(|database| database.pragma_query_value(None, "data_version", |row| row.get(0)))?;
        if std::mem::replace(&mut self.version, version) == version {
            return Ok(Vec::new());
        }
        let events: Vec<Event> = self.read(|database| {
            let mut select = database.prepare_cached(SELECT)?;
            let ids = select.query_map([self.watch], |row| row.get(0))?;
            let ids: Vec<String> = ids.collect::<rusqlite::Result<_>>()?;
            let event = |id: String| {
                Ok(Event {
                    files: entries(database, &id)?,
                    id,
                    failures: 0,
                    from_before: false,
                })
            };
            ids.into_iter().map(event).collect()
        })?;
        if !events.is_empty() {
            self.write(|transaction| transaction.execute(UPDATE, [self.watch]).map(drop))?;
        }
        Ok(events)
    }

    /// A run of the script begins with this event.
    pub(super) fn begin(&self, event: &Event) -> Result<()> {
        self.write(|transaction| {
            const INSERT: &str = "INSERT INTO watch_events (id, watch, state, failures, begun) VALUES (?1, ?2, 'running', ?3, ?4)
                ON CONFLICT (id) DO UPDATE SET state = 'running'";
            let now = Timestamp::now().as_second();
            transaction.execute(INSERT, params![event.id, self.watch, event.failures, now])?;
            put_entries(transaction, event)
        })
    }

    /// These versions are done with, beside any event. A loss of power may take that back, a kill does not.
    pub(super) fn keep(&self, kept: &[Kept<'_>]) -> Result<()> {
        if kept.is_empty() {
            return Ok(());
        }
        self.write_lightly(|transaction| keep_all(transaction, self.watch, kept))
    }

    /// One file of an event is done with, while the script goes on. A loss of power may take that back, a kill does not.
    pub(super) fn done_one(&self, event: &str, kept: &Kept<'_>) -> Result<()> {
        self.write_lightly(|transaction| {
            const DELETE: &str = "DELETE FROM watch_event_files WHERE event = ?1 AND path = ?2";
            transaction.execute(DELETE, params![event, bytes(kept.path)])?;
            keep_all(transaction, self.watch, std::slice::from_ref(kept))
        })
    }

    /// All of an event is done with.
    pub(super) fn done(&self, event: &str, kept: &[Kept<'_>]) -> Result<()> {
        self.write(|transaction| {
            delete(transaction, event)?;
            keep_all(transaction, self.watch, kept)
        })
    }

    /// The event is tried again after this time; with files that may be fewer than before.
    pub(super) fn failed(&self, event: &Event, wait: Duration, error: &str) -> Result<()> {
        self.write(|transaction| put_failed(transaction, self.watch, event, wait, error))
    }

    /// An event has come apart into these, which are to be tried one by one.
    pub(super) fn part(&self, event: &str, parts: &[Event], error: &str) -> Result<()> {
        self.write(|transaction| {
            delete(transaction, event)?;
            let mut parts = parts.iter();
            parts.try_for_each(|part| {
                put_failed(transaction, self.watch, part, Duration::ZERO, error)
            })
        })
    }

    /// The event is given up: its versions count as known, and it is kept for a person to look at.
    pub(super) fn dead(&self, event: &Event, kept: &[Kept<'_>], error: &str) -> Result<()> {
        self.write(|transaction| {
            const UPDATE: &str =
                "UPDATE watch_events SET state = 'dead', failures = ?2, error = ?3 WHERE id = ?1";
            transaction.execute(UPDATE, params![event.id, event.failures, error])?;
            put_entries(transaction, event)?;
            keep_all(transaction, self.watch, kept)
        })
    }

    /// There is nothing left of an event.
    pub(super) fn drop_event(&self, event: &str) -> Result<()> {
        self.write(|transaction| delete(transaction, event))
    }

    /// The versions that `each` is told of one lot after the other are left out: they are known, and counted.
    pub(super) fn skip(
        &self,
        each: impl FnOnce(&mut Skip<'_>) -> rusqlite::Result<usize>,
    ) -> Result<usize> {
        let mut count = 0;
        self.write(|transaction| {
            const UPDATE: &str = "UPDATE watches SET skipped = skipped + ?2 WHERE id = ?1";
            count = each(&mut |kept| keep_all(transaction, self.watch, kept))?;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            transaction.execute(UPDATE, params![self.watch, count])?;
            Ok(())
        })?;
        Ok(count)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        read(&self.database.lock()).map_err(|error| self.database.error(error))
    }

    /// Without waiting for the disk.
    fn write_lightly(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let synchronous =
            |level| self.read(|database| database.pragma_update(None, "synchronous", level));
        synchronous("NORMAL")?;
        let written = self.write(write);
        synchronous("FULL")?;
        written
    }

    fn write(&self, write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<()> {
        let mut database = self.database.lock();
        let written = immediate(&mut database).and_then(|transaction| {
            write(&transaction)?;
            transaction.commit()
        });
        written.map_err(|error| self.database.error(error))
    }
}

/// The number of a watch; a new one where it is the first time. What it promises holds across a loss of power.
fn find(database: &Database, script: &str, source: &str) -> Result<i64> {
    const INSERT: &str =
        "INSERT OR IGNORE INTO watches (format, script, source) VALUES (?1, ?2, ?3)";
    const SELECT: &str = "SELECT id, format FROM watches WHERE script = ?1 AND source = ?2";
    let find = |connection: &Connection| {
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute(INSERT, params![FORMAT, script, source])?;
        connection.query_row(SELECT, [script, source], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    let (watch, format): (i64, i64) =
        find(&database.lock()).map_err(|error| database.error(error))?;
    if format > FORMAT {
        let message = "the journal was written by a later version of dropscript";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_hint("use that version, or name another journal with `--journal FILE`"));
    }
    Ok(watch)
}

/// A file that is held locked while the process lives, whatever ends it.
fn lock(journal: &Path, watch: i64, script: &str) -> Result<File> {
    let mut path = journal.as_os_str().to_owned();
    path.push(format!(".watch-{watch}"));
    let path = PathBuf::from(path);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io("write", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            let message = format!("`{script}` is watched already");
            Err(Error::new(ErrorKind::Conflict, message).with_hint(
                "end the other `dropscript watch`, or name another journal with `--journal FILE`",
            ))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(Error::io("lock", &path, error)),
    }
}
