//! Downloads of large files: where the part of the file is that came, and what is known of it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::super::content_hash::PartHash;
use super::partial::{new_name, remove};
use super::parts::Parts;
use super::pieces::{self, Pieces};
use super::{UnfinishedWork, immediate};
use crate::error::Result;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS unfinished_downloads (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL UNIQUE,
        rev TEXT NOT NULL, size INTEGER NOT NULL, partial TEXT NOT NULL, begun INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS unfinished_download_parts (
        download INTEGER NOT NULL REFERENCES unfinished_downloads ON DELETE CASCADE,
        offset INTEGER NOT NULL, bytes INTEGER NOT NULL, blocks BLOB NOT NULL, PRIMARY KEY (download, offset)
    ) WITHOUT ROWID;";

/// A large file of which a part was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedDownload {
    /// The file at Dropbox.
    pub source: String,
    /// Where it goes.
    pub target: String,
    /// The file that holds what was fetched, beside the target.
    pub partial: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them were fetched.
    pub fetched: u64,
    /// When that began.
    pub begun: Timestamp,
    /// Whether a process is at work on it.
    pub active: bool,
}

/// What a download is of, and where it goes.
#[derive(Debug, Clone)]
pub(in crate::client) struct DownloadTask {
    pub(in crate::client) account: String,
    pub(in crate::client) source: String,
    /// From the root of the file system on.
    pub(in crate::client) target: String,
    pub(in crate::client) rev: String,
    pub(in crate::client) size: u64,
}

/// The file that a download goes to until it is whole, as far as that is noted. Dropped, it is left for whoever takes it up.
#[derive(Debug)]
pub(crate) struct Partial {
    /// Its name in the folder of the target.
    pub(crate) name: String,
    /// What was fetched before: where it begins, and its hash.
    pub(crate) parts: Vec<(u64, PartHash)>,
    /// How much of other parts was: where each begins, and how many bytes of it are in the file, unless somebody changed it.
    pub(crate) pieces: Vec<(u64, u64)>,
    work: UnfinishedWork,
    id: i64,
}

/// A part that is on disk.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) hash: PartHash,
}

impl UnfinishedWork {
    /// Downloads that are unfinished, the oldest first.
    ///
    /// # Errors
    /// `local_io` where the database cannot be read.
    pub fn downloads(&self) -> Result<Vec<UnfinishedDownload>> {
        const SELECT: &str = "SELECT source, target, size, begun, owner, partial, id,
                (SELECT coalesce(sum(bytes), 0) FROM unfinished_download_parts WHERE download = id)
            FROM unfinished_downloads ORDER BY begun, id";
        let read = || -> rusqlite::Result<Vec<UnfinishedDownload>> {
            let database = self.0.database.lock();
            let mut select = database.prepare(SELECT)?;
            let downloads = select.query_map([], |row| {
                let (owner, target): (String, String) = (row.get(4)?, row.get(1)?);
                let name: String = row.get(5)?;
                Ok(UnfinishedDownload {
                    source: row.get(0)?,
                    partial: beside(&target, &name),
                    target,
                    size: row.get::<_, i64>(2)?.cast_unsigned(),
                    begun: Timestamp::from_second(row.get(3)?).unwrap_or_default(),
                    active: self.is_alive(&owner),
                    fetched: row.get::<_, i64>(7)?.cast_unsigned()
                        + pieces::total(&database, row.get(6)?)?,
                })
            })?;
            downloads.collect()
        };
        read().map_err(|error| self.0.database.error(error))
    }

    /// How many bytes of a file are on disk already.
    pub(crate) fn fetched(&self, target: &str) -> u64 {
        let select = "SELECT id, (SELECT coalesce(sum(bytes), 0) FROM unfinished_download_parts WHERE download = id)
            FROM unfinished_downloads WHERE target = ?1";
        let database = self.0.database.lock();
        let bytes = database.query_row(select, [target], |row| {
            let (id, whole): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(whole.cast_unsigned() + pieces::total(&database, id)?)
        });
        bytes.unwrap_or_default()
    }

