//! Running scripts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, Engine};
use tokio::runtime::{Handle, Runtime};

use super::builder::{
    ConnectionNames, Connector, Environment, Extension, HostBuilder, OnLog, OnPrint, OnSignIn,
    OnTask, Wanted,
};
use super::diagnostic::ScriptError;
use super::engine;
use super::event::RunOptions;
use super::execute::{Code, check, execute, on_script_thread, on_script_thread_blocking, prepare};
use super::limits::Limits;
use super::meter::Gauge;
use super::permissions::Permissions;
use super::prepared::Script;
use super::reference::Reference;
use super::run::Run;
use super::session::Session;
use super::state::States;
use super::vocabulary::Vocabulary;
use crate::client::{OnChange, OnWrite};
use crate::connection::{Connection, unknown};
use crate::error::{Error, ErrorKind, Result};
use crate::web::Web;

/// Runs scripts: with these connections, these permissions, these limits.
///
/// Clones are the same host. Each run has a thread and an engine of its own, so that scripts run
/// side by side.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

/// What a [`HostBuilder`] set up.
pub(super) struct Inner {
    pub(super) connections: Vec<Connection>,
    pub(super) connector: Option<Box<Connector>>,
    pub(super) connection_names: Option<Box<ConnectionNames>>,
    pub(super) permissions: Permissions,
    pub(super) limits: Limits,
    pub(super) memory_gauge: Option<Arc<Gauge>>,
    pub(super) dry_run: bool,
    pub(super) module_paths: Vec<PathBuf>,
    pub(super) working_directory: PathBuf,
    pub(super) home: Option<PathBuf>,
    pub(super) extensions: Vec<Box<Extension>>,
    pub(super) states: Option<Arc<States>>,
    pub(super) environment: Option<Box<Environment>>,
    pub(super) web: Mutex<Option<Arc<Web>>>,
    pub(super) on_sign_in: Option<Box<OnSignIn>>,
    pub(super) on_print: Box<OnPrint>,
    pub(super) on_log: Box<OnLog>,
    pub(super) on_task: Option<Arc<OnTask>>,
    pub(super) on_write: OnWrite,
    pub(super) on_change: OnChange,
    pub(super) runtime: Handle,
    pub(super) owned_runtime: Option<Runtime>,
}

/// How a script that did not fail ended.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The value of its last statement, or `()`.
    pub value: Dynamic,
    /// The status that it gave to `exit`, if it did.
    pub exit: Option<i32>,
    /// The script and all modules that it loaded.
    pub files: Vec<PathBuf>,
}

/// A script that parses, with all that it imports.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What cannot work: calls of functions and methods that nothing defines, or with another number of values; properties and options
    /// that are not there.
    pub faults: Vec<ScriptError>,
    /// What works and may not be meant: variables and imports that nothing uses.
    pub warnings: Vec<ScriptError>,
    /// The script and all modules that it imports by a literal path.
    pub files: Vec<PathBuf>,
}

impl Host {
    /// Begins setting up a host.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Runs a script file. Dropping the future cancels the script.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sum.rhai");
    /// # std::fs::write(&path, "40 + 2")?;
    /// let host = dropscript::Host::builder().build()?;
    /// let outcome = host.run_file(&path).await?;
    /// assert_eq!(outcome.value.as_int(), Ok(42));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Why the script did not run to its end, and where.
    pub async fn run_file(&self, path: impl AsRef<Path>) -> Result<RunOutcome, ScriptError> {
        self.run_file_with(path, RunOptions::default()).await
    }

    /// Runs a script file with arguments, an event, or a way to cancel it.
    ///
    /// # Errors
    /// As [`Host::run_file`].
    pub async fn run_file_with(
        &self,
        path: impl AsRef<Path>,
        run: RunOptions,
    ) -> Result<RunOutcome, ScriptError> {
        self.launch(Code::File(path.as_ref().to_owned()), run).await
    }

    /// Runs code that is in no file. Dropping the future cancels it.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let host = dropscript::Host::builder().build()?;
    /// assert_eq!(host.eval("40 + 2").await?.value.as_int(), Ok(42));
    /// let error = host.eval("40 + nothing").await.unwrap_err();
    /// assert_eq!(error.frames[0].column, 6);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Host::run_file`].
    pub async fn eval(&self, code: &str) -> Result<RunOutcome, ScriptError> {
        self.eval_with(code, RunOptions::default()).await
    }

