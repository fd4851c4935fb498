//! What is watched.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The roots of a watch: folders with all that is below them, and single files.
#[derive(Clone)]
pub(super) struct Roots {
    roots: Vec<Root>,
}

#[derive(Clone)]
struct Root {
    path: PathBuf,
    is_folder: bool,
}

impl Roots {
    /// Finds the roots; each must be there. One that lies inside another adds nothing.
    pub(super) fn find(paths: &[PathBuf]) -> Result<Self> {
        let mut roots: Vec<Root> = Vec::new();
        for path in paths {
            let root = Root::find(path).map_err(|source| Error::io("watch", path, source))?;
            roots.push(root);
        }
        roots.sort_by(|a, b| a.path.cmp(&b.path));
        roots.dedup_by(|inner, outer| inner.path.starts_with(&outer.path));
        Ok(Self { roots })
    }

    /// The root that a path lies under.
    pub(super) fn of(&self, path: &Path) -> Option<&Path> {
        let root = self.roots.iter().find(|root| path.starts_with(&root.path));
        root.map(|root| root.path.as_path())
    }

    /// The roots that are folders.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let folders = self.roots.iter().filter(|root| root.is_folder);
        folders.map(|root| root.path.clone()).collect()
    }

    /// The roots that are files.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let files = self.roots.iter().filter(|root| !root.is_folder);
        files.map(|root| root.path.clone()).collect()
    }

    /// The names of the roots that are files directly in a folder.
    pub(super) fn files_in(&self, folder: &Path) -> Vec<&OsStr> {
        let files = self.roots.iter().filter(|root| !root.is_folder);
        let here = files.filter(|root| root.path.parent() == Some(folder));
        here.filter_map(|root| root.path.file_name()).collect()
    }

    /// Whether a path is a root, and a folder.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        self.roots
            .iter()
            .any(|root| root.is_folder && root.path == path)
    }

    /// Whether a path is a root, and a file.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        self.roots
            .iter()
            .any(|root| !root.is_folder && root.path == path)
    }
}

impl Root {
    fn find(path: &Path) -> io::Result<Self> {
        let is_folder = fs::metadata(path)?.is_dir();
        let path = if is_folder {
            fs::canonicalize(path)?
        } else {
            place(path)?
        };
        Ok(Self { path, is_folder })
    }
}

/// Where a file is: its name in its folder, the folder without links or `..`. The file itself may be a link, or missing.
pub(super) fn place(file: &Path) -> io::Result<PathBuf> {
    let file = std::path::absolute(file)?;
    match (file.parent(), file.file_name()) {
        (Some(folder), Some(name)) => Ok(fs::canonicalize(folder)?.join(name)),
        _ => fs::canonicalize(&file),
    }
}
