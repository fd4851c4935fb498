//! What all calls share.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::blob::{Store, blocking};
use super::clock::Clock;
use super::content_hash::content_hash;
use super::fault::FaultPlan;
use super::journal::Journal;
use super::limits::Limits;
use super::line::Line;
use super::meter::Meter;
use super::mint::Mint;
use super::mirror;
use super::quirk::Quirks;
use super::scan::{self, Scanner, Settled};
use super::state::kept::{Unwritten, UnwrittenTree};
use super::state::write::{Commit, Content, WriteError, WriteMode};
use super::state::{AccountId, State};

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) store: Store,
    pub(super) faults: FaultPlan,
    pub(super) meter: Arc<Meter>,
    pub(super) clock: Clock,
    pub(super) line: Line,
    pub(super) limits: Limits,
    pub(super) quirks: Arc<Quirks>,
    /// Where it answers in plain HTTP, once it does.
    pub(super) address: OnceLock<SocketAddr>,
    /// Request ids and dots; apart from the state, so that what a tree mints does not depend on who else called.
    answers: Mutex<Mint>,
    /// Where a served directory is written down. Held while it is brought up to date, so that changes reach it in order.
    journal: Option<Mutex<Served>>,
    /// How often what was handed over by the state has been written down and shown.
    settled: AtomicU64,
    /// Whose turn it is to write down what happened. Calls wait here, not for the journal: that would keep threads.
    turn: tokio::sync::Mutex<()>,
    /// Counts up when something may have changed, for those who wait for it.
    changed: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(
        state: State,
        store: Store,
        journal: Option<Journal>,
        seed: u64,
        line: Line,
        limits: Limits,
    ) -> Shared {
        Shared {
            quirks: Arc::clone(&state.quirks),
            state: Mutex::new(state),
            store,
            faults: FaultPlan::new(seed),
            meter: Arc::new(Meter::new(line.latency)),
            clock: Clock::default(),
            line,
            limits,
            address: OnceLock::new(),
            answers: Mutex::new(Mint::new(!seed)),
            journal: journal.map(|journal| {
                Mutex::new(Served {
                    journal,
                    scanner: Scanner::default(),
                    unwritten: None,
                    unshown: Vec::new(),
                })
            }),
            settled: AtomicU64::new(0),
            turn: tokio::sync::Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// The state, for a few moments: never across I/O.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has answered nothing; what it left is no worse than what a crash leaves.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answers(&self) -> MutexGuard<'_, Mint> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells when something may have changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Writes a file without a call, over what is there, with the folders above it.
    pub(super) fn put(&self, account: &str, path: &str, contents: Bytes) -> io::Result<()> {
        let refuse = |why: String| {
            let text = format!("`{path}` cannot be written: {why}");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        let place = self
            .quirks
            .place(path)
            .ok()
            .filter(|_| !path.is_empty())
            .ok_or_else(|| refuse("it is not a path that Dropbox takes".to_owned()))?;
        let content = Content {
            content_hash: content_hash(&contents),
            blob: self.store.keep(contents)?,
        };
        let commit = Commit {
            place,
            mode: WriteMode::Overwrite,
            autorename: false,
            strict_conflict: false,
            client_modified: None,
        };
        let now = self.clock.now();
        {
            let mut state = self.state();
            let home = state.home_named(account);
            let place = commit.place.below(&home.root);
            let commit = Commit { place, ..commit };
            let (tree, mint) = state.tree_mut(home.tree);
            tree.commit(&commit, content, now, mint)
                .map_err(|error| refuse(format!("{error:?}")))?;
        }
        self.settle_now()
    }

    /// Makes a folder without a call, unless it is there.
    pub(super) fn put_folder(&self, account: &str, path: &str) -> io::Result<()> {
        let refuse = |why: String| {
            let text = format!("`{path}` cannot be made: {why}");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        let place = self
            .quirks
            .place(path)
            .map_err(|error| refuse(format!("{error:?}")))?;
        {
            let mut state = self.state();
            let home = state.home_named(account);
            let place = place.below(&home.root);
            let (tree, mint) = state.tree_mut(home.tree);
            match tree.create_folder(&place, false, mint) {
                Ok(_) | Err(WriteError::FolderConflict) => {}
                Err(error) => return Err(refuse(format!("{error:?}"))),
            }
        }
        self.settle_now()
    }

    /// Says that something changed, and waits until the directory, if there is one, shows every change made so far.
    pub(super) async fn settle(self: &Arc<Self>) -> io::Result<()> {
        self.tell_changes();
        self.keep_promises().await
    }

    fn tell_changes(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The same, for threads that may block.
    pub(super) fn settle_now(&self) -> io::Result<()> {
        self.tell_changes();
        match &self.journal {
            None => Ok(()),
            Some(served) => {
                let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
                self.write_down(&mut served)
            }
        }
    }

    /// Waits until everything that an answer could tell of is written down: a kill after the answer must not undo it.
    pub(super) async fn keep_promises(self: &Arc<Self>) -> io::Result<()> {
        if self.journal.is_none() {
            return Ok(());
        }
        let last = {
            let mut state = self.state();
            state.handed_over + u64::from(state.has_unwritten())
        };
        if self.is_settled(last) {
            return Ok(());
        }
        // What happens meanwhile is written down together, by whoever is the next to come here.
        let _turn = self.turn.lock().await;
        if self.is_settled(last) {
            return Ok(());
        }
        let shared = Arc::clone(self);
        blocking(move || match &shared.journal {
            None => Ok(()),
            Some(served) => {
                let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
                shared.write_down(&mut served)
            }
        })
        .await
    }

    /// Whether what was handed over up to the `last` time is written down and shown.
    fn is_settled(&self, last: u64) -> bool {
        self.settled.load(Ordering::Acquire) >= last
    }

    /// Writes down what happened, and then shows it. What fails is tried again by the next call, which fails too.
    fn write_down(&self, served: &mut Served) -> io::Result<()> {
        // Nothing may come before what could not be written the last time.
        if let Some(unwritten) = served.unwritten.take() {
            served.append(unwritten)?;
        }
        let (unwritten, handed_over) = {
            let mut state = self.state();
            (state.take_unwritten(), state.handed_over)
        };
        if !unwritten.is_empty() {
            served.append(unwritten)?;
        }
        for tree in &served.unshown {
            mirror::apply(&tree.layout, &tree.changes)?;
        }
        if !served.unshown.is_empty() {
            served.journal.shown(&served.unshown)?;
            served.unshown.clear();
        }
        self.settled.store(handed_over, Ordering::Release);
        Ok(())
    }

    /// Takes in what a person did to the served directory.
    pub(super) fn scan(&self, settled: Settled) -> io::Result<()> {
        let Some(served) = &self.journal else {
            return Ok(());
        };
        let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_down(&mut served)?;
        let accounts: Vec<AccountId> = self.state().accounts().map(|(id, _)| id).collect();
        for account in accounts {
            let (layout, snapshot) = {
                let state = self.state();
                let tree = state.account(account).home.tree;
                let Some(layout) = state.layout(account) else {
                    continue;
                };
                (layout, scan::snapshot(state.tree(tree)))
            };
            // An account without a folder has never had a file.
            if !layout.directory.is_dir() {
                continue;
            }
            let findings = served
                .scanner
                .scan(&layout, &snapshot, &self.store, settled)?;
            if findings.is_empty() {
                continue;
            }
            let now = self.clock.now();
            let mut state = self.state();
            let tree = state.account(account).home.tree;
            let (tree, mint) = state.tree_mut(tree);
            // What changed since the snapshot is not on the disk: the next scan compares anew.
            if !tree.has_unwritten() {
                findings.apply(tree, now, mint);
                let mut unwritten = state.take_unwritten();
                drop(state);
                for tree in &mut unwritten.trees {
                    tree.from_directory = tree.account == account.index();
                }
                served.append(unwritten)?;
                self.write_down(&mut served)?;
                self.tell_changes();
            }
        }
        Ok(())
    }
}

/// A served directory.
#[derive(Debug)]
struct Served {
    journal: Journal,
    scanner: Scanner,
    /// What could not be written down.
    unwritten: Option<Unwritten>,
    /// What is written down and not yet shown.
    unshown: Vec<UnwrittenTree>,
}

impl Served {
    /// Writes it down, or keeps it for the next try.
    fn append(&mut self, unwritten: Unwritten) -> io::Result<()> {
        let appended = self.journal.append(&unwritten);
        match appended {
            Ok(()) => {
                let trees = unwritten.trees.into_iter();
                self.unshown
                    .extend(trees.filter(|tree| !tree.from_directory));
            }
            Err(_) => self.unwritten = Some(unwritten),
        }
        appended
    }
}
