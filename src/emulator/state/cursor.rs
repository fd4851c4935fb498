//! Listings and the cursors that carry them on.
//!
//! A cursor is all there is to a listing: the server keeps nothing. While it lists, it says behind which path to go on, and
//! which changes there had been when it began; from then on it walks the log.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::names;
use super::super::quirk::Quirk;
use super::TreeId;
use super::tree::{Change, Depth, Holds, Node, Tree};
use super::view::{View, shows};

/// Entries in a page, at most.
pub(in super::super) const LONGEST_PAGE: usize = 2000;

/// What a client holds between two pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Cursor {
    tree: TreeId,
    /// The root of the view that the paths count from.
    root: String,
    /// The folders that are not there in that view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
    folder: String,
    all: bool,
    deleted: bool,
    limit: usize,
    /// Changes before this one are known to the client, or will be listed.
    sequence: usize,
    /// How many pages came before.
    pages: usize,
    /// The last path listed; `None` when the listing is done.
    after: Option<String>,
    /// The address of the shared link that this goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// An entry of a listing, in the tree's own paths.
#[derive(Clone, Debug)]
pub(in super::super) enum Entry {
    Present(String, Node),
    Deleted(String, String),
}

/// What a listing is to cover.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Scope {
    pub(in super::super) depth: Depth,
    pub(in super::super) deleted: bool,
    pub(in super::super) limit: usize,
}

impl Cursor {
    /// Starts a listing of `folder` as it is now.
    pub(in super::super) fn start(
        view: &View,
        tree: &Tree,
        folder: String,
        scope: Scope,
    ) -> Cursor {
        Cursor {
            tree: view.tree,
            root: view.root.lower.clone(),
            hidden: view.hidden().to_vec(),
            folder,
            all: scope.depth == Depth::All,
            deleted: scope.deleted,
            limit: scope.limit,
            sequence: tree.sequence(),
            pages: 0,
            after: Some(String::new()),
            link: None,
        }
    }

    /// The same through a shared link.
    pub(in super::super) fn through(self, link: String) -> Cursor {
        Cursor {
            link: Some(link),
            ..self
        }
    }

    /// The shared link that this goes through, by its address.
    pub(in super::super) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// The same as if everything had been listed.
    pub(in super::super) fn at_end(self) -> Cursor {
        Cursor {
            after: None,
            ..self
        }
    }

    /// Whether the view that a call is made in is the one the listing was started in.
    pub(in super::super) fn is_of(&self, view: &View) -> bool {
        self.tree == view.tree && self.root == view.root.lower && self.hidden == view.hidden()
    }

    pub(in super::super) fn tree(&self) -> TreeId {
        self.tree
    }

    /// Whether what the paths count from went away, so that they lead elsewhere now if anywhere.
    pub(in super::super) fn is_lost(&self, tree: &Tree) -> bool {
        let news = tree.changes_since(self.sequence);
        !self.root.is_empty()
            && news
                .iter()
                .any(|change| change.is_deletion() && names::is_within(&self.root, &change.lower))
    }

    /// Whether something has happened that the client does not know.
    pub(in super::super) fn has_news(&self, tree: &Tree) -> bool {
        self.after.is_some()
            || tree
                .changes_since(self.sequence)
                .iter()
                .any(|change| self.tells(change))
    }

    /// The next page. Moves the cursor on, and says whether more is ready.
    pub(in super::super) fn advance(&mut self, tree: &Tree) -> (Vec<Entry>, bool) {
        self.pages += 1;
        if tree.quirks.has(Quirk::PagesApproximate) {
            if self.pages % 2 == 1 && self.has_news(tree) {
                return (Vec::new(), true);
            }
            let whole = self.limit;
            self.limit = (whole / 2).max(1);
            let page = self.page(tree);
            self.limit = whole;
            return page;
        }
        self.page(tree)
    }

    fn page(&mut self, tree: &Tree) -> (Vec<Entry>, bool) {
        match self.after.take() {
            Some(after) => self.list(tree, &after),
            None => self.replay(tree),
        }
    }

