//! The file that a configuration is kept in: read whole, and replaced whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind as IoKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Config, ConfigDraft};
use crate::error::{Error, Result};

/// A configuration file, which need not exist.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
}

impl ConfigFile {
    /// The file at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; nothing where it does not exist.
    ///
    /// # Errors
    /// `local_io` where it cannot be read; as [`Config::parse`] where it is wrong.
    pub fn read(&self) -> Result<Config> {
        Config::parse(&self.text()?, &self.name())
    }

    /// Changes it: takes other changes from before this one into account, keeps all that is not changed, and replaces the file whole.
    /// What is not a sound configuration afterwards is not written.
    ///
    /// # Errors
    /// What `change` gives; `local_io` where the file cannot be read or written; as [`Config::parse`] where it is wrong.
    pub fn change<T>(&self, change: impl FnOnce(&mut ConfigDraft) -> Result<T>) -> Result<T> {
        let path = self.real_path()?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        make_folder(folder).map_err(|source| Error::io("make the folder", folder, source))?;
        let _lock = lock(&path)?;
        let before = self.text()?;
        let mut draft = ConfigDraft::new(&before, Config::parse(&before, &self.name())?)?;
        let result = change(&mut draft)?;
        let after = draft.into_text();
        Config::parse(&after, &self.name())?;
        if after != before {
            replace(&path, &after).map_err(|source| Error::io("write", &self.path, source))?;
        }
        Ok(result)
    }

    fn text(&self) -> Result<String> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == IoKind::NotFound => Ok(String::new()),
            Err(error) => Err(Error::io("read", &self.path, error)),
        }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The file behind a link: those who keep their configuration elsewhere want it changed there.
    fn real_path(&self) -> Result<PathBuf> {
        let found = match fs::canonicalize(&self.path) {
            Err(error) if error.kind() == IoKind::NotFound => std::path::absolute(&self.path),
            found => found,
        };
        found.map_err(|source| Error::io("find", &self.path, source))
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Waits until no other process changes the file; until the lock is dropped, none does. The lock is a file beside it, since the file
/// itself is replaced.
fn lock(path: &Path) -> Result<File> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".lock");
    let lock = path.with_file_name(name);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock);
    file.and_then(|file| file.lock().map(|()| file))
        .map_err(|source| Error::io("lock", &lock, source))
}

/// Only its owner may read a new file; one that was there keeps its mode.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut draft = NamedTempFile::with_prefix_in(".config-", folder)?;
    if let Ok(old) = fs::metadata(path) {
        draft.as_file().set_permissions(old.permissions())?;
    }
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    // The new name lasts once the folder is written; where folders cannot be synced, that is for the system to see to.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
