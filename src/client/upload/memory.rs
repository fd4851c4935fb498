//! Memory for the parts of files on their way: bounded for all of a process together, and used again.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::local_file::PART_SIZE;

/// How many parts of full size may be in memory at a time.
pub(crate) const PARTS: usize = 4;

/// What all parts together may take, or as many small ones as fit.
const ROOM: usize = PARTS * PART_SIZE;

/// Room is counted in these.
const UNIT: usize = 64 * 1024;

/// How many buffers of full size are kept for the next part: all. What is freed and asked for again each time spreads over the
/// allocator's arenas, and stays there.
const SPARE: usize = PARTS;

/// The room for parts, and spare buffers.
#[derive(Debug, Clone)]
pub(crate) struct PartMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    room: Arc<Semaphore>,
    spare: Mutex<Vec<Vec<u8>>>,
}

/// An empty buffer for one part; its room and its memory are given back with the last of the bytes that it becomes.
#[derive(Debug)]
pub(crate) struct PartBuffer {
    pub(in super::super) bytes: Vec<u8>,
    memory: Arc<Shared>,
    _room: OwnedSemaphorePermit,
}

impl PartMemory {
    /// That of this process, which all its clients share.
    pub(crate) fn of_process() -> Self {
        static SHARED: LazyLock<PartMemory> = LazyLock::new(PartMemory::new);
        SHARED.clone()
    }

    fn new() -> Self {
        let room = Arc::new(Semaphore::new(ROOM / UNIT));
        Self(Arc::new(Shared {
            room,
            spare: Mutex::default(),
        }))
    }

    /// A buffer for this many bytes, at most a part, as soon as there is room for it.
    pub(crate) async fn buffer(&self, length: usize) -> PartBuffer {
        let units = length.div_ceil(UNIT).clamp(1, PART_SIZE / UNIT);
        let units = u32::try_from(units).expect("a part is a few hundred units");
        let room = Arc::clone(&self.0.room)
            .acquire_many_owned(units)
            .await
            .expect("the semaphore is never closed");
        let bytes = if length > PART_SIZE / 2 {
            let spare = self
                .0
                .spare
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            spare.unwrap_or_else(|| Vec::with_capacity(PART_SIZE))
        } else {
            Vec::with_capacity(length)
        };
        PartBuffer {
            bytes,
            memory: Arc::clone(&self.0),
            _room: room,
        }
    }
}

impl From<PartBuffer> for Bytes {
    fn from(buffer: PartBuffer) -> Self {
        Self::from_owner(buffer)
    }
}

impl AsRef<[u8]> for PartBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        if self.bytes.capacity() != PART_SIZE {
            return;
        }
        let mut spare = self
            .memory
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            self.bytes.clear();
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn full_parts_are_few_and_their_buffers_are_used_again() {
        let memory = PartMemory::new();
        let mut buffers = Vec::new();
        for _ in 0..PARTS {
            buffers.push(memory.buffer(PART_SIZE).await);
        }
        let next = memory.buffer(PART_SIZE);
        let mut next = std::pin::pin!(next);
        assert!(
            futures_util::poll!(&mut next).is_pending(),
            "there is room for so many"
        );
        let mut given = buffers.pop().expect("one of them");
        given.bytes.extend_from_slice(b"contents");
        let place = given.bytes.as_ptr();
        let bytes = Bytes::from(given);
        let piece = bytes.slice(1..3);
        drop(bytes);
        assert!(
            futures_util::poll!(&mut next).is_pending(),
            "a piece is in use still"
        );
        drop(piece);
        let again = next.await;
        assert_eq!((again.bytes.as_ptr(), again.bytes.len()), (place, 0));
    }

    #[tokio::test]
    async fn small_parts_are_many() {
        let memory = PartMemory::new();
        let mut buffers = Vec::new();
        for _ in 0..500 {
            buffers.push(memory.buffer(1_000).await);
        }
    }
}