    /// Takes up what an earlier run left of this download. What it left of another file or version is removed.
    pub(in crate::client) fn take_up_download(&self, task: &DownloadTask) -> Option<Partial> {
        let taken = self.try_take_up_download(task);
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is unfinished cannot be looked up");
            None
        })
    }

    fn try_take_up_download(&self, task: &DownloadTask) -> rusqlite::Result<Option<Partial>> {
        let mut database = self.0.database.lock();
        let transaction = immediate(&mut database)?;
        let select = "SELECT id, owner, partial, account = ?2 AND rev = ?3 AND size = ?4
            FROM unfinished_downloads WHERE target = ?1";
        let size = task.size.cast_signed();
        let known = params![task.target, task.account, task.rev, size];
        let found: Option<(i64, String, String, bool)> = transaction
            .query_row(select, known, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, owner, name, same)) = found else {
            return Ok(None);
        };
        if self.is_alive(&owner) {
            return Ok(None);
        }
        if !same {
            forget(&transaction, id)?;
            transaction.commit()?;
            remove(&beside(&task.target, &name));
            return Ok(None);
        }
        let take = "UPDATE unfinished_downloads SET owner = ?2 WHERE id = ?1";
        transaction.execute(take, params![id, self.0.process.name()])?;
        let parts = Parts::Fetched.of(&transaction, id)?;
        let pieces = pieces::of(&transaction, id)?;
        transaction.commit()?;
        Ok(Some(Partial {
            name,
            parts,
            pieces,
            work: self.clone(),
            id,
        }))
    }

    /// Notes that a download begins, and names the file that it is to go to; not where another is under way to the same place.
    pub(in crate::client) fn begin_download(&self, task: &DownloadTask) -> Option<Partial> {
        let insert = "INSERT OR IGNORE INTO unfinished_downloads
            (owner, account, source, target, rev, size, partial, begun) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let name = new_name().ok()?;
        let database = self.0.database.lock();
        let begun = database.execute(
            insert,
            params![
                self.0.process.name(),
                task.account,
                task.source,
                task.target,
                task.rev,
                task.size.cast_signed(),
                name,
                Timestamp::now().as_second()
            ],
        );
        match begun {
            Ok(1) => Some(Partial {
                name,
                parts: Vec::new(),
                pieces: Vec::new(),
                id: database.last_insert_rowid(),
                work: self.clone(),
            }),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "if this download breaks off it cannot be gone on with");
                None
            }
        }
    }
}

impl Partial {
    /// A name that nobody takes for a file's own.
    pub(crate) fn new_name() -> std::io::Result<String> {
        new_name()
    }

    /// These parts are on disk.
    pub(crate) fn fetched(&self, parts: &[Fetched]) {
        let write = || -> rusqlite::Result<()> {
            let mut database = self.work.0.database.lock();
            let transaction = immediate(&mut database)?;
            for part in parts {
                let Fetched {
                    offset,
                    bytes,
                    hash,
                } = part;
                Parts::Fetched.put(&transaction, self.id, *offset, *bytes, hash)?;
                pieces::is_whole(&transaction, self.id, *offset)?;
            }
            transaction.commit()
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "what was fetched cannot be written down");
        }
    }

    /// Where it is noted how much of its parts has come.
    pub(crate) fn noting(&self) -> Pieces {
        Pieces {
            work: self.work.clone(),
            download: self.id,
        }
    }

    /// There is nothing left to go on with: the file is whole and in its place, or gone.
    pub(crate) fn over(self) {
        let database = self.work.0.database.lock();
        let delete = "DELETE FROM unfinished_downloads WHERE id = ?1";
        if let Err(error) = database.execute(delete, [self.id]) {
            tracing::warn!(%error, "a download that is over cannot be forgotten");
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let database = self.work.0.database.lock();
        let release = "UPDATE unfinished_downloads SET owner = '' WHERE id = ?1";
        // Where that fails nobody takes it up before this process has ended.
        let _ = database.execute(release, [self.id]);
    }
}

