//! Where the secrets of connections are kept.

use dropscript::{
    Credentials, Error, ErrorKind, Result, Secret, Settings, StoredCredentials, TokenStore,
};

use super::state_folder::state_folder;

/// The variables of the environment that hold secrets: no other program is given them.
pub(super) const SECRET_VARIABLES: [&str; 3] = [
    "DROPBOX_ACCESS_TOKEN",
    "DROPBOX_REFRESH_TOKEN",
    "DROPBOX_APP_SECRET",
];

/// The store that these settings choose.
///
/// # Errors
/// `invalid_argument` where there is not even a home.
pub(super) fn store(settings: &Settings) -> Result<TokenStore> {
    if settings.credentials == Credentials::Env {
        return Ok(TokenStore::environment(from_environment(variable)));
    }
    let folder = state_folder()
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "nobody knows where credentials are kept: there is no home",
            )
            .with_hint("name a folder with `DROPSCRIPT_STATE`, or set `credentials = \"env\"`")
        })?
        .join("credentials");
    Ok(match settings.credentials {
        Credentials::Keyring => TokenStore::keyring(folder),
        Credentials::File => TokenStore::file(folder),
        Credentials::Auto | Credentials::Env => TokenStore::auto(folder),
    })
}

/// What the environment holds.
pub(super) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> StoredCredentials {
    let secret = |name| variable(name).map(Secret::new);
    StoredCredentials {
        app_key: variable("DROPBOX_APP_KEY"),
        app_secret: secret("DROPBOX_APP_SECRET"),
        refresh_token: secret("DROPBOX_REFRESH_TOKEN"),
        access_token: secret("DROPBOX_ACCESS_TOKEN"),
        ..StoredCredentials::default()
    }
}

/// A variable that is set to something.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
