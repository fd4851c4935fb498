//! The secrets of a connection: typed where nobody sees them, kept in the credential store, and never shown.

use dropscript::{
    Credentials, Error, ErrorKind, Proxy, ProxyKind, Result, Secret, Settings, StoredCredentials,
    TokenStore,
};

use super::Desk;
use super::args::SettingArgs;
use crate::cli::credentials::store;
use crate::cli::prompt;

/// Secrets that were given; an empty one takes away what is stored.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) app_secret: Option<Secret>,
    pub(super) proxy_password: Option<Secret>,
}

impl Secrets {
    /// Those that come on standard input, a line each.
    pub(super) fn from_input(settings: &SettingArgs) -> Result<Self> {
        let read = |asked: bool, what| asked.then(|| prompt::secret_from_input(what)).transpose();
        Ok(Self {
            app_secret: read(settings.app_secret_stdin, "app secret")?,
            proxy_password: read(settings.proxy_password_stdin, "password")?,
        })
    }

    /// The names of those that were given.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let named = |secret: &Option<Secret>, name| secret.as_ref().map(|_| name);
        let app_secret = named(&self.app_secret, "app_secret");
        let proxy_password = named(&self.proxy_password, "proxy.password");
        app_secret.into_iter().chain(proxy_password).collect()
    }

    /// Whether they go with these settings.
    ///
    /// # Errors
    /// `invalid_argument` where the proxy takes no password, or the environment is where secrets are.
    pub(super) fn check(&self, settings: &Settings) -> Result<()> {
        if !self.names().is_empty() && settings.credentials == Credentials::Env {
            let message = "the secrets of this connection come from the environment";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(
                "that is `DROPBOX_APP_SECRET`, and for the proxy `--proxy-type system`, where `HTTPS_PROXY` has the login; or choose another place with `--credentials`",
            ));
        }
        if self.proxy_password.as_ref().is_none_or(Secret::is_empty) {
            return Ok(());
        }
        let proxy = settings.proxy.clone().unwrap_or_default();
        if matches!(proxy.kind, ProxyKind::None) {
            let message = "a password for the proxy is of no use without a proxy";
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("name it with `--proxy-type` and `--proxy-address`"));
        }
        Proxy {
            password: self.proxy_password.clone(),
            ..proxy
        }
        .check_whole()
    }

    /// Keeps them with what is stored of the connection already.
    pub(super) async fn keep(self, desk: &Desk, name: &str, settings: &Settings) -> Result<()> {
        if self.names().is_empty() {
            return Ok(());
        }
        let lock = store(settings)?.lock(name).await?;
        let before = lock.load().await?.unwrap_or_default();
        let kept = |given: Option<Secret>, before| match given {
            None => before,
            given => given.filter(|secret| !secret.is_empty()),
        };
        let stores = [&self.app_secret, &self.proxy_password]
            .into_iter()
            .flatten()
            .any(|secret| !secret.is_empty());
        let place = lock
            .save(&StoredCredentials {
                app_secret: kept(self.app_secret, before.app_secret),
                proxy_password: kept(self.proxy_password, before.proxy_password),
                ..before
            })
            .await?;
        desk.voice.status(&if stores {
            format!("stored in {place}")
        } else {
            format!("taken out of {place}")
        });
        Ok(())
    }
}

/// Forgets the secret of an app that the connection does not sign in with any more.
pub(super) async fn forget_app_secret(desk: &Desk, name: &str, settings: &Settings) -> Result<()> {
    let store = store(settings)?;
    if !is_kept(&store, name) {
        return Ok(());
    }
    let lock = store.lock(name).await?;
    let Some(stored) = lock
        .load()
        .await?
        .filter(|stored| stored.app_secret.is_some())
    else {
        return Ok(());
    };
    lock.save(&StoredCredentials {
        app_secret: None,
        ..stored
    })
    .await?;
    desk.voice.status("forgot the secret of the app before");
    Ok(())
}

/// Copies what is stored of one connection to another, whose settings are the same.
pub(super) async fn copy(desk: &Desk, from: &str, to: &str, settings: &Settings) -> Result<()> {
    let store = store(settings)?;
    let Some(credentials) = store.load(from).await? else {
        desk.voice.status(&format!("nothing is stored of `{from}`"));
        return Ok(());
    };
    let place = store.save(to, &credentials).await?;
    desk.voice
        .status(&format!("copied its credentials, to {place}"));
    Ok(())
}

/// Removes all that is stored of a connection.
pub(super) async fn remove(desk: &Desk, name: &str, settings: &Settings) -> Result<()> {
    let store = store(settings)?;
    if !is_kept(&store, name) {
        desk.voice
            .status(&format!("nothing was stored of `{name}`"));
        return Ok(());
    }
    let place = store.place(name);
    // What cannot be read can be removed all the same.
    let stored = store.load(name).await.ok().flatten().unwrap_or_default();
    store.remove(name).await?;
    if let Some(place) = place {
        desk.voice
            .status(&format!("removed what was stored in {place}"));
    }
    if stored.is_signed_in() {
        desk.voice.status(
            "Dropbox was not told, as `connection logout` would have done: https://www.dropbox.com/account/connected_apps ends the sign-in there",
        );
    }
    Ok(())
}

/// Whether something of a connection is kept where it could be removed.
fn is_kept(store: &TokenStore, name: &str) -> bool {
    store
        .place(name)
        .is_some_and(|place| place != dropscript::Place::Environment)
}
