//! A path that scripts may touch, in the hands of the folder that they were let into.
//!
//! Whether a path is granted is decided by where it leads. It is then used only below the granted folder, which the system holds open:
//! a link that is put in its way between the two leads nowhere else.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions, Permissions};

/// A path with all links followed, and the folder that it is below.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: Arc<Dir>,
    below: PathBuf,
    real: PathBuf,
}

impl Place {
    /// `real`, which is `root` or below it.
    ///
    /// # Errors
    /// No folder on the way can be opened.
    pub(super) fn new(root: &Path, real: &Path) -> io::Result<Self> {
        // What is granted may be a file, may be missing yet, and may be what is to be deleted.
        let above = match root.parent() {
            Some(above) if real == root || !root.is_dir() => above,
            _ => root,
        };
        let folder = above
            .ancestors()
            .find(|folder| folder.is_dir())
            .ok_or(io::ErrorKind::NotFound)?;
        let below = real
            .strip_prefix(folder)
            .map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self {
            folder: Arc::new(Dir::open_ambient_dir(folder, ambient_authority())?),
            below: match below {
                below if below.as_os_str().is_empty() => ".".into(),
                below => below.to_owned(),
            },
            real: real.to_owned(),
        })
    }

    /// What is called so in the folder that this is.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            below: self.below.join(&name),
            real: self.real.join(name),
        }
    }

    /// What is called so beside this.
    pub(super) fn beside(&self, name: impl AsRef<Path>) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            below: self.below.with_file_name(name.as_ref()),
            real: self.real.with_file_name(name.as_ref()),
        }
    }

    /// The whole path, for comparing.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.folder.metadata(&self.below)
    }

    /// The same of a link itself.
    pub(super) fn symlink_metadata(&self) -> io::Result<Metadata> {
        self.folder.symlink_metadata(&self.below)
    }

    pub(super) fn is_dir(&self) -> bool {
        self.metadata().is_ok_and(|found| found.is_dir())
    }

    /// What is in a folder, by name.
    pub(super) fn names(&self) -> io::Result<Vec<std::ffi::OsString>> {
        let entries = self.folder.read_dir(&self.below)?;
        entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect()
    }

    /// Opens a file; neither a folder nor what is no file at all: opening a pipe waits for its other end, and nothing could end that.
    pub(super) fn open(&self, options: &OpenOptions) -> io::Result<File> {
        self.refuse_special()?;
        let file = self.folder.open_with(&self.below, options)?;
        Ok(file.into_std())
    }

    /// Whether there may be a file here.
    ///
    /// # Errors
    /// There is something else.
    pub(super) fn refuse_special(&self) -> io::Result<()> {
        match self.metadata() {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => Err(io::Error::other("it is not a regular file")),
            _ => Ok(()),
        }
    }

    pub(super) fn create_dir_all(&self) -> io::Result<()> {
        self.folder.create_dir_all(&self.below)
    }

    pub(super) fn remove_file(&self) -> io::Result<()> {
        self.folder.remove_file(&self.below)
    }

    pub(super) fn remove_dir_all(&self) -> io::Result<()> {
        self.folder.remove_dir_all(&self.below)
    }

    pub(super) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.folder.set_permissions(&self.below, permissions)
    }

    pub(super) fn rename(&self, to: &Self) -> io::Result<()> {
        self.folder.rename(&self.below, &to.folder, &to.below)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn reading() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true);
        options
    }

    #[test]
    fn a_link_that_comes_after_the_look_leads_nowhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("mine/sub")).expect("a folder");
        fs::create_dir(at("other")).expect("a folder");
        fs::write(at("mine/sub/a"), "mine").expect("a file");
        fs::write(at("other/a"), "other").expect("a file");
        let file = Place::new(&at("mine"), &at("mine/sub/a")).expect("a place");
        file.open(&reading()).expect("it is there");
        fs::rename(at("mine/sub"), at("mine/was")).expect("it moves");
        symlink("../other", at("mine/sub")).expect("a link");
        file.open(&reading()).expect_err("it leads out");
        file.metadata().expect_err("it leads out");
        file.remove_file().expect_err("it leads out");
        file.beside("b").create_dir_all().expect_err("it leads out");
        assert!(at("other/a").exists());
    }

    #[test]
    fn a_place_may_be_a_file_missing_or_the_granted_folder_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::write(at("a"), "text").expect("a file");
        let file = Place::new(&at("a"), &at("a")).expect("a place");
        file.open(&reading()).expect("it is there");
        let new = Place::new(&at("x/y"), &at("x/y/z")).expect("a place");
        new.create_dir_all().expect("it is made");
        let granted = Place::new(&at("x"), &at("x")).expect("a place");
        assert_eq!(granted.names().expect("a list"), ["y"]);
        granted.remove_dir_all().expect("it is deleted");
        assert!(!at("x").exists());
        Place::new(Path::new("/"), Path::new("/"))
            .expect("the root")
            .names()
            .expect("a list");
    }
}
