//! All that a call can change, behind one lock that is never held over I/O.

pub(super) mod account;
pub(super) mod cursor;
pub(super) mod grant;
pub(super) mod history;
pub(super) mod jobs;
pub(super) mod kept;
pub(super) mod links;
pub(super) mod register;
pub(super) mod relocate;
pub(super) mod session;
mod session_record;
pub(super) mod team;
pub(super) mod tree;
pub(super) mod view;
pub(super) mod write;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mint::Mint;
use super::names::{BadPath, Place};
use super::path_arg::PathArg;
use super::quirk::{Quirk, Quirks};
pub use account::AccountKind;
use account::{Account, MAIN, email};
use grant::Grants;
use jobs::Jobs;
use links::{FileLock, Reference, SharedLink, Temporary};
use register::Register;
use session::Sessions;
use team::{Sight, Team};
use tree::{FileNode, Node, Tree};
pub(super) use view::View;
use write::WriteError;

/// Bytes that an account may have in all: 2 TiB.
const QUOTA: u64 = 1 << 41;

/// Which tree, of those there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct TreeId(usize);

/// Which account, of those there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct AccountId(usize);

impl AccountId {
    /// Its place among the accounts, in the order in which they were made.
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// The `uid` that the first version of the API knew accounts by.
    pub(super) fn number(self) -> usize {
        self.0 + 1
    }
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
    /// Shared with all trees.
    pub(super) quirks: Arc<Quirks>,
    pub(super) mint: Mint,
    pub(super) sessions: Sessions,
    pub(super) jobs: Jobs,
    pub(super) grants: Grants,
    /// In the order in which they were made.
    pub(super) links: Register<SharedLink>,
    pub(super) temporary: Register<Temporary>,
    /// The newest rev that the search knows, where it is late.
    pub(super) indexed: String,
    pub(super) references: Register<Reference>,
    /// By the ids of the items.
    pub(super) locks: Register<FileLock>,
    pub(super) tags: Register<BTreeSet<String>>,
    pub(super) team: Team,
    /// How often something was handed over to be written down.
    pub(super) handed_over: u64,
    accounts: Vec<Account>,
    trees: Vec<Tree>,
    /// Which of the two that are always there is opened where no account is named.
    kind: AccountKind,
    /// The directory that shows what the account of that kind sees, and keeps the other trees below it.
    directory: Option<PathBuf>,
}

impl State {
    pub(super) fn new(seed: u64, kind: AccountKind, directory: Option<PathBuf>) -> State {
        let lasting = directory.is_some();
        let quirks: Arc<Quirks> = Arc::default();
        let tree = || Tree::new(lasting, Arc::clone(&quirks));
        let trees = vec![tree(), tree()];
        let mut state = State {
            quirks,
            mint: Mint::new(seed),
            sessions: Sessions::new(lasting),
            jobs: Jobs::new(lasting),
            grants: Grants::new(lasting),
            links: Register::new(lasting),
            temporary: Register::new(lasting),
            indexed: String::new(),
            references: Register::new(lasting),
            locks: Register::new(lasting),
            tags: Register::new(lasting),
            team: Team::new(TreeId(1)),
            handed_over: 0,
            accounts: Vec::new(),
            trees,
            kind,
            directory,
        };
        state.add_person(MAIN, TreeId(0));
        state.found_team();
        let (default, admin) = (state.default_account(), state.team_admin());
        state.grants.add_standing("", default);
        state.grants.add_team_standing(admin);
        state
    }

    /// The account that is meant where none is named.
    pub(super) fn default_account(&self) -> AccountId {
        match self.kind {
            AccountKind::Personal => AccountId(0),
            AccountKind::Business => self.team_member(),
        }
    }

