//! What the tasks can be told.

use std::num::NonZeroUsize;

use serde::Deserialize;

use super::{Filter, OnProgress, Rename, When};
use crate::options::options;
use crate::secret::Secret;

options! {
    /// How files are transferred, up or down.
    pub struct TransferOptions {
        /// What to do where the target has a file of that name.
        overwrite: Overwrite = Overwrite::Changed, r#""changed", "always", "newer", "size", "never", "rename" or "fail""#;
        /// With `overwrite: "size"`: which size of the target, compared with the source's, calls for replacing it.
        size_is: SizeIs = SizeIs::Different, r#""same", "smaller", "larger", "smaller_or_larger" or "different""#;
        /// Whether the modified date goes along.
        keep_dates: bool = true, "true or false";
        /// Whether a file is deleted where it was, when it arrived and its hash was checked, or when an equal one is there.
        delete_source: bool = false, "true or false";
        /// Whether all goes right into the destination, without subfolders. Sources that would become one file fail.
        flatten: bool = false, "true or false";
        /// How many files go at a time; chosen by the program unless said.
        parallel: Option<NonZeroUsize> = None, "a whole number from 1";
        /// What a failure leads to.
        on_error: OnError = OnError::Continue, r#""continue", "stop" or "report""#;
        /// Whether only to plan: nothing is written anywhere.
        dry_run: bool = false, "true or false";
        /// Whether `*`, `?`, `[a-z]`, `{a,b}` and `**` in the source are wildcards.
        glob: bool = true, "true or false";
        /// Whether it is an error when a glob or a filter matches nothing.
        require_match: bool = false, "true or false";
        @closure
        /// The name of each file at the target.
        rename, "rename": Rename, "a closure from the item to its new name";
        @closure
        /// Who is told now and then how far it is.
        progress, "progress": OnProgress, "a closure that takes `#{ done, total, bytes, total_bytes, file }`";
        @flatten
        /// Which files go; `kind` is always files.
        filter: Filter;
    }
}

/// The options of [`Connection::upload`](crate::Connection::upload).
pub type UploadOptions = TransferOptions;

/// The options of [`Connection::download`](crate::Connection::download).
pub type DownloadOptions = TransferOptions;

/// The options of [`Connection::copy_into`](crate::Connection::copy_into) and [`Connection::move_into`](crate::Connection::move_into).
/// How many files go at a time is Dropbox's to choose, and dates always go along.
pub type CopyOptions = TransferOptions;

options! {
    /// How one folder is made equal to another; see [`Connection::mirror_up`](crate::Connection::mirror_up).
    pub struct MirrorOptions {
        /// Whether what is not at the source is deleted at the target.
        delete_extra: bool = true, "true or false";
        /// Whether it is meant that the source is empty and the target becomes so.
        allow_empty: bool = false, "true or false";
        @flatten
        /// How the files are transferred, and which.
        transfer: TransferOptions;
    }
}

options! {
    /// What a listing shows.
    pub struct ListOptions {
        /// Whether `*`, `?`, `[a-z]`, `{a,b}` and `**` are wildcards.
        glob: bool = true, "true or false";
        /// Whether it is an error when a glob or a filter matches nothing.
        require_match: bool = false, "true or false";
        @flatten
        /// Which items are shown; all kinds unless it says.
        filter: Filter;
    }
}

options! {
    /// How a folder is made.
    pub struct CreateFolderOptions {
        /// Whether a folder that is there already is fine.
        exist_ok: bool = true, "true or false";
        /// Whether only to plan: nothing is made.
        dry_run: bool = false, "true or false";
    }
}

options! {
    /// How items are deleted.
    pub struct DeleteOptions {
        /// Whether it is fine that there is nothing to delete.
        missing_ok: bool = false, "true or false";
        /// What a failure leads to.
        on_error: OnError = OnError::Continue, r#""continue", "stop" or "report""#;
        /// Whether only to plan: nothing is deleted.
        dry_run: bool = false, "true or false";
        /// Whether `*`, `?`, `[a-z]`, `{a,b}` and `**` in the source are wildcards.
        glob: bool = true, "true or false";
        /// Whether it is an error when a glob matches nothing.
        require_match: bool = false, "true or false";
        @closure
        /// Who is told now and then how far it is.
        progress, "progress": OnProgress, "a closure that takes `#{ done, total, bytes, total_bytes, file }`";
    }
}

