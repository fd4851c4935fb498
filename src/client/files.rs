//! `files/`: the routes that take and give JSON, one method each.

use serde::de::IgnoredAny;

use super::call::{Argument, Outcome};
use super::{Client, Leave};
use crate::api::files::{
    CreateFolderArg, DeleteArg, FolderMetadata, Metadata, MetadataResult, PathArg,
};
use crate::api::{CREATE_FOLDER, DELETE, GET_METADATA};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// What `create_folder_v2` came to.
#[derive(Debug)]
pub(crate) enum Created {
    New(FolderMetadata),
    /// There was a folder already.
    Existing(FolderMetadata),
}

/// What became of something that was to be deleted while it is of some rev.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    Yes,
    /// Another rev is there.
    Changed,
    /// It was not there any more.
    Gone,
}

impl Client {
    /// What is at the path.
    pub(crate) async fn metadata(&self, path: &RemotePath) -> Result<Metadata> {
        self.rpc(
            &GET_METADATA,
            Some(path.as_str()),
            Argument::of(&PathArg {
                path: path.as_str(),
            }),
        )
        .await
    }

    /// What is at the path, if anything.
    pub(crate) async fn metadata_if_any(&self, path: &RemotePath) -> Result<Option<Metadata>> {
        if path.is_root() {
            return Ok(None);
        }
        match self.metadata(path).await {
            Ok(Metadata::Deleted(_)) => Ok(None),
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the folder and its parents.
    pub(crate) async fn create_folder(&self, path: &RemotePath) -> Result<Created> {
        let argument = CreateFolderArg {
            path: path.as_str(),
            autorename: false,
        };
        let outcome = self
            .rpc_outcome::<MetadataResult<FolderMetadata>>(
                &CREATE_FOLDER,
                Some(path.as_str()),
                Argument::of(&argument),
            )
            .await;
        match outcome.result {
            Ok(result) => Ok(Created::New(result.metadata)),
            Err(error) if is_tag(&error, "path/conflict/folder") => {
                match self.metadata(path).await? {
                    // The answer to an attempt before got lost: the folder is the one that it made.
                    Metadata::Folder(folder) if outcome.unsure => Ok(Created::New(folder)),
                    Metadata::Folder(folder) => Ok(Created::Existing(folder)),
                    Metadata::File(_) | Metadata::Deleted(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes what is at the path, a folder with all that it holds.
    pub(crate) async fn delete(&self, path: &RemotePath, leave: &Leave) -> Result<()> {
        let outcome = self.delete_outcome(path, None, leave).await;
        match outcome.result {
            Ok(_) => Ok(()),
            // The answer to an attempt before got lost: it is gone, as was wanted.
            Err(error) if outcome.unsure && error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes what is at the path, a file only while it is of this rev.
    pub(crate) async fn delete_rev(
        &self,
        path: &RemotePath,
        rev: Option<&str>,
        leave: &Leave,
    ) -> Result<Deleted> {
        let outcome = self.delete_outcome(path, rev, leave).await;
        match outcome.result {
            Ok(_) => Ok(Deleted::Yes),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(if outcome.unsure {
                Deleted::Yes
            } else {
                Deleted::Gone
            }),
            Err(error) if rev.is_some() && error.kind() == ErrorKind::Conflict => {
                Ok(Deleted::Changed)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_outcome(
        &self,
        path: &RemotePath,
        parent_rev: Option<&str>,
        leave: &Leave,
    ) -> Outcome<IgnoredAny> {
        let _turn = self.turn().await;
        let path = path.as_str();
        let argument = Argument::of(&DeleteArg { path, parent_rev });
        self.rpc_deleting(&DELETE, Some(path), argument, leave)
            .await
    }

    /// The files in a folder, and in the folders there.
    pub(crate) async fn count_files(&self, folder: &RemotePath) -> Result<u64> {
        let mut pages = self.list_folder(folder, true);
        let mut files = 0;
        while let Some(page) = pages.next().await? {
            let here = |entry: &&Metadata| matches!(entry, Metadata::File(_));
            files += page.iter().filter(here).count() as u64;
        }
        Ok(files)
    }

    /// Whether nothing is in the folder.
    pub(crate) async fn is_empty_folder(&self, path: &RemotePath) -> Result<bool> {
        let mut pages = self.list_folder(path, false);
        while let Some(page) = pages.next().await? {
            let here = |entry: &Metadata| !matches!(entry, Metadata::Deleted(_));
            if page.iter().any(here) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_tag(error: &Error, tag: &str) -> bool {
    error.tag() == Some(tag)
}
