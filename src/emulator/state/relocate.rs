//! Moving and copying files and folders.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::mint::Mint;
use super::super::names::{self, Place};
use super::super::quirk::Quirk;
use super::tree::{Depth, FileNode, FolderNode, Node, Tree};
use super::write::{ItemKind, WriteError, WriteMode};

/// Items that one call moves or copies, at most.
const MOST_ITEMS: usize = 10_000;

/// What stands in the way of a move or a copy: `RelocationError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum RelocationError {
    NotFound,
    To(WriteError),
    IntoItself,
    Nested,
    TooManyFiles,
    NoQuota,
}

/// A file or a folder with all below it, apart from where it is: the first node is the item itself, the others follow with
/// their paths below it.
#[derive(Clone, Debug)]
pub(in super::super) struct Branch(Vec<(Place, Node)>);

impl Branch {
    fn kind(&self) -> ItemKind {
        match self.0.first() {
            Some((_, Node::Folder(_))) => ItemKind::Folder,
            _ => ItemKind::File,
        }
    }

    /// Bytes of all its files.
    pub(in super::super) fn size(&self) -> u64 {
        self.0.iter().map(|(_, node)| node.size()).sum()
    }
}

impl Tree {
    /// What is at a path, with all below it.
    pub(in super::super) fn branch(&self, lower: &str) -> Result<Branch, RelocationError> {
        let root = self.node(lower).ok_or(RelocationError::NotFound)?;
        let display = root.display().len();
        let relative = |path: &str, node: &Node| Place {
            lower: path[lower.len()..].to_owned(),
            display: node.display()[display..].to_owned(),
        };
        let inside = self.below(lower, Depth::All, "").take(MOST_ITEMS + 1);
        let branch: Vec<_> = std::iter::once((lower, root))
            .chain(inside)
            .map(|(path, node)| (relative(path, node), node.clone()))
            .collect();
        if branch.len() > MOST_ITEMS {
            return Err(RelocationError::TooManyFiles);
        }
        Ok(Branch(branch))
    }

    /// Where something may be put: `to`, or with `autorename` a free name beside it.
    fn target(
        &self,
        to: &Place,
        kind: ItemKind,
        autorename: bool,
    ) -> Result<Place, RelocationError> {
        if self.has_file_above(&to.lower) {
            return Err(RelocationError::To(WriteError::AncestorConflict));
        }
        match self.node(&to.lower) {
            None => Ok(to.clone()),
            Some(_) if autorename => Ok(self.free_name(to, &WriteMode::Add, kind)),
            Some(Node::File(_)) => Err(RelocationError::To(WriteError::FileConflict)),
            Some(Node::Folder(_)) => Err(RelocationError::To(WriteError::FolderConflict)),
        }
    }

    /// Moves an item. A move that changes only the case of its name does nothing, and works.
    pub(in super::super) fn relocate(
        &mut self,
        from: &str,
        to: &Place,
        autorename: bool,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<(String, Node), RelocationError> {
        let node = self.node(from).ok_or(RelocationError::NotFound)?;
        if to.lower == from {
            if self.quirks.has(Quirk::SamePathConflict) {
                return Err(RelocationError::To(match node {
                    Node::File(_) => WriteError::FileConflict,
                    Node::Folder(_) => WriteError::FolderConflict,
                }));
            }
            return Ok((from.to_owned(), node.clone()));
        }
        if names::is_within(&to.lower, from) {
            return Err(match node {
                Node::Folder(_) => RelocationError::IntoItself,
                Node::File(_) => RelocationError::To(WriteError::AncestorConflict),
            });
        }
        let branch = self.branch(from)?;
        let to = self.target(to, branch.kind(), autorename)?;
        self.remove(from, now);
        Ok(self.plant(&to, branch, Identity::Kept, mint))
    }

    /// Puts a copy of a branch, of this tree or another, at `to`.
    pub(in super::super) fn copy_here(
        &mut self,
        branch: Branch,
        to: &Place,
        autorename: bool,
        mint: &mut Mint,
    ) -> Result<(String, Node), RelocationError> {
        let to = self.target(to, branch.kind(), autorename)?;
        Ok(self.plant(&to, branch, Identity::New, mint))
    }

    fn plant(
        &mut self,
        to: &Place,
        branch: Branch,
        identity: Identity,
        mint: &mut Mint,
    ) -> (String, Node) {
        self.make_parents(to, mint);
        let display = self.display_for(to);
        let same_rev = matches!(identity, Identity::Kept) && self.quirks.has(Quirk::MovesKeepRevs);
        for (place, node) in branch.0 {
            let display = format!("{display}{}", place.display);
            let id = match identity {
                Identity::Kept => node.id().to_owned(),
                Identity::New => mint.file_id(),
            };
            let node = match node {
                Node::Folder(_) => Node::Folder(Arc::new(FolderNode { display, id })),
                Node::File(file) => Node::File(Arc::new(FileNode {
                    display,
                    id,
                    rev: if same_rev {
                        file.rev.clone()
                    } else {
                        mint.rev()
                    },
                    ..FileNode::clone(&file)
                })),
            };
            self.insert(format!("{}{}", to.lower, place.lower), node);
        }
        let node = self
            .node(&to.lower)
            .cloned()
            .expect("a branch has at least its root");
        (to.lower.clone(), node)
    }
}

/// Whether what is put somewhere is the same item as before.
#[derive(Clone, Copy)]
enum Identity {
    Kept,
    New,
}
