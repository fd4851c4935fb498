//! `files/save_url`: Dropbox fetches a file itself.

use std::time::Duration;

use super::Client;
use super::call::Argument;
use crate::api::error::refused_entry;
use crate::api::files::{FileMetadata, JobArg};
use crate::api::save_url::{SaveUrlArg, SaveUrlStatus};
use crate::api::{SAVE_URL, SAVE_URL_STATUS};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// Between two questions after the job.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Client {
    /// Has Dropbox save what is at the address, and waits until it has. It gives up by itself after 15 minutes.
    pub(crate) async fn save_url(&self, path: &RemotePath, url: &str) -> Result<FileMetadata> {
        let shown = path.as_str();
        let argument = Argument::of(&SaveUrlArg { path: shown, url });
        // To ask again could save a second copy under another name.
        let mut status: SaveUrlStatus = self
            .rpc_once(&SAVE_URL, Some(shown), argument)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Server => error.with_hint(
                    "Dropbox may be saving it all the same: look at the path before you try again",
                ),
                _ => error,
            })?;
        let (mut job, mut pause) = (None, FIRST_PAUSE);
        loop {
            match status {
                SaveUrlStatus::Complete(file) => return Ok(file),
                SaveUrlStatus::Failed { failed } => {
                    return Err(refused_entry(&SAVE_URL, shown, failed));
                }
                SaveUrlStatus::AsyncJobId { async_job_id } => job = Some(async_job_id),
                SaveUrlStatus::InProgress => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            let async_job_id = job.as_deref().ok_or_else(|| {
                Error::new(ErrorKind::Server, "Dropbox began to save, and named no job")
                    .with_path(shown)
            })?;
            let argument = Argument::of(&JobArg { async_job_id });
            status = self.rpc(&SAVE_URL_STATUS, Some(shown), argument).await?;
        }
    }
}
