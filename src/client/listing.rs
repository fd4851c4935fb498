//! Listing by cursor.

use futures_util::future::BoxFuture;

use super::Client;
use super::call::Argument;
use crate::api::files::{CursorArg, ListFolderArg, ListFolderResult, Metadata};
use crate::api::{LIST_FOLDER, LIST_FOLDER_CONTINUE};
use crate::error::Result;
use crate::path::RemotePath;

/// The most entries that Dropbox puts into a page.
const PAGE: u32 = 2_000;

/// The pages of one listing, fetched as they are asked for.
#[derive(Debug)]
pub(crate) struct Pages {
    client: Client,
    path: RemotePath,
    recursive: bool,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    Cursor(String),
    End,
}

impl Client {
    /// Lists a folder, with all that is below it where `recursive`.
    pub(crate) fn list_folder(&self, path: &RemotePath, recursive: bool) -> Pages {
        Pages {
            client: self.clone(),
            path: path.clone(),
            recursive,
            next: Next::First,
        }
    }
}

impl Pages {
    /// The next page; `None` after the last. A page that failed can be asked for again.
    ///
    /// Boxed, so that streams which hold it across a wait can be sent between threads.
    pub(crate) fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<Metadata>>>> {
        Box::pin(async {
            let path = self.path.as_str();
            let (route, argument) = match &self.next {
                Next::First => {
                    let argument = ListFolderArg {
                        path,
                        recursive: self.recursive,
                        limit: Some(PAGE),
                    };
                    (&LIST_FOLDER, Argument::of(&argument))
                }
                Next::Cursor(cursor) => {
                    (&LIST_FOLDER_CONTINUE, Argument::of(&CursorArg { cursor }))
                }
                Next::End => return Ok(None),
            };
            let page: ListFolderResult = self.client.rpc(route, Some(path), argument).await?;
            self.next = if page.has_more {
                Next::Cursor(page.cursor)
            } else {
                Next::End
            };
            Ok(Some(page.entries))
        })
    }
}
