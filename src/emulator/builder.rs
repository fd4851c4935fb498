//! How an emulator is set up.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::authority::Authority;
use super::blob::Store;
use super::fault::{Fault, WriteRefusal};
use super::journal::Journal;
use super::limits::Limits;
use super::line::Line;
use super::mirror;
use super::names::STATE_FOLDER;
use super::patrol::Patrol;
use super::private;
use super::quirk::Quirk;
use super::scan::{self, Settled};
use super::seeding::{self, Found};
use super::server::{Door, Server};
use super::shared::Shared;
use super::state::account::named;
use super::state::{AccountKind, State};
use super::{Emulator, Urls};

/// Sets up an [`Emulator`]. What is not set is as in [`Emulator::start`].
#[derive(Clone, Debug)]
#[must_use = "an emulator runs once it is started"]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    tls: Option<SocketAddr>,
    connect_proxy: Option<SocketAddr>,
    directory: Option<PathBuf>,
    seed: u64,
    account: AccountKind,
    latency: Duration,
    bandwidth: Option<NonZeroU64>,
    bandwidth_total: Option<NonZeroU64>,
    rate_limit: Option<NonZeroU32>,
    write_lock: Option<Duration>,
    write_refusal: WriteRefusal,
    header_limit: Option<usize>,
    seed_from: Option<PathBuf>,
    token_lifetime: Option<Duration>,
    rotating_tokens: bool,
    redirect_uris: Vec<String>,
    faults: Vec<Fault>,
    quirks: Vec<Quirk>,
}

impl EmulatorBuilder {
    pub(super) fn new() -> EmulatorBuilder {
        EmulatorBuilder {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: None,
            connect_proxy: None,
            directory: None,
            seed: 0,
            account: AccountKind::default(),
            latency: Duration::ZERO,
            bandwidth: None,
            bandwidth_total: None,
            rate_limit: None,
            write_lock: None,
            write_refusal: WriteRefusal::default(),
            header_limit: None,
            seed_from: None,
            token_lifetime: None,
            rotating_tokens: false,
            redirect_uris: Vec::new(),
            faults: Vec::new(),
            quirks: Vec::new(),
        }
    }

    /// Listens at this address; port 0 takes a free one. By default a free port of 127.0.0.1.
    pub fn listen(self, address: SocketAddr) -> Self {
        EmulatorBuilder {
            listen: address,
            ..self
        }
    }

    /// Speaks TLS at this address besides, with a certificate that [`Emulator::ca_pem`] vouches for: HTTP/2, or HTTP/1.1 for
    /// clients that do not ask for it. Port 0 takes a free one.
    pub fn tls(self, address: SocketAddr) -> Self {
        EmulatorBuilder {
            tls: Some(address),
            ..self
        }
    }

    /// Is an HTTP proxy at this address besides, for clients whose hosts are fixed: it takes `CONNECT` to port 443 of the hosts of
    /// Dropbox, and to 127.0.0.1, and answers in their place, in TLS. It refuses to lead anywhere else. Port 0 takes a free one.
    pub fn connect_proxy(self, address: SocketAddr) -> Self {
        EmulatorBuilder {
            connect_proxy: Some(address),
            ..self
        }
    }

    /// Keeps the files of the account as plain files in this folder, which is made if it is missing.
    ///
    /// Files that are there become part of the account, and so does what a person adds, changes or removes meanwhile. The
    /// subfolder `.dropscript-emulator` is the emulator's own: it remembers ids, versions and the log that cursors point into, and
    /// upload sessions, tokens, links, locks, tags and jobs. Whatever was answered holds after the process was killed.
    /// One emulator at a time may serve a directory.
    pub fn directory(self, path: impl Into<PathBuf>) -> Self {
        EmulatorBuilder {
            directory: Some(path.into()),
            ..self
        }
    }

    /// Says which account is opened where none is named: by the plain tokens, by the page of consent, and in the directory.
    ///
    /// The directory of a member of the team shows what its root shows: its home, and the team folders.
    pub fn account(self, kind: AccountKind) -> Self {
        EmulatorBuilder {
            account: kind,
            ..self
        }
    }

    /// Fixes everything that is made up: ids, tokens, the dots after error summaries, and what faults leave to chance.
    pub fn seed(self, seed: u64) -> Self {
        EmulatorBuilder { seed, ..self }
    }

