//! A workbench: a folder, a host in it, and what the scripts printed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dropscript::{Host, HostBuilder, Level, Permissions, RunOptions, RunOutcome, ScriptError};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Runs scripts in a folder of their own.
pub(crate) struct Bench {
    folder: TempDir,
    runtime: Runtime,
    configure: Box<dyn Fn(HostBuilder) -> HostBuilder>,
    printed: Arc<Mutex<Vec<String>>>,
    logged: Arc<Mutex<Vec<(Level, String)>>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|host| host)
    }

    /// A bench whose hosts are set up further.
    pub(crate) fn with(configure: impl Fn(HostBuilder) -> HostBuilder + 'static) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            runtime: Runtime::new().unwrap(),
            configure: Box::new(configure),
            printed: Arc::default(),
            logged: Arc::default(),
        }
    }

    /// Writes a file into the folder.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// A host that works in the folder and may read and write there.
    pub(crate) fn host(&self) -> Host {
        let (printed, logged) = (Arc::clone(&self.printed), Arc::clone(&self.logged));
        let permissions = Permissions::none().read(self.folder()).write(self.folder());
        let builder = Host::builder()
            .working_directory(self.folder())
            .permissions(permissions)
            .on_print(move |line| printed.lock().unwrap().push(line.to_owned()))
            .on_log(move |level, line| logged.lock().unwrap().push((level, line.to_owned())));
        let _inside = self.runtime.enter();
        (self.configure)(builder).build().unwrap()
    }

    pub(crate) fn run(&self, path: impl AsRef<Path>) -> Result<RunOutcome, ScriptError> {
        self.runtime.block_on(self.host().run_file(path))
    }

    pub(crate) fn try_eval(&self, code: &str) -> Result<RunOutcome, ScriptError> {
        self.runtime.block_on(self.host().eval(code))
    }

    pub(crate) fn eval_with(&self, code: &str, run: RunOptions) -> Result<RunOutcome, ScriptError> {
        self.runtime.block_on(self.host().eval_with(code, run))
    }

    /// Runs code that is cancelled a moment later.
    pub(crate) fn eval_cancelled(&self, code: &str) -> Result<RunOutcome, ScriptError> {
        let run = RunOptions::default();
        let cancel = run.cancel.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        });
        self.eval_with(code, run)
    }

    /// Runs code and gives its value as text.
    pub(crate) fn eval(&self, code: &str) -> String {
        match self.try_eval(code) {
            Ok(outcome) => outcome.value.to_string(),
            Err(error) => panic!("{error}\n{error:#?}"),
        }
    }

    /// Runs code that fails.
    pub(crate) fn fail(&self, code: &str) -> ScriptError {
        self.try_eval(code).expect_err("the script fails")
    }

    /// The lines that scripts printed so far.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap().clone()
    }

    /// The lines that were logged so far.
    pub(crate) fn logged(&self) -> Vec<(Level, String)> {
        self.logged.lock().unwrap().clone()
    }
}
