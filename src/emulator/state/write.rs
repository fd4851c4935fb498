//! The rules of writing to a tree: write modes, autorename, parents that are made, deletions.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::blob::Blob;
use super::super::mint::Mint;
use super::super::names::{self, Place};
use super::super::quirk::Quirk;
use super::tree::{FileNode, FolderNode, Node, Tree};

/// When a file may take the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum WriteMode {
    Add,
    Overwrite,
    Update(String),
}

/// What is to be named. Only the names of files have extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ItemKind {
    File,
    Folder,
}

/// How a file is to be committed: `CommitInfo` of the specification.
#[derive(Clone, Debug)]
pub(in super::super) struct Commit {
    pub(in super::super) place: Place,
    pub(in super::super) mode: WriteMode,
    pub(in super::super) autorename: bool,
    pub(in super::super) strict_conflict: bool,
    pub(in super::super) client_modified: Option<Timestamp>,
}

/// What is committed.
#[derive(Clone, Debug)]
pub(in super::super) struct Content {
    pub(in super::super) blob: Blob,
    pub(in super::super) content_hash: String,
}

/// What stands in the way of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum WriteError {
    Malformed,
    Disallowed,
    FileConflict,
    FolderConflict,
    AncestorConflict,
    NoSpace,
    /// It belongs to others, or is for admins.
    NoPermission,
    /// A team folder stays where it is.
    TeamFolder,
}

