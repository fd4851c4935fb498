//! Changes to a configuration that leave all else as it was written: comments, order, spaces.

use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{Config, unknown};
use crate::connection::Settings;
use crate::error::{Error, ErrorKind, Result};

/// A configuration that is being changed; made by [`ConfigFile::change`](super::ConfigFile::change).
#[derive(Debug)]
pub struct ConfigDraft {
    document: DocumentMut,
    before: Config,
}

impl ConfigDraft {
    pub(super) fn new(text: &str, before: Config) -> Result<Self> {
        let document = text.parse().map_err(|error: toml_edit::TomlError| {
            Error::new(ErrorKind::InvalidArgument, error.message().to_owned())
        })?;
        Ok(Self { document, before })
    }

    pub(super) fn into_text(self) -> String {
        self.document.to_string()
    }

    /// What the configuration was before the change.
    #[must_use]
    pub fn before(&self) -> &Config {
        &self.before
    }

    /// The settings of a connection as they are to be.
    ///
    /// # Errors
    /// `invalid_argument` where they are not sound, or there is no such connection.
    pub fn settings(&self, name: &str) -> Result<Settings> {
        let config = Config::parse(&self.document.to_string(), "the configuration")?;
        config.settings(name).cloned()
    }

    /// Adds a connection without settings.
    ///
    /// # Errors
    /// `invalid_argument` where it cannot be called so, or there is one.
    pub fn add(&mut self, name: &str) -> Result<()> {
        self.before.check_new(name)?;
        self.connections()?.insert(name, Item::Table(Table::new()));
        Ok(())
    }

    /// Gives a setting of a connection this value, or the default where it is null or an empty text. A setting of the proxy is named
    /// `proxy.port`.
    ///
    /// # Errors
    /// `invalid_argument` where there is no such connection, or the setting does not take the value.
    pub fn set(&mut self, name: &str, setting: &str, value: &Json) -> Result<()> {
        let connection = self.connection(name)?;
        let (table, key) = match setting.split_once('.') {
            None => (connection, setting),
            Some((group, key)) => {
                let inner = connection
                    .entry(group)
                    .or_insert_with(|| Item::Table(Table::new()));
                let inner = inner
                    .as_table_like_mut()
                    .ok_or_else(|| not_a_table(group))?;
                (inner, key)
            }
        };
        if is_empty(value) {
            table.remove(key);
            return Ok(());
        }
        Settings::check_one(setting, value)?;
        let value = toml(value).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{setting}` cannot be {value}"),
            )
        })?;
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                // What stands around it is a person's.
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(key, Item::Value(value));
            }
        }
        Ok(())
    }

    /// Adds a connection with the settings of another.
    ///
    /// # Errors
    /// As [`add`](ConfigDraft::add), and where there is no connection to take them from.
    pub fn copy(&mut self, from: &str, to: &str) -> Result<()> {
        self.connection(from)?;
        self.add(to)?;
        let connections = self.connections()?;
        let mut copy = connections.get(from).cloned().unwrap_or_default();
        if let Item::Table(table) = &mut copy {
            // At the end of the file, and without what is written above the other.
            table.decor_mut().clear();
            at_the_end(table);
        }
        connections.insert(to, copy);
        Ok(())
    }

    /// Removes a connection. Where it was the default, there is none then.
    ///
    /// # Errors
    /// `invalid_argument` where there is none of this name.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        self.connection(name)?;
        self.connections()?.remove(name);
        if self.document.get("default").and_then(Item::as_str) == Some(name) {
            self.document.remove("default");
        }
        Ok(())
    }

    /// Says which connection is meant where none is named.
    ///
    /// # Errors
    /// `invalid_argument` where there is none of this name.
    pub fn set_default(&mut self, name: &str) -> Result<()> {
        self.connection(name)?;
        match self
            .document
            .get_mut("default")
            .and_then(Item::as_value_mut)
        {
            Some(old) => {
                let decor = old.decor().clone();
                *old = Value::from(name);
                *old.decor_mut() = decor;
            }
            None => {
                self.document.insert("default", Item::Value(name.into()));
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        let connections = self.document.get("connections");
        connections.is_some_and(|connections| connections.get(name).is_some())
    }

    fn connections(&mut self) -> Result<&mut dyn TableLike> {
        let connections = self.document.entry("connections").or_insert_with(|| {
            let mut table = Table::new();
            // `[connections.work]` says it all.
            table.set_implicit(true);
            Item::Table(table)
        });
        connections
            .as_table_like_mut()
            .ok_or_else(|| not_a_table("connections"))
    }

    fn connection(&mut self, name: &str) -> Result<&mut dyn TableLike> {
        if !self.has(name) {
            return Err(unknown(name, self.before.names()));
        }
        let connection = self.connections()?.get_mut(name);
        connection
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| not_a_table(name))
    }
}

fn at_the_end(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        if let Item::Table(inner) = item {
            at_the_end(inner);
        }
    }
}

fn not_a_table(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{name}` of the configuration is not a table"),
    )
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn toml(value: &Json) -> Option<Value> {
    match value {
        Json::Bool(flag) => Some((*flag).into()),
        Json::Number(number) => number.as_i64().map(Value::from),
        Json::String(text) => Some(text.as_str().into()),
        Json::Array(values) => values
            .iter()
            .map(toml)
            .collect::<Option<_>>()
            .map(Value::Array),
        Json::Null | Json::Object(_) => None,
    }
}
