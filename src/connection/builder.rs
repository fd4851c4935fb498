//! From settings to a connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::proxy::{Proxy, ProxyKind};
use super::settings::{given, server};
use super::system_proxy::SystemProxy;
use super::{AccountKind, Connection, Inner, Settings};
use crate::client::{Client, Kept, Root, Select, Servers, UnfinishedWork};
use crate::duration::parse_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::oauth::{
    Refresher, SignIn, SignInOptions, StoredCredentials, TokenEndpoint, TokenSource, TokenStore,
};
use crate::secret::Secret;
use crate::transport::{Line, Proxies, Transport, Trust};

/// How long a connection may stand still, unless another time is set.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a [`Connection`] is made from.
#[derive(Debug)]
#[must_use]
pub struct ConnectionBuilder {
    name: String,
    endpoint: Option<String>,
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    app_key: Option<String>,
    app_secret: Option<Secret>,
    store: Option<TokenStore>,
    timeout: Duration,
    select: Option<Select>,
    root: Root,
    proxy: Proxy,
    system_proxy: Option<SystemProxy>,
    trust: Trust,
    unfinished: Option<UnfinishedWork>,
}

impl ConnectionBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            endpoint: None,
            access_token: None,
            refresh_token: None,
            app_key: None,
            app_secret: None,
            store: None,
            timeout: TIMEOUT,
            select: None,
            root: Root::Home,
            proxy: Proxy::default(),
            system_proxy: None,
            trust: Trust::default(),
            unfinished: None,
        }
    }

    /// Another server that speaks the API, as `http://127.0.0.1:8780`; without one it is Dropbox.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// A token that is good for some hours and cannot be renewed.
    pub fn access_token(mut self, token: impl Into<Secret>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// A token that buys access tokens; it needs the key of the app that it was made with.
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// The key of the app that the refresh token was made with.
    pub fn app_key(mut self, key: impl Into<String>) -> Self {
        self.app_key = Some(key.into());
        self
    }

    /// The app's secret, where it has one: a sign-in with PKCE needs none.
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// Where the tokens are that signing in left under this connection's name; they are read when they are first needed. Tokens
    /// that are given come before them.
    pub fn credentials(mut self, store: TokenStore) -> Self {
        self.store = Some(store);
        self
    }

    /// Where uploads of large files note how far they came, so that after whatever ended this process the next one goes on from there:
    /// one with a connection of the same name to the same server.
    pub fn unfinished(mut self, work: UnfinishedWork) -> Self {
        self.unfinished = Some(work);
        self
    }

    /// How long a connection may stand still, 60 seconds by default: while connecting, sending, waiting for an answer, or reading it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The folder that paths begin at: the person's own unless this is said.
    pub fn root(mut self, root: Root) -> Self {
        self.root = root;
        self
    }

    /// The member of the team that the connection acts for, by id or email address; the token is the team's then.
    pub fn member(mut self, member: impl Into<String>) -> Self {
        self.select = Some(Select::Member(member.into()));
        self
    }

    /// The admin of the team that the connection acts for, likewise.
    pub fn admin(mut self, admin: impl Into<String>) -> Self {
        self.select = Some(Select::Admin(admin.into()));
        self
    }

    /// The proxy to go through; without one the servers are reached directly, whatever the environment says.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// What the environment says of proxies, for a proxy of the kind [`ProxyKind::System`].
    pub fn system_proxy(mut self, proxy: SystemProxy) -> Self {
        self.system_proxy = Some(proxy);
        self
    }

    /// A PEM file of authorities whose certificates are believed besides those that the system believes.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.trust.ca_file = Some(file.into());
        self
    }

    /// Whether any certificate will do, also of a proxy. Anyone on the way can then read the token.
    pub fn accept_invalid_certificates(mut self, accept: bool) -> Self {
        self.trust.accept_invalid = accept;
        self
    }

    /// Takes over the settings that are given.
    ///
    /// # Errors
    /// `invalid_argument` where one is not sound.
    pub fn settings(mut self, settings: &Settings) -> Result<Self> {
        settings.check()?;
        let text = |setting: &Option<String>| given(setting.as_deref()).map(str::to_owned);
        self.endpoint = text(&settings.endpoint).or(self.endpoint);
        self.app_key = text(&settings.app_key).or(self.app_key);
        self.access_token = settings.access_token.clone().or(self.access_token);
        self.refresh_token = settings.refresh_token.clone().or(self.refresh_token);
        self.app_secret = settings.app_secret.clone().or(self.app_secret);
        if let Some(timeout) = given(settings.timeout.as_deref()) {
            self.timeout = parse_duration(timeout)?;
        }
        let member = text(&settings.member).map(Select::Member);
        let admin = text(&settings.admin).map(Select::Admin);
        self.select = member.or(admin).or(self.select);
        self.root = match &settings.root {
            // Such an account has one root, which need not be asked for.
            Root::Auto if settings.account == Some(AccountKind::Personal) => Root::Home,
            root => root.clone(),
        };
        self.proxy = settings.proxy.clone().unwrap_or(self.proxy);
        if let Some(file) = text(&settings.ca_file) {
            self.trust.ca_file = Some(file.into());
        }
        if let Some(accept) = settings.accept_invalid_certificates {
            self.trust.accept_invalid = accept;
        }
        Ok(self)
    }

    /// Begins to sign in with these settings: see [`SignIn`].
    ///
    /// # Errors
    /// `invalid_argument` where there is no app key, or a setting is wrong.
    pub fn sign_in(self, options: &SignInOptions) -> Result<SignIn> {
        let servers = self.servers()?;
        let transport = self.transport(&servers)?;
        let app_key = self.app_key.filter(|key| !key.is_empty());
        let app_key = app_key.ok_or_else(|| {
            invalid(format!("the connection `{}` has no app to sign in with", self.name))
                .with_hint("give `app_key`: it is in the settings of the app at https://www.dropbox.com/developers/apps")
        })?;
        let page = servers.authorize_page();
        let endpoint = TokenEndpoint {
            transport,
            url: servers.token_url(),
            app_key,
        };
        SignIn::new(endpoint, self.app_secret, page, options)
    }

    /// Checks the settings and makes the connection; nothing is sent yet.
    ///
    /// # Errors
    /// `not_signed_in` without a token and without a place where one could be; `invalid_argument` where the endpoint is no URL, the
    /// timeout is zero, the settings of the proxy do not go together, or the file of authorities is none; `not_found` or `local_io`
    /// where it cannot be read.
    pub fn build(mut self) -> Result<Connection> {
        let servers = self.servers()?;
        let transport = self.transport(&servers)?;
        let (tokens, store) = self.tokens(&transport, &servers)?;
        let kept = self.unfinished.take().map(|work| Kept {
            work,
            name: self.name.clone(),
        });
        let client = Client::new(transport, servers, tokens, self.select, self.root, kept);
        Ok(Connection(Arc::new(Inner {
            name: self.name,
            store,
            client,
        })))
    }

    /// Where the tokens come from, and where they are kept, if they are.
    fn tokens(
        &mut self,
        transport: &Transport,
        servers: &Servers,
    ) -> Result<(TokenSource, Option<TokenStore>)> {
        let access_token = self.access_token.take().filter(|token| !token.is_empty());
        let store = match (self.refresh_token.take(), &self.app_key, access_token) {
            (Some(refresh_token), Some(_), _) => {
                let credentials = StoredCredentials {
                    refresh_token: Some(refresh_token),
                    ..StoredCredentials::default()
                };
                TokenStore::holding(&self.name, credentials)
            }
            (_, _, Some(token)) => return Ok((TokenSource::Given(token), None)),
            (Some(_), None, None) => {
                return Err(invalid(format!(
                    "the connection `{}` has a refresh token but no app key",
                    self.name
                ))
                .with_hint("give `app_key` too"));
            }
            (None, ..) => self.store.take().ok_or_else(|| {
                Error::new(
                    ErrorKind::NotSignedIn,
                    format!("the connection `{}` has no token", self.name),
                )
                .with_hint("give `access_token`, or `refresh_token` with `app_key`")
            })?,
        };
        let app_key = self.app_key.take().ok_or_else(|| {
            let message = format!("the connection `{}` has no app to sign in with", self.name);
            invalid(message).with_hint("give `app_key`")
        })?;
        let endpoint = TokenEndpoint {
            transport: transport.clone(),
            url: servers.token_url(),
            app_key,
        };
        let name = self.name.clone();
        let refresher = Refresher::new(endpoint, self.app_secret.take(), store.clone(), name);
        Ok((TokenSource::Refreshed(Arc::new(refresher)), Some(store)))
    }

    fn servers(&self) -> Result<Servers> {
        match given(self.endpoint.as_deref()) {
            None => Ok(Servers::dropbox()),
            Some(endpoint) => Ok(Servers::at(&server(endpoint)?)),
        }
    }

    fn transport(&self, servers: &Servers) -> Result<Transport> {
        if self.timeout.is_zero() {
            return Err(invalid(
                "the timeout of a connection must be longer than nothing".to_owned(),
            ));
        }
        if self.trust.accept_invalid {
            tracing::warn!(
                "certificates are not checked for the connection `{}`: anyone on the way can read its token",
                self.name
            );
        }
        Transport::new(&Line {
            stall: self.timeout,
            servers: servers.all(),
            proxies: self.proxies()?,
            trust: self.trust.clone(),
        })
    }

    fn proxies(&self) -> Result<Proxies> {
        if self.proxy.kind == ProxyKind::System {
            let system = self.system_proxy.as_ref().ok_or_else(|| {
                invalid("the proxies of the system are not known".to_owned()).with_hint(
                    "hand them over with `ConnectionBuilder::system_proxy`, or name the proxy",
                )
            })?;
            return system.proxies(&self.proxy);
        }
        Ok(self.proxy.upstream()?.map(Proxies::all).unwrap_or_default())
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(builder: ConnectionBuilder) -> ErrorKind {
        builder.build().expect_err("an error").kind()
    }

    #[test]
    fn a_connection_needs_a_token_and_sound_settings() {
        let builder = || Connection::builder("main");
        assert_eq!(kind(builder()), ErrorKind::NotSignedIn);
        assert_eq!(kind(builder().access_token("")), ErrorKind::NotSignedIn);
        assert_eq!(
            kind(builder().refresh_token("r")),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            kind(builder().access_token("t").endpoint("nonsense")),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            kind(builder().access_token("t").endpoint("ftp://host")),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            kind(builder().access_token("t").timeout(Duration::ZERO)),
            ErrorKind::InvalidArgument
        );
    }

    #[test]
    fn no_secret_is_shown() {
        let connection = Connection::builder("main")
            .app_key("key")
            .refresh_token("canary")
            .app_secret("canary")
            .build()
            .expect("a connection");
        assert!(!format!("{connection:?}").contains("canary"));
    }
}
