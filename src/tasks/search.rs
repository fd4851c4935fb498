//! Searching by words.

use super::{Item, SearchOptions, SearchOrder};
use crate::api::search::{SearchArg, SearchOptionsArg};
use crate::connection::Connection;
use crate::error::Result;
use crate::path::RemotePath;

/// The most matches that Dropbox puts into a page.
const PAGE: usize = 1_000;

impl Connection {
    /// What Dropbox finds by words in names and, where the account has that, in contents: 10,000 items at most. What was just uploaded
    /// may take a while to be found.
    ///
    /// # Errors
    /// `not_found` where the folder is not there; `invalid_argument` for a query without words.
    pub async fn search(&self, query: &str, options: SearchOptions) -> Result<Vec<Item>> {
        let folder: RemotePath = options.folder.parse()?;
        let extensions: Vec<String> = options
            .extensions
            .iter()
            .map(|extension| extension.trim_start_matches('.').to_owned())
            .collect();
        let most = options.limit.map_or(usize::MAX, usize::from);
        let search = SearchArg {
            query,
            options: SearchOptionsArg {
                path: folder.as_str(),
                max_results: most.min(PAGE),
                order_by: match options.order {
                    SearchOrder::Relevance => "relevance",
                    SearchOrder::Modified => "last_modified_time",
                },
                file_status: if options.deleted { "deleted" } else { "active" },
                filename_only: options.names_only,
                file_extensions: &extensions,
            },
        };
        let found = self.client().search(&search, most).await?;
        Ok(found.into_iter().map(Item::from).collect())
    }
}
