//! The script host: the only place that names the `rhai` crate.
//!
//! A [`Host`] runs scripts. Each run has a [`Run`](run::Run) behind it, which the functions in
//! [`modules`] share; every wait of theirs goes through its [`Gate`](gate::Gate), which ends the
//! script on cancellation, deadline or budget.

#![allow(
    clippy::unnecessary_box_returns,
    reason = "Rhai takes its errors boxed, and only so"
)]

mod addresses;
mod bounded;
mod builder;
mod complete;
mod diagnostic;
mod difference;
mod engine;
mod event;
mod execute;
mod explain;
mod failure;
mod gate;
mod glob;
mod host;
mod lexer;
mod limits;
mod lint;
mod meter;
mod modules;
mod observer;
mod options;
mod permissions;
mod place;
mod prepared;
mod reference;
mod resolver;
mod run;
mod session;
mod show;
mod sources;
mod state;
mod temp_folder;
mod values;
mod vocabulary;
mod weigh;

pub use builder::{HostBuilder, Level, TaskEvent, Wanted};
pub use complete::{Candidate, Completion, Hint};
pub use diagnostic::{Frame, Reason, ScriptError};
pub use event::{Event, EventFile, EventSource, OnDone, RunOptions};
pub use host::{Checked, Host, RunOutcome};
pub use lexer::{Class, Token, brackets_at, tokens};
pub use limits::Limits;
pub use observer::Observer;
pub use permissions::Permissions;
pub use prepared::{Script, ScriptFunction};
pub use reference::{Entry, Home, Parameter, Reference, Signature};
pub use session::{
    Answer, Argument, COMMANDS, Command, CommandSpec, InputStatus, Session, Variable,
    without_secrets,
};
pub use show::View;

pub(crate) use session::text_without_secrets;
