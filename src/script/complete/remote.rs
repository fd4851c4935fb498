//! What is in remote folders, for completion: listed in the background, and remembered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::connection::Connection;
use crate::error::Result;
use crate::script::builder::Wanted;
use crate::script::run::Run;
use crate::tasks::{ItemKind, ListOptions};

/// So many names of a folder are remembered.
const MOST: usize = 10_000;
/// A listing that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is older is listed anew; until then it is still given.
const FRESH: Duration = Duration::from_secs(15);

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) is_folder: bool,
}

/// What is known of a folder.
pub(super) struct Found {
    /// In order; `None` where it was never listed.
    pub(super) names: Option<Arc<[Name]>>,
    /// Whether it is being listed, and what is known is nothing or may be wrong by now.
    pub(super) is_pending: bool,
}

/// Whose folders are meant.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    Connection(Connection),
    Named(String),
    Default,
}

/// The folders that were asked for. Clones know the same.
#[derive(Clone, Default)]
pub(in crate::script) struct RemoteFolders(Arc<Shared>);

#[derive(Default)]
struct Shared {
    folders: Mutex<HashMap<(String, String), Folder>>,
    /// Counts what may have changed folders.
    changes: AtomicU64,
}

#[derive(Default)]
struct Folder {
    names: Option<Arc<[Name]>>,
    is_being_listed: bool,
    /// When the last listing ended, and how many changes there had been when it began.
    listed: Option<Instant>,
    changes: u64,
}

impl RemoteFolders {
    /// Notes that anything may have changed: what is known is still given, and listed anew when it is asked for.
    pub(in crate::script) fn may_have_changed(&self) {
        self.0.changes.fetch_add(1, Relaxed);
    }

    /// What is in a folder, as far as it is known now. It is listed in the background where that is not fresh.
    pub(super) fn names(&self, run: &Arc<Run>, whose: &Whose, folder: &str) -> Found {
        let changes = self.0.changes.load(Relaxed);
        let key = (whose.key(), folder.to_lowercase());
        let mut folders = self.lock();
        let known = folders.entry(key.clone()).or_default();
        let is_fresh =
            known.changes == changes && known.listed.is_some_and(|listed| listed.elapsed() < FRESH);
        if !is_fresh && !known.is_being_listed {
            known.is_being_listed = true;
            let (shared, run) = (self.clone(), Arc::clone(run));
            let (whose, folder) = (whose.clone(), folder.to_owned());
            run.host().runtime.clone().spawn(async move {
                // What goes wrong here is nothing that anybody asked for, and would be told in the middle of a line.
                let listing = list(run, whose, folder).with_subscriber(NoSubscriber::default());
                let names = tokio::time::timeout(PATIENCE, listing).await;
                shared.note(&key, names.ok().and_then(Result::ok), changes);
            });
        }
        Found {
            names: known.names.clone(),
            is_pending: known.is_being_listed
                && (known.names.is_none() || known.changes != changes),
        }
    }

    fn note(&self, key: &(String, String), names: Option<Arc<[Name]>>, changes: u64) {
        let mut folders = self.lock();
        let Some(known) = folders.get_mut(key) else {
            return;
        };
        // A folder that cannot be listed is one with nothing in it: asking again at each key would help nobody.
        known.names = Some(names.unwrap_or_default());
        (known.listed, known.changes) = (Some(Instant::now()), changes);
        known.is_being_listed = false;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Folder>> {
        self.0
            .folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Whose {
    fn key(&self) -> String {
        match self {
            Self::Connection(connection) => {
                format!("is {} {}", connection.name(), connection.client().whose())
            }
            Self::Named(name) => format!("name {name}"),
            Self::Default => String::new(),
        }
    }
}

async fn list(run: Arc<Run>, whose: Whose, folder: String) -> Result<Arc<[Name]>> {
    let connection = match whose {
        Whose::Connection(connection) => connection,
        Whose::Named(name) => connect(run, format!("name {name}"), Wanted::Named(name)).await?,
        Whose::Default => connect(run, String::new(), Wanted::Default).await?,
    };
    let options = ListOptions {
        glob: false,
        ..ListOptions::default()
    };
    let mut listing = connection.list(&folder, options)?;
    let mut names = Vec::new();
    while names.len() < MOST
        && let Some(item) = listing.next().await
    {
        let item = item?;
        names.push(Name {
            is_folder: item.kind == ItemKind::Folder,
            text: item.name,
        });
    }
    names.sort();
    Ok(names.into())
}

/// The connection that a script would get; finding it may take until a keyring is unlocked.
async fn connect(run: Arc<Run>, key: String, wanted: Wanted) -> Result<Connection> {
    let connected = tokio::task::spawn_blocking(move || run.find_connection(&key, wanted));
    connected.await.unwrap_or_else(|cause| {
        Err(crate::error::Error::new(
            crate::error::ErrorKind::NotSignedIn,
            "the connection was not made",
        )
        .with_source(cause))
    })
}
