//! Uploads: one call for a small file, an upload session for a large one.

use bytes::Bytes;
use serde::de::IgnoredAny;
use tokio::task::JoinHandle;

mod local_file;
mod memory;

pub(crate) use local_file::{LocalFile, PART, Part, Stamp};
pub(crate) use memory::PartMemory;

use super::Client;
use super::call::{Argument, Outcome};
use super::content_hash::{ContentHasher, PartHash};
use crate::api::files::{
    CommitInfo, FileMetadata, Metadata, SessionAppendArg, SessionCursor, SessionFinishArg,
    SessionStartArg, SessionStartResult, UploadArg,
};
use crate::api::{UPLOAD, UPLOAD_SESSION_APPEND, UPLOAD_SESSION_FINISH, UPLOAD_SESSION_START};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

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

    /// Uploads contents that are in memory, in one call.
    pub(crate) async fn upload_bytes(
        &self,
        bytes: Bytes,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let mut hasher = ContentHasher::new();
        hasher.update(&bytes);
        let (hash, size) = (hasher.finish(), bytes.len() as u64);
        let argument = UploadArg {
            commit,
            content_hash: &hash,
        };
        let outcome = self
            .send(&UPLOAD, &commit.path, Argument::of(&argument), bytes)
            .await;
        self.arrived(outcome, commit, size, &hash).await
    }

    async fn upload_at_once(&self, file: &LocalFile, commit: &CommitInfo) -> Result<FileMetadata> {
        let part = self.part(file, 0).await??;
        file.check_unchanged()?;
        let hash = part.hash.content_hash();
        let argument = UploadArg {
            commit,
            content_hash: &hash,
        };
        let outcome = self
            .send(
                &UPLOAD,
                &commit.path,
                Argument::of(&argument),
                part.bytes.clone(),
            )
            .await;
        self.arrived(outcome, commit, file.stamp().size, &hash)
            .await
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
        let argument = SessionStartArg {
            close: false,
            content_hash: &hash,
        };
        let session: SessionStartResult = self
            .send(
                &UPLOAD_SESSION_START,
                path,
                Argument::of(&argument),
                part.bytes.clone(),
            )
            .await
            .result?;
        let session = session.session_id.as_str();
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
            self.append(path, session, offset, &part).await?;
        }
        file.check_unchanged()?;
        whole.update_part(&part.hash);
        let hash = part.hash.content_hash();
        let argument = SessionFinishArg {
            cursor: SessionCursor {
                session_id: session,
                offset,
            },
            commit,
            content_hash: &hash,
        };
        let outcome = self
            .send(
                &UPLOAD_SESSION_FINISH,
                path,
                Argument::of(&argument),
                part.bytes.clone(),
            )
            .await;
        self.arrived(outcome, commit, size, &whole.finish()).await
    }

    /// Appends a part. Where an earlier attempt got through in whole or in part, the server names the offset that it is at.
    async fn append(&self, path: &str, session: &str, offset: u64, part: &Part) -> Result<()> {
        let hash = part.hash.content_hash();
        let outcome = self
            .append_at(path, session, offset, &hash, part.bytes.clone())
            .await;
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
                self.append_at(path, session, offset + arrived, &hash, rest)
                    .await
                    .result
                    .map(drop)
            }
            _ => Err(error),
        }
    }

    async fn append_at(
        &self,
        path: &str,
        session: &str,
        offset: u64,
        hash: &str,
        bytes: Bytes,
    ) -> Outcome<IgnoredAny> {
        let cursor = SessionCursor {
            session_id: session,
            offset,
        };
        let argument = SessionAppendArg {
            cursor,
            close: false,
            content_hash: hash,
        };
        self.send(&UPLOAD_SESSION_APPEND, path, Argument::of(&argument), bytes)
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
        if metadata.size == size
            && metadata
                .content_hash
                .as_deref()
                .is_none_or(|remote| remote == hash)
        {
            return Ok(metadata);
        }
        let message = format!("what arrived at `{}` is not what was sent", commit.path);
        Err(Error::new(ErrorKind::Integrity, message)
            .with_path(&commit.path)
            .with_hint("upload it again, with `overwrite: \"always\"`"))
    }

    async fn look(&self, commit: &CommitInfo) -> Option<FileMetadata> {
        let path: RemotePath = commit.path.parse().ok()?;
        match self.metadata(&path).await.ok()? {
            Metadata::File(file) => Some(file),
            Metadata::Folder(_) | Metadata::Deleted(_) => None,
        }
    }
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