options! {
    /// What is deleted in a folder, and how; see [`Connection::delete_in`](crate::Connection::delete_in).
    pub struct DeleteInOptions {
        /// Whether it is meant that no filter narrows down what is deleted.
        all: bool = false, "true or false";
        /// Whether it is fine that the folder is not there.
        missing_ok: bool = false, "true or false";
        /// What a failure leads to.
        on_error: OnError = OnError::Continue, r#""continue", "stop" or "report""#;
        /// Whether only to plan: nothing is deleted.
        dry_run: bool = false, "true or false";
        /// Whether it is an error when nothing matches.
        require_match: bool = false, "true or false";
        @closure
        /// Who is told now and then how far it is.
        progress, "progress": OnProgress, "a closure that takes `#{ done, total, bytes, total_bytes, file }`";
        @flatten
        /// Which items are deleted: files, unless `kind` says; by the later of the dates modified and uploaded, unless `date` says.
        filter: Filter;
    }
}

options! {
    /// How contents are written to a file.
    pub struct WriteOptions {
        /// What to do where there is a file; contents in memory are newer than any.
        overwrite: Overwrite = Overwrite::Changed, r#""changed", "always", "newer", "size", "never", "rename" or "fail""#;
        /// Whether only to plan: nothing is written.
        dry_run: bool = false, "true or false";
    }
}

options! {
    /// How one item is copied or renamed at Dropbox.
    pub struct RelocateOptions {
        /// What to do where something is; Dropbox puts nothing over it, so the other modes are refused.
        overwrite: Overwrite = Overwrite::Fail, r#""fail", "never" or "rename""#;
        /// Whether only to plan: nothing is changed.
        dry_run: bool = false, "true or false";
    }
}

options! {
    /// What is searched for, beside the words.
    pub struct SearchOptions {
        /// The folder to search, with all that is below it; everywhere unless said.
        folder: String = String::new(), "the path of a folder";
        /// Whether only names count, and not contents.
        names_only: bool = false, "true or false";
        /// Only files whose names end so.
        extensions: Vec<String> = Vec::new(), r#"an array of texts, as ["pdf"]"#;
        /// Whether what was deleted is searched, and nothing else.
        deleted: bool = false, "true or false";
        /// What comes first.
        order: SearchOrder = SearchOrder::Relevance, r#""relevance" or "modified""#;
        /// How many are wanted.
        limit: Option<NonZeroUsize> = None, "a whole number from 1";
    }
}

/// What comes first of what a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchOrder {
    /// What suits the query best.
    #[default]
    Relevance,
    /// What was modified last.
    Modified,
}

options! {
    /// What a link for others is like. What is not said stays as it is, or as the account has it.
    pub struct ShareOptions {
        /// Who may open it.
        audience: Option<Audience> = None, r#""public", "team" or "no_one""#;
        /// When it ends; an age is counted from now on.
        expires: Option<When> = None, r#"a DateTime, RFC 3339 text, or a length of time as "7 days""#;
        /// What has to be typed to open it; an empty one takes the password away.
        password: Option<Secret> = None, "text";
        /// Whether what it leads to can be downloaded.
        allow_download: Option<bool> = None, "true or false";
        /// Whether only to plan: no link is made or changed.
        dry_run: bool = false, "true or false";
    }
}

/// Who may open a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever has it.
    Public,
    /// Members of the team.
    Team,
    /// Only those whom the item is shared with anyway.
    NoOne,
}

impl Audience {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Team => "team",
            Self::NoOne => "no_one",
        }
    }
}

/// What to do where the target has a file of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overwrite {
    /// Replace it unless its content hash is the same.
    #[default]
    Changed,
    /// Replace it.
    Always,
    /// Replace it where the source was modified later.
    Newer,
    /// Replace it by its size; see [`SizeIs`].
    Size,
    /// Leave it.
    Never,
    /// Keep it, and give the new one a free name: `report (2).csv`.
    Rename,
    /// That file fails with `conflict`.
    Fail,
}

/// Which size of the target, compared with the source's, calls for replacing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeIs {
    /// The sizes are equal.
    Same,
    /// The target is smaller.
    Smaller,
    /// The target is larger.
    Larger,
    /// The sizes differ; the same as [`Different`](SizeIs::Different).
    SmallerOrLarger,
    /// The sizes differ.
    #[default]
    Different,
}

impl SizeIs {
    /// Whether a target of this size is to be replaced by a source of that one.
    pub(super) fn calls_for_replacing(self, target: u64, source: u64) -> bool {
        match self {
            Self::Same => target == source,
            Self::Smaller => target < source,
            Self::Larger => target > source,
            Self::SmallerOrLarger | Self::Different => target != source,
        }
    }
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Try all, then raise one error with the report.
    #[default]
    Continue,
    /// Begin nothing more after the first failure, and raise it with the report.
    Stop,
    /// Try all and raise nothing: the report tells.
    Report,
}
