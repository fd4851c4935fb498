//! What there is to see of connections: never a secret.

use dropscript::{Config, Place, Result, Settings, StoredCredentials};
use serde_json::{Map, Value, json};

use super::Desk;
use super::questions::values;
use crate::cli::credentials::store;
use crate::cli::sign_in::REDIRECT_URI;
use crate::cli::table::table;

/// Lists the connections.
pub(super) async fn list(desk: &Desk, json: bool) -> Result<String> {
    let config = desk.file.read()?;
    let mut rows = Vec::new();
    for (name, settings) in config.connections() {
        rows.push(Row::of(&config, name, settings).await);
    }
    if json {
        let connections: Vec<_> = rows.iter().map(Row::json).collect();
        let all = json!({ "default": config.default_name(), "connections": connections });
        return Ok(format!("{all}\n"));
    }
    if rows.is_empty() {
        desk.voice
            .status("there is no connection yet; add one with `dropscript connection add NAME`");
        return Ok(String::new());
    }
    let head = ["", "NAME", "ACCOUNT", "GROUP", "SERVER", "SIGN-IN"].map(str::to_owned);
    let cells = rows.iter().map(Row::cells);
    Ok(table(&[head].into_iter().chain(cells).collect::<Vec<_>>()))
}

/// The names of the connections, a line each.
pub(super) fn names(desk: &Desk) -> Result<String> {
    let config = desk.file.read()?;
    let names: Vec<&str> = config.names().collect();
    Ok(names.join("\n") + "\n")
}

/// A connection, and what is stored of it.
struct Row<'a> {
    name: &'a str,
    is_default: bool,
    settings: &'a Settings,
    /// Why it is not known is no matter of a list.
    stored: Option<StoredCredentials>,
    place: Option<Place>,
}

impl<'a> Row<'a> {
    async fn of(config: &Config, name: &'a str, settings: &'a Settings) -> Self {
        let store = store(settings).ok();
        let stored = match &store {
            Some(store) => store.load(name).await.ok(),
            None => None,
        };
        Self {
            name,
            is_default: config.default_name() == Some(name),
            settings,
            stored: stored.map(Option::unwrap_or_default),
            place: store.and_then(|store| store.place(name)),
        }
    }

    fn stored(&self, is: impl FnOnce(&StoredCredentials) -> bool) -> &'static str {
        match &self.stored {
            None => "unreadable",
            Some(stored) if is(stored) => "stored",
            Some(_) => "not stored",
        }
    }

    fn secrets(&self) -> [(&'static str, &'static str); 3] {
        [
            ("sign_in", self.stored(StoredCredentials::is_signed_in)),
            (
                "app_secret",
                self.stored(|stored| stored.app_secret.is_some()),
            ),
            (
                "proxy.password",
                self.stored(|stored| stored.proxy_password.is_some()),
            ),
        ]
    }

    fn json(&self) -> Value {
        let secrets: serde_json::Map<_, _> = self
            .secrets()
            .into_iter()
            .map(|(name, stored)| (name.to_owned(), stored.into()))
            .collect();
        json!({
            "name": self.name,
            "default": self.is_default,
            "settings": effective(self.settings),
            "secrets": secrets,
            "place": self.place.as_ref().map(ToString::to_string),
        })
    }

    fn cells(&self) -> [String; 6] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let server = match text(&self.settings.endpoint) {
            endpoint if endpoint.is_empty() => "Dropbox".to_owned(),
            endpoint => endpoint,
        };
        [
            if self.is_default { "*" } else { "" }.to_owned(),
            self.name.to_owned(),
            self.settings
                .account
                .map(|account| account.to_string())
                .unwrap_or_default(),
            text(&self.settings.group),
            server,
            self.stored(StoredCredentials::is_signed_in).to_owned(),
        ]
    }
}

/// Shows the settings of a connection.
pub(super) async fn show(desk: &Desk, name: Option<&str>, json: bool) -> Result<String> {
    let config = desk.file.read()?;
    let (name, settings) = config.meant(name)?;
    let row = Row::of(&config, name, settings).await;
    if json {
        return Ok(format!("{}\n", row.json()));
    }
    let mark = if row.is_default { " (the default)" } else { "" };
    let mut rows = vec![["name".to_owned(), format!("{name}{mark}")]];
    for (setting, value) in effective(settings) {
        rows.push([setting, shown(&value)]);
    }
    for (secret, stored) in row.secrets() {
        rows.push([secret.to_owned(), stored.to_owned()]);
    }
    if let Some(place) = &row.place {
        rows.push(["stored in".to_owned(), place.to_string()]);
    }
    Ok(table(&rows))
}

/// The settings as they are used: what is to be registered with the app is told also where it is nobody's choice.
fn effective(settings: &Settings) -> Map<String, Value> {
    let mut all = values(settings);
    all.entry("redirect_uri")
        .or_insert_with(|| REDIRECT_URI.into());
    all
}

/// The connection that is meant where none is named.
pub(super) fn default(config: &Config) -> String {
    config
        .default_name()
        .map(|name| format!("{name}\n"))
        .unwrap_or_default()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "all".to_owned(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(" "),
        value => value.to_string(),
    }
}
