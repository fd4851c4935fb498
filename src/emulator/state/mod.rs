//! All that a call can change, behind one lock that is never held over I/O.

pub(super) mod account;
pub(super) mod cursor;
pub(super) mod grant;
pub(super) mod history;
pub(super) mod jobs;
pub(super) mod links;
pub(super) mod relocate;
pub(super) mod session;
pub(super) mod tree;
pub(super) mod write;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mint::Mint;
use super::names::{self, BadPath, Place};
use super::path_arg::PathArg;
use account::{Account, MAIN, plain};
use grant::Grants;
use jobs::Jobs;
use links::{FileLock, Reference, SharedLink, Temporary};
use session::Sessions;
use tree::{Change, FileNode, Node, Tree};

/// Bytes that an account may have in all: 2 TiB.
const QUOTA: u64 = 1 << 41;

/// Which tree, of those there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct TreeId(usize);

/// Which account, of those there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AccountId(usize);

impl AccountId {
    /// The `uid` that the first version of the API knew accounts by.
    pub(super) fn number(self) -> usize {
        self.0 + 1
    }
}

/// What the paths of a call count from: a place in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) tree: TreeId,
    pub(super) root: Place,
}

/// Where a path argument leads.
#[derive(Clone, Debug)]
pub(super) enum Located {
    Place(Place),
    /// A version of a file, which need not be the current one.
    Version(String, Arc<FileNode>),
}

/// Why a path argument leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocateError {
    Bad(BadPath),
    NotFound,
}

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    pub(super) mint: Mint,
    pub(super) sessions: Sessions,
    pub(super) jobs: Jobs,
    pub(super) grants: Grants,
    pub(super) links: Vec<SharedLink>,
    pub(super) temporary: HashMap<String, Temporary>,
    pub(super) references: HashMap<String, Reference>,
    /// By the ids of the items.
    pub(super) locks: HashMap<String, FileLock>,
    pub(super) tags: HashMap<String, BTreeSet<String>>,
    accounts: Vec<Account>,
    trees: Vec<Tree>,
    /// The directory that mirrors the main account's tree, and keeps the other trees below it.
    directory: Option<PathBuf>,
}

impl State {
    pub(super) fn new(seed: u64, directory: Option<PathBuf>) -> State {
        let mut state = State {
            mint: Mint::new(seed),
            sessions: Sessions::default(),
            jobs: Jobs::default(),
            grants: Grants::default(),
            links: Vec::new(),
            temporary: HashMap::new(),
            references: HashMap::new(),
            locks: HashMap::new(),
            tags: HashMap::new(),
            accounts: Vec::new(),
            trees: Vec::new(),
            directory,
        };
        state.account_named(MAIN);
        state
    }

    /// The personal account of this name; it is made when it is new.
    pub(super) fn account_named(&mut self, name: &str) -> AccountId {
        let name = if name.is_empty() { MAIN } else { name };
        if let Some(known) = self
            .accounts
            .iter()
            .position(|account| account.name == name)
        {
            return AccountId(known);
        }
        let id = AccountId(self.accounts.len());
        let tree = TreeId(self.trees.len());
        self.trees.push(Tree::new(self.directory.is_some()));
        self.accounts.push(Account {
            name: name.to_owned(),
            id: self.mint.account_id(),
            email: format!("{}@emulator.example", plain(name)),
            home: View {
                tree,
                root: Place {
                    lower: String::new(),
                    display: String::new(),
                },
            },
            quota: QUOTA,
        });
        self.grants.add_standing(name, id);
        id
    }

