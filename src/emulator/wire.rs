//! Metadata and errors as the service writes them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::names::{self, BadPath};
use super::state::cursor::Entry;
use super::state::session::SessionError;
use super::state::tree::{FileNode, FolderNode, Node};
use super::state::write::WriteError;
use super::state::{LocateError, View};
use super::tag::{nested, tag, with_fields};

/// `Metadata` and its subtypes.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Metadata<'a> {
    File(FileMetadata<'a>),
    Folder(FolderMetadata<'a>),
    Deleted(DeletedMetadata<'a>),
}

#[derive(Debug, Serialize)]
pub(super) struct FileMetadata<'a> {
    #[serde(rename = ".tag", skip_serializing_if = "Option::is_none")]
    tag: Option<&'static str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_lower: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_display: Option<&'a str>,
    id: &'a str,
    client_modified: Timestamp,
    server_modified: Timestamp,
    rev: &'a str,
    size: u64,
    is_downloadable: bool,
    content_hash: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct FolderMetadata<'a> {
    #[serde(rename = ".tag", skip_serializing_if = "Option::is_none")]
    tag: Option<&'static str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_lower: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_display: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_folder_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sharing_info: Option<FolderSharingInfo>,
}

/// What is told of a folder at which another namespace begins.
#[derive(Debug, Serialize)]
pub(super) struct FolderSharingInfo {
    read_only: bool,
    shared_folder_id: String,
    traverse_only: bool,
    no_access: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct DeletedMetadata<'a> {
    #[serde(rename = ".tag")]
    tag: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_lower: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_display: Option<&'a str>,
}

/// The two forms of a path of the tree as they are seen in a view; none of what is not below its root.
fn seen<'a>(view: &View, lower: &'a str, display: &'a str) -> (Option<&'a str>, Option<&'a str>) {
    let hidden = view.root.lower.matches('/').count();
    let seen = |path: &'a str| {
        path.match_indices('/')
            .nth(hidden)
            .map_or("", |(slash, _)| &path[slash..])
    };
    let below = names::is_within(lower, &view.root.lower);
    (below.then(|| seen(lower)), below.then(|| seen(display)))
}

/// A file where a file is the only thing that can be: without a tag.
pub(super) fn file<'a>(view: &View, lower: &'a str, file: &'a FileNode) -> FileMetadata<'a> {
    let (path_lower, path_display) = seen(view, lower, &file.display);
    FileMetadata {
        tag: None,
        name: names::name(&file.display),
        path_lower,
        path_display,
        id: &file.id,
        client_modified: Timestamp::from_second(file.client_modified.as_second())
            .unwrap_or(file.client_modified),
        server_modified: file.server_modified,
        rev: &file.rev,
        size: file.blob.size(),
        is_downloadable: true,
        content_hash: &file.content_hash,
    }
}

impl FileMetadata<'_> {
    /// The same as the value of a union: its fields stand beside the tag.
    pub(super) fn tagged(self, tag: &'static str) -> Self {
        FileMetadata {
            tag: Some(tag),
            ..self
        }
    }
}

/// A folder where a folder is the only thing that can be: without a tag.
pub(super) fn folder<'a>(
    view: &View,
    lower: &'a str,
    folder: &'a FolderNode,
) -> FolderMetadata<'a> {
    let (path_lower, path_display) = seen(view, lower, &folder.display);
    let mounted = view.mounted(lower, folder);
    FolderMetadata {
        tag: None,
        name: names::name(&folder.display),
        path_lower,
        path_display,
        id: &folder.id,
        sharing_info: mounted.clone().map(|shared_folder_id| FolderSharingInfo {
            read_only: false,
            shared_folder_id,
            traverse_only: false,
            no_access: false,
        }),
        shared_folder_id: mounted,
    }
}

/// Something that is there.
pub(super) fn metadata<'a>(view: &View, lower: &'a str, node: &'a Node) -> Metadata<'a> {
    match node {
        Node::File(node) => Metadata::File(FileMetadata {
            tag: Some("file"),
            ..file(view, lower, node)
        }),
        Node::Folder(node) => Metadata::Folder(FolderMetadata {
            tag: Some("folder"),
            ..folder(view, lower, node)
        }),
    }
}

/// Something that was there.
pub(super) fn deleted<'a>(view: &View, lower: &'a str, display: &'a str) -> Metadata<'a> {
    let (path_lower, path_display) = seen(view, lower, display);
    Metadata::Deleted(DeletedMetadata {
        tag: "deleted",
        name: names::name(display),
        path_lower,
        path_display,
    })
}

pub(super) fn entry<'a>(view: &View, entry: &'a Entry) -> Metadata<'a> {
    match entry {
        Entry::Present(lower, node) => metadata(view, lower, node),
        Entry::Deleted(lower, display) => deleted(view, lower, display),
    }
}

/// `LookupError`
pub(super) fn lookup_error(error: LocateError) -> Value {
    match error {
        LocateError::Bad(_) => tag("malformed_path"),
        LocateError::NotFound => tag("not_found"),
    }
}

/// `WriteError`
pub(super) fn write_error(error: WriteError) -> Value {
    match error {
        WriteError::Malformed => tag("malformed_path"),
        WriteError::Disallowed => tag("disallowed_name"),
        WriteError::FileConflict => nested("conflict", tag("file")),
        WriteError::FolderConflict => nested("conflict", tag("folder")),
        WriteError::AncestorConflict => nested("conflict", tag("file_ancestor")),
        WriteError::NoSpace => tag("insufficient_space"),
        WriteError::NoPermission => tag("no_write_permission"),
        WriteError::TeamFolder => tag("team_folder"),
    }
}

impl From<LocateError> for WriteError {
    fn from(error: LocateError) -> WriteError {
        match error {
            LocateError::Bad(BadPath::Disallowed) => WriteError::Disallowed,
            LocateError::Bad(BadPath::Malformed) | LocateError::NotFound => WriteError::Malformed,
        }
    }
}

/// `UploadSessionLookupError`, and the tags of finishing that stand beside it.
pub(super) fn session_error(error: SessionError) -> Value {
    match error {
        SessionError::NotFound => tag("not_found"),
        SessionError::IncorrectOffset { correct } => {
            with_fields("incorrect_offset", json!({ "correct_offset": correct }))
        }
        SessionError::Closed => tag("closed"),
        SessionError::NotClosed => tag("not_closed"),
        SessionError::TooLarge => tag("too_large"),
        SessionError::InvalidOffset => tag("concurrent_session_invalid_offset"),
        SessionError::InvalidDataSize => tag("concurrent_session_invalid_data_size"),
        SessionError::DataNotAllowed => tag("concurrent_session_data_not_allowed"),
        SessionError::ConcurrentNotClosed => tag("concurrent_session_not_closed"),
        SessionError::MissingData => tag("concurrent_session_missing_data"),
    }
}
