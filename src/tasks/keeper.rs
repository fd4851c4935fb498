//! Parts of a download in the file that they go to, as far as they have come.

use std::collections::HashMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::fs::File;

use crate::client::{Keep, Partial, Pieces};
use crate::error::{Error, Result};

/// Writes parts to the file as they come.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Held while something is written: all writers share one position.
    file: Mutex<File>,
    /// For messages.
    path: PathBuf,
    pieces: Pieces,
    /// How much an earlier run had of which parts.
    left: HashMap<u64, u64>,
}

impl Keeper {
    /// `path` is for messages.
    pub(super) fn new(file: File, path: &Path, partial: &Partial) -> Self {
        Self {
            file: Mutex::new(file),
            path: path.to_owned(),
            pieces: partial.noting(),
            left: partial.pieces.iter().copied().collect(),
        }
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for Keeper {
    fn keep(&self, part: u64, before: usize, bytes: &[u8]) -> Result<()> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(part + before as u64))
            .and_then(|_| file.write_all(bytes))
            .map_err(|error| Error::io("write", &self.path, error))?;
        drop(file);
        self.pieces.written(part, (before + bytes.len()) as u64);
        Ok(())
    }

    fn kept(&self, part: u64, most: usize, buffer: &mut Vec<u8>) {
        let Some(length) = self.left.get(&part) else {
            return;
        };
        let mut file = self.file();
        let read = file
            .seek(SeekFrom::Start(part))
            .and_then(|_| (&mut *file).take(*length).read_to_end(buffer));
        // Whether it is what came is known when the whole is there.
        match read {
            Ok(read) if read as u64 == *length && read <= most => {}
            _ => buffer.clear(),
        }
    }
}
