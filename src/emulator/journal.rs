//! The log of every tree in a database, and all else that was promised, so that a directory comes back as it was left: ids, revs,
//! history, cursors, tokens, sessions, links.
//!
//! An answer waits until its changes are here, and only then is the directory brought up to date: whatever kills the process,
//! nothing that was answered is lost. What the directory may have missed is known by its number, and is made up for at the start.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::blob::{Blob, BlobFile};
use super::private;
use super::state::State;
use super::state::kept::{Known, Unwritten, UnwrittenTree};
use super::state::register::Entry;
use super::state::tree::{Change, FileNode, FolderNode, Holds, Node};

/// How long another emulator may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// The steps from each version of the tables to the next; an empty database is of version 0.
const STEPS: [&str; 5] = [
    "CREATE TABLE accounts (number INTEGER PRIMARY KEY, name TEXT NOT NULL, id TEXT NOT NULL, shown INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE changes (
        account INTEGER NOT NULL, sequence INTEGER NOT NULL, lower TEXT NOT NULL, display TEXT NOT NULL,
        id TEXT, rev TEXT, client_modified INTEGER, server_modified INTEGER, content_hash TEXT, size INTEGER, blob TEXT,
        deleted INTEGER, PRIMARY KEY (account, sequence)
    ) WITHOUT ROWID;
    CREATE TABLE mint (random INTEGER NOT NULL, revs INTEGER NOT NULL);
    INSERT INTO mint VALUES (0, 0);",
    // Four members of the team come behind the main account.
    "UPDATE accounts SET number = -number - 4 WHERE number > 0;
    UPDATE accounts SET number = -number WHERE number < 0;
    UPDATE changes SET account = -account - 4 WHERE account > 0;
    UPDATE changes SET account = -account WHERE account < 0;",
    "CREATE TABLE entries (
        kind TEXT NOT NULL, key TEXT NOT NULL, part INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key, part)
    ) WITHOUT ROWID;",
    // From seconds to microseconds.
    "UPDATE changes SET client_modified = client_modified * 1000000",
    // Nothing changes but what may come: with neither an id nor a time of deletion, what was deleted before is forgotten.
    "",
];

/// The database, and where the contents lie that it speaks of.
#[derive(Debug)]
pub(super) struct Journal {
    database: Mutex<Connection>,
    blobs: PathBuf,
}

impl Journal {
    /// Opens the database in the state folder, and makes it if it is missing.
    pub(super) fn open(folder: &Path, blobs: PathBuf) -> io::Result<Journal> {
        let path = folder.join("state.db");
        // There are tokens in it. The files that SQLite lays beside it take on its mode.
        private::file(&path)?;
        let mut database = Connection::open(path).map_err(io::Error::other)?;
        let prepare = |database: &mut Connection| -> rusqlite::Result<usize> {
            // Two emulators would overwrite each other's log.
            database.busy_timeout(PATIENCE)?;
            database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            // With a write-ahead log a killed process loses nothing that was committed.
            database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            database.pragma_update(None, "synchronous", "NORMAL")?;
            // It is synced at checkpoints, which everybody waits for: at each 40 MB.
            database.pragma_update(None, "wal_autocheckpoint", 10_000)?;
            database.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
            let version = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let Some(missing @ [_, ..]) = STEPS.get(version..) else {
                return Ok(version);
            };
            let transaction = database.transaction()?;
            for step in missing {
                transaction.execute_batch(step)?;
            }
            transaction.pragma_update(None, "user_version", STEPS.len())?;
            transaction.commit()?;
            Ok(STEPS.len())
        };
        let version = prepare(&mut database).map_err(told)?;
        if version > STEPS.len() {
            return Err(io::Error::other(format!(
                "`state.db` is of version {version}, this emulator knows version {} and those before it: serve the directory \
                 with the newer one that wrote it",
                STEPS.len()
            )));
        }
        Ok(Journal {
            database: Mutex::new(database),
            blobs,
        })
    }

