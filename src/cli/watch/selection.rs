//! The filter of the command line, as the watcher asks it.

use std::path::Path;

use dropscript::{FileFilter, Selection};
use jiff::Timestamp;

/// Files that pass a filter.
pub(super) struct Filtered(pub(super) FileFilter);

impl Selection for Filtered {
    fn enters(&self, folder: &str) -> bool {
        self.0.enters(folder)
    }

    fn names(&self, file: &str) -> bool {
        self.0.names(file)
    }

    fn admits(&self, path: &Path, size: u64, modified: Timestamp) -> bool {
        self.0.admits(path, size, modified)
    }
}
