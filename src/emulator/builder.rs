//! How an emulator is set up.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::Emulator;
use super::blob::Store;
use super::fault::Fault;
use super::import;
use super::names::STATE_FOLDER;
use super::server::Server;
use super::shared::Shared;
use super::state::State;

/// Sets up an [`Emulator`]. What is not set is as in [`Emulator::start`].
#[derive(Clone, Debug)]
#[must_use = "an emulator runs once it is started"]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    directory: Option<PathBuf>,
    seed: u64,
    faults: Vec<Fault>,
}

impl EmulatorBuilder {
    pub(super) fn new() -> EmulatorBuilder {
        EmulatorBuilder {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            directory: None,
            seed: 0,
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
    /// Files that are there become part of the account. The subfolder `.dropscript-emulator` is the emulator's own.
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
        let store = match &self.directory {
            None => Store::Memory,
            Some(directory) => {
                let blobs = directory.join(STATE_FOLDER).join("blobs");
                match fs::remove_dir_all(&blobs) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => fs::create_dir_all(&blobs)?,
                }
                let store = Store::folder(blobs, 0);
                import::import(&mut state, &store, directory)?;
                store
            }
        };
        let shared = Arc::new(Shared::new(state, store, self.seed));
        for fault in self.faults {
            shared.faults.add(fault);
        }
        let server = Server::start(self.listen, &shared)?;
        Ok(Emulator::serving(server, shared))
    }
}
