//! Where a download goes: a temporary file beside the target, which takes its place when all is right.

use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;
use cap_std::fs::Dir;
use cap_tempfile::TempFile;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::client::ContentHasher;
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
    pub(super) folder: Dir,
    pub(super) name: String,
    /// For messages.
    pub(super) path: PathBuf,
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
    let mut hasher = ContentHasher::new();
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                hasher.update(&bytes);
                file.write_all(&bytes).map_err(failed)?;
            }
            Some(Piece::End(seal)) => {
                if seal.hash.is_some_and(|hash| hash != hasher.finish()) {
                    return Err(Error::new(
                        ErrorKind::Integrity,
                        format!(
                            "what arrived for `{}` is not what Dropbox has",
                            place.path.display()
                        ),
                    )
                    .with_path(place.path.display().to_string())
                    .with_hint("the file there before is untouched; download it again"));
                }
                return put_in_place(file, place, seal.modified).map_err(failed);
            }
            // Nobody wants the file any more: dropping it removes it.
            None => return Ok(()),
        }
    }
}

fn put_in_place(
    file: TempFile<'_>,
    place: &Place,
    modified: Option<SystemTime>,
) -> std::io::Result<()> {
    let handle = file.as_file().try_clone()?.into_std();
    if let Some(modified) = modified {
        handle.set_modified(modified)?;
    }
    handle.sync_all()?;
    drop(handle);
    file.replace(&place.name)?;
    // The new name is on disk only when the folder is.
    place.folder.open(".")?.sync_all()
}
