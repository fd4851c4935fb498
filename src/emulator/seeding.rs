//! Starting with the files of a folder.

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::names::STATE_FOLDER;
use super::scan::entries;

/// Copies what is in `from` and not in the served directory `to`. What is in both stays as it is in `to`.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(from)? {
        let name = entry.file_name();
        let (kind, target) = (entry.file_type()?, to.join(&name));
        if kind.is_dir() && name != STATE_FOLDER {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() && !target.exists() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Something in the folder, by its path in Dropbox.
pub(super) enum Found {
    File(Bytes),
    Folder,
}

/// Shows every file and folder in `from` to `each`, folders before what is in them.
pub(super) fn walk(
    from: &Path,
    below: &str,
    each: &mut impl FnMut(&str, Found) -> io::Result<()>,
) -> io::Result<()> {
    for entry in entries(from)? {
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| {
            let text = format!("the name of `{}` is not UTF-8", entry.path().display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        })?;
        let path = format!("{below}/{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && name != STATE_FOLDER {
            each(&path, Found::Folder)?;
            walk(&entry.path(), &path, each)?;
        } else if kind.is_file() {
            each(&path, Found::File(fs::read(entry.path())?.into()))?;
        }
    }
    Ok(())
}
