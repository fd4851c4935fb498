//! Looking through a served directory for what a person added, changed or removed there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;

use super::blob::{Blob, BlobFile, Store};
use super::content_hash::ContentHasher;
use super::mint::Mint;
use super::mirror::{self, Layout};
use super::names::{self, Place};
use super::state::tree::{Node, Tree};
use super::state::write::{Commit, Content, WriteMode};

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    size: u64,
    modified: Timestamp,
}

impl Look {
    fn at(found: &Metadata) -> Look {
        let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let modified = Timestamp::try_from(modified).unwrap_or_default();
        Look {
            size: found.len(),
            // As exactly as it is written down: two versions of a size may come within a second.
            modified: Timestamp::from_microsecond(modified.as_microsecond()).unwrap_or_default(),
        }
    }
}

/// Whether a file must have looked the same the last time, too: who copies a file writes it bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It counts as it is.
    Now,
    /// Only what has not changed since the last scan counts.
    SinceLastScan,
}

/// Remembers what it saw.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    seen: HashMap<PathBuf, (u64, SystemTime)>,
    /// Files that hold what the tree says, though their dates are others.
    equal: HashMap<PathBuf, (u64, SystemTime)>,
}

/// What differs between a directory and its tree.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Folders that are new, those above before those below.
    folders: Vec<Place>,
    /// Files that are new or changed.
    files: Vec<(Place, Timestamp, Content)>,
    /// Paths that hold nothing any more.
    gone: Vec<String>,
}

/// What a tree says, for a scan that must not hold its lock: by path, and a file's look.
pub(super) type Snapshot = BTreeMap<String, (String, Option<Expected>)>;

/// What a file should be like.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    look: Look,
    content_hash: String,
    blob: Option<PathBuf>,
}

/// What a tree says now.
pub(super) fn snapshot(tree: &Tree) -> Snapshot {
    tree.nodes()
        .map(|(lower, node)| {
            let expected = match node {
                Node::Folder(_) => None,
                Node::File(file) => Some(Expected {
                    look: Look {
                        size: file.blob.size(),
                        modified: file.client_modified,
                    },
                    content_hash: file.content_hash.clone(),
                    blob: file.blob.path().map(Path::to_owned),
                }),
            };
            (lower.to_owned(), (node.display().to_owned(), expected))
        })
        .collect()
}

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.folders.is_empty() && self.files.is_empty() && self.gone.is_empty()
    }

    /// Makes the tree what the directory is.
    pub(super) fn apply(self, tree: &mut Tree, now: Timestamp, mint: &mut Mint) {
        for lower in self.gone {
            tree.remove(&lower, now);
        }
        for place in self.folders {
            // One that somebody else made meanwhile is as good.
            let _ = tree.create_folder(&place, false, mint);
        }
        for (place, modified, content) in self.files {
            let commit = Commit {
                place,
                mode: WriteMode::Overwrite,
                autorename: false,
                strict_conflict: false,
                client_modified: Some(modified),
            };
            // What stands in its way was found gone, or came since: then the next scan settles it.
            let _ = tree.commit(&commit, content, now, mint);
        }
    }
}

impl Scanner {
    /// Compares the directories of a tree with it. Reads the files that are new or changed.
    pub(super) fn scan(
        &mut self,
        layout: &Layout,
        tree: &Snapshot,
        store: &Store,
        settled: Settled,
    ) -> io::Result<Findings> {
        let mut walk = Walk {
            scanner: self,
            layout,
            tree,
            store,
            settled,
            findings: Findings::default(),
            present: HashSet::new(),
        };
        walk.folder(&layout.directory, "")?;
        for apart in &layout.apart {
            walk.folder(&apart.directory, &apart.place.display)?;
        }
        let Walk {
            mut findings,
            present,
            ..
        } = walk;
        for (lower, (display, _)) in tree {
            let above = findings.gone.last();
            let covered = above.is_some_and(|gone| names::is_within(lower, gone));
            let is_gone = || {
                let found = fs::symlink_metadata(layout.place(display));
                found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
            };
            if !covered && !present.contains(lower) && is_gone() {
                findings.gone.push(lower.clone());
            }
        }
        Ok(findings)
    }