impl Tree {
    /// Commits a file. Bytes that are there already stay as they are, and count as written.
    pub(in super::super) fn commit(
        &mut self,
        commit: &Commit,
        content: Content,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Arc<FileNode>, WriteError> {
        if self.has_file_above(&commit.place.lower) {
            return Err(WriteError::AncestorConflict);
        }
        let (place, id) = match self.node(&commit.place.lower) {
            None if commit.strict_conflict && matches!(commit.mode, WriteMode::Update(_)) => {
                if !commit.autorename {
                    return Err(WriteError::FileConflict);
                }
                (
                    self.free_name(&commit.place, &commit.mode, ItemKind::File),
                    None,
                )
            }
            None => (commit.place.clone(), self.former(&commit.place)),
            Some(Node::Folder(_)) if commit.autorename => (
                self.free_name(&commit.place, &commit.mode, ItemKind::File),
                None,
            ),
            Some(Node::Folder(_)) => return Err(WriteError::FolderConflict),
            Some(Node::File(old)) => {
                let identical = old.content_hash == content.content_hash;
                let counts = self.quirks.has(match commit.mode {
                    WriteMode::Add => Quirk::SameBytesConflict,
                    WriteMode::Overwrite | WriteMode::Update(_) => Quirk::SameBytesNewRev,
                });
                if identical && !commit.strict_conflict && !counts {
                    return Ok(Arc::clone(old));
                }
                let replaces = !(identical && commit.strict_conflict)
                    && match &commit.mode {
                        WriteMode::Add => false,
                        WriteMode::Overwrite => true,
                        WriteMode::Update(rev) => *rev == old.rev,
                    };
                if replaces {
                    (
                        commit.place.clone(),
                        Some((old.id.clone(), old.display.clone())),
                    )
                } else if commit.autorename {
                    (
                        self.free_name(&commit.place, &commit.mode, ItemKind::File),
                        None,
                    )
                } else {
                    return Err(WriteError::FileConflict);
                }
            }
        };
        let (id, display) = id.unwrap_or_else(|| (mint.file_id(), self.display_for(&place)));
        self.make_parents(&place, mint);
        let file = Arc::new(FileNode {
            display,
            id,
            rev: mint.rev(),
            client_modified: commit.client_modified.unwrap_or(now),
            server_modified: now,
            content_hash: content.content_hash,
            blob: content.blob,
        });
        self.insert(place.lower, Node::File(Arc::clone(&file)));
        Ok(file)
    }

    /// The id and the display path of a file that is made where one was deleted, if ids outlive deletions.
    fn former(&self, place: &Place) -> Option<(String, String)> {
        let last = self.versions_at(&place.lower).last();
        let last = last.filter(|_| self.quirks.has(Quirk::IdsSurviveDeletion))?;
        let is_free = self.path_of(&last.id).is_none();
        is_free.then(|| (last.id.clone(), self.display_for(place)))
    }

    /// Makes a folder, and those above it.
    pub(in super::super) fn create_folder(
        &mut self,
        place: &Place,
        autorename: bool,
        mint: &mut Mint,
    ) -> Result<Arc<FolderNode>, WriteError> {
        if self.has_file_above(&place.lower) {
            return Err(WriteError::AncestorConflict);
        }
        let place = match self.node(&place.lower) {
            None => place.clone(),
            Some(_) if autorename => self.free_name(place, &WriteMode::Add, ItemKind::Folder),
            Some(Node::File(_)) => return Err(WriteError::FileConflict),
            Some(Node::Folder(_)) => return Err(WriteError::FolderConflict),
        };
        self.make_parents(&place, mint);
        Ok(self.add_folder(&place, mint))
    }

    /// Makes the folders above `place` that are missing. No file stands in their way.
    pub(in super::super) fn make_parents(&mut self, place: &Place, mint: &mut Mint) {
        let lower = names::ancestors(&place.lower);
        let missing: Vec<Place> = lower
            .zip(names::ancestors(&place.display))
            .filter(|(lower, _)| self.node(lower).is_none())
            .map(|(lower, display)| Place {
                lower: lower.to_owned(),
                display: display.to_owned(),
            })
            .collect();
        for folder in missing {
            self.add_folder(&folder, mint);
        }
    }

    fn add_folder(&mut self, place: &Place, mint: &mut Mint) -> Arc<FolderNode> {
        let folder = Arc::new(FolderNode {
            display: self.display_for(place),
            id: mint.file_id(),
        });
        self.insert(place.lower.clone(), Node::Folder(Arc::clone(&folder)));
        folder
    }

    /// The first name that nothing has: `a (2).txt`, or `a (conflicted copy).txt` where an update missed its rev.
    pub(in super::super) fn free_name(
        &self,
        taken: &Place,
        mode: &WriteMode,
        kind: ItemKind,
    ) -> Place {
        let name = names::name(&taken.display);
        let (stem, extension) = match kind {
            ItemKind::Folder => (name, ""),
            ItemKind::File => names::split_extension(name),
        };
        let folder = names::parent(&taken.display);
        let candidate = |n: u64| {
            let mark = match (mode, n) {
                (WriteMode::Update(_), 1) => "conflicted copy".to_owned(),
                (WriteMode::Update(_), n) => format!("conflicted copy {n}"),
                (_, n) => (n + 1).to_string(),
            };
            let display = format!("{folder}/{stem} ({mark}){extension}");
            Place {
                lower: self.quirks.fold(&display),
                display,
            }
        };
        let mut n = 1;
        loop {
            let place = candidate(n);
            if self.node(&place.lower).is_none() {
                return place;
            }
            n += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::emulator::content_hash::content_hash;

    struct Lab {
        tree: Tree,
        mint: Mint,
    }

    impl Lab {
        fn new() -> Lab {
            Lab {
                tree: Tree::default(),
                mint: Mint::new(1),
            }
        }

        fn write(
            &mut self,
            path: &str,
            mode: WriteMode,
            autorename: bool,
            bytes: &'static str,
        ) -> Result<String, WriteError> {
            let place = Place::parse(path).expect("a legal path");
            let commit = Commit {
                place,
                mode,
                autorename,
                strict_conflict: false,
                client_modified: None,
            };
            let blob = Blob::memory([Bytes::from_static(bytes.as_bytes())]);
            let content = Content {
                blob,
                content_hash: content_hash(bytes.as_bytes()),
            };
            self.tree
                .commit(&commit, content, Timestamp::UNIX_EPOCH, &mut self.mint)
                .map(|file| file.display.clone())
        }

        fn add(&mut self, path: &str, bytes: &'static str) -> Result<String, WriteError> {
            self.write(path, WriteMode::Add, false, bytes)
        }
    }

    #[test]
    fn parents_are_made_and_keep_their_case() {
        let mut lab = Lab::new();
        assert_eq!(
            lab.add("/Photos/2024/A.jpg", "a"),
            Ok("/Photos/2024/A.jpg".into())
        );
        assert_eq!(
            lab.add("/photos/2024/b.JPG", "b"),
            Ok("/Photos/2024/b.JPG".into())
        );
        assert_eq!(
            lab.add("/photos/2024/a.jpg/c", "c"),
            Err(WriteError::AncestorConflict)
        );
        assert_eq!(lab.add("/PHOTOS", "c"), Err(WriteError::FolderConflict));
    }

    #[test]
    fn a_name_that_is_taken_is_changed_as_the_mode_says() {
        let mut lab = Lab::new();
        assert_eq!(lab.add("/d.tar.gz", "1"), Ok("/d.tar.gz".into()));
        assert_eq!(lab.add("/d.tar.gz", "2"), Err(WriteError::FileConflict));
        assert_eq!(
            lab.write("/D.tar.gz", WriteMode::Add, true, "2"),
            Ok("/D.tar (2).gz".into())
        );
        assert_eq!(
            lab.write("/d.tar.gz", WriteMode::Add, true, "3"),
            Ok("/d.tar (3).gz".into())
        );
        let stale = WriteMode::Update("012345678".into());
        assert_eq!(
            lab.write("/d.tar.gz", stale.clone(), false, "4"),
            Err(WriteError::FileConflict)
        );
        assert_eq!(
            lab.write("/d.tar.gz", stale, true, "4"),
            Ok("/d.tar (conflicted copy).gz".into())
        );
        assert_eq!(
            lab.write("/d.tar.gz", WriteMode::Overwrite, false, "5"),
            Ok("/d.tar.gz".into())
        );
        assert_eq!(
            lab.write("/new", WriteMode::Update("012345678".into()), false, "6"),
            Ok("/new".into())
        );
    }

    #[test]
    fn a_file_keeps_its_extension_when_a_folder_has_its_name() {
        let mut lab = Lab::new();
        lab.add("/a.txt/x", "1").expect("written");
        assert_eq!(
            lab.write("/a.txt", WriteMode::Add, true, "2"),
            Ok("/a (2).txt".into())
        );
        let folder = Place::parse("/a.txt").expect("a legal path");
        let renamed = lab.tree.create_folder(&folder, true, &mut lab.mint);
        assert_eq!(
            renamed.map(|folder| folder.display.clone()),
            Ok("/a.txt (2)".into())
        );
    }

    #[test]
    fn a_strict_update_of_nothing_is_a_conflict_that_another_name_avoids() {
        let mut lab = Lab::new();
        let content = Content {
            blob: Blob::memory([Bytes::from_static(b"1")]),
            content_hash: content_hash(b"1"),
        };
        let commit = |autorename| Commit {
            place: Place::parse("/a.txt").expect("a legal path"),
            mode: WriteMode::Update("012345678".into()),
            autorename,
            strict_conflict: true,
            client_modified: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        let refused = lab
            .tree
            .commit(&commit(false), content.clone(), now, &mut lab.mint);
        assert_eq!(refused.map(|_| ()), Err(WriteError::FileConflict));
        let renamed = lab.tree.commit(&commit(true), content, now, &mut lab.mint);
        let display = renamed.map(|file| file.display.clone());
        assert_eq!(display, Ok("/a (conflicted copy).txt".into()));
    }

    #[test]
    fn equal_bytes_are_not_written_again() {
        let mut lab = Lab::new();
        lab.add("/a", "same").expect("written");
        let before = lab.tree.sequence();
        assert_eq!(lab.add("/A", "same"), Ok("/a".into()));
        assert_eq!(lab.tree.sequence(), before);
    }

    #[test]
    fn a_deletion_takes_all_below_and_is_one_change() {
        let mut lab = Lab::new();
        for path in ["/a/x", "/a/b/c/d", "/a b", "/ab"] {
            lab.add(path, "12345").expect("written");
        }
        let before = lab.tree.sequence();
        assert!(lab.tree.remove("/a", Timestamp::UNIX_EPOCH).is_some());
        assert_eq!(lab.tree.changes_since(before).len(), 1);
        assert_eq!(
            lab.tree.nodes().map(|(path, _)| path).collect::<Vec<_>>(),
            ["/a b", "/ab"]
        );
        assert_eq!(lab.tree.used(), 10);
        assert!(lab.tree.deleted("/a/b/c").is_some());
    }

    #[test]
    fn a_walk_of_one_level_steps_over_subfolders() {
        use super::super::tree::Depth;
        let mut lab = Lab::new();
        for path in ["/a/x", "/a/y/z", "/a/y b", "/a0", "/b"] {
            lab.add(path, "1").expect("written");
        }
        let below = |folder: &str, depth, after: &str| -> Vec<String> {
            lab.tree
                .below(folder, depth, after)
                .map(|(path, _)| path.to_owned())
                .collect()
        };
        assert_eq!(below("", Depth::One, ""), ["/a", "/a0", "/b"]);
        assert_eq!(below("/a", Depth::One, ""), ["/a/x", "/a/y", "/a/y b"]);
        assert_eq!(below("/a", Depth::All, "/a/y"), ["/a/y b", "/a/y/z"]);
    }
}
