//! `files/list_folder/longpoll` and `get_latest_cursor`: arguments and results.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
pub(crate) struct LongpollArg<'a> {
    pub(crate) cursor: &'a str,
    /// Seconds: 30 to 480. The server adds up to 90 of its own.
    pub(crate) timeout: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LongpollResult {
    pub(crate) changes: bool,
    /// Seconds to wait before the next.
    pub(crate) backoff: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CursorResult {
    pub(crate) cursor: String,
}
