//! What there is to see of connections: never a secret.

use dropscript::{Config, Result, Settings};
use serde_json::{Value, json};

use super::Desk;
use super::questions::values;

/// Lists the connections.
pub(super) fn list(desk: &Desk, json: bool) -> Result<String> {
    let config = desk.file.read()?;
    let rows = config.connections().map(|(name, settings)| Row {
        name,
        is_default: config.default_name() == Some(name),
        settings,
    });
    if json {
        let connections: Vec<_> = rows.map(|row| row.json()).collect();
        let all = json!({ "default": config.default_name(), "connections": connections });
        return Ok(format!("{all}\n"));
    }
    let rows: Vec<_> = rows.map(|row| row.cells()).collect();
    if rows.is_empty() {
        desk.voice
            .status("there is no connection yet; add one with `dropscript connection add NAME`");
        return Ok(String::new());
    }
    let head = ["", "NAME", "ACCOUNT", "GROUP", "SERVER"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    Ok(table(&rows))
}

/// A connection in a list.
struct Row<'a> {
    name: &'a str,
    is_default: bool,
    settings: &'a Settings,
}

impl Row<'_> {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "default": self.is_default,
            "settings": values(self.settings),
        })
    }

    fn cells(&self) -> [String; 5] {
        let mark = if self.is_default { "*" } else { "" };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let server = match text(&self.settings.endpoint) {
            endpoint if endpoint.is_empty() => "Dropbox".to_owned(),
            endpoint => endpoint,
        };
        [
            mark.to_owned(),
            self.name.to_owned(),
            self.settings.account.to_string(),
            text(&self.settings.group),
            server,
        ]
    }
}

/// Shows the settings of a connection.
pub(super) fn show(desk: &Desk, name: Option<&str>, json: bool) -> Result<String> {
    let config = desk.file.read()?;
    let (name, settings) = config.meant(name)?;
    let is_default = config.default_name() == Some(name);
    if json {
        let row = Row {
            name,
            is_default,
            settings,
        };
        return Ok(format!("{}\n", row.json()));
    }
    let mut rows = vec![[
        "name".to_owned(),
        format!("{name}{}", if is_default { " (the default)" } else { "" }),
    ]];
    for (setting, value) in values(settings) {
        rows.push([setting, shown(&value)]);
    }
    Ok(table(&rows))
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

/// Rows of cells, each column as wide as its widest.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .map(|row: &[String; N]| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{}\n", line.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
