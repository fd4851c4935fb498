//! The folder that a run has for itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Made when it is first asked for, removed with all that is in it.
#[derive(Debug, Default)]
pub(super) struct TempFolder(Mutex<Option<PathBuf>>);

impl TempFolder {
    /// The folder, which only this user may look into.
    pub(super) fn path(&self) -> io::Result<PathBuf> {
        let mut made = self.lock();
        if let Some(path) = &*made {
            return Ok(path.clone());
        }
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("dropscript-{:016x}", u64::from_ne_bytes(random));
        // Resolved, so that paths in it compare with other resolved paths.
        let path = std::env::temp_dir().canonicalize()?.join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        *made = Some(path.clone());
        Ok(path)
    }

    /// The folder, where the resolved `path` is in it.
    pub(super) fn around(&self, path: &Path) -> Option<PathBuf> {
        self.lock().clone().filter(|made| path.starts_with(made))
    }

    /// Removes the folder; a later use makes a new one.
    pub(super) fn remove(&self) -> io::Result<()> {
        match self.lock().take() {
            Some(path) => std::fs::remove_dir_all(path),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // Nobody is left to tell; a run removes its folder before, and tells.
        let _ = self.remove();
    }
}
