//! Downloads that go on where a broken connection left them.

use bytes::{Buf, Bytes};
use http::{StatusCode, header};

use super::Client;
use super::call::{Argument, Attempt};
use super::retry::Retries;
use crate::api::DOWNLOAD;
use crate::api::files::{FileMetadata, PathArg};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;
use crate::transport::Response;

/// The contents of one rev of a file, as they arrive.
#[derive(Debug)]
pub(crate) struct Download {
    client: Client,
    path: String,
    pub(crate) metadata: FileMetadata,
    answer: Response,
    /// How many bytes were handed over.
    at: u64,
    /// How many bytes of the answer come before that place.
    surplus: u64,
    retries: Retries,
}

impl Client {
    /// Begins to download a file.
    pub(crate) async fn download(&self, path: &RemotePath) -> Result<Download> {
        let (metadata, answer) = self
            .fetch(
                &DOWNLOAD,
                path.as_str(),
                Argument::of(&PathArg {
                    path: path.as_str(),
                }),
                0,
            )
            .await?;
        Ok(Download {
            client: self.clone(),
            path: path.to_string(),
            metadata,
            answer,
            at: 0,
            surplus: 0,
            retries: Retries::new(),
        })
    }
}

impl Download {
    /// The next bytes; `None` when all of the file was handed over.
    ///
    /// Where the connection breaks the rest is asked for, of the very rev that was begun with.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            let attempt = match self.answer.chunk().await {
                Ok(Some(chunk)) => match self.take(chunk) {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => continue,
                },
                Ok(None) if self.at == self.metadata.size => return Ok(None),
                Ok(None) if self.at > self.metadata.size => {
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
        self.at += chunk.len() as u64;
        (!chunk.is_empty()).then(|| {
            // What arrives shows that the server is there: the next break gets all its retries.
            self.retries = Retries::new();
            chunk
        })
    }

    async fn resume(&mut self) -> Result<()> {
        let rev = format!("rev:{}", self.metadata.rev);
        let (metadata, answer) = self
            .client
            .fetch::<FileMetadata>(
                &DOWNLOAD,
                &rev,
                Argument::of(&PathArg { path: &rev }),
                self.at,
            )
            .await?;
        if metadata.rev != self.metadata.rev || metadata.content_hash != self.metadata.content_hash
        {
            return Err(self.wrong("it changed while it was downloaded"));
        }
        self.surplus = match answer.status() {
            StatusCode::PARTIAL_CONTENT if first_byte(&answer) == Some(self.at) => 0,
            StatusCode::PARTIAL_CONTENT => {
                return Err(self.wrong("the server sent another part than was asked for"));
            }
            // A server without ranges sends all again.
            _ => self.at,
        };
        self.answer = answer;
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
