//! What a task is to work on.

use std::path::PathBuf;

use super::Item;

/// The source of a task.
#[derive(Debug, Clone)]
pub enum Source {
    /// A path or a glob. Text that names an existing item exactly is that item, whatever characters are in it.
    Text(String),
    /// A remote item, as a listing gave it.
    Item(Item),
    /// A local file that keeps its place below some folder.
    Entry(LocalEntry),
    /// Several of these.
    Many(Vec<Source>),
}

/// A local file, and where it belongs below the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalEntry {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder that was watched or listed, with `/` between the names.
    pub relative: String,
}

impl Source {
    /// What messages call it.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            _ => "the source".to_owned(),
        }
    }

    /// The sources that are not lists themselves, in order.
    pub(super) fn flattened(self) -> Vec<Self> {
        match self {
            Self::Many(sources) => sources.into_iter().flat_map(Self::flattened).collect(),
            source => vec![source],
        }
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Item> for Source {
    fn from(item: Item) -> Self {
        Self::Item(item)
    }
}

impl From<LocalEntry> for Source {
    fn from(entry: LocalEntry) -> Self {
        Self::Entry(entry)
    }
}

impl<S: Into<Source>> From<Vec<S>> for Source {
    fn from(sources: Vec<S>) -> Self {
        Self::Many(sources.into_iter().map(Into::into).collect())
    }
}
