//! `users/`: one method a route.

use super::Client;
use super::call::Argument;
use crate::api::users::{Account, Space, SpaceUsage};
use crate::api::{GET_CURRENT_ACCOUNT, GET_SPACE_USAGE};
use crate::error::Result;

impl Client {
    pub(crate) async fn current_account(&self) -> Result<Account> {
        let account: Account = self
            .rpc(&GET_CURRENT_ACCOUNT, None, Argument::of(&()))
            .await?;
        let server = self.server(&GET_CURRENT_ACCOUNT);
        self.view().is_of(&server, &account.account_id);
        Ok(account)
    }

    pub(crate) async fn space_usage(&self) -> Result<Space> {
        self.rpc::<SpaceUsage>(&GET_SPACE_USAGE, None, Argument::of(&()))
            .await
            .map(Space::from)
    }
}
