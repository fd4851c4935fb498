//! Whose files a client sees, and where their paths begin.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::Client;
use super::call::Argument;
use super::pace::Pace;
use super::upload::Commits;
use crate::api::header::safe_json;
use crate::api::team::{Found, Members};
use crate::api::{Route, TEAM_MEMBERS_GET_INFO};
use crate::error::{Error, ErrorKind, Result};

const SELECT_USER: HeaderName = HeaderName::from_static("dropbox-api-select-user");
const SELECT_ADMIN: HeaderName = HeaderName::from_static("dropbox-api-select-admin");
const PATH_ROOT: HeaderName = HeaderName::from_static("dropbox-api-path-root");

/// The folder that paths begin at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Root {
    /// The team space where there is one, else the person's own folder.
    #[default]
    Auto,
    /// The person's own folder.
    Home,
    /// The team space.
    Team,
    /// A namespace by its id.
    Namespace(String),
}

/// The member of a team that a token of the whole team acts for, by id or email address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Select {
    /// With the member's own rights.
    Member(String),
    /// With an admin's.
    Admin(String),
}

/// Whose files are meant, and where paths begin; what had to be asked for is remembered.
#[derive(Debug)]
pub(crate) struct View {
    select: Option<Select>,
    root: Root,
    member: OnceCell<HeaderValue>,
    place: tokio::sync::Mutex<Option<Place>>,
    /// What waits for its commit goes in one call, which is for one account and one root.
    pub(super) commits: Commits,
    /// Shared with all that is known to be for the same account.
    pace: Mutex<Arc<Pace>>,
}

/// Where paths begin, once that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Where Dropbox lets them begin if nothing is said.
    Usual,
    /// At the team space, by its namespace.
    Team(String),
}

/// What a call says of the view.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    headers: Vec<(HeaderName, HeaderValue)>,
    place: Option<Place>,
}

impl View {
    /// What tells it from others of the account.
    pub(super) fn identity(&self) -> String {
        format!("{:?} {:?}", self.select, self.root)
    }

    /// A view of what these tokens at this server give access to.
    pub(super) fn new(owner: &str, select: Option<Select>, root: Root) -> Self {
        // Members of a team are counted each by themselves.
        let pace = Pace::of(&format!("{owner} {select:?}"));
        Self {
            select,
            root,
            member: OnceCell::new(),
            place: tokio::sync::Mutex::default(),
            commits: Commits::default(),
            pace: Mutex::new(pace),
        }
    }

    pub(super) fn pace(&self) -> Arc<Pace> {
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pace)
    }

    /// Goes on with the pace of that account, now that it is known which one it is.
    pub(super) fn is_of(&self, server: &str, account: &str) {
        let known = Pace::of(&format!("{server} {account}"));
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        known.pacer.join(&pace.pacer);
        *pace = known;
    }
}

impl Client {
    /// Whom it sees and from where, to tell views of one account apart.
    pub(crate) fn whose(&self) -> String {
        let View { select, root, .. } = self.view();
        format!("{select:?} {root:?}")
    }

    /// The same client for another member of the team.
    pub(crate) fn seen_as(&self, select: Select) -> Self {
        self.with_view(Some(select), self.view().root.clone())
    }

    /// The same client with paths that begin elsewhere.
    pub(crate) fn seen_from(&self, root: Root) -> Self {
        self.with_view(self.view().select.clone(), root)
    }

    /// What a call of this route has to say of the view.
    ///
    /// # Errors
    /// Those of the calls that find it out; `invalid_argument` where the team has no such member, or the account no team space.
    pub(super) async fn seen(&self, route: &Route<'_>) -> Result<Seen> {
        let mut seen = Seen::default();
        // These are the team's own affair; and to find out about members by them must not need a member.
        if route.name.starts_with("team/") {
            return Ok(seen);
        }
        if let Some(select) = &self.view().select {
            let member = self.view().member.get_or_try_init(|| self.member(select));
            seen.headers.push((select.header(), member.await?.clone()));
        }
        if route.name.starts_with("files/") || route.name.starts_with("sharing/") {
            // What finds it out makes calls itself, though not of these routes.
            seen.place = Box::pin(self.place()).await?;
            if let Some(root) = self.path_root(seen.place.as_ref())? {
                seen.headers.push((PATH_ROOT, root));
            }
        }
        Ok(seen)
    }

