//! Bringing back an old version of a file.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::mint::Mint;
use super::super::names::Place;
use super::tree::{FileNode, Node, Tree};
use super::write::WriteError;

/// Why a version is not brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum RestoreError {
    /// There never was a file.
    NotFound,
    /// The version is not one of this path.
    InvalidRevision,
    Write(WriteError),
}

impl Tree {
    /// Makes an old version of the path the current one again, as a new version.
    pub(in super::super) fn restore(
        &mut self,
        place: &Place,
        rev: &str,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Arc<FileNode>, RestoreError> {
        let versions = self.versions_at(&place.lower);
        if versions.is_empty() {
            return Err(RestoreError::NotFound);
        }
        let old = versions.iter().find(|file| file.rev == rev).cloned();
        let old = old.ok_or(RestoreError::InvalidRevision)?;
        if self.has_file_above(&place.lower) {
            return Err(RestoreError::Write(WriteError::AncestorConflict));
        }
        let (id, display) = match self.node(&place.lower) {
            Some(Node::Folder(_)) => return Err(RestoreError::Write(WriteError::FolderConflict)),
            Some(Node::File(current)) if current.rev == rev => return Ok(Arc::clone(current)),
            // As with every other write over a file, its letter case stays.
            Some(Node::File(current)) => (current.id.clone(), current.display.clone()),
            // The item may live on elsewhere: two must not share an id.
            None if self.path_of(&old.id).is_some() => (mint.file_id(), old.display.clone()),
            None => (old.id.clone(), old.display.clone()),
        };
        let shown = Place {
            lower: place.lower.clone(),
            display,
        };
        self.make_parents(&shown, mint);
        let file = Arc::new(FileNode {
            display: self.display_for(&shown),
            id,
            rev: mint.rev(),
            server_modified: now,
            ..FileNode::clone(&old)
        });
        self.insert(place.lower.clone(), Node::File(Arc::clone(&file)));
        Ok(file)
    }
}
