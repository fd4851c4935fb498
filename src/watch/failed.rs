//! What was given up: for a person to look at, and to have tried again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::params;

use super::journal::{JournalPlace, entries, shown};
use crate::Result;
use crate::database::{Database, immediate};

/// The files of a journal that were given up, whether somebody watches now or not.
pub struct FailedFiles {
    database: Database,
}

/// A file that the script failed with until the retries were used up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedFile {
    /// Whose it is: the name of the watch.
    pub watch: String,
    /// The event that it came in.
    pub event: String,
    /// The file.
    pub path: PathBuf,
    /// How often a run had it.
    pub attempts: u32,
    /// When it came first.
    pub since: Timestamp,
    /// Why the last run failed.
    pub error: String,
}

impl FailedFiles {
    /// Opens a journal.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened.
    pub fn open(place: &JournalPlace) -> Result<Self> {
        let database = place.open()?;
        Ok(Self { database })
    }

    /// What was given up, of one watch or of all.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be read.
    pub fn list(&self, watch: Option<&str>) -> Result<Vec<FailedFile>> {
        const SELECT: &str = "SELECT script, watch_events.id, begun, error FROM watch_events
            JOIN watches ON watches.id = watch WHERE state = 'dead' AND (?1 IS NULL OR script = ?1) ORDER BY begun, watch_events.id";
        let list = || -> rusqlite::Result<Vec<FailedFile>> {
            let database = self.database.lock();
            let mut select = database.prepare(SELECT)?;
            let events = select.query_map([watch], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
            let events: Vec<(String, String, i64, String)> =
                events.collect::<rusqlite::Result<_>>()?;
            let mut files = Vec::new();
            for (watch, event, begun, error) in events {
                for entry in entries(&database, &event)? {
                    files.push(FailedFile {
                        watch: watch.clone(),
                        event: event.clone(),
                        path: shown(&database, &event, entry.path)?,
                        attempts: entry.runs,
                        since: Timestamp::from_second(begun).unwrap_or_default(),
                        error: error.clone(),
                    });
                }
            }
            Ok(files)
        };
        list().map_err(|error| self.database.error(error))
    }

    /// Has what was given up tried again, by whoever watches, or will; gives the number of files.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn retry(&self, watch: Option<&str>) -> Result<usize> {
        const UPDATE: &str = "UPDATE watch_events SET state = 'again'
            WHERE state = 'dead' AND (?1 IS NULL OR watch IN (SELECT id FROM watches WHERE script = ?1))";
        let count = self.list(watch)?.len();
        let mut database = self.database.lock();
        let retry = immediate(&mut database).and_then(|transaction| {
            transaction.execute(UPDATE, params![watch])?;
            transaction.commit()
        });
        retry.map_err(|error| self.database.error(error))?;
        Ok(count)
    }

    /// The name that a watch of this script has: the script's path without links, so that it is one however it is written.
    #[must_use]
    pub fn watch_of(script: &Path) -> String {
        let real = script
            .canonicalize()
            .or_else(|_| std::path::absolute(script));
        real.unwrap_or_else(|_| script.to_owned())
            .display()
            .to_string()
    }
}
