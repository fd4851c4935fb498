//! The rows of the journal: how files and events are written down, and read again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::super::event::{Entry, Event};
use super::super::stamp::Stamp;
use super::Kept;

pub(super) fn keep_all(
    transaction: &Transaction<'_>,
    watch: i64,
    kept: &[Kept<'_>],
) -> rusqlite::Result<()> {
    const FOLDER: &str = "INSERT INTO watch_folders (watch, path) VALUES (?1, ?2)
        ON CONFLICT (watch, path) DO UPDATE SET path = path RETURNING id";
    const INSERT: &str = "INSERT OR REPLACE INTO watch_files VALUES (?1, ?2, ?3, ?4)";
    const DELETE: &str = "DELETE FROM watch_files WHERE folder = ?1 AND name = ?2";
    let mut find = transaction.prepare_cached(FOLDER)?;
    let mut insert = transaction.prepare_cached(INSERT)?;
    let mut remove = transaction.prepare_cached(DELETE)?;
    // Files come in the order of their paths, so most are in the same folder as the one before.
    let mut last: Option<(&[u8], i64)> = None;
    for Kept { path, state, hash } in kept {
        let (folder, name) = split(path);
        let id = match last {
            Some((known, id)) if known == folder => id,
            _ => find.query_row(params![watch, folder], |row| row.get(0))?,
        };
        last = Some((folder, id));
        match state {
            Some(stamp) => insert.execute(params![id, name, stamp.to_bytes(), hash])?,
            None => remove.execute(params![id, name])?,
        };
    }
    Ok(())
}

pub(super) fn put_failed(
    transaction: &Transaction<'_>,
    watch: i64,
    event: &Event,
    wait: Duration,
    error: &str,
) -> rusqlite::Result<()> {
    const INSERT: &str = "INSERT INTO watch_events (id, watch, state, failures, begun, due, error) VALUES (?1, ?2, 'failed', ?3, ?4, ?5, ?6)
        ON CONFLICT (id) DO UPDATE SET state = 'failed', failures = ?3, due = ?5, error = ?6";
    let (id, now) = (&event.id, Timestamp::now());
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let due = now.as_millisecond().saturating_add(wait);
    transaction.execute(
        INSERT,
        params![id, watch, event.failures, now.as_second(), due, error],
    )?;
    put_entries(transaction, event)
}

pub(super) fn put_entries(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    const INSERT: &str = "INSERT INTO watch_event_files VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    transaction.execute(
        "DELETE FROM watch_event_files WHERE event = ?1",
        [&event.id],
    )?;
    let mut insert = transaction.prepare_cached(INSERT)?;
    for Entry {
        path,
        before,
        after,
        hash,
        runs,
    } in &event.files
    {
        let stamp = |stamp: &Option<Stamp>| stamp.map(Stamp::to_bytes);
        insert.execute(params![
            event.id,
            bytes(path),
            stamp(before),
            stamp(after),
            hash,
            runs
        ])?;
    }
    Ok(())
}

pub(super) fn delete(transaction: &Transaction<'_>, event: &str) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM watch_event_files WHERE event = ?1", [event])?;
    transaction.execute("DELETE FROM watch_events WHERE id = ?1", [event])?;
    Ok(())
}

pub(in crate::watch) fn entries(
    database: &Connection,
    event: &str,
) -> rusqlite::Result<Vec<Entry>> {
    const SELECT: &str = "SELECT path, before, after, hash, runs FROM watch_event_files WHERE event = ?1 ORDER BY path";
    let mut select = database.prepare_cached(SELECT)?;
    let entries = select.query_map([event], |row| {
        Ok(Entry {
            path: path_at(row, 0)?,
            before: stamp_at(row, 1)?,
            after: stamp_at(row, 2)?,
            hash: row.get(3)?,
            runs: row.get(4)?,
        })
    })?;
    entries.collect()
}

/// The path of a file as people write it, which at Dropbox is not what tells files apart.
pub(in crate::watch) fn shown(
    database: &Connection,
    event: &str,
    path: PathBuf,
) -> rusqlite::Result<PathBuf> {
    const SELECT: &str = "SELECT watch_seen.path FROM watch_seen JOIN watch_events USING (watch)
        WHERE watch_events.id = ?1 AND watch_seen.key = ?2";
    let mut select = database.prepare_cached(SELECT)?;
    let seen = select.query_row(params![event, bytes(&path)], |row| row.get::<_, String>(0));
    Ok(seen.optional()?.map_or(path, PathBuf::from))
}

pub(super) fn stamp_at(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Stamp>> {
    let bytes = row.get_ref(column)?.as_blob_or_null()?;
    Ok(bytes.and_then(Stamp::from_bytes))
}

pub(super) fn path_at(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<PathBuf> {
    row.get(column).map(path)
}

pub(super) fn split(path: &Path) -> (&[u8], &[u8]) {
    let folder = path.parent().map(bytes).unwrap_or_default();
    let name = path.file_name().map(|name| bytes(Path::new(name)));
    (folder, name.unwrap_or_default())
}

/// A path need not be text.
#[cfg(unix)]
pub(super) fn bytes(path: &Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

#[cfg(unix)]
pub(super) fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes))
}

#[cfg(not(unix))]
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(not(unix))]
pub(super) fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}
