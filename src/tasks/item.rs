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
    /// Whether it would be there after the task, and is not: of a dry run.
    pub planned: bool,
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
            planned: false,
        }
    }

    /// A folder that is only planned.
    pub(super) fn planned_folder(path: &crate::path::RemotePath) -> Self {
        Self {
            planned: true,
            ..Self::named(ItemKind::Folder, path.name().to_owned(), path.to_string())
        }
    }

    pub(super) fn root() -> Self {
        Self::named(ItemKind::Folder, String::new(), "/".to_owned())
    }
}

impl From<FileMetadata> for Item {
    fn from(file: FileMetadata) -> Self {
        let path = shown(&file.name, file.path_lower, file.path_display);
        let path = path.unwrap_or_else(|| file.id.clone());
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
        let path = shown(&folder.name, folder.path_lower, folder.path_display);
        let path = path.unwrap_or_else(|| folder.id.clone());
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
                let path = shown(&deleted.name, deleted.path_lower, deleted.path_display);
                let path = path.unwrap_or_default();
                Self::named(ItemKind::Deleted, deleted.name, path)
            }
        }
    }
}

/// The path as people wrote it, as far as it is told: without a `path_display` the name is, and the folders above in lower case.
///
/// Dropbox leaves both paths out of what is in no folder of this account; then only the id means it, and nothing else.
fn shown(name: &str, lower: Option<String>, display: Option<String>) -> Option<String> {
    display.or_else(|| {
        let lower = lower?;
        let (above, _) = lower.rsplit_once('/')?;
        Some(format!("{above}/{name}"))
    })
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

    #[test]
    fn without_its_display_path_an_item_is_shown_by_its_name_and_its_folders_in_lower_case() {
        let json = r#"{".tag":"folder","name":"Plans","id":"id:aaaa","path_lower":"/work/plans"}"#;
        let metadata: Metadata = serde_json::from_str(json).expect("metadata");
        assert_eq!(Item::from(metadata).path, "/work/Plans");
    }
}
