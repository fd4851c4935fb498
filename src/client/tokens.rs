//! `auth/`: the end of a sign-in.

use super::Client;
use super::call::Argument;
use crate::api::REVOKE_TOKEN;
use crate::error::{Error, ErrorKind, Result};

impl Client {
    /// Has Dropbox end the tokens, and forgets them whether it could be told or not; why not, where it could not.
    pub(crate) async fn sign_out(&self) -> Result<Option<Error>> {
        if !self.0.tokens.can_be_forgotten() {
            let message = "a sign-in from the environment cannot be ended here";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_hint("take the tokens out of the environment"));
        }
        let revoked = self.rpc(&REVOKE_TOKEN, None, Argument::of(&())).await;
        self.0.tokens.forget().await?;
        Ok(match revoked {
            Ok(()) => None,
            // They had ended already.
            Err(error) if error.kind() == ErrorKind::NotSignedIn => None,
            Err(error) => Some(error),
        })
    }
}
