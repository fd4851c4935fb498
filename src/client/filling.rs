//! A part of a download while it comes: hashed, and kept where that is wanted, piece by piece.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::content_hash::PartHasher;
use super::upload::{Part, PartBuffer};
use crate::error::Result;

/// What comes between two times that it is kept. Of a download that is killed so much is lost of each part that is on its way: with four
/// of them a block of Dropbox's.
pub(super) const PIECE: usize = 1 << 20;

/// Keeps what has come of parts, so that it is not lost with the process. Its calls block.
pub(crate) trait Keep: fmt::Debug + Send + Sync {
    /// Takes bytes of the part that begins at `part`: those behind the first `before` of it.
    fn keep(&self, part: u64, before: usize, bytes: &[u8]) -> Result<()>;

    /// Appends what an earlier run kept of the part, as far as it is to be had, and no more than this.
    fn kept(&self, part: u64, most: usize, buffer: &mut Vec<u8>);
}

/// A part that is not whole yet.
#[derive(Debug)]
pub(super) struct Filling {
    buffer: PartBuffer,
    hasher: PartHasher,
    /// How much of it is hashed and kept.
    taken: usize,
    /// Where the part begins.
    start: u64,
    keep: Option<Arc<dyn Keep>>,
}

impl Filling {
    pub(super) fn new(buffer: PartBuffer, start: u64, keep: Option<Arc<dyn Keep>>) -> Self {
        Self {
            buffer,
            hasher: PartHasher::default(),
            taken: 0,
            start,
            keep,
        }
    }

    /// The same with what an earlier run kept of it.
    pub(super) async fn taken_up(
        buffer: PartBuffer,
        part: Range<u64>,
        keep: Option<Arc<dyn Keep>>,
    ) -> Result<Self> {
        let mut filling = Self::new(buffer, part.start, keep);
        let Some(keep) = filling.keep.clone() else {
            return Ok(filling);
        };
        let most = usize::try_from(part.end - part.start).expect("a part fits into memory");
        let take_up = move || {
            keep.kept(part.start, most, &mut filling.buffer.bytes);
            filling.hasher.update(&filling.buffer.bytes);
            filling.taken = filling.buffer.bytes.len();
            filling
        };
        Ok(tokio::task::spawn_blocking(take_up).await?)
    }

    pub(super) fn length(&self) -> u64 {
        self.buffer.bytes.len() as u64
    }

    /// Takes the next bytes; whenever there is a piece of them it is hashed and kept.
    pub(super) async fn add(mut self, bytes: &[u8]) -> Result<Self> {
        self.buffer.bytes.extend_from_slice(bytes);
        if self.buffer.bytes.len() - self.taken < PIECE {
            return Ok(self);
        }
        tokio::task::spawn_blocking(move || self.take()).await?
    }

    pub(super) async fn finish(self) -> Result<Part> {
        let rest = move || {
            let Self { hasher, buffer, .. } = self.take()?;
            Ok(Part {
                hash: hasher.finish(),
                bytes: buffer.into(),
            })
        };
        tokio::task::spawn_blocking(rest).await?
    }

    fn take(mut self) -> Result<Self> {
        let piece = &self.buffer.bytes[self.taken..];
        if let Some(keep) = self.keep.as_ref().filter(|_| !piece.is_empty()) {
            keep.keep(self.start, self.taken, piece)?;
        }
        self.hasher.update(piece);
        self.taken = self.buffer.bytes.len();
        Ok(self)
    }
}