    /// Sends the first byte of each answer that much later, and takes each new connection twice that much later, as a distant
    /// server would. By default there is no delay.
    pub fn latency(self, latency: Duration) -> Self {
        EmulatorBuilder { latency, ..self }
    }

    /// Lets that many bytes a second through each connection, in each direction, counted as they go over the wire.
    pub fn bandwidth(self, bytes_per_second: NonZeroU64) -> Self {
        EmulatorBuilder {
            bandwidth: Some(bytes_per_second),
            ..self
        }
    }

    /// Lets that many bytes a second through all connections together, in each direction.
    pub fn bandwidth_total(self, bytes_per_second: NonZeroU64) -> Self {
        EmulatorBuilder {
            bandwidth_total: Some(bytes_per_second),
            ..self
        }
    }

    /// Refuses the calls of a token beyond that many a second with 429 `too_many_requests` and `Retry-After: 1`. After a pause a
    /// second's worth may come at once; calls that are refused count too.
    pub fn rate_limit(self, calls_per_second: NonZeroU32) -> Self {
        EmulatorBuilder {
            rate_limit: Some(calls_per_second),
            ..self
        }
    }

    /// Lets a commit hold the account's namespace that long, and a twentieth of it longer for each entry. Another commit is
    /// refused meanwhile, with 429 `too_many_write_operations` and `Retry-After: 1` unless
    /// [`write_lock_as`](EmulatorBuilder::write_lock_as) says otherwise. Other accounts are not hindered.
    pub fn write_lock(self, time: Duration) -> Self {
        EmulatorBuilder {
            write_lock: Some(time),
            ..self
        }
    }

    /// Tells commits in this way that another one holds the namespace.
    pub fn write_lock_as(self, refusal: WriteRefusal) -> Self {
        EmulatorBuilder {
            write_refusal: refusal,
            ..self
        }
    }

    /// Refuses calls whose header has more bytes, with 431.
    pub fn header_limit(self, bytes: usize) -> Self {
        EmulatorBuilder {
            header_limit: Some(bytes),
            ..self
        }
    }

    /// Gives access tokens that last that long, in whole seconds, in place of four hours. The standing ones last for ever.
    pub fn token_lifetime(self, lifetime: Duration) -> Self {
        EmulatorBuilder {
            token_lifetime: Some(lifetime),
            ..self
        }
    }

    /// Takes each refresh token once, and gives the next one with the access token. Dropbox does not do so; other servers do.
    pub fn rotating_tokens(self) -> Self {
        EmulatorBuilder {
            rotating_tokens: true,
            ..self
        }
    }

    /// Registers another redirect URI with the app, beside `http://localhost` and `http://localhost:9999`.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Starts with the files and folders of this folder where a directory would show them; it is only read. What a served directory has of its
    /// own stays.
    pub fn seed_from(self, folder: impl Into<PathBuf>) -> Self {
        EmulatorBuilder {
            seed_from: Some(folder.into()),
            ..self
        }
    }

    /// Has this go wrong, from the first call on.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Has this behaviour in the other way.
    pub fn quirk(mut self, quirk: Quirk) -> Self {
        self.quirks.push(quirk);
        self
    }

