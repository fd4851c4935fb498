//! The files and folders of one namespace, and the log of what happened to them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::blob::Blob;
use super::super::names::{self, Place};
use super::super::quirk::Quirks;

/// A version of a file. Never changed: a new version is a new value.
#[derive(Clone, Debug)]
pub(in super::super) struct FileNode {
    /// The path from the tree's root as it is displayed.
    pub(in super::super) display: String,
    pub(in super::super) id: String,
    pub(in super::super) rev: String,
    /// Told in whole seconds; to the microsecond where a person's file is dated so.
    pub(in super::super) client_modified: Timestamp,
    pub(in super::super) server_modified: Timestamp,
    pub(in super::super) content_hash: String,
    pub(in super::super) blob: Blob,
}

/// A folder.
#[derive(Clone, Debug)]
pub(in super::super) struct FolderNode {
    pub(in super::super) display: String,
    pub(in super::super) id: String,
}

/// What a path holds.
#[derive(Clone, Debug)]
pub(in super::super) enum Node {
    File(Arc<FileNode>),
    Folder(Arc<FolderNode>),
}

impl Node {
    pub(in super::super) fn display(&self) -> &str {
        match self {
            Node::File(file) => &file.display,
            Node::Folder(folder) => &folder.display,
        }
    }

    pub(in super::super) fn id(&self) -> &str {
        match self {
            Node::File(file) => &file.id,
            Node::Folder(folder) => &folder.id,
        }
    }

    pub(in super::super) fn size(&self) -> u64 {
        match self {
            Node::File(file) => file.blob.size(),
            Node::Folder(_) => 0,
        }
    }
}

/// An entry of the log: what a path holds since then.
#[derive(Clone, Debug)]
pub(in super::super) struct Change {
    pub(in super::super) lower: String,
    pub(in super::super) display: String,
    pub(in super::super) now: Holds,
}

/// What a path holds after a change.
#[derive(Clone, Debug)]
pub(in super::super) enum Holds {
    Node(Node),
    /// Nothing: it was deleted then, with all that it held.
    Nothing(Timestamp),
    /// Nothing, and what was deleted there before is forgotten.
    Forgotten,
}

impl Change {
    pub(in super::super) fn is_deletion(&self) -> bool {
        matches!(self.now, Holds::Nothing(_))
    }
}

/// What is known of a path that holds nothing any more.
#[derive(Clone, Debug)]
pub(in super::super) struct Tombstone {
    pub(in super::super) display: String,
    /// When it was deleted.
    pub(in super::super) at: Timestamp,
}

/// One namespace.
#[derive(Debug, Default)]
pub(in super::super) struct Tree {
    nodes: BTreeMap<String, Node>,
    /// What was at paths that hold nothing now.
    deleted: BTreeMap<String, Tombstone>,
    log: Vec<Change>,
    by_id: HashMap<String, String>,
    by_rev: HashMap<String, Arc<FileNode>>,
    /// Every version that each path ever held, the newest last.
    versions: HashMap<String, Vec<Arc<FileNode>>>,
    used: u64,
    pub(super) quirks: Arc<Quirks>,
    /// Whether a directory mirrors this tree.
    mirrored: bool,
    /// Changes that the mirror has not seen yet.
    pub(super) unwritten: Vec<Change>,
}

impl Tree {
    pub(in super::super) fn new(mirrored: bool, quirks: Arc<Quirks>) -> Tree {
        Tree {
            quirks,
            mirrored,
            ..Tree::default()
        }
    }

    pub(in super::super) fn node(&self, lower: &str) -> Option<&Node> {
        self.nodes.get(lower)
    }

