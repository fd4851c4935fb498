//! A local file, read part by part, that notices when it changes.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use super::super::content_hash::{BLOCK, PartHash};
use super::memory::PartMemory;
use crate::error::{Error, ErrorKind, Result};

/// The size of a part: large enough that a call's latency matters little, small enough that a part sent again costs little.
///
/// A multiple of the content hash's block, so that the blocks of the parts are the blocks of the file. Dropbox takes up to
/// 150 MiB in a call, but a call of that size would have to be held in memory to be repeated.
pub(super) const PART_SIZE: usize = 2 * BLOCK;

/// The same, where it is compared with the size of a file.
pub(crate) const PART: u64 = PART_SIZE as u64;

/// What is read at a time of a file that goes nowhere.
const PIECE: usize = 256 * 1024;

/// A local file that was opened for reading.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile(Arc<Opened>, Option<Gone>);

/// Who is told how many bytes of the file have gone.
#[derive(Clone)]
struct Gone(Arc<dyn Fn(u64) + Send + Sync>);

impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gone")
    }
}

#[derive(Debug)]
struct Opened {
    /// Held while a part is read: an upload that is begun anew may find the last one's reading ahead still under way, and all
    /// readers share one position.
    file: Mutex<File>,
    path: PathBuf,
    stamp: Stamp,
    version: String,
}

/// What tells one version of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// Some bytes of a file, and their hashes.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    pub(crate) hash: PartHash,
}

impl LocalFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("read", path, error))?;
        let metadata = file
            .metadata()
            .map_err(|error| Error::io("read", path, error))?;
        if !metadata.is_file() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{}` is not a file", path.display()),
            )
            .with_path(path.display().to_string()));
        }
        Ok(Self(
            Arc::new(Opened {
                file: Mutex::new(file),
                path: path.to_owned(),
                stamp: Stamp::of(&metadata),
                version: version(&metadata),
            }),
            None,
        ))
    }

    /// The same file, which tells how much of it has gone: what comes before the part that is read.
    pub(crate) fn telling(self, gone: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(self.0, Some(Gone(Arc::new(gone))))
    }

    /// The path by which others find it too, wherever they are.
    pub(super) fn absolute_path(&self) -> PathBuf {
        std::path::absolute(&self.0.path).unwrap_or_else(|_| self.0.path.clone())
    }

    /// What tells this version of this very file from others, as exactly as the system knows it.
    pub(super) fn version(&self) -> &str {
        &self.0.version
    }

    /// As it was when it was opened.
    pub(crate) fn stamp(&self) -> Stamp {
        self.0.stamp
    }

    /// Reads and hashes the part at this offset, on a thread for blocking work, when there is memory for it.
    pub(crate) async fn part(self, offset: u64, memory: PartMemory) -> Result<Part> {
        if let Some(Gone(gone)) = &self.1 {
            gone(offset);
        }
        let length = PART.min(self.0.stamp.size.saturating_sub(offset));
        let mut buffer = memory
            .buffer(usize::try_from(length).expect("a part fits into memory"))
            .await;
        let read = move || {
            let mut file = self.file();
            file.seek(SeekFrom::Start(offset))
                .and_then(|_| Read::take(&mut *file, length).read_to_end(&mut buffer.bytes))
                .map_err(|error| Error::io("read", &self.0.path, error))?;
            drop(file);
            if buffer.bytes.len() as u64 != length {
                return Err(self.changed());
            }
            Ok(Part {
                hash: PartHash::of(&buffer.bytes),
                bytes: buffer.into(),
            })
        };
        tokio::task::spawn_blocking(read).await?
    }

    /// Appends the whole file to a buffer; blocks meanwhile. `false`: it is not as the stamp says, or does not stay so.
    pub(crate) fn append_to(&self, buffer: &mut Vec<u8>, expected: Stamp) -> Result<bool> {
        if self.0.stamp != expected {
            return Ok(false);
        }
        let before = buffer.len();
        let mut file = self.file();
        // A file that grows must not grow the buffer.
        Read::take(&mut *file, expected.size)
            .read_to_end(buffer)
            .map_err(|error| Error::io("read", &self.0.path, error))?;
        drop(file);
        let whole = (buffer.len() - before) as u64 == expected.size;
        Ok(whole && self.check_unchanged().is_ok())
    }

    /// Reads the whole file, piece by piece; blocks meanwhile.
    pub(crate) fn read_all(&self, mut take: impl FnMut(&[u8])) -> Result<()> {
        let mut piece = vec![0; PIECE];
        let mut file = self.file();
        let read = |error| Error::io("read", &self.0.path, error);
        file.rewind().map_err(read)?;
        loop {
            match file.read(&mut piece).map_err(read)? {
                0 => return Ok(()),
                length => take(&piece[..length]),
            }
        }
    }

    /// An `integrity` error where the file is not as it was when it was opened.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata = self
            .file()
            .metadata()
            .map_err(|error| Error::io("read", &self.0.path, error))?;
        if Stamp::of(&metadata) == self.0.stamp {
            Ok(())
        } else {
            Err(self.changed())
        }
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> Error {
        let path = self.0.path.display().to_string();
        Error::new(
            ErrorKind::Integrity,
            format!("`{path}` changed while it was read"),
        )
        .with_path(path)
        .with_hint("try again when nothing writes to it")
    }
}

#[cfg(unix)]
fn version(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let (device, inode, size) = (metadata.dev(), metadata.ino(), metadata.size());
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    format!("{device}:{inode}:{size}:{seconds}.{nanoseconds:09}")
}

#[cfg(not(unix))]
fn version(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!(
        "{}:{}",
        metadata.len(),
        modified.unwrap_or_default().as_nanos()
    )
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_that_are_read_at_once_do_not_mix() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        for digit in 0..3 {
            std::io::Write::write_all(&mut file, &vec![digit; PART_SIZE]).expect("written");
        }
        let file = LocalFile::open(file.path()).expect("a file");
        let memory = PartMemory::of_process();
        let part = |number: u8| {
            let reading = file.clone().part(u64::from(number) * PART, memory.clone());
            async move {
                let part = reading.await.expect("a part");
                assert!(part.bytes.iter().all(|byte| *byte == number), "{number}");
            }
        };
        for _ in 0..5 {
            tokio::join!(part(2), part(0), part(1));
        }
    }
}
