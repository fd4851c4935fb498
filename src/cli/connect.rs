//! Which account a script's `dropbox()` means.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dropscript::emulator::Emulator;
use dropscript::{
    Config, Connection, ConnectionBuilder, Error, ErrorKind, Proxy, ProxyKind, Result, Root,
    Settings, StoredCredentials, SystemProxy, UnfinishedWork, Wanted,
};
use tokio::runtime::Handle;

use super::args::{EmulatorPlace, RunArgs};
use super::credentials::{from_environment, variable};
use super::prompt::somebody_is_there;
use super::saved::Saved;
use super::sign_in::sign_in;
use super::unfinished::unfinished_work;
use super::voice::Voice;

/// The account of the emulator that `dropbox()` means where no other is named.
pub(super) const MAIN: &str = "main";

/// Gives the connections of all runs of one command, the same one each time.
pub(super) struct Connector {
    /// Stops when the last run is over.
    emulator: Option<Arc<Emulator>>,
    /// The named connections; not looked at under `--emulator`, where every name is an account.
    config: Config,
    /// `--connection`.
    chosen: Option<String>,
    made: Mutex<HashMap<Option<String>, Connection>>,
    /// The settings that scripts made connections of, under an emulator.
    settings: Mutex<Vec<Settings>>,
    /// Connections from scripts that somebody can sign in to, for as long as the program runs.
    in_memory: Mutex<Vec<Saved>>,
    /// Where uploads note how far they came; where that cannot be, they go without.
    work: Option<UnfinishedWork>,
    runtime: Handle,
}

impl Connector {
    /// Starts the emulator, if one was asked for; inside the runtime.
    ///
    /// # Errors
    /// The emulator cannot be started; the configuration does not have the connection that was asked for.
    pub(super) fn new(args: &RunArgs, config: Config) -> Result<Self> {
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
        if let (None, Some(name)) = (&emulator, &args.connection) {
            config.settings(name)?;
        }
        Ok(Self {
            emulator: emulator.map(Arc::new),
            config,
            chosen: args.connection.clone(),
            made: Mutex::default(),
            settings: Mutex::default(),
            in_memory: Mutex::default(),
            // What an emulator in memory has is gone with the run.
            work: match &args.emulator {
                Some(EmulatorPlace::Memory) => None,
                _ => unfinished_work(),
            },
            runtime: Handle::current(),
        })
    }

    /// Gives accounts of this emulator, one a name, and reaches no real server; inside the runtime.
    pub(super) fn emulated(emulator: Arc<Emulator>) -> Self {
        Self {
            emulator: Some(emulator),
            config: Config::default(),
            chosen: None,
            made: Mutex::default(),
            settings: Mutex::default(),
            in_memory: Mutex::default(),
            work: None,
            runtime: Handle::current(),
        }
    }

    /// The connection that a script asks for.
    ///
    /// # Errors
    /// `not_signed_in` where there is none, `invalid_argument` where its settings are wrong.
    pub(super) fn connect(&self, wanted: Wanted) -> Result<Connection> {
        let name = match wanted {
            Wanted::Settings(settings) => return self.made_in_script(*settings),
            Wanted::Named(name) => Some(name),
            Wanted::Default => self.chosen.clone(),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = made.get(&name) {
            return Ok(connection.clone());
        }
        let connection = match (&self.emulator, &name) {
            (Some(emulator), name) => self.on(emulator, name.as_deref().unwrap_or(MAIN)),
            (None, Some(name)) => self.saved(name),
            (None, None) => match (
                made_of(from_environment(variable), variable)?,
                self.config.default_name(),
            ) {
                (Some(builder), _) => self.noting(builder).build(),
                (None, Some(name)) => self.saved(name),
                (None, None) => Err(none(&self.config)),
            },
        }?;
        made.insert(name, connection.clone());
        Ok(connection)
    }

    /// The names of connections: those of the configuration, of an emulator those that were asked for so far.
    pub(super) fn names(&self) -> Vec<String> {
        if self.emulator.is_none() {
            return self.config.names().map(str::to_owned).collect();
        }
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let names = made.keys().flatten().cloned();
        names.collect()
    }

    /// A connection of the configuration.
    fn saved(&self, name: &str) -> Result<Connection> {
        // A script has a thread of its own, which may wait.
        self.runtime
            .block_on(Saved::open(&self.config, name))?
            .connect_noting(self.work.clone())
    }

    /// Has the person at the terminal sign in to a connection of the configuration.
    ///
    /// # Errors
    /// `not_signed_in` where nobody is there, or the connection is none of the configuration; otherwise those of the sign-in.
    pub(super) async fn sign_in(&self, voice: Voice, name: &str) -> Result<()> {
        let error = |message: String| Error::new(ErrorKind::NotSignedIn, message);
        let made = self
            .in_memory()
            .iter()
            .find(|saved| saved.name == name)
            .cloned();
        let is_saved = self.config.names().any(|known| known == name);
        if made.is_none() && !is_saved {
            return Err(
                error(format!("nobody is signed in to the connection `{name}`"))
                    .with_hint("give it a token that is still good"),
            );
        }
        if !somebody_is_there() {
            return Err(error(format!(
                "nobody is signed in to the connection `{name}`, and nobody is at a terminal to do it"
            ))
            .with_hint(match made {
                None => format!("sign in with `dropscript connection login {name}`"),
                Some(_) => "give it a `refresh_token`, or use a saved connection: `dropscript connection add NAME`, then `dropscript connection login NAME`".to_owned(),
            }));
        }
        let saved = match made {
            Some(made) => made,
            None => Saved::open(&self.config, name).await?,
        };
        sign_in(voice, &saved).await.map(drop)
    }

    fn made_in_script(&self, settings: Settings) -> Result<Connection> {
        let Some(emulator) = &self.emulator else {
            if !can_be_signed_in_to(&settings) {
                let builder = Connection::builder("script")
                    .system_proxy(SystemProxy::from_variables(variable))
                    .settings(&settings)?;
                return self.noting(builder).build();
            }
            let mut known = self.in_memory();
            if let Some(saved) = known.iter().find(|saved| saved.settings == settings) {
                return saved.connect_noting(self.work.clone());
            }
            let saved = Saved::in_memory(self.free_name(&known), settings);
            let connection = saved.connect_noting(self.work.clone())?;
            known.push(saved);
            return Ok(connection);
        };
        // No real server is reached: the account is one of the emulator's, whatever the settings say.
        let mut known = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|known| *known == settings);
        let at = at.unwrap_or_else(|| {
            known.push(settings);
            known.len() - 1
        });
        match at {
            0 => self.on(emulator, "script"),
            at => self.on(emulator, &format!("script-{}", at + 1)),
        }
    }

