//! The table of runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::entry::{Ending, PastRun, RunCounts, RunStart};
use super::recorder::{Ended, Recorder};
use super::redact::KnownSecrets;
use crate::database::{Database, Process, immediate};
use crate::error::Result;

/// How many runs are kept.
const KEPT: i64 = 2_000;

/// How long a run is kept.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, begun INTEGER NOT NULL,
        command TEXT NOT NULL, source TEXT NOT NULL, files INTEGER NOT NULL,
        script TEXT NOT NULL, path TEXT, connection TEXT NOT NULL, emulated INTEGER NOT NULL, dry_run INTEGER NOT NULL,
        ending TEXT, status INTEGER, milliseconds INTEGER,
        transferred INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
        deleted INTEGER NOT NULL DEFAULT 0, planned INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
        output TEXT NOT NULL DEFAULT '', lines INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX IF NOT EXISTS runs_by_age ON runs (begun);";

const COLUMNS: &str = "id, owner, begun, command, source, files, script, path, connection, emulated, dry_run, ending, status,
    milliseconds, transferred, skipped, failed, deleted, planned, bytes, output, lines, error";

/// The runs of the past, in the database `state.db` of a folder that several processes may share; clones are the same.
///
/// The last 2,000 are kept, for 90 days.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dropscript::{Ending, History, Host, RunOptions, RunQuery, RunStart};
///
/// # let folder = tempfile::tempdir()?;
/// let history = History::open(folder.path())?;
/// let recorder = history.begin(&RunStart { script: "hello".to_owned(), ..RunStart::default() });
/// let options = RunOptions { observer: Some(recorder.observer()), ..RunOptions::default() };
/// let result = Host::builder().build()?.eval_with("print(`hello`)", options).await;
/// recorder.end(&result, 0);
///
/// let run = &history.runs(&RunQuery::default())?[0];
/// assert_eq!((run.ending, &run.output[..]), (Ending::Worked, &["hello".to_owned()][..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct History {
    store: Arc<Store>,
    secrets: KnownSecrets,
}

#[derive(Debug)]
struct Store {
    database: Database,
    process: Process,
}

/// Which runs are asked for; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// So many at most, the last ones.
    pub limit: Option<usize>,
    /// Only those that did not come to a good end.
    pub failed: bool,
}

