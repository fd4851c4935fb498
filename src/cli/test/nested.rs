//! `test::`: scripts under test, run as the program runs them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dropscript::rhai::{Array, Dynamic, Engine, EvalAltResult, Map, Module};
use dropscript::{
    Event, EventFile, EventSource, Host, Reason, RunOptions, RunOutcome, ScriptError,
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::bed::Printed;
use crate::cli::report::Status;

type Raised<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Where scripts under test run.
#[derive(Clone)]
pub(super) struct Scene {
    /// With the test's own Dropbox and folder.
    pub(super) host: Host,
    /// The folder of the test, which paths of scripts count from.
    pub(super) beside: PathBuf,
    /// The folder that all works in.
    pub(super) folder: PathBuf,
    pub(super) cancel: CancellationToken,
    pub(super) runtime: Handle,
}

/// Adds the module to an engine.
pub(super) fn register(engine: &mut Engine, scene: &Scene) {
    let mut module = Module::new();
    let own = scene.clone();
    module.set_native_fn("run", move |script: &str| {
        own.run(script, Vec::new(), Event::default())
    });
    let own = scene.clone();
    module.set_native_fn("run", move |script: &str, args: Array| {
        own.run(script, words(&args), Event::default())
    });
    let own = scene.clone();
    module.set_native_fn("run", move |script: &str, args: Array, files: Array| {
        let event = own.event(&words(&files))?;
        own.run(script, words(&args), event)
    });
    engine.register_static_module("test", module.into());
}

impl Scene {
    fn run(&self, script: &str, args: Vec<String>, event: Event) -> Raised<Map> {
        let printed = Arc::<Printed>::default();
        let options = RunOptions {
            args,
            event,
            cancel: self.cancel.clone(),
            observer: Some(Arc::<Printed>::clone(&printed)),
            ..RunOptions::default()
        };
        let path = std::path::absolute(self.beside.join(script))
            .map_err(|error| format!("`{script}` is no path: {error}"))?;
        let run = self.host.run_file_with(path, options);
        // The test waits on its own thread, which drives nothing else.
        let result = self.runtime.block_on(run);
        if let Err(error) = &result
            && error.frames.is_empty()
            && matches!(error.reason, Reason::Failed(_))
        {
            return Err(error.message.as_str().into());
        }
        Ok(told(result, &printed.take()))
    }

    fn event(&self, files: &[String]) -> Raised<Event> {
        let files: Raised<Vec<EventFile>> = files.iter().map(|file| self.file(file)).collect();
        Ok(Event {
            source: EventSource::Local,
            files: files?,
            id: "test".to_owned(),
        })
    }

    /// A file of the working folder as `watch` tells of it.
    fn file(&self, path: &str) -> Raised<EventFile> {
        let whole = self.folder.join(path);
        let metadata = std::fs::metadata(&whole)
            .map_err(|error| format!("cannot tell of the file `{path}`: {error}"))?;
        let text = |path: Option<&Path>| path.map(|path| path.display().to_string());
        let name = Path::new(path).file_name().map(Path::new);
        Ok(EventFile {
            path: whole.display().to_string(),
            root: self.folder.display().to_string(),
            relative: path.to_owned(),
            folder: text(whole.parent()).unwrap_or_default(),
            name: text(name).unwrap_or_default(),
            kind: "created".to_owned(),
            size: Some(metadata.len()),
            modified: metadata
                .modified()
                .ok()
                .and_then(|time| time.try_into().ok()),
            hash: None,
            attempt: 1,
        })
    }
}

fn words(values: &[Dynamic]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// How a run ended, for the test.
fn told(result: Result<RunOutcome, ScriptError>, printed: &[String]) -> Map {
    let (status, value, error) = match result {
        Ok(outcome) => {
            let status = outcome.exit.map_or(Status::OK, Status::of_exit);
            (status, outcome.value, Dynamic::UNIT)
        }
        Err(error) => (Status::of(&error), Dynamic::UNIT, error.message.into()),
    };
    let mut output = printed.join("\n");
    if !printed.is_empty() {
        output.push('\n');
    }
    Map::from_iter([
        ("status".into(), i64::from(status.code()).into()),
        ("output".into(), output.into()),
        ("value".into(), value),
        ("error".into(), error),
    ])
}
