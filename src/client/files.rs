//! `files/`: the routes that take and give JSON, one method each.

use super::Client;
use super::call::Argument;
use crate::api::files::{CreateFolderArg, FolderMetadata, Metadata, MetadataResult, PathArg};
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
    pub(crate) async fn delete(&self, path: &RemotePath) -> Result<()> {
        let outcome = self
            .rpc_outcome::<serde::de::IgnoredAny>(
                &DELETE,
                Some(path.as_str()),
                Argument::of(&PathArg {
                    path: path.as_str(),
                }),
            )
            .await;
        match outcome.result {
            Ok(_) => Ok(()),
            // The answer to an attempt before got lost: it is gone, as was wanted.
            Err(error) if outcome.unsure && error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn is_tag(error: &Error, tag: &str) -> bool {
    error.tag() == Some(tag)
}
