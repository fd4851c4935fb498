//! The client: one method a route, retry and pacing, upload sessions, listing by cursor.

mod budget;
mod call;
mod changes;
mod content_hash;
mod download;
mod files;
mod guards;
mod listing;
mod pacer;
mod relocate;
mod request;
mod retry;
mod revisions;
mod save_url;
mod search;
mod servers;
mod sharing;
mod upload;
mod users;

use std::sync::Arc;

pub use content_hash::ContentHasher;
pub(crate) use files::{Created, Deleted};
pub(crate) use guards::{Guards, Leave, Rules};
pub(crate) use listing::Pages;
pub(crate) use relocate::Relocation;
pub(crate) use servers::Servers;
pub(crate) use upload::{LocalFile, Sent, SmallFiles, Stamp};

use crate::oauth::TokenSource;
use crate::transport::Transport;
use budget::Budget;
use changes::Backoff;
use pacer::Pacer;
use upload::{Commits, PartMemory};

/// Speaks to one account, as far as its guards let it. Clones share connections, token, pauses and retry budget.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>, Arc<Guards>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    servers: Servers,
    tokens: TokenSource,
    pacer: Pacer,
    budget: Budget,
    parts: PartMemory,
    commits: Commits,
    longpoll_backoff: Backoff,
}

impl Client {
    pub(crate) fn new(transport: Transport, servers: Servers, tokens: TokenSource) -> Self {
        let inner = Inner {
            transport,
            servers,
            tokens,
            pacer: Pacer::default(),
            budget: Budget::default(),
            parts: PartMemory::default(),
            commits: Commits::default(),
            longpoll_backoff: Backoff::default(),
        };
        Self(Arc::new(inner), Arc::default())
    }

    /// The same client under these guards.
    pub(crate) fn guarded(&self, guards: &Arc<Guards>) -> Self {
        Self(Arc::clone(&self.0), Arc::clone(guards))
    }

    pub(crate) fn guards(&self) -> &Guards {
        &self.1
    }
}
