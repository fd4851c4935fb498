//! From a connection of the configuration to one that can be used.

use dropscript::{
    App, Config, Connection, ConnectionBuilder, Credentials, Error, ErrorKind, ProxyAuthentication,
    ProxyKind, Result, Settings, StoredCredentials, SystemProxy, TokenStore, UnfinishedWork,
};

use super::connect::noting;
use super::credentials::{store, variable};

/// The key of the app that this build ships, where it was built with one.
const SHIPPED_APP_KEY: Option<&str> = option_env!("DROPSCRIPT_APP_KEY");

/// A connection of the configuration, with what is stored of it, or one that is kept for as long as the program runs.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) store: TokenStore,
    /// What is stored; where that could not be read, nothing.
    pub(super) stored: StoredCredentials,
}

impl Saved {
    /// Looks up a connection, and what is stored of it.
    ///
    /// # Errors
    /// `invalid_argument` where there is none of this name; those of the store.
    pub(super) async fn open(config: &Config, name: &str) -> Result<Self> {
        let mut settings = config.settings(name)?.clone();
        let store = store(&settings)?;
        let stored = store.load(name).await?.unwrap_or_default();
        settings.app_key = app_key(config, &settings, &stored);
        if let Some(proxy) = &mut settings.proxy
            && proxy.authentication != ProxyAuthentication::None
            // Of SOCKS 4 the user is all: a password is one of a proxy from before.
            && proxy.kind != ProxyKind::Socks4
        {
            proxy.password.clone_from(&stored.proxy_password);
        }
        Ok(Self {
            name: name.to_owned(),
            settings,
            store,
            stored,
        })
    }

    /// One with these settings and nothing stored, which is kept in memory.
    pub(super) fn in_memory(name: String, settings: Settings) -> Self {
        Self {
            name,
            settings,
            store: TokenStore::memory(),
            stored: StoredCredentials::default(),
        }
    }

    /// A builder with all of it but the tokens.
    ///
    /// # Errors
    /// `invalid_argument` where the connection has no app, or its settings do not go together.
    pub(super) fn builder(&self) -> Result<ConnectionBuilder> {
        let mut builder = Connection::builder(&self.name)
            .system_proxy(SystemProxy::from_variables(variable))
            .settings(&self.settings)?;
        if let Some(secret) = &self.stored.app_secret {
            builder = builder.app_secret(secret.clone());
        }
        Ok(builder)
    }

    /// The connection; nothing is sent, nor is it known whether anybody is signed in.
    ///
    /// # Errors
    /// As [`builder`](Saved::builder).
    pub(super) fn connect(&self) -> Result<Connection> {
        self.connect_noting(None)
    }

    /// The same, with a place where uploads note how far they came.
    ///
    /// # Errors
    /// As those.
    pub(super) fn connect_noting(&self, work: Option<UnfinishedWork>) -> Result<Connection> {
        let builder = noting(self.builder()?, work);
        // What is from the environment and cannot be renewed needs no app.
        if let (Credentials::Env, None, Some(token)) = (
            self.settings.credentials,
            &self.stored.refresh_token,
            &self.stored.access_token,
        ) {
            return builder.access_token(token.clone()).build();
        }
        if self.settings.app_key.is_none() {
            return Err(self.no_app());
        }
        builder.credentials(self.store.clone()).build()
    }

    /// Says that the connection has no app, and what to do about it.
    pub(super) fn no_app(&self) -> Error {
        let name = &self.name;
        let message = format!("the connection `{name}` has no app to sign in with");
        Error::new(ErrorKind::InvalidArgument, message).with_hint(format!(
            "make one at https://www.dropbox.com/developers/apps, then `dropscript connection edit {name} --app-key KEY`"
        ))
    }
}

/// Whether there is an app that need not be one's own.
pub(super) fn has_registered_app(config: &Config) -> bool {
    registered(config).is_some()
}

fn registered(config: &Config) -> Option<&str> {
    config.app_key().or(SHIPPED_APP_KEY)
}

fn app_key(config: &Config, settings: &Settings, stored: &StoredCredentials) -> Option<String> {
    let own = settings.app_key.as_deref().filter(|key| !key.is_empty());
    let key = match settings.app {
        Some(App::Own) => own,
        Some(App::Registered) => registered(config),
        None => own.or_else(|| registered(config)),
    };
    let from_environment = || {
        let is_from_there = settings.credentials == Credentials::Env;
        stored.app_key.clone().filter(|_| is_from_there)
    };
    key.map(str::to_owned).or_else(from_environment)
}
