//! Commits: one at a time in a namespace, and in one call as many files as wait for it.
//!
//! Dropbox takes one change of a namespace at a time. Commits that come together only refuse each other, so they queue up here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::Client;
use super::super::call::{Argument, Attempt, Outcome};
use super::super::retry::Retries;
use super::{Sent, check_arrived, is_session_lost};
use crate::api::error::{is_refused_form, is_unknown_route, refused_entry};
use crate::api::files::{
    BatchEntry, BatchResult, CommitInfo, FileMetadata, SessionCursor, SessionFinishArg,
    SessionFinishBatchArg,
};
use crate::api::{UPLOAD_SESSION_FINISH, UPLOAD_SESSION_FINISH_BATCH};
use crate::error::{Error, ErrorKind, Result};

/// Files in a call, at most (`files.stone`, `UploadSessionFinishBatchArg`).
const MOST: usize = 1_000;

/// A closed upload session that holds a whole file, and what is to become of it.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(super) session: String,
    pub(super) size: u64,
    /// The content hash of what was read here.
    pub(super) hash: String,
    pub(super) commit: CommitInfo,
}

pub(super) type Answer = oneshot::Sender<Result<Sent>>;

/// What waits for its commit.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    queue: Mutex<Queue>,
    /// Whether the server was found not to know the routes that take many files at once.
    no_batches: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether somebody is working through it.
    driven: bool,
}

#[derive(Debug)]
struct Waiting {
    closed: Closed,
    answer: Answer,
    retries: Retries,
}

impl Commits {
    /// Whether the server takes many files in a call, as far as is known.
    pub(super) fn batches(&self) -> bool {
        !self.no_batches.load(Ordering::Relaxed)
    }

    /// Asks no more for many files in a call where the server does not know such calls.
    pub(super) fn learn_from(&self, error: &Error) {
        if is_unknown_route(error) {
            self.no_batches.store(true, Ordering::Relaxed);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next that are committed together. What nobody waits for any more is left out; none at all ends the work.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        queue.waiting.retain(|waiting| !waiting.answer.is_closed());
        let count = queue.waiting.len().min(MOST);
        let next: Vec<Waiting> = queue.waiting.drain(..count).collect();
        queue.driven = !next.is_empty();
        next
    }

    fn put_back(&self, again: Vec<Waiting>) {
        let mut queue = self.queue();
        for waiting in again.into_iter().rev() {
            queue.waiting.push_front(waiting);
        }
    }
}

/// Works through the queue; if it ends before the queue does, those who wait are told.
struct Driver(Client);

impl Drop for Driver {
    fn drop(&mut self) {
        let mut queue = self.0.view().commits.queue();
        if queue.driven {
            queue.driven = false;
            queue.waiting.clear();
        }
    }
}

impl Client {
    /// Commits a closed session when its turn comes, together with all that wait then.
    pub(super) async fn commit(&self, closed: Closed) -> Result<FileMetadata> {
        let (answer, answered) = oneshot::channel();
        self.commit_and_answer(closed, answer);
        match answered.await {
            Ok(Ok(Sent::Committed(metadata))) => Ok(metadata),
            Ok(Err(error)) => Err(error),
            Ok(Ok(Sent::Alone)) | Err(_) => Err(ended_early()),
        }
    }

    /// The same, with the answer going to somebody else. Where nobody waits for it any more, nothing is committed.
    pub(super) fn commit_and_answer(&self, closed: Closed, answer: Answer) {
        let mut queue = self.view().commits.queue();
        queue.waiting.push_back(Waiting {
            closed,
            answer,
            retries: Retries::new(),
        });
        if !std::mem::replace(&mut queue.driven, true) {
            tokio::spawn(Driver(self.clone()).run());
        }
    }

    async fn commit_batch(&self, batch: Vec<Waiting>) -> Vec<Waiting> {
        let entries = batch.iter().map(|waiting| SessionFinishArg {
            cursor: waiting.closed.cursor(),
            commit: &waiting.closed.commit,
        });
        let argument = Argument::of(&SessionFinishBatchArg {
            entries: entries.collect(),
        });
        let outcome: Outcome<BatchResult<FileMetadata>> = self
            .rpc_outcome(&UPLOAD_SESSION_FINISH_BATCH, None, argument)
            .await;
        let unsure = outcome.unsure;
        match outcome.result {
            Ok(result) if result.entries.len() == batch.len() => {
                let mut again = Again::default();
                for (waiting, entry) in batch.into_iter().zip(result.entries) {
                    let committed = entry.into_result(&waiting.closed);
                    self.settle(waiting, committed, unsure, &mut again).await;
                }
                again.pause().await
            }
            Ok(_) => {
                let error = Error::new(
                    ErrorKind::Unsupported,
                    "Dropbox answered for another number of files than it was asked to commit",
                );
                self.settle_all(batch, &error, true).await
            }
            Err(error) if is_unknown_route(&error) || is_refused_form(&error) => {
                self.view().commits.learn_from(&error);
                self.commit_one_by_one(batch).await
            }
            Err(error) => self.settle_all(batch, &error, unsure).await,
        }
    }

