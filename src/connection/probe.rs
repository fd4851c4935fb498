//! Looking at all that a connection needs.

use super::Connection;
use crate::api::users::{Account, Space};
use crate::client::Reached;
use crate::error::Result;

/// What a look at a connection found, each by itself.
#[derive(Debug)]
pub struct Probe {
    /// The servers, and whether they answer.
    pub servers: Vec<Reached>,
    /// Whose account it is.
    pub account: Result<Account>,
    /// How full it is.
    pub space: Result<Space>,
}

impl Connection {
    /// Reaches each server, and asks whose account it is and how full. What cannot be found out is in the result.
    pub async fn probe(&self) -> Probe {
        let servers = self.client().reach().await;
        // Where even that did not work, many tries would only take long to say so.
        let unreached = servers.first().and_then(|api| api.answer.as_ref().err());
        let account = match unreached {
            Some(error) => Err(error.clone()),
            None => self.account().await,
        };
        let space = match &account {
            Ok(_) => self.space().await,
            // The same again, and once was long enough to wait.
            Err(error) => Err(error.clone()),
        };
        Probe {
            servers,
            account,
            space,
        }
    }
}
