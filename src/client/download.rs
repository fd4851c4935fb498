//! Downloads that go on where a broken connection left them.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::{StatusCode, header};
use jiff::Timestamp;

use super::Client;
use super::call::{Argument, Attempt, Span};
use super::filling::{Filling, Keep};
use super::retry::Retries;
use super::upload::Part;
use crate::api::DOWNLOAD;
use crate::api::files::{FileMetadata, PathArg};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;
use crate::transport::Response;

/// The contents of one rev of a file, or a part of them, as they arrive.
#[derive(Debug)]
pub(crate) struct Download {
    client: Client,
    path: String,
    pub(crate) metadata: FileMetadata,
    answer: Response,
    /// How far the bytes are handed over.
    at: u64,
    /// Where those that are wanted end.
    end: u64,
    /// How many bytes of the answer come before that place.
    surplus: u64,
    retries: Retries,
}

/// A version of a file: what all parts of a download are of.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) rev: String,
    pub(crate) hash: Option<String>,
    pub(crate) size: u64,
    /// When the contents were made (`client_modified`).
    pub(crate) modified: Timestamp,
}

impl Client {
    /// Begins to download a file.
    pub(crate) async fn download(&self, path: &RemotePath) -> Result<Download> {
        self.begin(path.as_str(), path.as_str(), Span::ALL).await
    }

    /// Begins to download a file of which only the first bytes are wanted for now. Where the server sends no parts, it is the whole.
    pub(crate) async fn download_first(&self, path: &RemotePath, length: u64) -> Result<Download> {
        let span = Span {
            start: 0,
            end: Some(length),
        };
        let mut first = self.begin(path.as_str(), path.as_str(), span).await?;
        if first.answer.status() != StatusCode::PARTIAL_CONTENT {
            return Ok(first);
        }
        if first_byte(&first.answer) != Some(0) {
            // Whatever that is, it is not what was asked for.
            return self.download(path).await;
        }
        first.end = length.min(first.metadata.size);
        Ok(first)
    }

    /// Downloads a part of this version of a file, as soon as there is room for it in memory; of what was kept of it only the rest.
    pub(crate) async fn download_part(
        &self,
        path: &RemotePath,
        whole: &Version,
        part: Range<u64>,
        keep: Option<Arc<dyn Keep>>,
    ) -> Result<Part> {
        let buffer = self.0.parts.buffer(length(&part)).await;
        let filling = Filling::taken_up(buffer, part.clone(), keep).await?;
        let start = part.start + filling.length();
        if start == part.end {
            return filling.finish().await;
        }
        let span = Span {
            start,
            end: Some(part.end),
        };
        let rev = format!("rev:{}", whole.rev);
        let mut download = self.begin(&rev, path.as_str(), span).await?;
        (download.at, download.end) = (start, part.end);
        download.check_answer(whole)?;
        download.read_into(filling).await
    }

    async fn begin(&self, source: &str, path: &str, span: Span) -> Result<Download> {
        let argument = Argument::of(&PathArg { path: source });
        let (metadata, answer): (FileMetadata, _) =
            self.fetch(&DOWNLOAD, path, argument, span).await?;
        Ok(Download {
            client: self.clone(),
            path: path.to_owned(),
            end: metadata.size,
            metadata,
            answer,
            at: 0,
            surplus: 0,
            retries: Retries::new(),
        })
    }
}

impl Download {
    /// Whether it is the whole file, to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == self.metadata.size
    }

    /// All that is wanted, in memory, and its hash.
    pub(crate) async fn into_part(self, keep: Option<Arc<dyn Keep>>) -> Result<Part> {
        let memory = self.client.0.parts.clone();
        let buffer = memory.buffer(length(&(self.at..self.end))).await;
        let filling = Filling::new(buffer, self.at, keep);
        self.read_into(filling).await
    }

    async fn read_into(mut self, mut filling: Filling) -> Result<Part> {
        while let Some(bytes) = self.chunk().await? {
            filling = filling.add(&bytes).await?;
        }
        filling.finish().await
    }

    /// The next bytes; `None` when all that is wanted was handed over.
    ///
    /// Where the connection breaks the rest is asked for, of the very rev that was begun with.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.at == self.end && !self.is_whole() {
                return Ok(None);
            }
            let attempt = match self.answer.chunk().await {
                Ok(Some(chunk)) => match self.take(chunk) {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => continue,
                },
                Ok(None) if self.at == self.end => return Ok(None),
                Ok(None) if self.at > self.end => {
                    return Err(self.wrong("more bytes came than the file has"));
                }
                Ok(None) => Attempt::sure(Error::new(
                    ErrorKind::Network,
                    format!("the download of `{}` ended early", self.path),
                )),
                Err(failure) => Attempt::sure(failure.into_error(&self.client.server(&DOWNLOAD))),
            };
            let attempt = Attempt {
                error: attempt.error.with_path(&self.path),
                ..attempt
            };
            self.client
                .pause_or_give_up(&mut self.retries, attempt)
                .await?;
            self.resume().await?;
        }
    }

    fn take(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let known = usize::try_from(self.surplus)
            .unwrap_or(usize::MAX)
            .min(chunk.len());
        chunk.advance(known);
        self.surplus -= known as u64;
        if !self.is_whole() {
            // A server without ranges sends more than was asked for.
            chunk.truncate(length(&(self.at..self.end)));
        }
        self.at += chunk.len() as u64;
        (!chunk.is_empty()).then(|| {
            // What arrives shows that the server is there: the next break gets all its retries.
            self.retries = Retries::new();
            chunk
        })
    }

    async fn resume(&mut self) -> Result<()> {
        let rev = format!("rev:{}", self.metadata.rev);
        let span = Span {
            start: self.at,
            end: Some(self.end).filter(|_| !self.is_whole()),
        };
        let argument = Argument::of(&PathArg { path: &rev });
        let (metadata, answer) = self.client.fetch(&DOWNLOAD, &rev, argument, span).await?;
        let whole = std::mem::replace(&mut self.metadata, metadata);
        self.answer = answer;
        self.check_answer(&Version::from(&whole))
    }

    /// Checks that what comes is of the file that was begun with, and finds the place from which on it is wanted.
    fn check_answer(&mut self, whole: &Version) -> Result<()> {
        if self.metadata.rev != whole.rev || self.metadata.content_hash != whole.hash {
            return Err(self.wrong("it changed while it was downloaded"));
        }
        self.surplus = match self.answer.status() {
            StatusCode::PARTIAL_CONTENT if first_byte(&self.answer) == Some(self.at) => 0,
            StatusCode::PARTIAL_CONTENT => {
                return Err(self.wrong("the server sent another part than was asked for"));
            }
            // A server without ranges sends all again.
            _ => self.at,
        };
        Ok(())
    }

    fn wrong(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::Integrity,
            format!("the download of `{}` is not usable: {why}", self.path),
        )
        .with_path(&self.path)
    }
}

impl From<&FileMetadata> for Version {
    fn from(metadata: &FileMetadata) -> Self {
        Self {
            rev: metadata.rev.clone(),
            hash: metadata.content_hash.clone(),
            size: metadata.size,
            modified: metadata.client_modified,
        }
    }
}

/// How many bytes a part has, which all fit into memory.
fn length(part: &Range<u64>) -> usize {
    usize::try_from(part.end - part.start).expect("a part fits into memory")
}

/// Of `Content-Range: bytes 7-41/42` the 7.
fn first_byte(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .parse()
        .ok()
}
