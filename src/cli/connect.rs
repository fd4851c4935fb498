//! Which account a script's `dropbox()` means.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dropscript::emulator::Emulator;
use dropscript::{Connection, Error, ErrorKind, Result, Settings, Wanted};

use super::args::{EmulatorPlace, RunArgs};

/// The account of the emulator that `dropbox()` means where no other is named.
const MAIN: &str = "main";

/// Gives the connections of all runs of one command, the same one each time.
pub(super) struct Connector {
    /// Stops when the last run is over.
    emulator: Option<Emulator>,
    /// `--connection`.
    chosen: Option<String>,
    made: Mutex<HashMap<Option<String>, Connection>>,
}

impl Connector {
    /// Starts the emulator, if one was asked for.
    ///
    /// # Errors
    /// The emulator cannot be started.
    pub(super) fn new(args: &RunArgs) -> Result<Self> {
        let emulator =
            match &args.emulator {
                None => None,
                Some(EmulatorPlace::Memory) => {
                    Some(Emulator::start().map_err(|source| cannot_start(source, None))?)
                }
                Some(EmulatorPlace::Folder(folder)) => {
                    let started = Emulator::builder().directory(folder).start();
                    Some(started.map_err(|source| {
                        cannot_start(source, Some(&folder.display().to_string()))
                    })?)
                }
            };
        Ok(Self {
            emulator,
            chosen: args.connection.clone(),
            made: Mutex::default(),
        })
    }

    /// The connection that a script asks for.
    ///
    /// # Errors
    /// `not_signed_in` where there is none, `invalid_argument` where its settings are wrong.
    pub(super) fn connect(&self, wanted: Wanted) -> Result<Connection> {
        let name = match wanted {
            Wanted::Settings(settings) => return self.made_in_script(&settings),
            Wanted::Named(name) => Some(name),
            Wanted::Default => self.chosen.clone(),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = made.get(&name) {
            return Ok(connection.clone());
        }
        let connection = match (&self.emulator, &name) {
            (Some(emulator), name) => on(emulator, name.as_deref().unwrap_or(MAIN)),
            (None, Some(name)) => Err(unknown(name)),
            (None, None) => from_environment(variable),
        }?;
        made.insert(name, connection.clone());
        Ok(connection)
    }

    fn made_in_script(&self, settings: &Settings) -> Result<Connection> {
        match &self.emulator {
            // No real server is reached: the account is one of the emulator's, whatever the settings say.
            Some(emulator) => on(emulator, "script"),
            None => Connection::from_settings("script", settings),
        }
    }
}

fn on(emulator: &Emulator, account: &str) -> Result<Connection> {
    Connection::builder(account)
        .endpoint(emulator.url())
        .access_token(emulator.access_token(account))
        .build()
}

fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Connection> {
    let builder = Connection::builder("environment");
    if let Some(refresh_token) = variable("DROPBOX_REFRESH_TOKEN") {
        let Some(app_key) = variable("DROPBOX_APP_KEY") else {
            let message =
                "`DROPBOX_REFRESH_TOKEN` is set, but not the key of the app that it belongs to";
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("set `DROPBOX_APP_KEY` too"));
        };
        let builder = builder.refresh_token(refresh_token).app_key(app_key);
        return match variable("DROPBOX_APP_SECRET") {
            Some(secret) => builder.app_secret(secret),
            None => builder,
        }
        .build();
    }
    match variable("DROPBOX_ACCESS_TOKEN") {
        Some(token) => builder.access_token(token).build(),
        None => Err(
            Error::new(ErrorKind::NotSignedIn, "there is no connection to Dropbox").with_hint(
                "set `DROPBOX_ACCESS_TOKEN`, or try it without an account with `--emulator`",
            ),
        ),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn unknown(name: &str) -> Error {
    Error::new(
        ErrorKind::NotSignedIn,
        format!("there is no connection `{name}`"),
    )
    .with_hint("try it without an account with `--emulator`")
}

fn cannot_start(source: std::io::Error, folder: Option<&str>) -> Error {
    let message = match folder {
        Some(folder) => format!("cannot start the emulator in `{folder}`"),
        None => "cannot start the emulator".to_owned(),
    };
    Error::new(ErrorKind::LocalIo, message).with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> Result<Connection> {
        from_environment(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_token_in_the_environment_is_a_connection() {
        for set in [
            &[("DROPBOX_ACCESS_TOKEN", "t")][..],
            &[("DROPBOX_REFRESH_TOKEN", "r"), ("DROPBOX_APP_KEY", "k")],
        ] {
            assert_eq!(
                environment(set).expect("a connection").name(),
                "environment"
            );
        }
    }

    #[test]
    fn without_one_the_error_says_what_to_do() {
        let error = environment(&[]).expect_err("none");
        assert_eq!(error.kind(), ErrorKind::NotSignedIn);
        assert!(error.hint().is_some_and(|hint| hint.contains("--emulator")));
        let error = environment(&[("DROPBOX_REFRESH_TOKEN", "r")]).expect_err("half of it");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("DROPBOX_APP_KEY"))
        );
    }
}
