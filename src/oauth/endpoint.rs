//! The token endpoint: codes and refresh tokens go in, access tokens come out.

use std::borrow::Cow;

use futures_util::future::BoxFuture;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeVerifier, RedirectUrl, RefreshToken,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::StoredCredentials;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::transport::{Request, Transport};

/// The largest answer of a token endpoint that is read.
const LARGEST_ANSWER: usize = 1 << 20;

/// Where an app buys tokens.
#[derive(Debug, Clone)]
pub(crate) struct TokenEndpoint {
    pub(crate) transport: Transport,
    pub(crate) url: Url,
    pub(crate) app_key: String,
}

/// What the endpoint gave.
#[derive(Debug)]
pub(super) struct Bought(StandardTokenResponse<Fields, BasicTokenType>);

/// What Dropbox tells beyond RFC 6749.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Fields {
    account_id: Option<String>,
    team_id: Option<String>,
}

impl ExtraTokenFields for Fields {}

type DropboxClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<Fields, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl TokenEndpoint {
    /// A new access token for a refresh token.
    ///
    /// # Errors
    /// `not_signed_in` where the server refuses for good; `rate_limited`, `server`, `network` and `timeout` where it cannot answer.
    pub(super) async fn refresh(
        &self,
        refresh_token: &Secret,
        app_secret: Option<&Secret>,
    ) -> Result<Bought> {
        let refresh_token = RefreshToken::new(refresh_token.expose().to_owned());
        let client = self.client(app_secret);
        let bought = client
            .exchange_refresh_token(&refresh_token)
            .request_async(self)
            .await;
        bought
            .map(Bought)
            .map_err(|error| self.explain("Dropbox does not renew the access token", error))
    }

    /// The tokens for a code.
    ///
    /// # Errors
    /// As [`refresh`](TokenEndpoint::refresh).
    pub(super) async fn exchange(
        &self,
        code: &Secret,
        verifier: PkceCodeVerifier,
        redirect: Option<RedirectUrl>,
        app_secret: Option<&Secret>,
    ) -> Result<Bought> {
        let client = self.client(app_secret);
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(verifier);
        if let Some(redirect) = redirect {
            request = request.set_redirect_uri(Cow::Owned(redirect));
        }
        let bought = request.request_async(self).await;
        bought
            .map(Bought)
            .map_err(|error| self.explain("Dropbox does not take the code", error))
    }

    pub(super) fn client(&self, app_secret: Option<&Secret>) -> DropboxClient {
        let client = Client::new(ClientId::new(self.app_key.clone()))
            // Dropbox reads the app's key from the body, with the secret where there is one.
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(self.url.clone()));
        match app_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        }
    }

    async fn post(&self, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse> {
        let (parts, body) = request.into_parts();
        let request = Request {
            url: self.url.clone(),
            headers: parts.headers,
            body: body.into(),
            wait: std::time::Duration::ZERO,
        };
        let server = self.server();
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
        // A server that fails or is busy says nothing of the token, whatever its answer looks like.
        let kind = if status == StatusCode::TOO_MANY_REQUESTS {
            ErrorKind::RateLimited
        } else {
            ErrorKind::Server
        };
        if status.is_server_error() || kind == ErrorKind::RateLimited {
            let status = status.as_u16();
            let message = format!("`{server}` gives no access token now, with status {status}");
            return Err(Error::new(kind, message).with_answer(status, None, None));
        }
        let mut response = oauth2::HttpResponse::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }

    fn server(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    fn explain(
        &self,
        what: &str,
        error: oauth2::RequestTokenError<Error, BasicErrorResponse>,
    ) -> Error {
        use oauth2::RequestTokenError::{Other, Parse, Request, ServerResponse};
        match error {
            Request(error) => error,
            ServerResponse(answer) => {
                let why = answer
                    .error_description()
                    .map_or_else(|| answer.error().to_string(), Clone::clone);
                let message = format!("{what}: {why}");
                // Whoever signed in again would be told the same.
                if *answer.error() == BasicErrorResponseType::InvalidClient {
                    return Error::new(ErrorKind::InvalidArgument, message).with_hint(
                        "the key and the secret are not those of one app; signing in works without a secret: `dropscript connection edit NAME --app-secret-stdin` with an empty line takes it away",
                    );
                }
                Error::new(ErrorKind::NotSignedIn, message)
            }
            // The answer itself may hold a token, so it is not shown.
            Parse(..) | Other(_) => Error::new(
                ErrorKind::Server,
                format!(
                    "`{}` did not answer as a token endpoint does",
                    self.server()
                ),
            ),
        }
    }
}

/// Carries the requests of the `oauth2` crate over our own transport.
impl<'c> AsyncHttpClient<'c> for TokenEndpoint {
    type Error = Error;
    type Future = BoxFuture<'c, Result<oauth2::HttpResponse>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.post(request))
    }
}

impl Bought {
    /// Puts it in place of the tokens there; what the answer leaves out stays as it was.
    pub(super) fn put_into(self, credentials: &mut StoredCredentials) {
        let now = Timestamp::now();
        let lasts = self
            .0
            .expires_in()
            .and_then(|lasts| SignedDuration::try_from(lasts).ok());
        credentials.access_token = Some(Secret::new(self.0.access_token().secret()));
        credentials.obtained = Some(now);
        credentials.expires = lasts.and_then(|lasts| now.checked_add(lasts).ok());
        if let Some(token) = self.refresh_token() {
            credentials.refresh_token = Some(token);
        }
        if let Some(scopes) = self.0.scopes() {
            credentials.scopes = scopes.iter().map(|scope| scope.to_string()).collect();
        }
        let Fields {
            account_id,
            team_id,
        } = self.0.extra_fields().clone();
        credentials.account_id = account_id.or(credentials.account_id.take());
        credentials.team_id = team_id.or(credentials.team_id.take());
    }

    /// The refresh token that came along, in place of the one before.
    pub(super) fn refresh_token(&self) -> Option<Secret> {
        self.0
            .refresh_token()
            .map(|token| Secret::new(token.secret()))
    }
}
