//! A last look at files before the script gets them: they are still what settled, nobody is writing them, and these are their hashes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::scope::Scope;
use super::stamp::Stamp;
use crate::client::ContentHasher;

/// Larger files are not read for their hash.
const MOST_HASHED: u64 = 64 << 20;

/// After so many bytes were read for their hashes, the files so far are enough for one run.
const MOST_READ: u64 = 256 << 20;

/// What a last look found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It is the version that settled, and this is its hash, where it was reckoned.
    Same(Option<String>),
    /// It is not, or cannot be read just now.
    Changed,
    /// Somebody has it open for writing.
    Open,
    /// Enough was read already.
    TooMuch,
}

/// Last looks at the files of one run.
pub(super) struct Proofs<'a> {
    scope: &'a Scope,
    /// What is open for writing, once that was looked up.
    open: Option<HashSet<(u64, u64)>>,
    read: u64,
}

impl<'a> Proofs<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self {
            scope,
            open: None,
            read: 0,
        }
    }

    /// Looks at a file which is to be in this state, and which nobody is to have open for writing.
    pub(super) fn of_unopened(&mut self, path: &Path, state: Option<Stamp>) -> Proof {
        if let Some(stamp) = state {
            let open = self.open.get_or_insert_with(open_for_writing);
            if open.contains(&stamp.identity()) {
                return Proof::Open;
            }
        }
        self.of(path, state)
    }

    /// Looks at a file which is to be in this state.
    pub(super) fn of(&mut self, path: &Path, state: Option<Stamp>) -> Proof {
        if self.read > MOST_READ {
            return Proof::TooMuch;
        }
        let is_same = || self.scope.look(path).is_ok_and(|now| now == state);
        if !is_same() {
            return Proof::Changed;
        }
        let hash = match state {
            // A file that may not be read is for the script to complain of.
            Some(stamp) if stamp.size() <= MOST_HASHED => hash(path).ok(),
            _ => return Proof::Same(None),
        };
        self.read += state.map_or(0, |stamp| stamp.size());
        // What was read is the version that settled only if it was there until the end.
        if is_same() {
            Proof::Same(hash)
        } else {
            Proof::Changed
        }
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = ContentHasher::new();
    let mut chunk = vec![0; 1 << 16];
    // One that grows without end is not read without end.
    let mut left = MOST_HASHED + 1;
    while left > 0 {
        let most = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        match file.read(&mut chunk[..most])? {
            0 => break,
            read => {
                hasher.update(&chunk[..read]);
                left -= read as u64;
            }
        }
    }
    Ok(hasher.finish())
}

/// Device and inode of the files that a process of this machine has open for writing, as far as they may be known.
#[cfg(target_os = "linux")]
fn open_for_writing() -> HashSet<(u64, u64)> {
    let mut open = HashSet::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process = process.file_name().as_encoded_bytes()[0].is_ascii_digit();
        let path = process.path();
        // The processes of others may not be looked into.
        let files = if is_process {
            fs::read_dir(path.join("fd")).ok()
        } else {
            None
        };
        for file in files.into_iter().flatten().flatten() {
            let metadata = fs::metadata(file.path());
            if let Ok(metadata) = metadata
                && metadata.is_file()
                && is_writable(&path.join("fdinfo").join(file.file_name()))
            {
                open.insert(super::stamp::identity(&metadata));
            }
        }
    }
    open
}

/// Nothing is known of that elsewhere.
#[cfg(not(target_os = "linux"))]
fn open_for_writing() -> HashSet<(u64, u64)> {
    HashSet::new()
}

#[cfg(target_os = "linux")]
fn is_writable(information: &Path) -> bool {
    let text = fs::read_to_string(information).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    // The two lowest bits: 0 is for reading only.
    flags.is_some_and(|flags| flags & 3 != 0)
}
