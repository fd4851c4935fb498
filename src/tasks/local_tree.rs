//! What is in a local folder, and deleting it there. No link is followed, and nothing outside of the folder is touched.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

use super::ItemKind;
use super::filter::Sieve;
use crate::client::{Deleted, is_partial};
use crate::error::{Error, ErrorKind, Result};

/// A local folder, opened.
#[derive(Debug, Clone)]
pub(super) struct LocalTree {
    root: Arc<Dir>,
    /// For messages.
    path: PathBuf,
}

/// What is somewhere below it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its path below the folder, with `/` between the names.
    pub(super) relative: String,
    /// `None`: a link, or something else that is neither a file nor a folder.
    pub(super) kind: Option<ItemKind>,
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

impl LocalTree {
    /// Opens a folder; `None` where there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        match Dir::open_ambient_dir(path, ambient_authority()) {
            Ok(root) => Ok(Some(Self {
                root: Arc::new(root),
                path: path.to_owned(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let message = format!("`{}` is not a folder", path.display());
                Err(Error::new(ErrorKind::InvalidArgument, message)
                    .with_path(path.display().to_string()))
            }
            Err(error) => Err(Error::io("open the folder", path, error)),
        }
    }

    /// All that is in it, where `deep` in the subfolders too that the sieve enters. Names that are not Unicode are left out, and what is of
    /// a download that is not whole.
    ///
    /// # Errors
    /// Where some of it cannot be read: half of it would say that the rest is not there.
    pub(super) async fn entries(&self, deep: bool, sieve: Arc<Sieve>) -> Result<Vec<Entry>> {
        let tree = self.clone();
        let read = move || {
            let mut entries = Vec::new();
            let enters = |folder: &str| deep && sieve.enters(folder);
            tree.read(&tree.root, "", &enters, &mut entries)?;
            Ok(entries)
        };
        tokio::task::spawn_blocking(read).await?
    }

    fn read(
        &self,
        dir: &Dir,
        below: &str,
        enters: &dyn Fn(&str) -> bool,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        let failed = |error| Error::io("read", self.path.join(below), error);
        for entry in dir.entries().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if is_partial(&name) {
                continue;
            }
            let relative = if below.is_empty() {
                name.clone()
            } else {
                format!("{below}/{name}")
            };
            let metadata = match dir.symlink_metadata(&name) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            let found = Entry::of(relative, &metadata);
            if found.kind == Some(ItemKind::Folder) && enters(&found.relative) {
                let inside = dir.open_dir(&name).map_err(failed)?;
                self.read(&inside, &found.relative, enters, entries)?;
            }
            entries.push(found);
        }
        Ok(())
    }

    /// Deletes a file while it is as it was found, or a folder while nothing is in it.
    pub(super) async fn delete(&self, entry: Entry) -> Result<Deleted> {
        let tree = self.clone();
        let path = self.path.join(&entry.relative);
        let deleted = tokio::task::spawn_blocking(move || tree.delete_now(&entry)).await?;
        match deleted {
            Ok(deleted) => Ok(deleted),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Deleted::Gone),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(Deleted::Changed),
            Err(error) => Err(Error::io("delete", path, error)),
        }
    }

    fn delete_now(&self, entry: &Entry) -> io::Result<Deleted> {
        let mut names = entry.relative.split('/');
        let name = names.next_back().unwrap_or_default();
        let mut folder = self.root.try_clone()?;
        for name in names {
            // A folder that became a link meanwhile leads elsewhere.
            if !folder.symlink_metadata(name)?.is_dir() {
                return Ok(Deleted::Changed);
            }
            folder = folder.open_dir(name)?;
        }
        let now = Entry::of(entry.relative.clone(), &folder.symlink_metadata(name)?);
        if now.kind != entry.kind {
            return Ok(Deleted::Changed);
        }
        match entry.kind {
            Some(ItemKind::Folder) => folder.remove_dir(name)?,
            Some(ItemKind::File) if now.size == entry.size && now.modified == entry.modified => {
                folder.remove_file(name)?;
            }
            _ => return Ok(Deleted::Changed),
        }
        Ok(Deleted::Yes)
    }
}

impl Entry {
    fn of(relative: String, metadata: &Metadata) -> Self {
        let kind = if metadata.is_file() {
            Some(ItemKind::File)
        } else if metadata.is_dir() {
            Some(ItemKind::Folder)
        } else {
            None
        };
        Self {
            relative,
            kind,
            size: metadata.len(),
            modified: metadata
                .modified()
                .ok()
                .map(cap_std::time::SystemTime::into_std),
        }
    }
}
