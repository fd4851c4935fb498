//! What is at Dropbox.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::files::{FileMetadata, FolderMetadata, Metadata};

/// A file or folder at Dropbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The path, in the letter case that people gave it.
    pub path: String,
    /// The last name of the path.
    pub name: String,
    /// Whether it is a file, a folder, or gone.
    pub kind: ItemKind,
    /// Bytes; files only.
    pub size: Option<u64>,
    /// When the contents were made, as whoever uploaded them said (`client_modified`); files only.
    pub modified: Option<Timestamp>,
    /// When Dropbox received them (`server_modified`); files only.
    pub uploaded: Option<Timestamp>,
    /// Dropbox's id, which a move keeps.
    pub id: Option<String>,
    /// The version; files only.
    pub rev: Option<String>,
    /// Dropbox's content hash; files only.
    pub hash: Option<String>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Nothing any more.
    Deleted,
}

impl ItemKind {
    /// The word that scripts see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Deleted => "deleted",
        }
    }
}

impl Item {
    pub(super) fn named(kind: ItemKind, name: String, path: Option<String>) -> Self {
        // Dropbox leaves the path out only of what is in no folder of this account.
        let path = path.unwrap_or_else(|| format!("/{name}"));
        Self {
            path,
            name,
            kind,
            size: None,
            modified: None,
            uploaded: None,
            id: None,
            rev: None,
            hash: None,
        }
    }

    /// A folder that is only planned.
    pub(super) fn planned_folder(path: &crate::path::RemotePath) -> Self {
        Self::named(
            ItemKind::Folder,
            path.name().to_owned(),
            Some(path.to_string()),
        )
    }

    pub(super) fn root() -> Self {
        Self::named(ItemKind::Folder, String::new(), Some("/".to_owned()))
    }
}

impl From<FileMetadata> for Item {
    fn from(file: FileMetadata) -> Self {
        Self {
            size: Some(file.size),
            modified: Some(file.client_modified),
            uploaded: Some(file.server_modified),
            id: Some(file.id),
            rev: Some(file.rev),
            hash: file.content_hash,
            ..Self::named(ItemKind::File, file.name, file.path_display)
        }
    }
}

impl From<FolderMetadata> for Item {
    fn from(folder: FolderMetadata) -> Self {
        Self {
            id: Some(folder.id),
            ..Self::named(ItemKind::Folder, folder.name, folder.path_display)
        }
    }
}

impl From<Metadata> for Item {
    fn from(metadata: Metadata) -> Self {
        match metadata {
            Metadata::File(file) => file.into(),
            Metadata::Folder(folder) => folder.into(),
            Metadata::Deleted(deleted) => {
                Self::named(ItemKind::Deleted, deleted.name, deleted.path_display)
            }
        }
    }
}
