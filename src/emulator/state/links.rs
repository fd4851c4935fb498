//! Links to files and folders.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::call::Caller;
use super::super::routes::CommitInfo;
use super::tree::Node;
use super::{AccountId, State, TreeId};

/// A link that its owner shared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct SharedLink {
    pub(in super::super) url: String,
    /// `id:...`, as links have it.
    pub(in super::super) id: String,
    pub(in super::super) owner: AccountId,
    pub(in super::super) tree: TreeId,
    /// The id of the item.
    pub(in super::super) item: String,
    pub(in super::super) settings: LinkSettings,
}

/// Who may use a link, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct LinkSettings {
    pub(in super::super) audience: Cow<'static, str>,
    pub(in super::super) password: Option<String>,
    pub(in super::super) expires: Option<Timestamp>,
    pub(in super::super) allow_download: bool,
}

impl Default for LinkSettings {
    fn default() -> LinkSettings {
        LinkSettings {
            audience: "public".into(),
            password: None,
            expires: None,
            allow_download: true,
        }
    }
}

/// A link that works for some hours, without any token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Temporary {
    pub(in super::super) kind: TemporaryKind,
    pub(in super::super) expires: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) enum TemporaryKind {
    /// Leads to a version.
    Download {
        tree: TreeId,
        rev: String,
    },
    Upload(Box<(Caller, CommitInfo)>),
}

/// An item that may be copied to another account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Reference {
    pub(in super::super) tree: TreeId,
    pub(in super::super) id: String,
}

/// Who keeps others from changing a file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in super::super) struct FileLock {
    pub(in super::super) holder: AccountId,
    pub(in super::super) since: Timestamp,
}

/// What an address has to say: the letters and the key. The rest is for people, or for browsers, such as `dl=1`.
fn essence(url: &str) -> Option<(String, String)> {
    let (path, query) = url.split_once('?')?;
    let (_, path) = path.split_once("/scl/")?;
    let letters = path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, key) = pairs.find(|(name, _)| name == "rlkey")?;
    Some((letters, key.into_owned()))
}

impl State {
    /// The link of this address, while its item is there and its time is not over.
    pub(in super::super) fn link(&self, url: &str, now: Timestamp) -> Option<&SharedLink> {
        let wanted = essence(url)?;
        let live = |link: &&SharedLink| {
            essence(&link.url).as_ref() == Some(&wanted)
                && self.linked(link).is_some()
                && link.settings.expires.is_none_or(|expires| expires > now)
        };
        self.links.values().find(live)
    }

    /// What a link leads to.
    pub(in super::super) fn linked(&self, link: &SharedLink) -> Option<(String, Node)> {
        let tree = self.tree(link.tree);
        let path = tree.path_of(&link.item)?;
        Some((path.to_owned(), tree.node(path)?.clone()))
    }
}
