//! The folders below the roots, as they were last seen.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Every folder that was looked at, with its device and inode and the names of the folders in it.
#[derive(Default)]
pub(super) struct Tree {
    folders: BTreeMap<PathBuf, Folder>,
}

struct Folder {
    identity: (u64, u64),
    children: BTreeSet<OsString>,
}

impl Tree {
    /// Device and inode of a folder at the last look.
    pub(super) fn identity(&self, folder: &Path) -> Option<(u64, u64)> {
        self.folders.get(folder).map(|folder| folder.identity)
    }

    /// Whether a folder was looked at before.
    pub(super) fn contains(&self, folder: &Path) -> bool {
        self.folders.contains_key(folder)
    }

    /// Notes one look, and gives the folders that were in this one before and are not any more.
    ///
    /// A folder that is noted is in the one above it, if that is known, whatever the last look at that one saw: else nobody would
    /// find it gone.
    pub(super) fn note(
        &mut self,
        folder: &Path,
        identity: (u64, u64),
        children: Vec<OsString>,
    ) -> Vec<PathBuf> {
        let children: BTreeSet<_> = children.into_iter().collect();
        let before = self
            .folders
            .remove(folder)
            .map(|folder| folder.children)
            .unwrap_or_default();
        let gone = before
            .difference(&children)
            .map(|name| folder.join(name))
            .collect();
        self.folders
            .insert(folder.to_owned(), Folder { identity, children });
        if let (Some(parent), Some(name)) = (folder.parent(), folder.file_name())
            && let Some(parent) = self.folders.get_mut(parent)
        {
            parent.children.insert(name.to_owned());
        }
        gone
    }

    /// Removes a folder and all below it, and gives their paths.
    pub(super) fn remove(&mut self, folder: &Path) -> Vec<PathBuf> {
        // Paths are ordered component by component, so all that is below a folder comes right after it.
        let below = self
            .folders
            .range(folder.to_owned()..)
            .map(|(path, _)| path);
        let below: Vec<_> = below
            .take_while(|path| path.starts_with(folder))
            .cloned()
            .collect();
        for path in &below {
            self.folders.remove(path);
        }
        below
    }

    /// All folders, parents before what is in them.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.folders.keys().map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<OsString> {
        names.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_look_tells_which_folders_are_gone() {
        let mut tree = Tree::default();
        assert!(
            tree.note(Path::new("/r"), (1, 1), names(&["a", "b"]))
                .is_empty()
        );
        let gone = tree.note(Path::new("/r"), (1, 1), names(&["b", "c"]));
        assert_eq!(gone, [Path::new("/r/a")]);
    }

    #[test]
    fn a_folder_that_came_without_a_look_at_the_one_above_is_gone_with_the_next() {
        let mut tree = Tree::default();
        tree.note(Path::new("/r"), (1, 1), Vec::new());
        tree.note(Path::new("/r/a"), (1, 2), Vec::new());
        let gone = tree.note(Path::new("/r"), (1, 1), Vec::new());
        assert_eq!(gone, [Path::new("/r/a")]);
    }

    #[test]
    fn a_folder_goes_with_all_below_it_and_nothing_beside_it() {
        let mut tree = Tree::default();
        for path in ["/r", "/r/a", "/r/a/x", "/r/a-b", "/r/ab"] {
            tree.note(Path::new(path), (1, 1), Vec::new());
        }
        assert_eq!(
            tree.remove(Path::new("/r/a")),
            [Path::new("/r/a"), Path::new("/r/a/x")]
        );
        assert_eq!(
            tree.paths().collect::<Vec<_>>(),
            [Path::new("/r"), Path::new("/r/a-b"), Path::new("/r/ab")]
        );
    }
}
