//! What a person is asked about a connection.

use dropscript::{Result, Settings};
use serde_json::{Map, Value, json};

use super::prompt;
use crate::cli::voice::Voice;

/// Where a person makes an app of their own.
const APPS: &str = "https://www.dropbox.com/developers/apps";

/// The redirect URI that is offered.
const REDIRECT_URI: &str = "http://localhost:9999";

/// The questions of `edit`: the setting, and how it is asked for.
const QUESTIONS: &[(&str, &str)] = &[
    ("account", "Account: personal or business"),
    ("group", "Group, for lists"),
    ("timeout", "Timeout"),
    ("app", "App: registered or own"),
    ("app_key", "Key of your own app"),
    ("redirect_uri", "Redirect URI, exactly as it is registered"),
    ("browser", "Sign in with: external, internal or none"),
    ("root", "Paths begin at: auto, home, team or a namespace id"),
    ("member", "Act as the member, by id or address"),
    ("admin", "Act as the admin, by id or address"),
    ("endpoint", "Another server than Dropbox"),
    ("ca_file", "File of more authorities to trust"),
    ("credentials", "Keep secrets in: auto, keyring, file or env"),
];

/// Settings with their new values.
pub(super) type Changes = Vec<(&'static str, Value)>;

/// Asks for what a new connection needs; `has_app`: there is a registered app.
///
/// # Errors
/// The person's input ends.
pub(super) fn about_new(voice: Voice, has_app: bool) -> Result<Changes> {
    let mut changes = Vec::new();
    voice.status("Enter takes what is in brackets.");
    let account = prompt::line("Account: personal or business", "personal")?;
    if account != "personal" {
        changes.push(("account", json!(account)));
    }
    if has_app {
        let app = prompt::line("App: registered or own", "registered")?;
        if app == "registered" {
            return Ok(changes);
        }
    } else {
        voice.status(&format!(
            "You need an app of your own: make one at {APPS}, and register {REDIRECT_URI} as its redirect URI."
        ));
    }
    changes.push(("app", json!("own")));
    changes.push(("app_key", json!(prompt::line("App key", "")?)));
    let uri = prompt::line("Redirect URI, exactly as it is registered", REDIRECT_URI)?;
    changes.push(("redirect_uri", json!(uri)));
    Ok(changes)
}

/// Asks for each setting, and gives those that are to be changed.
///
/// # Errors
/// The person's input ends.
pub(super) fn about(voice: Voice, current: &Settings) -> Result<Changes> {
    voice.status("Enter keeps what is in brackets, `-` takes it away.");
    let current = values(current);
    let mut changes = Vec::new();
    for (setting, question) in QUESTIONS {
        let old = current
            .get(*setting)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let new = prompt::line(question, old)?;
        if new != old {
            changes.push((*setting, json!(new)));
        }
    }
    Ok(changes)
}

/// The settings by name, without those that are not set.
pub(super) fn values(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(values)) => values
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}
