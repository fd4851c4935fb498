//! What a watch is about: files below its roots that are selected, and not the program's own.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::look;
use super::roots::Roots;
use super::selection::Selection;
use super::stamp::Stamp;
use crate::client::is_partial;

/// The roots, and what of them counts.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) roots: Roots,
    selection: Arc<dyn Selection>,
    /// Files and folders that the program writes for itself, by the beginning of their paths.
    own: Arc<[PathBuf]>,
    pub(super) links: Links,
}

/// What becomes of links below the roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// They are no files, and no folders.
    Left,
    /// They are what they lead to.
    Followed,
}

impl Scope {
    pub(super) fn new(
        roots: Roots,
        selection: Arc<dyn Selection>,
        own: &[PathBuf],
        links: Links,
    ) -> Self {
        // One that is not there yet has a folder.
        let real = |path: &PathBuf| path.canonicalize().or_else(|_| super::roots::place(path));
        Self {
            roots,
            selection,
            own: own.iter().filter_map(|path| real(path).ok()).collect(),
            links,
        }
    }

    /// Whether files in a folder may count.
    pub(super) fn enters(&self, folder: &Path) -> bool {
        match self.below(folder) {
            _ if self.is_own(folder) => false,
            Some(below) => below.is_empty() || self.enters_all(&below, below.len()),
            None => false,
        }
    }

    /// Whether a file counts by its path.
    pub(super) fn has(&self, file: &Path) -> bool {
        match (file.parent(), file.file_name()) {
            (Some(folder), Some(name)) => self.of(folder).has(name),
            _ => false,
        }
    }

    /// What counts of the files directly in a folder.
    pub(super) fn of<'a>(&'a self, folder: &'a Path) -> FolderScope<'a> {
        let below = self.below(folder);
        let below = below.filter(|below| below.is_empty() || self.enters_all(below, below.len()));
        let own = self.own.iter();
        FolderScope {
            scope: self,
            folder,
            named: self.roots.files_in(folder),
            // Where the folder itself is our own, nothing in it counts.
            below: below.filter(|_| !self.own.iter().any(|own| folder.starts_with(own))),
            own: own.filter(|own| own.parent() == Some(folder)).collect(),
            path: String::new(),
        }
    }

    /// One file as it is; `None` where there is none. A link is none, unless links are followed.
    pub(super) fn look(&self, file: &Path) -> io::Result<Option<Stamp>> {
        // Who names a link means what it leads to.
        if self.links == Links::Followed || self.roots.is_file(file) {
            look::file_through_links(file)
        } else {
            look::file(file)
        }
    }

    /// What decides by all but the name.
    pub(super) fn selection(&self) -> &Arc<dyn Selection> {
        &self.selection
    }

    /// Whether each of the folders in the first `length` bytes is entered.
    fn enters_all(&self, below: &str, length: usize) -> bool {
        let ends = below.match_indices('/').map(|(end, _)| end);
        let mut ends = ends.filter(|end| *end < length).chain([length]);
        ends.all(|end| self.selection.enters(&below[..end]))
    }

    /// The path below the root, with `/` between the names.
    fn below(&self, path: &Path) -> Option<String> {
        let root = self.roots.of(path)?;
        let below = path.strip_prefix(root).ok()?;
        let names = below
            .components()
            .map(|name| name.as_os_str().to_string_lossy());
        Some(names.collect::<Vec<_>>().join("/"))
    }

    /// Whether the program writes this for itself.
    pub(super) fn is_own(&self, path: &Path) -> bool {
        let is_draft = path.file_name().is_some_and(is_partial);
        is_draft || self.own.iter().any(|own| is_beside(path, own))
    }
}

/// The scope in one folder, for many files.
pub(super) struct FolderScope<'a> {
    scope: &'a Scope,
    folder: &'a Path,
    /// The files that are roots.
    named: Vec<&'a OsStr>,
    /// Its path below its root; `None` where its files do not count.
    below: Option<String>,
    /// What in it is the program's own.
    own: Vec<&'a PathBuf>,
    /// Room for a path below the root.
    path: String,
}

impl FolderScope<'_> {
    /// Whether the file of this name counts.
    pub(super) fn has(&mut self, name: &OsStr) -> bool {
        if is_partial(name) || self.is_own(name) {
            return false;
        }
        // Who names a file means it.
        if self.named.contains(&name) {
            return true;
        }
        let Some(below) = &self.below else {
            return false;
        };
        self.path.clone_from(below);
        if !below.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(&name.to_string_lossy());
        self.scope.selection.names(&self.path)
    }

    fn is_own(&self, name: &OsStr) -> bool {
        !self.own.is_empty() && {
            let path = self.folder.join(name);
            self.own.iter().any(|own| is_beside(&path, own))
        }
    }
}

/// Whether a path is the other one, below it, or one of the files that `SQLite` and we lay beside it: `state.db-wal`.
fn is_beside(path: &Path, own: &Path) -> bool {
    if path.starts_with(own) {
        return true;
    }
    let (Some(name), Some(known)) = (path.file_name(), own.file_name()) else {
        return false;
    };
    let rest = name
        .as_encoded_bytes()
        .strip_prefix(known.as_encoded_bytes());
    path.parent() == own.parent()
        && rest.is_some_and(|rest| {
            matches!(rest, b"-wal" | b"-shm" | b"-journal") || rest.starts_with(b".watch-")
        })
}