    /// The names of the files that hold some version's contents.
    pub(super) fn blobs(&self) -> io::Result<HashSet<String>> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let names = || -> rusqlite::Result<HashSet<String>> {
            let mut names = database.prepare("SELECT blob FROM changes WHERE blob IS NOT NULL")?;
            names.query_map([], |row| row.get(0))?.collect()
        };
        names().map_err(io::Error::other)
    }

    /// Writes down what happened, all of it or nothing.
    pub(super) fn append(&self, unwritten: &Unwritten) -> io::Result<()> {
        self.write(|database| {
            for account in &unwritten.accounts {
                let known = "INSERT OR IGNORE INTO accounts (number, name, id) VALUES (?1, ?2, ?3)";
                database.prepare_cached(known)?.execute(params![
                    account.number,
                    account.name,
                    account.id
                ])?;
            }
            for tree in &unwritten.trees {
                for (sequence, change) in (tree.first..).zip(&tree.changes) {
                    insert(database, tree.account, sequence, change)?;
                }
                if tree.from_directory {
                    mark_shown(database, tree)?;
                }
            }
            for entry in &unwritten.entries {
                write_entry(database, entry)?;
            }
            let (random, revs) = unwritten.mint;
            let update = "UPDATE mint SET random = ?1, revs = ?2";
            database
                .prepare_cached(update)?
                .execute(params![random.cast_signed(), revs.cast_signed()])?;
            Ok(())
        })
    }

    /// Writes down that the directories show all of this.
    pub(super) fn shown(&self, trees: &[UnwrittenTree]) -> io::Result<()> {
        self.write(|database| {
            for tree in trees {
                mark_shown(database, tree)?;
            }
            Ok(())
        })
    }

    fn write(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> io::Result<()> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let write = || {
            let transaction = database.transaction()?;
            work(&transaction)?;
            transaction.commit()
        };
        write().map_err(io::Error::other)
    }

    /// Brings back everything. Gives what the directories may not show yet.
    pub(super) fn load(&self, state: &mut State) -> io::Result<Vec<UnwrittenTree>> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let mut load = || -> rusqlite::Result<Vec<UnwrittenTree>> {
            let mint = "SELECT random, revs FROM mint";
            let mint = database.query_row(mint, [], |row| Ok((row.get(0)?, row.get(1)?)));
            let mint: Option<(i64, i64)> = mint.optional()?;
            let mut accounts =
                database.prepare("SELECT number, name, id, shown FROM accounts ORDER BY number")?;
            let accounts: Vec<(Known, usize)> = accounts
                .query_map([], |row| {
                    let known = Known {
                        number: row.get(0)?,
                        name: row.get(1)?,
                        id: row.get(2)?,
                    };
                    Ok((known, row.get(3)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            for (account, _) in &accounts {
                state.restore_account(account);
            }
            let mut changes = database.prepare(
                "SELECT account, lower, display, id, rev, client_modified, server_modified, content_hash, size, blob, deleted
                 FROM changes ORDER BY account, sequence",
            )?;
            let changes = changes.query_map([], |row| Ok((row.get(0)?, self.change(row)?)))?;
            for change in changes {
                let (account, change) = change?;
                state.replay(account, change);
            }
            self.load_entries(&database, state)?;
            if let Some((random, revs)) = mint.filter(|(_, revs)| *revs > 0) {
                state
                    .mint
                    .resume(random.cast_unsigned(), revs.cast_unsigned());
            }
            let mut missed = state.take_unwritten_trees();
            for tree in &mut missed {
                let shown = accounts
                    .iter()
                    .find(|(known, _)| known.number == tree.account)
                    .map_or(0, |(_, shown)| *shown);
                tree.changes.drain(..shown.min(tree.changes.len()));
                tree.first = shown;
            }
            Ok(missed)
        };
        load().map_err(io::Error::other)
    }

    fn load_entries(&self, database: &Connection, state: &mut State) -> rusqlite::Result<()> {
        let select = "SELECT kind, key, part, value FROM entries ORDER BY kind, key, part";
        let mut entries = database.prepare(select)?;
        let mut entries = entries.query([])?;
        let mut first = true;
        while let Some(row) = entries.next()? {
            // Before there is any, as in the first version, what the accounts brought stays.
            if std::mem::take(&mut first) {
                state.clear_entries();
            }
            let (kind, key): (String, String) = (row.get(0)?, row.get(1)?);
            let (part, value): (u64, String) = (row.get(2)?, row.get(3)?);
            let restored = state.restore_entry(&kind, key, part, &value, &self.blobs);
            restored.map_err(|error| {
                let why = format!("a {kind} in `state.db` cannot be read: {error}");
                rusqlite::Error::FromSqlConversionFailure(
                    3,
                    rusqlite::types::Type::Text,
                    why.into(),
                )
            })?;
        }
        state.restored();
        Ok(())
    }

    /// The change in a row.
    fn change(&self, row: &Row<'_>) -> rusqlite::Result<Change> {
        let time = |column: &str| -> rusqlite::Result<Timestamp> {
            Ok(Timestamp::from_second(row.get(column)?).unwrap_or_default())
        };
        let (lower, display): (String, String) = (row.get("lower")?, row.get("display")?);
        let id: Option<String> = row.get("id")?;
        let blob: Option<String> = row.get("blob")?;
        let now = match (id, blob) {
            (None, _) if row.get::<_, Option<i64>>("deleted")?.is_none() => Holds::Forgotten,
            (None, _) => Holds::Nothing(time("deleted")?),
            (Some(id), None) => {
                let display = display.clone();
                Holds::Node(Node::Folder(Arc::new(FolderNode { display, id })))
            }
            (Some(id), Some(blob)) => {
                let file = Arc::new(BlobFile::adopt(self.blobs.join(blob)));
                Holds::Node(Node::File(Arc::new(FileNode {
                    display: display.clone(),
                    id,
                    rev: row.get("rev")?,
                    client_modified: Timestamp::from_microsecond(row.get("client_modified")?)
                        .unwrap_or_default(),
                    server_modified: time("server_modified")?,
                    content_hash: row.get("content_hash")?,
                    blob: Blob::file(file, row.get::<_, i64>("size")?.cast_unsigned()),
                })))
            }
        };
        Ok(Change {
            lower,
            display,
            now,
        })
    }
}

fn told(error: rusqlite::Error) -> io::Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => io::Error::new(
            io::ErrorKind::ResourceBusy,
            "`state.db` is in use: another emulator serves this directory",
        ),
        _ => io::Error::other(error),
    }
}

