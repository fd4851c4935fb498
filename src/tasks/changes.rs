//! What changed in a folder at Dropbox, and waiting for it.

use std::time::Duration;

use tokio::time::Instant;

use super::Item;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::path::RemotePath;

/// What changed below a folder.
#[derive(Debug, Clone)]
pub struct RemoteChanges {
    /// What is there now and was not before, or was another; and what is gone, as items of the kind deleted: a folder that is gone is one
    /// item, whatever was in it.
    pub items: Vec<Item>,
    /// Where the next question begins. It can be kept for later.
    pub cursor: String,
    /// Whether the time was up before anything changed.
    pub timed_out: bool,
}

impl Connection {
    /// What changed below a folder since a cursor; without one all that is there.
    ///
    /// # Errors
    /// `conflict` with the tag `reset` where Dropbox has dropped the cursor: then all has to be looked at anew, without it.
    pub async fn changes(&self, folder: &str, cursor: Option<&str>) -> Result<RemoteChanges> {
        let folder: RemotePath = folder.parse()?;
        self.changes_in(&folder, cursor).await
    }

    /// Waits until something changes below a folder, since a cursor or from now on. Without a timeout it waits for as long as it takes.
    ///
    /// # Errors
    /// As [`changes`](Connection::changes).
    pub async fn wait_for_changes(
        &self,
        folder: &str,
        cursor: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<RemoteChanges> {
        let path: RemotePath = folder.parse()?;
        // A time past the end of the clock is none.
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut cursor = match cursor {
            Some(cursor) => cursor.to_owned(),
            None => self.client().latest_cursor(&path).await?,
        };
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let asked = self
                .client()
                .longpoll(&path, &cursor, left.unwrap_or(Duration::MAX));
            let changed = match end {
                None => asked.await,
                Some(end) => match tokio::time::timeout_at(end, asked).await {
                    Ok(changed) => changed,
                    Err(_) => {
                        return Ok(RemoteChanges {
                            items: Vec::new(),
                            cursor,
                            timed_out: true,
                        });
                    }
                },
            };
            if changed.map_err(begin_anew)? {
                let found = self.changes_in(&path, Some(&cursor)).await?;
                if !found.items.is_empty() {
                    return Ok(found);
                }
                cursor = found.cursor;
            }
        }
    }

    async fn changes_in(&self, folder: &RemotePath, cursor: Option<&str>) -> Result<RemoteChanges> {
        let changes = self.client().changes(folder, cursor).await;
        let (entries, cursor) = changes.map_err(begin_anew)?;
        Ok(RemoteChanges {
            items: entries.into_iter().map(Item::from).collect(),
            cursor,
            timed_out: false,
        })
    }
}

fn begin_anew(error: Error) -> Error {
    if error.tag() == Some("reset") {
        return error.with_hint("call `changes` without a cursor: it gives all that is there now");
    }
    error
}
