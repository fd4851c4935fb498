//! A folder for one user's eyes, with a file for each connection that is replaced whole or not at all.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// The largest file that is read: what is written here is a few KiB.
const LARGEST: u64 = 1 << 20;

/// Where the files of a [`TokenStore`](super::TokenStore) are.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// What of a connection a file holds, and with it the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// The credentials.
    Credentials,
    /// Nothing: that it is there says that the credentials are in the keyring.
    KeyringMark,
    /// Nothing: it is there to be locked.
    Lock,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file of a connection.
    pub(super) fn path(&self, name: &str, holds: Holds) -> PathBuf {
        let end = match holds {
            Holds::Credentials => "json",
            Holds::KeyringMark => "keyring",
            Holds::Lock => "lock",
        };
        self.0.join(format!("{}.{end}", file_name(name)))
    }

    /// Whether the file is there, whatever it is.
    pub(super) fn has(&self, name: &str, holds: Holds) -> bool {
        self.path(name, holds).symlink_metadata().is_ok()
    }

    /// What the file holds; `None` where there is none.
    ///
    /// # Errors
    /// `not_allowed` where others can read or change it, `local_io` where it cannot be read.
    pub(super) fn read(&self, name: &str, holds: Holds) -> Result<Option<Vec<u8>>> {
        let path = self.path(name, holds);
        if !self.0.exists() {
            return Ok(None);
        }
        self.check()?;
        let file = match open_options().read(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot_open(&path, error)),
        };
        check_file(&path, &file)?;
        let mut contents = Vec::new();
        file.take(LARGEST)
            .read_to_end(&mut contents)
            .map_err(|error| Error::io("read", &path, error))?;
        Ok(Some(contents))
    }

    /// Writes the file: when this returns it is on disk, and at every moment it is the old one or the new one. Only who holds the
    /// connection's lock may call it.
    ///
    /// # Errors
    /// `not_allowed` where others can change the folder, `local_io` where it cannot be written.
    pub(super) fn write(&self, name: &str, holds: Holds, contents: &[u8]) -> Result<PathBuf> {
        self.make()?;
        let path = self.path(name, holds);
        self.sweep(name);
        let new = self
            .0
            .join(format!("{}{:08x}", new_prefix(name), random(&path)?));
        let written = write_new(&new, contents)
            .and_then(|()| fs::rename(&new, &path))
            .and_then(|()| sync_folder(&self.0));
        written.map_err(|error| {
            // Where it was renamed already there is nothing left to remove.
            let _ = fs::remove_file(&new);
            Error::io("write", &path, error)
        })?;
        Ok(path)
    }

    /// Removes the file, if it is there.
    ///
    /// # Errors
    /// `local_io` where that is refused.
    pub(super) fn remove(&self, name: &str, holds: Holds) -> Result<()> {
        let path = self.path(name, holds);
        match fs::remove_file(&path).and_then(|()| sync_folder(&self.0)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other process or thread holds the connection's lock, and holds it until the file is dropped.
    ///
    /// # Errors
    /// `not_allowed` where others can change the folder, `local_io` where the file cannot be made.
    pub(super) fn lock(&self, name: &str) -> Result<File> {
        self.make()?;
        let path = self.path(name, Holds::Lock);
        let cannot = |error| Error::io("lock", &path, error);
        loop {
            let mut options = open_options();
            let file = options
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|error| cannot_open(&path, error))?;
            file.lock().map_err(cannot)?;
            // Whoever removed the connection meanwhile removed this file too, and others may hold the one that came after it.
            if is_at(&file, &path).map_err(cannot)? {
                return Ok(file);
            }
        }
    }

    /// Makes the folder, for nobody else to look into.
    fn make(&self) -> Result<()> {
        let cannot = |error| Error::io("make the folder", &self.0, error);
        if let Some(parent) = self.0.parent() {
            fs::create_dir_all(parent).map_err(cannot)?;
        }
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(cannot(error)),
            _ => self.check(),
        }
    }

    /// Refuses a folder that others can reach into: they could put a file in place of ours.
    fn check(&self) -> Result<()> {
        #[cfg(unix)]
        {
            let found =
                fs::metadata(&self.0).map_err(|error| Error::io("look at", &self.0, error))?;
            check_owner(&self.0, &found, 0o700)?;
        }
        Ok(())
    }

    /// Removes what writers left that were killed: who holds the lock is the only writer.
    fn sweep(&self, name: &str) {
        let begin = new_prefix(name);
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&begin) {
                // One that stays does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// A name for a file, another for each connection: capitals are written out, since some file systems do not tell them apart.
fn file_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_') {
            safe.push(byte.into());
        } else {
            write!(safe, "%{byte:02x}").expect("a string takes all that is written");
        }
    }
    safe
}

/// How the names of new files begin that are to replace others of this connection. No name of a connection begins with a dot.
fn new_prefix(name: &str) -> String {
    format!(".{}.new-", file_name(name))
}

fn random(path: &Path) -> Result<u32> {
    getrandom::u32().map_err(|error| Error::io("write", path, io::Error::other(error.to_string())))
}

fn write_new(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = open_options().write(true).create_new(true).open(path)?;
    io::Write::write_all(&mut file, contents)?;
    file.sync_all()
}

/// Opens no link, and makes files that nobody else may open.
fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

fn cannot_open(path: &Path, error: io::Error) -> Error {
    if path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink())
    {
        return Error::new(
            ErrorKind::NotAllowed,
            format!(
                "`{}` is a link, and credentials are kept in plain files only",
                path.display()
            ),
        )
        .with_path(path.display().to_string())
        .with_hint("remove the link");
    }
    Error::io("open", path, error)
}

/// Refuses what is no plain file of this user that nobody else can open.
fn check_file(path: &Path, file: &File) -> Result<()> {
    let found = file
        .metadata()
        .map_err(|error| Error::io("look at", path, error))?;
    if !found.is_file() {
        return Err(Error::new(
            ErrorKind::NotAllowed,
            format!("`{}` is no plain file", path.display()),
        )
        .with_path(path.display().to_string()));
    }
    #[cfg(unix)]
    check_owner(path, &found, 0o600)?;
    Ok(())
}

#[cfg(unix)]
fn check_owner(path: &Path, found: &fs::Metadata, mode: u32) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = path.display();
    let refuse = |what: &str| {
        Error::new(ErrorKind::NotAllowed, format!("`{shown}` {what}")).with_path(shown.to_string())
    };
    if found.uid() != rustix::process::geteuid().as_raw() {
        let error =
            refuse("belongs to another user, who could read or change the credentials there");
        return Err(error.with_hint("run this as the user whose credentials they are"));
    }
    if found.mode() & 0o077 != 0 {
        let error = refuse("is open to other users, and credentials are there");
        return Err(error.with_hint(format!("close it with `chmod {mode:o} '{shown}'`")));
    }
    Ok(())
}

/// Whether the path still leads to this file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata()?;
    match path.symlink_metadata() {
        Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// An open file is not removed on such a system.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Has the folder's entries on disk too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A folder cannot be opened on such a system.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_file_of_its_own() {
        let names = [
            "work", "Work", "../work", "a/b", ".", "", "a.b", "a%2eb", "ü",
        ];
        let files: std::collections::BTreeSet<_> = names.map(file_name).into();
        assert_eq!(files.len(), names.len());
        for file in files {
            assert!(!file.contains(['/', '.']), "{file}");
        }
    }
}
