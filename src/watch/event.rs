//! Files on their way to the script together.

use std::path::PathBuf;

use super::stamp::Stamp;

/// Files that the script gets in one run, and again in another one where that failed.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The same however often it comes, and in no other event.
    pub(super) id: String,
    /// In the order of their paths.
    pub(super) files: Vec<Entry>,
    /// How often the script failed with it.
    pub(super) failures: u32,
    /// Whether its files were as they are when the watch began.
    pub(super) from_before: bool,
}

/// One version of one file in an event.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    /// How it was when it was last done with. `None` is "no such file", here and below.
    pub(super) before: Option<Stamp>,
    pub(super) after: Option<Stamp>,
    /// The content hash, where it is known.
    pub(super) hash: Option<String>,
    /// How often a run has had it.
    pub(super) runs: u32,
}

impl Event {
    /// A new event.
    pub(super) fn new(files: Vec<Entry>, from_before: bool) -> Result<Self, getrandom::Error> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        Ok(Self {
            id: format!("{:016x}", u64::from_ne_bytes(random)),
            files,
            failures: 0,
            from_before,
        })
    }

    /// The same files, each in an event of its own.
    pub(super) fn parts(self) -> Vec<Self> {
        let Self {
            id,
            files,
            failures,
            from_before,
        } = self;
        let part = |(number, entry): (usize, Entry)| Self {
            id: format!("{id}-{number}"),
            files: vec![entry],
            failures,
            from_before,
        };
        (1..).zip(files).map(part).collect()
    }
}
