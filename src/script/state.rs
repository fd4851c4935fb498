//! What scripts remember between their runs: JSON by script and key, in the state database.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use crate::database::{Database, immediate};
use crate::error::{Error, ErrorKind, Result};

/// Bytes of a key.
const KEY: usize = 256;
/// Bytes of one value.
const VALUE: usize = 1 << 20;
/// Bytes of all that a script remembers.
const ALL: usize = 16 << 20;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS script_state (
        script TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (script, key)
    );";

/// The memory of all scripts of a host. Each call may wait for another process, for some seconds at most.
#[derive(Debug)]
pub(super) enum States {
    /// As long as the host is there.
    Passing(Mutex<BTreeMap<(String, String), String>>),
    /// In the database of a folder.
    Lasting(Lasting),
}

impl States {
    /// A memory in the database of this folder, which is opened when something is to be remembered.
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self::Lasting(Lasting {
            folder,
            opened: Mutex::default(),
        })
    }

    /// A memory that ends with the host.
    pub(super) fn passing() -> Self {
        Self::Passing(Mutex::default())
    }

    /// What a script has under a key.
    ///
    /// # Errors
    /// `local_io` where the database cannot be read.
    pub(super) fn get(&self, script: &str, key: &str) -> Result<Option<String>> {
        match self {
            Self::Passing(kept) => Ok(locked(kept).get(&of(script, key)).cloned()),
            Self::Lasting(kept) => kept.get(script, key),
        }
    }

    /// Keeps a value, in place of the one before.
    ///
    /// # Errors
    /// `invalid_argument` where key, value, or all that the script keeps is too large, `local_io` where it cannot be written.
    pub(super) fn set(&self, script: &str, key: &str, value: &str) -> Result<()> {
        check(key, value)?;
        match self {
            Self::Passing(kept) => {
                let mut kept = locked(kept);
                let others = kept
                    .iter()
                    .filter(|((owner, other), _)| owner == script && other != key);
                let others: usize = others
                    .map(|((_, key), value)| key.len() + value.len())
                    .sum();
                if others + key.len() + value.len() > ALL {
                    return Err(all_too_large());
                }
                kept.insert(of(script, key), value.to_owned());
                Ok(())
            }
            Self::Lasting(kept) => kept.set(script, key, value),
        }
    }

    /// Forgets a key, and says whether there was one.
    ///
    /// # Errors
    /// `local_io` where the database cannot be written.
    pub(super) fn remove(&self, script: &str, key: &str) -> Result<bool> {
        match self {
            Self::Passing(kept) => Ok(locked(kept).remove(&of(script, key)).is_some()),
            Self::Lasting(kept) => kept.remove(script, key),
        }
    }
}

fn of(script: &str, key: &str) -> (String, String) {
    (script.to_owned(), key.to_owned())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state database, which several processes share.
#[derive(Debug)]
pub(super) struct Lasting {
    folder: PathBuf,
    opened: Mutex<Option<Arc<Database>>>,
}

impl Lasting {
    fn get(&self, script: &str, key: &str) -> Result<Option<String>> {
        const SELECT: &str = "SELECT value FROM script_state WHERE script = ?1 AND key = ?2";
        let Some(database) = self.existing()? else {
            return Ok(None);
        };
        let found = database
            .lock()
            .query_row(SELECT, [script, key], |row| row.get(0))
            .optional();
        found.map_err(|error| database.error(error))
    }

    fn set(&self, script: &str, key: &str, value: &str) -> Result<()> {
        const OTHERS: &str =
            "SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))), 0)
            FROM script_state WHERE script = ?1 AND key <> ?2";
        const PUT: &str = "INSERT INTO script_state (script, key, value, changed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (script, key) DO UPDATE SET value = excluded.value, changed = excluded.changed";
        let database = self.opened()?;
        let write = || -> rusqlite::Result<bool> {
            let mut connection = database.lock();
            let transaction = immediate(&mut connection)?;
            let others: u64 = transaction.query_row(OTHERS, [script, key], |row| row.get(0))?;
            if others + (key.len() + value.len()) as u64 > ALL as u64 {
                return Ok(false);
            }
            let now = Timestamp::now().as_second();
            transaction.execute(PUT, params![script, key, value, now])?;
            transaction.commit()?;
            Ok(true)
        };
        match write() {
            Ok(true) => Ok(()),
            Ok(false) => Err(all_too_large()),
            Err(error) => Err(database.error(error)),
        }
    }

    fn remove(&self, script: &str, key: &str) -> Result<bool> {
        const DELETE: &str = "DELETE FROM script_state WHERE script = ?1 AND key = ?2";
        let Some(database) = self.existing()? else {
            return Ok(false);
        };
        let deleted = database.lock().execute(DELETE, [script, key]);
        deleted
            .map(|rows| rows > 0)
            .map_err(|error| database.error(error))
    }

    /// The database, unless nobody has made one yet: who only reads leaves nothing behind.
    fn existing(&self) -> Result<Option<Arc<Database>>> {
        if self.folder.join("state.db").exists() {
            self.opened().map(Some)
        } else {
            Ok(None)
        }
    }

    fn opened(&self) -> Result<Arc<Database>> {
        let mut opened = locked(&self.opened);
        if let Some(database) = &*opened {
            return Ok(Arc::clone(database));
        }
        let database = Arc::new(Database::in_folder(&self.folder, TABLES)?);
        *opened = Some(Arc::clone(&database));
        Ok(database)
    }
}

/// Whether key and value can be kept at all.
///
/// # Errors
/// `invalid_argument` where they are too large, or the key is empty.
pub(super) fn check(key: &str, value: &str) -> Result<()> {
    if key.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "the key of a state is empty",
        ));
    }
    if key.len() > KEY {
        return Err(too_large("the key of a state", KEY, "choose a shorter one"));
    }
    if value.len() > VALUE {
        let what = format!("the value of `{key}`, as JSON,");
        return Err(too_large(
            &what,
            VALUE,
            "keep it in a file, and its path here",
        ));
    }
    Ok(())
}

fn all_too_large() -> Error {
    too_large(
        "all that a script keeps",
        ALL,
        "`state::remove` what is not needed any more, or keep it in a file",
    )
}

fn too_large(what: &str, limit: usize, hint: &str) -> Error {
    let message = format!("{what} is larger than it may be, {limit} bytes");
    Error::new(ErrorKind::InvalidArgument, message).with_hint(hint)
}
