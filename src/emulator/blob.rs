//! The contents of a file: chunks in memory that are shared, not copied, or a file of the state folder.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

/// Bytes that are read from a file, or gathered before they are written to one, at a time.
const TRANSFER: usize = 1024 * 1024;

/// Chunks smaller than this are copied out of the connection's buffer, which they would keep alive.
const WORTH_SHARING: usize = 16 * 1024;

/// Where contents are kept.
#[derive(Debug)]
pub(super) enum Store {
    /// In memory.
    Memory,
    /// One file each in this folder.
    Folder { path: PathBuf, next: AtomicU64 },
}

impl Store {
    pub(super) fn folder(path: PathBuf, next: u64) -> Store {
        Store::Folder {
            path,
            next: AtomicU64::new(next),
        }
    }

    /// An empty place for contents to come.
    pub(super) fn sink(&self) -> Sink {
        match self.new_path() {
            None => Sink::Memory(Vec::new()),
            Some(path) => Sink::file(Arc::new(BlobFile::new(path)), 0, 0),
        }
    }

    /// The path of a file that is not there yet, unless contents stay in memory.
    pub(super) fn new_path(&self) -> Option<PathBuf> {
        match self {
            Store::Memory => None,
            Store::Folder { path, next } => {
                Some(path.join(next.fetch_add(1, Ordering::Relaxed).to_string()))
            }
        }
    }

    /// Keeps bytes that are at hand.
    pub(super) fn keep(&self, contents: Bytes) -> io::Result<Blob> {
        match self.sink() {
            Sink::Memory(_) => Ok(Blob::memory(vec![contents])),
            Sink::File(to) => {
                let size = contents.len() as u64;
                to.file.write_at(0, 0, &[contents])?;
                Ok(Blob::file(to.file, size))
            }
        }
    }
}

/// The contents of one version of a file. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    size: u64,
    stored: Stored,
}

#[derive(Clone, Debug)]
enum Stored {
    /// Each chunk with the offset where it starts.
    Memory(Arc<[(u64, Bytes)]>),
    File(Arc<BlobFile>),
}

impl Blob {
    pub(super) fn memory(chunks: impl IntoIterator<Item = Bytes>) -> Blob {
        let mut size = 0;
        let mut place = |chunk: Bytes| {
            let start = size;
            size += chunk.len() as u64;
            (start, chunk)
        };
        let chunks = chunks
            .into_iter()
            .filter(|chunk| !chunk.is_empty())
            .map(&mut place)
            .collect();
        Blob {
            size,
            stored: Stored::Memory(chunks),
        }
    }

    pub(super) fn file(file: Arc<BlobFile>, size: u64) -> Blob {
        Blob {
            size,
            stored: Stored::File(file),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The file that holds the contents, unless they are in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.stored {
            Stored::Memory(_) => None,
            Stored::File(file) => Some(&file.path),
        }
    }

    /// Says that the contents are part of a tree now: the file outlives this process.
    pub(super) fn persist(&self) {
        if let Stored::File(file) = &self.stored {
            file.keep();
        }
    }

    /// No call that began to write in this turn or before may write any more.
    pub(super) async fn seal(&self, turn: u64) -> io::Result<()> {
        match &self.stored {
            Stored::Memory(_) => Ok(()),
            Stored::File(file) => {
                let (file, size) = (Arc::clone(file), self.size);
                blocking(move || file.seal(turn, size)).await
            }
        }
    }

    /// All of it, for those who have room.
    pub(super) fn read(&self) -> io::Result<Bytes> {
        match &self.stored {
            Stored::Memory(chunks) => match &**chunks {
                [] => Ok(Bytes::new()),
                [(_, only)] => Ok(only.clone()),
                _ => Ok(chunks
                    .iter()
                    .flat_map(|(_, chunk)| chunk.iter().copied())
                    .collect()),
            },
            Stored::File(file) => fs::read(&file.path).map(Bytes::from),
        }
    }

    /// The bytes of `range`, which lies within the contents, piece by piece.
    pub(super) fn stream(
        &self,
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        match &self.stored {
            Stored::Memory(chunks) => {
                stream::iter(slices(chunks, &range).into_iter().map(Ok)).left_stream()
            }
            Stored::File(file) => file_stream(file.path.clone(), range).right_stream(),
        }
    }
}

fn slices(chunks: &[(u64, Bytes)], range: &Range<u64>) -> Vec<Bytes> {
    let first = chunks.partition_point(|(start, chunk)| start + chunk.len() as u64 <= range.start);
    let part = |(start, chunk): &(u64, Bytes)| {
        let within = |offset: u64| {
            let offset = offset.saturating_sub(*start).min(chunk.len() as u64);
            usize::try_from(offset).expect("an offset in a chunk that is in memory")
        };
        chunk.slice(within(range.start)..within(range.end))
    };
    chunks[first..]
        .iter()
        .take_while(|(start, _)| *start < range.end)
        .map(part)
        .collect()
}

fn file_stream(
    path: PathBuf,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let open = move || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(range.start))?;
        Ok((file, range.end - range.start))
    };
    stream::once(blocking(open)).flat_map(|opened| match opened {
        Ok(opened) => stream::try_unfold(opened, |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            blocking(move || {
                let want = left.min(TRANSFER as u64);
                let mut piece = Vec::with_capacity(TRANSFER);
                (&mut file).take(want).read_to_end(&mut piece)?;
                if piece.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let left = left - piece.len() as u64;
                Ok(Some((Bytes::from(piece), (file, left))))
            })
            .await
        })
        .left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    })
}

