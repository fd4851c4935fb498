//! `files/list_revisions`, `files/restore`, `files/get_temporary_link`.

use super::Client;
use super::call::Argument;
use crate::api::files::{
    FileMetadata, ListRevisionsArg, ListRevisionsResult, PathArg, RestoreArg, TemporaryLinkResult,
};
use crate::api::{GET_TEMPORARY_LINK, LIST_REVISIONS, RESTORE};
use crate::error::Result;
use crate::path::RemotePath;

/// The most versions that Dropbox gives at once.
const MOST: u32 = 100;

impl Client {
    /// The versions of a file, the newest first, a hundred at most.
    pub(crate) async fn revisions(&self, path: &RemotePath) -> Result<Vec<FileMetadata>> {
        let path = path.as_str();
        let argument = ListRevisionsArg { path, limit: MOST };
        let result: ListRevisionsResult = self
            .rpc(&LIST_REVISIONS, Some(path), Argument::of(&argument))
            .await?;
        Ok(result.entries)
    }

    /// Makes a version the current one; to repeat that makes it current again.
    pub(crate) async fn restore(&self, path: &RemotePath, rev: &str) -> Result<FileMetadata> {
        let path = path.as_str();
        let argument = RestoreArg { path, rev };
        self.rpc(&RESTORE, Some(path), Argument::of(&argument))
            .await
    }

    /// A link to the contents of a file that works for four hours.
    pub(crate) async fn temporary_link(&self, path: &RemotePath) -> Result<String> {
        let path = path.as_str();
        let result: TemporaryLinkResult = self
            .rpc(
                &GET_TEMPORARY_LINK,
                Some(path),
                Argument::of(&PathArg { path }),
            )
            .await?;
        Ok(result.link)
    }
}