    async fn commit_one_by_one(&self, batch: Vec<Waiting>) -> Vec<Waiting> {
        let mut again = Again::default();
        for waiting in batch {
            let closed = &waiting.closed;
            let argument = SessionFinishArg {
                cursor: closed.cursor(),
                commit: &closed.commit,
            };
            let outcome = self
                .send(
                    &UPLOAD_SESSION_FINISH,
                    &closed.commit.path,
                    Argument::of(&argument),
                    bytes::Bytes::new(),
                )
                .await;
            let unsure = outcome.unsure;
            self.settle(waiting, outcome.result, unsure, &mut again)
                .await;
        }
        again.pause().await
    }

    async fn settle_all(&self, batch: Vec<Waiting>, error: &Error, unsure: bool) -> Vec<Waiting> {
        for waiting in batch {
            let commit = &waiting.closed.commit;
            let error = error.clone().with_path(&commit.path);
            let committed = self.checked(error, &waiting.closed, unsure).await;
            waiting.answer(committed);
        }
        Vec::new()
    }

    /// Answers for one file, or keeps it for another try.
    async fn settle(
        &self,
        mut waiting: Waiting,
        committed: Result<FileMetadata>,
        unsure: bool,
        again: &mut Again,
    ) {
        let error = match committed {
            Ok(metadata) => return waiting.answer(Ok(metadata)),
            Err(error) if unsure && is_session_lost(&error) => error,
            Err(error) => match self.wait_for_another(&mut waiting.retries, error) {
                Ok(wait) => return again.add(waiting, wait),
                Err(error) => error,
            },
        };
        let committed = self.checked(error, &waiting.closed, unsure).await;
        waiting.answer(committed);
    }

    /// The error, unless it is not sure and the file is there.
    async fn checked(&self, error: Error, closed: &Closed, unsure: bool) -> Result<FileMetadata> {
        if !unsure {
            return Err(error);
        }
        self.unless_it_arrived(error, &closed.commit, &closed.hash)
            .await
    }

    fn wait_for_another(&self, retries: &mut Retries, error: Error) -> Result<Duration> {
        retries.after(Attempt::sure(error), &self.pace().budget)
    }
}

impl Driver {
    async fn run(self) {
        let commits = &self.0.view().commits;
        loop {
            let batch = commits.next();
            if batch.is_empty() {
                return;
            }
            let turn = self.0.turn().await;
            let again = if commits.batches() {
                self.0.commit_batch(batch).await
            } else {
                self.0.commit_one_by_one(batch).await
            };
            drop(turn);
            commits.put_back(again);
        }
    }
}

/// What is tried again, and after which time.
#[derive(Default)]
struct Again {
    waiting: Vec<Waiting>,
    wait: Duration,
}

impl Again {
    fn add(&mut self, waiting: Waiting, wait: Duration) {
        self.waiting.push(waiting);
        self.wait = self.wait.max(wait);
    }

    async fn pause(self) -> Vec<Waiting> {
        if !self.waiting.is_empty() {
            tokio::time::sleep(self.wait).await;
        }
        self.waiting
    }
}

impl Waiting {
    fn answer(self, committed: Result<FileMetadata>) {
        let Closed {
            size, hash, commit, ..
        } = &self.closed;
        let committed = committed.and_then(|metadata| check_arrived(metadata, commit, *size, hash));
        // Who asked may be gone; the file is where it was wanted all the same.
        let _gone = self.answer.send(committed.map(Sent::Committed));
    }
}

impl Closed {
    fn cursor(&self) -> SessionCursor<'_> {
        SessionCursor {
            session_id: &self.session,
            offset: self.size,
        }
    }
}

impl BatchEntry<FileMetadata> {
    fn into_result(self, closed: &Closed) -> Result<FileMetadata> {
        match self {
            Self::Success(metadata) => Ok(metadata),
            Self::Failure { failure } => Err(refused_entry(
                &UPLOAD_SESSION_FINISH_BATCH,
                &closed.commit.path,
                failure,
            )),
        }
    }
}

pub(super) fn ended_early() -> Error {
    Error::new(
        ErrorKind::LocalIo,
        "the program ended before the file was committed",
    )
}
