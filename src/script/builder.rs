//! Setting up a host.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use rhai::Engine;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};

use super::host::{Host, Inner};
use super::limits::Limits;
use super::meter::Gauge;
use super::permissions::Permissions;
use super::state::States;
use crate::client::{OnChange, OnWrite, RemoteChange, Written};
use crate::connection::{Connection, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::tasks::{Progress, Report, ReportItem};

/// Which connection a script asks for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// `dropbox()`
    Default,
    /// `dropbox("name")`
    Named(String),
    /// `dropbox(#{ ... })`
    Settings(Box<Settings>),
}

/// How much a line for [`HostBuilder::on_log`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// From `debug(x)`.
    Debug,
    /// What happened, or would have under a dry run.
    Info,
    /// Something to look at.
    Warn,
    /// Something that failed.
    Error,
}

pub(super) type Connector = dyn Fn(Wanted) -> Result<Connection> + Send + Sync;
pub(super) type ConnectionNames = dyn Fn() -> Vec<String> + Send + Sync;
/// Has a person sign in to a connection.
pub(super) type OnSignIn = dyn Fn(Connection) -> BoxFuture<'static, Result<()>> + Send + Sync;
/// Adds what is a program's own to an engine.
pub(super) type Extension = dyn Fn(&mut Engine) + Send + Sync;
pub(super) type OnPrint = dyn Fn(&str) + Send + Sync;
pub(super) type OnLog = dyn Fn(Level, &str) + Send + Sync;
pub(super) type OnTask = dyn Fn(TaskEvent<'_>) + Send + Sync;

/// Finds a variable of an environment.
pub(super) type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// What is told of the tasks of scripts; see [`HostBuilder::on_task`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum TaskEvent<'a> {
    /// How far one is that moves or deletes files; ten times a second at most.
    Progress(&'a Progress),
    /// What became of an item of this task, as soon as it is done with.
    Item(&'a str, &'a ReportItem),
    /// What one did, whether all of it worked or not.
    Ended(&'a Report),
}

/// Sets up a [`Host`]; made by [`Host::builder`].
///
/// Without further settings scripts have no connection, no permissions, the limits of
/// [`Limits::default`], and nobody hears what they print.
#[derive(Default)]
#[must_use]
pub struct HostBuilder {
    connections: Vec<Connection>,
    connector: Option<Box<Connector>>,
    connection_names: Option<Box<ConnectionNames>>,
    permissions: Permissions,
    limits: Limits,
    memory_gauge: Option<Arc<Gauge>>,
    dry_run: bool,
    module_paths: Vec<PathBuf>,
    working_directory: Option<PathBuf>,
    home: Option<PathBuf>,
    extensions: Vec<Box<Extension>>,
    states: Option<States>,
    environment: Option<Box<Environment>>,
    on_sign_in: Option<Box<OnSignIn>>,
    on_print: Option<Box<OnPrint>>,
    on_log: Option<Box<OnLog>>,
    on_task: Option<Arc<OnTask>>,
    on_write: OnWrite,
    on_change: OnChange,
}

impl HostBuilder {
    /// Adds a connection that `dropbox("its name")` finds; the first is what `dropbox()` gives.
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connections.push(connection);
        self
    }

    /// Asks `connector` for connections that [`HostBuilder::connection`] did not add. Each is asked
    /// for once a run.
    pub fn connector(
        mut self,
        connector: impl Fn(Wanted) -> Result<Connection> + Send + Sync + 'static,
    ) -> Self {
        self.connector = Some(Box::new(connector));
        self
    }

    /// The names that the connector knows, for completion and messages.
    pub fn connection_names(
        mut self,
        names: impl Fn() -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        self.connection_names = Some(Box::new(names));
        self
    }

    /// What scripts may touch; [`Permissions::none`] unless set.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// What scripts may use up.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Tells how many bytes the process has allocated at the moment, as an allocator knows that counts.
    /// With it [`Limits::memory`] holds for all that a script does, not only for what its variables
    /// hold. It is asked before every operation, so it has to be quick. What else the process allocates
    /// while the script runs counts too.
    pub fn memory_gauge(mut self, gauge: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.memory_gauge = Some(Arc::new(gauge));
        self
    }

    /// Has functions that write say what they would do, and do nothing.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Adds a folder that modules may come from, beside the main script's.
    pub fn module_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.module_paths.push(folder.into());
        self
    }

    /// The folder that local paths and permissions are relative to; the process's own unless set.
    pub fn working_directory(mut self, folder: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(folder.into());
        self
    }

    /// What `~` stands for at the beginning of a local path; without it `~` is a name like any other.
    pub fn home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.home = Some(folder.into());
        self
    }

    /// The folder in which scripts keep what they remember between runs, in `state.db`, which processes may share; it is made if it is missing.
    /// Without it and [`HostBuilder::state_in_memory`] `state::` is `unsupported`. Scripts may not be let into it otherwise: [`Permissions::closed`].
    pub fn state_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.states = Some(States::in_folder(folder.into()));
        self
    }

    /// Shows scripts an environment, of which they see the variables that [`Permissions::env`] names: `|name| std::env::var_os(name)`. Without
    /// it `env::` is `unsupported`.
    pub fn environment(
        mut self,
        variable: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Some(Box::new(variable));
        self
    }

    /// Has scripts remember things between runs for as long as this host is there.
    pub fn state_in_memory(mut self) -> Self {
        self.states = Some(States::passing());
        self
    }

    /// Has a person sign in where a script calls `dbx.authenticate()` and nobody is signed in. Without it, and where it fails, the
    /// script gets an error.
    pub fn on_sign_in(
        mut self,
        on_sign_in: impl Fn(Connection) -> BoxFuture<'static, Result<()>> + Send + Sync + 'static,
    ) -> Self {
        self.on_sign_in = Some(Box::new(on_sign_in));
        self
    }

    /// Adds functions and types of the program's own to the engine of each script, beside those that there are. A function that may fail
    /// gives `Err("why".into())`, which a script can catch.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, rhai::Engine};
    ///
    /// let host = Host::builder().extend(|engine: &mut Engine| {
    ///     engine.register_fn("twice", |n: i64| 2 * n);
    /// });
    /// let outcome = host.build()?.eval("twice(21)").await?;
    /// assert_eq!(outcome.value.as_int(), Ok(42));
    /// # Ok(())
    /// # }
    /// ```
    pub fn extend(mut self, extension: impl Fn(&mut Engine) + Send + Sync + 'static) -> Self {
        self.extensions.push(Box::new(extension));
        self
    }

    /// Takes each line that a script prints, without the end of the line.
    pub fn on_print(mut self, on_print: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_print = Some(Box::new(on_print));
        self
    }

    /// Takes each line that is logged, by `debug(x)` or about a dry run.
    pub fn on_log(mut self, on_log: impl Fn(Level, &str) + Send + Sync + 'static) -> Self {
        self.on_log = Some(Box::new(on_log));
        self
    }

    /// Takes what the tasks of scripts tell while they work, and their reports.
    pub fn on_task(mut self, on_task: impl Fn(TaskEvent<'_>) + Send + Sync + 'static) -> Self {
        self.on_task = Some(Arc::new(on_task));
        self
    }

    /// Hears of each local file that a script's own functions and tasks wrote or removed, on threads that wait meanwhile.
    pub fn on_write(
        mut self,
        on_write: impl Fn(&Path, Written<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_write = OnWrite::new(on_write);
        self
    }

    /// Hears of each change at Dropbox that a script made, as far as an answer tells of it, on threads that wait meanwhile.
    pub fn on_change(mut self, on_change: impl Fn(&RemoteChange) + Send + Sync + 'static) -> Self {
        self.on_change = OnChange::new(on_change);
        self
    }

    /// The host. Inside a multi-threaded Tokio runtime its I/O runs there, else on a small runtime
    /// of its own.
    ///
    /// # Errors
    /// `local_io` when a folder does not exist or threads cannot be started.
    pub fn build(self) -> Result<Host> {
        let working_directory = match self.working_directory {
            Some(folder) => existing(&folder)?,
            None => existing(Path::new("."))?,
        };
        let module_paths = self
            .module_paths
            .into_iter()
            .map(|folder| existing(&working_directory.join(folder)))
            .collect::<Result<_>>()?;
        // Last: a runtime that is dropped for a later error panics inside an async task.
        let (runtime, owned) = runtime()?;
        Ok(Host::new(Inner {
            connections: self.connections,
            connector: self.connector,
            connection_names: self.connection_names,
            permissions: self.permissions,
            limits: self.limits,
            memory_gauge: self.memory_gauge,
            dry_run: self.dry_run,
            module_paths,
            working_directory,
            home: self.home,
            extensions: self.extensions,
            states: self.states.map(Arc::new),
            environment: self.environment,
            web: Mutex::default(),
            on_sign_in: self.on_sign_in,
            on_print: self.on_print.unwrap_or_else(|| Box::new(|_| {})),
            on_log: self.on_log.unwrap_or_else(|| Box::new(|_, _| {})),
            on_task: self.on_task,
            on_write: self.on_write,
            on_change: self.on_change,
            runtime,
            owned_runtime: owned,
        }))
    }
}

fn runtime() -> Result<(Handle, Option<Runtime>)> {
    if let Ok(current) = Handle::try_current()
        && current.runtime_flavor() == RuntimeFlavor::MultiThread
    {
        return Ok((current, None));
    }
    let own = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("dropscript-io")
        .enable_all()
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::LocalIo,
                format!("cannot start the threads for input and output: {cause}"),
            )
        })?;
    Ok((own.handle().clone(), Some(own)))
}

fn existing(folder: &Path) -> Result<PathBuf> {
    let shown = folder.display().to_string();
    folder.canonicalize().map_err(|cause| {
        Error::new(
            ErrorKind::LocalIo,
            format!("cannot use the folder `{shown}`: {cause}"),
        )
        .with_path(shown)
    })
}
