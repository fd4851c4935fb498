//! The errors that entries of batches and jobs can have (specification, `files.stone`): nothing else is ever told to a client.

use serde_json::{Value, json};

use super::super::tag::{nested, tag, with_fields};

/// An error union of the specification.
#[derive(Clone, Copy)]
enum Union {
    Append,
    Conflict,
    CreateFolderBatch,
    CreateFolderEntry,
    Delete,
    DeleteBatch,
    Finish,
    Lock,
    Lookup,
    MoveInto,
    Poll,
    Relocation,
    RelocationBatch,
    RelocationEntry,
    SaveUrl,
    Session,
    Write,
}

const LOOKUP: &[&str] = &[
    "malformed_path",
    "not_found",
    "not_file",
    "not_folder",
    "restricted_content",
    "unsupported_content_type",
    "locked",
];

const WRITE: &[&str] = &[
    "malformed_path",
    "no_write_permission",
    "insufficient_space",
    "disallowed_name",
    "team_folder",
    "operation_suppressed",
    TOO_MANY,
    "access_restricted",
];

const SESSION: &[&str] = &[
    "not_found",
    "incorrect_offset",
    "closed",
    "not_closed",
    "too_large",
    "concurrent_session_invalid_offset",
    "concurrent_session_invalid_data_size",
    "payload_too_large",
];

const FINISH: &[&str] = &[
    "too_many_shared_folder_targets",
    TOO_MANY,
    "concurrent_session_data_not_allowed",
    "concurrent_session_not_closed",
    "concurrent_session_missing_data",
    "payload_too_large",
    "content_hash_mismatch",
    "encryption_not_supported",
];

const RELOCATION: &[&str] = &[
    "cant_copy_shared_folder",
    "cant_nest_shared_folder",
    "cant_move_folder_into_itself",
    "too_many_files",
    "duplicated_or_nested_paths",
    "cant_transfer_ownership",
    "insufficient_quota",
    "internal_error",
    "cant_move_shared_folder",
];

const LOCK: &[&str] = &[
    TOO_MANY,
    "too_many_files",
    "no_write_permission",
    "cannot_be_locked",
    "file_not_shared",
    "internal_error",
];

const TOO_MANY: &str = "too_many_write_operations";

impl Union {
    /// The tags that have nothing in them.
    fn bare(self) -> &'static [&'static str] {
        match self {
            Union::Append | Union::Session => SESSION,
            Union::Conflict => &["file", "folder", "file_ancestor"],
            Union::CreateFolderBatch => &["too_many_files"],
            Union::CreateFolderEntry => &[],
            Union::Delete => &[TOO_MANY, "too_many_files"],
            Union::DeleteBatch => &[TOO_MANY],
            Union::Finish => FINISH,
            Union::Lock => LOCK,
            Union::Lookup => LOOKUP,
            Union::MoveInto => &["is_shared_folder"],
            Union::Poll => &["invalid_async_job_id", "internal_error"],
            Union::Relocation | Union::RelocationBatch => RELOCATION,
            Union::RelocationEntry => &["internal_error", TOO_MANY],
            Union::SaveUrl => &["download_failed", "invalid_url", "not_found"],
            Union::Write => WRITE,
        }
    }

    /// The tags with a union in them.
    fn outer(self) -> &'static [(&'static str, Union)] {
        match self {
            Union::CreateFolderEntry | Union::SaveUrl => &[("path", Union::Write)],
            Union::Delete => &[("path_lookup", Union::Lookup), ("path_write", Union::Write)],
            Union::Finish => &[("lookup_failed", Union::Session), ("path", Union::Write)],
            Union::Lock => &[("path_lookup", Union::Lookup)],
            Union::Relocation | Union::RelocationBatch => &[
                ("from_lookup", Union::Lookup),
                ("from_write", Union::Write),
                ("to", Union::Write),
                ("cant_move_into_vault", Union::MoveInto),
                ("cant_move_into_family", Union::MoveInto),
            ],
            Union::RelocationEntry => &[("relocation_error", Union::Relocation)],
            Union::Write => &[("conflict", Union::Conflict)],
            _ => &[],
        }
    }

    /// The error of these tags, from the outside in.
    fn error(self, tags: &str) -> Option<Value> {
        if let Some((first, rest)) = tags.split_once('/') {
            let mut outer = self.outer().iter();
            let (_, inner) = outer.find(|(name, _)| *name == first)?;
            return Some(nested(first, inner.error(rest)?));
        }
        let more = match self {
            Union::Append => tags == "content_hash_mismatch",
            Union::RelocationBatch => tags == TOO_MANY,
            _ => false,
        };
        match tags {
            "incorrect_offset" if self.bare().contains(&tags) => {
                Some(with_fields(tags, json!({ "correct_offset": 0 })))
            }
            // Every one of these unions may grow, and this is what it grows by.
            "other" => Some(tag(tags)),
            _ => (more || self.bare().contains(&tags)).then(|| tag(tags)),
        }
    }
}

/// The error of an entry, where entries of this route can have it.
pub(super) fn entry_error(route: &str, tags: &str) -> Option<Value> {
    let union = match route {
        "files/copy_batch_v2" | "files/move_batch_v2" => Union::RelocationEntry,
        "files/create_folder_batch" => Union::CreateFolderEntry,
        "files/delete_batch" => Union::Delete,
        "files/get_file_lock_batch" | "files/lock_file_batch" | "files/unlock_file_batch" => {
            Union::Lock
        }
        "files/upload_session/append_batch" => Union::Append,
        "files/upload_session/finish_batch" | "files/upload_session/finish_batch_v2" => {
            Union::Finish
        }
        _ => return None,
    };
    union.error(tags)
}

/// How a job that was said to have failed is told.
#[derive(Debug, PartialEq)]
pub(in super::super) enum JobFailure {
    /// The status is `failed`, with this error.
    Status(Value),
    /// Asking itself is refused with this error.
    Poll(Value),
}

/// Whether jobs are asked after there.
pub(super) fn is_check(route: &str) -> bool {
    job_failure(route, None).is_some()
}

/// How a failed job is told there; `None` where no job is asked after, or none can have this error.
pub(in super::super) fn job_failure(route: &str, tags: Option<&str>) -> Option<JobFailure> {
    let (union, usual) = match route {
        "files/copy_batch/check" | "files/move_batch/check" => {
            (Some(Union::RelocationBatch), TOO_MANY)
        }
        "files/create_folder_batch/check" => (Some(Union::CreateFolderBatch), "too_many_files"),
        "files/delete_batch/check" => (Some(Union::DeleteBatch), TOO_MANY),
        "files/save_url/check_job_status" => (Some(Union::SaveUrl), "download_failed"),
        // These jobs have no status `failed`.
        "files/copy_batch/check_v2"
        | "files/move_batch/check_v2"
        | "files/upload_session/finish_batch/check" => (None, "internal_error"),
        _ => return None,
    };
    let tags = tags.unwrap_or(usual);
    let status = union.and_then(|union| union.error(tags));
    let poll = || Union::Poll.error(tags).map(JobFailure::Poll);
    status.map(JobFailure::Status).or_else(poll)
}
