//! Large uploads: parts of a concurrent session, several of them on their way at a time.

use futures_util::{StreamExt as _, stream};

use super::super::Client;
use super::super::content_hash::{PartHash, PartsHash};
use super::commit::Closed;
use super::local_file::{LocalFile, PART, PART_SIZE};
use super::memory::PARTS;
use crate::api::files::{CommitInfo, FileMetadata};
use crate::error::Result;

/// From this size on it pays: to begin and to close such a session takes a call more than to send one part after the other.
pub(super) const FROM: u64 = 4 * PART;

impl Client {
    /// Sends a file of several parts, in whatever order they get through.
    pub(super) async fn upload_concurrently(
        &self,
        file: &LocalFile,
        commit: &CommitInfo,
    ) -> Result<FileMetadata> {
        let size = file.stamp().size;
        let session = self.start_concurrent(&commit.path).await?;
        // What closes the session comes last: whether it takes more afterwards is not said anywhere.
        let last = (size - 1) / PART * PART;
        let mut whole = PartsHash::default();
        let parts = stream::iter((0..last).step_by(PART_SIZE));
        let mut sent = parts
            .map(|offset| self.send_part(file, &commit.path, &session, offset, false))
            .buffer_unordered(PARTS);
        while let Some(part) = sent.next().await {
            let (offset, hash) = part?;
            whole.add(offset, PART, hash);
        }
        drop(sent);
        file.check_unchanged()?;
        let (offset, hash) = self
            .send_part(file, &commit.path, &session, last, true)
            .await?;
        whole.add(offset, size - last, hash);
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
        file: &LocalFile,
        path: &str,
        session: &str,
        offset: u64,
        close: bool,
    ) -> Result<(u64, PartHash)> {
        let part = file.clone().part(offset, self.0.parts.clone()).await?;
        self.append(path, session, offset, &part, close).await?;
        Ok((offset, part.hash))
    }
}
