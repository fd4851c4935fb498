//! Uploads: one call for a small file, an upload session for a large one.

use bytes::Bytes;
use serde::de::IgnoredAny;
use tokio::task::JoinHandle;

mod commit;
mod local_file;
mod memory;
mod small;
mod stream;

pub(crate) use commit::Commits;
pub(crate) use local_file::{LocalFile, PART, Part, Stamp};
pub(crate) use memory::PartMemory;
pub(crate) use small::SmallFiles;

use super::Client;
use super::call::{Argument, Outcome};
use super::content_hash::{ContentHasher, PartHash};
use crate::api::files::{
    CommitInfo, FileMetadata, Metadata, SessionAppendArg, SessionCursor, SessionStartArg,
    SessionStartResult, UploadArg,
};
use crate::api::{UPLOAD, UPLOAD_SESSION_APPEND, UPLOAD_SESSION_START};
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
            match self.upload_by_session(file, commit).await {
                Err(error) if is_session_lost(&error) && tries < SESSIONS => tries += 1,
                uploaded => return uploaded,
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

    async fn upload_at_once(&self, file: &LocalFile, commit: &CommitInfo) -> Result<FileMetadata> {
        let part = self.part(file, 0).await??;
        file.check_unchanged()?;
        self.upload_whole(part.bytes, part.hash.content_hash(), commit)
            .await
    }

    /// One call, or two where other changes are under way: the commit then waits with theirs, and holds up nobody's bytes.
    async fn upload_whole(
        &self,
        bytes: Bytes,
        hash: String,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let size = bytes.len() as u64;
        let Some(_turn) = self.view().commits.turn_if_free() else {
            let session = self.start(&commit.path, bytes, &hash, true).await?;
            let commit = commit.clone();
            return self
                .commit(Closed {
                    session,
                    size,
                    hash,
                    commit,
                })
                .await;
        };
        let argument = UploadArg {
            commit,
            content_hash: &hash,
        };
        let outcome = self
            .send(&UPLOAD, &commit.path, Argument::of(&argument), bytes)
            .await;
        self.arrived(outcome, commit, size, &hash).await
    }

    async fn upload_by_session(
        &self,
        file: &LocalFile,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let path = commit.path.as_str();
        let size = file.stamp().size;
        let mut whole = ContentHasher::new();
        let mut part = self.part(file, 0).await??;
        // The next part is read and hashed while this one is on its way.
        let mut following = AbortOnDrop(self.part(file, PART));
        let hash = part.hash.content_hash();
        let session = self.start(path, part.bytes.clone(), &hash, false).await?;
        let mut offset = 0;
        loop {
            whole.update_part(&part.hash);
            offset += part.bytes.len() as u64;
            // Gives its room in memory back before the next part is waited for.
            drop(part);
            part = (&mut following.0).await??;
            let end = offset + part.bytes.len() as u64;
            if end == size {
                break;
            }
            following = AbortOnDrop(self.part(file, end));
            self.append(path, &session, offset, &part, false).await?;
        }
        file.check_unchanged()?;
        self.append(path, &session, offset, &part, true).await?;
        whole.update_part(&part.hash);
        drop(part);
        self.commit(Closed {
            session,
            size,
            hash: whole.finish(),
            commit: commit.clone(),
        })
        .await
    }

    /// Begins a session with its first bytes; one that is closed takes no more.
    async fn start(&self, path: &str, bytes: Bytes, hash: &str, close: bool) -> Result<String> {
        let argument = SessionStartArg {
            close,
            content_hash: hash,
        };
        let outcome: Outcome<SessionStartResult> = self
            .send(&UPLOAD_SESSION_START, path, Argument::of(&argument), bytes)
            .await;
        outcome.result.map(|result| result.session_id)
    }

    /// Appends a part. Where an earlier attempt got through in whole or in part, the server names the offset that it is at.
    async fn append(
        &self,
        path: &str,
        session: &str,
        offset: u64,
        part: &Part,
        close: bool,
    ) -> Result<()> {
        let hash = part.hash.content_hash();
        let bytes = part.bytes.clone();
        let at = SessionAppendArg {
            cursor: SessionCursor {
                session_id: session,
                offset,
            },
            close,
            content_hash: &hash,
        };
        let outcome = self.append_at(path, &at, bytes).await;
        let Err(error) = outcome.result else {
            return Ok(());
        };
        let length = part.bytes.len() as u64;
        match correct_offset(&error).and_then(|correct| correct.checked_sub(offset)) {
            Some(arrived) if arrived == length => Ok(()),
            Some(arrived) if arrived < length => {
                let rest = part
                    .bytes
                    .slice(usize::try_from(arrived).expect("less than a part")..);
                let hash = PartHash::of(&rest).content_hash();
                let at = SessionAppendArg {
                    cursor: SessionCursor {
                        session_id: session,
                        offset: offset + arrived,
                    },
                    content_hash: &hash,
                    ..at
                };
                self.append_at(path, &at, rest).await.result.map(drop)
            }
            // The try whose answer got lost had closed it; whether all is there the commit tells.
            _ if close && outcome.unsure && error.tag() == Some("closed") => Ok(()),
            _ => Err(error),
        }
    }

    async fn append_at(
        &self,
        path: &str,
        at: &SessionAppendArg<'_>,
        bytes: Bytes,
    ) -> Outcome<IgnoredAny> {
        self.send(&UPLOAD_SESSION_APPEND, path, Argument::of(at), bytes)
            .await
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
                match self.look(commit).await {
                    Some(metadata) if metadata.content_hash.as_deref() == Some(hash) => metadata,
                    _ => return Err(error),
                }
            }
            result => result?,
        };
        check_arrived(metadata, commit, size, hash)
    }

    async fn look(&self, commit: &CommitInfo) -> Option<FileMetadata> {
        let path: RemotePath = commit.path.parse().ok()?;
        match self.metadata(&path).await.ok()? {
            Metadata::File(file) => Some(file),
            Metadata::Folder(_) | Metadata::Deleted(_) => None,
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

/// Reading ahead ends with the upload that it is for.
struct AbortOnDrop(JoinHandle<Result<Part>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn is_session_lost(error: &Error) -> bool {
    let tag = error.tag().unwrap_or_default();
    matches!(
        tag.strip_prefix("lookup_failed/").unwrap_or(tag),
        "not_found" | "closed" | "incorrect_offset"
    )
}

fn correct_offset(error: &Error) -> Option<u64> {
    error.detail()?.get("correct_offset")?.as_u64()
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Error::new(ErrorKind::LocalIo, "a background task ended early").with_source(error)
    }
}