    /// All accounts, in the order in which they were made.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        let numbered = self.accounts.iter().enumerate();
        numbered.map(|(number, account)| (AccountId(number), account))
    }

    pub(super) fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.0]
    }

    pub(super) fn tree(&self, id: TreeId) -> &Tree {
        &self.trees[id.0]
    }

    /// The tree, and what makes up ids for it.
    pub(super) fn tree_mut(&mut self, id: TreeId) -> (&mut Tree, &mut Mint) {
        (&mut self.trees[id.0], &mut self.mint)
    }

    /// Whether a tree of that number exists; cursors name theirs.
    pub(super) fn has_tree(&self, id: TreeId) -> bool {
        id.0 < self.trees.len()
    }

    /// Bytes that may still be added in a view's tree.
    pub(super) fn room(&self, account: AccountId) -> u64 {
        let account = self.account(account);
        account
            .quota
            .saturating_sub(self.tree(account.home.tree).used())
    }

    /// Follows a path argument.
    pub(super) fn locate(&self, view: &View, path: &PathArg) -> Result<Located, LocateError> {
        let tree = self.tree(view.tree);
        match path {
            PathArg::Path(path) => {
                let place = Place::parse(path).map_err(LocateError::Bad)?;
                Ok(Located::Place(place.below(&view.root)))
            }
            PathArg::Id { id, below } => {
                let path = tree
                    .path_of(id)
                    .filter(|path| names::is_within(path, &view.root.lower));
                let path = path.ok_or(LocateError::NotFound)?;
                let display = tree.node(path).ok_or(LocateError::NotFound)?.display();
                let found = Place {
                    lower: path.to_owned(),
                    display: display.to_owned(),
                };
                Ok(Located::Place(
                    Place::parse(below).map_err(LocateError::Bad)?.below(&found),
                ))
            }
            PathArg::Rev(rev) => {
                let file = tree.version(rev).ok_or(LocateError::NotFound)?;
                let lower = names::fold(&file.display);
                if !names::is_within(&lower, &view.root.lower) {
                    return Err(LocateError::NotFound);
                }
                Ok(Located::Version(lower, Arc::clone(file)))
            }
            PathArg::Namespace { id, path } => {
                let root = self
                    .namespace(id)
                    .filter(|root| root.tree == view.tree)
                    .ok_or(LocateError::NotFound)?;
                Ok(Located::Place(
                    Place::parse(path)
                        .map_err(LocateError::Bad)?
                        .below(&root.root),
                ))
            }
        }
    }

    /// The id of the namespace that a view starts at.
    pub(super) fn namespace_id(view: &View) -> String {
        (1_000_000_000 + view.tree.0).to_string()
    }

    fn namespace(&self, id: &str) -> Option<&View> {
        self.accounts
            .iter()
            .map(|account| &account.home)
            .find(|view| State::namespace_id(view) == id)
    }

    /// Where the files of an account lie, in a served directory.
    pub(super) fn directory(&self, id: AccountId) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        Some(match self.account(id).name.as_str() {
            MAIN => directory.clone(),
            name => directory
                .join(names::STATE_FOLDER)
                .join("accounts")
                .join(plain(name)),
        })
    }

    /// What happened since this was asked the last time, for a served directory. It is handed over.
    pub(super) fn take_unwritten(&mut self) -> Unwritten {
        let accounts = self
            .accounts
            .iter()
            .enumerate()
            .map(|(number, account)| Known {
                number,
                name: account.name.clone(),
                id: account.id.clone(),
            });
        let mut unwritten = Unwritten {
            accounts: accounts.collect(),
            trees: Vec::new(),
            mint: self.mint.position(),
        };
        for number in 0..self.accounts.len() {
            let Some(directory) = self.directory(AccountId(number)) else {
                continue;
            };
            let tree = &mut self.trees[self.accounts[number].home.tree.0];
            let changes = std::mem::take(&mut tree.unwritten);
            if !changes.is_empty() {
                let first = tree.sequence() - changes.len();
                unwritten.trees.push(UnwrittenTree {
                    account: number,
                    directory,
                    first,
                    changes,
                });
            }
        }
        unwritten
    }

    /// Makes an account that there was before, in the order of their numbers.
    pub(super) fn restore_account(&mut self, known: &Known) {
        let id = self.account_named(&known.name);
        self.accounts[id.0].id.clone_from(&known.id);
    }

    /// Lets something happen again.
    pub(super) fn replay(&mut self, account: usize, change: Change) {
        if let Some(account) = self.accounts.get(account) {
            self.trees[account.home.tree.0].replay(change);
        }
    }
}

/// An account as it is written down.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) id: String,
}

/// What happened and is not yet written down.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) accounts: Vec<Known>,
    pub(super) trees: Vec<UnwrittenTree>,
    /// How far the mint has come.
    pub(super) mint: (u64, u64),
}

/// What happened in one account's tree.
#[derive(Debug)]
pub(super) struct UnwrittenTree {
    pub(super) account: usize,
    pub(super) directory: PathBuf,
    /// The place of the first of the changes in the log.
    pub(super) first: usize,
    pub(super) changes: Vec<Change>,
}

impl Located {
    /// What is there now.
    pub(super) fn node(self, tree: &Tree) -> Option<(String, Node)> {
        match self {
            Located::Version(lower, file) => Some((lower, Node::File(file))),
            Located::Place(place) => tree
                .node(&place.lower)
                .cloned()
                .map(|node| (place.lower, node)),
        }
    }
}
