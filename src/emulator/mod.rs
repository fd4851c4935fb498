//! A Dropbox on this machine, over HTTP: for trying scripts, and for tests.
//!
//! ```
//! use dropscript::emulator::{Emulator, Fault, FaultKind};
//!
//! let dropbox = Emulator::start()?;
//! dropbox.put("main", "/Reports/may.csv", "a,b");
//! dropbox.inject(Fault::on("files/download", FaultKind::CutAfter { bytes: 1 }).nth(1));
//! // ... a client works against `dropbox.url()` with `dropbox.access_token("main")` ...
//! assert_eq!(dropbox.paths("main"), ["/Reports", "/Reports/may.csv"]);
//! assert_eq!(dropbox.calls().of("files/download"), 0);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! `server` accepts connections, `dispatch` takes a request to its route and back, `routes` has the routes, `state` what they
//! change, `wire` how it is written. Nothing here is shared with the client: the two read the same API independently.

mod admission;
mod answer;
mod authority;
mod blob;
mod body;
mod builder;
mod call;
mod clock;
mod consent;
mod content_hash;
mod control;
mod cors;
mod dispatch;
mod fault;
mod fields;
mod intake;
mod journal;
mod limits;
mod line;
mod meter;
mod mint;
mod mirror;
mod names;
mod path_arg;
mod patrol;
mod private;
mod quirk;
mod record;
mod routes;
mod scan;
mod seeding;
mod send;
mod server;
mod shared;
mod state;
mod tag;
mod tunnel;
mod wire;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use builder::EmulatorBuilder;
pub use fault::{Fault, FaultKind, FaultWhen, LimitBody, LimitReason, RetryIn, WriteRefusal};
pub use meter::{Calls, RetryWindow};
use patrol::Patrol;
pub use quirk::{Quirk, UnknownQuirk};
pub use record::LoggedCall;
use server::Server;
use shared::Shared;
pub use state::AccountKind;
use state::account::standing_token;
use state::tree::{Depth, Node};

/// A Dropbox that runs until it is dropped.
///
/// It holds a personal account by the name of `main`, and makes others as they are named. It holds a team besides, with the
/// accounts `team-admin`, `team-member`, `team-colleague` and `team-suspended`, whose homes lie in one space with the team folder
/// `Projects`. By the name of `team-space` tests reach the whole of it.
///
/// Every account has standing tokens that never expire, such as `emulator-access-token-team-admin`; those of `main`, or of
/// `team-member` where [`EmulatorBuilder::account`] says so, are `emulator-access-token` and `emulator-refresh-token`. The app is
/// `emulator-app` with the secret `emulator-secret`, and its tokens for the team are `emulator-team-access-token` and
/// `emulator-team-refresh-token`. Another app, `emulator-folder-app` with the secret `emulator-folder-secret`, has a folder of
/// its own in each account and nothing else; its tokens begin with `emulator-folder-`.
#[derive(Debug)]
pub struct Emulator {
    urls: Urls,
    ca_pem: Option<String>,
    shared: Arc<Shared>,
    /// Stops serving when it is dropped.
    _server: Server,
    /// Stops looking at the directory.
    _patrol: Option<Patrol>,
}

/// Where an emulator answers.
#[derive(Debug)]
struct Urls {
    plain: String,
    tls: Option<String>,
    connect_proxy: Option<String>,
}

impl Emulator {
    /// Starts one in memory, on a free port of 127.0.0.1. When this returns, it answers.
    ///
    /// # Errors
    /// There is no free port, or the system refuses a thread.
    pub fn start() -> io::Result<Emulator> {
        Emulator::builder().start()
    }