    /// The path of the item with this id.
    pub(in super::super) fn path_of(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// Any version of any file, deleted ones included.
    pub(in super::super) fn version(&self, rev: &str) -> Option<&Arc<FileNode>> {
        self.by_rev.get(rev)
    }

    /// Every version that a path ever held, the newest last.
    pub(in super::super) fn versions_at(&self, lower: &str) -> &[Arc<FileNode>] {
        self.versions.get(lower).map_or(&[], Vec::as_slice)
    }

    /// Every version that a file with this id ever had, the newest last.
    pub(in super::super) fn versions_of(&self, id: &str) -> Vec<Arc<FileNode>> {
        let mut versions: Vec<_> = self
            .by_rev
            .values()
            .filter(|file| file.id == id)
            .cloned()
            .collect();
        versions.sort_by(|a, b| a.rev.cmp(&b.rev));
        versions
    }

    /// What was deleted from here.
    pub(in super::super) fn deleted(&self, lower: &str) -> Option<&Tombstone> {
        self.deleted.get(lower)
    }

    /// Bytes of all files.
    pub(in super::super) fn used(&self) -> u64 {
        self.used
    }

    /// Bytes of the files below a folder.
    pub(in super::super) fn used_below(&self, folder: &str) -> u64 {
        if folder.is_empty() {
            return self.used;
        }
        let below = self.below(folder, Depth::All, "");
        below.map(|(_, node)| node.size()).sum()
    }

    /// How many changes there have been: the place in the log where the next one comes.
    pub(in super::super) fn sequence(&self) -> usize {
        self.log.len()
    }

    /// The changes since there were `sequence` of them.
    pub(in super::super) fn changes_since(&self, sequence: usize) -> &[Change] {
        self.log.get(sequence..).unwrap_or_default()
    }

    /// Whether a later change says what is at the path of this one now. Deletions always count: what they took is told by them alone.
    pub(in super::super) fn is_superseded(&self, number: usize) -> bool {
        let change = &self.log[number];
        !change.is_deletion()
            && self.log[number + 1..].iter().any(|later| {
                later.lower == change.lower
                    || (later.is_deletion() && names::is_within(&change.lower, &later.lower))
            })
    }

    /// What a deletion took along: the paths below its own, with their display forms.
    pub(in super::super) fn gone_with(&self, number: usize) -> Vec<(String, String)> {
        let above = &self.log[number].lower;
        let mut there = BTreeMap::new();
        for change in &self.log[..number] {
            match change.now {
                Holds::Node(_) => {
                    there.insert(&change.lower, &change.display);
                }
                Holds::Nothing(_) => {
                    there.retain(|path, _| !names::is_within(path, &change.lower));
                }
                Holds::Forgotten => {}
            }
        }
        let inside = there.into_iter();
        inside
            .filter(|(path, _)| *path != above && names::is_within(path, above))
            .map(|(path, display)| (path.clone(), display.clone()))
            .collect()
    }

    /// The items below a folder, in the order of their paths, starting behind the path `after`.
    pub(in super::super) fn below(
        &self,
        folder: &str,
        depth: Depth,
        after: &str,
    ) -> Below<'_, Node> {
        Below::new(&self.nodes, folder, depth, after)
    }

