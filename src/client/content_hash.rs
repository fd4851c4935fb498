//! Dropbox's content hash.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// The hash is made of blocks of this many bytes.
pub(crate) const BLOCK: usize = 4 << 20;

/// What is read at a time.
const PIECE: usize = 256 * 1024;

/// Computes the content hash of what is fed to it: the SHA-256 of the SHA-256s of the 4 MiB blocks, in hex.
///
/// Source: <https://www.dropbox.com/developers/reference/content-hash>.
#[derive(Debug, Clone, Default)]
pub struct ContentHasher {
    blocks: Sha256,
    block: Block,
}

/// The block that is being filled.
#[derive(Debug, Clone, Default)]
struct Block {
    hasher: Sha256,
    filled: usize,
}

impl ContentHasher {
    /// A hasher that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.block.fill(bytes, |block| self.blocks.update(block));
    }

    /// The hash as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn finish(mut self) -> String {
        if let Some(last) = self.block.rest() {
            self.blocks.update(last);
        }
        hex(&self.blocks.finalize())
    }

    /// Feeds a part whose blocks are hashed already. What came before must have ended with a whole block.
    pub(crate) fn update_part(&mut self, part: &PartHash) {
        debug_assert_eq!(self.block.filled, 0, "parts begin where a block begins");
        for block in &part.0 {
            self.blocks.update(block);
        }
    }
}

impl Block {
    /// Feeds the next bytes; gives the hash of each block that they fill.
    fn fill(&mut self, mut bytes: &[u8], mut full: impl FnMut([u8; 32])) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.hasher.update(now);
            self.filled += now.len();
            if self.filled == BLOCK {
                self.filled = 0;
                full(self.hasher.finalize_reset().into());
            }
            bytes = later;
        }
    }

    /// The hash of a last block that is not full.
    fn rest(self) -> Option<[u8; 32]> {
        (self.filled > 0).then(|| self.hasher.finalize().into())
    }
}

/// Computes the hashes of the blocks of a part as it comes.
#[derive(Debug, Default)]
pub(crate) struct PartHasher {
    blocks: Vec<[u8; 32]>,
    block: Block,
}

impl PartHasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.block.fill(bytes, |block| self.blocks.push(block));
    }

    pub(crate) fn finish(mut self) -> PartHash {
        self.blocks.extend(self.block.rest());
        PartHash(self.blocks)
    }
}

/// The hashes of the blocks of one part of a file, for the part's own hash and the file's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PartHash(Vec<[u8; 32]>);

impl PartHash {
    pub(crate) fn of(part: &[u8]) -> Self {
        Self(
            part.chunks(BLOCK)
                .map(|block| Sha256::digest(block).into())
                .collect(),
        )
    }

    /// The hash of the next bytes that are read, so many.
    pub(crate) fn read(from: &mut impl Read, length: u64) -> io::Result<Self> {
        let mut piece = vec![0; PIECE];
        let mut hasher = PartHasher::default();
        let mut left = length;
        while left > 0 {
            let length = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
            from.read_exact(&mut piece[..length])?;
            hasher.update(&piece[..length]);
            left -= length as u64;
        }
        Ok(hasher.finish())
    }

    /// The hashes of the blocks, one behind the other.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Takes back what [`to_bytes`](PartHash::to_bytes) gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let (blocks, _) = bytes.as_chunks();
        Self(blocks.to_vec())
    }

    /// The content hash of the part by itself.
    pub(crate) fn content_hash(&self) -> String {
        let mut hasher = ContentHasher::new();
        hasher.update_part(self);
        hasher.finish()
    }
}

/// The content hash of a file whose parts become known in any order.
#[derive(Debug, Default)]
pub(crate) struct PartsHash {
    whole: ContentHasher,
    /// Where the parts that are fed end.
    end: u64,
    /// Parts behind a gap, by their offsets, and their lengths.
    waiting: BTreeMap<u64, (u64, PartHash)>,
}

impl PartsHash {
    /// Takes a part, which begins where a block begins.
    pub(crate) fn add(&mut self, offset: u64, length: u64, hash: PartHash) {
        self.waiting.insert(offset, (length, hash));
        while let Some((length, hash)) = self.waiting.remove(&self.end) {
            self.whole.update_part(&hash);
            self.end += length;
        }
    }

    /// The hash of the whole, when all parts were added.
    pub(crate) fn finish(self) -> String {
        debug_assert!(self.waiting.is_empty(), "no part is missing");
        self.whole.finish()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8], piece: usize) -> String {
        let mut hasher = ContentHasher::new();
        bytes.chunks(piece).for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    /// From the documentation and the tests of other clients.
    const VECTORS: &[(usize, &str)] = &[
        (
            0,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            1,
            "1cd6ef71e6e0ff46ad2609d403dc3fee244417089aa4461245a4e4fe23a55e42",
        ),
        (
            4_096,
            "8620913d33852befe09f16fff8fd75f77a83160d29f76f07e0276e9690903035",
        ),
        (
            4_194_304,
            "d4d63bac5b866c71620185392a8a6218ac1092454a2d16f820363b69852befa3",
        ),
        (
            4_194_305,
            "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92",
        ),
        (
            8_388_609,
            "02c8a4aefc2bfc9036f89a7098001865885938ca580e5c9e5db672385edd303c",
        ),
    ];

    #[test]
    fn the_known_vectors_come_out_however_they_are_fed() {
        for (length, expected) in VECTORS {
            let bytes = vec![b'A'; *length];
            for piece in [BLOCK * 3, 1_000_003] {
                assert_eq!(
                    hash(&bytes, piece),
                    *expected,
                    "{length} bytes in pieces of {piece}"
                );
            }
        }
    }

    #[test]
    fn parts_make_the_same_hash() {
        let bytes: Vec<u8> = (0..2 * BLOCK + 77)
            .map(|index| u8::try_from(index % 251).unwrap_or(0))
            .collect();
        let mut hasher = ContentHasher::new();
        for part in bytes.chunks(BLOCK) {
            let part_hash = PartHash::of(part);
            assert_eq!(part_hash.content_hash(), hash(part, BLOCK));
            let read = PartHash::read(&mut &part[..], part.len() as u64);
            assert_eq!(read.expect("it is all there"), part_hash);
            let mut pieces = PartHasher::default();
            part.chunks(1_000_003)
                .for_each(|piece| pieces.update(piece));
            assert_eq!(pieces.finish(), part_hash);
            hasher.update_part(&part_hash);
        }
        assert_eq!(hasher.finish(), hash(&bytes, BLOCK));
    }

    #[test]
    fn the_order_in_which_parts_come_does_not_matter() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 77)
            .map(|index| u8::try_from(index % 251).unwrap_or(0))
            .collect();
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            let mut whole = PartsHash::default();
            for part in order {
                let block = bytes.chunks(BLOCK).nth(part).expect("four parts");
                let offset = (part * BLOCK) as u64;
                whole.add(offset, block.len() as u64, PartHash::of(block));
            }
            assert_eq!(whole.finish(), hash(&bytes, BLOCK), "{order:?}");
        }
    }
}
