//! A filter for local files that are come upon one by one, as by a watch.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::{Filter, Sieve, Task};
use crate::error::Result;
use crate::tasks::{Item, ItemKind};

/// A [`Filter`] made ready for local files that are come upon one by one.
///
/// Ages are counted from the moment that a file is asked about. Order, number, contents and a program's own test play no part.
#[derive(Debug)]
pub struct FileFilter {
    filter: Filter,
    sieve: Sieve,
}

impl Filter {
    /// Makes it ready.
    ///
    /// # Errors
    /// `invalid_argument` for masks that are none, and for what makes no sense for local files.
    pub fn for_files(&self) -> Result<FileFilter> {
        Ok(FileFilter {
            sieve: self.sieve(Task::Upload, Timestamp::now())?,
            filter: self.clone(),
        })
    }
}

impl FileFilter {
    /// Whether it looks into a folder, by its path below the source; of the folders around it that is known already.
    #[must_use]
    pub fn enters(&self, folder: &str) -> bool {
        self.filter.subfolders != Some(false) && self.sieve.enters(folder)
    }

    /// Whether the name of a file is right, by its path below the source.
    #[must_use]
    pub fn names(&self, file: &str) -> bool {
        self.sieve.names(file, ItemKind::File)
    }

    /// Whether size, date and attributes are right. A file that is gone has no attributes.
    #[must_use]
    pub fn admits(&self, path: &Path, size: u64, modified: Timestamp) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let item = Item {
            size: Some(size),
            modified: Some(modified),
            ..Item::named(
                ItemKind::File,
                name.clone().into_owned(),
                path.display().to_string(),
            )
        };
        let is_dated = self.filter.older_than.is_some() || self.filter.newer_than.is_some();
        let now = is_dated.then(|| self.filter.sieve(Task::Upload, Timestamp::now()));
        let facts = match now {
            Some(Ok(sieve)) => sieve.facts(&item),
            _ => self.sieve.facts(&item),
        };
        let metadata = fs::symlink_metadata(path).ok();
        facts && self.sieve.attributes(&name, false, metadata.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_let_through_one_by_one() {
        let json = r#"{"include":"*.csv","exclude_folders":"tmp","subfolders":true,"newer_than":"1 day","larger_than":5}"#;
        let filter: Filter = serde_json::from_str(json).expect("a filter");
        let files = filter.for_files().expect("it is sound");
        assert!(files.enters("a") && !files.enters("tmp"));
        assert!(files.names("a/b.csv") && !files.names("a/b.txt"));
        let (path, now) = (Path::new("/r/a/b.csv"), Timestamp::now());
        assert!(files.admits(path, 6, now));
        assert!(!files.admits(path, 5, now));
        assert!(!files.admits(path, 6, Timestamp::UNIX_EPOCH));
        let flat = Filter {
            subfolders: Some(false),
            ..Filter::default()
        };
        assert!(!flat.for_files().expect("it is sound").enters("a"));
    }
}
