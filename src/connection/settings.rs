//! The settings of a connection, as a script or a file gives them.

use serde::Deserialize;

use crate::options::options;
use crate::secret::Secret;

options! {
    /// The settings of a connection; those that are not given keep their default.
    pub struct Settings {
        /// Another server that speaks the API, as `http://127.0.0.1:8780`.
        endpoint: Option<String> = None, "a URL";
        /// A token that is good for some hours.
        access_token: Option<Secret> = None, "text";
        /// A token that buys access tokens.
        refresh_token: Option<Secret> = None, "text";
        /// The key of the app that the refresh token was made with.
        app_key: Option<String> = None, "text";
        /// The app's secret, where it has one.
        app_secret: Option<Secret> = None, "text";
        /// How long a connection may stand still, as "60s".
        timeout: Option<String> = None, "a length of time, as \"60s\"";
    }
}
