//! What is at the target of a transfer to Dropbox.

use std::collections::HashMap;

use super::naming::numbered;
use super::remote::Walk;
use super::{Item, ItemKind};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// Up to so many files, each is looked up by itself; beyond, the destination is listed.
pub(super) const FEW: usize = 8;

/// How many free names are tried.
pub(super) const NAMES: u32 = 1_000;

/// What is known of the target's files before the transfers begin.
pub(super) enum Known {
    /// Nothing: each is looked up when its turn comes.
    Nothing,
    /// All of them, by the key of their path.
    All(HashMap<String, Item>),
}

impl Known {
    /// What is worth knowing of a folder before so many files go there, into its subfolders too where `deep`.
    pub(super) async fn of(
        client: &Client,
        folder: &RemotePath,
        files: usize,
        deep: bool,
    ) -> Result<Self> {
        if files <= FEW {
            return Ok(Self::Nothing);
        }
        let mut items = HashMap::new();
        let mut listing = Walk::folder(client, folder, deep);
        loop {
            match listing.next().await {
                Ok(Some(below)) => items.insert(folder.join(&below.relative)?.key(), below.item),
                Ok(None) => return Ok(Self::All(items)),
                // The folder is made by the first file.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Ok(Self::All(HashMap::new()));
                }
                Err(error) => return Err(error),
            };
        }
    }

    /// The file at the target, if any. A folder there is a conflict.
    pub(super) async fn file(&self, client: &Client, target: &RemotePath) -> Result<Option<Item>> {
        match self.item(client, target).await? {
            Some(item) if item.kind == ItemKind::Folder => Err(already_there(target, "folder")),
            item => Ok(item),
        }
    }

    /// A path beside the target where nothing is.
    pub(super) async fn free_name(
        &self,
        client: &Client,
        target: &RemotePath,
    ) -> Result<RemotePath> {
        for number in 2..NAMES {
            let candidate = target.parent().join(&numbered(target.name(), number))?;
            if self.item(client, &candidate).await?.is_none() {
                return Ok(candidate);
            }
        }
        Err(already_there(target, "file"))
    }

    async fn item(&self, client: &Client, path: &RemotePath) -> Result<Option<Item>> {
        Ok(match self {
            Self::All(items) => items.get(&path.key()).cloned(),
            Self::Nothing => client.metadata_if_any(path).await?.map(Item::from),
        })
    }
}

pub(super) fn already_there(target: &RemotePath, what: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("there is a {what} at `{target}` already"),
    )
    .with_path(target.to_string())
    .with_hint("give another name, or delete or rename what is there")
}
