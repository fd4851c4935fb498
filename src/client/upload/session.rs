//! Upload sessions: begun, filled one part after the other, closed, and given to be committed.

use bytes::Bytes;
use serde::de::IgnoredAny;
use tokio::task::JoinHandle;

use super::super::Client;
use super::super::call::{Argument, Outcome};
use super::super::content_hash::{ContentHasher, PartHash};
use super::commit::Closed;
use super::local_file::{LocalFile, PART, Part};
use crate::api::files::{
    CommitInfo, FileMetadata, SessionAppendArg, SessionCursor, SessionStartArg, SessionStartResult,
};
use crate::api::{UPLOAD_SESSION_APPEND, UPLOAD_SESSION_START};
use crate::error::{Error, Result};

/// Whether a session ends with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Open,
    Closed,
    /// It does, and may have done so before.
    ClosedPerhaps,
}

impl Client {
    /// Sends a file one part after the other.
    pub(super) async fn upload_by_session(
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
        let session = self
            .start_with(path, part.bytes.clone(), &hash, false)
            .await?;
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
            self.append(path, &session, offset, &part, End::Open)
                .await?;
        }
        file.check_unchanged()?;
        self.append(path, &session, offset, &part, End::Closed)
            .await?;
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
    pub(super) async fn start_with(
        &self,
        path: &str,
        bytes: Bytes,
        hash: &str,
        close: bool,
    ) -> Result<String> {
        let argument = SessionStartArg {
            close,
            session_type: None,
            content_hash: Some(hash),
        };
        self.start(path, &argument, bytes).await
    }

    /// Begins a session that takes its parts in any order. It begins empty: Dropbox takes no bytes here.
    pub(super) async fn start_concurrent(&self, path: &str) -> Result<String> {
        let argument = SessionStartArg {
            close: false,
            session_type: Some("concurrent"),
            content_hash: None,
        };
        self.start(path, &argument, Bytes::new()).await
    }

    async fn start(
        &self,
        path: &str,
        argument: &SessionStartArg<'_>,
        bytes: Bytes,
    ) -> Result<String> {
        let outcome: Outcome<SessionStartResult> = self
            .send(&UPLOAD_SESSION_START, path, Argument::of(argument), bytes)
            .await;
        outcome.result.map(|result| result.session_id)
    }

    /// Appends a part. Where an earlier attempt got through in whole or in part, the server names the offset that it is at.
    pub(super) async fn append(
        &self,
        path: &str,
        session: &str,
        offset: u64,
        part: &Part,
        end: End,
    ) -> Result<()> {
        let close = end != End::Open;
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
            _ if (end == End::ClosedPerhaps || close && outcome.unsure)
                && error.tag() == Some("closed") =>
            {
                Ok(())
            }
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
}

/// Reading ahead ends with the upload that it is for.
struct AbortOnDrop(JoinHandle<Result<Part>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn correct_offset(error: &Error) -> Option<u64> {
    error.detail()?.get("correct_offset")?.as_u64()
}
