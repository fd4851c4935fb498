//! An embeddable scripting host for Dropbox.
//!
//! A [`Connection`] speaks to one account; the cloud tasks are its methods, ordinary async Rust:
//! [`upload`](Connection::upload), [`list`](Connection::list), [`download`](Connection::download),
//! [`create_folder`](Connection::create_folder) and [`delete`](Connection::delete). A [`Host`] runs scripts that do the same, under
//! [`Permissions`] and [`Limits`], each on a thread of its own. What fails is an [`Error`] of some [`ErrorKind`]; what ends a script
//! is a [`ScriptError`], which knows the line.
//!
//! With the feature `emulator` there is a Dropbox on this machine to try it all against:
//!
#![cfg_attr(feature = "emulator", doc = "```")]
#![cfg_attr(not(feature = "emulator"), doc = "```text")]
//! use dropscript::emulator::Emulator;
//! use dropscript::{Connection, Host, UploadOptions};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start()?;
//! let connection = Connection::builder("main")
//!     .endpoint(emulator.url())
//!     .access_token(emulator.access_token("main"))
//!     .build()?;
//! connection.upload("Cargo.toml", "/backup", UploadOptions::default()).await?;
//!
//! let host = Host::builder().connection(connection).build()?;
//! let outcome = host.eval(r#"dropbox().list("/backup").first().name"#).await?;
//! assert_eq!(outcome.value.into_string()?, "Cargo.toml");
//! # Ok(())
//! # }
//! ```
//!
//! The library never prints, exits, reads the environment, or installs a logger; what it has to say on the way goes to `tracing`.

mod api;
mod client;
mod connection;
mod database;
mod duration;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
mod history;
mod nearest;
mod oauth;
mod options;
mod path;
mod script;
mod secret;
mod tasks;
mod transport;
mod watch;
mod web;

pub use api::users::{Account, AccountName, RootInfo, Space};
pub use client::{
    ContentHasher, Reached, RemoteChange, Root, UnfinishedDownload, UnfinishedUpload,
    UnfinishedWork, Written,
};
pub use connection::{
    AccountKind, App, Browser, Config, ConfigDraft, ConfigFile, Connection, ConnectionBuilder,
    Credentials, Grants, Probe, Proxy, ProxyAuthentication, ProxyKind, ProxyNames, Restrictions,
    Settings, SignedOut, SystemProxy,
};
pub use duration::parse_duration;
pub use error::{Error, ErrorKind, Result};
pub use history::{
    Ending, History, KnownSecrets, PastRun, Recorder, RunCounts, RunQuery, RunStart,
};
pub use oauth::{Listener, Place, SignIn, SignInOptions, StoreLock, StoredCredentials, TokenStore};
pub use options::OptionSpec;
pub use path::RemotePath;
/// The version of Rhai to use for [`Host::register_into`] and [`RunOutcome::value`].
pub use rhai;
pub use script::{
    Answer, Checked, Event, EventFile, EventSource, Frame, Host, HostBuilder, InputStatus, Level,
    Limits, Observer, OnDone, Permissions, Reason, RunOptions, RunOutcome, Script, ScriptError,
    ScriptFunction, Session, TaskEvent, Wanted,
};
pub use secret::Secret;
pub use tasks::{
    Attribute, Audience, ByteSize, ContentKind, ContentTest, CopyOptions, CreateFolderOptions,
    Date, DeleteInOptions, DeleteOptions, DownloadOptions, FileFilter, Filter, Item, ItemKind,
    Join, Kinds, ListOptions, Listing, LocalEntry, Masks, MirrorOptions, OnError, OnProgress,
    Outcome, Overwrite, Predicate, Progress, RelocateOptions, RemoteChanges, Rename, Report,
    ReportItem, Running, SearchOptions, SearchOrder, ShareOptions, SizeIs, Sort, SortBy, Source,
    TransferOptions, UploadOptions, When, WriteOptions,
};
pub use watch::{
    Aftermath, Batch, Change, ChangeKind, ChangeSource, FailedFile, FailedFiles, Initial,
    JournalPlace, News, RemoteFolder, Selection, Verdict, WatchHandle, WatchOptions, Watcher,
};

/// What scripts can call, for people and for editors; see [`Host::reference`].
pub mod reference {
    pub use crate::script::{Entry, Home, Parameter, Reference, Signature};
}

/// What a front end for a [`Session`] needs beside it: completion and hints, the pieces of an input for colours, the commands as data, and how
/// values are shown.
pub mod repl {
    pub use crate::script::{
        Argument, COMMANDS, Candidate, Class, Command, CommandSpec, Completion, Hint, Token,
        Variable, View, brackets_at, tokens, without_secrets,
    };
}

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
