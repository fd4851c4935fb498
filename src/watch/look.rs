//! Looking at the file system: one file, or one folder. Nothing here opens a file or follows a link below a root.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::stamp::{Stamp, identity};
use crate::client::is_partial;

/// A folder at one look.
pub(super) struct Listing {
    pub(super) files: Vec<(OsString, Stamp)>,
    pub(super) folders: Vec<OsString>,
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

/// What is directly in a folder: regular files and folders. Links, sockets and the like are left out, and what is of a download that is
/// not whole.
///
/// An entry that cannot be looked at fails the whole look, so that it is never taken for gone.
pub(super) fn listing(path: &Path) -> io::Result<Listing> {
    let mut listing = Listing {
        files: Vec::new(),
        folders: Vec::new(),
    };
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            listing.folders.push(entry.file_name());
        } else if kind.is_file()
            && !is_partial(entry.file_name())
            && let Some(metadata) = if_there(entry.metadata())?
        {
            listing
                .files
                .push((entry.file_name(), Stamp::of(&metadata)));
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
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
