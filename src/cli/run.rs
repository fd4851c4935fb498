//! `run` and `eval`, and how a run is told of.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use dropscript::{
    Error, ErrorKind, Event, EventSource, History, Host, Reason, Recorder, Result, RunOptions,
    RunStart,
};

use super::interrupt::Interrupts;
use super::output::{Output, RunEvent};
use super::report::{self, Status};
use super::setup::Setup;
use super::voice::Voice;

/// Where the code of a run comes from.
pub(super) enum Code {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Input,
    /// The command line.
    Text(String),
}

impl Code {
    /// The code that SCRIPT names.
    pub(super) fn at(script: PathBuf) -> Self {
        if script.as_os_str() == "-" {
            Self::Input
        } else {
            Self::File(script)
        }
    }

    /// The code itself, and what messages call it. A script that is not there is wrong usage, not an error of the script.
    fn load(self) -> Result<(Source, String)> {
        match self {
            Self::File(path) => {
                let name = path.display().to_string();
                Ok((at(path)?, name))
            }
            Self::Input => Ok((Source::Text(input()?), "standard input".to_owned())),
            Self::Text(text) => Ok((Source::Text(text), "eval".to_owned())),
        }
    }
}

/// Code that is there.
enum Source {
    File(PathBuf),
    Text(String),
}

/// Runs code once.
pub(super) async fn main(setup: Setup, code: Code, args: Vec<String>) -> Status {
    let voice = setup.voice;
    match Stage::new(&setup, code) {
        Ok(stage) => {
            let run = RunOptions {
                args,
                ..stage.options()
            };
            let ended = stage.run(run).await;
            stage.status_of(ended.status)
        }
        Err(error) => report::refuse(voice, &error),
    }
}

/// All that runs of one script share.
pub(super) struct Stage {
    host: Host,
    source: Source,
    name: String,
    output: Output,
    voice: Voice,
    history: Option<History>,
    /// What the history is told of each run.
    start: RunStart,
    pub(super) interrupts: Interrupts,
}

/// How one run ended.
pub(super) struct Ended {
    pub(super) status: Status,
    /// Whether a line of the script ran.
    pub(super) parsed: bool,
    /// The script and the modules that it loaded.
    pub(super) files: Vec<PathBuf>,
    /// Why it failed.
    pub(super) error: Option<String>,
    /// Whether it was stopped from outside.
    pub(super) interrupted: bool,
}

impl Stage {
    /// Sets up for the code; inside the runtime.
    ///
    /// # Errors
    /// The script or a folder cannot be read, or the emulator cannot be started.
    pub(super) fn new(setup: &Setup, code: Code) -> Result<Self> {
        // Before signals are listened for: until then Ctrl-C ends the wait for input.
        let (source, name) = code.load()?;
        let script = match &source {
            Source::File(path) => Some(path.as_path()),
            Source::Text(_) => None,
        };
        let interrupts = Interrupts::listen().map_err(|source| {
            Error::new(ErrorKind::LocalIo, "cannot listen for signals").with_source(source)
        })?;
        let output = setup.output(interrupts.token());
        Ok(Self {
            host: setup.host(script, &output)?,
            source,
            name,
            output,
            voice: setup.voice,
            history: setup.history(),
            start: setup.run_start(),
            interrupts,
        })
    }

