//! The way out: any rpc route of Dropbox, by its name.

use serde_json::Value;

use crate::api::Effect;
use crate::api::routes::named;
use crate::connection::Connection;
use crate::error::Result;

impl Connection {
    /// Calls an rpc route by its name, as `files/get_metadata`, with this argument, and gives its answer. One that may change something
    /// is not repeated where its answer got lost.
    ///
    /// # Errors
    /// `unsupported` for a route with contents; what the route answers with.
    pub async fn request(&self, route: &str, argument: &Value) -> Result<Value> {
        self.client().request(route, argument).await
    }

    /// Calls a route that answers in pages, and follows its cursors; gives what is in this field of all pages.
    ///
    /// # Errors
    /// As [`request`](Connection::request); `invalid_argument` where the answer has no such list.
    pub async fn request_all(
        &self,
        route: &str,
        argument: &Value,
        field: &str,
    ) -> Result<Vec<Value>> {
        self.client().request_all(route, argument, field).await
    }

    /// Whether a route may change something at Dropbox.
    pub(crate) fn may_change(route: &str) -> Result<bool> {
        Ok(named(route)?.effect != Effect::Reads)
    }
}
