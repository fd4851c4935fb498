//! Access tokens that are renewed, by one at a time of all who use them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::StoredCredentials;
use super::endpoint::TokenEndpoint;
use super::store::{Place, TokenStore};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// Buys access tokens with the refresh token of a connection, and keeps both in its store.
#[derive(Debug)]
pub(crate) struct Refresher {
    endpoint: TokenEndpoint,
    app_secret: Option<Secret>,
    store: TokenStore,
    /// The name of the connection in the store.
    name: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    /// What the store should hold and could not take.
    unkept: Option<StoredCredentials>,
}

#[derive(Debug)]
struct Current {
    token: Secret,
    /// When to replace it, by the clock that nobody sets; `None`: not before it is refused.
    renew: Option<Instant>,
}

impl Refresher {
    /// The tokens of a connection that are kept in the store under its name. `app_secret` is used where the store holds none.
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        app_secret: Option<Secret>,
        store: TokenStore,
        name: String,
    ) -> Self {
        Self {
            endpoint,
            app_secret,
            store,
            name,
            state: Mutex::default(),
        }
    }

    /// What tells the account from others.
    pub(super) fn identity(&self) -> String {
        self.store.identity(&self.name)
    }

    /// A token that should be good now, and is another than the one that was just refused.
    ///
    /// # Errors
    /// `not_signed_in` where there is none to be had without a person; those of the store and of the server where they fail.
    pub(super) async fn token(self: &Arc<Self>, refused: Option<&Secret>) -> Result<Secret> {
        if let Some(token) = self.state.lock().await.token(refused) {
            return Ok(token);
        }
        // A task of its own: whoever waits for it may give up, and what the server answers must be kept all the same.
        let (this, refused) = (Arc::clone(self), refused.cloned());
        let renewed = tokio::spawn(async move { this.renew(refused.as_ref()).await }).await;
        renewed.unwrap_or_else(|_| {
            let message = "the renewal of the access token was cut off";
            Err(Error::new(ErrorKind::Network, message))
        })
    }

    /// Whoever waited for the lock, here or in another process, finds the token that the one before bought.
    async fn renew(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut state = self.state.lock().await;
        if let Some(token) = state.token(refused) {
            return Ok(token);
        }
        let lock = self.store.lock(&self.name).await?;
        let mut unkept = state.unkept.is_some();
        let mut credentials = match &state.unkept {
            Some(credentials) => credentials.clone(),
            None => lock.load().await?.unwrap_or_default(),
        };
        let fresh = credentials
            .fresh_token(Timestamp::now())
            .is_some_and(|token| Some(token) != refused);
        let mut rotated = unkept;
        if !fresh {
            rotated |= self.buy(&mut credentials).await?;
            unkept = true;
        }
        if unkept {
            state.unkept = match lock.save(&credentials).await {
                Ok(_) => None,
                Err(_) if self.is_fixed() => Some(credentials.clone()),
                // The refresh token from before still works, so there is nothing to lose.
                Err(error) if !rotated => {
                    tracing::warn!("the access token is not kept: {}", error.full_message());
                    None
                }
                // The one from before is spent: this one is all there is, and losing it would be losing the sign-in.
                Err(error) => {
                    state.unkept = Some(credentials);
                    return Err(error);
                }
            };
        }
        drop(lock);
        state
            .adopt(&credentials)
            .ok_or_else(|| self.not_signed_in())
    }

    /// Buys a new access token; whether there is a new refresh token too.
    async fn buy(&self, credentials: &mut StoredCredentials) -> Result<bool> {
        let Some(refresh_token) = &credentials.refresh_token else {
            return Err(self.not_signed_in());
        };
        let app_key = &self.endpoint.app_key;
        if credentials
            .app_key
            .as_ref()
            .is_some_and(|key| key != app_key)
        {
            let message = format!(
                "the connection `{}` was signed in with another app than `{app_key}`",
                self.name
            );
            return Err(self.with_hint(Error::new(ErrorKind::NotSignedIn, message)));
        }
        let app_secret = credentials.app_secret.as_ref().or(self.app_secret.as_ref());
        let bought = self.endpoint.refresh(refresh_token, app_secret).await;
        let bought = bought.map_err(|error| match error.kind() {
            ErrorKind::NotSignedIn => self.with_hint(error),
            _ => error,
        })?;
        let rotated = bought
            .refresh_token()
            .is_some_and(|token| token != *refresh_token);
        bought.put_into(credentials);
        tracing::debug!(
            connection = self.name,
            rotated,
            "the access token is renewed"
        );
        Ok(rotated)
    }

    /// Forgets the tokens, here and in the store; what a person typed in stays there.
    pub(super) async fn forget(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        let lock = self.store.lock(&self.name).await?;
        let left = lock.load().await?.unwrap_or_default().signed_out();
        if left.is_empty() {
            lock.remove().await?;
        } else {
            lock.save(&left).await?;
        }
        *state = State::default();
        Ok(())
    }

    /// Whether the credentials are from the environment, where nothing can be kept.
    pub(super) fn is_fixed(&self) -> bool {
        self.store.place(&self.name) == Some(Place::Environment)
    }

    fn not_signed_in(&self) -> Error {
        let message = format!("nobody is signed in to the connection `{}`", self.name);
        self.with_hint(Error::new(ErrorKind::NotSignedIn, message))
    }

    fn with_hint(&self, error: Error) -> Error {
        if self.store.is_lasting() {
            return error.with_hint(format!(
                "sign in with `dropscript connection login {}`",
                self.name
            ));
        }
        error.with_hint(
            "sign in again, or give another refresh token; the app key must be the one it was made with",
        )
    }
}

impl State {
    /// The current token, if it is good and another than the one that was just refused.
    fn token(&self, refused: Option<&Secret>) -> Option<Secret> {
        let Current { token, renew } = self.current.as_ref()?;
        let fresh = renew.is_none_or(|renew| Instant::now() < renew);
        (fresh && Some(token) != refused).then(|| token.clone())
    }

    /// Takes over the access token of these credentials.
    fn adopt(&mut self, credentials: &StoredCredentials) -> Option<Secret> {
        let token = credentials.access_token.clone()?;
        let left = |renew: Timestamp| {
            let left = renew.duration_since(Timestamp::now());
            Duration::try_from(left).unwrap_or_default()
        };
        self.current = Some(Current {
            token: token.clone(),
            renew: credentials
                .renew_at()
                .and_then(|renew| Instant::now().checked_add(left(renew))),
        });
        Some(token)
    }
}
