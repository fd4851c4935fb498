//! Dropbox's `content_hash`: the SHA-256 of the concatenated SHA-256 digests of the blocks of 4 MiB
//! (developers' site, "content hash").

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::SerializableState as _;
use sha2::{Digest, Sha256};

/// Bytes in a block, and the unit that the offsets of a concurrent upload session count in.
pub(super) const BLOCK: usize = 4 * 1024 * 1024;

/// Hashes a stream of bytes without keeping any of them but 32 for each full block.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentHasher {
    digests: Vec<u8>,
    block: Sha256,
    filled: usize,
}

/// What a hasher knows of the block that is not full yet, as it is written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tail {
    filled: usize,
    /// The state of SHA-256 in Base64; empty at the beginning of a block.
    state: String,
}

impl ContentHasher {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.block.update(head);
            self.filled += head.len();
            bytes = rest;
            if self.filled == BLOCK {
                self.digests.extend_from_slice(&self.block.finalize_reset());
                self.filled = 0;
            }
        }
    }

    /// Whether what was hashed so far ends where a block ends.
    pub(super) fn is_aligned(&self) -> bool {
        self.filled == 0
    }

    /// Goes on with what `next` hashed, as if its bytes had come here. Only after whole blocks.
    pub(super) fn append(&mut self, next: ContentHasher) {
        debug_assert!(
            self.is_aligned(),
            "a block that is not full cannot be followed by another"
        );
        self.digests.extend_from_slice(&next.digests);
        self.block = next.block;
        self.filled = next.filled;
    }

    /// The digests of the full blocks, 32 bytes each.
    pub(super) fn digests(&self) -> &[u8] {
        &self.digests
    }

    pub(super) fn tail(&self) -> Tail {
        let state = match self.filled {
            0 => String::new(),
            _ => BASE64.encode(self.block.serialize()),
        };
        Tail {
            filled: self.filled,
            state,
        }
    }

    /// Takes up the digests that come next.
    pub(super) fn restore_digests(&mut self, digests: &[u8]) {
        self.digests.extend_from_slice(digests);
    }

    /// Goes on in the block that was not full. False where `tail` is not what [`ContentHasher::tail`] gave.
    pub(super) fn restore_tail(&mut self, tail: &Tail) -> bool {
        let block = match tail.filled {
            0 => Some(Sha256::default()),
            _ => BASE64
                .decode(&tail.state)
                .ok()
                .and_then(|state| Sha256::deserialize(state.as_slice().try_into().ok()?).ok()),
        };
        let Some(block) = block else { return false };
        (self.block, self.filled) = (block, tail.filled);
        true
    }

    /// The hash in lower-case hexadecimal digits.
    pub(super) fn finish(mut self) -> String {
        if self.filled > 0 {
            self.digests.extend_from_slice(&self.block.finalize());
        }
        hex(&Sha256::digest(&self.digests))
    }
}

/// The hash of bytes at hand.
pub(super) fn content_hash(bytes: &[u8]) -> String {
    let mut hasher = ContentHasher::default();
    hasher.update(bytes);
    hasher.finish()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        for (count, expected) in [
            (
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                1,
                "1cd6ef71e6e0ff46ad2609d403dc3fee244417089aa4461245a4e4fe23a55e42",
            ),
            (
                2,
                "01e0655fb754d10418a73760f57515f4903b298e6d67dda6bf0987fa79c22c88",
            ),
            (
                4096,
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
        ] {
            assert_eq!(
                content_hash(&vec![b'A'; count]),
                expected,
                "{count} times A"
            );
        }
    }

    #[test]
    fn hashing_goes_on_from_what_was_written_down() {
        for count in [0, 1, BLOCK - 1, BLOCK, BLOCK + 77, 2 * BLOCK + 1] {
            let bytes: Vec<u8> = (0u32..).map(|n| n.to_le_bytes()[1]).take(count).collect();
            let mut before = ContentHasher::default();
            before.update(&bytes);
            let mut after = ContentHasher::default();
            after.restore_digests(before.digests());
            assert!(after.restore_tail(&before.tail()));
            for hasher in [&mut before, &mut after] {
                hasher.update(b"more");
            }
            assert_eq!(before.finish(), after.finish(), "{count} bytes");
        }
        let mut hasher = ContentHasher::default();
        let state = "nonsense".to_owned();
        assert!(!hasher.restore_tail(&Tail { filled: 5, state }));
    }

    #[test]
    fn pieces_of_whole_blocks_hash_like_the_whole() {
        let bytes: Vec<u8> = (0..10_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
        let mut whole = ContentHasher::default();
        for piece in bytes.chunks(2 * BLOCK) {
            let mut part = ContentHasher::default();
            piece.chunks(999_999).for_each(|chunk| part.update(chunk));
            whole.append(part);
        }
        assert_eq!(whole.finish(), content_hash(&bytes));
    }
}
