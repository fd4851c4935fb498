//! The order in which a task goes.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;

use super::sieve::Candidate;
use crate::error::{Error, ErrorKind, Result};

/// An order: by what, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// What an order goes by. Letter case does not count; where two are equal the path decides, upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// The name.
    Name,
    /// The whole path.
    Path,
    /// When the contents were changed last.
    Modified,
    /// When this version came to Dropbox.
    Uploaded,
    /// When the local file came to be; at Dropbox as [`Uploaded`](SortBy::Uploaded).
    Created,
    /// The size in bytes.
    Size,
}

/// What a candidate has that an order goes by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Date(Option<Timestamp>),
    Size(Option<u64>),
}

impl Sort {
    /// Sorts candidates.
    pub(in crate::tasks) fn sort<C: Candidate>(self, candidates: Vec<C>) -> Vec<C> {
        let mut keyed: Vec<(Key, C)> = candidates
            .into_iter()
            .map(|candidate| (self.key(&candidate), candidate))
            .collect();
        keyed.sort_by(|(left, one), (right, other)| {
            let order = if self.descending {
                right.cmp(left)
            } else {
                left.cmp(right)
            };
            order.then_with(|| one.item().path.cmp(&other.item().path))
        });
        keyed.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn key(self, candidate: &impl Candidate) -> Key {
        let item = candidate.item();
        match self.by {
            SortBy::Name => Key::Text(item.name.to_lowercase()),
            SortBy::Path => Key::Text(item.path.to_lowercase()),
            SortBy::Modified => Key::Date(item.modified),
            SortBy::Uploaded => Key::Date(item.uploaded),
            SortBy::Created => Key::Date(candidate.created()),
            SortBy::Size => Key::Size(item.size),
        }
    }
}

impl TryFrom<String> for Sort {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Sort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (descending, word) = match text.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, text),
        };
        let by = match word {
            "name" => SortBy::Name,
            "path" => SortBy::Path,
            "modified" => SortBy::Modified,
            "uploaded" => SortBy::Uploaded,
            "created" => SortBy::Created,
            "size" => SortBy::Size,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{text}` is nothing to sort by"),
                )
                .with_hint("sort by name, path, modified, uploaded, created or size"));
            }
        };
        Ok(Self { by, descending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Item;

    fn item(path: &str, size: Option<u64>) -> Item {
        let path = path.parse().expect("a path");
        Item {
            size,
            ..Item::planned_folder(&path)
        }
    }

    fn sorted(by: &str) -> Vec<String> {
        let items = vec![
            item("/x/b", Some(1)),
            item("/y/A", Some(3)),
            item("/c", None),
            item("/a/z", Some(3)),
        ];
        let sort: Sort = by.parse().expect("an order");
        sort.sort(items).into_iter().map(|item| item.path).collect()
    }

    #[test]
    fn each_order_has_two_ways_and_ties_go_by_path() {
        assert_eq!(sorted("name"), ["/y/A", "/x/b", "/c", "/a/z"]);
        assert_eq!(sorted("-name"), ["/a/z", "/c", "/x/b", "/y/A"]);
        assert_eq!(sorted("path"), ["/a/z", "/c", "/x/b", "/y/A"]);
        assert_eq!(sorted("size"), ["/c", "/x/b", "/a/z", "/y/A"]);
        assert_eq!(sorted("-size"), ["/a/z", "/y/A", "/x/b", "/c"]);
        assert!("colour".parse::<Sort>().is_err());
    }
}
