//! The part of a watcher that follows a folder at Dropbox.

use std::sync::{Arc, Mutex};
use std::thread;

use super::findings::Findings;
use super::journal::Journal;
use super::mirror::{Mirror, Phase};
use super::options::{Initial, WatchOptions};
use super::origin::Origin;
use super::queue::{Policy, Queue};
use super::remote::{Link, Remote, RemoteFolder};
use super::selection::Selection;
use crate::{Error, ErrorKind, Result};

/// The part of a watcher that is about a folder at Dropbox.
pub(super) struct Far {
    pub(super) findings: Arc<Findings>,
    pub(super) queue: Arc<Mutex<Queue>>,
    pub(super) link: Arc<Link>,
    pub(super) account: String,
}

impl Far {
    /// Begins to follow a folder at Dropbox, on a thread of its own.
    ///
    /// # Errors
    /// `local_io` where there is no runtime or no thread for it, and what opening the journal says.
    pub(super) fn follow(
        options: &WatchOptions,
        folder: &RemoteFolder,
        selection: Arc<dyn Selection>,
        policy: Policy,
    ) -> Result<Self> {
        let cannot_start = |source: std::io::Error| {
            Error::new(
                ErrorKind::LocalIo,
                "cannot start a thread to watch Dropbox on",
            )
            .with_source(source)
        };
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|error| cannot_start(std::io::Error::other(error)))?;
        let journal = Journal::open(&folder.journal, &options.name, &folder.source())?;
        journal.reopen(false)?;
        let findings = Arc::new(Findings::new(options.settle));
        let mut mirror = Mirror::new(folder.path.clone(), selection);
        if options.initial == Initial::None {
            mirror.phase = Phase::LeavingOut;
        }
        let mut queue = Queue::new(
            Arc::clone(&findings),
            journal,
            Origin::Dropbox(mirror),
            policy,
        )?;
        if options.initial == Initial::All {
            queue.forget()?;
        }
        let queue = Arc::new(Mutex::new(queue));
        let link = Arc::new(Link::default());
        let remote = Remote::new(
            folder,
            Arc::clone(&queue),
            Arc::clone(&findings),
            Arc::clone(&link),
        );
        thread::Builder::new()
            .name("watch-remote".into())
            .spawn(move || runtime.block_on(remote.run()))
            .map_err(cannot_start)?;
        Ok(Self {
            findings,
            account: folder.connection.client().identity(),
            queue,
            link,
        })
    }
}
