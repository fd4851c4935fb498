//! `files/`: arguments and results.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An entry of a listing, or what is at a path.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum Metadata {
    File(FileMetadata),
    Folder(FolderMetadata),
    Deleted(DeletedMetadata),
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FileMetadata {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) client_modified: Timestamp,
    pub(crate) server_modified: Timestamp,
    pub(crate) rev: String,
    pub(crate) size: u64,
    pub(crate) path_lower: Option<String>,
    pub(crate) path_display: Option<String>,
    pub(crate) content_hash: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FolderMetadata {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) path_lower: Option<String>,
    pub(crate) path_display: Option<String>,
    sharing_info: Option<FolderSharing>,
}

/// Of a folder that is shared or in one.
#[derive(Debug, Clone, Deserialize)]
struct FolderSharing {
    #[serde(default)]
    read_only: bool,
}

impl FolderMetadata {
    /// Whether this account may not change what is in it.
    pub(crate) fn is_read_only(&self) -> bool {
        let Self { sharing_info, .. } = self;
        sharing_info.as_ref().is_some_and(|shared| shared.read_only)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DeletedMetadata {
    pub(crate) name: String,
    pub(crate) path_lower: Option<String>,
    pub(crate) path_display: Option<String>,
}

/// What to do where something is at the path already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = ".tag", content = "update", rename_all = "snake_case")]
pub(crate) enum WriteMode {
    /// Never replace anything.
    Add,
    /// Replace a file, whatever it is.
    Overwrite,
    /// Replace the file of this rev only.
    Update(String),
}

/// Where and how contents become a file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CommitInfo {
    pub(crate) path: String,
    pub(crate) mode: WriteMode,
    pub(crate) autorename: bool,
    /// Whole seconds: Dropbox keeps no finer time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_modified: Option<Timestamp>,
    pub(crate) mute: bool,
    pub(crate) strict_conflict: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct UploadArg<'a> {
    #[serde(flatten)]
    pub(crate) commit: &'a CommitInfo,
    pub(crate) content_hash: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionStartArg<'a> {
    pub(crate) close: bool,
    /// Sequential where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_hash: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SessionStartResult {
    pub(crate) session_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionCursor<'a> {
    pub(crate) session_id: &'a str,
    pub(crate) offset: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionAppendArg<'a> {
    pub(crate) cursor: SessionCursor<'a>,
    pub(crate) close: bool,
    pub(crate) content_hash: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionFinishArg<'a> {
    pub(crate) cursor: SessionCursor<'a>,
    pub(crate) commit: &'a CommitInfo,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionStartBatchArg {
    /// 1 to 1,000.
    pub(crate) num_sessions: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SessionStartBatchResult {
    pub(crate) session_ids: Vec<String>,
}

/// The body is the pieces of the entries, one behind the other.
#[derive(Debug, Serialize)]
pub(crate) struct SessionAppendBatchArg<'a> {
    pub(crate) entries: Vec<SessionAppendBatchEntry<'a>>,
    /// Of the whole body.
    pub(crate) content_hash: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionAppendBatchEntry<'a> {
    pub(crate) cursor: SessionCursor<'a>,
    pub(crate) length: u64,
    pub(crate) close: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionFinishBatchArg<'a> {
    pub(crate) entries: Vec<SessionFinishArg<'a>>,
}

/// The entries of a batch, in the order in which they were asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchResult<T> {
    pub(crate) entries: Vec<BatchEntry<T>>,
}

/// What became of one entry of a batch.
#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum BatchEntry<T> {
    Success(T),
    /// The value of the route's error union.
    Failure {
        failure: Value,
    },
}

/// A success that says nothing more.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

/// A path and nothing else: `download`, `get_metadata`.
#[derive(Debug, Serialize)]
pub(crate) struct PathArg<'a> {
    pub(crate) path: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeleteArg<'a> {
    pub(crate) path: &'a str,
    /// Of a file: deletes this rev only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_rev: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateFolderArg<'a> {
    pub(crate) path: &'a str,
    pub(crate) autorename: bool,
}

/// `copy_v2`, `move_v2`.
#[derive(Debug, Serialize)]
pub(crate) struct RelocationArg<'a> {
    pub(crate) from_path: &'a str,
    pub(crate) to_path: &'a str,
    pub(crate) autorename: bool,
}

/// `copy_batch_v2`, `move_batch_v2`.
#[derive(Debug, Serialize)]
pub(crate) struct RelocationBatchArg<'a> {
    /// 1 to 1,000.
    pub(crate) entries: Vec<RelocationPath<'a>>,
    pub(crate) autorename: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct RelocationPath<'a> {
    pub(crate) from_path: &'a str,
    pub(crate) to_path: &'a str,
}

/// The entries, in the order in which they were asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct RelocationBatchResult {
    pub(crate) entries: Vec<RelocationBatchEntry>,
}

/// What became of one entry. Unlike other batches, this one has the metadata in a field of their own.
#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum RelocationBatchEntry {
    Success {
        success: Metadata,
    },
    /// A value of `RelocationBatchErrorEntry`.
    Failure {
        failure: Value,
    },
}

/// The answer to a call that may launch a job.
#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum Launch<T> {
    AsyncJobId { async_job_id: String },
    Complete(T),
}

#[derive(Debug, Serialize)]
pub(crate) struct JobArg<'a> {
    pub(crate) async_job_id: &'a str,
}

/// How a job goes.
#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum JobStatus<T> {
    InProgress,
    Complete(T),
    #[serde(other)]
    Failed,
}

#[derive(Debug, Serialize)]
pub(crate) struct ListRevisionsArg<'a> {
    pub(crate) path: &'a str,
    /// 1 to 100.
    pub(crate) limit: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListRevisionsResult {
    /// The newest first.
    pub(crate) entries: Vec<FileMetadata>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RestoreArg<'a> {
    pub(crate) path: &'a str,
    pub(crate) rev: &'a str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TemporaryLinkResult {
    pub(crate) link: String,
}

/// `create_folder_v2` answers with a folder, `delete_v2` with what was deleted.
#[derive(Debug, Deserialize)]
pub(crate) struct MetadataResult<M> {
    pub(crate) metadata: M,
}

#[derive(Debug, Serialize)]
pub(crate) struct ListFolderArg<'a> {
    pub(crate) path: &'a str,
    pub(crate) recursive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CursorArg<'a> {
    pub(crate) cursor: &'a str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListFolderResult {
    pub(crate) entries: Vec<Metadata>,
    pub(crate) cursor: String,
    pub(crate) has_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_modes_are_unions() {
        let json = |mode| serde_json::to_string(&mode).expect("JSON");
        assert_eq!(json(WriteMode::Add), r#"{".tag":"add"}"#);
        assert_eq!(
            json(WriteMode::Update("a1c".to_owned())),
            r#"{".tag":"update","update":"a1c"}"#
        );
    }

    #[test]
    fn metadata_is_told_apart_by_its_tag() {
        let json =
            r#"{".tag":"folder","name":"a","id":"id:aaaa","path_lower":"/a","path_display":"/A"}"#;
        let metadata: Metadata = serde_json::from_str(json).expect("metadata");
        assert!(
            matches!(metadata, Metadata::Folder(folder) if folder.path_display.as_deref() == Some("/A"))
        );
    }
}