    /// Runs code that is in no file with arguments, an event, or a way to cancel it.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, Reason, RunOptions};
    ///
    /// let options = RunOptions::default();
    /// let cancel = options.cancel.clone();
    /// let host = Host::builder().build()?;
    /// let (ended, ()) = tokio::join!(host.eval_with("loop {}", options), async { cancel.cancel() });
    /// assert_eq!(ended.unwrap_err().reason, Reason::Interrupted);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Host::run_file`].
    pub async fn eval_with(&self, code: &str, run: RunOptions) -> Result<RunOutcome, ScriptError> {
        self.launch(Code::Text(code.to_owned()), run).await
    }

    /// Parses a script file, to run it often. Its modules are read when it runs.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sum.rhai");
    /// # std::fs::write(&path, "40 + 2")?;
    /// let host = dropscript::Host::builder().build()?;
    /// let script = host.compile_file(&path)?;
    /// for _ in 0..3 {
    ///     assert_eq!(host.run(&script).await?.value.as_int(), Ok(42));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// It cannot be read, or does not parse.
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Script, ScriptError> {
        self.parse(Code::File(path.as_ref().to_owned()), RunOptions::default())
    }

    /// Parses code that is in no file, to run it often; `name` is what messages call it.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, RunOptions};
    ///
    /// let host = Host::builder().build()?;
    /// let script = host.compile("sum", "args.map(|word| parse_int(word)).reduce(|sum, n| sum + n, 0)")?;
    /// for (words, sum) in [(&["1", "2"][..], 3), (&["40", "1", "1"], 42)] {
    ///     let args = words.iter().map(ToString::to_string).collect();
    ///     let options = RunOptions { args, ..RunOptions::default() };
    ///     assert_eq!(host.run_with(&script, options).await?.value.as_int(), Ok(sum));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// It does not parse.
    pub fn compile(&self, name: &str, code: &str) -> Result<Script, ScriptError> {
        let options = RunOptions {
            name: name.to_owned(),
            ..RunOptions::default()
        };
        self.parse(Code::Text(code.to_owned()), options)
    }

    /// Runs a script that was parsed before. Dropping the future cancels it.
    ///
    /// # Errors
    /// As [`Host::run_file`].
    pub async fn run(&self, script: &Script) -> Result<RunOutcome, ScriptError> {
        self.run_with(script, RunOptions::default()).await
    }

    /// Runs a script that was parsed before with arguments, an event, or a way to cancel it.
    ///
    /// # Errors
    /// As [`Host::run_file`].
    pub async fn run_with(
        &self,
        script: &Script,
        run: RunOptions,
    ) -> Result<RunOutcome, ScriptError> {
        self.launch(Code::Script(script.clone()), run).await
    }

    /// Runs a script that was parsed before, and then calls a function that it defines; the outcome is that of the call.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, RunOptions};
    ///
    /// let host = Host::builder().build()?;
    /// let script = host.compile("maths", "const BY = 2; fn times(n) { n * global::BY }")?;
    /// let called = host.call_with(&script, "times", vec![21.into()], RunOptions::default());
    /// assert_eq!(called.await?.value.as_int(), Ok(42));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Host::run_file`]; it has no such function with so many parameters.
    pub async fn call_with(
        &self,
        script: &Script,
        function: &str,
        arguments: Vec<Dynamic>,
        run: RunOptions,
    ) -> Result<RunOutcome, ScriptError> {
        let call = Code::Call(script.clone(), function.to_owned(), arguments);
        self.launch(call, run).await
    }

    /// Parses a script and every module that it imports by a literal path, looks for calls that cannot
    /// work, and runs nothing.
    ///
    /// # Errors
    /// What keeps the script or a module from being parsed.
    pub fn check_file(&self, path: impl AsRef<Path>) -> Result<Checked, ScriptError> {
        let path = path.as_ref().to_owned();
        let run = self.new_run();
        let checked = Arc::clone(&run);
        on_script_thread_blocking(&run, move || check(&checked, &path))
    }

    /// Adds the functions of scripts to an engine that the program has: `dropbox()`, `file::` and all
    /// others. Their I/O needs a thread that may wait: on one that drives async tasks they raise
    /// `unsupported`.
    ///
    /// The run's temporary folder is there as long as the engine is.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, rhai::Engine};
    ///
    /// let mut engine = Engine::new();
    /// Host::builder().build()?.register_into(&mut engine);
    /// assert_eq!(engine.eval::<String>(r#"path::name("/a/b.txt")"#)?, "b.txt");
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_into(&self, engine: &mut Engine) {
        super::modules::register(engine, &self.new_run());
    }

