//! Which files below the roots a watch is about.

use std::path::Path;

use jiff::Timestamp;

/// Decides which files count. What is left out is not looked at, and never told as removed.
pub trait Selection: Send + Sync {
    /// Whether there may be such files in a folder; its path below the root, with `/` between the names.
    fn enters(&self, folder: &str) -> bool;

    /// Whether a file counts by its name; its path below the root.
    fn names(&self, file: &str) -> bool;

    /// Whether a version of a file counts, by all else. Of one that is gone, it is asked of the last version.
    fn admits(&self, path: &Path, size: u64, modified: Timestamp) -> bool;
}

/// All files count.
pub(super) struct Everything;

impl Selection for Everything {
    fn enters(&self, _folder: &str) -> bool {
        true
    }

    fn names(&self, _file: &str) -> bool {
        true
    }

    fn admits(&self, _path: &Path, _size: u64, _modified: Timestamp) -> bool {
        true
    }
}
