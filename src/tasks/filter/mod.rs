//! Which files and folders a task is about.

mod content;
mod files;
mod mask;
mod order;
mod predicate;
mod sieve;
mod size;
mod when;

use serde::Deserialize;

pub use content::{ContentKind, ContentTest};
pub use files::FileFilter;
pub use mask::Masks;
pub use order::{Sort, SortBy};
pub use predicate::Predicate;
pub(super) use sieve::{Candidate, Sieve, Task};
pub use size::ByteSize;
pub use when::When;

use crate::options::options;

options! {
    /// Which files and folders a task is about: all of the tests that are given must hold.
    ///
    /// A folder has no date and no size at Dropbox: with such a test only files match. Hidden files count like others.
    pub struct Filter {
        /// Only what matches one of these masks. A mask is compared with the name, or, with a `/` in it, with the path below the source.
        include: Option<Masks> = None, "a mask, several in an array or joined by `;`";
        /// Nothing that matches one of these masks.
        exclude: Option<Masks> = None, "a mask, several in an array or joined by `;`";
        /// Nothing below folders that match one of these masks, nor the folders themselves.
        exclude_folders: Option<Masks> = None, "a mask, several in an array or joined by `;`";
        /// Whether the masks are regular expressions, found anywhere in the text unless they say `^` and `$`; a `;` does not part these.
        regex: bool = false, "true or false";
        /// Whether letter case counts in masks.
        case_sensitive: bool = false, "true or false";
        /// Files, folders, or both; each task has its own default.
        kind: Option<Kinds> = None, r#""files", "folders" or "all""#;
        /// Whether to look into subfolders; unless said, that is so for a folder as the source of a transfer.
        subfolders: Option<bool> = None, "true or false";
        /// Only what is older.
        older_than: Option<When> = None, r#"a DateTime, RFC 3339 text, or an age with its unit, as "10 days""#;
        /// Only what is newer.
        newer_than: Option<When> = None, r#"a DateTime, RFC 3339 text, or an age with its unit, as "10 days""#;
        /// Which date counts; the modified one unless said.
        date: Option<Date> = None, r#""modified", "uploaded" or "created""#;
        /// Whether both bounds of the date must hold, or one of them.
        date_join: Join = Join::And, r#""and" or "or""#;
        /// Only files of more bytes.
        larger_than: Option<ByteSize> = None, r#"a number of bytes, or text as "10 MB""#;
        /// Only files of fewer bytes.
        smaller_than: Option<ByteSize> = None, r#"a number of bytes, or text as "10 MB""#;
        /// Whether both bounds of the size must hold, or one of them.
        size_join: Join = Join::And, r#""and" or "or""#;
        /// Only local files with such contents.
        content: Option<ContentTest> = None, "a map with one of `contains`, `equals` and `matches`, and `not: true` if it likes";
        /// Only local files that have all of these attributes.
        attributes: Vec<Attribute> = Vec::new(), r#"an array of "readonly", "hidden", "executable" and "symlink""#;
        /// Only local files that have none of these attributes.
        exclude_attributes: Vec<Attribute> = Vec::new(), r#"an array of "readonly", "hidden", "executable" and "symlink""#;
        /// The order in which they are worked through or shown. All of them are found, and kept in memory, before the first.
        sort: Option<Sort> = None, r#""name", "path", "modified", "uploaded", "created" or "size", with a "-" in front for descending"#;
        /// At most so many, after they were sorted.
        limit: Option<std::num::NonZeroUsize> = None, "a whole number from 1";
        @closure
        /// Only those for which it gives true.
        predicate, "where": Predicate, "a closure on the item";
    }
}

impl Filter {
    /// Whether it may leave something out that its kind alone does not.
    pub(super) fn narrows(&self) -> bool {
        self.include.is_some()
            || self.exclude.is_some()
            || self.exclude_folders.is_some()
            || self.older_than.is_some()
            || self.newer_than.is_some()
            || self.larger_than.is_some()
            || self.smaller_than.is_some()
            || self.predicate.is_some()
            || self.limit.is_some()
    }
}

/// Files, folders, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// Files.
    Files,
    /// Folders.
    Folders,
    /// Both.
    #[default]
    All,
}

/// Which date of a file counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Date {
    /// When its contents were changed last.
    #[default]
    Modified,
    /// When this version of it came to Dropbox; local files have none.
    Uploaded,
    /// When the local file came to be, where the file system keeps that; at Dropbox as [`Uploaded`](Date::Uploaded).
    Created,
}

/// How two bounds join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Both must hold.
    #[default]
    And,
    /// One must hold.
    Or,
}

/// A property of a local file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Nobody may write to it.
    Readonly,
    /// Its name begins with a dot.
    Hidden,
    /// Someone may run it.
    Executable,
    /// It is a symbolic link.
    Symlink,
}
