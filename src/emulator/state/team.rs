//! The team that is always there: its space, its members and their homes.
//!
//! The space is one tree. A member's home is a folder at its top, and so is what all members share, a team folder. Each of
//! them is a namespace of its own, whose id stays what it is for as long as the folder is there.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::names::Place;
use super::account::{Account, email};
use super::tree::{Depth, FolderNode, Node};
use super::view::{Reach, TeamReach, View};
use super::{AccountId, QUOTA, State, TreeId};

/// The name by which tests and directories know the whole space of the team.
pub(in super::super) const SPACE: &str = "team-space";

/// The team folder that the space begins with.
const FIRST_FOLDER: &str = "/Projects";

/// The name of the team.
pub(in super::super) const NAME: &str = "Emulated team";

/// A member, as the team begins.
struct Seat {
    account: &'static str,
    given: &'static str,
    surname: &'static str,
    role: Role,
    status: Status,
}

/// The members. The first is the admin who links apps to the team, the second the one that `--account business` opens.
const SEATS: [Seat; 4] = [
    Seat {
        account: "team-admin",
        given: "Ada",
        surname: "Admin",
        role: Role::Admin,
        status: Status::Active,
    },
    Seat {
        account: "team-member",
        given: "Max",
        surname: "Member",
        role: Role::Member,
        status: Status::Active,
    },
    Seat {
        account: "team-colleague",
        given: "Cleo",
        surname: "Colleague",
        role: Role::Member,
        status: Status::Active,
    },
    Seat {
        account: "team-suspended",
        given: "Sam",
        surname: "Suspended",
        role: Role::Member,
        status: Status::Suspended,
    },
];

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Role {
    Admin,
    Member,
}

/// Whether a member may do anything at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Status {
    Active,
    Suspended,
}

/// What an account is in its team.
#[derive(Clone, Debug)]
pub(in super::super) struct Member {
    /// `dbmid:...`
    pub(in super::super) id: String,
    pub(in super::super) role: Role,
    pub(in super::super) status: Status,
}

/// The folder of a member at the top of the space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Home {
    pub(in super::super) owner: AccountId,
    pub(in super::super) place: Place,
    /// Its namespace.
    pub(in super::super) namespace: String,
}

/// The team.
#[derive(Debug)]
pub(in super::super) struct Team {
    /// `dbtid:...`
    pub(in super::super) id: String,
    /// `g:...`, the group that every member is in.
    pub(in super::super) everyone: String,
    pub(in super::super) tree: TreeId,
    pub(in super::super) homes: Vec<Home>,
}

/// How much of the homes of others somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Sight {
    /// None: as any member.
    Member,
    /// All of them: an admin who looks.
    WholeTeam,
}

impl Team {
    pub(super) fn new(tree: TreeId) -> Team {
        Team {
            id: String::new(),
            everyone: String::new(),
            tree,
            homes: Vec::new(),
        }
    }
}

