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
            // It was deleted before, and what is there now a person has put there.
            Holds::Forgotten => Ok(()),
        };
        match done {
            // The system has no such name; the file is served from the state folder all the same. Or a person has put something
            // in its place meanwhile, which the next scan takes in.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidFilename
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::IsADirectory
                        | io::ErrorKind::NotADirectory
                        | io::ErrorKind::AlreadyExists
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
    let links = Links::of(source)?;
    if links.include(path) {
        // A person put it there.
        return Ok(());
    }
    let modified = SystemTime::try_from(file.client_modified).unwrap_or(SystemTime::UNIX_EPOCH);
    File::options()
        .write(true)
        .open(source)?
        .set_modified(modified)?;
    // Where two paths shared one file, who edits one would edit both.
    if !links.is_linked() {
        let linked = match fs::hard_link(source, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder_of(path)?;
                fs::hard_link(source, path)
            }
            linked => linked,
        };
        if linked.is_ok() {
            return Ok(());
        }
    }
    make_folder_of(path)?;
    let staged = directory.join(STATE_FOLDER).join("staged");
    let staged = if staged.parent().is_some_and(Path::is_dir) {
        staged
    } else {
        path.with_extension("dropscript-new")
    };
    // A process that was killed here has left a link to some version's contents: to copy into it would spoil them.
    remove(&staged)?;
    if links.is_linked() || fs::hard_link(source, &staged).is_err() {
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

fn make_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// The names of a file.
#[cfg(unix)]
struct Links(fs::Metadata);

#[cfg(unix)]
impl Links {
    fn of(path: &Path) -> io::Result<Links> {
        fs::metadata(path).map(Links)
    }

    /// Whether the file has this name too.
    fn include(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let same = |found: fs::Metadata| (found.dev(), found.ino()) == (self.0.dev(), self.0.ino());
        fs::metadata(path).is_ok_and(same)
    }

    /// Whether it has a name besides the one in the state folder.
    fn is_linked(&self) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        self.0.nlink() > 1
    }
}

/// There is no telling here, and so no linking: files are copied.
#[cfg(not(unix))]
struct Links;

#[cfg(not(unix))]
impl Links {
    fn of(_path: &Path) -> io::Result<Links> {
        Ok(Links)
    }

    fn include(&self, _path: &Path) -> bool {
        false
    }

    fn is_linked(&self) -> bool {
        true
    }
}

/// Whether two paths name one file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    Links::of(one).is_ok_and(|links| links.include(other))
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
