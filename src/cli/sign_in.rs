//! Having a person sign in to a connection.

use std::time::Duration;

use dropscript::{
    Browser, Credentials, Error, ErrorKind, Place, Result, Secret, Settings, SignIn, SignInOptions,
    StoredCredentials,
};

use super::browser;
use super::prompt;
use super::saved::Saved;
use super::voice::Voice;

/// Where Dropbox sends the browser, unless the settings say otherwise.
pub(super) const REDIRECT_URI: &str = "http://localhost:9999";

/// How long somebody may take to sign in.
const PATIENCE: Duration = Duration::from_secs(300);

/// Leads the person at the terminal to Dropbox, and keeps what comes of it.
///
/// # Errors
/// `not_signed_in` where the person refused, nobody came, or nobody is there; `unsupported` where the credentials are from the
/// environment; `invalid_argument` where the connection has no app; those of the server and the store.
pub(super) async fn sign_in(voice: Voice, saved: &Saved) -> Result<Place> {
    if saved.settings.credentials == Credentials::Env {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the credentials of `{}` come from the environment", saved.name),
        )
        .with_hint("set `DROPBOX_REFRESH_TOKEN`, or choose another place with `connection edit --credentials`"));
    }
    if saved.settings.app_key.is_none() {
        return Err(saved.no_app());
    }
    let settings = &saved.settings;
    let uri = settings.redirect_uri.clone().filter(|uri| !uri.is_empty());
    let options = SignInOptions {
        redirect_uri: match settings.browser {
            Browser::None => None,
            Browser::External | Browser::Internal => {
                Some(uri.unwrap_or_else(|| REDIRECT_URI.into()))
            }
        },
        scopes: settings.scopes.clone(),
    };
    let sign_in = saved.builder()?.sign_in(&options)?;
    let code = code(voice, settings, &sign_in).await?;
    let new = sign_in.exchange(&code).await?;
    let lock = saved.store.lock(&saved.name).await?;
    let before = lock.load().await?.unwrap_or_default();
    lock.save(&StoredCredentials {
        app_secret: new.app_secret.clone().or(before.app_secret),
        proxy_password: before.proxy_password,
        ..new
    })
    .await
}

/// The code that Dropbox gave the person: it comes by the browser, or is pasted.
async fn code(voice: Voice, settings: &Settings, sign_in: &SignIn) -> Result<Secret> {
    let listener = match sign_in.redirect_uri() {
        None => None,
        Some(_) => match sign_in.listen().await {
            Ok(listener) => Some(listener),
            Err(error) => {
                voice.warning(&error.full_message());
                None
            }
        },
    };
    if listener.is_none() && !prompt::somebody_is_there() {
        return Err(Error::new(
            ErrorKind::NotSignedIn,
            "nobody is at a terminal to paste the code",
        ));
    }
    let page = sign_in.authorize_url().as_str();
    voice.status(&format!("Allow the app what it asks for at\n{page}"));
    if settings.browser != Browser::None && !browser::open(page) {
        voice.warning("no browser could be opened: open that page in one");
    }
    if let Some(listener) = listener {
        return sign_in.wait_for_redirect(listener, PATIENCE).await;
    }
    let question = "Paste the code, or the address that the browser was sent to";
    sign_in.read_pasted(&prompt::line(question, "")?)
}
