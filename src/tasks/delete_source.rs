//! `delete_source`: what was transferred goes where it was, when the same is surely at the target.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::run::Step;
use super::{Item, TransferOptions};
use crate::client::{Client, Deleted, Leave, Stamp};
use crate::error::{Error, Result};
use crate::path::RemotePath;

/// Why a source that was to go is still there, or was gone before.
pub(super) type Kept = Option<&'static str>;

const CHANGED: &str = "not deleted: it changed since it was read";
const GONE: &str = "gone already";

/// The reason for a source whose hash could not be compared.
pub(super) const UNPROVEN: &str = "not deleted: Dropbox told no content hash";

/// Leave to delete what these steps transfer, where that is wanted: asked for before the first of them. Those count too that turn out
/// to stay.
pub(super) fn leave_for_sources<W>(
    client: &Client,
    steps: &[Step<W>],
    options: &TransferOptions,
) -> Result<Leave> {
    let files = steps.iter().filter(|step| matches!(step, Step::Work(_)));
    match files.count() {
        files if files > 0 && options.delete_source => {
            client.guards().leave_to_delete(files as u64)
        }
        _ => Ok(Leave::for_nothing()),
    }
}

/// Deletes a local file, if it is still the one that was read.
pub(super) async fn delete_local(path: PathBuf, read: Stamp, _leave: &Leave) -> Result<Kept> {
    let delete = move || {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(GONE)),
            Err(error) => return Err(Error::io("look at", &path, error)),
        };
        // What was read is elsewhere, and may be meant by others too.
        if metadata.is_symlink() {
            return Ok(Some("not deleted: it is a symbolic link"));
        }
        if Stamp::of(&metadata) != read {
            return Ok(Some(CHANGED));
        }
        fs::remove_file(&path).map_err(|error| Error::io("delete", &path, error))?;
        Ok(None)
    };
    tokio::task::spawn_blocking(delete).await?
}

/// Deletes a file at Dropbox, if it is still of the rev that was read.
pub(super) async fn delete_remote(
    client: &Client,
    item: &Item,
    rev: Option<&str>,
    leave: &Leave,
) -> Result<Kept> {
    // A version that is named by its rev has no path of its own.
    if item.path.starts_with("rev:") {
        return Ok(Some("not deleted: it was named by its rev"));
    }
    let Some(rev) = rev else {
        return Ok(Some(CHANGED));
    };
    let path: RemotePath = item.path.parse()?;
    Ok(match client.delete_rev(&path, Some(rev), leave).await? {
        Deleted::Yes => None,
        Deleted::Changed => Some(CHANGED),
        Deleted::Gone => Some(GONE),
    })
}