    /// The same with a host that is set up anew: the configuration may be another.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn again(&self, setup: &Setup) -> Result<Self> {
        let source = match &self.source {
            Source::File(path) => Source::File(path.clone()),
            Source::Text(text) => Source::Text(text.clone()),
        };
        let script = match &source {
            Source::File(path) => Some(path.as_path()),
            Source::Text(_) => None,
        };
        Ok(Self {
            host: setup.host(script, &self.output)?,
            name: self.name.clone(),
            output: self.output.clone(),
            voice: self.voice,
            history: setup.history(),
            start: setup.run_start(),
            interrupts: self.interrupts.clone(),
            source,
        })
    }

    /// The host of the runs.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Tells of something beside the runs, if events were asked for.
    pub(super) fn tell(&self, event: &RunEvent<'_>) {
        self.output.event(event);
    }

    /// Whether nobody reads any more what is printed.
    pub(super) fn is_broken(&self) -> bool {
        self.output.broken().is_some()
    }

    /// What a run is given unless there is more: it ends with the first signal.
    pub(super) fn options(&self) -> RunOptions {
        RunOptions {
            cancel: self.interrupts.token(),
            name: self.name.clone(),
            ..RunOptions::default()
        }
    }

    /// Runs the code, and tells of it.
    pub(super) async fn run(&self, mut options: RunOptions) -> Ended {
        let begun = Instant::now();
        self.output.event(&RunEvent::Started {
            script: &self.name,
            source: options.event.source.as_str(),
            files: options.event.files.len(),
        });
        let recorder = self
            .history
            .as_ref()
            .map(|to| to.begin(&self.start(&options.event)));
        options.observer = recorder.as_ref().map(Recorder::observer);
        let result = match &self.source {
            Source::File(path) => self.host.run_file_with(path, options).await,
            Source::Text(text) => self.host.eval_with(text, options).await,
        };
        let status = match &result {
            Ok(outcome) => outcome.exit.map_or(Status::OK, Status::of_exit),
            Err(error) if error.reason == Reason::Interrupted => {
                self.interrupts.status().unwrap_or(Status::INTERRUPTED)
            }
            Err(error) => Status::of(error),
        };
        if let Some(recorder) = recorder {
            recorder.end(&result, status.code());
        }
        let ended = match result {
            Ok(outcome) => Ended {
                status,
                parsed: true,
                files: outcome.files,
                error: None,
                interrupted: false,
            },
            Err(error) => {
                // What this program stopped itself is not to blame, nor is what nobody reads any more.
                let is_stopped =
                    error.reason == Reason::Interrupted && self.interrupts.status().is_none();
                if self.output.broken().is_none() && !is_stopped {
                    report::show(self.voice, &error);
                    self.output.event(&RunEvent::Error(report::event(&error)));
                }
                Ended {
                    status,
                    parsed: error.reason != Reason::Parse,
                    interrupted: error.reason == Reason::Interrupted,
                    error: Some(error.message),
                    files: error.files,
                }
            }
        };
        self.output.event(&RunEvent::Finished {
            status: ended.status.code(),
            seconds: begun.elapsed().as_secs_f64(),
        });
        ended
    }

    fn start(&self, event: &Event) -> RunStart {
        let (code, path) = match &self.source {
            Source::File(path) => ("run", path.canonicalize().ok()),
            Source::Text(_) => ("eval", None),
        };
        RunStart {
            command: match event.source {
                EventSource::None => code.to_owned(),
                _ => "watch".to_owned(),
            },
            source: event.source.as_str().to_owned(),
            files: event.files.len() as u64,
            script: self.name.clone(),
            path,
            ..self.start.clone()
        }
    }

    /// The exit status of a command whose last run ended with this one.
    pub(super) fn status_of(&self, run: Status) -> Status {
        match self.output.broken() {
            Some(error) => report::broken_output(self.voice, error),
            None => run,
        }
    }
}

fn at(path: PathBuf) -> Result<Source> {
    let cannot_read = |source| Error::io("read", &path, source);
    let metadata = std::fs::metadata(&path).map_err(cannot_read)?;
    if metadata.is_dir() {
        let message = format!("`{}` is a folder, not a script", path.display());
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    if metadata.is_file() {
        File::open(&path).map_err(cannot_read)?;
        return Ok(Source::File(path));
    }
    // A pipe, as a shell's `<(...)` gives, is in no folder and can be read but once.
    std::fs::read_to_string(&path)
        .map(Source::Text)
        .map_err(cannot_read)
}

fn input() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|source| {
        Error::new(
            ErrorKind::LocalIo,
            "cannot read the script from standard input",
        )
        .with_source(source)
    })?;
    Ok(text)
}