/// Runs file I/O where it holds up no connection.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// A file of the state folder. It is removed with the last reference, unless it became part of a tree.
///
/// It is opened for each write: thousands of sessions may be under way.
#[derive(Debug)]
pub(super) struct BlobFile {
    path: PathBuf,
    /// The newest request that wrote here: an older one, which its client gave up, may not write any more. At
    /// [`u64::MAX`] nobody may.
    turn: Mutex<u64>,
    kept: AtomicBool,
}

impl BlobFile {
    fn new(path: PathBuf) -> BlobFile {
        BlobFile {
            path,
            turn: Mutex::new(0),
            kept: AtomicBool::new(false),
        }
    }

    /// Takes in hand a file that is there already and part of a tree.
    pub(super) fn adopt(path: PathBuf) -> BlobFile {
        BlobFile {
            path,
            turn: Mutex::new(u64::MAX),
            kept: AtomicBool::new(true),
        }
    }

    fn turn(&self) -> MutexGuard<'_, u64> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is written any more, and the file outlives this process.
    fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
        *self.turn() = u64::MAX;
    }

    fn open(&self) -> io::Result<File> {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)
    }

    /// Ends the writing of this turn and those before it, and cuts off what a call that was given up left behind the end.
    fn seal(&self, turn: u64, size: u64) -> io::Result<()> {
        let mut newest = self.turn();
        *newest = newest.max(turn.saturating_add(1));
        self.open()?.set_len(size)
    }

    fn write_at(&self, turn: u64, offset: u64, pieces: &[Bytes]) -> io::Result<()> {
        let mut newest = self.turn();
        if turn < *newest {
            let why = "a later request took over";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
        }
        *newest = turn;
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(offset))?;
        pieces.iter().try_for_each(|piece| file.write_all(piece))
    }
}

impl Drop for BlobFile {
    fn drop(&mut self) {
        if !self.kept.load(Ordering::Relaxed) {
            // Nobody is left to tell; at the next start the state folder is tidied anyway.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the bytes of one request go.
pub(super) enum Sink {
    /// They stay in memory, as they came.
    Memory(Vec<Bytes>),
    /// They go into a file, a few at a time.
    File(FileSink),
}

pub(super) struct FileSink {
    file: Arc<BlobFile>,
    turn: u64,
    offset: u64,
    gathered: Vec<Bytes>,
    waiting: usize,
}

impl Sink {
    pub(super) fn file(file: Arc<BlobFile>, turn: u64, offset: u64) -> Sink {
        Sink::File(FileSink {
            file,
            turn,
            offset,
            gathered: Vec::new(),
            waiting: 0,
        })
    }

    /// The file that is written to, unless the bytes stay in memory.
    pub(super) fn target(&self) -> Option<Arc<BlobFile>> {
        match self {
            Sink::Memory(_) => None,
            Sink::File(to) => Some(Arc::clone(&to.file)),
        }
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, chunk: Bytes) -> io::Result<()> {
        match self {
            Sink::Memory(chunks) if chunk.len() < WORTH_SHARING => {
                chunks.push(Bytes::copy_from_slice(&chunk));
            }
            Sink::Memory(chunks) => chunks.push(chunk),
            Sink::File(to) => {
                to.waiting += chunk.len();
                to.gathered.push(chunk);
                if to.waiting >= TRANSFER {
                    to.flush().await?;
                }
            }
        }
        Ok(())
    }

    /// Ends the writing. Gives the chunks in memory, or the file.
    pub(super) async fn finish(self) -> io::Result<Contents> {
        match self {
            Sink::Memory(chunks) => Ok(Contents::Memory(chunks)),
            Sink::File(mut to) => {
                // Even without bytes, so that there is a file.
                to.flush().await?;
                Ok(Contents::File(to.file))
            }
        }
    }
}

impl FileSink {
    async fn flush(&mut self) -> io::Result<()> {
        let (file, turn, offset) = (Arc::clone(&self.file), self.turn, self.offset);
        let pieces = std::mem::take(&mut self.gathered);
        self.offset += self.waiting as u64;
        self.waiting = 0;
        blocking(move || file.write_at(turn, offset, &pieces)).await
    }
}

/// What a [`Sink`] took in.
pub(super) enum Contents {
    Memory(Vec<Bytes>),
    File(Arc<BlobFile>),
}

impl Contents {
    pub(super) fn into_blob(self, size: u64) -> Blob {
        match self {
            Contents::Memory(chunks) => Blob::memory(chunks),
            Contents::File(file) => Blob::file(file, size),
        }
    }
}
