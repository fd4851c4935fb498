//! What a person is asked about a connection.

use dropscript::{Result, Settings};
use serde_json::{Map, Value, json};

use super::secrets::Secrets;
use crate::cli::prompt;
use crate::cli::sign_in::REDIRECT_URI;
use crate::cli::voice::Voice;

/// Where a person makes an app of their own.
const APPS: &str = "https://www.dropbox.com/developers/apps";

/// The questions of `edit`: the setting, and how it is asked for.
const QUESTIONS: &[(&str, &str)] = &[
    ("account", "Account: personal or business"),
    ("group", "Group, for lists"),
    ("timeout", "Timeout"),
    ("app", "App: registered or own"),
    ("app_key", "Key of your own app"),
    ("redirect_uri", "Redirect URI, exactly as it is registered"),
    ("browser", "Sign in with: external, internal or none"),
    (
        "scopes",
        "Scopes that the sign-in asks for, apart by spaces",
    ),
    ("root", "Paths begin at: auto, home, team or a namespace id"),
    ("member", "Act as the member, by id or address"),
    ("admin", "Act as the admin, by id or address"),
    ("endpoint", "Another server than Dropbox"),
    ("ca_file", "File of more authorities to trust"),
    (
        "accept_invalid_certificates",
        "Trust any certificate: true or false",
    ),
    ("credentials", "Keep secrets in: auto, keyring, file or env"),
    (
        "proxy.type",
        "Proxy: none, system, http, https, socks4 or socks5",
    ),
];

/// More of them, where there is a proxy.
const PROXY_QUESTIONS: &[(&str, &str)] = &[
    ("proxy.address", "Address of the proxy"),
    ("proxy.port", "Port of the proxy"),
    (
        "proxy.authentication",
        "Authentication at the proxy: none, basic or ntlm",
    ),
    ("proxy.domain", "Windows domain, for ntlm"),
    ("proxy.username", "Username at the proxy"),
    (
        "proxy.names",
        "With SOCKS, who looks up names: remote or local",
    ),
];

/// Settings with their new values.
pub(super) type Changes = Vec<(&'static str, Value)>;

/// What a person wants.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) changes: Changes,
    pub(super) secrets: Secrets,
}

impl Answers {
    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.secrets.names().is_empty()
    }
}

/// Asks for what a new connection needs; `has_app`: there is one that need not be the person's own.
///
/// # Errors
/// The person's input ends.
pub(super) fn about_new(voice: Voice, has_app: bool) -> Result<Answers> {
    let mut answers = Answers::default();
    voice.status("Enter takes what is in brackets.");
    let account = prompt::line("Account: personal or business", "personal")?;
    answers.changes.push(("account", json!(account)));
    if has_app {
        let app = prompt::line("App: registered or own", "registered")?;
        if app == "registered" {
            return Ok(answers);
        }
    } else {
        voice.status(&format!(
            "You need an app of your own: make one at {APPS}, and register {REDIRECT_URI} as its redirect URI."
        ));
    }
    answers.changes.push(("app", json!("own")));
    let key = prompt::line("App key", "")?;
    answers.changes.push(("app_key", json!(key)));
    answers.secrets.app_secret =
        prompt::secret("App secret, or nothing: signing in works without")?;
    let uri = prompt::line("Redirect URI, exactly as it is registered", REDIRECT_URI)?;
    answers.changes.push(("redirect_uri", json!(uri)));
    Ok(answers)
}

/// Asks for each setting, and gives those that are to be changed.
///
/// # Errors
/// The person's input ends.
pub(super) fn about(voice: Voice, current: &Settings) -> Result<Answers> {
    voice.status("Enter keeps what is in brackets, `-` takes it away.");
    let current = values(current);
    let mut answers = Answers::default();
    for (setting, question) in QUESTIONS {
        let new = ask(&mut answers, &current, setting, question)?;
        if *setting == "app_key" && !new.is_empty() {
            answers.secrets.app_secret =
                prompt::secret("App secret; Enter keeps it, `-` takes it away")?;
        }
        if *setting == "proxy.type" && !matches!(new.as_str(), "" | "none") {
            for (setting, question) in PROXY_QUESTIONS {
                ask(&mut answers, &current, setting, question)?;
            }
            answers.secrets.proxy_password =
                prompt::secret("Password at the proxy; Enter keeps it, `-` takes it away")?;
        }
    }
    Ok(answers)
}

/// Asks for one setting.
fn ask(
    answers: &mut Answers,
    current: &Map<String, Value>,
    setting: &'static str,
    question: &str,
) -> Result<String> {
    let old = match current.get(setting) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(words)) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            words.join(" ")
        }
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let new = prompt::line(question, &old)?;
    if new != old {
        answers.changes.push((setting, value(setting, &new)));
    }
    Ok(new)
}

/// What was typed as the setting takes it; what it cannot be is refused later, for what it is.
fn value(setting: &str, typed: &str) -> Value {
    let read = match setting {
        "proxy.port" => typed.parse::<u16>().ok().map(Value::from),
        "accept_invalid_certificates" => typed.parse::<bool>().ok().map(Value::from),
        "scopes" => Some(typed.split_whitespace().collect::<Vec<_>>().into()),
        _ => None,
    };
    read.unwrap_or_else(|| typed.into())
}

/// The settings by name, as `proxy.type`, without those that are not set.
pub(super) fn values(settings: &Settings) -> Map<String, Value> {
    let mut values = Map::new();
    if let Ok(Value::Object(all)) = serde_json::to_value(settings) {
        for (name, value) in all {
            match value {
                Value::Object(inner) => values.extend(
                    inner
                        .into_iter()
                        .map(|(key, value)| (format!("{name}.{key}"), value)),
                ),
                value => {
                    values.insert(name, value);
                }
            }
        }
    }
    let is_set = |value: &Value| !value.is_null() && *value != json!("");
    values
        .into_iter()
        .filter(|(_, value)| is_set(value))
        .collect()
}
