//! Downloads that note how far they came, so that a later run goes on with them.

use std::path::Path;

use super::unfinished::{DownloadTask, Partial};
use super::{Client, Kept, UnfinishedWork, Version};
use crate::api::DOWNLOAD;
use crate::error::Result;

impl Client {
    /// What an earlier run left of the download of this version to this place, whose path is told from the root on.
    pub(crate) async fn take_up_download(
        &self,
        source: &str,
        target: &Path,
        version: &Version,
    ) -> Result<Option<Partial>> {
        self.noted(source, target, version, |work, task| {
            work.take_up_download(&task)
        })
        .await
    }

    /// The file that such a download is to go to, noted for a later run; none where nothing is noted.
    pub(crate) async fn begin_download(
        &self,
        source: &str,
        target: &Path,
        version: &Version,
    ) -> Result<Option<Partial>> {
        self.noted(source, target, version, |work, task| {
            work.begin_download(&task)
        })
        .await
    }

    /// How much of the file that is to come to this place is on disk already.
    pub(crate) fn fetched(&self, target: &Path) -> u64 {
        let fetched = |kept: &Kept| Some(kept.work.fetched(target.to_str()?));
        self.0.kept.as_ref().and_then(fetched).unwrap_or_default()
    }

    /// Works with the database on a thread that may wait.
    async fn noted(
        &self,
        source: &str,
        target: &Path,
        version: &Version,
        work_on: impl FnOnce(UnfinishedWork, DownloadTask) -> Option<Partial> + Send + 'static,
    ) -> Result<Option<Partial>> {
        let (Some(kept), Some(target)) = (&self.0.kept, target.to_str()) else {
            return Ok(None);
        };
        let task = DownloadTask {
            account: self.kept_account(kept, &DOWNLOAD),
            source: source.to_owned(),
            target: target.to_owned(),
            rev: version.rev.clone(),
            size: version.size,
        };
        let work = kept.work.clone();
        Ok(tokio::task::spawn_blocking(move || work_on(work, task)).await?)
    }
}
