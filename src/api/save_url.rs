//! `files/save_url`: arguments and results.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::FileMetadata;

#[derive(Debug, Serialize)]
pub(crate) struct SaveUrlArg<'a> {
    pub(crate) path: &'a str,
    pub(crate) url: &'a str,
}

/// Of `save_url` and of asking after its job.
#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum SaveUrlStatus {
    AsyncJobId { async_job_id: String },
    InProgress,
    Complete(FileMetadata),
    Failed { failed: Value },
}
