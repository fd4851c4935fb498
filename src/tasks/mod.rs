//! The cloud tasks, as ordinary async Rust on a [`Connection`](crate::Connection).

mod claims;
mod contents;
mod create_folder;
mod delete;
mod delete_in;
mod delete_source;
mod download;
mod filter;
mod info;
mod item;
mod list;
mod local;
mod naming;
mod options;
mod overwrite;
mod pattern;
mod placing;
mod relocate;
mod remote;
mod report;
mod revisions;
mod run;
mod sink;
mod source;
mod upload;

pub use filter::{
    Attribute, ByteSize, ContentKind, ContentTest, Date, Filter, Join, Kinds, Masks, Predicate,
    Sort, SortBy, When,
};
pub use item::{Item, ItemKind};
pub use list::Listing;
pub use options::{
    CreateFolderOptions, DeleteInOptions, DeleteOptions, DownloadOptions, ListOptions, OnError,
    Overwrite, RelocateOptions, SizeIs, TransferOptions, UploadOptions, WriteOptions,
};
pub use placing::Rename;
pub use report::{Outcome, Report, ReportItem};
pub use source::{LocalEntry, Source};
