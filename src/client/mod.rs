//! The client: one method a route, retry and pacing, upload sessions, listing by cursor.

mod budget;
mod call;
mod content_hash;
mod download;
mod files;
mod listing;
mod pacer;
mod relocate;
mod retry;
mod revisions;
mod servers;
mod upload;
mod users;

use std::sync::Arc;

pub use content_hash::ContentHasher;
pub(crate) use files::{Created, Deleted};
pub(crate) use listing::Pages;
pub(crate) use relocate::{Leg, Relocation};
pub(crate) use servers::Servers;
pub(crate) use upload::{LocalFile, Sent, SmallFiles, Stamp};

use crate::oauth::TokenSource;
use crate::transport::Transport;
use budget::Budget;
use pacer::Pacer;
use upload::{Commits, PartMemory};

/// Speaks to one account. Clones share connections, token, pauses and retry budget.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    servers: Servers,
    tokens: TokenSource,
    pacer: Pacer,
    budget: Budget,
    parts: PartMemory,
    commits: Commits,
}

impl Client {
    pub(crate) fn new(transport: Transport, servers: Servers, tokens: TokenSource) -> Self {
        Self(Arc::new(Inner {
            transport,
            servers,
            tokens,
            pacer: Pacer::default(),
            budget: Budget::default(),
            parts: PartMemory::default(),
            commits: Commits::default(),
        }))
    }
}
