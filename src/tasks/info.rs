//! One item: what it is, and whether it is there.

use super::Item;
use crate::connection::Connection;
use crate::error::Result;
use crate::path::RemotePath;

impl Connection {
    /// What is at a path.
    ///
    /// # Errors
    /// `not_found` where nothing is there; `invalid_path`.
    pub async fn info(&self, path: &str) -> Result<Item> {
        let path: RemotePath = path.parse()?;
        if path.is_root() {
            return Ok(Item::root());
        }
        self.client().metadata(&path).await.map(Item::from)
    }

    /// Whether something is at a path.
    ///
    /// # Errors
    /// `invalid_path`, and whatever keeps it from being known.
    pub async fn exists(&self, path: &str) -> Result<bool> {
        let path: RemotePath = path.parse()?;
        Ok(path.is_root() || self.client().metadata_if_any(&path).await?.is_some())
    }
}
