//! The cloud tasks, as ordinary async Rust on a [`Connection`](crate::Connection).

mod changes;
mod claims;
mod contents;
mod copy_from;
mod copy_move;
mod create_folder;
mod delete;
mod delete_in;
mod delete_source;
mod download;
mod draft;
mod fetch;
mod filter;
mod info;
mod item;
mod keeper;
mod known;
mod list;
mod local;
mod local_name;
mod local_tree;
mod mirror;
mod naming;
mod options;
mod overwrite;
mod own_name;
mod parts;
mod pattern;
mod placing;
mod preflight;
mod progress;
mod relocate;
mod remote;
mod remote_files;
mod replace;
mod report;
mod request;
mod revisions;
mod run;
mod search;
mod send;
mod sharing;
mod sink;
mod source;
mod upload;

pub use changes::RemoteChanges;
pub use filter::{
    Attribute, ByteSize, ContentKind, ContentTest, Date, FileFilter, Filter, Join, Kinds, Masks,
    Predicate, Sort, SortBy, When,
};
pub use item::{Item, ItemKind};
pub use list::Listing;
pub use options::{
    Audience, CopyOptions, CreateFolderOptions, DeleteInOptions, DeleteOptions, DownloadOptions,
    ListOptions, MirrorOptions, OnError, Overwrite, RelocateOptions, SearchOptions, SearchOrder,
    ShareOptions, SizeIs, TransferOptions, UploadOptions, WriteOptions,
};
pub use placing::Rename;
pub use progress::{OnProgress, Progress, Running};
pub use report::{Outcome, Report, ReportItem};
pub use source::{LocalEntry, Source};
