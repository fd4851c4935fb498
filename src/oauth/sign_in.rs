//! Signing in: the code flow of OAuth 2 with PKCE.

use std::borrow::Cow;
use std::time::Duration;

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use url::Url;

use super::StoredCredentials;
use super::endpoint::TokenEndpoint;
use super::listener::Listener;
use super::redirect::{RedirectUri, Verdict, read_pasted};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// How to sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInOptions {
    /// Where Dropbox sends the browser afterwards, registered with the app exactly so, as `http://localhost:9999`. Without one
    /// Dropbox shows a code, for the person to copy.
    pub redirect_uri: Option<String>,
    /// What is asked for; empty: all that the app may do.
    pub scopes: Vec<String>,
}

/// A sign-in under way: a person is led to [`authorize_url`](SignIn::authorize_url), allows the app what it asks for, and comes back
/// with a code, which [`exchange`](SignIn::exchange) turns into tokens.
///
/// The code arrives by way of the [`listen`](SignIn::listen)er, or is pasted ([`read_pasted`](SignIn::read_pasted)). It is of use to
/// nobody else: the exchange needs a secret that never left this process (PKCE, RFC 7636). Begun by
/// [`ConnectionBuilder::sign_in`](crate::ConnectionBuilder::sign_in).
#[derive(Debug)]
pub struct SignIn {
    endpoint: TokenEndpoint,
    app_secret: Option<Secret>,
    redirect: Option<RedirectUri>,
    authorize_url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl SignIn {
    /// `page` is where a person allows an app what it asks for.
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        app_secret: Option<Secret>,
        page: Url,
        options: &SignInOptions,
    ) -> Result<Self> {
        let redirect = options
            .redirect_uri
            .as_deref()
            .filter(|uri| !uri.is_empty());
        let redirect = redirect.map(RedirectUri::parse).transpose()?;
        // 64 and 32 random bytes.
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256_len(64);
        let state = CsrfToken::new_random_len(32);
        let client = endpoint
            .client(None)
            .set_auth_uri(oauth2::AuthUrl::from_url(page));
        let mut request = client
            .authorize_url(|| state)
            .set_pkce_challenge(challenge)
            // A refresh token, so that no person is needed again.
            .add_extra_param("token_access_type", "offline")
            .add_scopes(options.scopes.iter().cloned().map(Scope::new));
        if let Some(redirect) = &redirect {
            request = request.set_redirect_uri(Cow::Owned(redirect_url(redirect)));
        }
        let (authorize_url, state) = request.url();
        Ok(Self {
            endpoint,
            app_secret,
            redirect,
            authorize_url,
            state,
            verifier,
        })
    }

    /// The page at Dropbox where the person allows the app what it asks for.
    #[must_use]
    pub fn authorize_url(&self) -> &Url {
        &self.authorize_url
    }

    /// Where Dropbox sends the browser afterwards; `None`: it shows a code instead.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.redirect.as_ref().map(RedirectUri::text)
    }

    /// Begins to listen for the browser that comes back. Do that before the person is led anywhere.
    ///
    /// # Errors
    /// `unsupported` where the redirect URI does not lead to this machine, or there is none; `local_io` where its port is taken or
    /// refused, as port 80 is to most users. A code or an address can then still be pasted.
    pub async fn listen(&self) -> Result<Listener> {
        let Some(redirect) = &self.redirect else {
            let message = "without a redirect URI there is nothing to listen for";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        Listener::bind(redirect.clone(), self.state.clone()).await
    }

    /// Waits at most so long for the browser to come back, and gives the code. Requests that are not the answer to this sign-in
    /// are turned away, and it goes on waiting. The browser is shown that its work is done.
    ///
    /// # Errors
    /// `not_signed_in` where the person refused, or nobody came.
    pub async fn wait_for_redirect(&self, listener: Listener, limit: Duration) -> Result<Secret> {
        let Ok(verdict) = tokio::time::timeout(limit, listener.wait()).await else {
            let error = Error::new(
                ErrorKind::NotSignedIn,
                format!("nobody came back from Dropbox within {} s", limit.as_secs()),
            );
            return Err(match self.redirect_uri() {
                Some(uri) => error.with_hint(format!(
                    "if Dropbox said that the redirect URI is invalid, register exactly `{uri}` with the app"
                )),
                None => error,
            });
        };
        self.code(verdict)
    }

    /// The code in what a person pasted: the code itself, or the address that the browser was sent to.
    ///
    /// # Errors
    /// `invalid_argument` where it is neither; `not_signed_in` where the address is not of this sign-in, or the person refused.
    pub fn read_pasted(&self, pasted: &str) -> Result<Secret> {
        self.code(read_pasted(pasted, &self.state)?)
    }

    fn code(&self, verdict: Verdict) -> Result<Secret> {
        match verdict {
            Verdict::Allowed(code) => Ok(code),
            Verdict::Refused(word) if word == "access_denied" => Err(Error::new(
                ErrorKind::NotSignedIn,
                format!("access was denied to the app `{}`", self.endpoint.app_key),
            )
            .with_hint("sign in again and choose `Allow`")),
            Verdict::Refused(word) => Err(Error::new(
                ErrorKind::NotSignedIn,
                format!(
                    "Dropbox did not let the app `{}` in: {word}",
                    self.endpoint.app_key
                ),
            )),
        }
    }

    /// Turns the code into tokens. A code is good once, for some minutes.
    ///
    /// # Errors
    /// `not_signed_in` where Dropbox does not take it; `network`, `timeout`, `server` and `rate_limited` where it cannot answer: then
    /// begin anew.
    pub async fn exchange(self, code: &Secret) -> Result<StoredCredentials> {
        let redirect = self.redirect.as_ref().map(redirect_url);
        let bought = self
            .endpoint
            .exchange(code, self.verifier, redirect, self.app_secret.as_ref())
            .await;
        let bought = bought.map_err(|error| match (error.kind(), &self.redirect) {
            (ErrorKind::NotSignedIn, Some(uri)) if error.to_string().contains("redirect_uri") => {
                error.with_hint(format!("register exactly `{}` with the app", uri.text()))
            }
            (ErrorKind::NotSignedIn, _) => error.with_hint("sign in again"),
            _ => error,
        })?;
        let mut credentials = StoredCredentials {
            app_key: Some(self.endpoint.app_key),
            app_secret: self.app_secret,
            ..StoredCredentials::default()
        };
        bought.put_into(&mut credentials);
        Ok(credentials)
    }
}

fn redirect_url(redirect: &RedirectUri) -> RedirectUrl {
    RedirectUrl::new(redirect.text().to_owned()).expect("it was parsed before")
}