    fn is_settled(&mut self, path: &Path, look: (u64, SystemTime)) -> bool {
        let settled = self.seen.get(path) == Some(&look);
        if settled {
            self.seen.remove(path);
        } else {
            self.seen.insert(path.to_owned(), look);
        }
        settled
    }
}

/// One walk through a directory.
struct Walk<'a> {
    scanner: &'a mut Scanner,
    layout: &'a Layout,
    tree: &'a Snapshot,
    store: &'a Store,
    settled: Settled,
    findings: Findings,
    /// The paths that were met.
    present: HashSet<String>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, at: &str) -> io::Result<()> {
        for entry in entries(folder)? {
            // Dropbox could not hold a name that is no text or not legal; links may lead anywhere.
            let name = entry.file_name();
            let place = name
                .to_str()
                .map(|name| Place::parse(&format!("{at}/{name}")));
            let Some(Ok(place)) = place else { continue };
            // What lies apart does not lie here.
            if at.is_empty() && self.layout.apart(&place.lower).is_some() {
                continue;
            }
            let Ok(found) = entry.metadata() else {
                continue;
            };
            // Of two names that differ in case only, the first stands for both.
            if !(found.is_dir() || found.is_file()) || !self.present.insert(place.lower.clone()) {
                continue;
            }
            let known = self.tree.get(&place.lower);
            if found.is_dir() {
                if matches!(known, Some((_, Some(_)))) {
                    self.findings.gone.push(place.lower.clone());
                }
                if !matches!(known, Some((_, None))) {
                    self.findings.folders.push(place.clone());
                }
                self.folder(&entry.path(), &place.display)?;
            } else {
                self.file(place, &entry.path(), &found)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, place: Place, path: &Path, found: &Metadata) -> io::Result<()> {
        let known = self.tree.get(&place.lower);
        let expected = known.and_then(|(_, expected)| expected.as_ref());
        let look = Look::at(found);
        let exactly = (
            found.len(),
            found.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        );
        if expected.is_some_and(|expected| expected.look == look)
            || self.scanner.equal.get(path) == Some(&exactly)
            || (self.settled == Settled::SinceLastScan && !self.scanner.is_settled(path, exactly))
        {
            return Ok(());
        }
        let content_hash = hash(path)?;
        if expected.is_some_and(|expected| expected.content_hash == content_hash) {
            // Only its date is another: it need not be read the next time.
            self.scanner.equal.insert(path.to_owned(), exactly);
            return Ok(());
        }
        if matches!(known, Some((_, None))) {
            self.findings.gone.push(place.lower.clone());
        }
        let old = expected.and_then(|expected| expected.blob.as_deref());
        let blob = keep(self.store, path, found.len(), old)?;
        let content = Content { blob, content_hash };
        self.findings.files.push((place, look.modified, content));
        Ok(())
    }
}

/// The entries of a folder in the order of their names; none of a folder that is not there.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries: Vec<DirEntry> = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = ContentHasher::default();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&piece[..count]),
        }
    }
}

/// The contents of a file, which a link keeps when the file is replaced.
fn keep(store: &Store, path: &Path, size: u64, old: Option<&Path>) -> io::Result<Blob> {
    let kept = store.new_path().ok_or(io::ErrorKind::Unsupported)?;
    if let Some(old) = old
        && mirror::is_same_file(old, path)
    {
        // It was edited in place: the old version's bytes are gone, and must not pass for what they were.
        fs::remove_file(old)?;
    }
    if fs::hard_link(path, &kept).is_err() {
        fs::copy(path, &kept)?;
    }
    Ok(Blob::file(Arc::new(BlobFile::adopt(kept)), size))
}
