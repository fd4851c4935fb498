//! Having a person sign in to a connection.

mod browser;
mod paste;

use std::time::Duration;

use dropscript::{
    Browser, Credentials, Error, ErrorKind, Listener, Place, Result, SignIn, SignInOptions,
    StoredCredentials,
};

use super::saved::Saved;
use super::voice::Voice;
use browser::Window;

/// Where Dropbox sends the browser, unless the settings say otherwise.
pub(super) const REDIRECT_URI: &str = "http://localhost:9999";

/// How long a person has at Dropbox.
const LIMIT: Duration = Duration::from_secs(300);

/// Leads the person to Dropbox, and keeps what comes of it.
///
/// # Errors
/// `not_signed_in` where the person refused, closed the window or did not come back; `unsupported` where the credentials are from
/// the environment; `invalid_argument` where the connection has no app; those of the server and the store.
pub(super) async fn sign_in(voice: Voice, saved: &Saved) -> Result<Place> {
    let settings = &saved.settings;
    if settings.credentials == Credentials::Env {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the credentials of `{}` come from the environment", saved.name),
        )
        .with_hint("set `DROPBOX_REFRESH_TOKEN`, or choose another place with `connection edit --credentials`"));
    }
    if settings.app_key.is_none() {
        return Err(saved.no_app());
    }
    let given = settings
        .redirect_uri
        .as_deref()
        .filter(|uri| !uri.is_empty());
    let options = SignInOptions {
        redirect_uri: Some(given.unwrap_or(REDIRECT_URI).to_owned()),
        scopes: settings.scopes.clone(),
    };
    let begin = |options: &SignInOptions| saved.builder()?.sign_in(options);
    let brought = lead(voice, settings.browser, &options, begin).await?;
    saved.store.sign_in(&saved.name, brought).await
}

/// Waits until the person is back. `begin` begins a sign-in with these options; it is called again where the first way turns out to
/// be none.
async fn lead(
    voice: Voice,
    browser: Browser,
    options: &SignInOptions,
    begin: impl Fn(&SignInOptions) -> Result<SignIn>,
) -> Result<StoredCredentials> {
    let sign_in = begin(options)?;
    // Before anybody is led away: whoever comes back must find somebody there.
    let listener = match browser {
        Browser::None => None,
        _ => listen(voice, &sign_in).await,
    };
    let window = match browser {
        Browser::None => None,
        Browser::External => Some(Window::theirs(sign_in.authorize_url())),
        Browser::Internal => Some(Window::private(sign_in.authorize_url())),
    };
    let mut window = match window {
        Some(Ok(window)) => window,
        other => {
            if let Some(Err(error)) = other {
                tell(voice, &error);
            }
            // The browser is on another machine then, and would not find this one: Dropbox is to show the code.
            drop(listener);
            let options = SignInOptions {
                redirect_uri: None,
                ..options.clone()
            };
            let sign_in = begin(&options)?;
            let code = paste::code(&sign_in).await?;
            return sign_in.exchange(&code).await;
        }
    };
    let code = match listener {
        None => paste::code(&sign_in).await?,
        Some(listener) => {
            voice.status(&format!(
                "waiting for you to allow the app at Dropbox; if no window opened, go to:\n{}",
                sign_in.authorize_url()
            ));
            tokio::select! {
                biased;
                code = sign_in.wait_for_redirect(listener, LIMIT) => code?,
                () = window.closed() => return Err(closed()),
            }
        }
    };
    window.close().await;
    sign_in.exchange(&code).await
}

/// Listens for the browser, or says why that cannot be: the address is pasted then.
async fn listen(voice: Voice, sign_in: &SignIn) -> Option<Listener> {
    match sign_in.listen().await {
        Ok(listener) => Some(listener),
        Err(error) => {
            if sign_in.redirect_uri().is_some() {
                tell(voice, &error);
            }
            None
        }
    }
}

fn tell(voice: Voice, error: &Error) {
    voice.warning(&error.full_message());
    if let Some(hint) = error.hint() {
        voice.help(hint);
    }
}

fn closed() -> Error {
    Error::new(
        ErrorKind::NotSignedIn,
        "the window was closed before the app was allowed",
    )
    .with_hint("try again, or with `browser = \"external\"` in your own browser")
}
