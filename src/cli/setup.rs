//! From arguments to a host that can run scripts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dropscript::{
    Config, History, Host, Limits, RemoteChange, Result, RunStart, TaskEvent, Written,
};
use tokio_util::sync::CancellationToken;

use super::args::{EmulatorPlace, EventArgs, RunArgs};
use super::config_file::config_file;
use super::connect::Connector;
use super::history::open_history;
use super::output::{Form, Output};
use super::permissions::permissions;
use super::progress::Progressing;
use super::state_folder::state_folder;
use super::voice::Voice;

/// What the arguments of a command that runs scripts come to.
pub(super) struct Setup {
    run: RunArgs,
    form: Form,
    is_kept: bool,
    watched: Vec<PathBuf>,
    on_write: Option<Arc<HearsWrites>>,
    on_change: Option<Arc<HearsChanges>>,
    pub(super) voice: Voice,
}

/// Hears of local files that scripts wrote or removed.
pub(super) type HearsWrites = dyn Fn(&Path, Written<'_>) + Send + Sync;

/// Hears of changes at Dropbox that scripts made.
pub(super) type HearsChanges = dyn Fn(&RemoteChange) + Send + Sync;

impl Setup {
    pub(super) fn new(run: RunArgs, voice: Voice) -> Self {
        Self {
            run,
            form: Form::Lines,
            is_kept: false,
            watched: Vec::new(),
            on_write: None,
            on_change: None,
            voice,
        }
    }

    /// With what standard output is to be made of, and what is to be kept of the runs.
    pub(super) fn with_events(mut self, events: EventArgs) -> Self {
        if events.json {
            self.form = Form::Events;
        }
        self.is_kept = !events.no_history;
        self
    }

    /// With more that scripts may read.
    pub(super) fn may_read(mut self, paths: &[PathBuf]) -> Self {
        self.watched.extend_from_slice(paths);
        self
    }

    /// With somebody who hears of local files that scripts wrote or removed.
    pub(super) fn telling_writes(mut self, on_write: Arc<HearsWrites>) -> Self {
        self.on_write = Some(on_write);
        self
    }

    /// With somebody who hears of changes at Dropbox that scripts made.
    pub(super) fn telling_changes(mut self, on_change: Arc<HearsChanges>) -> Self {
        self.on_change = Some(on_change);
        self
    }

    /// The emulator that takes Dropbox's place, if one does.
    pub(super) fn emulator(&self) -> Option<&EmulatorPlace> {
        self.run.emulator.as_ref()
    }

    /// Standard output; `cancel` is cancelled once nobody reads it.
    pub(super) fn output(&self, cancel: CancellationToken) -> Output {
        Output::new(self.form, cancel)
    }

    /// Where runs are written down, unless they are not to be.
    pub(super) fn history(&self) -> Option<History> {
        self.is_kept.then(open_history).flatten()
    }

    /// What the history is told of each run.
    pub(super) fn run_start(&self) -> RunStart {
        let run = &self.run;
        RunStart {
            connection: run.connection.clone().unwrap_or_default(),
            emulated: run.emulator.is_some(),
            dry_run: run.dry_run,
            ..RunStart::default()
        }
    }

    /// The host, whose scripts print to `output`; `script` is the main script's file, if there is one.
    ///
    /// # Errors
    /// A folder does not exist, the configuration is wrong, or the emulator cannot be started.
    pub(super) fn host(&self, script: Option<&Path>, output: &Output) -> Result<Host> {
        let Self { run, voice, .. } = self;
        let file = config_file(run.config.config.as_deref());
        let own = file.iter().map(|file| file.path().to_owned());
        let own = own.chain(state_folder()).collect();
        let config = match file {
            Ok(file) => file.read()?,
            // Nobody needs to have one who has an emulator.
            Err(_) if run.emulator.is_some() => Config::default(),
            Err(error) => return Err(error),
        };
        let permissions = permissions(&run.allow, script, &self.watched, &config, own)?;
        let connector = Arc::new(Connector::new(run, config)?);
        let (signing_in, knowing) = (Arc::clone(&connector), Arc::clone(&connector));
        let (output, voice) = (output.clone(), *voice);
        let told = output.clone();
        let shown = !run.no_progress && self.form == Form::Lines;
        let progressing = Progressing::new(voice, shown);
        let mut builder = Host::builder()
            .connector(move |wanted| connector.connect(wanted))
            .connection_names(move || knowing.names())
            .on_sign_in(move |connection| {
                let connector = Arc::clone(&signing_in);
                Box::pin(async move { connector.sign_in(voice, connection.name()).await })
            })
            .permissions(permissions)
            .limits(Limits {
                deadline: run.timeout,
                ..Limits::default()
            })
            .dry_run(run.dry_run)
            .environment(|name| std::env::var_os(name))
            .on_print(move |line| output.print(line))
            .on_log(move |level, line| voice.log(level, line))
            .on_task(move |event| {
                told.task(event);
                if let TaskEvent::Progress(progress) = event {
                    progressing.show(progress);
                }
            });
        // What is remembered of an emulator is of no use anywhere else.
        builder = match &run.emulator {
            Some(EmulatorPlace::Memory) => builder.state_in_memory(),
            Some(EmulatorPlace::Folder(folder)) => {
                builder.state_folder(folder.join(".dropscript-emulator/scripts"))
            }
            None => match state_folder() {
                Some(folder) => builder.state_folder(folder),
                None => builder,
            },
        };
        if let Some(on_write) = self.on_write.clone() {
            builder = builder.on_write(move |path, written| on_write(path, written));
        }
        if let Some(on_change) = self.on_change.clone() {
            builder = builder.on_change(move |change| on_change(change));
        }
        // What an emulator keeps in memory is nothing that a script takes.
        if !matches!(run.emulator, Some(EmulatorPlace::Memory)) {
            builder = builder.memory_gauge(|| crate::ALLOCATOR.allocated() as u64);
        }
        if let Some(home) = std::env::home_dir() {
            builder = builder.home(home);
        }
        for folder in &run.module_path {
            builder = builder.module_path(folder);
        }
        builder.build()
    }
}
