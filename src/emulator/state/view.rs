//! What a caller sees: from where paths count, and what of the tree is there for it.

use serde::{Deserialize, Serialize};

use super::super::names::{self, Place};
use super::team::{Home, namespace_of};
use super::tree::{FolderNode, Node, Tree};
use super::write::WriteError;
use super::{State, TreeId};

/// What the paths of a call count from, a place in a tree, and how far the caller reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct View {
    pub(in super::super) tree: TreeId,
    pub(in super::super) root: Place,
    pub(in super::super) reach: Reach,
}

/// What a caller may see and change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Reach {
    /// All of a tree of one's own.
    Own,
    /// What lies below the root of the view, and nothing else: the folder of an app.
    Root,
    /// A team's space.
    Team(TeamReach),
}

/// What somebody sees and changes of a team's space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct TeamReach {
    /// Every member's home.
    pub(in super::super) homes: Vec<Home>,
    /// The homes that are not there for this caller, by their paths.
    pub(in super::super) hidden: Vec<String>,
    /// Whether the top of the space may be changed, which only admins may.
    pub(in super::super) steward: bool,
}

impl View {
    /// The whole of a tree that one account has.
    pub(super) fn own(tree: TreeId) -> View {
        View {
            tree,
            root: Place::root(),
            reach: Reach::Own,
        }
    }

    /// The same, with paths that count from elsewhere.
    pub(in super::super) fn from(&self, root: Place) -> View {
        View {
            root,
            ..self.clone()
        }
    }

    /// What an app sees that has a folder of its own and nothing else.
    pub(in super::super) fn for_app(&self, name: &str) -> View {
        let folder = Place::parse(&format!("/Apps/{name}")).expect("apps have names of files");
        View {
            tree: self.tree,
            root: folder.below(&self.root),
            reach: Reach::Root,
        }
    }

    /// The folders that are not there for the caller.
    pub(in super::super) fn hidden(&self) -> &[String] {
        match &self.reach {
            Reach::Team(team) => &team.hidden,
            Reach::Own | Reach::Root => &[],
        }
    }

    /// Whether the path is there for the caller, be something at it or not.
    pub(in super::super) fn shows(&self, lower: &str) -> bool {
        match &self.reach {
            Reach::Own => true,
            Reach::Root => names::is_within(lower, &self.root.lower),
            Reach::Team(team) => shows(&team.hidden, lower),
        }
    }

    /// The namespace that is mounted at a folder of this tree.
    pub(in super::super) fn mounted(&self, lower: &str, folder: &FolderNode) -> Option<String> {
        let Reach::Team(team) = &self.reach else {
            return None;
        };
        let home = team.homes.iter().find(|home| home.place.lower == lower);
        match home {
            Some(home) => Some(home.namespace.clone()),
            None if is_top(lower) => Some(namespace_of(&folder.id)),
            None => None,
        }
    }

    /// Whether something may be put at a path. What is in its way there is not looked at.
    pub(in super::super) fn check_write(&self, tree: &Tree, lower: &str) -> Result<(), WriteError> {
        if !self.shows(lower) {
            return Err(WriteError::NoPermission);
        }
        let Reach::Team(team) = &self.reach else {
            return Ok(());
        };
        if team.steward {
            return Ok(());
        }
        let top = names::top(lower);
        let is_home = team.homes.iter().any(|home| home.place.lower == top);
        match tree.node(top) {
            Some(Node::Folder(_)) if is_top(lower) => Err(WriteError::FolderConflict),
            Some(Node::Folder(_)) => Ok(()),
            _ if is_home => Ok(()),
            _ => Err(WriteError::NoPermission),
        }
    }

    /// Whether what is at a path may be taken away from there.
    pub(in super::super) fn check_removal(
        &self,
        tree: &Tree,
        lower: &str,
    ) -> Result<(), WriteError> {
        let Reach::Team(team) = &self.reach else {
            return Ok(());
        };
        if !is_top(lower) {
            return Ok(());
        }
        match tree.node(lower) {
            _ if team.homes.iter().any(|home| home.place.lower == lower) => {
                Err(WriteError::NoPermission)
            }
            Some(Node::Folder(_)) => Err(WriteError::TeamFolder),
            Some(Node::File(_)) if !team.steward => Err(WriteError::NoPermission),
            Some(Node::File(_)) | None => Ok(()),
        }
    }
}

/// Whether a path lies in none of these folders.
pub(super) fn shows(hidden: &[String], lower: &str) -> bool {
    !hidden.iter().any(|home| names::is_within(lower, home))
}

/// Whether a path is one right below the root of its tree.
fn is_top(lower: &str) -> bool {
    names::parent(lower).is_empty() && !lower.is_empty()
}

impl State {
    /// The place at which a namespace begins, if the caller may know of it.
    pub(in super::super) fn namespace(&self, view: &View, id: &str) -> Option<Place> {
        let place = if id == State::root_namespace(view.tree) {
            Place::root()
        } else {
            let Reach::Team(team) = &view.reach else {
                return None;
            };
            match team.homes.iter().find(|home| home.namespace == id) {
                Some(home) => home.place.clone(),
                None => self.team_folder(id)?,
            }
        };
        view.shows(&place.lower).then_some(place)
    }

    /// The id of the namespace that a whole tree is.
    pub(in super::super) fn root_namespace(tree: TreeId) -> String {
        (1_000_000_000 + tree.0).to_string()
    }
}
