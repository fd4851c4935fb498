//! Many small files: the bytes of some dozens go in one call, and their commits go together too.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::super::Client;
use super::super::call::{Argument, Outcome};
use super::super::content_hash::PartHash;
use super::Sent;
use super::commit::{Answer, Closed, ended_early};
use super::local_file::{LocalFile, PART, Stamp};
use crate::api::error::{is_refused_form, is_unknown_route};
use crate::api::files::{
    BatchEntry, BatchResult, CommitInfo, Nothing, SessionAppendBatchArg, SessionAppendBatchEntry,
    SessionCursor, SessionStartBatchArg, SessionStartBatchResult,
};
use crate::api::{UPLOAD_SESSION_APPEND_BATCH, UPLOAD_SESSION_START_BATCH};
use crate::error::{Error, Result};

/// What the argument of a call may take, which travels in a header. Servers and proxies take 8 KiB at least; what Dropbox takes
/// is not documented.
const HEADER: usize = 8 * 1024;

/// Of that, what is not entries: the hash and the brackets.
const HEADER_FRAME: usize = 128;

/// Of an entry, what is not the id of its session.
const ENTRY_FRAME: usize = 80;

/// How long a session's id is thought to be before one is seen.
const ID_LENGTH: usize = 100;

/// Sessions made in a call, at most (`files.stone`, `UploadSessionStartBatchArg`).
const MOST_SESSIONS: usize = 1_000;

/// How many calls are under way at once.
const CALLS: usize = 6;

/// How long a file waits for others to go with.
const LINGER: Duration = Duration::from_millis(10);

/// How many files may be on their way to the calls.
const QUEUE: usize = 64;

/// Takes small files, and sends them together.
#[derive(Debug, Clone)]
pub(crate) struct SmallFiles(mpsc::Sender<Asked>);

/// Sends what [`SmallFiles`] takes, for as long as there is one.
#[derive(Debug)]
struct Sending {
    client: Client,
    sessions: Mutex<Sessions>,
}

#[derive(Debug)]
struct Asked {
    path: PathBuf,
    stamp: Stamp,
    commit: CommitInfo,
    answer: Answer,
}

/// Sessions that were made and are not used yet.
#[derive(Debug, Default)]
struct Sessions {
    ids: Vec<String>,
    made: usize,
}

/// A file whose bytes are in the body of a call.
struct Piece {
    asked: Asked,
    session: String,
    length: usize,
    hash: String,
}

impl Client {
    /// Whether the server takes files together, as far as is known.
    pub(crate) fn takes_small_files(&self) -> bool {
        self.view().commits.batches()
    }

    /// A place that takes small files, and what sends them: a future that somebody has to run.
    pub(crate) fn small_files(&self) -> (SmallFiles, impl Future<Output = ()> + Send + 'static) {
        let (sender, asked) = mpsc::channel(QUEUE);
        let sending = Sending {
            client: self.clone(),
            sessions: Mutex::default(),
        };
        (SmallFiles(sender), async move { sending.run(asked).await })
    }
}

impl SmallFiles {
    /// The size up to which a file is small.
    pub(crate) const LARGEST: u64 = PART;

    /// Sends a file that is as `stamp` says, and commits it.
    pub(crate) async fn upload(
        &self,
        path: PathBuf,
        stamp: Stamp,
        commit: CommitInfo,
    ) -> Result<Sent> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            path,
            stamp,
            commit,
            answer,
        };
        if self.0.send(asked).await.is_err() {
            return Err(ended_early());
        }
        answered.await.unwrap_or_else(|_| Err(ended_early()))
    }
}

impl Sending {
    /// Sends until nobody can ask any more.
    async fn run(&self, mut asked: mpsc::Receiver<Asked>) {
        let mut calls = FuturesUnordered::new();
        let mut waiting = VecDeque::new();
        let mut linger = Instant::now();
        let mut open = true;
        loop {
            let enough = is_enough(&waiting);
            let due = !waiting.is_empty() && (enough || !open || linger <= Instant::now());
            if due && calls.len() < CALLS {
                calls.push(self.call(next_call(&mut waiting)));
                continue;
            }
            if !open && waiting.is_empty() && calls.is_empty() {
                return;
            }
            tokio::select! {
                Some(()) = calls.next(), if !calls.is_empty() => {}
                next = asked.recv(), if open && !enough => match next {
                    Some(next) => {
                        waiting.push_back(next);
                        linger = Instant::now() + LINGER;
                    }
                    None => open = false,
                },
                () = sleep_until(linger), if !due && !waiting.is_empty() => {}
            }
        }
    }

    /// Sends the bytes of some files in one call, and queues them for their commits.
    async fn call(&self, files: Vec<Asked>) {
        let sessions = match self.sessions(files.len()).await {
            Ok(sessions) => sessions,
            Err(error) => return refuse(files, &error, &self.client),
        };
        // Were the thread that reads them to end early, who asked is told by that: the files go with it.
        let Ok((pieces, body)) = self.read(files, sessions).await else {
            return;
        };
        if pieces.is_empty() {
            return;
        }
        match self.append(&pieces, body).await {
            Ok(entries) => {
                for (piece, entry) in pieces.into_iter().zip(entries) {
                    self.commit(piece, &entry);
                }
            }
            Err(error) => {
                let files = pieces.into_iter().map(|piece| piece.asked).collect();
                refuse(files, &error, &self.client);
            }
        }
    }

