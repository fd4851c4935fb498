//! What is known of a folder at Dropbox: each file as it was when the cursor was where it is.
//!
//! A row is open while what is there may differ from what is done with. The cursor moves in the transaction that opens rows, so
//! that no change is between the two, whatever ends the process.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::rows::{bytes, keep_all, path_at, stamp_at};
use super::{Journal, Kept};
use crate::Result;
use crate::watch::stamp::Stamp;

/// What is known of how far the folder was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::watch) struct Look {
    /// Where the next question begins; without one all is listed.
    pub(in crate::watch) cursor: Option<String>,
    /// Which full look this is.
    pub(in crate::watch) number: i64,
    /// Whether it has come to its end: what it did not see is gone.
    pub(in crate::watch) is_whole: bool,
}

/// A file as it was last seen. `None` is "no such file".
#[derive(Clone, Debug)]
pub(in crate::watch) struct Seen {
    /// What tells it from others, whatever the letter case.
    pub(in crate::watch) key: PathBuf,
    /// As people write it.
    pub(in crate::watch) path: String,
    pub(in crate::watch) stamp: Option<Stamp>,
    pub(in crate::watch) hash: Option<String>,
}

/// A page of changes, and the cursor behind it.
pub(in crate::watch) struct Page<'a> {
    pub(in crate::watch) changes: &'a [PageChange],
    pub(in crate::watch) cursor: &'a str,
    /// Whether nothing comes behind it for now.
    pub(in crate::watch) is_last: bool,
}

/// One change of a page.
pub(in crate::watch) enum PageChange {
    /// There is this file; with what marks it as one that a run wrote itself.
    File(Seen, String),
    /// There is a folder.
    Folder(PathBuf),
    /// Nothing is there, nor below it.
    Gone(PathBuf),
}

/// What a page came to.
#[derive(Default)]
pub(in crate::watch) struct Told {
    /// Files that are there.
    pub(in crate::watch) files: Vec<PathBuf>,
    /// Files and folders that went, with all below them; and those files of them that a run removed itself.
    pub(in crate::watch) gone: Vec<PathBuf>,
    /// Files that a run wrote or removed itself, as they are now: they are done with.
    pub(in crate::watch) own: Vec<(PathBuf, Option<Stamp>)>,
}

const COLUMNS: &str = "key, path, stamp, hash";

impl Journal {
    /// How far the folder was looked at; the account that it was in.
    pub(in crate::watch) fn look(&self) -> Result<(Look, Option<String>)> {
        const SELECT: &str = "SELECT cursor, look, whole, account FROM watches JOIN watch_looks ON watch = id WHERE id = ?1";
        self.read(|database| {
            database.execute(
                "INSERT OR IGNORE INTO watch_looks (watch) VALUES (?1)",
                [self.watch],
            )?;
            database.query_row(SELECT, [self.watch], |row| {
                let look = Look {
                    cursor: row.get(0)?,
                    number: row.get(1)?,
                    is_whole: row.get(2)?,
                };
                Ok((look, row.get(3)?))
            })
        })
    }

    /// Notes the account that the folder is in.
    pub(in crate::watch) fn set_account(&self, account: &str) -> Result<()> {
        const UPDATE: &str = "UPDATE watch_looks SET account = ?2 WHERE watch = ?1";
        self.write(|transaction| {
            transaction
                .execute(UPDATE, params![self.watch, account])
                .map(drop)
        })
    }

    /// The cursor is of no use any more: all is looked at once more, and compared with what is known.
    pub(in crate::watch) fn look_anew(&self) -> Result<()> {
        const UPDATE: &str = "UPDATE watch_looks SET look = look + 1, whole = 0 WHERE watch = ?1";
        self.write(|transaction| {
            transaction.execute(
                "UPDATE watches SET cursor = NULL WHERE id = ?1",
                [self.watch],
            )?;
            transaction.execute(UPDATE, [self.watch]).map(drop)
        })
    }

    /// Notes a page together with its cursor.
    pub(in crate::watch) fn take_page(&self, page: &Page<'_>) -> Result<Told> {
        let (look, _) = self.look()?;
        let mut told = Told::default();
        self.write_lightly(|transaction| {
            let watch = self.watch;
            for change in page.changes {
                take(transaction, watch, look.number, change, &mut told)?;
            }
            if page.is_last && !look.is_whole {
                let missed = miss(transaction, watch, look.number)?;
                if missed > 0 {
                    told.gone.push(PathBuf::from("/"));
                }
                transaction
                    .execute("UPDATE watch_looks SET whole = 1 WHERE watch = ?1", [watch])?;
            }
            transaction.execute(
                "UPDATE watches SET cursor = ?2 WHERE id = ?1",
                params![watch, page.cursor],
            )?;
            let kept = told.own.iter();
            let kept: Vec<_> = kept
                .map(|(path, state)| Kept {
                    path,
                    state: *state,
                    hash: None,
                })
                .collect();
            keep_all(transaction, watch, &kept)
        })?;
        Ok(told)
    }

