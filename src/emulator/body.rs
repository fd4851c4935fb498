//! The body of a request, taken in as it comes.

use std::io;
use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::blob::Sink;
use super::content_hash::ContentHasher;
use super::intake::{Intake, Received};
use super::record::Record;

/// Bytes of a refused body that are read off, so that the client can finish sending and see the answer.
const PATIENCE: u64 = 512 * 1024 * 1024;

/// A request's body.
pub(super) struct RequestBody {
    stream: BodyDataStream,
    /// What came in a chunk beyond what was asked for.
    ahead: Bytes,
    /// Where what came is counted, where it is.
    record: Option<Arc<Record>>,
}

/// Why a body could not be taken in.
#[derive(Debug)]
pub(super) enum BodyError {
    /// The client went away in the middle.
    Broken,
    /// There was more than the limit. The rest has not been read.
    TooLarge,
    /// There was less than the argument says.
    TooShort,
    /// A later call sends the same bytes: this one was given up.
    Superseded,
    /// It could not be stored.
    Storage(io::Error),
}

impl From<io::Error> for BodyError {
    fn from(error: io::Error) -> BodyError {
        match error.kind() {
            io::ErrorKind::ResourceBusy => BodyError::Superseded,
            _ => BodyError::Storage(error),
        }
    }
}

impl RequestBody {
    pub(super) fn new(body: Body, record: Option<Arc<Record>>) -> RequestBody {
        RequestBody {
            stream: body.into_data_stream(),
            ahead: Bytes::new(),
            record,
        }
    }

    /// The next bytes, at most `limit`; `None` at the end.
    async fn next(&mut self, limit: u64) -> Result<Option<Bytes>, BodyError> {
        while self.ahead.is_empty() {
            match self.stream.next().await {
                None => return Ok(None),
                Some(Err(_)) => return Err(BodyError::Broken),
                Some(Ok(chunk)) => {
                    if let Some(record) = &self.record {
                        record.received(chunk.len());
                    }
                    self.ahead = chunk;
                }
            }
        }
        let count =
            usize::try_from(limit).map_or(self.ahead.len(), |limit| limit.min(self.ahead.len()));
        Ok(Some(self.ahead.split_to(count)))
    }

    /// Stores up to `keep` bytes, hashing them; more than `limit` is an error, what lies between is read and dropped.
    pub(super) async fn receive(
        &mut self,
        sink: Sink,
        whole: Option<ContentHasher>,
        keep: u64,
        limit: u64,
    ) -> Result<Received, BodyError> {
        let mut intake = Intake::new(sink, whole);
        let (mut size, mut seen) = (0, 0);
        while let Some(mut chunk) = self.next(u64::MAX).await? {
            seen += chunk.len() as u64;
            if seen > limit {
                return Err(BodyError::TooLarge);
            }
            if let Ok(room) = usize::try_from(keep - size) {
                chunk.truncate(room);
            }
            size += chunk.len() as u64;
            intake.take(chunk).await?;
        }
        Ok(intake.finish().await?)
    }

    /// Stores the next `length` bytes, hashing them for themselves and as a part of the `body`.
    pub(super) async fn receive_piece(
        &mut self,
        sink: Sink,
        whole: Option<ContentHasher>,
        length: u64,
        body: &mut ContentHasher,
    ) -> Result<Received, BodyError> {
        let mut intake = Intake::new(sink, whole);
        let mut left = length;
        while left > 0 {
            let chunk = self.next(left).await?.ok_or(BodyError::TooShort)?;
            left -= chunk.len() as u64;
            body.update(&chunk);
            intake.take(chunk).await?;
        }
        Ok(intake.finish().await?)
    }

    /// Reads off the next `length` bytes.
    pub(super) async fn skip(
        &mut self,
        length: u64,
        body: &mut ContentHasher,
    ) -> Result<(), BodyError> {
        let mut left = length;
        while left > 0 {
            let chunk = self.next(left).await?.ok_or(BodyError::TooShort)?;
            left -= chunk.len() as u64;
            body.update(&chunk);
        }
        Ok(())
    }

    /// Takes that many bytes, or what there is, and drops them.
    pub(super) async fn take_off(&mut self, bytes: u64) {
        let mut left = bytes;
        while left > 0 {
            match self.next(left).await {
                Ok(Some(chunk)) => left -= chunk.len() as u64,
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Whether nothing more comes. What comes is lost.
    pub(super) async fn is_at_end(&mut self) -> Result<bool, BodyError> {
        Ok(self.next(u64::MAX).await?.is_none())
    }

    /// All of a body that should be small.
    pub(super) async fn collect(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next(u64::MAX).await? {
            if all.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge);
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    /// Reads off what is left. Many clients look for the answer only when they have sent everything.
    pub(super) async fn drain(&mut self) {
        self.take_off(PATIENCE).await;
    }
}
