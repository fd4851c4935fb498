//! Taking bytes in: while some are hashed and stored, the next ones are received.

use std::io;
use std::mem;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

use super::blob::{Contents, Sink};
use super::content_hash::ContentHasher;

/// Bytes that are hashed and stored at a time. As many more are received meanwhile.
const PORTION: usize = 1024 * 1024;

/// So few are hashed and stored on the spot: to hand them to another thread would take longer.
const FEW: usize = 64 * 1024;

/// What a request brought, when it has been stored.
pub(super) struct Received {
    pub(super) contents: Contents,
    pub(super) size: u64,
    /// Of these bytes alone.
    pub(super) hasher: ContentHasher,
    /// Of what was there before and these bytes, when that was asked for.
    pub(super) whole: Option<ContentHasher>,
}

/// Bytes of one request on their way to where they are kept.
pub(super) struct Intake {
    /// `None` while `busy`, and after a failure.
    idle: Option<Work>,
    busy: Option<JoinHandle<io::Result<Work>>>,
    gathered: Vec<Bytes>,
    waiting: usize,
}

/// What has been done with the bytes so far.
struct Work {
    sink: Sink,
    size: u64,
    hasher: ContentHasher,
    whole: Option<ContentHasher>,
}

impl Work {
    fn take(mut self, pieces: Vec<Bytes>) -> io::Result<Work> {
        for piece in &pieces {
            self.size += piece.len() as u64;
            self.hasher.update(piece);
            if let Some(whole) = &mut self.whole {
                whole.update(piece);
            }
        }
        self.sink.write(pieces)?;
        Ok(self)
    }
}

impl Intake {
    /// Hashes bytes for themselves, and behind those that `whole` has seen, and gives them to the sink.
    pub(super) fn new(sink: Sink, whole: Option<ContentHasher>) -> Intake {
        let work = Work {
            sink,
            size: 0,
            hasher: ContentHasher::default(),
            whole,
        };
        Intake {
            idle: Some(work),
            busy: None,
            gathered: Vec::new(),
            waiting: 0,
        }
    }

    /// Takes the next bytes.
    pub(super) async fn take(&mut self, chunk: Bytes) -> io::Result<()> {
        self.waiting += chunk.len();
        self.gathered.push(chunk);
        if self.waiting >= PORTION {
            self.hand_over().await?;
        }
        Ok(())
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        let work = self.work().await?;
        let pieces = mem::take(&mut self.gathered);
        self.waiting = 0;
        self.busy = Some(spawn_blocking(move || work.take(pieces)));
        Ok(())
    }

    /// The work, when all that was handed over is done.
    async fn work(&mut self) -> io::Result<Work> {
        if let Some(busy) = self.busy.take() {
            return busy.await.map_err(io::Error::other)?;
        }
        let gone = || io::Error::other("an earlier part could not be stored");
        self.idle.take().ok_or_else(gone)
    }

    /// All of it is stored.
    pub(super) async fn finish(mut self) -> io::Result<Received> {
        let work = if self.waiting <= FEW {
            // Even without bytes, so that there is a file.
            self.work().await?.take(self.gathered)?
        } else {
            self.hand_over().await?;
            self.work().await?
        };
        Ok(Received {
            contents: work.sink.finish(),
            size: work.size,
            hasher: work.hasher,
            whole: work.whole,
        })
    }
}
