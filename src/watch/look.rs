//! Looking at the file system: one file, or one folder. Nothing here opens a file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::scope::Links;
use super::stamp::{Stamp, identity};

/// A folder at one look.
pub(super) struct Listing {
    pub(super) files: Vec<(OsString, Stamp)>,
    pub(super) folders: Vec<OsString>,
    /// Links to folders, with device and inode of those, where links are followed.
    pub(super) linked_folders: Vec<(OsString, (u64, u64))>,
    /// Whether one of the files is a link.
    pub(super) has_linked_files: bool,
    /// Whether there is nothing at all, whatever counts.
    pub(super) is_empty: bool,
}

/// Device and inode of a folder. A link is followed: a root may be one.
pub(super) fn folder(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        Ok(identity(&metadata))
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    }
}

/// What is directly in a folder: folders, and regular files for which `counts` is true. Sockets and the like are left out.
///
/// An entry that cannot be looked at fails the whole look, so that it is never taken for gone.
pub(super) fn listing(
    path: &Path,
    links: Links,
    mut counts: impl FnMut(&OsStr) -> bool,
) -> io::Result<Listing> {
    let mut listing = Listing {
        files: Vec::new(),
        folders: Vec::new(),
        linked_folders: Vec::new(),
        has_linked_files: false,
        is_empty: true,
    };
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        listing.is_empty = false;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        if kind.is_dir() {
            listing.folders.push(name);
        } else if kind.is_file() {
            if counts(&name)
                && let Some(metadata) = if_there(entry.metadata())?
            {
                listing.files.push((name, Stamp::of(&metadata)));
            }
        } else if kind.is_symlink()
            && links == Links::Followed
            && let Some(metadata) = if_there(fs::metadata(entry.path()))?
        {
            if metadata.is_dir() {
                listing.linked_folders.push((name, identity(&metadata)));
            } else if metadata.is_file() && counts(&name) {
                listing.has_linked_files = true;
                listing.files.push((name, Stamp::of(&metadata)));
            }
        }
    }
    Ok(listing)
}

/// One regular file; `None` where there is none, a link included.
pub(super) fn file(path: &Path) -> io::Result<Option<Stamp>> {
    let metadata = if_there(fs::symlink_metadata(path))?;
    Ok(metadata.filter(Metadata::is_file).as_ref().map(Stamp::of))
}

/// One regular file, or the one that a link at this path leads to.
pub(super) fn file_through_links(path: &Path) -> io::Result<Option<Stamp>> {
    let metadata = if_there(fs::metadata(path))?;
    Ok(metadata.filter(Metadata::is_file).as_ref().map(Stamp::of))
}

fn if_there(result: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match result {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) || leads_nowhere(&error) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether links lead to each other.
#[cfg(unix)]
fn leads_nowhere(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// That has no number of its own elsewhere.
#[cfg(not(unix))]
fn leads_nowhere(_error: &io::Error) -> bool {
    false
}
