//! One call: who makes it, with which argument, and the body that is still to come.

use std::sync::Arc;

use axum::http::header;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Refusal};
use super::body::RequestBody;
use super::fault::{EntryFaults, FaultKind, Strike};
use super::fields::Fields;
use super::intake::Received;
use super::path_arg::PathArg;
use super::quirk::Quirk;
use super::server::Via;
use super::shared::Shared;
use super::state::write::Content;
use super::state::{AccountId, LocateError, State, View};

/// Bytes in the body of one request, at most: 150 MiB.
pub(super) const LARGEST_BODY: u64 = 150 * 1024 * 1024;

pub(super) type Outcome = Result<Answer, Refusal>;

/// A call on its way to a route.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    /// The route's name.
    pub(super) route: &'static str,
    pub(super) caller: Option<Caller>,
    pub(super) arg: Fields,
    pub(super) parts: Parts,
    pub(super) body: RequestBody,
    /// A fault that only the route itself can act out.
    pub(super) strike: Option<Strike>,
}

/// Who holds the token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Caller {
    pub(super) account: AccountId,
    pub(super) view: View,
    pub(super) token: String,
}

impl Call {
    /// The user; only for routes that the table gives to users.
    pub(super) fn caller(&self) -> Caller {
        self.caller
            .clone()
            .expect("the table lets nobody in without a token")
    }

    /// Whether the user is a member of the team.
    pub(super) fn is_of_team(&self) -> bool {
        let account = self.caller().account;
        self.shared.state().account(account).member.is_some()
    }

    /// The fault that strikes this call.
    pub(super) fn fault(&self) -> Option<&FaultKind> {
        self.strike.as_ref().map(|strike| &strike.kind)
    }

    /// Which entries of the call, a batch, a fault lets fail.
    pub(super) fn entry_faults(&self) -> EntryFaults {
        EntryFaults::of(self.strike.as_ref(), self.route)
    }

    /// Whether a quirk is on.
    pub(super) fn quirk(&self, quirk: Quirk) -> bool {
        self.shared.quirks.has(quirk)
    }

    /// Where the client reached this server, for links that lead back here.
    pub(super) fn origin(&self) -> String {
        let host = self.parts.headers.get(header::HOST);
        let host = host
            .and_then(|host| host.to_str().ok())
            .or_else(|| Some(self.parts.uri.authority()?.as_str()));
        let host = host.unwrap_or("localhost");
        let secure = self.parts.extensions.get::<Via>();
        let secure = secure.is_some_and(|via| via.secure);
        format!("{}://{host}", if secure { "https" } else { "http" })
    }

    /// Reads the whole body into the store, and checks it against the hash that the client gave.
    pub(super) async fn receive_content(
        &mut self,
        expected_hash: Option<&str>,
    ) -> Result<Content, Refusal> {
        let sink = self.shared.store.sink();
        let Received {
            contents,
            size,
            hasher,
            ..
        } = self
            .body
            .receive(sink, None, LARGEST_BODY, LARGEST_BODY)
            .await?;
        let content_hash = hasher.finish();
        check_hash(expected_hash, &content_hash)?;
        Ok(Content {
            blob: contents.into_blob(size),
            content_hash,
        })
    }
}

/// Refuses bytes that are not what the client meant to send.
pub(super) fn check_hash(expected: Option<&str>, actual: &str) -> Result<(), Refusal> {
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(actual) => {
            Err(Refusal::Route(super::tag::tag("content_hash_mismatch")))
        }
        _ => Ok(()),
    }
}

impl State {
    /// Follows a path argument to something that is there.
    pub(super) fn find(
        &self,
        view: &View,
        path: &PathArg,
    ) -> Result<(String, super::state::tree::Node), LocateError> {
        let tree = self.tree(view.tree);
        self.locate(view, path)?
            .node(tree)
            .ok_or(LocateError::NotFound)
    }
}
