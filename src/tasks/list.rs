//! The task "list".

use super::pattern::has_wildcards;
use super::remote::{Reading, Walk, find, glob};
use super::{Item, ItemKind, Kinds, ListOptions, Source};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// The items of a folder, or those that match a glob: fetched page by page as they are asked for.
///
/// A clone lists anew.
#[derive(Debug)]
pub struct Listing {
    connection: Connection,
    what: String,
    options: ListOptions,
    walk: State,
    matched: bool,
}

#[derive(Debug)]
enum State {
    Fresh,
    Walking(Box<Walk>),
    Ended,
}

impl Connection {
    /// The items in a folder, or those that match a glob. Nothing is asked of Dropbox before the first item is.
    ///
    /// # Errors
    /// `invalid_path` where it is neither a path nor a glob. A folder that is not there is `not_found` at the first item.
    pub fn list(&self, folder_or_glob: &str, options: ListOptions) -> Result<Listing> {
        let globbing = options.glob && has_wildcards(folder_or_glob);
        if globbing {
            glob(folder_or_glob, options.reading())?;
        } else {
            folder_or_glob.parse::<RemotePath>()?;
        }
        Ok(Listing {
            connection: self.clone(),
            what: folder_or_glob.to_owned(),
            options,
            walk: State::Fresh,
            matched: false,
        })
    }
}

impl Listing {
    /// The next item; `None` after the last. Whatever happened before, the listing goes on where it was.
    ///
    /// # Errors
    /// `not_found` where the folder is not there, `invalid_argument` where it is a file, and whatever keeps a page from coming.
    pub async fn next(&mut self) -> Option<Result<Item>> {
        loop {
            match &mut self.walk {
                State::Fresh => match self.begin().await {
                    Ok(walk) => self.walk = State::Walking(Box::new(walk)),
                    Err(error) => return Some(Err(error)),
                },
                State::Walking(walk) => match walk.next().await {
                    Ok(Some(found)) if self.options.kind.includes(found.item.kind) => {
                        self.matched = true;
                        return Some(Ok(found.item));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => self.walk = State::Ended,
                    Err(error) => return Some(Err(error)),
                },
                State::Ended if self.options.require_match && !self.matched => {
                    self.matched = true;
                    return Some(Err(nothing_matches(&self.what)));
                }
                State::Ended => return None,
            }
        }
    }

    /// The folder or glob that is listed.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    async fn begin(&self) -> Result<Walk> {
        let client = self.connection.client();
        let reading = self.options.reading();
        let folder = |path: &str| {
            Ok::<_, Error>(Walk::folder(
                client,
                &path.parse()?,
                self.options.subfolders,
            ))
        };
        let globbing = self.options.glob && has_wildcards(&self.what);
        // An item by its id is looked up first: what is below it is told by path.
        if !globbing && (self.what.is_empty() || self.what.starts_with('/')) {
            return folder(&self.what);
        }
        match find(client, &Source::from(self.what.as_str()), reading).await? {
            super::remote::Found::Glob(pattern) => Walk::glob(client, pattern),
            super::remote::Found::One(item) => folder(&item.path),
        }
    }
}

impl Clone for Listing {
    fn clone(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            what: self.what.clone(),
            options: self.options.clone(),
            walk: State::Fresh,
            matched: false,
        }
    }
}

impl ListOptions {
    fn reading(&self) -> Reading {
        Reading {
            glob: self.glob,
            subfolders: Some(self.subfolders),
        }
    }
}

impl Kinds {
    pub(super) fn includes(self, kind: ItemKind) -> bool {
        match self {
            Self::Files => kind == ItemKind::File,
            Self::Folders => kind == ItemKind::Folder,
            Self::All => true,
        }
    }
}

/// The error for `require_match`.
pub(super) fn nothing_matches(what: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("nothing matches `{what}`")).with_path(what)
}