impl History {
    /// Opens the history in this folder, which is made if it is missing, for this user only. What is too old is forgotten.
    ///
    /// # Errors
    /// `local_io` where it cannot be opened or written.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let store = Store {
            database: Database::in_folder(folder, TABLES)?,
            process: Process::enroll(folder)?,
        };
        let history = Self {
            store: Arc::new(store),
            secrets: KnownSecrets::default(),
        };
        history
            .forget_old()
            .map_err(|error| history.store.database.error(error))?;
        Ok(history)
    }

    /// With secrets that are left out wherever they turn up, beside all that looks like one.
    #[must_use]
    pub fn without(mut self, secrets: KnownSecrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Writes down that a run begins. Where that fails there is a warning, and nothing of the run is written down.
    pub fn begin(&self, run: &RunStart) -> Recorder {
        let begun = self.insert(run).inspect_err(|error| {
            tracing::warn!(%error, "this run cannot be written into the history");
        });
        let row = begun.ok().map(|id| (self.clone(), id));
        Recorder::new(row, self.secrets.clone())
    }

    /// The runs, the last one first.
    ///
    /// # Errors
    /// `local_io` where they cannot be read.
    pub fn runs(&self, query: &RunQuery) -> Result<Vec<PastRun>> {
        let only = if query.failed {
            "WHERE ending IS NULL OR ending != 'worked'"
        } else {
            ""
        };
        let select = format!("SELECT {COLUMNS} FROM runs {only} ORDER BY id DESC");
        let mut runs = self.select(&select, [])?;
        if query.failed {
            // Whether one without an end is under way only its process tells.
            runs.retain(|run| run.ending != Ending::Running);
        }
        runs.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(runs)
    }

    /// The run of this number.
    ///
    /// # Errors
    /// `local_io` where it cannot be read.
    pub fn run(&self, id: u64) -> Result<Option<PastRun>> {
        let select = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
        let Ok(id) = i64::try_from(id) else {
            return Ok(None);
        };
        Ok(self.select(&select, [id])?.pop())
    }

    /// Forgets all runs but those under way, and says how many that were.
    ///
    /// # Errors
    /// `local_io` where the database cannot be written.
    pub fn clear(&self) -> Result<usize> {
        self.forget("TRUE", [])
            .map_err(|error| self.store.database.error(error))
    }

    fn select(&self, select: &str, values: impl rusqlite::Params) -> Result<Vec<PastRun>> {
        let read = || -> rusqlite::Result<Vec<PastRun>> {
            let database = self.store.database.lock();
            let mut select = database.prepare(select)?;
            let runs = select.query_map(values, |row| past_run(row, &self.store.process))?;
            runs.collect()
        };
        read().map_err(|error| self.store.database.error(error))
    }

    fn insert(&self, run: &RunStart) -> rusqlite::Result<i64> {
        let insert = "INSERT INTO runs
            (owner, begun, command, source, files, script, path, connection, emulated, dry_run)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let path = run.path.as_ref().map(|path| path.display().to_string());
        let database = self.store.database.lock();
        database.execute(
            insert,
            params![
                self.store.process.name(),
                Timestamp::now().as_millisecond(),
                run.command,
                run.source,
                run.files,
                run.script,
                path,
                run.connection,
                run.emulated,
                run.dry_run
            ],
        )?;
        Ok(database.last_insert_rowid())
    }

    pub(super) fn end(&self, id: i64, ended: &Ended) {
        if let Err(error) = self.update(id, ended) {
            tracing::warn!(%error, "how this run ended cannot be written into the history");
        }
    }

    fn update(&self, id: i64, ended: &Ended) -> rusqlite::Result<()> {
        let update = "UPDATE runs SET ending = ?2, status = ?3, milliseconds = ?4, transferred = ?5, skipped = ?6, failed = ?7,
            deleted = ?8, planned = ?9, bytes = ?10, output = ?11, lines = ?12, error = ?13 WHERE id = ?1";
        let counts = ended.counts;
        let database = self.store.database.lock();
        database.execute(
            update,
            params![
                id,
                ended.ending.as_str(),
                ended.status,
                ended.milliseconds,
                counts.transferred,
                counts.skipped,
                counts.failed,
                counts.deleted,
                counts.planned,
                counts.bytes,
                ended.output,
                ended.lines,
                ended.error
            ],
        )?;
        Ok(())
    }

    fn forget_old(&self) -> rusqlite::Result<usize> {
        let oldest = (Timestamp::now() - LIFETIME).as_millisecond();
        let surplus = "begun < ?1 OR id <= (SELECT max(id) FROM runs) - ?2";
        let is_there = {
            let exists = format!("SELECT EXISTS (SELECT 1 FROM runs WHERE {surplus})");
            let database = self.store.database.lock();
            database.query_row(&exists, params![oldest, KEPT], |row| row.get(0))?
        };
        // Looking is enough nearly always, and waits for nobody.
        if is_there {
            self.forget(surplus, params![oldest, KEPT])
        } else {
            Ok(0)
        }
    }

    /// Forgets those of these runs that are not under way.
    fn forget(&self, which: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        let mut database = self.store.database.lock();
        let transaction = immediate(&mut database)?;
        let over: Vec<i64> = {
            let select = format!("SELECT id, owner, ending IS NOT NULL FROM runs WHERE {which}");
            let mut select = transaction.prepare(&select)?;
            let runs = select.query_map(values, |row| {
                let (owner, ended): (String, bool) = (row.get(1)?, row.get(2)?);
                Ok((row.get(0)?, ended || !self.store.process.is_alive(&owner)))
            })?;
            let runs: Vec<(i64, bool)> = runs.collect::<rusqlite::Result<_>>()?;
            runs.into_iter()
                .filter_map(|(id, over)| over.then_some(id))
                .collect()
        };
        remove(&transaction, &over)?;
        transaction.commit()?;
        Ok(over.len())
    }
}

fn remove(database: &Connection, runs: &[i64]) -> rusqlite::Result<()> {
    let mut delete = database.prepare("DELETE FROM runs WHERE id = ?1")?;
    for id in runs {
        delete.execute([id])?;
    }
    Ok(())
}

fn past_run(row: &Row<'_>, process: &Process) -> rusqlite::Result<PastRun> {
    let (owner, ending): (String, Option<String>) = (row.get(1)?, row.get(11)?);
    let ending = ending.as_deref().and_then(Ending::from_str);
    Ok(PastRun {
        id: row.get(0)?,
        begun: Timestamp::from_millisecond(row.get(2)?).unwrap_or_default(),
        start: RunStart {
            command: row.get(3)?,
            source: row.get(4)?,
            files: row.get(5)?,
            script: row.get(6)?,
            path: row.get::<_, Option<String>>(7)?.map(PathBuf::from),
            connection: row.get(8)?,
            emulated: row.get(9)?,
            dry_run: row.get(10)?,
        },
        ending: ending.unwrap_or_else(|| {
            if process.is_alive(&owner) {
                Ending::Running
            } else {
                Ending::Killed
            }
        }),
        status: row.get(12)?,
        took: row.get::<_, Option<u64>>(13)?.map(Duration::from_millis),
        counts: RunCounts {
            transferred: row.get(14)?,
            skipped: row.get(15)?,
            failed: row.get(16)?,
            deleted: row.get(17)?,
            planned: row.get(18)?,
            bytes: row.get(19)?,
        },
        output: lines(&row.get::<_, String>(20)?),
        lines: row.get(21)?,
        error: lines(&row.get::<_, String>(22)?),
    })
}

/// The lines of a text, of which a last empty one counts.
fn lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').map(str::to_owned).collect()
}
