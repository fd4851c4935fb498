//! Large uploads: parts of a concurrent session, several of them on their way at a time.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};

use super::super::Client;
use super::super::content_hash::{PartHash, PartsHash};
use super::super::unfinished::{Begun, Note, Task, UnfinishedWork};
use super::commit::Closed;
use super::local_file::{LocalFile, PART, PART_SIZE, Part};
use super::memory::PARTS;
use super::session::End;
use crate::api::UPLOAD_SESSION_APPEND;
use crate::api::files::{CommitInfo, FileMetadata};
use crate::error::Result;

/// From this size on it pays: to begin and to close such a session takes a call more than to send one part after the other.
pub(super) const FROM: u64 = 4 * PART;

impl Client {
    /// Sends a file of several parts, in whatever order they get through. Where an earlier process left the same upload unfinished, only
    /// what it did not send is sent.
    pub(super) async fn upload_concurrently(
        &self,
        file: &LocalFile,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let begun = match self.take_up(file, &commit.path).await? {
            Some(begun) => begun,
            None => self.begin_concurrent(file, &commit.path).await?,
        };
        let note = begun.note.clone();
        let uploaded = self.send_rest(file, commit, begun).await;
        let again = matches!(&uploaded, Err(error) if error.is_retryable());
        // Otherwise it is done, or would fail again.
        noted(move || if again { note.release() } else { note.over() }).await?;
        uploaded
    }

    async fn begin_concurrent(&self, file: &LocalFile, path: &str) -> Result<Begun> {
        let session = self.start_concurrent(path).await?;
        let note = match self.task(file, path) {
            Some((work, task)) => {
                let session = session.clone();
                noted(move || work.begin(&task, &session)).await?
            }
            None => Note::default(),
        };
        Ok(Begun {
            session,
            parts: Vec::new(),
            note,
        })
    }

    /// What an earlier process left of this upload, as far as what it sent is what the file holds.
    async fn take_up(&self, file: &LocalFile, path: &str) -> Result<Option<Begun>> {
        let Some((work, task)) = self.task(file, path) else {
            return Ok(None);
        };
        let Some(begun) = noted(move || work.take_up(&task)).await? else {
            return Ok(None);
        };
        let mut read = stream::iter(&begun.parts)
            .map(|(offset, sent)| self.is_as_sent(file, *offset, sent))
            .buffer_unordered(PARTS);
        while let Some(same) = read.next().await {
            if !same? {
                drop(read);
                let note = begun.note.clone();
                noted(move || note.over()).await?;
                return Ok(None);
            }
        }
        drop(read);
        Ok(Some(begun))
    }

    async fn is_as_sent(&self, file: &LocalFile, offset: u64, sent: &PartHash) -> Result<bool> {
        let part = file.clone().part(offset, self.0.parts.clone()).await?;
        Ok(part.hash == *sent)
    }

    /// What names this upload where what is unfinished is kept.
    fn task(&self, file: &LocalFile, path: &str) -> Option<(UnfinishedWork, Task)> {
        let kept = self.0.kept.as_ref()?;
        let task = Task {
            account: self.kept_account(kept, &UPLOAD_SESSION_APPEND),
            source: file.absolute_path().to_string_lossy().into_owned(),
            target: path.to_owned(),
            version: file.version().to_owned(),
            size: file.stamp().size,
        };
        Some((kept.work.clone(), task))
    }

    async fn send_rest(
        &self,
        file: &LocalFile,
        commit: &CommitInfo,
        begun: Begun,
    ) -> Result<FileMetadata> {
        let Begun {
            session,
            parts,
            note,
        } = begun;
        let size = file.stamp().size;
        // What closes the session comes last: whether it takes more afterwards is not said anywhere.
        let last = (size - 1) / PART * PART;
        let goes_on = !parts.is_empty();
        let there: HashSet<u64> = parts.iter().map(|(offset, _)| *offset).collect();
        let mut whole = PartsHash::default();
        for (offset, hash) in parts {
            whole.add(offset, PART.min(size - offset), hash);
        }
        let sending = Sending {
            file,
            path: &commit.path,
            session: &session,
            note: &note,
        };
        let missing = (0..last).step_by(PART_SIZE);
        let mut sent = stream::iter(missing.filter(|offset| !there.contains(offset)))
            .map(|offset| self.send_part(&sending, offset, End::Open))
            .buffer_unordered(PARTS);
        while let Some(part) = sent.next().await {
            let (offset, hash) = part?;
            whole.add(offset, PART, hash);
        }
        drop(sent);
        file.check_unchanged()?;
        if !there.contains(&last) {
            let end = if goes_on {
                End::ClosedPerhaps
            } else {
                End::Closed
            };
            let (offset, hash) = self.send_part(&sending, last, end).await?;
            whole.add(offset, size - last, hash);
        }
        self.commit(Closed {
            session,
            size,
            hash: whole.finish(),
            commit: commit.clone(),
        })
        .await
    }

    async fn send_part(
        &self,
        sending: &Sending<'_>,
        offset: u64,
        end: End,
    ) -> Result<(u64, PartHash)> {
        let Sending {
            file,
            path,
            session,
            note,
        } = *sending;
        let part = file.clone().part(offset, self.0.parts.clone()).await?;
        self.append(path, session, offset, &part, end).await?;
        let Part { bytes, hash } = part;
        let length = bytes.len() as u64;
        // Gives its room in memory back.
        drop(bytes);
        let note = note.clone();
        let hash = noted(move || {
            note.sent(offset, length, &hash);
            hash
        })
        .await?;
        Ok((offset, hash))
    }
}

/// What all parts of an upload have in common.
struct Sending<'a> {
    file: &'a LocalFile,
    path: &'a str,
    session: &'a str,
    note: &'a Note,
}

/// Works with the database on a thread that may wait.
async fn noted<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
