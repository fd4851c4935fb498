//! The settings of a connection, as a script or a file gives them.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;

use super::choice::{AccountKind, App, Browser, Credentials};
use super::proxy::Proxy;
use crate::client::Root;
use crate::duration::parse_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::nearest::nearest;
use crate::options::{OptionSpec, options};
use crate::secret::Secret;

options! {
    /// The settings of a connection; those that are not given keep their default. An empty text is none.
    #[derive(PartialEq, Serialize)]
    pub struct Settings {
        /// What sort of account it is for.
        account: Option<AccountKind> = None, "\"personal\" or \"business\"";
        /// What lists of connections put together.
        group: Option<String> = None, "text";
        /// How long a connection may stand still, as "60s".
        timeout: Option<String> = None, "a length of time, as \"60s\"";
        /// Which app signs in; an `app_key` alone means one's own.
        app: Option<App> = None, "\"registered\" or \"own\"";
        /// The key of one's own app.
        app_key: Option<String> = None, "text";
        /// The app's secret, where it has one: a sign-in with PKCE needs none.
        #[serde(skip_serializing)]
        app_secret: Option<Secret> = None, "text";
        /// Where Dropbox sends the browser after the sign-in; it must be registered with the app exactly so.
        redirect_uri: Option<String> = None, "a URL, as \"http://localhost:9999\"";
        /// Where a person signs in.
        browser: Browser = Browser::External, "\"external\", \"internal\" or \"none\"";
        /// What the sign-in asks for; empty: all that the app may do.
        scopes: Vec<String> = Vec::new(), "an array of scopes, as [\"files.content.read\"]";
        /// The folder that paths begin at.
        root: Root = Root::Auto, "\"auto\", \"home\", \"team\" or the id of a namespace";
        /// Acts as this member of the team, by id or address.
        member: Option<String> = None, "a member's id or email address";
        /// Acts as this admin of the team, by id or address.
        admin: Option<String> = None, "an admin's id or email address";
        /// Another server that speaks the API, as `http://127.0.0.1:8780`.
        endpoint: Option<String> = None, "a URL";
        /// A PEM file of authorities whose certificates are believed besides those that the system believes.
        ca_file: Option<String> = None, "the path of a PEM file";
        /// Whether any certificate will do, also of a proxy. Anyone on the way can then read the token.
        accept_invalid_certificates: Option<bool> = None, "true or false";
        /// Where the secrets are kept.
        credentials: Credentials = Credentials::Auto, "\"auto\", \"keyring\", \"file\" or \"env\"";
        /// The proxy that the connection goes through.
        proxy: Option<Proxy> = None, "a map, as #{ type: \"http\", address: \"proxy.example.com\", port: 8080 }";
        /// A token that is good for some hours.
        #[serde(skip_serializing)]
        access_token: Option<Secret> = None, "text";
        /// A token that buys access tokens.
        #[serde(skip_serializing)]
        refresh_token: Option<Secret> = None, "text";
    }
}

impl Settings {
    /// Whether each setting is sound, and whether they go together.
    ///
    /// # Errors
    /// `invalid_argument` naming the setting.
    pub fn check(&self) -> Result<()> {
        if let Some(timeout) = given(self.timeout.as_deref())
            && parse_duration(timeout)?.is_zero()
        {
            return Err(invalid(
                "the timeout of a connection must be longer than nothing",
            ));
        }
        if let Some(endpoint) = given(self.endpoint.as_deref()) {
            server(endpoint)?;
        }
        if let Some(uri) = given(self.redirect_uri.as_deref())
            && Url::parse(uri).is_err()
        {
            return Err(invalid(format!("the redirect URI `{uri}` is not a URL"))
                .with_hint("write it as `http://localhost:9999`"));
        }
        if given(self.member.as_deref()).is_some() && given(self.admin.as_deref()).is_some() {
            return Err(
                invalid("a connection acts as a member or as an admin, not as both")
                    .with_hint("give `member` or `admin`"),
            );
        }
        self.proxy.as_ref().map_or(Ok(()), Proxy::check)
    }

    /// Whether a setting takes this value; one of the proxy is named `proxy.port`.
    ///
    /// # Errors
    /// `invalid_argument` naming the setting, or the nearest one where there is none of that name.
    pub(crate) fn check_one(setting: &str, value: &Json) -> Result<()> {
        let spec = spec(setting)?;
        let mut alone = value.clone();
        for name in setting.rsplit('.') {
            alone = Json::Object([(name.to_owned(), alone)].into_iter().collect());
        }
        let settings: Self = serde_json::from_value(alone).map_err(|_| {
            invalid(format!("`{setting}` cannot be {value}"))
                .with_hint(format!("it takes {}", spec.expects))
        })?;
        // One setting of a proxy makes no proxy.
        if setting.contains('.') {
            return Ok(());
        }
        settings.check()
    }
}

/// What is known of a setting.
fn spec(setting: &str) -> Result<&'static OptionSpec> {
    let (name, table) = match setting.split_once('.') {
        Some(("proxy", name)) => (name, Proxy::OPTIONS),
        _ => (setting, Settings::OPTIONS),
    };
    table.iter().find(|spec| spec.name == name).ok_or_else(|| {
        let error = invalid(format!("there is no setting `{setting}`"));
        match nearest(name, table.iter().map(|spec| spec.name)) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })
}

/// A setting that is more than an empty text.
pub(super) fn given(setting: Option<&str>) -> Option<&str> {
    setting.filter(|text| !text.is_empty())
}

/// The URL of a server that speaks the API. A login in it, which would be shown with it, is refused.
pub(super) fn server(endpoint: &str) -> Result<Url> {
    let url = Url::parse(endpoint)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("the endpoint `{endpoint}` is not a URL"));
    let with_login = |url: &Url| !url.username().is_empty() || url.password().is_some();
    match url {
        Ok(url) if with_login(&url) => Err("the endpoint has a login in it".to_owned()),
        // It may not parse for what is in the password.
        Err(_) if endpoint.contains('@') => Err("the endpoint is not a URL".to_owned()),
        sound => sound,
    }
    .map_err(|message| invalid(message).with_hint("write it as `http://127.0.0.1:8780`"))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
