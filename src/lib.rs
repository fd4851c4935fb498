//! An embeddable scripting host for Dropbox.

mod api;
mod client;
mod connection;
mod duration;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
mod oauth;
mod options;
mod path;
mod script;
mod secret;
mod tasks;
mod transport;
mod watch;

pub use api::users::{Account, AccountName, RootInfo, Space, Tagged};
pub use client::ContentHasher;
pub use connection::{Connection, ConnectionBuilder, Settings};
pub use duration::parse_duration;
pub use error::{Error, ErrorKind, Result};
pub use options::OptionSpec;
pub use path::RemotePath;
/// The version of Rhai to use for [`Host::register_into`] and [`RunOutcome::value`].
pub use rhai;
pub use script::{
    Answer, Checked, Event, EventFile, EventSource, Frame, Host, HostBuilder, InputStatus, Level,
    Limits, Permissions, Reason, RunOptions, RunOutcome, ScriptError, Session, Wanted,
};
pub use secret::Secret;
pub use tasks::{
    CreateFolderOptions, DeleteOptions, DownloadOptions, Item, ItemKind, Kinds, ListOptions,
    Listing, LocalEntry, OnError, Outcome, Overwrite, Report, ReportItem, SizeIs, Source,
    TransferOptions, UploadOptions,
};
pub use watch::{Change, ChangeKind, Changes, WatchOptions, Watcher};
