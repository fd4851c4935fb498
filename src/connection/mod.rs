//! Connections: named settings and credentials for one Dropbox account.

mod builder;
mod choice;
mod config;
mod probe;
mod proxy;
mod settings;
mod system_proxy;

use std::sync::Arc;

pub use builder::ConnectionBuilder;
pub use choice::{AccountKind, App, Browser, Credentials};
pub(crate) use config::unknown;
pub use config::{Config, ConfigDraft, ConfigFile, Grants, Restrictions};
pub use probe::Probe;
pub use proxy::{Proxy, ProxyAuthentication, ProxyKind, ProxyNames};
pub use settings::Settings;
pub use system_proxy::SystemProxy;

use crate::api::users::{Account, Space};
use crate::client::{Client, Guards, Root, Select};
use crate::error::{Error, ErrorKind, Result};
use crate::oauth::TokenStore;

/// A connection to one Dropbox account, under the name that scripts know it by.
///
/// Clones are cheap and share connections, token and pauses. Nothing is sent until a method asks for something.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Inner>);

/// How signing out went; the tokens are forgotten here in any case.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedOut {
    /// Why Dropbox could not be told to end the tokens, where that is so: whoever has a copy of them could still use them, until a
    /// person disconnects the app at Dropbox.
    pub not_revoked: Option<Error>,
}

#[derive(Debug, Clone)]
struct Inner {
    name: String,
    /// Where the tokens are kept, where they are.
    store: Option<TokenStore>,
    client: Client,
}

impl Connection {
    /// Begins a connection of this name.
    pub fn builder(name: impl Into<String>) -> ConnectionBuilder {
        ConnectionBuilder::new(name.into())
    }

    /// A connection with these settings.
    ///
    /// # Errors
    /// `not_signed_in` without a token, `invalid_argument` where a setting is wrong.
    pub fn from_settings(name: impl Into<String>, settings: &Settings) -> Result<Self> {
        Self::builder(name).settings(settings)?.build()
    }

    /// The name that scripts know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whose account it is.
    ///
    /// # Errors
    /// `not_signed_in` where the token is not accepted; `network`, `server` and the like where there is no answer.
    pub async fn account(&self) -> Result<Account> {
        self.client().current_account().await
    }

    /// What the person allowed the app at the sign-in, in Dropbox's words; nothing where that is not known, as of a token that was given.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn scopes(&self) -> Result<Vec<String>> {
        let Some(store) = &self.0.store else {
            return Ok(Vec::new());
        };
        let stored = store.load(&self.0.name).await?;
        Ok(stored.unwrap_or_default().scopes)
    }

    /// How full the account is.
    ///
    /// # Errors
    /// As [`account`](Connection::account).
    pub async fn space(&self) -> Result<Space> {
        self.client().space_usage().await
    }

    /// Signs out: has Dropbox end the tokens of this sign-in, then forgets them in the store, whether Dropbox could be told or not.
    /// The secrets of the app and of the proxy stay in the store.
    ///
    /// # Errors
    /// `unsupported` where the tokens are from the environment; those of the store where it cannot forget them.
    pub async fn sign_out(&self) -> Result<SignedOut> {
        let not_revoked = self.client().sign_out().await?;
        Ok(SignedOut { not_revoked })
    }

    /// The same connection for a member of the team, by id or email address: with a token of the whole team, it sees what the member
    /// sees. Tokens, connections and pauses are shared.
    ///
    /// # Errors
    /// `invalid_argument` for an empty name. That there is no such member is found out by the first call.
    pub fn as_member(&self, member: &str) -> Result<Self> {
        let member = named(member, "member")?;
        Ok(self.with_client(self.client().seen_as(Select::Member(member))))
    }

    /// The same connection for an admin of the team, by id or email address: with a token of the whole team, it sees what admins see.
    ///
    /// # Errors
    /// As [`as_member`](Connection::as_member).
    pub fn as_admin(&self, admin: &str) -> Result<Self> {
        let admin = named(admin, "admin")?;
        Ok(self.with_client(self.client().seen_as(Select::Admin(admin))))
    }

    /// The same connection with paths that begin elsewhere.
    #[must_use]
    pub fn in_namespace(&self, root: Root) -> Self {
        self.with_client(self.client().seen_from(root))
    }

    /// The same connection, for a run with these guards.
    pub(crate) fn guarded(&self, guards: &Arc<Guards>) -> Self {
        self.with_client(self.client().guarded(guards))
    }

    fn with_client(&self, client: Client) -> Self {
        Self(Arc::new(Inner {
            client,
            ..(*self.0).clone()
        }))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }
}

fn named(text: &str, what: &str) -> Result<String> {
    if text.trim().is_empty() {
        let message = format!("no {what} is named");
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .with_hint("give an id, as `dbmid:...`, or an email address"));
    }
    Ok(text.trim().to_owned())
}
