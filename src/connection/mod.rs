//! Connections: named settings and credentials for one Dropbox account.

mod builder;
mod choice;
mod config;
mod proxy;
mod settings;
mod system_proxy;

use std::sync::Arc;

pub use builder::ConnectionBuilder;
pub use choice::{AccountKind, App, Browser, Credentials, Root};
pub(crate) use config::unknown;
pub use config::{Config, ConfigDraft, ConfigFile};
pub use proxy::{Proxy, ProxyAuthentication, ProxyKind, ProxyNames};
pub use settings::Settings;
pub use system_proxy::SystemProxy;

use crate::api::users::{Account, Space};
use crate::client::Client;
use crate::error::{Error, Result};

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

#[derive(Debug)]
struct Inner {
    name: String,
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

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }
}
