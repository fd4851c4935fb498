//! Listing by cursor.

use futures_util::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;

use super::Client;
use super::call::Argument;
use crate::api::files::{CursorArg, ListFolderArg, ListFolderResult, Metadata};
use crate::api::{LIST_FOLDER, LIST_FOLDER_CONTINUE};
use crate::error::Result;
use crate::path::RemotePath;

/// The most entries that Dropbox puts into a page.
const PAGE: u32 = 2_000;

/// The pages of one listing. Whoever asks for more than the first finds one fetched ahead, while it worked on the one before.
#[derive(Debug)]
pub(crate) struct Pages {
    client: Client,
    path: RemotePath,
    recursive: bool,
    next: Next,
    given: usize,
    ahead: Option<AbortOnDropHandle<Result<ListFolderResult>>>,
}

#[derive(Debug, Clone)]
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
            given: 0,
            ahead: None,
        }
    }
}

impl Pages {
    /// The next page; `None` after the last. A page that failed can be asked for again.
    ///
    /// Boxed, so that streams which hold it across a wait can be sent between threads.
    pub(crate) fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<Metadata>>>> {
        Box::pin(async {
            let page = match (self.ahead.take(), &self.next) {
                (_, Next::End) => return Ok(None),
                (Some(ahead), _) => ahead.await?,
                (None, next) => page_of(&self.client, &self.path, self.recursive, next).await,
            }?;
            self.next = if page.has_more {
                Next::Cursor(page.cursor)
            } else {
                Next::End
            };
            self.given += 1;
            if self.given > 1 && page.has_more {
                let (client, path) = (self.client.clone(), self.path.clone());
                let (recursive, next) = (self.recursive, self.next.clone());
                let ahead = async move { page_of(&client, &path, recursive, &next).await };
                self.ahead = Some(AbortOnDropHandle::new(tokio::spawn(ahead)));
            }
            Ok(Some(page.entries))
        })
    }
}

async fn page_of(
    client: &Client,
    path: &RemotePath,
    recursive: bool,
    next: &Next,
) -> Result<ListFolderResult> {
    let path = path.as_str();
    let (route, argument) = match next {
        Next::First | Next::End => {
            let argument = ListFolderArg {
                path,
                recursive,
                limit: Some(PAGE),
            };
            (&LIST_FOLDER, Argument::of(&argument))
        }
        Next::Cursor(cursor) => (&LIST_FOLDER_CONTINUE, Argument::of(&CursorArg { cursor })),
    };
    client.rpc(route, Some(path), argument).await
}
