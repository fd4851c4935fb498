//! From the text of a configuration to its settings, each fault with its place.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use toml_edit::{Document, Item, Key, Table, TableLike, Value};

use super::grants::{Grants, check_path};
use super::restrictions::Restrictions;
use super::{Config, check_name};
use crate::connection::{Proxy, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::nearest::nearest;
use crate::options::OptionSpec;

/// What may stand at the top.
const TOP: &[&str] = &["default", "app", "connections", "permissions", "scripts"];

/// Settings that are secrets, with the option of `connection edit` that stores each.
const SECRETS: &[(&str, &str)] = &[
    ("app_secret", "edit NAME --app-secret-stdin"),
    ("password", "edit NAME --proxy-password-stdin"),
    ("access_token", "login NAME"),
    ("refresh_token", "login NAME"),
];

/// What may stand in a table of settings.
struct Kind<T> {
    options: &'static [OptionSpec],
    check: fn(&T) -> Result<()>,
}

const SETTINGS: Kind<Settings> = Kind {
    options: Settings::OPTIONS,
    check: Settings::check,
};

const PROXY: Kind<Proxy> = Kind {
    options: Proxy::OPTIONS,
    check: Proxy::check,
};

const GRANTS: Kind<Grants> = Kind {
    options: Grants::OPTIONS,
    check: Grants::check,
};

const RESTRICTIONS: Kind<Restrictions> = Kind {
    options: Restrictions::OPTIONS,
    check: |_| Ok(()),
};

/// Reads what a folder of scripts forbids.
pub(super) fn restrictions(text: &str, name: &str) -> Result<Restrictions> {
    let reader = Reader { text, name };
    let document = reader.document()?;
    let mut restrictions = Restrictions::default();
    for (key, item) in entries(document.as_table()) {
        match key.get() {
            "permissions" => {
                let values = reader.settings(key.get(), key, item, &RESTRICTIONS)?;
                restrictions = reader.together(key, values, "these permissions")?;
            }
            other => return Err(reader.unknown(key, other, ["permissions"])),
        }
    }
    Ok(restrictions)
}

/// Reads a configuration.
pub(super) fn read(text: &str, name: &str) -> Result<Config> {
    let reader = Reader { text, name };
    let document = reader.document()?;
    let top = document.as_table();
    let mut config = Config::default();
    for (key, item) in entries(top) {
        match key.get() {
            "default" => {
                let name = item.as_str();
                config.default = Some(reader.text(key, item, name)?);
            }
            "app" => config.app_key = reader.app(key, item)?,
            "connections" => config.connections = reader.connections(key, item)?,
            "permissions" => config.permissions = reader.grants(key, item)?,
            "scripts" => config.scripts = reader.scripts(key, item)?,
            other => return Err(reader.unknown(key, other, TOP.iter().copied())),
        }
    }
    // An empty text is none.
    config.default = config.default.filter(|name| !name.is_empty());
    if let Some(name) = &config.default
        && !config.names().any(|known| known == name)
    {
        let span = top.get("default").and_then(Item::span);
        let fault = reader.fault(span, &format!("there is no connection `{name}`"));
        return Err(match nearest(name, config.names()) {
            Some(near) => fault.with_hint(format!("did you mean `{near}`?")),
            None => fault.with_hint(
                "`default` names one of `[connections]`; set it with `dropscript connection default NAME`",
            ),
        });
    }
    Ok(config)
}

/// The text, for the places of faults.
struct Reader<'a> {
    text: &'a str,
    name: &'a str,
}

