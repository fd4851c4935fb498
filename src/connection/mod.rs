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
use crate::client::{Client, Guards};
use crate::error::Result;

/// A connection to one Dropbox account, under the name that scripts know it by.
///
/// Clones are cheap and share connections, token and pauses. Nothing is sent until a method asks for something.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Inner>);

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

    /// The same connection, for a run with these guards.
    pub(crate) fn guarded(&self, guards: &Arc<Guards>) -> Self {
        Self(Arc::new(Inner {
            name: self.0.name.clone(),
            client: self.0.client.guarded(guards),
        }))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }
}
