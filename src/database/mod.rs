//! The database of the state folder, `state.db`, which several processes share: each part of the program opens it with tables of its own.

mod process;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(crate) use process::Process;

use crate::error::{Error, ErrorKind, Result};

/// How long another process may be in the middle of something.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a database, for one thread at a time.
///
/// What is committed survives a process that is killed. A loss of power may take the last commits, but leaves the database whole;
/// whoever cannot do without them asks for `PRAGMA synchronous = FULL`.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Database {
    /// Opens `state.db` in this folder, with these tables (`CREATE TABLE IF NOT EXISTS ...`). Folder and file are made if they are missing,
    /// for this user only.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened or written.
    pub(crate) fn in_folder(folder: &Path, tables: &str) -> Result<Self> {
        private_folder(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        Self::open(&folder.join("state.db"), tables)
    }

    /// Opens the database in this file.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened or written.
    pub(crate) fn open(path: &Path, tables: &str) -> Result<Self> {
        private_file(path).map_err(|error| Error::io("write", path, error))?;
        let connection = prepare(path, tables).map_err(|error| unusable(path, error))?;
        Ok(Self {
            connection: Mutex::new(connection),
            path: path.to_owned(),
        })
    }

    /// Opens a database that is gone when it is dropped.
    ///
    /// # Errors
    /// `local_io` where there is no memory for it.
    pub(crate) fn in_memory(tables: &str) -> Result<Self> {
        let path = Path::new(":memory:");
        let connection = prepare(path, tables).map_err(|error| unusable(path, error))?;
        Ok(Self {
            connection: Mutex::new(connection),
            path: path.to_owned(),
        })
    }

    /// The connection. A thread that panicked while it had it left no half of a transaction.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a failure of the database is to people.
    pub(crate) fn error(&self, error: rusqlite::Error) -> Error {
        unusable(&self.path, error)
    }
}

/// A transaction that nobody else writes beside.
pub(crate) fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn prepare(path: &Path, tables: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // The last process to end would wait for the disk, three times over; so the log stays until there is something to gain.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(tables)?;
    Ok(connection)
}

fn unusable(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display().to_string();
    Error::new(
        ErrorKind::LocalIo,
        format!("cannot use the state in `{path}`"),
    )
    .with_path(path)
    .with_source(error)
    .with_hint("if it is damaged, move it away: a new one is made")
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

/// Opens a file, made if it is missing, which nobody else can read. The files that `SQLite` lays beside one take on its mode.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_share_a_file_that_nobody_else_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("state");
        let first = Database::in_folder(&place, "CREATE TABLE IF NOT EXISTS a (x)").expect("one");
        let second = Database::in_folder(&place, "CREATE TABLE IF NOT EXISTS b (x)").expect("two");
        let insert = |database: &Database, table: &str| {
            let mut connection = database.lock();
            let transaction = immediate(&mut connection).expect("a transaction");
            let insert = format!("INSERT INTO {table} VALUES (1)");
            transaction.execute(&insert, []).expect("a row");
            transaction.commit().expect("it is written");
        };
        insert(&first, "a");
        insert(&second, "b");
        insert(&second, "a");
        let count: i64 = first
            .lock()
            .query_row("SELECT count(*) FROM a", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(count, 2);
        #[cfg(unix)]
        for path in fs::read_dir(&place).expect("its files") {
            use std::os::unix::fs::PermissionsExt as _;
            let path = path.expect("a file").path();
            let mode = fs::metadata(&path)
                .expect("it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn what_is_no_database_says_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("state.db"), [b'x'; 8192]).expect("a file");
        let error = Database::in_folder(folder.path(), "").expect_err("it is damaged");
        assert_eq!(error.kind(), ErrorKind::LocalIo);
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("move it away"))
        );
    }
}
