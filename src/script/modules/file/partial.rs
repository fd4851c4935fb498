//! Files that take their place when they are whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Opening a pipe waits for its other end, and nothing could end that.
pub(super) fn refuse_special(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => Err(io::Error::other("it is not a regular file")),
        _ => Ok(()),
    }
}

/// Writes beside the target first, so that a failure leaves what was there.
pub(super) fn replace(target: &Path, text: &str) -> io::Result<()> {
    let mut partial = Partial::beside(target)?;
    partial.write(text.as_bytes())?;
    partial.finish()
}

/// A file that is not at its place yet; dropped before, it is removed.
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl Partial {
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
        refuse_special(target)?;
        let folder = target.parent().unwrap_or(Path::new("/"));
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = folder.join(format!(
            ".dropscript-{:016x}.part",
            u64::from_ne_bytes(random)
        ));
        let file = File::options().write(true).create_new(true).open(&path)?;
        // The new file takes the old one's permissions along, as writing into it would.
        if let Ok(old) = fs::metadata(target) {
            file.set_permissions(old.permissions())?;
        }
        Ok(Self {
            file,
            path,
            target: target.to_owned(),
            finished: false,
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // It fails only when the file is gone, which is what is wanted.
            let _ = fs::remove_file(&self.path);
        }
    }
}