/// Forgets downloads that were begun before that second, or whose file is gone, and that nobody is at work on. Gives the files that
/// are to be removed for those that were begun before.
pub(super) fn forget_dead(
    transaction: &Transaction<'_>,
    before: i64,
    is_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Vec<PathBuf>> {
    let all: Vec<(i64, String, String, String, i64)> = {
        let select = "SELECT id, owner, target, partial, begun FROM unfinished_downloads";
        let mut select = transaction.prepare(select)?;
        let all = select.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?;
        all.collect::<rusqlite::Result<_>>()?
    };
    let mut removed = Vec::new();
    for (id, owner, target, name, begun) in all {
        if is_alive(&owner) {
            continue;
        }
        let partial = beside(&target, &name);
        if begun < before {
            forget(transaction, id)?;
            removed.push(partial);
        } else if partial.symlink_metadata().is_err_and(is_gone) {
            forget(transaction, id)?;
        }
    }
    Ok(removed)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the form that `is_err_and` asks for"
)]
fn is_gone(error: std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

fn forget(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<usize> {
    transaction.execute("DELETE FROM unfinished_downloads WHERE id = ?1", [id])
}

/// The file of this name in the folder of the target.
fn beside(target: &str, name: &str) -> PathBuf {
    Path::new(target).with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;

    fn task(folder: &Path, rev: &str) -> DownloadTask {
        DownloadTask {
            account: "main".to_owned(),
            source: "/there".to_owned(),
            target: folder.join("here").display().to_string(),
            rev: rev.to_owned(),
            size: 100,
        }
    }

    fn part() -> Fetched {
        Fetched {
            offset: 8,
            bytes: 4,
            hash: PartHash::of(b"part"),
        }
    }

    /// A download of which a part is there.
    fn begin(work: &UnfinishedWork, folder: &Path) -> Partial {
        let begun = work.begin_download(&task(folder, "1")).expect("it begins");
        fs::write(folder.join(&begun.name), "part").expect("a file");
        begun.fetched(&[part()]);
        begun
    }

    #[test]
    fn what_was_left_is_taken_up_by_the_next_and_by_one_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let first = UnfinishedWork::open(folder.join("state")).expect("a store");
        let second = UnfinishedWork::open(folder.join("state")).expect("a store");
        let begun = begin(&first, folder);
        let task = task(folder, "1");
        assert!(second.take_up_download(&task).is_none(), "it is under way");
        assert!(second.begin_download(&task).is_none());
        assert_eq!(second.clear().expect("a count"), 0);
        assert_eq!(second.fetched(&task.target), 4);
        let listed = &second.downloads().expect("a list")[0];
        assert_eq!((listed.fetched, listed.active), (4, true));

        // Nobody is at work on it any more, though the process is there.
        drop(begun);
        let taken = second.take_up_download(&task).expect("it was left");
        assert!(first.take_up_download(&task).is_none());
        assert_eq!(taken.parts, [(8, PartHash::of(b"part"))]);
        taken.over();
        assert_eq!(second.downloads().expect("a list"), []);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pieces_are_taken_up_until_their_part_is_whole_or_the_system_began_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let work = UnfinishedWork::open(folder.join("state")).expect("a store");
        let task = task(folder, "1");
        let begun = begin(&work, folder);
        begun.noting().written(8, 2);
        begun.noting().written(16, 2);
        begun.noting().written(16, 3);
        begun.fetched(&[part()]);
        drop(begun);
        assert_eq!(work.fetched(&task.target), 4 + 3);
        assert_eq!(work.downloads().expect("a list")[0].fetched, 4 + 3);
        let taken = work.take_up_download(&task).expect("it was left");
        assert_eq!(taken.pieces, [(16, 3)]);
        drop(taken);

        let anew = "UPDATE unfinished_download_pieces SET boot = 'another'";
        let changed = work.0.database.lock().execute(anew, []);
        assert_eq!(changed, Ok(1));
        let taken = work.take_up_download(&task).expect("it was left");
        assert_eq!((taken.parts.len(), taken.pieces.len()), (1, 0));
        assert_eq!(work.fetched(&task.target), 4);
    }

    #[test]
    fn what_is_of_another_version_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let work = UnfinishedWork::open(folder.join("state")).expect("a store");
        let partial = folder.join(&begin(&work, folder).name);
        assert!(partial.exists());
        assert!(work.take_up_download(&task(folder, "2")).is_none());
        assert!(!partial.exists());
        assert_eq!(work.downloads().expect("a list"), []);
    }

    #[test]
    fn what_is_cleared_is_removed_and_what_is_gone_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let state = folder.join("state");
        let work = UnfinishedWork::open(&state).expect("a store");
        let partial = folder.join(&begin(&work, folder).name);
        assert_eq!(work.clear().expect("a count"), 1);
        assert!(!partial.exists());

        let partial = folder.join(&begin(&work, folder).name);
        fs::remove_file(partial).expect("it is there");
        let again = UnfinishedWork::open(&state).expect("a store");
        assert_eq!(again.downloads().expect("a list"), []);
    }
}
