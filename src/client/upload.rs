//! Uploads: one call for a small file, an upload session for a large one.

use bytes::Bytes;
use tokio::task::JoinHandle;

mod commit;
mod concurrent;
mod local_file;
mod memory;
mod session;
mod small;
mod stream;

pub(crate) use commit::Commits;
pub(crate) use local_file::{LocalFile, PART, Part, Stamp};
pub(crate) use memory::{PARTS, PartBuffer, PartMemory};
pub(crate) use small::SmallFiles;

use super::Client;
use super::call::{Argument, Outcome};
use super::content_hash::PartHash;
use crate::api::UPLOAD;
use crate::api::files::{CommitInfo, FileMetadata, Metadata, UploadArg};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;
use commit::Closed;

/// How often a session that the server lost is begun anew.
const SESSIONS: usize = 3;

impl Client {
    /// Uploads a file that was opened, and checks that what arrived is what was read.
    ///
    /// The file is read once, part by part, and each part's hash goes along, so that the server refuses what went bad on the
    /// way. A file that changes meanwhile is an `integrity` error, and nothing is committed.
    pub(crate) async fn upload(
        &self,
        file: &LocalFile,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        if file.stamp().size <= PART {
            return self.upload_at_once(file, commit).await;
        }
        let mut tries = 1;
        loop {
            let uploaded = if file.stamp().size < concurrent::FROM {
                self.upload_by_session(file, commit).await
            } else {
                self.upload_concurrently(file, commit).await
            };
            match uploaded {
                Err(error) if is_session_lost(&error) && tries < SESSIONS => tries += 1,
                uploaded => return uploaded.map_err(lost_each_time),
            }
        }
    }

    /// Uploads contents that are in memory.
    pub(crate) async fn upload_bytes(
        &self,
        bytes: Bytes,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let hash = PartHash::of(&bytes).content_hash();
        self.upload_whole(bytes, hash, commit).await
    }

    /// The same with its hash, in as many sessions as it takes.
    async fn upload_whole(
        &self,
        bytes: Bytes,
        hash: String,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let mut tries = 1;
        loop {
            let uploaded = self.try_whole(bytes.clone(), &hash, commit).await;
            match uploaded {
                Err(error) if is_session_lost(&error) && tries < SESSIONS => tries += 1,
                uploaded => return uploaded.map_err(lost_each_time),
            }
        }
    }

    async fn upload_at_once(&self, file: &LocalFile, commit: &CommitInfo) -> Result<FileMetadata> {
        let part = self.part(file, 0).await??;
        file.check_unchanged()?;
        self.upload_whole(part.bytes, part.hash.content_hash(), commit)
            .await
    }

    /// One call, or two where other changes are under way: the commit then waits with theirs, and holds up nobody's bytes.
    async fn try_whole(
        &self,
        bytes: Bytes,
        hash: &str,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let size = bytes.len() as u64;
        let Some(_turn) = self.turn_if_free() else {
            let session = self.start_with(&commit.path, bytes, hash, true).await?;
            return self
                .commit(Closed {
                    session,
                    size,
                    hash: hash.to_owned(),
                    commit: commit.clone(),
                })
                .await;
        };
        let argument = UploadArg {
            commit,
            content_hash: hash,
        };
        let outcome = self
            .send(&UPLOAD, &commit.path, Argument::of(&argument), bytes)
            .await;
        self.arrived(outcome, commit, size, hash).await
    }

    /// Reads a part in the background, when there is room in memory for it.
    fn part(&self, file: &LocalFile, offset: u64) -> JoinHandle<Result<Part>> {
        tokio::spawn(file.clone().part(offset, self.0.parts.clone()))
    }

    /// Checks the answer to a commit. After a commit whose answer got lost, looks whether the file is there.
    async fn arrived(
        &self,
        outcome: Outcome<FileMetadata>,
        commit: &CommitInfo,
        size: u64,
        hash: &str,
    ) -> Result<FileMetadata> {
        let metadata = match outcome.result {
            Err(error) if outcome.unsure && !error.is_retryable() => {
                self.unless_it_arrived(error, commit, hash).await?
            }
            result => result?,
        };
        check_arrived(metadata, commit, size, hash)
    }

    /// The error, unless an attempt whose answer got lost had put the file there.
    async fn unless_it_arrived(
        &self,
        error: Error,
        commit: &CommitInfo,
        hash: &str,
    ) -> Result<FileMetadata> {
        let path: RemotePath = commit.path.parse()?;
        match self.metadata_if_any(&path).await {
            Ok(Some(Metadata::File(file))) if file.content_hash.as_deref() == Some(hash) => {
                Ok(file)
            }
            Ok(_) => Err(error),
            // What is lost is begun anew, whether it had arrived or not: sent once more it is the same file.
            Err(_) if is_session_lost(&error) => Err(error),
            Err(unseen) => Err(unseen.with_hint(may_be_there(&commit.path))),
        }
    }
}

/// Compares what a commit made with what was sent.
fn check_arrived(
    metadata: FileMetadata,
    commit: &CommitInfo,
    size: u64,
    hash: &str,
) -> Result<FileMetadata> {
    let same = |remote: &str| remote == hash;
    if metadata.size == size && metadata.content_hash.as_deref().is_none_or(same) {
        return Ok(metadata);
    }
    let message = format!("what arrived at `{}` is not what was sent", commit.path);
    Err(Error::new(ErrorKind::Integrity, message)
        .with_path(&commit.path)
        .with_hint("upload it again, with `overwrite: \"always\"`"))
}

/// What became of a file that was to go with others.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It is there, and is what was sent.
    Committed(FileMetadata),
    /// It has to go by itself: it changed meanwhile, or the server does not take it with others.
    Alone,
}

fn is_session_lost(error: &Error) -> bool {
    let tag = error.tag().unwrap_or_default();
    matches!(
        tag.strip_prefix("lookup_failed/").unwrap_or(tag),
        "not_found" | "closed" | "incorrect_offset"
    )
}

/// What is lost each time that it is begun is a fault of the server, and passes.
pub(crate) fn lost_each_time(error: Error) -> Error {
    if !is_session_lost(&error) {
        return error;
    }
    let path = error.path().unwrap_or_default().to_owned();
    let message = format!("Dropbox lost the upload of `{path}` each time that it was begun");
    let told = Error::new(ErrorKind::Server, message)
        .with_path(path)
        .with_hint("nothing was changed there; try again later");
    let (tag, id) = (error.tag(), error.request_id());
    let (tag, id) = (tag.map(str::to_owned), id.map(str::to_owned));
    match error.status() {
        Some(status) => told.with_answer(status, tag, id),
        None => told,
    }
}

/// What to say where a change was made or was not, and nobody could look.
pub(super) fn may_be_there(path: &str) -> String {
    format!("what was to come to `{path}` may be there: run this again, which looks first")
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Error::new(ErrorKind::LocalIo, "a background task ended early").with_source(error)
    }
}
