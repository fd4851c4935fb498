//! Where a download goes: a file beside the target, which takes its place when all is right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use cap_std::fs::{Dir, Metadata};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::draft::{Draft, Over, PartialFile};
use crate::client::{ContentHasher, Fetched, Part, PartsHash};
use crate::error::{Error, ErrorKind, Result};

/// How many pieces may wait to be written.
const AHEAD: usize = 16;

/// Takes the bytes of one file on a thread for blocking work, hashes them, and puts the file in place when it is told to.
///
/// Dropped before [`commit`](Sink::commit), it leaves nothing behind but what was noted to be gone on with.
#[derive(Debug)]
pub(super) struct Sink {
    pieces: Option<mpsc::Sender<Piece>>,
    /// Whether parts are in the file when they come here.
    kept: bool,
    worker: JoinHandle<Result<Option<fs::Metadata>>>,
}

/// The place of a file: its folder, opened, so that nothing outside can be meant; and its name there.
#[derive(Debug)]
pub(super) struct Place {
    folder: Dir,
    name: String,
    /// For messages.
    path: PathBuf,
    /// From the root of the file system on; none where the folder cannot be told from there.
    target: Option<PathBuf>,
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
    /// A part that is in the file.
    Kept(Fetched),
    End(Seal),
    Discard,
}

impl Sink {
    pub(super) fn open(place: Place) -> Self {
        Self::go_on(place, None)
    }

    /// The same in parts, of which some may be there already: in a file that a later run can go on with, where there is one.
    pub(super) fn go_on(place: Place, partial: Option<(PartialFile, Vec<Fetched>)>) -> Self {
        let (pieces, receiver) = mpsc::channel(AHEAD);
        Self {
            pieces: Some(pieces),
            kept: partial.is_some(),
            worker: tokio::task::spawn_blocking(move || write(&place, partial, receiver)),
        }
    }

    /// Takes the next bytes; waits while too much is still to be written.
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.send(Piece::Bytes(bytes)).await
    }

    /// Takes a part of a file whose parts come in any order. Where a later run can go on with the file it was kept there as it came.
    pub(super) async fn write_part(&mut self, offset: u64, part: Part) -> Result<()> {
        if !self.kept {
            return self.send(Piece::Part(offset, part)).await;
        }
        let Part { bytes, hash } = part;
        let bytes = bytes.len() as u64;
        self.send(Piece::Kept(Fetched {
            offset,
            bytes,
            hash,
        }))
        .await
    }

    /// Checks, syncs and renames. Only when this returns is the file there, and then it is there whole. Gives what was known of it before
    /// it got its name.
    pub(super) async fn commit(mut self, seal: Seal) -> Result<Option<fs::Metadata>> {
        self.send(Piece::End(seal)).await?;
        self.worker.await?
    }

    /// Leaves nothing behind.
    pub(super) async fn discard(mut self) {
        // Where the worker ended early it did that itself, and was heard to the end.
        if self.pieces.is_some() && self.send(Piece::Discard).await.is_ok() {
            let _ = self.worker.await;
        }
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
            Ok(_) => Err(Error::new(
                ErrorKind::LocalIo,
                "the file was closed already",
            )),
        }
    }
}

