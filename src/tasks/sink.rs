//! Where a download goes: a temporary file beside the target, which takes its place when all is right.

use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;
use cap_std::fs::{Dir, Metadata};
use cap_tempfile::TempFile;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::client::{ContentHasher, Part, PartsHash};
use crate::error::{Error, ErrorKind, Result};

/// How many pieces may wait to be written.
const AHEAD: usize = 16;

/// Takes the bytes of one file on a thread for blocking work, hashes them, and puts the file in place when it is told to.
///
/// Dropped before [`commit`](Sink::commit), it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Sink {
    pieces: Option<mpsc::Sender<Piece>>,
    worker: JoinHandle<Result<()>>,
}

/// The place of a file: its folder, opened, so that nothing outside can be meant; and its name there.
#[derive(Debug)]
pub(super) struct Place {
    folder: Dir,
    name: String,
    /// For messages.
    path: PathBuf,
    before: Option<Metadata>,
    guarded: bool,
}

/// What the file must be to take its place.
#[derive(Debug)]
pub(super) struct Seal {
    pub(super) hash: Option<String>,
    pub(super) modified: Option<SystemTime>,
}

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    /// A part, and where it belongs; all that comes are parts then.
    Part(u64, Part),
    End(Seal),
}

impl Sink {
    pub(super) fn open(place: Place) -> Self {
        let (pieces, receiver) = mpsc::channel(AHEAD);
        Self {
            pieces: Some(pieces),
            worker: tokio::task::spawn_blocking(move || write(&place, receiver)),
        }
    }

    /// Takes the next bytes; waits while too much is still to be written.
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.send(Piece::Bytes(bytes)).await
    }

    /// Takes a part of a file whose parts come in any order.
    pub(super) async fn write_part(&mut self, offset: u64, part: Part) -> Result<()> {
        self.send(Piece::Part(offset, part)).await
    }

    /// Checks, syncs and renames. Only when this returns is the file there, and then it is there whole.
    pub(super) async fn commit(mut self, seal: Seal) -> Result<()> {
        self.send(Piece::End(seal)).await?;
        self.worker.await?
    }

    async fn send(&mut self, piece: Piece) -> Result<()> {
        let sent = match &self.pieces {
            Some(pieces) => pieces.send(piece).await.is_ok(),
            None => false,
        };
        if sent {
            return Ok(());
        }
        // The worker ended, which it only does early when it failed.
        self.pieces = None;
        match (&mut self.worker).await? {
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(
                ErrorKind::LocalIo,
                "the file was closed already",
            )),
        }
    }
}

fn write(place: &Place, mut pieces: mpsc::Receiver<Piece>) -> Result<()> {
    let failed = |error| Error::io("write", &place.path, error);
    let mut file = TempFile::new(&place.folder).map_err(failed)?;
    let (mut hasher, mut parts) = (ContentHasher::new(), None);
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                hasher.update(&bytes);
                file.write_all(&bytes).map_err(failed)?;
            }
            Some(Piece::Part(offset, part)) => {
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                file.write_all(&part.bytes).map_err(failed)?;
                let parts = parts.get_or_insert_with(PartsHash::default);
                parts.add(offset, part.bytes.len() as u64, part.hash);
            }
            Some(Piece::End(seal)) => {
                let hash = parts.map_or_else(|| hasher.finish(), PartsHash::finish);
                if seal.hash.is_some_and(|right| right != hash) {
                    return Err(place.refused(
                        ErrorKind::Integrity,
                        "what arrived for {} is not what Dropbox has",
                    ));
                }
                let file = finished(file, place.before.as_ref(), seal.modified).map_err(failed)?;
                if place.guarded && place.is_changed().map_err(failed)? {
                    return Err(place.refused(
                        ErrorKind::Conflict,
                        "{} changed here while it was downloaded",
                    ));
                }
                return place.take(file).map_err(failed);
            }
            // Nobody wants the file any more: dropping it removes it.
            None => return Ok(()),
        }
    }
}

/// The file on disk as it shall be, but for its name: with its date, and the permissions of the one that it replaces.
fn finished<'a>(
    file: TempFile<'a>,
    replaced: Option<&Metadata>,
    modified: Option<SystemTime>,
) -> io::Result<TempFile<'a>> {
    if let Some(replaced) = replaced {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    let handle = file.as_file().try_clone()?.into_std();
    if let Some(modified) = modified {
        handle.set_modified(modified)?;
    }
    handle.sync_all()?;
    Ok(file)
}

impl Place {
    /// The place of a file, and what is there now. If `guarded` it is an error when that changes while the file comes.
    pub(super) fn new(folder: Dir, name: &str, path: PathBuf, guarded: bool) -> Result<Self> {
        let before = occupant(&folder, name).map_err(|error| Error::io("look at", &path, error))?;
        Ok(Self {
            folder,
            name: name.to_owned(),
            path,
            before,
            guarded,
        })
    }

    fn is_changed(&self) -> io::Result<bool> {
        let stamp = |metadata: &Metadata| (metadata.len(), metadata.modified().ok());
        let now = occupant(&self.folder, &self.name)?;
        Ok(now.as_ref().map(stamp) != self.before.as_ref().map(stamp))
    }

    fn take(&self, file: TempFile<'_>) -> io::Result<()> {
        file.replace(&self.name)?;
        // The new name is on disk only when the folder is.
        self.folder.open(".")?.sync_all()
    }

    fn refused(&self, kind: ErrorKind, message: &str) -> Error {
        let path = self.path.display().to_string();
        Error::new(kind, message.replace("{}", &format!("`{path}`")))
            .with_path(path)
            .with_hint("what was there before is untouched; download it again")
    }
}

/// What has this name in the folder, if anything.
fn occupant(folder: &Dir, name: &str) -> io::Result<Option<Metadata>> {
    match folder.symlink_metadata(name) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
