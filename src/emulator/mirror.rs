//! A directory that shows a tree: it follows the log as a client would.
//!
//! The contents lie in the state folder, one file each, and a hard link puts them where a person looks; where links do not
//! work, a copy. So a version stays readable when its path is overwritten or deleted.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::names::{self, Place, STATE_FOLDER};
use super::state::tree::{Change, FileNode, Holds, Node};

/// Where the paths of a tree lie: below a directory, but for some folders at its top that lie elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) directory: PathBuf,
    pub(super) apart: Vec<Apart>,
}

/// A folder at the top of a tree that its directory does not show.
#[derive(Clone, Debug)]
pub(super) struct Apart {
    pub(super) place: Place,
    pub(super) directory: PathBuf,
}

impl Layout {
    /// All of it is below one directory.
    pub(super) fn plain(directory: PathBuf) -> Layout {
        Layout {
            directory,
            apart: Vec::new(),
        }
    }

    /// Where a path of the tree lies.
    pub(super) fn place(&self, display: &str) -> PathBuf {
        let top = names::top(display);
        match self.apart(&names::fold(top)) {
            Some(apart) => join(&apart.directory, &display[top.len()..]),
            None => join(&self.directory, display),
        }
    }

    /// The folder of this path, if it lies elsewhere.
    pub(super) fn apart(&self, lower: &str) -> Option<&Apart> {
        self.apart.iter().find(|apart| apart.place.lower == lower)
    }
}

fn join(directory: &Path, display: &str) -> PathBuf {
    display.split('/').fold(directory.to_owned(), |path, name| {
        if name.is_empty() {
            path
        } else {
            path.join(name)
        }
    })
}

/// Brings the directories up to date with changes, in their order.
pub(super) fn apply(layout: &Layout, changes: &[Change]) -> io::Result<()> {
    fs::create_dir_all(&layout.directory)?;
    for change in changes {
        let path = layout.place(&change.display);
        let done = match &change.now {
            Holds::Node(Node::File(file)) => put(&layout.directory, &path, file),
            Holds::Node(Node::Folder(_)) => fs::create_dir_all(&path),
            Holds::Nothing(_) => remove(&path),
        };
        match done {
            // The system has no such name; the file is served from the state folder all the same.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput
                ) => {}
            done => done?,
        }
    }
    Ok(())
}

fn put(directory: &Path, path: &Path, file: &FileNode) -> io::Result<()> {
    let Some(source) = file.blob.path() else {
        return Ok(());
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if is_same_file(source, path) {
        // A person put it there.
        return Ok(());
    }
    let modified = SystemTime::try_from(file.client_modified).unwrap_or(SystemTime::UNIX_EPOCH);
    File::options()
        .write(true)
        .open(source)?
        .set_modified(modified)?;
    let staged = directory.join(STATE_FOLDER).join("staged");
    let staged = if staged.parent().is_some_and(Path::is_dir) {
        staged
    } else {
        path.with_extension("dropscript-new")
    };
    // Where two paths shared one file, who edits one would edit both.
    if is_linked(source) || fs::hard_link(source, &staged).is_err() {
        fs::copy(source, &staged)?;
        File::options()
            .write(true)
            .open(&staged)?
            .set_modified(modified)?;
    }
    let placed = fs::rename(&staged, path);
    // Renaming a link onto another link of the same file does nothing, and leaves it.
    let _ = fs::remove_file(&staged);
    placed
}

/// Whether two paths name one file.
#[cfg(unix)]
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Files are copied here, never linked.
#[cfg(not(unix))]
pub(super) fn is_same_file(_one: &Path, _other: &Path) -> bool {
    false
}

/// Whether a file has a name besides the one in the state folder.
#[cfg(unix)]
fn is_linked(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).is_ok_and(|file| file.nlink() > 1)
}

/// There is no telling here, and so no linking.
#[cfg(not(unix))]
fn is_linked(_path: &Path) -> bool {
    true
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        // A person was quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
