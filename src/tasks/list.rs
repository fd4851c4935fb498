//! The task "list".

use std::sync::Arc;

use jiff::Timestamp;

use super::filter::{Sieve, Task};
use super::pattern::has_wildcards;
use super::remote::{Reading, Walk, find, glob};
use super::{Item, ListOptions, Source};
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
    sieve: Arc<Sieve>,
    walk: State,
    /// How many items were shown.
    shown: usize,
    told: bool,
}

#[derive(Debug)]
enum State {
    Fresh,
    Walking(Box<Walk>),
    Sorted(std::vec::IntoIter<Item>),
    Ended,
}

impl Connection {
    /// The items in a folder, or those that match a glob. Nothing is asked of Dropbox before the first item is.
    ///
    /// An age in the filter is counted from this call. With an order all items are fetched before the first is shown.
    ///
    /// ```no_run
    /// # async fn example(connection: dropscript::Connection) -> dropscript::Result<()> {
    /// use dropscript::ListOptions;
    ///
    /// let mut listing = connection.list("/reports", ListOptions::default())?;
    /// while let Some(item) = listing.next().await {
    ///     println!("{}", item?.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_path` where it is neither a path nor a glob; `invalid_argument` for a filter that makes no sense. A folder that is not there is `not_found` at the first item.
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
            sieve: Arc::new(options.filter.sieve(Task::List, Timestamp::now())?),
            options,
            walk: State::Fresh,
            shown: 0,
            told: false,
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
            if self.shown == self.sieve.limit {
                self.walk = State::Ended;
            }
            match &mut self.walk {
                State::Fresh => match self.begin().await {
                    Ok(begun) => self.walk = begun,
                    Err(error) => return Some(Err(error)),
                },
                State::Walking(walk) => match self.sieve.next(walk).await {
                    Ok(Some(item)) => return Some(Ok(self.show(item))),
                    Ok(None) => self.walk = State::Ended,
                    Err(error) => return Some(Err(error)),
                },
                State::Sorted(items) => match items.next() {
                    Some(item) => return Some(Ok(self.show(item))),
                    None => self.walk = State::Ended,
                },
                State::Ended if self.options.require_match && self.shown == 0 && !self.told => {
                    self.told = true;
                    return Some(Err(nothing_matches(&self.what)));
                }
                State::Ended => return None,
            }
        }
    }

    fn show(&mut self, item: Item) -> Item {
        self.shown += 1;
        item
    }

    /// The folder or glob that is listed.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    async fn begin(&self) -> Result<State> {
        let mut walk = self.walk().await?;
        let Some(sort) = self.sieve.sort else {
            return Ok(State::Walking(Box::new(walk)));
        };
        let mut items = Vec::new();
        while let Some(item) = self.sieve.next(&mut walk).await? {
            items.push(item);
        }
        Ok(State::Sorted(sort.sort(items).into_iter()))
    }

    async fn walk(&self) -> Result<Walk> {
        let client = self.connection.client();
        let reading = self.options.reading();
        let folder = |path: &str| {
            Ok::<_, Error>(Walk::folder(
                client,
                &path.parse()?,
                reading.subfolders == Some(true),
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
            sieve: Arc::clone(&self.sieve),
            walk: State::Fresh,
            shown: 0,
            told: false,
        }
    }
}

impl ListOptions {
    fn reading(&self) -> Reading {
        Reading {
            glob: self.glob,
            subfolders: Some(self.filter.subfolders == Some(true)),
        }
    }
}

impl Sieve {
    /// The next item of a walk that is let through.
    async fn next(&self, walk: &mut Walk) -> Result<Option<Item>> {
        while let Some(below) = walk.next().await? {
            if self.admits(&below.item, &below.relative).await {
                return Ok(Some(below.item));
            }
        }
        Ok(None)
    }
}

/// The error for `require_match`.
pub(super) fn nothing_matches(what: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("nothing matches `{what}`")).with_path(what)
}