/// The id of the namespace that begins at a folder, from the id of the folder: the same whoever asks, and after a restart.
pub(super) fn namespace_of(folder: &str) -> String {
    let digest = Sha256::digest(folder);
    let number = digest[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    (2_000_000_000 + number % 7_000_000_000).to_string()
}

/// Something that nobody made up: 40 characters, or what the prefix leaves of them, always the same for the same text.
fn derived(prefix: &str, text: &str) -> String {
    let mut id = format!("{prefix}:");
    id += &URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{prefix}{text}")));
    id.truncate(40);
    id
}

impl State {
    /// Gives the members their accounts. Their homes are there once [`State::furnish_team`] is done.
    pub(super) fn found_team(&mut self) {
        for seat in &SEATS {
            let account = Account {
                name: seat.account.to_owned(),
                given: seat.given.to_owned(),
                surname: seat.surname.to_owned(),
                id: self.mint.account_id(),
                email: email(seat.account),
                home: View::own(self.team.tree),
                quota: QUOTA,
                member: Some(Member {
                    id: String::new(),
                    role: seat.role,
                    status: seat.status,
                }),
            };
            self.add_account(account);
        }
        self.seat_team();
    }

    /// Gives the members their ids, homes and views, which follow from the ids of their accounts.
    pub(super) fn seat_team(&mut self) {
        let homes: Vec<Home> = self
            .members()
            .map(|(owner, account, _)| Home {
                owner,
                place: Place::parse(&format!("/{} {}", account.given, account.surname))
                    .expect("members have names of files"),
                namespace: namespace_of(&account.id),
            })
            .collect();
        self.team.homes = homes;
        let admin = &self.account(self.team_admin()).id;
        let (id, everyone) = (derived("dbtid", admin), group_id(admin));
        (self.team.id, self.team.everyone) = (id, everyone);
        let members: Vec<AccountId> = self.members().map(|(id, ..)| id).collect();
        for id in members {
            let home = self.member_view(id, Sight::Member);
            let account = &mut self.accounts[id.0];
            account.home = home;
            if let Some(member) = &mut account.member {
                member.id = derived("dbmid", &account.id);
            }
        }
    }

    /// Makes the folders that the space must have and has not: the homes, and at the very beginning a team folder.
    pub(in super::super) fn furnish_team(&mut self) {
        let homes = self.team.homes.iter();
        let mut folders: Vec<Place> = homes.map(|home| home.place.clone()).collect();
        if self.tree(self.team.tree).sequence() == 0 {
            folders.push(Place::parse(FIRST_FOLDER).expect("it is a legal path"));
        }
        for folder in folders {
            let (tree, mint) = self.tree_mut(self.team.tree);
            // One that is there already is what is wanted.
            let _ = tree.create_folder(&folder, false, mint);
        }
    }

    /// What a member sees, with paths that count from the home.
    pub(in super::super) fn member_view(&self, id: AccountId, sight: Sight) -> View {
        let homes = &self.team.homes;
        let others = homes.iter().filter(|home| home.owner != id);
        let hidden = match sight {
            Sight::WholeTeam => Vec::new(),
            Sight::Member => others.map(|home| home.place.lower.clone()).collect(),
        };
        let member = self.account(id).member.as_ref();
        let own = homes.iter().find(|home| home.owner == id);
        View {
            tree: self.team.tree,
            root: own.map_or_else(Place::root, |home| home.place.clone()),
            reach: Reach::Team(TeamReach {
                homes: homes.clone(),
                hidden,
                steward: member.is_some_and(|member| member.role == Role::Admin),
            }),
        }
    }

    /// The admin who links apps to the team.
    pub(in super::super) fn team_admin(&self) -> AccountId {
        self.first_with_role(Role::Admin)
    }

    /// The member that stands for any other.
    pub(in super::super) fn team_member(&self) -> AccountId {
        self.first_with_role(Role::Member)
    }

    fn first_with_role(&self, role: Role) -> AccountId {
        let mut members = self.members();
        let found = members.find(|(_, _, member)| member.role == role);
        found.map(|(id, ..)| id).expect("the team has both")
    }

    /// The members of the team, in the order in which it lists them.
    pub(in super::super) fn members(&self) -> impl Iterator<Item = (AccountId, &Account, &Member)> {
        self.accounts()
            .filter_map(|(id, account)| Some((id, account, account.member.as_ref()?)))
    }

    /// The team folders: their names and namespaces, in the order of their names.
    pub(in super::super) fn team_folders(&self) -> impl Iterator<Item = (&FolderNode, String)> {
        let at_the_top = self.tree(self.team.tree).below("", Depth::One, "");
        at_the_top.filter_map(|(lower, node)| match node {
            Node::Folder(folder)
                if !self.team.homes.iter().any(|home| home.place.lower == lower) =>
            {
                Some((&**folder, namespace_of(&folder.id)))
            }
            _ => None,
        })
    }

    /// Where the team folder of this namespace is.
    pub(super) fn team_folder(&self, namespace: &str) -> Option<Place> {
        let mut folders = self.team_folders();
        let (folder, _) = folders.find(|(_, id)| id == namespace)?;
        Place::parse(&folder.display).ok()
    }

    /// The namespaces of an account: the root, the home, and where the home is in the root if it is not the root itself.
    pub(in super::super) fn namespaces_of(&self, id: AccountId) -> (String, String, Option<&str>) {
        let root = State::root_namespace(self.account(id).home.tree);
        match self.team.homes.iter().find(|home| home.owner == id) {
            None => (root.clone(), root, None),
            Some(home) => (root, home.namespace.clone(), Some(&home.place.display)),
        }
    }
}

/// A group's id, which is written in hexadecimal digits.
fn group_id(text: &str) -> String {
    let digest = Sha256::digest(format!("everyone {text}"));
    digest[..16].iter().fold("g:".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}
