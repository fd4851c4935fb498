//! The versions of a file, and a link to its contents.

use super::Item;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// The versions of a file, the newest first, a hundred at most. A file that was deleted has them too.
    ///
    /// # Errors
    /// `not_found` where there never was one; `invalid_argument` for a folder.
    pub async fn revisions(&self, path: &str) -> Result<Vec<Item>> {
        let path = file_path(path)?;
        let entries = self.client().revisions(&path).await?;
        Ok(entries.into_iter().map(Item::from).collect())
    }

    /// Makes this version of a file the current one, also of a file that was deleted.
    ///
    /// # Errors
    /// `not_found` where there never was a file; `invalid_argument` where it has no such rev.
    pub async fn restore(&self, path: &str, rev: &str) -> Result<Item> {
        let path = file_path(path)?;
        self.client().restore(&path, rev).await.map(Item::from)
    }

    /// A link to the contents of a file, for everyone who has it. It works for four hours.
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` for a folder; `unsupported` for what can only be exported.
    pub async fn temporary_link(&self, path: &str) -> Result<String> {
        self.client().temporary_link(&file_path(path)?).await
    }
}

/// A path that may be that of a file, which the root is not.
pub(super) fn file_path(path: &str) -> Result<RemotePath> {
    let path: RemotePath = path.parse()?;
    if path.is_root() {
        let error = Error::new(ErrorKind::InvalidArgument, "`/` is not a file");
        return Err(error
            .with_path("/")
            .with_hint("name a file in it: `list` shows them"));
    }
    Ok(path)
}
