//! Something about each of many files, kept by folder: a file costs its name, not its whole path, and is found by comparing names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// The files of one folder.
pub(super) type Names<T> = BTreeMap<Box<OsStr>, T>;

/// Values by the paths of files.
pub(super) struct ByFolder<T> {
    /// None of them is empty.
    folders: BTreeMap<PathBuf, Names<T>>,
    count: usize,
}

impl<T> Default for ByFolder<T> {
    fn default() -> Self {
        Self {
            folders: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<T> ByFolder<T> {
    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, path: &Path) -> Option<&T> {
        let (folder, name) = split(path)?;
        self.folders.get(folder)?.get(name)
    }

    pub(super) fn get_mut(&mut self, path: &Path) -> Option<&mut T> {
        let (folder, name) = split(path)?;
        self.folders.get_mut(folder)?.get_mut(name)
    }

    /// Puts a value in the place of the one before. A path without a name is no file's.
    pub(super) fn insert(&mut self, path: &Path, value: T) {
        let Some((folder, name)) = split(path) else {
            return;
        };
        let before = if let Some(files) = self.folders.get_mut(folder) {
            files.insert(name.into(), value)
        } else {
            let files = Names::from([(name.into(), value)]);
            self.folders.insert(folder.to_owned(), files);
            None
        };
        self.count += usize::from(before.is_none());
    }

    pub(super) fn remove(&mut self, path: &Path) -> Option<T> {
        let (folder, name) = split(path)?;
        let files = self.folders.get_mut(folder)?;
        let value = files.remove(name);
        if files.is_empty() {
            self.folders.remove(folder);
        }
        self.count -= usize::from(value.is_some());
        value
    }

    /// Puts these values in the place of all that there were in a folder.
    pub(super) fn put_folder(&mut self, folder: &Path, files: Names<T>) {
        self.count += files.len();
        let before = if files.is_empty() {
            self.folders.remove(folder)
        } else {
            self.folders.insert(folder.to_owned(), files)
        };
        self.count -= before.map_or(0, |files| files.len());
    }

    /// The files directly in a folder.
    pub(super) fn folder(&self, folder: &Path) -> Option<&Names<T>> {
        self.folders.get(folder)
    }

    /// The folders with files, with these.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&Path, &Names<T>)> {
        let folders = self.folders.iter();
        folders.map(|(folder, files)| (folder.as_path(), files))
    }

    /// The folders with files, which are given away one by one.
    pub(super) fn into_folders(self) -> impl Iterator<Item = (PathBuf, Names<T>)> {
        self.folders.into_iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.folders.values().flat_map(BTreeMap::values)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.folders.values_mut().flat_map(BTreeMap::values_mut)
    }

    /// All files, those behind this one first, then those up to it.
    pub(super) fn behind<'a>(
        &'a self,
        path: &'a Path,
    ) -> impl Iterator<Item = (&'a Path, &'a OsStr, &'a T)> {
        let (folder, name) = split(path).unwrap_or((Path::new(""), OsStr::new("")));
        let here = |range: (Bound<&'a OsStr>, Bound<&'a OsStr>)| {
            let files = self.folders.get(folder);
            let files = files.map(|files| files.range::<OsStr, _>(range));
            files
                .into_iter()
                .flatten()
                .map(move |(name, value)| (folder, &**name, value))
        };
        let others = |range: (Bound<&'a Path>, Bound<&'a Path>)| {
            let folders = self.folders.range::<Path, _>(range);
            folders.flat_map(|(folder, files)| {
                let files = files.iter();
                files.map(move |(name, value)| (folder.as_path(), &**name, value))
            })
        };
        here((Bound::Excluded(name), Bound::Unbounded))
            .chain(others((Bound::Excluded(folder), Bound::Unbounded)))
            .chain(others((Bound::Unbounded, Bound::Excluded(folder))))
            .chain(here((Bound::Unbounded, Bound::Included(name))))
    }

    /// Drops all files for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.folders.retain(|folder, files| {
            files.retain(|name, _| keep(&folder.join(&**name)));
            !files.is_empty()
        });
        self.count = self.folders.values().map(BTreeMap::len).sum();
    }

    /// The file of this path, and all those below it.
    pub(super) fn at_or_below(&self, path: &Path) -> Vec<PathBuf> {
        // Paths are ordered component by component, so all folders below come right after it.
        let folders = self
            .folders
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
            .take_while(|(folder, _)| folder.starts_with(path));
        let mut all: Vec<PathBuf> = folders
            .flat_map(|(folder, files)| files.keys().map(|name| folder.join(&**name)))
            .collect();
        if self.get(path).is_some() {
            all.push(path.to_owned());
        }
        all
    }
}

fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> ByFolder<usize> {
        let mut files = ByFolder::default();
        for (number, path) in paths.iter().enumerate() {
            files.insert(Path::new(path), number);
        }
        files
    }

    fn behind(files: &ByFolder<usize>, path: &str) -> Vec<PathBuf> {
        let all = files.behind(Path::new(path));
        all.map(|(folder, name, _)| folder.join(name)).collect()
    }

    #[test]
    fn each_file_has_its_turn_wherever_one_begins() {
        let paths = ["/r/a", "/r/b", "/r/a/x", "/r/c/y", "/r/c/z"];
        let files = of(&paths);
        let order = behind(&files, "");
        assert_eq!(order.len(), paths.len());
        for (at, path) in order.iter().enumerate() {
            let mut expected = order.clone();
            expected.rotate_left(at + 1);
            assert_eq!(behind(&files, path.to_str().expect("text")), expected);
        }
        // One that is gone has its place all the same.
        assert_eq!(behind(&files, "/r/c/yy")[0], Path::new("/r/c/z"));
    }

    #[test]
    fn a_folder_is_no_file_and_none_beside_it_is_below() {
        let mut files = of(&["/r/a", "/r/a/x", "/r/a/b/y", "/r/ab", "/r/a-b/z"]);
        assert_eq!(files.len(), 5);
        let mut below = files.at_or_below(Path::new("/r/a"));
        below.sort();
        assert_eq!(below, ["/r/a", "/r/a/b/y", "/r/a/x"].map(PathBuf::from));
        assert_eq!(files.remove(Path::new("/r/a/x")), Some(1));
        assert_eq!(files.remove(Path::new("/r/a/x")), None);
        files.put_folder(Path::new("/r/a/b"), Names::new());
        assert_eq!(files.len(), 3);
        files.retain(|path| path != Path::new("/r/ab"));
        assert_eq!((files.len(), files.values().count()), (2, 2));
    }
}
