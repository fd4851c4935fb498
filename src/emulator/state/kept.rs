//! What is written down for a served directory, and how it comes back.

use std::path::Path;

use serde::de::Error as _;

use super::super::mirror::{Apart, Layout};
use super::super::names;
use super::account::plain;
use super::register::{Entry, Lasting};
use super::team;
use super::tree::{Change, Tree};
use super::{AccountId, State};

impl State {
    /// How a served directory shows what an account keeps there; `None` for what is kept with somebody else's.
    pub(in super::super) fn layout(&self, id: AccountId) -> Option<Layout> {
        let directory = self.directory.as_ref()?;
        let folder = |name: &str| {
            let accounts = directory.join(names::STATE_FOLDER).join("accounts");
            accounts.join(plain(name))
        };
        let space = self.account(id).member.is_some();
        if space && id != self.team_admin() {
            return None;
        }
        let name = if space {
            team::SPACE
        } else {
            &self.account(id).name
        };
        if name != self.shown() {
            return Some(Layout::plain(folder(name)));
        }
        let own = self.default_account();
        let others = self
            .team
            .homes
            .iter()
            .filter(|home| space && home.owner != own);
        let apart = others.map(|home| Apart {
            place: home.place.clone(),
            directory: folder(&self.account(home.owner).name),
        });
        Some(Layout {
            directory: directory.clone(),
            apart: apart.collect(),
        })
    }

    /// All that outlives the process besides accounts and trees, by what it is called where it is written down.
    fn lasting(&mut self) -> [(&'static str, &mut dyn Lasting); 10] {
        [
            ("access", &mut self.grants.access),
            ("code", &mut self.grants.codes),
            ("job", &mut self.jobs.0),
            ("link", &mut self.links),
            ("lock", &mut self.locks),
            ("reference", &mut self.references),
            ("refresh", &mut self.grants.refresh),
            ("session", &mut self.sessions),
            ("tags", &mut self.tags),
            ("temporary", &mut self.temporary),
        ]
    }

    /// Whether something happened that was not handed over to be written down.
    pub(in super::super) fn has_unwritten(&mut self) -> bool {
        self.trees.iter().any(Tree::has_unwritten)
            || self.lasting().iter().any(|(_, kept)| kept.has_unwritten())
    }

    /// Forgets what came with the accounts, such as their standing tokens: all of it is written down and comes back.
    pub(in super::super) fn clear_entries(&mut self) {
        for (_, kept) in self.lasting() {
            kept.clear();
        }
    }

    /// Takes back what was written down; parts come in their order.
    pub(in super::super) fn restore_entry(
        &mut self,
        kind: &str,
        key: String,
        part: u64,
        value: &str,
        blobs: &Path,
    ) -> serde_json::Result<()> {
        let kept = self.lasting().into_iter().find(|(name, _)| *name == kind);
        match kept {
            Some((_, kept)) => kept.restore(key, part, value, blobs),
            None => Err(serde_json::Error::custom("there is no such kind")),
        }
    }

    /// Everything is back.
    pub(in super::super) fn restored(&mut self) {
        self.jobs.give_up();
    }

    /// What happened since this was asked the last time, for a served directory. It is handed over.
    pub(in super::super) fn take_unwritten(&mut self) -> Unwritten {
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
            trees: self.take_unwritten_trees(),
            entries: Vec::new(),
            mint: self.mint.position(),
        };
        for (kind, kept) in self.lasting() {
            kept.take_unwritten(kind, &mut unwritten.entries);
        }
        self.handed_over += u64::from(!unwritten.is_empty());
        unwritten
    }

    /// What happened in the trees alone.
    pub(in super::super) fn take_unwritten_trees(&mut self) -> Vec<UnwrittenTree> {
        let mut trees = Vec::new();
        for number in 0..self.accounts.len() {
            let Some(layout) = self.layout(AccountId(number)) else {
                continue;
            };
            let tree = &mut self.trees[self.accounts[number].home.tree.0];
            let changes = std::mem::take(&mut tree.unwritten);
            if !changes.is_empty() {
                let first = tree.sequence() - changes.len();
                trees.push(UnwrittenTree {
                    account: number,
                    layout,
                    first,
                    changes,
                    from_directory: false,
                });
            }
        }
        trees
    }

    /// Makes an account that there was before, in the order of their numbers.
    pub(in super::super) fn restore_account(&mut self, known: &Known) {
        let id = self.account_named(&known.name);
        self.accounts[id.0].id.clone_from(&known.id);
        self.seat_team();
    }

    /// Lets something happen again.
    pub(in super::super) fn replay(&mut self, account: usize, change: Change) {
        if let Some(account) = self.accounts.get(account) {
            self.trees[account.home.tree.0].replay(change);
        }
    }
}

/// An account as it is written down.
#[derive(Clone, Debug)]
pub(in super::super) struct Known {
    pub(in super::super) number: usize,
    pub(in super::super) name: String,
    pub(in super::super) id: String,
}

/// What happened and is not yet written down.
#[derive(Debug)]
pub(in super::super) struct Unwritten {
    pub(in super::super) accounts: Vec<Known>,
    pub(in super::super) trees: Vec<UnwrittenTree>,
    pub(in super::super) entries: Vec<Entry>,
    /// How far the mint has come.
    pub(in super::super) mint: (u64, u64),
}

impl Unwritten {
    pub(in super::super) fn is_empty(&self) -> bool {
        self.trees.is_empty() && self.entries.is_empty()
    }
}

/// What happened in one account's tree.
#[derive(Debug)]
pub(in super::super) struct UnwrittenTree {
    pub(in super::super) account: usize,
    pub(in super::super) layout: Layout,
    /// The place of the first of the changes in the log.
    pub(in super::super) first: usize,
    pub(in super::super) changes: Vec<Change>,
    /// Whether they were found there, and so need not be shown: what a person does next must not be undone.
    pub(in super::super) from_directory: bool,
}
