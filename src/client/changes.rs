//! What changed below a folder since a cursor, and waiting until something does.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Client;
use super::call::Argument;
use crate::api::changes::{CursorResult, LongpollArg, LongpollResult};
use crate::api::files::{CursorArg, ListFolderArg, ListFolderResult, Metadata};
use crate::api::{GET_LATEST_CURSOR, LIST_FOLDER, LIST_FOLDER_CONTINUE, LONGPOLL};
use crate::error::Result;
use crate::path::RemotePath;

/// The most entries that Dropbox puts into a page.
const PAGE: u32 = 2_000;

/// How long Dropbox waits for a change in one call.
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(480);
/// What it may add, so that not all ask again at once.
const JITTER: Duration = Duration::from_secs(90);

/// When the next longpoll may begin: Dropbox says so to all who ask for this account.
#[derive(Debug, Default)]
pub(super) struct Backoff(Mutex<Option<Instant>>);

impl Backoff {
    async fn over(&self) {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    fn begin(&self, wait: Duration) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One past the end of the clock would never be over.
        *until = (*until).max(Instant::now().checked_add(wait));
    }
}

impl Client {
    /// What changed below the folder since the cursor, or all that is there without one; and the next cursor.
    pub(crate) async fn changes(
        &self,
        folder: &RemotePath,
        cursor: Option<&str>,
    ) -> Result<(Vec<Metadata>, String)> {
        let path = folder.as_str();
        let mut page = self.page_of_changes(folder, cursor).await?;
        let mut entries = page.entries;
        while page.has_more {
            page = self.changes_page(path, &page.cursor).await?;
            entries.append(&mut page.entries);
        }
        Ok((entries, page.cursor))
    }

    /// The next page of what changed below the folder since the cursor, or the first one of all that is there.
    pub(crate) async fn page_of_changes(
        &self,
        folder: &RemotePath,
        cursor: Option<&str>,
    ) -> Result<ListFolderResult> {
        let path = folder.as_str();
        if let Some(cursor) = cursor {
            return self.changes_page(path, cursor).await;
        }
        let argument = Argument::of(&whole(path));
        self.rpc(&LIST_FOLDER, Some(path), argument).await
    }

    async fn changes_page(&self, path: &str, cursor: &str) -> Result<ListFolderResult> {
        let argument = Argument::of(&CursorArg { cursor });
        self.rpc(&LIST_FOLDER_CONTINUE, Some(path), argument).await
    }

    /// The cursor of what is below the folder now.
    pub(crate) async fn latest_cursor(&self, folder: &RemotePath) -> Result<String> {
        let path = folder.as_str();
        let argument = Argument::of(&whole(path));
        let result: CursorResult = self.rpc(&GET_LATEST_CURSOR, Some(path), argument).await?;
        Ok(result.cursor)
    }

    /// Waits for a change since the cursor, about so long; says whether there is one. Begins when the server's last backoff is over.
    pub(crate) async fn longpoll(
        &self,
        folder: &RemotePath,
        cursor: &str,
        wait: Duration,
    ) -> Result<bool> {
        let backoff = &self.0.longpoll_backoff;
        backoff.over().await;
        let argument = LongpollArg {
            cursor,
            timeout: wait.clamp(SHORTEST, LONGEST).as_secs(),
        };
        let wait = Duration::from_secs(argument.timeout) + JITTER;
        let (path, argument) = (Some(folder.as_str()), Argument::of(&argument));
        let result: LongpollResult = self.rpc_waiting(&LONGPOLL, path, argument, wait).await?;
        if let Some(seconds) = result.backoff {
            backoff.begin(Duration::from_secs(seconds));
        }
        Ok(result.changes)
    }
}

fn whole(path: &str) -> ListFolderArg<'_> {
    ListFolderArg {
        path,
        recursive: true,
        limit: Some(PAGE),
    }
}