fn mark_shown(database: &Connection, tree: &UnwrittenTree) -> rusqlite::Result<()> {
    let update = "UPDATE accounts SET shown = ?2 WHERE number = ?1";
    let shown = tree.first + tree.changes.len();
    let mut update = database.prepare_cached(update)?;
    update.execute(params![tree.account, shown])?;
    Ok(())
}

fn write_entry(database: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let Entry {
        kind,
        key,
        part,
        value,
    } = entry;
    if let Some(value) = value {
        let replace = "INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4)";
        let mut replace = database.prepare_cached(replace)?;
        replace.execute(params![kind, key, part, value])?;
    } else {
        let delete = "DELETE FROM entries WHERE kind = ?1 AND key = ?2";
        let mut delete = database.prepare_cached(delete)?;
        delete.execute(params![kind, key])?;
    }
    Ok(())
}

fn insert(
    database: &Connection,
    account: usize,
    sequence: usize,
    change: &Change,
) -> rusqlite::Result<()> {
    let (node, deleted) = match &change.now {
        Holds::Node(node) => (Some(node), None),
        Holds::Nothing(at) => (None, Some(at.as_second())),
        Holds::Forgotten => (None, None),
    };
    let file = match node {
        Some(Node::File(file)) => Some(file),
        _ => None,
    };
    let blob = file
        .and_then(|file| file.blob.path()?.file_name()?.to_str())
        .map(str::to_owned);
    let insert = "INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    database.prepare_cached(insert)?.execute(params![
        account,
        sequence,
        change.lower,
        change.display,
        node.map(Node::id),
        file.map(|file| &file.rev),
        file.map(|file| file.client_modified.as_microsecond()),
        file.map(|file| file.server_modified.as_second()),
        file.map(|file| &file.content_hash),
        file.map(|file| file.blob.size().cast_signed()),
        blob,
        deleted,
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::state::AccountKind;
    use super::*;

    #[test]
    fn a_directory_from_before_the_team_keeps_its_accounts() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Connection::open(folder.path().join("state.db")).expect("a database");
        database.execute_batch(STEPS[0]).expect("tables");
        let rows = "
            INSERT INTO accounts (number, name, id) VALUES (0, 'main', 'dbid:0'), (1, 'work', 'dbid:1');
            INSERT INTO changes (account, sequence, lower, display, id) VALUES
                (0, 0, '/m', '/M', 'id:m'), (1, 0, '/w', '/W', 'id:w');
            PRAGMA user_version = 1;
        ";
        database.execute_batch(rows).expect("rows");
        drop(database);
        let directory = Some(folder.path().to_owned());
        let mut state = State::new(0, AccountKind::Personal, directory);
        let blobs = folder.path().join("blobs");
        let journal = Journal::open(folder.path(), blobs).expect("a journal");
        journal.load(&mut state).expect("it is read");
        for (name, path) in [("main", "/m"), ("work", "/w")] {
            let home = state.home_named(name);
            assert_eq!(state.tree(home.tree).nodes().count(), 1);
            assert!(state.tree(home.tree).node(path).is_some(), "{name}");
        }
    }
}
