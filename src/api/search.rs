//! `files/search_v2`: argument and result.

use serde::{Deserialize, Serialize};

use super::files::Metadata;

#[derive(Debug, Serialize)]
pub(crate) struct SearchArg<'a> {
    pub(crate) query: &'a str,
    pub(crate) options: SearchOptionsArg<'a>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SearchOptionsArg<'a> {
    /// `""` is everywhere.
    pub(crate) path: &'a str,
    /// Of a page: 1 to 1,000.
    pub(crate) max_results: usize,
    pub(crate) order_by: &'static str,
    pub(crate) file_status: &'static str,
    pub(crate) filename_only: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) file_extensions: &'a [String],
}

#[derive(Debug, Deserialize)]
pub(crate) struct SearchResult {
    pub(crate) matches: Vec<Match>,
    pub(crate) has_more: bool,
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Match {
    pub(crate) metadata: Found,
}

#[derive(Debug, Deserialize)]
#[serde(tag = ".tag", rename_all = "snake_case")]
pub(crate) enum Found {
    Metadata {
        metadata: Metadata,
    },
    /// Something that is no file or folder.
    #[serde(other)]
    Other,
}
