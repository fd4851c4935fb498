//! `files/search_v2`.

use super::Client;
use super::call::Argument;
use crate::api::files::{CursorArg, Metadata};
use crate::api::search::{Found, SearchArg, SearchResult};
use crate::api::{SEARCH, SEARCH_CONTINUE};
use crate::error::Result;

impl Client {
    /// What Dropbox finds, so much at most; it ends a search by itself after 10,000.
    pub(crate) async fn search(
        &self,
        search: &SearchArg<'_>,
        most: usize,
    ) -> Result<Vec<Metadata>> {
        let about = Some(search.options.path);
        let mut found = Vec::new();
        let mut page: SearchResult = self.rpc(&SEARCH, about, Argument::of(search)).await?;
        loop {
            found.extend(
                page.matches
                    .into_iter()
                    .filter_map(|each| match each.metadata {
                        Found::Metadata { metadata } => Some(metadata),
                        Found::Other => None,
                    }),
            );
            let Some(cursor) = page.cursor.filter(|_| page.has_more && found.len() < most) else {
                break;
            };
            let argument = Argument::of(&CursorArg { cursor: &cursor });
            page = self.rpc(&SEARCH_CONTINUE, about, argument).await?;
        }
        found.truncate(most);
        Ok(found)
    }
}
