//! The client: one method a route, retry and pacing, upload sessions, listing by cursor.

mod budget;
mod call;
mod changes;
mod content_hash;
mod download;
mod files;
mod filling;
mod guards;
mod listing;
mod pace;
mod pacer;
mod partial;
mod reach;
mod relocate;
mod request;
mod retry;
mod revisions;
mod save_url;
mod search;
mod servers;
mod sharing;
mod tokens;
mod told;
mod unfinished;
mod upload;
mod users;
mod view;
mod width;

use std::sync::Arc;

pub use content_hash::ContentHasher;
pub(crate) use content_hash::{PartHash, PartsHash};
pub(crate) use download::{Download, Version};
pub(crate) use files::{Created, Deleted};
pub(crate) use filling::Keep;
pub use guards::Written;
pub(crate) use guards::{Guards, Leave, OnWrite, Rules};
pub(crate) use listing::Pages;
pub use reach::Reached;
pub(crate) use relocate::{Leg, Relocation};
pub(crate) use servers::Servers;
pub use told::RemoteChange;
pub(crate) use told::{Changed, OnChange};
pub(crate) use unfinished::{Fetched, Partial, Pieces, is_partial};
pub use unfinished::{UnfinishedDownload, UnfinishedUpload, UnfinishedWork};
pub(crate) use upload::{LocalFile, PART, PARTS, Part, Sent, SmallFiles, Stamp, lost_each_time};
pub use view::Root;
pub(crate) use view::Select;
pub(crate) use width::Width;

use url::Url;

use crate::api::Route;
use crate::oauth::TokenSource;
use crate::transport::Transport;
use changes::Backoff;
use upload::PartMemory;
use view::View;

/// Speaks to one account, as far as its guards let it. Clones share connections and token, those that see the account another way too.
/// Pauses and the retry budget are shared by all clients of an account.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>, Arc<View>, Arc<Guards>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    servers: Servers,
    tokens: TokenSource,
    /// What tells the account from others, as far as is known before it was asked for: its server and its tokens.
    owner: String,
    parts: PartMemory,
    longpoll_backoff: Backoff,
    kept: Option<Kept>,
}

/// Where transfers note how far they came, and the name by which that place knows the account.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) work: UnfinishedWork,
    pub(crate) name: String,
}

impl Client {
    pub(crate) fn new(
        transport: Transport,
        servers: Servers,
        tokens: TokenSource,
        select: Option<Select>,
        root: Root,
        kept: Option<Kept>,
    ) -> Self {
        let owner = format!("{} {}", servers.api, tokens.identity());
        let view = View::new(&owner, select, root);
        let inner = Inner {
            transport,
            servers,
            tokens,
            owner,
            parts: PartMemory::of_process(),
            longpoll_backoff: Backoff::default(),
            kept,
        };
        Self(Arc::new(inner), Arc::new(view), Arc::default())
    }

    fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn servers(&self) -> [&Url; 2] {
        let Servers { api, content, .. } = &self.0.servers;
        [api, content]
    }

    /// What names the account, seen this way, where what is unfinished is kept.
    fn kept_account(&self, kept: &Kept, route: &Route<'_>) -> String {
        let (name, server) = (&kept.name, self.server(route));
        format!("{name} {server} {}", self.view().identity())
    }

    fn view(&self) -> &View {
        &self.1
    }

    fn with_view(&self, select: Option<Select>, root: Root) -> Self {
        let view = View::new(&self.0.owner, select, root);
        Self(Arc::clone(&self.0), Arc::new(view), Arc::clone(&self.2))
    }

    /// The same client under these guards.
    pub(crate) fn guarded(&self, guards: &Arc<Guards>) -> Self {
        Self(Arc::clone(&self.0), Arc::clone(&self.1), Arc::clone(guards))
    }

    pub(crate) fn guards(&self) -> &Guards {
        &self.2
    }
}