    /// The files that are gone at and below a path, and that somebody has yet to be told of.
    pub(in crate::watch) fn lost(&self, key: &Path) -> Result<Vec<PathBuf>> {
        const SELECT: &str = "SELECT key FROM watch_seen
            WHERE watch = ?1 AND stamp IS NULL AND open = 1 AND (key = ?2 OR (key > ?3 AND key < ?4))";
        let (from, to) = range_below(key);
        self.read(|database| {
            let mut select = database.prepare_cached(SELECT)?;
            let keys = select.query_map(params![self.watch, bytes(key), from, to], |row| {
                path_at(row, 0)
            })?;
            keys.collect()
        })
    }

    /// A file as it was last seen.
    pub(in crate::watch) fn seen(&self, key: &Path) -> Result<Option<Seen>> {
        let select = format!("SELECT {COLUMNS} FROM watch_seen WHERE watch = ?1 AND key = ?2");
        self.read(|database| {
            let mut select = database.prepare_cached(&select)?;
            let seen = select.query_row(params![self.watch, bytes(key)], seen_at);
            seen.optional()
        })
    }

    /// Some open files behind this one, in the order of their keys.
    pub(in crate::watch) fn open_files(&self, behind: &Path, most: usize) -> Result<Vec<Seen>> {
        let select = format!(
            "SELECT {COLUMNS} FROM watch_seen WHERE watch = ?1 AND key > ?2 AND open = 1 ORDER BY key LIMIT ?3"
        );
        self.read(|database| {
            let mut select = database.prepare_cached(&select)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = select.query_map(params![self.watch, bytes(behind), most], seen_at)?;
            rows.collect()
        })
    }

    /// These files are done with as they are.
    pub(in crate::watch) fn close(&self, keys: &[PathBuf]) -> Result<()> {
        self.close_as(keys, 0)
    }

    /// These files are none that the watch is about, as it is now.
    pub(in crate::watch) fn pass_over(&self, keys: &[PathBuf]) -> Result<()> {
        self.close_as(keys, 2)
    }

    fn close_as(&self, keys: &[PathBuf], open: i64) -> Result<()> {
        const UPDATE: &str = "UPDATE watch_seen SET open = ?3 WHERE watch = ?1 AND key = ?2";
        const DELETE: &str =
            "DELETE FROM watch_seen WHERE watch = ?1 AND key = ?2 AND stamp IS NULL AND open = 0";
        if keys.is_empty() {
            return Ok(());
        }
        self.write_lightly(|transaction| {
            let mut update = transaction.prepare_cached(UPDATE)?;
            let mut delete = transaction.prepare_cached(DELETE)?;
            for key in keys {
                update.execute(params![self.watch, bytes(key), open])?;
                delete.execute(params![self.watch, bytes(key)])?;
            }
            Ok(())
        })
    }

    /// What was passed over is to be looked at once more; or all that is known, where nothing counts as done with any more.
    pub(in crate::watch) fn reopen(&self, all: bool) -> Result<()> {
        const UPDATE: &str = "UPDATE watch_seen SET open = 1 WHERE watch = ?1 AND (?2 OR open = 2)";
        self.write(|transaction| {
            transaction
                .execute(UPDATE, params![self.watch, all])
                .map(drop)
        })
    }

    /// A run is about to be told of a change with this mark, and made it itself.
    pub(in crate::watch) fn mark_own(&self, mark: &str) -> Result<()> {
        const INSERT: &str = "INSERT OR REPLACE INTO watch_own VALUES (?1, ?2, unixepoch())";
        const DELETE: &str =
            "DELETE FROM watch_own WHERE watch = ?1 AND since < unixepoch() - 86400";
        self.write_lightly(|transaction| {
            transaction.execute(DELETE, [self.watch])?;
            transaction
                .execute(INSERT, params![self.watch, mark])
                .map(drop)
        })
    }
}

/// What marks the removal of a file or folder that a run made itself.
pub(in crate::watch) fn removal_mark(key: &Path) -> String {
    format!("- {}", key.display())
}