    /// The connection that scripts of this host get for `dropbox()`, without the guards of their runs.
    ///
    /// # Errors
    /// `not_signed_in` where there is none; whatever the connector says.
    pub fn connection(&self) -> Result<Connection> {
        self.0.connect(Wanted::Default)
    }

    /// Sets an engine that the program has up as this host's own are: limits, modules, constants,
    /// `print` and `debug`, and the functions of [`Host::register_into`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dropscript::{Host, Limits, rhai::Engine};
    ///
    /// let limits = Limits { operations: Some(10_000), ..Limits::default() };
    /// let mut engine = Engine::new();
    /// Host::builder().limits(limits).build()?.prepare(&mut engine);
    /// assert!(engine.run("loop {}").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Time and operations count anew for each script that the engine runs, and together for those
    /// that it runs at the same time.
    pub fn prepare(&self, engine: &mut Engine) {
        let run = self.new_run();
        engine::prepare(engine, &run, &RunOptions::default());
        engine::rearm_at_each_start(engine, &run);
    }

    /// What scripts can call, for people and for editors.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reference = dropscript::Host::builder().build()?.reference();
    /// println!("{}", reference.find("upload")[0]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reference(&self) -> Reference {
        let mut engine = Engine::new_raw();
        let run = self.new_run();
        super::modules::register(&mut engine, &run);
        super::modules::register_exit(&mut engine, &run);
        Reference::new(&Vocabulary::of_host(&engine))
    }

    /// A session, which keeps variables, functions and imports between inputs.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = dropscript::Host::builder().build()?.session();
    /// session.eval("let n = 40;", Default::default()).await?;
    /// let answer = session.eval("n + 2", Default::default()).await?;
    /// assert_eq!(answer.text.as_deref(), Some("42"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(self.new_run(), &RunOptions::default())
    }

    /// A session with arguments and an event; its inputs are cancelled one by one.
    #[must_use]
    pub fn session_with(&self, run: &RunOptions) -> Session {
        Session::new(self.new_run_with(run), run)
    }

    /// A new state behind the functions of an engine.
    pub(super) fn new_run(&self) -> Arc<Run> {
        self.new_run_with(&RunOptions::default())
    }

    fn new_run_with(&self, options: &RunOptions) -> Arc<Run> {
        Run::new(Arc::clone(&self.0), options.observer.clone())
    }

    fn parse(&self, code: Code, options: RunOptions) -> Result<Script, ScriptError> {
        let run = self.new_run_with(&options);
        let parsing = Arc::clone(&run);
        on_script_thread_blocking(&run, move || prepare(&parsing, &code, &options))
    }

    async fn launch(&self, code: Code, options: RunOptions) -> Result<RunOutcome, ScriptError> {
        let run = self.new_run_with(&options);
        let started = Arc::clone(&run);
        on_script_thread(&run, options.cancel.child_token(), move |cancel| {
            execute(&started, &code, &RunOptions { cancel, ..options })
        })
        .await
    }
}

impl Inner {
    /// The names of the connections that there are, in order.
    pub(super) fn connection_names(&self) -> Vec<String> {
        let own = self.connections.iter().map(|own| own.name().to_owned());
        let others = self.connection_names.as_ref().map(|names| names());
        let mut names: Vec<String> = own.chain(others.unwrap_or_default()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The way to other servers than Dropbox's, the same for all runs.
    pub(super) fn web(&self) -> Result<Arc<Web>> {
        let mut web = self.web.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(web) = &*web {
            return Ok(Arc::clone(web));
        }
        let made = Arc::new(Web::new()?);
        *web = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The connection that a script asks for.
    pub(super) fn connect(&self, wanted: Wanted) -> Result<Connection> {
        let own = match &wanted {
            Wanted::Default => self.connections.first(),
            Wanted::Named(name) => self.connections.iter().find(|own| own.name() == name),
            Wanted::Settings(_) => None,
        };
        if let Some(connection) = own {
            return Ok(connection.clone());
        }
        if let Some(connector) = &self.connector {
            return connector(wanted);
        }
        match wanted {
            Wanted::Settings(settings) => Connection::from_settings("script", &settings),
            Wanted::Default => Err(Error::new(
                ErrorKind::NotSignedIn,
                "there is no connection to Dropbox",
            )
            .with_hint("add one with `dropscript connection add`, or try with `--emulator`")),
            Wanted::Named(name) => Err(unknown(
                &name,
                self.connections.iter().map(Connection::name),
            )),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waiting for a runtime's threads panics inside an async task.
        if let Some(runtime) = self.owned_runtime.take() {
            runtime.shutdown_background();
        }
    }
}
