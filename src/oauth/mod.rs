//! Tokens: those that were given, and those that are refreshed.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use http::StatusCode;
use oauth2::basic::{BasicClient, BasicTokenType};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointNotSet,
    RefreshToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::transport::{Request, Transport};

/// A token is replaced when it has less than this left, as the official clients do.
const AHEAD: Duration = Duration::from_secs(300);

/// The largest answer of a token endpoint that is read.
const LARGEST_ANSWER: usize = 1 << 20;

/// Gives the access token of a connection, and a new one when it has expired.
#[derive(Debug)]
pub(crate) enum TokenSource {
    /// A token that was given and cannot be refreshed.
    Given(Secret),
    /// A refresh token that buys access tokens as they are needed.
    Refreshed(Box<Refresher>),
}

/// Buys access tokens with a refresh token.
#[derive(Debug)]
pub(crate) struct Refresher {
    pub(crate) transport: Transport,
    pub(crate) token_url: Url,
    pub(crate) app_key: String,
    pub(crate) app_secret: Option<Secret>,
    pub(crate) refresh_token: Secret,
    pub(crate) current: Mutex<Option<Current>>,
}

#[derive(Debug)]
pub(crate) struct Current {
    token: Secret,
    expires: Option<Instant>,
}

impl TokenSource {
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
}

impl Refresher {
    /// One refresh at a time: whoever waited for the lock finds the token that the other one bought.
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut current = self.current.lock().await;
        if let Some(Current { token, expires }) = &*current {
            let fresh = expires.is_none_or(|expires| expires > Instant::now() + AHEAD);
            if fresh && Some(token) != refused {
                return Ok(token.clone());
            }
        }
        let bought = self.refresh().await?;
        let token = Secret::new(bought.access_token().secret());
        *current = Some(Current {
            token: token.clone(),
            expires: bought.expires_in().map(|left| Instant::now() + left),
        });
        Ok(token)
    }

    async fn refresh(
        &self,
    ) -> Result<StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType>> {
        let mut client: BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet> =
            // Dropbox reads the app's key from the body, with the secret where there is one.
            BasicClient::new(ClientId::new(self.app_key.clone())).set_auth_type(AuthType::RequestBody);
        if let Some(secret) = &self.app_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        let client = client.set_token_uri(TokenUrl::from_url(self.token_url.clone()));
        let refresh_token = RefreshToken::new(self.refresh_token.expose().to_owned());
        client
            .exchange_refresh_token(&refresh_token)
            .request_async(self)
            .await
            .map_err(|error| self.explain(error))
    }

    async fn exchange(&self, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse> {
        let (parts, body) = request.into_parts();
        let request = Request {
            url: self.token_url.clone(),
            headers: parts.headers,
            body: body.into(),
        };
        let server = self.token_url.origin().ascii_serialization();
        let mut answer = self
            .transport
            .send(request)
            .await
            .map_err(|failure| failure.into_error(&server))?;
        let body = answer
            .bytes(LARGEST_ANSWER)
            .await
            .map_err(|failure| failure.into_error(&server))?;
        let status = answer.status();
        // A server that fails or is busy says nothing of the refresh token, whatever its answer looks like.
        let kind = if status == StatusCode::TOO_MANY_REQUESTS {
            ErrorKind::RateLimited
        } else {
            ErrorKind::Server
        };
        if status.is_server_error() || kind == ErrorKind::RateLimited {
            return Err(Error::new(
                kind,
                format!(
                    "`{server}` does not renew the access token now, with status {}",
                    status.as_u16()
                ),
            )
            .with_answer(status.as_u16(), None, None));
        }
        let mut response = oauth2::HttpResponse::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }

    fn explain(
        &self,
        error: oauth2::RequestTokenError<Error, oauth2::basic::BasicErrorResponse>,
    ) -> Error {
        use oauth2::RequestTokenError::{Other, Parse, Request, ServerResponse};
        match error {
            Request(error) => error,
            ServerResponse(answer) => {
                let why = answer
                    .error_description()
                    .map_or_else(|| answer.error().to_string(), Clone::clone);
                Error::new(ErrorKind::NotSignedIn, format!("Dropbox does not renew the access token: {why}"))
                    .with_hint("sign in again, or give another refresh token; the app key must be the one it was made with")
            }
            // The answer itself may hold a token, so it is not shown.
            Parse(..) | Other(_) => Error::new(
                ErrorKind::Server,
                format!(
                    "`{}` did not answer as a token endpoint does",
                    self.token_url.origin().ascii_serialization()
                ),
            ),
        }
    }
}

/// Carries the requests of the `oauth2` crate over our own transport.
impl<'c> AsyncHttpClient<'c> for Refresher {
    type Error = Error;
    type Future = BoxFuture<'c, Result<oauth2::HttpResponse>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}