    /// Starts it. When this returns, it answers.
    ///
    /// # Errors
    /// The address is in use or not one of this machine; the directory cannot be made, read or written. `InvalidInput` for a fault
    /// that cannot happen, see [`Fault::check`], and for [`Quirk::ExactNames`] with a directory: folders on disk do not keep apart
    /// what it keeps apart.
    pub fn start(self) -> io::Result<Emulator> {
        self.faults.iter().try_for_each(Fault::check)?;
        if let Some(from) = &self.seed_from {
            fs::read_dir(from).map_err(|error| {
                io::Error::new(error.kind(), format!("`{}`: {error}", from.display()))
            })?;
        }
        if let (Some(from), Some(directory)) = (&self.seed_from, &self.directory) {
            seeding::copy(from, directory)?;
        }
        let mut state = State::new(self.seed, self.account, self.directory.clone());
        for quirk in self.quirks {
            quirk.check(self.directory.is_some())?;
            state.quirks.turn_on(quirk);
        }
        state.grants.redirect_uris = self.redirect_uris;
        state.grants.rotates = self.rotating_tokens;
        if let Some(lifetime) = self.token_lifetime {
            let seconds = lifetime.as_secs().try_into().unwrap_or(i64::MAX);
            state.grants.lifetime = SignedDuration::from_secs(seconds);
        }
        let (store, journal) = match &self.directory {
            None => (Store::Memory, None),
            Some(directory) => {
                claim(directory, self.account)?;
                let (store, journal) = open(directory, &mut state)?;
                (store, Some(journal))
            }
        };
        state.furnish_team();
        let shown = state.shown();
        let limits = Limits::new(
            self.rate_limit,
            self.write_lock,
            self.write_refusal,
            self.header_limit,
        );
        let line = Line::new(self.latency, self.bandwidth, self.bandwidth_total);
        let shared = Arc::new(Shared::new(state, store, journal, self.seed, line, limits));
        shared.scan(Settled::Now)?;
        if let (Some(from), None) = (&self.seed_from, &self.directory) {
            seeding::walk(from, "", &mut |path, found| match found {
                Found::Folder => shared.put_folder(shown, path),
                Found::File(contents) => shared.put(shown, path, contents),
            })?;
        }
        for fault in self.faults {
            shared.faults.add(fault);
        }
        let mut doors = vec![(self.listen, Door::Plain)];
        let authority = match (self.tls, self.connect_proxy) {
            (None, None) => None,
            (tls, proxy) => {
                let authority = Authority::new()?;
                let acceptor = &authority.acceptor;
                doors.extend(tls.map(|address| (address, Door::Tls(acceptor.clone()))));
                doors.extend(proxy.map(|address| (address, Door::Proxy(acceptor.clone()))));
                Some(authority)
            }
        };
        let server = Server::start(doors, &shared)?;
        shared.address.get_or_init(|| server.addresses[0]);
        let mut addresses = server.addresses[1..].iter();
        let mut url = |scheme: &str| addresses.next().map(|at| format!("{scheme}://{at}"));
        let urls = Urls {
            plain: format!("http://{}", server.addresses[0]),
            tls: self.tls.and_then(|_| url("https")),
            connect_proxy: self.connect_proxy.and_then(|_| url("http")),
        };
        let patrol = match self.directory {
            None => None,
            Some(_) => Some(Patrol::start(Arc::clone(&shared))?),
        };
        Ok(Emulator {
            urls,
            ca_pem: authority.map(|authority| authority.pem),
            shared,
            _server: server,
            _patrol: patrol,
        })
    }
}

/// Sees to it that a directory is of one kind of account only: it shows another tree of each.
fn claim(directory: &Path, kind: AccountKind) -> io::Result<()> {
    let folder = directory.join(STATE_FOLDER);
    let claim = folder.join("account");
    let found = match fs::read_to_string(&claim) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // There was only one kind before there were claims.
            let served = folder.join("state.db").exists();
            let kind = if served { AccountKind::Personal } else { kind };
            fs::create_dir_all(&folder)?;
            fs::write(&claim, kind.name())?;
            kind.name().to_owned()
        }
        Err(error) => return Err(error),
    };
    if found == kind.name() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "`{}` was served as the {found} account, and can be served as that only",
        directory.display()
    )))
}

/// Brings back what a served directory was, and shows what it did not show yet.
fn open(directory: &Path, state: &mut State) -> io::Result<(Store, Journal)> {
    let folder = directory.join(STATE_FOLDER);
    let blobs = folder.join("blobs");
    fs::create_dir_all(&blobs)?;
    private::folder(&folder)?;
    let journal = Journal::open(&folder, blobs.clone())?;
    let missed = journal.load(state)?;
    for tree in &missed {
        mirror::apply(&tree.layout, &tree.changes)?;
    }
    journal.shown(&missed)?;
    // Accounts that have a folder, though nothing was ever written down of them.
    for entry in scan::entries(&folder.join("accounts"))? {
        if let Some(name) = entry.file_name().to_str().and_then(named) {
            state.account_named(&name);
        }
    }
    let mut referenced = journal.blobs()?;
    referenced.extend(state.sessions.blobs());
    let mut next = 0;
    for entry in scan::entries(&blobs)? {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        if !referenced.contains(name) {
            // Of an upload that was never finished.
            fs::remove_file(entry.path())?;
        } else if let Ok(number) = name.parse::<u64>() {
            next = next.max(number + 1);
        }
    }
    Ok((Store::folder(blobs, next), journal))
}
