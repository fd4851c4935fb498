//! How an emulator is set up.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Emulator;
use super::blob::Store;
use super::fault::Fault;
use super::journal::Journal;
use super::mirror;
use super::names::STATE_FOLDER;
use super::patrol::Patrol;
use super::scan::{self, Settled};
use super::server::Server;
use super::shared::Shared;
use super::state::State;
use super::state::account::named;

/// Sets up an [`Emulator`]. What is not set is as in [`Emulator::start`].
#[derive(Clone, Debug)]
#[must_use = "an emulator runs once it is started"]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    directory: Option<PathBuf>,
    seed: u64,
    latency: Duration,
    faults: Vec<Fault>,
}

impl EmulatorBuilder {
    pub(super) fn new() -> EmulatorBuilder {
        EmulatorBuilder {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            directory: None,
            seed: 0,
            latency: Duration::ZERO,
            faults: Vec::new(),
        }
    }

    /// Listens at this address; port 0 takes a free one. By default a free port of 127.0.0.1.
    pub fn listen(self, address: SocketAddr) -> Self {
        EmulatorBuilder {
            listen: address,
            ..self
        }
    }

    /// Keeps the files of the main account as plain files in this folder, which is made if it is missing.
    ///
    /// Files that are there become part of the account, and so does what a person adds, changes or removes meanwhile. The
    /// subfolder `.dropscript-emulator` is the emulator's own: it remembers ids, versions and the log that cursors point into.
    /// One emulator at a time may serve a directory.
    pub fn directory(self, path: impl Into<PathBuf>) -> Self {
        EmulatorBuilder {
            directory: Some(path.into()),
            ..self
        }
    }

    /// Fixes everything that is made up: ids, tokens, and the dots after error summaries.
    pub fn seed(self, seed: u64) -> Self {
        EmulatorBuilder { seed, ..self }
    }

    /// Sends the first byte of each answer that much later, and takes each new connection twice that much later, as a distant
    /// server would. By default there is no delay.
    pub fn latency(self, latency: Duration) -> Self {
        EmulatorBuilder { latency, ..self }
    }

    /// Has this go wrong, from the first call on.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts it. When this returns, it answers.
    ///
    /// # Errors
    /// The address is in use or not one of this machine; the directory cannot be made, read or written.
    pub fn start(self) -> io::Result<Emulator> {
        let mut state = State::new(self.seed, self.directory.clone());
        let (store, journal) = match &self.directory {
            None => (Store::Memory, None),
            Some(directory) => {
                let (store, journal) = open(directory, &mut state)?;
                (store, Some(journal))
            }
        };
        let shared = Arc::new(Shared::new(state, store, journal, self.seed, self.latency));
        shared.scan(Settled::Now)?;
        for fault in self.faults {
            shared.faults.add(fault);
        }
        let server = Server::start(self.listen, &shared)?;
        let patrol = match self.directory {
            None => None,
            Some(_) => Some(Patrol::start(Arc::clone(&shared))?),
        };
        Ok(Emulator::serving(server, patrol, shared))
    }
}

/// Brings back what a served directory was, and shows what it did not show yet.
fn open(directory: &Path, state: &mut State) -> io::Result<(Store, Journal)> {
    let folder = directory.join(STATE_FOLDER);
    let blobs = folder.join("blobs");
    fs::create_dir_all(&blobs)?;
    let journal = Journal::open(&folder, blobs.clone())?;
    let missed = journal.load(state)?;
    for tree in &missed.trees {
        mirror::apply(&tree.directory, &tree.changes)?;
    }
    journal.shown(&missed)?;
    // Accounts that have a folder, though nothing was ever written down of them.
    for entry in scan::entries(&folder.join("accounts"))? {
        if let Some(name) = entry.file_name().to_str().and_then(named) {
            state.account_named(&name);
        }
    }
    let referenced = journal.blobs()?;
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
