//! The contents of a file: chunks in memory that are shared, not copied, or a file of the state folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};

/// Bytes that are read from a file at a time.
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
            Sink::File { file, .. } => {
                let size = contents.len() as u64;
                file.write_at(0, 0, &[contents])?;
                Ok(Blob::file(file, size))
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

    /// The file that holds the contents, in hand; likewise.
    pub(super) fn in_file(&self) -> Option<&Arc<BlobFile>> {
        match &self.stored {
            Stored::Memory(_) => None,
            Stored::File(file) => Some(file),
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
                many => {
                    let pieces: Vec<&[u8]> = many.iter().map(|(_, chunk)| &chunk[..]).collect();
                    Ok(pieces.concat().into())
                }
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

/// While a piece is sent, the next one is read.
fn file_stream(
    path: PathBuf,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let first = blocking(move || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(range.start))?;
        read_piece(file, range.end - range.start)
    });
    stream::try_unfold(first.boxed(), |reading| async {
        let Some((piece, file, left)) = reading.await? else {
            return Ok(None);
        };
        let next = tokio::task::spawn_blocking(move || read_piece(file, left));
        let next = async { next.await.map_err(io::Error::other)? };
        Ok(Some((piece, next.boxed())))
    })
}

/// A piece of a file, the file, and what is left to read of it; nothing when nothing is left.
fn read_piece(mut file: File, left: u64) -> io::Result<Option<(Bytes, File, u64)>> {
    if left == 0 {
        return Ok(None);
    }
    let want = left.min(TRANSFER as u64);
    let mut piece = Vec::with_capacity(usize::try_from(want).unwrap_or(TRANSFER));
    (&mut file).take(want).read_to_end(&mut piece)?;
    if piece.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let left = left - piece.len() as u64;
    Ok(Some((Bytes::from(piece), file, left)))
}

/// Runs file I/O where it holds up no connection.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// A file of the state folder. It is removed with the last reference, unless it became part of a tree or a session needs it.
///
/// It is opened for each write: thousands of sessions may be under way.
#[derive(Debug)]
pub(super) struct BlobFile {
    path: PathBuf,
    /// The newest request that wrote here: an older one, which its client gave up, may not write any more. At
    /// [`u64::MAX`] nobody may.
    turn: Mutex<u64>,
    /// Whether it is part of a tree, for good.
    kept: AtomicBool,
    /// Whether it belongs to a session that is written down.
    held: AtomicBool,
}

impl BlobFile {
    fn new(path: PathBuf) -> BlobFile {
        BlobFile {
            path,
            turn: Mutex::new(0),
            kept: AtomicBool::new(false),
            held: AtomicBool::new(false),
        }
    }

    /// Takes in hand the file of a session that goes on.
    pub(super) fn reopen(path: PathBuf) -> BlobFile {
        BlobFile::new(path)
    }

    /// Takes in hand a file that is there already and part of a tree.
    pub(super) fn adopt(path: PathBuf) -> BlobFile {
        BlobFile {
            path,
            turn: Mutex::new(u64::MAX),
            kept: AtomicBool::new(true),
            held: AtomicBool::new(false),
        }
    }

    /// Its name in the state folder.
    pub(super) fn name(&self) -> &str {
        let name = self.path.file_name().and_then(OsStr::to_str);
        name.expect("the store names its files by numbers")
    }

    /// Bytes that are in it now.
    pub(super) fn size(&self) -> io::Result<u64> {
        fs::metadata(&self.path).map(|file| file.len())
    }

    /// A session is written down that needs the file: it outlives this process.
    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }

    /// The session is over. The file goes with the last reference, unless it became part of a tree.
    pub(super) fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
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
        if !self.kept.load(Ordering::Relaxed) && !self.held.load(Ordering::Relaxed) {
            // Nobody is left to tell; at the next start the state folder is tidied anyway.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the bytes of one request go.
#[derive(Debug)]
pub(super) enum Sink {
    /// They stay in memory, as they came.
    Memory(Vec<Bytes>),
    /// They go into a file.
    File {
        file: Arc<BlobFile>,
        turn: u64,
        offset: u64,
    },
}

impl Sink {
    pub(super) fn file(file: Arc<BlobFile>, turn: u64, offset: u64) -> Sink {
        Sink::File { file, turn, offset }
    }

    /// The file that is written to, unless the bytes stay in memory.
    pub(super) fn target(&self) -> Option<Arc<BlobFile>> {
        match self {
            Sink::Memory(_) => None,
            Sink::File { file, .. } => Some(Arc::clone(file)),
        }
    }

    /// Takes the next bytes. Even where there are none, there is a file then. It may block.
    pub(super) fn write(&mut self, pieces: Vec<Bytes>) -> io::Result<()> {
        match self {
            Sink::Memory(chunks) => {
                let kept = pieces.into_iter().map(|piece| {
                    if piece.len() < WORTH_SHARING {
                        return Bytes::copy_from_slice(&piece);
                    }
                    piece
                });
                chunks.extend(kept);
            }
            Sink::File { file, turn, offset } => {
                file.write_at(*turn, *offset, &pieces)?;
                *offset += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
            }
        }
        Ok(())
    }

    /// The chunks in memory, or the file.
    pub(super) fn finish(self) -> Contents {
        match self {
            Sink::Memory(chunks) => Contents::Memory(chunks),
            Sink::File { file, .. } => Contents::File(file),
        }
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