    fn in_memory(&self) -> MutexGuard<'_, Vec<Saved>> {
        self.in_memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A name for a connection from a script that is that of no other.
    fn free_name(&self, known: &[Saved]) -> String {
        let is_free = |name: &String| {
            self.config.names().all(|other| other != name)
                && known.iter().all(|saved| saved.name != *name)
        };
        let numbered = (2..).map(|number| format!("script-{number}"));
        std::iter::once("script".to_owned())
            .chain(numbered)
            .find(is_free)
            .expect("there are more numbers than connections")
    }

    fn on(&self, emulator: &Emulator, account: &str) -> Result<Connection> {
        let builder = Connection::builder(account)
            .endpoint(emulator.url())
            .access_token(emulator.access_token(account));
        self.noting(builder).build()
    }

    fn noting(&self, builder: ConnectionBuilder) -> ConnectionBuilder {
        noting(builder, self.work.clone())
    }
}

/// A connection whose uploads note how far they came, where there is a place for it.
pub(super) fn noting(
    builder: ConnectionBuilder,
    work: Option<UnfinishedWork>,
) -> ConnectionBuilder {
    match work {
        Some(work) => builder.unfinished(work),
        None => builder,
    }
}

/// Whether settings from a script have an app but no token.
fn can_be_signed_in_to(settings: &Settings) -> bool {
    settings.app_key.as_ref().is_some_and(|key| !key.is_empty())
        && settings.refresh_token.is_none()
        && settings.access_token.is_none()
}

/// The connection that the environment alone makes up, where it does.
fn made_of(
    environment: StoredCredentials,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<ConnectionBuilder>> {
    let StoredCredentials {
        app_key,
        app_secret,
        refresh_token,
        access_token,
        ..
    } = environment;
    // All of this connection comes from the environment, so its proxy does too.
    let proxy = Proxy {
        kind: ProxyKind::System,
        ..Proxy::default()
    };
    let builder = Connection::builder("environment")
        .root(Root::Auto)
        .proxy(proxy)
        .system_proxy(SystemProxy::from_variables(variable));
    if let Some(refresh_token) = refresh_token {
        let Some(app_key) = app_key else {
            let message =
                "`DROPBOX_REFRESH_TOKEN` is set, but not the key of the app that it belongs to";
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("set `DROPBOX_APP_KEY` too"));
        };
        let builder = builder.refresh_token(refresh_token).app_key(app_key);
        return Ok(Some(match app_secret {
            Some(secret) => builder.app_secret(secret),
            None => builder,
        }));
    }
    Ok(access_token.map(|token| builder.access_token(token)))
}

/// Says that no connection is meant, and what to do about it.
fn none(config: &Config) -> Error {
    let error = Error::new(ErrorKind::NotSignedIn, "there is no connection to Dropbox");
    let names: Vec<_> = config.names().collect();
    error.with_hint(if names.is_empty() {
        "add one with `dropscript connection add NAME`, or try it without an account with `--emulator`".to_owned()
    } else {
        format!(
            "choose one with `--connection`, or once and for all with `dropscript connection default NAME`: {}",
            names.join(", ")
        )
    })
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

    fn environment(set: &[(&str, &str)]) -> Result<Option<Connection>> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let builder = made_of(from_environment(variable), variable)?;
        builder.map(ConnectionBuilder::build).transpose()
    }

    #[test]
    fn a_token_in_the_environment_is_a_connection() {
        for set in [
            &[("DROPBOX_ACCESS_TOKEN", "t")][..],
            &[("DROPBOX_REFRESH_TOKEN", "r"), ("DROPBOX_APP_KEY", "k")],
        ] {
            assert_eq!(
                environment(set)
                    .expect("sound")
                    .expect("a connection")
                    .name(),
                "environment"
            );
        }
    }

    #[test]
    fn without_one_the_error_says_what_to_do() {
        assert!(environment(&[]).expect("sound").is_none());
        let error = none(&Config::default());
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
