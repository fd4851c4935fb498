//! What is at Dropbox.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::files::{FileMetadata, FolderMetadata, Metadata};

/// A file or folder at Dropbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The path, in the letter case that people gave it; the id of what is in no folder of this account.
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
    pub(super) fn named(kind: ItemKind, name: String, path: String) -> Self {
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
        Self::named(ItemKind::Folder, path.name().to_owned(), path.to_string())
    }

    pub(super) fn root() -> Self {
        Self::named(ItemKind::Folder, String::new(), "/".to_owned())
    }
}

impl From<FileMetadata> for Item {
    fn from(file: FileMetadata) -> Self {
        let path = path_or_id(file.path_display, &file.id);
        Self {
            size: Some(file.size),
            modified: Some(file.client_modified),
            uploaded: Some(file.server_modified),
            id: Some(file.id),
            rev: Some(file.rev),
            hash: file.content_hash,
            ..Self::named(ItemKind::File, file.name, path)
        }
    }
}

impl From<FolderMetadata> for Item {
    fn from(folder: FolderMetadata) -> Self {
        let path = path_or_id(folder.path_display, &folder.id);
        Self {
            id: Some(folder.id),
            ..Self::named(ItemKind::Folder, folder.name, path)
        }
    }
}

impl From<Metadata> for Item {
    fn from(metadata: Metadata) -> Self {
        match metadata {
            Metadata::File(file) => file.into(),
            Metadata::Folder(folder) => folder.into(),
            Metadata::Deleted(deleted) => {
                let path = deleted.path_display.unwrap_or_default();
                Self::named(ItemKind::Deleted, deleted.name, path)
            }
        }
    }
}

/// Dropbox leaves the path out of what is in no folder of this account; then only the id means it, and nothing else.
fn path_or_id(path: Option<String>, id: &str) -> String {
    path.unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_path_is_meant_by_its_id() {
        let json = r#"{".tag":"folder","name":"plans","id":"id:aaaa"}"#;
        let metadata: Metadata = serde_json::from_str(json).expect("metadata");
        let item = Item::from(metadata);
        assert_eq!(
            (item.path.as_str(), item.name.as_str()),
            ("id:aaaa", "plans")
        );
    }
}