    /// Sessions for so many files. They are made ahead in growing lots: nobody knows how many files are to come.
    async fn sessions(&self, count: usize) -> Result<Vec<String>> {
        let mut sessions = self.sessions.lock().await;
        if let Some(missing) = count.checked_sub(sessions.ids.len()).filter(|n| *n > 0) {
            let num_sessions = (sessions.made * 4).max(missing).min(MOST_SESSIONS);
            let argument = Argument::of(&SessionStartBatchArg { num_sessions });
            let made: SessionStartBatchResult = self
                .client
                .rpc(&UPLOAD_SESSION_START_BATCH, None, argument)
                .await?;
            sessions.made += made.session_ids.len();
            sessions.ids.extend(made.session_ids);
        }
        // Should the server have given fewer, the files without one go by themselves.
        let left = sessions.ids.len().saturating_sub(count);
        Ok(sessions.ids.split_off(left))
    }

    /// Reads the files behind each other into one body. Those that cannot be read, or that changed, are answered for.
    async fn read(&self, files: Vec<Asked>, sessions: Vec<String>) -> Result<(Vec<Piece>, Bytes)> {
        let size = files.iter().map(|file| file.stamp.size).sum::<u64>();
        let size = usize::try_from(size).expect("a call's files are a part at most");
        let mut buffer = self.client.0.parts.buffer(size).await;
        let read = move || {
            let mut sessions = sessions.into_iter();
            let mut pieces = Vec::with_capacity(files.len());
            for asked in files {
                let start = buffer.bytes.len();
                let read = LocalFile::open(&asked.path)
                    .and_then(|file| file.append_to(&mut buffer.bytes, asked.stamp));
                match (read, sessions.next()) {
                    (Ok(true), Some(session)) => {
                        let bytes = &buffer.bytes[start..];
                        pieces.push(Piece {
                            length: bytes.len(),
                            hash: PartHash::of(bytes).content_hash(),
                            asked,
                            session,
                        });
                    }
                    (Err(error), _) => {
                        buffer.bytes.truncate(start);
                        asked.answer(Err(error));
                    }
                    (Ok(_), _) => {
                        buffer.bytes.truncate(start);
                        asked.answer(Ok(Sent::Alone));
                    }
                }
            }
            (pieces, Bytes::from(buffer))
        };
        Ok(tokio::task::spawn_blocking(read).await?)
    }

    async fn append(&self, pieces: &[Piece], body: Bytes) -> Result<Vec<BatchEntry<Nothing>>> {
        let hash = PartHash::of(&body).content_hash();
        let entries = pieces.iter().map(|piece| SessionAppendBatchEntry {
            cursor: SessionCursor {
                session_id: &piece.session,
                offset: 0,
            },
            length: piece.length as u64,
            close: true,
        });
        let argument = Argument::of(&SessionAppendBatchArg {
            entries: entries.collect(),
            content_hash: &hash,
        });
        let first = &pieces[0].asked.commit.path;
        let outcome: Outcome<BatchResult<Nothing>> = self
            .client
            .send(&UPLOAD_SESSION_APPEND_BATCH, first, argument, body)
            .await;
        outcome.result.map(|result| result.entries)
    }

    fn commit(&self, piece: Piece, entry: &BatchEntry<Nothing>) {
        let Piece {
            asked,
            session,
            length,
            hash,
        } = piece;
        if !entry.is_there(length as u64) {
            return asked.answer(Ok(Sent::Alone));
        }
        let closed = Closed {
            session,
            size: length as u64,
            hash,
            commit: asked.commit,
        };
        self.client.commit_and_answer(closed, asked.answer);
    }
}

impl Asked {
    fn answer(self, answer: Result<Sent>) {
        // Who asked may be gone; then nobody wants to know.
        let _gone = self.answer.send(answer);
    }
}

impl BatchEntry<Nothing> {
    /// Whether the bytes are in the session: an earlier try whose answer got lost may have put them there.
    fn is_there(&self, length: u64) -> bool {
        match self {
            Self::Success(Nothing {}) => true,
            Self::Failure { failure } => {
                let correct = failure.get("correct_offset").and_then(Value::as_u64);
                correct == Some(length) && length > 0
                    || failure.get(".tag").and_then(Value::as_str) == Some("closed")
            }
        }
    }
}

/// Answers for files that a call did not take. Where the server does not know such calls they go by themselves.
fn refuse(files: Vec<Asked>, error: &Error, client: &Client) {
    client.view().commits.learn_from(error);
    let alone = is_unknown_route(error) || is_refused_form(error);
    for asked in files {
        let answer = if alone {
            Ok(Sent::Alone)
        } else {
            Err(error.clone().with_path(&asked.commit.path))
        };
        asked.answer(answer);
    }
}

/// How many files a call takes by its header.
const MOST_FILES: usize = (HEADER - HEADER_FRAME) / (ENTRY_FRAME + ID_LENGTH);

/// Whether there is a call's worth.
fn is_enough(waiting: &VecDeque<Asked>) -> bool {
    waiting.len() >= MOST_FILES || total(waiting.iter()) >= PART
}

/// What goes in the next call: as many as fit, in their order.
fn next_call(waiting: &mut VecDeque<Asked>) -> Vec<Asked> {
    let mut room = PART;
    let mut count = 0;
    for asked in waiting.iter().take(MOST_FILES) {
        match room.checked_sub(asked.stamp.size) {
            Some(left) => room = left,
            None => break,
        }
        count += 1;
    }
    waiting.drain(..count.max(1)).collect()
}

fn total<'a>(files: impl Iterator<Item = &'a Asked>) -> u64 {
    files.map(|file| file.stamp.size).sum()
}
