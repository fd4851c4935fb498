//! Keeping others on this machine out of what is secret in the state folder.

use std::fs::File;
use std::io;
use std::path::Path;

/// Only the owner may enter the folder, which is there.
#[cfg(unix)]
pub(super) fn folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// Only the owner may read or write the file, which is made if it is missing.
#[cfg(unix)]
pub(super) fn file(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let mut options = File::options();
    let file = options.create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

/// Here a folder takes on who may enter it from the one above it.
#[cfg(not(unix))]
pub(super) fn folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Likewise.
#[cfg(not(unix))]
pub(super) fn file(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).append(true).open(path).map(drop)
}
