//! The configuration: named connections, and which of them is meant where none is named.

mod draft;
mod file;
mod grants;
mod read;
mod restrictions;
#[cfg(test)]
mod tests;

pub use draft::ConfigDraft;
pub use file::ConfigFile;
pub use grants::Grants;
pub use restrictions::Restrictions;

use std::path::{Path, PathBuf};

use super::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::nearest::nearest;

/// The settings that a configuration file holds, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    default: Option<String>,
    app_key: Option<String>,
    connections: Vec<(String, Settings)>,
    permissions: Grants,
    /// By the path of the script, as it is written.
    scripts: Vec<(String, Grants)>,
}

impl Config {
    /// Reads the text of a configuration; `name` is what messages call it.
    ///
    /// # Errors
    /// `invalid_argument` with line and column: text that is no TOML, a setting that is unknown or is not what it takes, and a secret,
    /// which belongs into the credential store.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        read::read(text, name)
    }

    /// The connection that is meant where none is named.
    #[must_use]
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// The key of the registered app, where the configuration has one of its own.
    #[must_use]
    pub fn app_key(&self) -> Option<&str> {
        self.app_key.as_deref()
    }

    /// The names of the connections, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connections.iter().map(|(name, _)| name.as_str())
    }

    /// The connections, in the order of the file.
    pub fn connections(&self) -> impl Iterator<Item = (&str, &Settings)> {
        let all = self.connections.iter();
        all.map(|(name, settings)| (name.as_str(), settings))
    }

    /// The settings of a connection.
    ///
    /// # Errors
    /// `invalid_argument` where there is none of this name, with the nearest one.
    pub fn settings(&self, name: &str) -> Result<&Settings> {
        self.connections()
            .find(|(known, _)| *known == name)
            .map(|(_, settings)| settings)
            .ok_or_else(|| unknown(name, self.names()))
    }

    /// The connection of this name, or the default where none is named, with its settings.
    ///
    /// # Errors
    /// `invalid_argument` where there is none.
    pub fn meant<'a>(&'a self, name: Option<&'a str>) -> Result<(&'a str, &'a Settings)> {
        let Some(name) = name.or(self.default_name()) else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "no connection was named, and there is no default",
            )
            .with_hint("name one, or choose it with `dropscript connection default NAME`"));
        };
        Ok((name, self.settings(name)?))
    }

    /// What scripts are granted and forbidden for good: all of them, and then this one; `home` stands for `~`. The paths are whole.
    #[must_use]
    pub fn grants(&self, script: Option<&Path>, home: Option<&Path>) -> Vec<Grants> {
        let real = |path: PathBuf| std::fs::canonicalize(&path).unwrap_or(path);
        let script = script.map(|script| real(script.to_owned()));
        let own = self.scripts.iter().filter(|(path, _)| {
            let path = grants::expanded(path, home).map(real);
            path.is_some() && path == script
        });
        [&self.permissions]
            .into_iter()
            .chain(own.map(|(_, grants)| grants))
            .map(|grants| grants.expanded(home))
            .collect()
    }

    /// Whether a connection of this name can be added.
    ///
    /// # Errors
    /// `invalid_argument` where it cannot be called so, or there is one.
    pub fn check_new(&self, name: &str) -> Result<()> {
        check_name(name)?;
        if self.names().any(|known| known == name) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("there is a connection `{name}` already"),
            )
            .with_hint(format!(
                "change it with `dropscript connection edit {name}`, or take another name"
            )));
        }
        Ok(())
    }
}

/// Says that there is no connection of this name, and which may have been meant.
pub(crate) fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let error = Error::new(
        ErrorKind::InvalidArgument,
        format!("there is no connection `{name}`"),
    );
    match nearest(name, known) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(format!("add it with `dropscript connection add {name}`")),
    }
}

/// Whether a connection may be called this: letters, digits, `-`, `_` and `.`, with a letter or digit in front.
///
/// # Errors
/// `invalid_argument` saying so.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.starts_with(char::is_alphanumeric) && name.chars().all(fits) && name.len() <= 100 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!("a connection cannot be called `{name}`"),
    )
    .with_hint("a name is of letters, digits, `-`, `_` and `.`, and begins with a letter or digit"))
}