fn take(
    transaction: &Transaction<'_>,
    watch: i64,
    look: i64,
    change: &PageChange,
    told: &mut Told,
) -> rusqlite::Result<()> {
    const INSERT: &str = "INSERT INTO watch_seen VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT (watch, key) DO UPDATE
        SET open = CASE WHEN stamp IS ?4 THEN open ELSE 1 END, path = ?3, stamp = ?4, hash = ?5, look = ?6";
    match change {
        PageChange::File(seen, mark) => {
            lose(transaction, watch, &seen.key, Which::Below)?;
            let stamp = seen.stamp.map(Stamp::to_bytes);
            let mut insert = transaction.prepare_cached(INSERT)?;
            let key = bytes(&seen.key);
            insert.execute(params![watch, key, seen.path, stamp, seen.hash, look])?;
            // Whoever made the file anew did that after the run, or the run did not remove it after all.
            let is_own = take_mark(transaction, watch, mark)?;
            if is_own {
                told.own.push((seen.key.clone(), seen.stamp));
            }
            if !is_own {
                take_mark(transaction, watch, &removal_mark(&seen.key))?;
            }
            told.files.push(seen.key.clone());
        }
        PageChange::Folder(key) => {
            if lose(transaction, watch, key, Which::Itself)? > 0 {
                told.gone.push(key.clone());
            }
        }
        PageChange::Gone(key) => {
            if take_mark(transaction, watch, &removal_mark(key))? {
                for key in there(transaction, watch, key)? {
                    told.own.push((key, None));
                }
            }
            let lost = lose(transaction, watch, key, Which::Itself)?
                + lose(transaction, watch, key, Which::Below)?;
            if lost > 0 {
                told.gone.push(key.clone());
            }
        }
    }
    Ok(())
}

/// Which of a path and what is below it.
#[derive(Clone, Copy)]
enum Which {
    Itself,
    Below,
}

/// Notes that files are gone, and gives their number.
fn lose(
    transaction: &Transaction<'_>,
    watch: i64,
    key: &Path,
    which: Which,
) -> rusqlite::Result<usize> {
    const ITSELF: &str = "UPDATE watch_seen SET stamp = NULL, hash = NULL, open = 1 WHERE watch = ?1 AND key = ?2 AND stamp NOT NULL";
    const BELOW: &str = "UPDATE watch_seen SET stamp = NULL, hash = NULL, open = 1
        WHERE watch = ?1 AND key > ?2 AND key < ?3 AND stamp NOT NULL";
    match which {
        Which::Itself => transaction
            .prepare_cached(ITSELF)?
            .execute(params![watch, bytes(key)]),
        Which::Below => {
            let (from, to) = range_below(key);
            transaction
                .prepare_cached(BELOW)?
                .execute(params![watch, from, to])
        }
    }
}

/// Notes that the files are gone which this look did not see.
fn miss(transaction: &Transaction<'_>, watch: i64, look: i64) -> rusqlite::Result<usize> {
    const UPDATE: &str = "UPDATE watch_seen SET stamp = NULL, hash = NULL, open = 1 WHERE watch = ?1 AND look <> ?2 AND stamp NOT NULL";
    transaction.execute(UPDATE, params![watch, look])
}

/// The files at and below a path.
fn there(transaction: &Transaction<'_>, watch: i64, key: &Path) -> rusqlite::Result<Vec<PathBuf>> {
    const SELECT: &str = "SELECT key FROM watch_seen
        WHERE watch = ?1 AND stamp NOT NULL AND (key = ?2 OR (key > ?3 AND key < ?4))";
    let (from, to) = range_below(key);
    let mut select = transaction.prepare_cached(SELECT)?;
    let keys = select.query_map(params![watch, bytes(key), from, to], |row| path_at(row, 0))?;
    keys.collect()
}

fn take_mark(transaction: &Transaction<'_>, watch: i64, mark: &str) -> rusqlite::Result<bool> {
    const DELETE: &str = "DELETE FROM watch_own WHERE watch = ?1 AND mark = ?2";
    let taken = transaction
        .prepare_cached(DELETE)?
        .execute(params![watch, mark])?;
    Ok(taken > 0)
}

/// All that is below a folder is between the two.
fn range_below(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let with = |last| [bytes(folder), &[last]].concat();
    // `0` comes right behind the slash.
    (with(b'/'), with(b'0'))
}

fn seen_at(row: &Row<'_>) -> rusqlite::Result<Seen> {
    Ok(Seen {
        key: path_at(row, 0)?,
        path: row.get(1)?,
        stamp: stamp_at(row, 2)?,
        hash: row.get(3)?,
    })
}
