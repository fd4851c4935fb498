//! What would keep a transfer from getting through, looked for before its first byte.

use std::path::Path;

use cap_std::fs::Dir;
use cap_tempfile::TempFile;

use super::ByteSize;
use super::known::FEW;
use crate::api::files::Metadata;
use crate::client::Client;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// From so many bytes on it is worth asking Dropbox before.
const MUCH: u64 = 32 << 20;

/// The largest file that an upload session takes (`files.stone`, `UploadSessionStartArg`).
const LARGEST: u64 = (1 << 41) - (1 << 22);

/// What systems and Dropbox's own program leave in folders, and Dropbox does not take.
/// Source: <https://help.dropbox.com/organize/file-names>.
const IGNORED: [&str; 6] = [
    "desktop.ini",
    "thumbs.db",
    ".ds_store",
    "icon\r",
    ".dropbox",
    ".dropbox.attr",
];

/// Whether a transfer is so large that to look before saves more than it costs.
pub(super) fn is_much(files: usize, bytes: u64) -> bool {
    files > FEW || bytes >= MUCH
}

/// One error for all that stands in the way.
pub(super) fn together(faults: &[Error]) -> Result<()> {
    let Some(first) = faults.first() else {
        return Ok(());
    };
    if faults.len() == 1 {
        return Err(first.clone());
    }
    let messages: Vec<String> = faults.iter().map(Error::full_message).collect();
    let hints: Vec<&str> = faults.iter().filter_map(Error::hint).collect();
    let message = format!(
        "nothing was transferred, for {} reasons: {}",
        faults.len(),
        messages.join("; ")
    );
    let mut error = Error::new(first.kind(), message);
    if let Some(path) = first.path() {
        error = error.with_path(path);
    }
    if !hints.is_empty() {
        error = error.with_hint(hints.join("; "));
    }
    Err(error)
}

/// Where it is known what the person allowed: that this is not among it.
pub(super) async fn scope(connection: &Connection, scope: &str) -> Result<Option<Error>> {
    let scopes = connection.scopes().await?;
    if scopes.is_empty() || scopes.iter().any(|allowed| allowed == scope) {
        return Ok(None);
    }
    let name = connection.name();
    let message = format!("the sign-in of the connection `{name}` does not allow `{scope}`");
    Ok(Some(Error::new(ErrorKind::Permission, message).with_hint(
        format!(
            "allow it in the settings of the app at Dropbox, then sign in again: `dropscript connection login {name}`"
        ),
    )))
}

/// That the folder at Dropbox, or the nearest above it that is there, takes nothing.
pub(super) async fn remote_folder(client: &Client, folder: &RemotePath) -> Result<Option<Error>> {
    let mut path = folder.clone();
    while !path.is_root() {
        match client.metadata_if_any(&path).await? {
            Some(Metadata::File(_)) => {
                let message = format!("`{path}` is a file, so nothing can be put into it");
                return Ok(Some(
                    Error::new(ErrorKind::Conflict, message).with_path(path.to_string()),
                ));
            }
            Some(Metadata::Folder(found)) if found.is_read_only() => {
                let message = format!("you may look at the shared folder `{path}`, not change it");
                return Ok(Some(
                    Error::new(ErrorKind::Permission, message)
                        .with_path(path.to_string())
                        .with_hint("ask its owner to let you edit it"),
                ));
            }
            Some(Metadata::Folder(_)) => return Ok(None),
            Some(Metadata::Deleted(_)) | None => {
                let above = path.parent();
                // What is named by an id or a namespace has nothing above it.
                if above == path {
                    return Ok(None);
                }
                path = above;
            }
        }
    }
    Ok(None)
}

/// That so many bytes more do not fit into the account. Where it may not be asked nobody knows.
pub(super) async fn remote_room(client: &Client, bytes: u64) -> Result<Option<Error>> {
    if bytes < MUCH {
        return Ok(None);
    }
    let space = match client.space_usage().await {
        Ok(space) if space.allocated > 0 => space,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::Permission => return Ok(None),
        Err(error) => return Err(error),
    };
    let free = space.allocated.saturating_sub(space.used);
    Ok((bytes > free).then(|| no_room("the account", bytes, free)))
}