    /// Sets one up.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// Where it answers, such as `http://127.0.0.1:40001`: for the api, content, notify and web hosts at once.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.urls.plain
    }

    /// Where it answers in TLS, such as `https://127.0.0.1:40002`; `None` unless [`EmulatorBuilder::tls`] was asked for.
    #[must_use]
    pub fn tls_url(&self) -> Option<&str> {
        self.urls.tls.as_deref()
    }

    /// The proxy that leads to it by the names of Dropbox, such as `http://127.0.0.1:40003`; `None` unless
    /// [`EmulatorBuilder::connect_proxy`] was asked for.
    #[must_use]
    pub fn connect_proxy_url(&self) -> Option<&str> {
        self.urls.connect_proxy.as_deref()
    }

    /// The certificate of the authority that clients must trust, in PEM; `None` where there is neither TLS nor the proxy.
    ///
    /// It is made anew for each emulator, and its key is thrown away: nothing else can ever be signed with it.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The access token of an account; a personal one is made if the name is new. `""` is the one that is opened where none is
    /// named.
    #[must_use]
    pub fn access_token(&self, account: &str) -> String {
        self.standing_token("access", account)
    }

    /// The refresh token of an account, likewise.
    #[must_use]
    pub fn refresh_token(&self, account: &str) -> String {
        self.standing_token("refresh", account)
    }

    /// The access token of the app that has a folder only, for an account.
    #[must_use]
    pub fn folder_access_token(&self, account: &str) -> String {
        self.standing_token("folder-access", account)
    }

    /// The refresh token of the app that has a folder only, for an account.
    #[must_use]
    pub fn folder_refresh_token(&self, account: &str) -> String {
        self.standing_token("folder-refresh", account)
    }

    /// The access token that acts for the whole team.
    #[must_use]
    pub fn team_access_token(&self) -> String {
        standing_token("team-access", "")
    }

    /// The refresh token of the team.
    #[must_use]
    pub fn team_refresh_token(&self) -> String {
        standing_token("team-refresh", "")
    }

    /// The id by which the team knows an account, for `Dropbox-API-Select-User`; `None` where it is not a member.
    #[must_use]
    pub fn team_member_id(&self, account: &str) -> Option<String> {
        let mut state = self.shared.state();
        let id = state.account_named(account);
        let member = state.account(id).member.as_ref()?;
        Some(member.id.clone())
    }

    fn standing_token(&self, kind: &str, account: &str) -> String {
        let mut state = self.shared.state();
        let id = state.account_named(account);
        if id == state.default_account() {
            return standing_token(kind, "");
        }
        standing_token(kind, &state.account(id).name)
    }

    /// Has something go wrong from now on. Of several faults that strike at once, the first given is acted out.
    ///
    /// # Panics
    /// The fault cannot happen, see [`Fault::check`].
    pub fn inject(&self, fault: Fault) {
        fault
            .check()
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        self.shared.faults.add(fault);
    }

    /// Has nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// What it has been asked so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.shared.meter.read()
    }

    /// The last 10,000 calls, in the order in which they arrived.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedCall> {
        self.shared.meter.log()
    }

    /// Counts anew, and forgets the calls that came so far. Who was told to wait still is.
    pub fn reset_counters(&self) {
        self.shared.meter.reset();
    }

    /// Lets its clock jump ahead, in whole seconds: tokens and upload sessions age.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Writes a file without a call, over what is there, with the folders above it. Paths count from the account's home.
    ///
    /// # Panics
    /// The path is not a legal one below the root, a folder is there, a file is above it, or the served directory cannot be written.
    pub fn put(&self, account: &str, path: &str, contents: impl Into<Bytes>) {
        self.try_put(account, path, contents)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// The same for paths that somebody else chose.
    ///
    /// # Errors
    /// What [`Emulator::put`] panics for.
    pub fn try_put(&self, account: &str, path: &str, contents: impl Into<Bytes>) -> io::Result<()> {
        self.shared.put(account, path, contents.into())
    }

    /// What a file holds; `None` where there is no file.
    ///
    /// # Panics
    /// The served directory cannot be read.
    #[must_use]
    pub fn contents(&self, account: &str, path: &str) -> Option<Bytes> {
        let place = self.shared.quirks.place(path).ok()?;
        let mut state = self.shared.state();
        let home = state.home_named(account);
        let place = place.below(&home.root);
        let file = match state.tree(home.tree).node(&place.lower)? {
            Node::File(file) => Arc::clone(file),
            Node::Folder(_) => return None,
        };
        drop(state);
        Some(
            file.blob
                .read()
                .unwrap_or_else(|error| panic!("`{path}` cannot be read: {error}")),
        )
    }

    /// The display paths of all files and folders in the account's home, sorted.
    #[must_use]
    pub fn paths(&self, account: &str) -> Vec<String> {
        let mut state = self.shared.state();
        let home = state.home_named(account);
        let below = state
            .tree(home.tree)
            .below(&home.root.lower, Depth::All, "");
        let from = home.root.display.len();
        let mut paths: Vec<String> = below
            .map(|(_, node)| node.display()[from..].to_owned())
            .collect();
        paths.sort();
        paths
    }
}
