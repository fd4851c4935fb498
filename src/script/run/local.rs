//! Local paths as a script writes them: what it may read and write, and where that is.

use std::path::{Path, PathBuf};

use super::Run;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::permissions::{Access, real_path};
use crate::script::place::Place;

impl Run {
    /// Whether a resolved path is in the folder that this run has for itself.
    pub(in crate::script) fn is_own(&self, real: &Path) -> bool {
        self.temp_folder.around(real).is_some()
    }

    /// The resolved path when scripts may read it.
    pub(in crate::script) fn readable(&self, path: &str) -> Raised<PathBuf> {
        self.local(path, Access::Read)
    }

    /// The resolved path when scripts may read it and, where it is a folder, all that is in it.
    pub(in crate::script) fn readable_whole(&self, path: &str) -> Raised<PathBuf> {
        self.local(path, Access::ReadWhole)
    }

    /// The resolved path when scripts may write it.
    pub(in crate::script) fn writable(&self, path: &str) -> Raised<PathBuf> {
        self.local(path, Access::Write)
    }

    /// The resolved path when scripts may write it and, where it is a folder, whatever is in it.
    pub(in crate::script) fn writable_whole(&self, path: &str) -> Raised<PathBuf> {
        self.local(path, Access::WriteWhole)
    }

    /// The place of a path when scripts may read it.
    pub(in crate::script) fn readable_place(&self, path: &str) -> Raised<Place> {
        self.place(path, Access::Read)
    }

    /// The place of a path when scripts may write it.
    pub(in crate::script) fn writable_place(&self, path: &str) -> Raised<Place> {
        self.place(path, Access::Write)
    }

    /// The place of an entry of a folder when scripts may write there. The last part is not followed: deleting or moving a link works on
    /// the link.
    pub(in crate::script) fn writable_entry(&self, path: &str) -> Raised<Place> {
        let whole = self.expanded(path);
        match (whole.parent(), whole.file_name()) {
            (Some(folder), Some(name)) if self.local_path(path).is_symlink() => {
                let folder = match folder.to_string_lossy() {
                    folder if folder.is_empty() => ".".into(),
                    folder => folder,
                };
                Ok(self.writable_place(&folder)?.join(name))
            }
            _ => self.place(path, Access::WriteWhole),
        }
    }

    /// A local path for the tasks, which know no working directory but the process's: as the script
    /// wrote it where that is the same.
    pub(in crate::script) fn local_path(&self, path: &str) -> PathBuf {
        let folder = &self.host.working_directory;
        let path = self.expanded(path);
        match std::env::current_dir() {
            Ok(current) if current == *folder => path,
            _ => folder.join(path),
        }
    }

    /// A path as the script wrote it, with `~` for the home.
    fn expanded(&self, path: &str) -> PathBuf {
        let below = match path.strip_prefix('~') {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        match (below, &self.host.home) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(path),
        }
    }

    fn local(&self, path: &str, access: Access) -> Raised<PathBuf> {
        self.granted(path, access).map(|(_, real)| real)
    }

    fn place(&self, path: &str, access: Access) -> Raised<Place> {
        let (root, real) = self.granted(path, access)?;
        Place::new(&root, &real).map_err(|cause| self.raise(Error::io("reach", path, cause)))
    }

    /// The resolved path, behind the one by which it is granted.
    fn granted(&self, path: &str, access: Access) -> Raised<(PathBuf, PathBuf)> {
        if path.is_empty() {
            let error = Error::new(ErrorKind::InvalidArgument, "the local path is empty");
            return Err(self.raise(error));
        }
        let path = self.expanded(path);
        let whole = self.host.working_directory.join(&path);
        if let Ok(real) = real_path(&whole)
            && let Some(own) = self.temp_folder.around(&real)
        {
            return Ok((own, real));
        }
        let host = &self.host;
        host.permissions
            .granted(access, &path, &host.working_directory)
            .map_err(|error| self.raise(error))
    }

    /// The folder that this run has for itself.
    pub(in crate::script) fn temp_folder(&self) -> std::io::Result<PathBuf> {
        self.temp_folder.path()
    }
}
