//! Finds the remote items that a source means.

use std::collections::{HashMap, VecDeque};

use super::filter::Candidate;
use super::pattern::{Case, Pattern, has_wildcards};
use super::{Item, ItemKind, Source, TransferOptions};
use crate::api::files::Metadata;
use crate::client::{Client, Pages};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// How a source is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) glob: bool,
    /// Whether to look into subfolders, where that is said.
    pub(super) subfolders: Option<bool>,
}

impl Reading {
    /// As the options of a transfer say.
    pub(super) fn of(options: &TransferOptions) -> Self {
        Self {
            glob: options.glob,
            subfolders: options.filter.subfolders,
        }
    }
}

/// What one source means.
#[derive(Debug)]
pub(super) enum Found {
    /// One item: it was named, or was given as an item.
    One(Item),
    /// What matches a glob.
    Glob(Pattern),
}

/// Reads sources, each as [`find`] does.
pub(super) async fn find_all(
    client: &Client,
    source: Source,
    reading: Reading,
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for source in source.flattened() {
        found.push(find(client, &source, reading).await?);
    }
    Ok(found)
}

/// Reads one source. Text that names an existing item exactly is that item.
pub(super) async fn find(client: &Client, source: &Source, reading: Reading) -> Result<Found> {
    let text = match source {
        Source::Item(item) => return Ok(Found::One(item.clone())),
        Source::Text(text) => text,
        Source::Entry(_) | Source::Many(_) => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a local file is not a source here",
            )
            .with_hint("give a remote path, a glob, or items of a listing"));
        }
    };
    let globbing = reading.glob && has_wildcards(text);
    let path: Result<RemotePath> = text.parse();
    let named = match &path {
        Ok(path) if path.is_root() => Some(Item::root()),
        Ok(path) => {
            let item = client.metadata_if_any(path).await?.map(Item::from);
            item.map(|item| {
                // By the file's path one would get what is there now.
                let by_rev = text.starts_with("rev:").then(|| text.clone());
                Item {
                    path: by_rev.unwrap_or(item.path),
                    ..item
                }
            })
        }
        Err(_) => None,
    };
    match (named, path) {
        (Some(item), _) => Ok(Found::One(item)),
        (None, _) if globbing => glob(text, reading).map(Found::Glob),
        (None, Ok(path)) => Err(Error::new(
            ErrorKind::NotFound,
            format!("there is nothing at `{path}`"),
        )
        .with_path(path.to_string())),
        (None, Err(error)) => Err(error),
    }
}

/// Parses a remote glob.
pub(super) fn glob(text: &str, reading: Reading) -> Result<Pattern> {
    if !text.starts_with('/') {
        return Err(Error::new(
            ErrorKind::InvalidPath,
            format!("a remote path starts with a slash: `{text}` does not"),
        )
        .with_path(text)
        .with_hint(format!("did you mean `/{text}`?")));
    }
    Pattern::parse(text, Case::Insensitive, reading.subfolders == Some(true))
}

/// Walks the items in a folder, or those that match a glob, page by page.
#[derive(Debug)]
pub(super) struct Walk {
    pages: Pages,
    pattern: Option<Pattern>,
    base: RemotePath,
    names: FolderNames,
    page: VecDeque<Metadata>,
}

/// An item, and its path below the folder that the walk began in.
#[derive(Debug, Clone)]
pub(super) struct Below {
    pub(super) item: Item,
    pub(super) relative: String,
}

impl Candidate for Below {
    fn item(&self) -> &Item {
        &self.item
    }
}

impl Walk {
    pub(super) fn folder(client: &Client, path: &RemotePath, recursive: bool) -> Self {
        Self {
            pages: client.list_folder(path, recursive),
            pattern: None,
            base: path.clone(),
            names: FolderNames::default(),
            page: VecDeque::new(),
        }
    }

    pub(super) fn glob(client: &Client, pattern: Pattern) -> Result<Self> {
        let base: RemotePath = pattern.base.parse()?;
        let recursive = pattern.deep;
        Ok(Self {
            pattern: Some(pattern),
            ..Self::folder(client, &base, recursive)
        })
    }

    /// The next item; `None` after the last. A glob in a folder that is not there matches nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Below>> {
        loop {
            while let Some(metadata) = self.page.pop_front() {
                // Something that was deleted since the listing began.
                if matches!(metadata, Metadata::Deleted(_)) {
                    continue;
                }
                let mut item = Item::from(metadata);
                let Some(relative) = self.names.relative(&self.base, &item) else {
                    continue;
                };
                if item.path.starts_with('/') {
                    item.path = format!("{}/{relative}", self.base.as_str());
                }
                if self
                    .pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.matches(&relative))
                {
                    return Ok(Some(Below { item, relative }));
                }
            }
            match self.pages.next().await {
                Ok(Some(page)) => self.page = page.into(),
                Ok(None) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound && self.pattern.is_some() => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The names of folders as people wrote them: only the last name of a `path_display` is sure to have its own letter case.
#[derive(Debug, Default)]
struct FolderNames(HashMap<String, String>);

impl FolderNames {
    /// The path of an item below the base; `None` where it is not below it.
    fn relative(&mut self, base: &RemotePath, item: &Item) -> Option<String> {
        // Known by its id only: what is known of its place is that it is below the base.
        if !item.path.starts_with('/') {
            return Some(item.name.clone());
        }
        let depth = base.as_str().matches('/').count();
        let names = item.path.strip_prefix('/')?.split('/').skip(depth);
        let path = names.collect::<Vec<_>>().join("/");
        let relative = match path.rsplit_once('/') {
            None => item.name.clone(),
            Some((folder, _)) => {
                let folder = self
                    .0
                    .get(&folder.to_lowercase())
                    .map_or(folder, String::as_str);
                format!("{folder}/{}", item.name)
            }
        };
        if item.kind == ItemKind::Folder {
            self.0.insert(relative.to_lowercase(), relative.clone());
        }
        (!path.is_empty()).then_some(relative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: ItemKind, path: &str) -> Item {
        let path: RemotePath = path.parse().expect("a path");
        Item {
            kind,
            ..Item::planned_folder(&path)
        }
    }

    #[test]
    fn folders_keep_the_letter_case_of_their_own_entry() {
        let base: RemotePath = "/Base".parse().expect("a path");
        let mut names = FolderNames::default();
        let mut relative = |kind, path| names.relative(&base, &item(kind, path));
        assert_eq!(
            relative(ItemKind::Folder, "/base/Sub").as_deref(),
            Some("Sub")
        );
        assert_eq!(
            relative(ItemKind::Folder, "/base/sub/Deep").as_deref(),
            Some("Sub/Deep")
        );
        assert_eq!(
            relative(ItemKind::File, "/BASE/SUB/deep/X.txt").as_deref(),
            Some("Sub/Deep/X.txt")
        );
        assert_eq!(
            relative(ItemKind::File, "/base/y.txt").as_deref(),
            Some("y.txt")
        );
    }
}