    /// The account of this name; when it is new, a personal one is made. The team's space is the admin's.
    pub(super) fn account_named(&mut self, name: &str) -> AccountId {
        if name.is_empty() {
            return self.default_account();
        }
        if name == team::SPACE {
            return self.team_admin();
        }
        let mut accounts = self.accounts.iter();
        if let Some(known) = accounts.position(|account| account.name == name) {
            return AccountId(known);
        }
        let tree = TreeId(self.trees.len());
        let quirks = Arc::clone(&self.quirks);
        self.trees.push(Tree::new(self.directory.is_some(), quirks));
        self.add_person(name, tree)
    }

    /// Where the paths of an account of this name count from: its home, or the whole space of the team.
    pub(super) fn home_named(&mut self, name: &str) -> View {
        let account = self.account_named(name);
        if name == team::SPACE {
            return self
                .member_view(account, Sight::WholeTeam)
                .from(Place::root());
        }
        self.account(account).home.clone()
    }

    /// The name whose home is what a served directory shows.
    pub(super) fn shown(&self) -> &'static str {
        match self.kind {
            AccountKind::Personal => MAIN,
            AccountKind::Business => team::SPACE,
        }
    }

    fn add_person(&mut self, name: &str, tree: TreeId) -> AccountId {
        let account = Account {
            name: name.to_owned(),
            given: name.to_owned(),
            surname: "Emulated".to_owned(),
            id: self.mint.account_id(),
            email: email(name),
            home: View::own(tree),
            quota: QUOTA,
            member: None,
        };
        self.add_account(account)
    }

    fn add_account(&mut self, account: Account) -> AccountId {
        let id = AccountId(self.accounts.len());
        self.grants.add_standing(&account.name, id);
        self.accounts.push(account);
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

    /// Follows a path argument to what the caller may see.
    pub(super) fn locate(&self, view: &View, path: &PathArg) -> Result<Located, LocateError> {
        let located = self.resolve(view, path)?;
        if view.shows(located.lower()) {
            Ok(located)
        } else {
            Err(LocateError::NotFound)
        }
    }

    /// Follows a path argument to where something shall be written. The root cannot be written to.
    pub(super) fn locate_target(&self, view: &View, path: &PathArg) -> Result<Place, WriteError> {
        match self.resolve(view, path)? {
            Located::Place(place) if place.lower == view.root.lower => {
                Err(WriteError::FolderConflict)
            }
            Located::Place(place) => {
                view.check_write(self.tree(view.tree), &place.lower)?;
                Ok(place)
            }
            Located::Version(..) => Err(WriteError::Malformed),
        }
    }

    fn resolve(&self, view: &View, path: &PathArg) -> Result<Located, LocateError> {
        let tree = self.tree(view.tree);
        let below = |path: &str, root: &Place| {
            let place = self.quirks.place(path).map_err(LocateError::Bad)?;
            Ok(Located::Place(place.below(root)))
        };
        match path {
            PathArg::Path(path) => below(path, &view.root),
            PathArg::Id { id, below: path } => {
                let lower = tree.path_of(id).ok_or(LocateError::NotFound)?;
                let display = tree.node(lower).ok_or(LocateError::NotFound)?.display();
                let found = Place {
                    lower: lower.to_owned(),
                    display: display.to_owned(),
                };
                below(path, &found)
            }
            PathArg::Rev(rev) => {
                let file = tree.version(rev).ok_or(LocateError::NotFound)?;
                Ok(Located::Version(
                    self.quirks.fold(&file.display),
                    Arc::clone(file),
                ))
            }
            PathArg::Namespace { id, path } => {
                let root = self.namespace(view, id).ok_or(LocateError::NotFound)?;
                below(path, &root)
            }
        }
    }

    /// Ends a session that was committed.
    pub(super) fn end_session(&mut self, id: &str, owner: AccountId) {
        if self.quirks.has(Quirk::FinishedSessionClosed) {
            self.sessions.close_for_good(id, owner);
        } else {
            self.sessions.remove(id);
        }
    }
}

impl Located {
    fn lower(&self) -> &str {
        match self {
            Located::Place(place) => &place.lower,
            Located::Version(lower, _) => lower,
        }
    }

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