    fn list(&mut self, tree: &Tree, after: &str) -> (Vec<Entry>, bool) {
        let depth = if self.all { Depth::All } else { Depth::One };
        let mut entries = Vec::new();
        // A recursive listing begins with the folder itself.
        if after.is_empty()
            && self.all
            && self.folder != self.root
            && !tree.quirks.has(Quirk::ListingWithoutItself)
            && let Some(node) = tree.node(&self.folder)
        {
            entries.push(Entry::Present(self.folder.clone(), node.clone()));
        }
        let mut present = tree
            .below(&self.folder, depth, after)
            .filter(|(path, _)| shows(&self.hidden, path))
            .peekable();
        let mut deleted = self
            .deleted
            .then(|| tree.deleted_below(&self.folder, depth, after))
            .into_iter()
            .flatten()
            .filter(|(path, _)| shows(&self.hidden, path))
            .peekable();
        while entries.len() < self.limit {
            let gone_first = match (present.peek(), deleted.peek()) {
                (None, None) => break,
                (Some((present, _)), Some((gone, _))) => gone < present,
                (present, _) => present.is_none(),
            };
            if gone_first {
                entries.extend(
                    deleted
                        .next()
                        .map(|(path, gone)| Entry::Deleted(path.to_owned(), gone.display.clone())),
                );
            } else {
                entries.extend(
                    present
                        .next()
                        .map(|(path, node)| Entry::Present(path.to_owned(), node.clone())),
                );
            }
        }
        if present.peek().is_some() || deleted.peek().is_some() {
            self.after = entries.last().map(|entry| entry.path().to_owned());
            return (entries, true);
        }
        let more = self.has_news(tree);
        (entries, more)
    }

    fn replay(&mut self, tree: &Tree) -> (Vec<Entry>, bool) {
        let mut entries = Vec::new();
        for change in tree.changes_since(self.sequence) {
            if entries.len() >= self.limit {
                break;
            }
            self.sequence += 1;
            if !self.tells(change) {
                continue;
            }
            if tree.quirks.has(Quirk::ChangesMerged) && tree.is_superseded(self.sequence - 1) {
                continue;
            }
            if change.is_deletion() && tree.quirks.has(Quirk::DeletionsPerChild) {
                let inside = tree.gone_with(self.sequence - 1).into_iter();
                let inside = inside.filter(|(path, _)| self.covers(path, false));
                entries.extend(inside.map(|(path, display)| Entry::Deleted(path, display)));
            }
            entries.push(match &change.now {
                Holds::Node(node) => Entry::Present(change.lower.clone(), node.clone()),
                Holds::Nothing(_) if names::is_within(&self.folder, &change.lower) => {
                    // The listed folder went away, perhaps with one above it.
                    let display = tree
                        .deleted(&self.folder)
                        .map_or(&*self.folder, |gone| &gone.display);
                    Entry::Deleted(self.folder.clone(), display.to_owned())
                }
                Holds::Nothing(_) | Holds::Forgotten => {
                    Entry::Deleted(change.lower.clone(), change.display.clone())
                }
            });
        }
        let more = self.has_news(tree);
        (entries, more)
    }

    /// Whether a change is news to the client. That something deleted was forgotten is none.
    fn tells(&self, change: &Change) -> bool {
        !matches!(change.now, Holds::Forgotten) && self.covers(&change.lower, change.is_deletion())
    }

    fn covers(&self, path: &str, deletion: bool) -> bool {
        if !shows(&self.hidden, path) {
            return false;
        }
        if deletion && self.folder != self.root && names::is_within(&self.folder, path) {
            return true;
        }
        if self.all {
            names::is_within(path, &self.folder) && path != self.root
        } else {
            names::parent(path) == self.folder && path != self.folder
        }
    }

    pub(in super::super) fn encode(&self) -> String {
        let json = serde_json::to_vec(self).expect("a cursor is plain data");
        let mut bytes = Sha256::digest(&json)[..6].to_vec();
        bytes.extend(json);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(in super::super) fn decode(text: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (sum, json) = bytes.split_at_checked(6)?;
        if Sha256::digest(json)[..6] != *sum {
            return None;
        }
        serde_json::from_slice(json).ok()
    }
}

impl Entry {
    pub(in super::super) fn path(&self) -> &str {
        match self {
            Entry::Present(path, _) | Entry::Deleted(path, _) => path,
        }
    }
}
