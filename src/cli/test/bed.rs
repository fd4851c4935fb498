//! The surroundings of one test: a Dropbox and a folder that nothing else has to do with.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dropscript::emulator::Emulator;
use dropscript::rhai::Engine;
use dropscript::{
    Config, Error, ErrorKind, Host, HostBuilder, Level, Limits, Observer, Permissions, Result,
    RunOptions, RunOutcome, Script, ScriptError,
};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::args::TestArgs;
use super::{nested, seeding};
use crate::cli::config_file::config_file;
use crate::cli::connect::Connector;
use crate::cli::permissions::permissions_in;
use crate::cli::state_folder::state_folder;

/// What one test works with.
pub(super) struct Bed {
    host: Host,
    /// Removed with all that is in it when the test is over.
    _folder: TempDir,
}

/// The lines that a test printed and logged.
#[derive(Default)]
pub(super) struct Printed(Mutex<Vec<String>>);

impl Bed {
    /// Makes the surroundings of a test in this file; inside the runtime.
    ///
    /// # Errors
    /// There is no room for a folder or for the emulator; what narrows the permissions of the test is wrong.
    pub(super) fn new(args: &TestArgs, script: &Path, cancel: &CancellationToken) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("dropscript-test-")
            .tempdir();
        let folder = folder.map_err(|source| cannot("make a folder for a test", source))?;
        let emulator = Arc::new(emulator()?);
        let connector = Arc::new(Connector::emulated(Arc::clone(&emulator)));
        let permissions = allowed(args, folder.path(), script)?;
        let builder = || {
            let connector = Arc::clone(&connector);
            builder(args, folder.path())
                .permissions(permissions.clone())
                .connector(move |wanted| connector.connect(wanted))
        };
        let inner = builder().build()?;
        let beside = script.parent().map(Path::to_owned).unwrap_or_default();
        let scene = nested::Scene {
            host: inner,
            beside,
            folder: folder.path().to_owned(),
            cancel: cancel.clone(),
            runtime: Handle::current(),
        };
        let host = builder()
            .extend(move |engine| seeding::register(engine, &emulator))
            .extend(move |engine| nested::register(engine, &scene))
            .build()?;
        Ok(Self {
            host,
            _folder: folder,
        })
    }

    /// Runs a test.
    pub(super) async fn run(
        &self,
        script: &Script,
        function: &str,
        printed: &Arc<Printed>,
        cancel: CancellationToken,
    ) -> Result<RunOutcome, ScriptError> {
        let options = RunOptions {
            cancel,
            observer: Some(Arc::<Printed>::clone(printed)),
            ..RunOptions::default()
        };
        let called = self.host.call_with(script, function, Vec::new(), options);
        called.await
    }
}

/// A host that knows what tests call, for looking at them.
///
/// # Errors
/// A folder for modules is not there; the emulator cannot be started.
pub(super) fn reader(args: &TestArgs) -> Result<Host> {
    builder(args, Path::new(".")).extend(vocabulary()?).build()
}

/// What tests know beside all scripts, for looking at them; inside the runtime.
///
/// # Errors
/// The emulator cannot be started.
pub(in crate::cli) fn vocabulary() -> Result<impl Fn(&mut Engine) + Send + Sync + 'static> {
    let emulator = Arc::new(emulator()?);
    let scene = nested::Scene {
        host: Host::builder().build()?,
        beside: PathBuf::new(),
        folder: PathBuf::new(),
        cancel: CancellationToken::new(),
        runtime: Handle::current(),
    };
    Ok(move |engine: &mut Engine| {
        seeding::register(engine, &emulator);
        nested::register(engine, &scene);
    })
}

fn emulator() -> Result<Emulator> {
    Emulator::start().map_err(|source| cannot("start the emulator", source))
}

fn builder(args: &TestArgs, folder: &Path) -> HostBuilder {
    let limits = Limits {
        deadline: Some(args.timeout),
        ..Limits::default()
    };
    let builder = Host::builder()
        .working_directory(folder)
        .home(folder)
        .limits(limits)
        .state_in_memory()
        .environment(|name| std::env::var_os(name));
    let modules = args.module_path.iter().map(|path| absolute(path));
    modules.fold(builder, HostBuilder::module_path)
}

/// Its own folder, those of the test and what was allowed; never what the program keeps for itself.
///
/// # Errors
/// What lies beside the test to narrow its permissions is wrong.
fn allowed(args: &TestArgs, folder: &Path, script: &Path) -> Result<Permissions> {
    let config = config_file(None).map(|file| file.path().to_owned());
    let own = config.into_iter().chain(state_folder()).collect();
    let none = Config::default();
    permissions_in(Some(folder), &args.allow, Some(script), &[], &none, own)
}

/// A path from the command line, which counts from the program's working directory and not from the test's.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn cannot(what: &str, source: std::io::Error) -> Error {
    Error::new(ErrorKind::LocalIo, format!("cannot {what}")).with_source(source)
}

impl Printed {
    /// What was printed so far.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, line: String) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}

impl Observer for Printed {
    fn print(&self, line: &str) {
        self.push(line.to_owned());
    }

    fn log(&self, level: Level, line: &str) {
        let label = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warning",
            Level::Error => "error",
        };
        self.push(format!("{label}: {line}"));
    }
}