/// That nothing can be written into a local folder.
pub(super) fn local_folder(root: &Dir, path: &Path) -> Option<Error> {
    let error = TempFile::new(root).err()?;
    Some(
        Error::io("write into", path, error)
            .with_hint("nothing was fetched; give a folder that you may write"),
    )
}

/// That so many bytes more do not fit on the disk of a local folder.
pub(super) fn local_room(root: &Dir, path: &Path, bytes: u64) -> Option<Error> {
    let free = free_bytes(root)?;
    let disk = format!("the disk of `{}`", path.display());
    (bytes > free).then(|| no_room(&disk, bytes, free).with_path(path.display().to_string()))
}

#[cfg(unix)]
fn free_bytes(root: &Dir) -> Option<u64> {
    let found = rustix::fs::fstatvfs(root).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Dir) -> Option<u64> {
    None
}

fn no_room(of: &str, bytes: u64, free: u64) -> Error {
    Error::new(
        ErrorKind::NoSpace,
        format!(
            "{} of new files do not fit: {of} has {} left",
            ByteSize(bytes),
            ByteSize(free)
        ),
    )
    .with_hint("nothing was transferred; make room, or transfer less")
}

/// Why Dropbox would refuse a file for its name or size.
pub(super) fn refused(relative: &str, size: u64) -> Option<Error> {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    if IGNORED.contains(&name.to_lowercase().as_str()) {
        let message = format!(
            "Dropbox takes no file of the name `{}`",
            name.escape_debug()
        );
        let hint = format!("leave it out: `exclude: {name:?}`");
        return Some(Error::new(ErrorKind::InvalidPath, message).with_hint(hint));
    }
    if size > LARGEST {
        let message = format!(
            "the file is larger than Dropbox takes: {} of {}",
            ByteSize(size),
            ByteSize(LARGEST)
        );
        let error = Error::new(ErrorKind::InvalidArgument, message);
        return Some(error.with_hint("split it, or leave it out"));
    }
    let why = relative.split('/').find_map(|name| {
        if name.ends_with(' ') {
            Some("ends with a space")
        } else if name.contains('\\') {
            Some("has a backslash in it")
        } else if name.contains('\x7f') {
            Some("has a control character in it")
        } else {
            None
        }
    })?;
    let message = format!(
        "Dropbox takes no name that {why}: `{}`",
        relative.escape_debug()
    );
    let error = Error::new(ErrorKind::InvalidPath, message);
    Some(error.with_hint("rename it, or give it another name with the option `rename`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    #[test]
    fn names_and_sizes_that_dropbox_takes_pass() {
        for relative in [
            "a.txt",
            "a b/c. d",
            "ü/☃.txt",
            ".hidden",
            "desktop.ini.txt",
            "icon",
        ] {
            assert!(refused(relative, LARGEST).is_none(), "{relative}");
        }
        for (relative, size, kind) in [
            ("desktop.ini", 0, ErrorKind::InvalidPath),
            ("sub/Thumbs.db", 0, ErrorKind::InvalidPath),
            (".DS_Store", 0, ErrorKind::InvalidPath),
            ("Icon\r", 0, ErrorKind::InvalidPath),
            ("a ", 0, ErrorKind::InvalidPath),
            ("sub /a", 0, ErrorKind::InvalidPath),
            ("a\\b", 0, ErrorKind::InvalidPath),
            ("a\x7f", 0, ErrorKind::InvalidPath),
            ("a", LARGEST + 1, ErrorKind::InvalidArgument),
        ] {
            let error = refused(relative, size).expect(relative);
            assert_eq!(error.kind(), kind, "{relative}");
        }
    }

    #[test]
    fn more_than_the_disk_has_left_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("it opens");
        assert!(local_room(&root, folder.path(), 1).is_none());
        let error = local_room(&root, folder.path(), u64::MAX).expect("no disk is so large");
        assert_eq!(error.kind(), ErrorKind::NoSpace);
        assert!(local_folder(&root, folder.path()).is_none());
    }

    #[test]
    fn several_faults_are_told_together() {
        let fault = |message: &str| Error::new(ErrorKind::NoSpace, message).with_hint("make room");
        assert!(together(&[]).is_ok());
        let one = together(&[fault("full")]).expect_err("one");
        assert_eq!(one.to_string(), "full");
        let two = together(&[fault("full"), fault("closed")]).expect_err("two");
        assert!(two.to_string().ends_with("for 2 reasons: full; closed"));
    }
}