fn write(
    place: &Place,
    partial: Option<(PartialFile, Vec<Fetched>)>,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Option<fs::Metadata>> {
    let failed = |error| Error::io("write", &place.path, error);
    let (partial, there) = partial.unzip();
    let mut draft = Draft::open(&place.folder, partial).map_err(failed)?;
    let mut writing = Writing::new(there.unwrap_or_default());
    match writing.fill(place, &mut draft, &mut pieces) {
        Ok(End::Complete(metadata)) => match draft.take(&place.folder, &place.name, place.over()) {
            Ok(()) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(place.changed()),
            Err(error) => Err(failed(error)),
        },
        // Nobody wants the file any more, or not now.
        Ok(End::Left) => Ok(None),
        Ok(End::Unwanted) => {
            draft.discard(&place.folder);
            Ok(None)
        }
        Err(error) => {
            draft.discard(&place.folder);
            Err(error)
        }
    }
}

/// How the pieces ended.
enum End {
    Complete(fs::Metadata),
    Left,
    Unwanted,
}

/// What is known of the bytes that were written.
struct Writing {
    hasher: ContentHasher,
    parts: Option<PartsHash>,
    /// Written and not noted.
    unnoted: Vec<Fetched>,
}

impl Writing {
    fn new(there: Vec<Fetched>) -> Self {
        let mut writing = Self {
            hasher: ContentHasher::new(),
            parts: None,
            unnoted: Vec::new(),
        };
        for part in there {
            writing.add(part);
        }
        writing
    }

    fn fill(
        &mut self,
        place: &Place,
        draft: &mut Draft<'_>,
        pieces: &mut mpsc::Receiver<Piece>,
    ) -> Result<End> {
        let failed = |error| Error::io("write", &place.path, error);
        loop {
            match pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    self.hasher.update(&bytes);
                    draft.write(&bytes).map_err(failed)?;
                }
                Some(Piece::Part(offset, Part { bytes, hash })) => {
                    draft.write_at(offset, &bytes).map_err(failed)?;
                    self.add(Fetched {
                        offset,
                        bytes: bytes.len() as u64,
                        hash,
                    });
                }
                Some(Piece::Kept(part)) => {
                    self.unnoted.push(part);
                    // What came meanwhile goes to the disk together.
                    if pieces.is_empty() {
                        self.note(draft).map_err(failed)?;
                    }
                }
                Some(Piece::End(seal)) => {
                    self.note(draft).map_err(failed)?;
                    let metadata = self.check(place, draft, seal)?;
                    return Ok(End::Complete(metadata));
                }
                Some(Piece::Discard) => return Ok(End::Unwanted),
                None => {
                    self.note(draft).map_err(failed)?;
                    return Ok(End::Left);
                }
            }
        }
    }

    fn note(&mut self, draft: &Draft<'_>) -> io::Result<()> {
        let parts = std::mem::take(&mut self.unnoted);
        if !parts.is_empty() {
            draft.note(&parts)?;
        }
        for part in parts {
            self.add(part);
        }
        Ok(())
    }

    fn add(&mut self, part: Fetched) {
        let parts = self.parts.get_or_insert_with(PartsHash::default);
        parts.add(part.offset, part.bytes, part.hash);
    }

    /// Whether the file is what it must be, and may take its place; what is known of it.
    fn check(&mut self, place: &Place, draft: &Draft<'_>, seal: Seal) -> Result<fs::Metadata> {
        let failed = |error| Error::io("write", &place.path, error);
        let hash = match self.parts.take() {
            Some(parts) => parts.finish(),
            None => std::mem::take(&mut self.hasher).finish(),
        };
        if seal.hash.is_some_and(|right| right != hash) {
            return Err(place.refused(
                ErrorKind::Integrity,
                "what arrived for {} is not what Dropbox has",
            ));
        }
        let metadata = draft
            .finish(&place.folder, place.before.as_ref(), seal.modified)
            .map_err(failed)?;
        if place.guarded && place.is_changed().map_err(failed)? {
            return Err(place.changed());
        }
        Ok(metadata)
    }
}

impl Place {
    /// The place of a file, and what is there now. If `guarded` it is an error when that changes while the file comes.
    pub(super) fn new(
        folder: Dir,
        name: &str,
        path: PathBuf,
        target: Option<PathBuf>,
        guarded: bool,
    ) -> Result<Self> {
        let before = occupant(&folder, name).map_err(|error| Error::io("look at", &path, error))?;
        Ok(Self {
            folder,
            name: name.to_owned(),
            path,
            target,
            before,
            guarded,
        })
    }

    /// For messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn folder(&self) -> &Dir {
        &self.folder
    }

    /// Its path from the root of the file system on, where that is known.
    pub(super) fn target(&self) -> Option<&Path> {
        self.target.as_deref()
    }

    fn is_changed(&self) -> io::Result<bool> {
        let stamp = |metadata: &Metadata| (metadata.len(), metadata.modified().ok());
        let now = occupant(&self.folder, &self.name)?;
        Ok(now.as_ref().map(stamp) != self.before.as_ref().map(stamp))
    }

    /// What the file may take the name of. Where nothing was, nothing may have come, under whatever spelling that is the same name here.
    fn over(&self) -> Over {
        if self.guarded && self.before.is_none() {
            Over::Nothing
        } else {
            Over::Anything
        }
    }

    fn changed(&self) -> Error {
        self.refused(
            ErrorKind::Conflict,
            "{} changed here while it was downloaded",
        )
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
