//! Signing in, and tokens: those that were given, those that are renewed, and where they are kept.

mod answer;
mod credentials;
mod endpoint;
mod listener;
mod redirect;
mod refresh;
mod sign_in;
mod store;

use std::sync::Arc;

pub use credentials::StoredCredentials;
pub use listener::Listener;
pub use sign_in::{SignIn, SignInOptions};
pub use store::{Place, StoreLock, TokenStore};

pub(crate) use endpoint::TokenEndpoint;
pub(crate) use refresh::Refresher;

use crate::error::Result;
use crate::secret::Secret;

/// Gives the access token of a connection, and a new one when it has expired.
#[derive(Debug)]
pub(crate) enum TokenSource {
    /// A token that was given and cannot be renewed.
    Given(Secret),
    /// Tokens that are bought as they are needed.
    Refreshed(Arc<Refresher>),
}

impl TokenSource {
    /// What tells the account that they are for from others, without telling them.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Given(token) => store::identity(token),
            Self::Refreshed(refresher) => refresher.identity(),
        }
    }

    /// A token that should be good now.
    pub(crate) async fn token(&self) -> Result<Secret> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Refreshed(refresher) => refresher.token(None).await,
        }
    }

    /// A token other than the one that was just refused; `None` where there is no way to get one.
    pub(crate) async fn another_than(&self, refused: &Secret) -> Option<Result<Secret>> {
        match self {
            Self::Given(_) => None,
            Self::Refreshed(refresher) => Some(refresher.token(Some(refused)).await),
        }
    }

    /// Forgets the tokens, here and in the store.
    pub(crate) async fn forget(&self) -> Result<()> {
        match self {
            Self::Given(_) => Ok(()),
            Self::Refreshed(refresher) => refresher.forget().await,
        }
    }

    /// Whether they can be forgotten; those from the environment come back.
    pub(crate) fn can_be_forgotten(&self) -> bool {
        match self {
            Self::Given(_) => true,
            Self::Refreshed(refresher) => !refresher.is_fixed(),
        }
    }
}