    /// What was deleted below a folder, likewise.
    pub(in super::super) fn deleted_below(
        &self,
        folder: &str,
        depth: Depth,
        after: &str,
    ) -> Below<'_, Tombstone> {
        Below::new(&self.deleted, folder, depth, after)
    }

    /// Everything, in the order of the paths.
    pub(in super::super) fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes
            .iter()
            .map(|(lower, node)| (lower.as_str(), node))
    }

    /// The path as it is displayed: folders that exist keep their case.
    pub(in super::super) fn display_for(&self, place: &Place) -> String {
        let folder = names::parent(&place.lower);
        let above = match self.nodes.get(folder) {
            Some(node) => node.display().to_owned(),
            None if folder.is_empty() => String::new(),
            None => self.display_for(&Place {
                lower: folder.to_owned(),
                display: names::parent(&place.display).to_owned(),
            }),
        };
        format!("{above}/{}", names::name(&place.display))
    }

    /// Whether a file stands where a folder above `lower` would have to be.
    pub(in super::super) fn has_file_above(&self, lower: &str) -> bool {
        names::ancestors(lower).any(|folder| matches!(self.nodes.get(folder), Some(Node::File(_))))
    }

    /// Puts a node where its display path says, and logs it. The folder above is there.
    pub(in super::super) fn insert(&mut self, lower: String, node: Node) {
        self.used += node.size();
        if let Node::File(file) = &node {
            file.blob.persist();
            self.by_rev.insert(file.rev.clone(), Arc::clone(file));
            let versions = self.versions.entry(lower.clone()).or_default();
            versions.push(Arc::clone(file));
        }
        self.by_id.insert(node.id().to_owned(), lower.clone());
        self.deleted.remove(&lower);
        self.record(Change {
            lower: lower.clone(),
            display: node.display().to_owned(),
            now: Holds::Node(node.clone()),
        });
        if let Some(old) = self.nodes.insert(lower, node) {
            self.used -= old.size();
        }
    }

    /// Takes out a node and all below it, and logs that as one deletion.
    pub(in super::super) fn remove(&mut self, lower: &str, now: Timestamp) -> Option<Node> {
        let root = self.nodes.remove(lower)?;
        let inside: Vec<String> = self
            .below(lower, Depth::All, "")
            .map(|(path, _)| path.to_owned())
            .collect();
        let inside = inside
            .into_iter()
            .filter_map(|path| self.nodes.remove_entry(&path));
        let gone: Vec<(String, Node)> = inside.chain([(lower.to_owned(), root.clone())]).collect();
        for (path, node) in gone {
            self.used -= node.size();
            if self.by_id.get(node.id()) == Some(&path) {
                self.by_id.remove(node.id());
            }
            let display = node.display().to_owned();
            self.deleted.insert(path, Tombstone { display, at: now });
        }
        self.record(Change {
            lower: lower.to_owned(),
            display: root.display().to_owned(),
            now: Holds::Nothing(now),
        });
        Some(root)
    }

    /// Forgets what was deleted at a path and below it: the versions of the files, and that they were there. Gives whether there was
    /// anything. What the path holds now must have been removed before.
    pub(in super::super) fn forget(&mut self, lower: &str) -> bool {
        let Some(gone) = self.deleted.remove(lower) else {
            return false;
        };
        self.deleted
            .retain(|path, _| !names::is_within(path, lower));
        let (versions, by_rev) = (&mut self.versions, &mut self.by_rev);
        versions.retain(|path, versions| {
            let stays = !names::is_within(path, lower);
            if !stays {
                for file in versions {
                    // A file that moved away may have kept its rev.
                    if by_rev
                        .get(&file.rev)
                        .is_some_and(|now| Arc::ptr_eq(now, file))
                    {
                        by_rev.remove(&file.rev);
                    }
                }
            }
            stays
        });
        self.record(Change {
            lower: lower.to_owned(),
            display: gone.display,
            now: Holds::Forgotten,
        });
        true
    }

    /// Whether there are changes that the mirror has not seen.
    pub(in super::super) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Lets a change happen again.
    pub(super) fn replay(&mut self, change: Change) {
        match change.now {
            Holds::Node(node) => self.insert(change.lower, node),
            Holds::Nothing(at) => {
                self.remove(&change.lower, at);
            }
            Holds::Forgotten => {
                self.forget(&change.lower);
            }
        }
    }

    fn record(&mut self, change: Change) {
        if self.mirrored {
            self.unwritten.push(change.clone());
        }
        self.log.push(change);
    }
}

/// How far down to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Depth {
    One,
    All,
}

/// Walks what lies below a folder. With [`Depth::One`] whole subfolders are stepped over, not through.
pub(in super::super) struct Below<'a, T> {
    map: &'a BTreeMap<String, T>,
    /// Where the names begin that lie below the folder.
    start: usize,
    depth: Depth,
    next: Bound<String>,
    /// The first path behind the folder's last: `0` follows `/`.
    end: String,
}

impl<'a, T> Below<'a, T> {
    fn new(map: &'a BTreeMap<String, T>, folder: &str, depth: Depth, after: &str) -> Self {
        let start = format!("{folder}/");
        let next = if after < start.as_str() {
            Bound::Included(start)
        } else {
            Bound::Excluded(after.to_owned())
        };
        Below {
            map,
            start: folder.len() + 1,
            depth,
            next,
            end: format!("{folder}0"),
        }
    }
}

impl<'a, T> Iterator for Below<'a, T> {
    type Item = (&'a str, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Bound::Included(start) | Bound::Excluded(start) = &self.next
                && *start >= self.end
            {
                return None;
            }
            let end = Bound::Excluded(self.end.as_str());
            let (path, value) = self.map.range::<str, _>((as_str(&self.next), end)).next()?;
            match path[self.start..].find('/') {
                Some(slash) if self.depth == Depth::One => {
                    self.next = Bound::Included(format!("{}0", &path[..self.start + slash]));
                }
                _ => {
                    self.next = Bound::Excluded(path.clone());
                    return Some((path, value));
                }
            }
        }
    }
}

fn as_str(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Bound::Included(path) => Bound::Included(path),
        Bound::Excluded(path) => Bound::Excluded(path),
        Bound::Unbounded => Bound::Unbounded,
    }
}