    /// Whether the call that was refused with this error would find its root if it asked again: the team space has moved, or the app
    /// has no roots to choose from.
    pub(super) async fn mend(&self, error: &Error, seen: &Seen) -> bool {
        let Some(Place::Team(before)) = &seen.place else {
            return false;
        };
        let now = match error.status() {
            Some(422) => match moved(error) {
                Some(namespace) if namespace != *before => Place::Team(namespace),
                _ => return false,
            },
            // An app with a folder of its own begins there, whatever the account has.
            Some(400)
                if self.view().root == Root::Auto
                    && error.to_string().contains("Path root is not supported") =>
            {
                Place::Usual
            }
            _ => return false,
        };
        *self.view().place.lock().await = Some(now);
        true
    }

    /// The id of the member, who may be given by an address.
    async fn member(&self, select: &Select) -> Result<HeaderValue> {
        let (Select::Member(given) | Select::Admin(given)) = select;
        let id = if given.contains('@') {
            // By way of a box: the call of a team's route asks for no view, but the compiler does not know.
            Box::pin(self.member_id(given)).await?
        } else {
            given.clone()
        };
        HeaderValue::try_from(id).map_err(|_| {
            invalid(format!("`{given}` is not the id of a member"))
                .with_hint("it is as `dbmid:...`, or an email address")
        })
    }

    async fn member_id(&self, email: &str) -> Result<String> {
        let argument = json!({ "members": [{ ".tag": "email", "email": email }] });
        let found: Members = self
            .rpc(&TEAM_MEMBERS_GET_INFO, None, Argument::of(&argument))
            .await?;
        match found.members_info.into_iter().next() {
            Some(Found::MemberInfo { profile }) => Ok(profile.team_member_id),
            _ => Err(invalid(format!("the team has no member `{email}`"))),
        }
    }

    /// Where paths begin; nothing where the settings say it already. Asked for once, by one call of all.
    async fn place(&self) -> Result<Option<Place>> {
        let root = &self.view().root;
        if matches!(root, Root::Home | Root::Namespace(_)) {
            return Ok(None);
        }
        let mut place = self.view().place.lock().await;
        if place.is_none() {
            *place = Some(match self.current_account().await {
                Ok(account) => {
                    let info = account.root_info;
                    if info.root_namespace_id == info.home_namespace_id {
                        Place::Usual
                    } else {
                        Place::Team(info.root_namespace_id)
                    }
                }
                // An app that may not look at the account still works where paths usually begin.
                Err(error) if *root == Root::Auto && error.kind() == ErrorKind::Permission => {
                    Place::Usual
                }
                Err(error) => return Err(error),
            });
        }
        Ok(place.clone())
    }

    fn path_root(&self, place: Option<&Place>) -> Result<Option<HeaderValue>> {
        let root = match (&self.view().root, place) {
            (Root::Namespace(id), _) => json!({ ".tag": "namespace_id", "namespace_id": id }),
            (_, Some(Place::Team(id))) => json!({ ".tag": "root", "root": id }),
            (Root::Team, _) => {
                return Err(invalid("the account has no team space".to_owned())
                    .with_hint("leave the root at \"auto\" or \"home\""));
            }
            (Root::Auto | Root::Home, _) => return Ok(None),
        };
        let root = safe_json(&root).expect("an object of two texts");
        HeaderValue::try_from(root)
            .map(Some)
            .map_err(|_| invalid("the id of the namespace is none".to_owned()))
    }
}

impl Seen {
    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }
}

impl Select {
    fn header(&self) -> HeaderName {
        match self {
            Self::Member(_) => SELECT_USER,
            Self::Admin(_) => SELECT_ADMIN,
        }
    }
}

/// The namespace of the team space, as a refusal tells it.
fn moved(error: &Error) -> Option<String> {
    let told = error.detail()?.get("invalid_root")?;
    let namespace = told.get("root_namespace_id").and_then(Value::as_str)?;
    Some(namespace.to_owned())
}

impl TryFrom<String> for Root {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        match text.as_str() {
            "" | "auto" => Ok(Self::Auto),
            "home" => Ok(Self::Home),
            "team" => Ok(Self::Team),
            id if id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self::Namespace(text)),
            _ => Err(invalid(format!("`{text}` is no folder to begin at")).with_hint(
                "it is \"auto\", \"home\", \"team\" or the id of a namespace, which is a number",
            )),
        }
    }
}

impl From<Root> for String {
    fn from(root: Root) -> Self {
        root.to_string()
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Home => "home",
            Self::Team => "team",
            Self::Namespace(id) => id,
        })
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_read_as_it_is_written() {
        for text in ["auto", "home", "team", "1234"] {
            let root = Root::try_from(text.to_owned()).expect(text);
            assert_eq!(root.to_string(), text);
        }
        assert!(Root::try_from("tema".to_owned()).is_err());
    }
}