impl Reader<'_> {
    fn document(&self) -> Result<Document<&str>> {
        Document::parse(self.text).map_err(|error| {
            let message = error.message().replace('\n', ", ");
            self.fault(error.span(), &message)
        })
    }

    /// Settings that were looked at one by one, as the whole that they make.
    fn together<T: DeserializeOwned>(&self, key: &Key, values: Json, what: &str) -> Result<T> {
        serde_json::from_value(values).map_err(|error| {
            self.fault(key.span(), &format!("{what} do not go together"))
                .with_source(error)
        })
    }

    fn app(&self, key: &Key, item: &Item) -> Result<Option<String>> {
        let table = self.table(key, item)?;
        let mut app_key = None;
        for (key, item) in entries_like(table) {
            match key.get() {
                "key" => app_key = Some(self.text(key, item, item.as_str())?),
                "secret" => return Err(self.secret(key, "add NAME --app own --app-secret-stdin")),
                other => return Err(self.unknown(key, other, ["key"])),
            }
        }
        Ok(app_key.filter(|key| !key.is_empty()))
    }

    fn connections(&self, key: &Key, item: &Item) -> Result<Vec<(String, Settings)>> {
        let mut connections = Vec::new();
        for (key, item) in entries_like(self.table(key, item)?) {
            let name = key.get();
            check_name(name).map_err(|error| self.placed(key.span(), &error))?;
            let values = self.settings(name, key, item, &SETTINGS)?;
            let settings: Settings = self.together(key, values, "these settings")?;
            settings
                .check()
                .and_then(|()| settings.proxy.as_ref().map_or(Ok(()), Proxy::check_whole))
                .map_err(|error| self.placed(key.span(), &error))?;
            connections.push((name.to_owned(), settings));
        }
        Ok(connections)
    }

    fn scripts(&self, key: &Key, item: &Item) -> Result<Vec<(String, Grants)>> {
        let mut scripts = Vec::new();
        for (key, item) in entries_like(self.table(key, item)?) {
            check_path(key.get()).map_err(|error| self.placed(key.span(), &error))?;
            scripts.push((key.get().to_owned(), self.grants(key, item)?));
        }
        Ok(scripts)
    }

    fn grants(&self, key: &Key, item: &Item) -> Result<Grants> {
        let values = self.settings(key.get(), key, item, &GRANTS)?;
        self.together(key, values, "these permissions")
    }

    /// The settings of one connection, of its proxy, or of permissions, as JSON, each looked at by itself, so that a fault has its place.
    fn settings<T: DeserializeOwned>(
        &self,
        connection: &str,
        key: &Key,
        item: &Item,
        kind: &Kind<T>,
    ) -> Result<Json> {
        let mut values = serde_json::Map::new();
        for (key, item) in entries_like(self.table(key, item)?) {
            let name = key.get();
            let Some(spec) = kind.options.iter().find(|spec| spec.name == name) else {
                let known = kind.options.iter().map(|spec| spec.name);
                return Err(self.unknown(key, name, known));
            };
            if let Some(value) = self.setting(connection, key, item, spec, kind)? {
                values.insert(name.to_owned(), value);
            }
        }
        Ok(Json::Object(values))
    }

    /// One setting; nothing for a secret that is left empty.
    fn setting<T: DeserializeOwned>(
        &self,
        connection: &str,
        key: &Key,
        item: &Item,
        spec: &OptionSpec,
        kind: &Kind<T>,
    ) -> Result<Option<Json>> {
        let name = spec.name;
        if let Some((_, command)) = SECRETS.iter().find(|(secret, _)| *secret == name) {
            return match item.as_str() {
                Some("") => Ok(None),
                _ => Err(self.secret(key, &command.replace("NAME", connection))),
            };
        }
        if name == "proxy" {
            let proxy = self.settings(connection, key, item, &PROXY)?;
            return Ok(Some(proxy));
        }
        let wrong = || {
            self.fault(
                item.span().or(key.span()),
                &format!("`{name}` cannot be this"),
            )
            .with_hint(format!("it takes {}", spec.expects))
        };
        let value = json(item).ok_or_else(wrong)?;
        let alone = Json::Object([(name.to_owned(), value.clone())].into_iter().collect());
        let settings: T = serde_json::from_value(alone).map_err(|_| wrong())?;
        match (kind.check)(&settings) {
            Ok(()) => Ok(Some(value)),
            Err(error) => Err(self.placed(item.span().or(key.span()), &error)),
        }
    }

    fn table<'i>(&self, key: &Key, item: &'i Item) -> Result<&'i dyn TableLike> {
        item.as_table_like().ok_or_else(|| {
            let name = key.get();
            self.fault(key.span(), &format!("`{name}` must be a table"))
                .with_hint(format!("write it as `[{name}]`"))
        })
    }

    fn text(&self, key: &Key, item: &Item, text: Option<&str>) -> Result<String> {
        text.map(str::to_owned).ok_or_else(|| {
            let place = item.span().or(key.span());
            self.fault(place, &format!("`{}` must be text", key.get()))
        })
    }

    fn secret(&self, key: &Key, command: &str) -> Error {
        self.fault(
            key.span(),
            &format!(
                "`{}` is a secret, which is not kept in this file",
                key.get()
            ),
        )
        .with_hint(format!(
            "take it out, and store it with `dropscript connection {command}`"
        ))
    }

    fn unknown<'k>(
        &self,
        key: &Key,
        name: &str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Error {
        let fault = self.fault(key.span(), &format!("there is no setting `{name}`"));
        if let Some(near) = nearest(name, known.clone()) {
            return fault.with_hint(format!("did you mean `{near}`?"));
        }
        let known: Vec<_> = known.into_iter().map(|name| format!("`{name}`")).collect();
        fault.with_hint(format!("there are {}", known.join(", ")))
    }

    fn placed(&self, span: Option<Range<usize>>, error: &Error) -> Error {
        let fault = self.fault(span, &error.to_string());
        match error.hint() {
            Some(hint) => fault.with_hint(hint),
            None => fault,
        }
    }

    fn fault(&self, span: Option<Range<usize>>, message: &str) -> Error {
        let at = span.map_or(0, |span| span.start).min(self.text.len());
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[start..].chars().count() + 1;
        Error::new(
            ErrorKind::InvalidArgument,
            format!("{}:{line}:{column}: {message}", self.name),
        )
        .with_path(self.name)
    }
}

/// The entries of a table with their keys, which know their places.
fn entries(table: &Table) -> impl Iterator<Item = (&Key, &Item)> {
    table
        .iter()
        .filter_map(|(name, _)| table.get_key_value(name))
}

fn entries_like(table: &dyn TableLike) -> impl Iterator<Item = (&Key, &Item)> {
    table
        .iter()
        .filter_map(|(name, _)| table.get_key_value(name))
}

/// The value as JSON; `None` for what has none, as a date.
fn json(item: &Item) -> Option<Json> {
    match item {
        Item::Value(value) => value_json(value),
        Item::Table(table) => {
            let values = table
                .iter()
                .map(|(name, item)| Some((name.to_owned(), json(item)?)));
            values.collect::<Option<_>>().map(Json::Object)
        }
        Item::None | Item::ArrayOfTables(_) => None,
    }
}

fn value_json(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => Some(text.value().as_str().into()),
        Value::Integer(number) => Some((*number.value()).into()),
        Value::Float(number) => serde_json::Number::from_f64(*number.value()).map(Json::Number),
        Value::Boolean(flag) => Some((*flag.value()).into()),
        Value::Datetime(_) => None,
        Value::Array(values) => values
            .iter()
            .map(value_json)
            .collect::<Option<_>>()
            .map(Json::Array),
        Value::InlineTable(table) => {
            let values = table
                .iter()
                .map(|(name, value)| Some((name.to_owned(), value_json(value)?)));
            values.collect::<Option<_>>().map(Json::Object)
        }
    }
}
