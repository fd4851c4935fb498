use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{private_file, private_folder};
use crate::error::{Error, Result};

/// This process among those that share a state folder: a file that it holds locked while it lives, so that others can tell whether what
/// bears its name is still being worked on. The system gives the lock back whatever ends the process.
#[derive(Debug)]
pub(crate) struct Process {
    all: PathBuf,
    name: String,
    _alive: File,
}

impl Process {
    /// Enters this process in a state folder, and takes out those that are gone.
    ///
    /// # Errors
    /// `local_io` where the folder cannot be written.
    pub(crate) fn enroll(folder: &Path) -> Result<Self> {
        let all = folder.join("processes");
        private_folder(&all).map_err(|error| Error::io("make the folder", &all, error))?;
        let (name, alive) = enter(&all).map_err(|error| Error::io("use", &all, error))?;
        sweep(&all);
        Ok(Self {
            all,
            name,
            _alive: alive,
        })
    }

    /// The name of this process.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the process of this name is there.
    pub(crate) fn is_alive(&self, name: &str) -> bool {
        name == self.name || is_locked(&self.all.join(name))
    }
}

/// A file of this process's own, locked, and its name.
fn enter(all: &Path) -> io::Result<(String, File)> {
    loop {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{:032x}", u128::from_le_bytes(random));
        let path = all.join(&name);
        let file = private_file(&path)?;
        // Between the two another process may have taken it for one that nobody has.
        if file.try_lock().is_ok() && path.exists() {
            return Ok((name, file));
        }
    }
}

/// Removes the files of processes that are gone. What cannot be looked at or removed is in nobody's way.
fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(path);
        }
    }
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        // It was removed, or may not be looked at: then the process is another user's, and not gone for sure.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_while_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::enroll(folder.path()).expect("a process");
        let second = Process::enroll(folder.path()).expect("a process");
        assert!(second.is_alive(first.name()) && second.is_alive(second.name()));
        let name = first.name().to_owned();
        drop(first);
        assert!(!second.is_alive(&name));
        let _third = Process::enroll(folder.path()).expect("a process");
        assert!(!second.is_alive(&name), "also once it was taken out");
        let left = fs::read_dir(folder.path().join("processes")).expect("a list");
        assert_eq!(left.count(), 2, "those that are there");
    }
}
