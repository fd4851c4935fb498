//! Uploads of what another account has: streamed from server to server, with nothing on disk.

use bytes::{Buf, Bytes};

use super::super::Client;
use super::super::content_hash::{ContentHasher, PartHash};
use super::super::download::Download;
use super::commit::Closed;
use super::local_file::{PART, PART_SIZE, Part};
use super::memory::PartMemory;
use super::session::End;
use super::{SESSIONS, is_session_lost, lost_each_time};
use crate::api::files::{CommitInfo, FileMetadata};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// A file that went from one account to another.
#[derive(Debug)]
pub(crate) struct Carried {
    /// As it was read.
    pub(crate) source: FileMetadata,
    /// As it arrived.
    pub(crate) arrived: FileMetadata,
}

impl Client {
    /// Uploads the file that is at a path of `source`, part by part as it comes. `commit` says what becomes of it; `gone` is told how
    /// many bytes have gone.
    ///
    /// Nothing is committed unless the content hash of what came is that of the file.
    pub(crate) async fn upload_from(
        &self,
        source: &Client,
        path: &RemotePath,
        commit: impl Fn(&FileMetadata) -> CommitInfo,
        gone: impl Fn(u64),
    ) -> Result<Carried> {
        let mut tries = 1;
        loop {
            let download = source.download(path).await?;
            let metadata = download.metadata.clone();
            match self.carry(download, &commit(&metadata), &gone).await {
                Err(error)
                    if tries < SESSIONS
                        && (is_session_lost(&error) || error.kind() == ErrorKind::Integrity) =>
                {
                    tries += 1;
                }
                arrived => {
                    let arrived = arrived.map_err(lost_each_time)?;
                    return Ok(Carried {
                        source: metadata,
                        arrived,
                    });
                }
            }
        }
    }

    async fn carry(
        &self,
        download: Download,
        commit: &CommitInfo,
        gone: &impl Fn(u64),
    ) -> Result<FileMetadata> {
        let (path, size) = (commit.path.as_str(), download.metadata.size);
        let expected = download.metadata.content_hash.clone();
        let mut parts = Parts {
            left: size,
            rest: Bytes::new(),
            memory: self.0.parts.clone(),
            download,
        };
        let mut whole = ContentHasher::new();
        let mut part = parts.next().await?;
        whole.update_part(&part.hash);
        let hash = part.hash.content_hash();
        if parts.left == 0 {
            parts.ends().await?;
            check_source(path, expected.as_deref(), &hash)?;
            return self.upload_whole(part.bytes, hash, commit).await;
        }
        let mut offset = part.bytes.len() as u64;
        // The next part comes while this one goes. Whoever waits for room in memory holds none that it does not use.
        let begin = async move { self.start_with(path, part.bytes, &hash, false).await };
        let (session, next) = tokio::try_join!(begin, parts.next())?;
        part = next;
        while parts.left > 0 {
            gone(offset);
            whole.update_part(&part.hash);
            let (session, at) = (session.as_str(), offset);
            offset += part.bytes.len() as u64;
            let send = async move { self.append(path, session, at, &part, End::Open).await };
            let ((), next) = tokio::try_join!(send, parts.next())?;
            part = next;
        }
        parts.ends().await?;
        gone(offset);
        whole.update_part(&part.hash);
        let hash = whole.finish();
        check_source(path, expected.as_deref(), &hash)?;
        self.append(path, &session, offset, &part, End::Closed)
            .await?;
        drop(part);
        self.commit(Closed {
            session,
            size,
            hash,
            commit: commit.clone(),
        })
        .await
    }
}

/// A download, cut into parts.
struct Parts {
    download: Download,
    /// Bytes that came with the last part and belong to the next.
    rest: Bytes,
    /// How many bytes no part has yet.
    left: u64,
    memory: PartMemory,
}

impl Parts {
    /// The next part: full, unless it is the last.
    async fn next(&mut self) -> Result<Part> {
        let length = usize::try_from(self.left).map_or(PART_SIZE, |left| left.min(PART_SIZE));
        let mut buffer = self.memory.buffer(length).await;
        while buffer.bytes.len() < length {
            if self.rest.is_empty() {
                self.rest = self.download.chunk().await?.unwrap_or_default();
                if self.rest.is_empty() {
                    return Err(self.wrong("fewer bytes came than the file has"));
                }
            }
            let wanted = self.rest.len().min(length - buffer.bytes.len());
            buffer.bytes.extend_from_slice(&self.rest[..wanted]);
            self.rest.advance(wanted);
        }
        debug_assert!(length as u64 <= PART);
        self.left -= length as u64;
        let hash = move || Part {
            hash: PartHash::of(&buffer.bytes),
            bytes: buffer.into(),
        };
        Ok(tokio::task::spawn_blocking(hash).await?)
    }

    /// Sees to it that nothing comes after the last part.
    async fn ends(&mut self) -> Result<()> {
        if self.rest.is_empty() && self.download.chunk().await?.is_none() {
            return Ok(());
        }
        Err(self.wrong("more bytes came than the file has"))
    }

    fn wrong(&self, why: &str) -> Error {
        let path = &self.download.metadata.name;
        Error::new(
            ErrorKind::Integrity,
            format!("`{path}` cannot be copied: {why}"),
        )
    }
}

/// What came must be what the source says that it has.
fn check_source(path: &str, expected: Option<&str>, hash: &str) -> Result<()> {
    if expected.is_none_or(|expected| expected == hash) {
        return Ok(());
    }
    let message = format!("what came for `{path}` is not what Dropbox has");
    Err(Error::new(ErrorKind::Integrity, message).with_path(path))
}
