//! What the functions of one engine share while a script runs.

mod local;

use std::collections::HashMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::{Dynamic, EvalAltResult, Map};

use super::builder::{Level, TaskEvent, Wanted};
use super::event::{EventFiles, RunOptions};
use super::failure::Failures;
use super::gate::{Gate, Raised};
use super::host::Inner;
use super::observer::Observer;
use super::sources::Sources;
use super::temp_folder::TempFolder;
use crate::client::Guards;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::tasks::{Item, OnProgress, Outcome, Progress, Report};

/// The names that every script sees beside its own.
pub(super) const CONSTANTS: [&str; 3] = ["args", "event", "script"];

/// The state behind the functions of one engine: of one run, or of one session.
pub(super) struct Run {
    host: Arc<Inner>,
    observer: Option<Arc<dyn Observer>>,
    gate: Gate,
    sources: Sources,
    failures: Failures,
    main: OnceLock<Main>,
    /// What the program calls the state of what runs here.
    state: OnceLock<String>,
    event_files: OnceLock<EventFiles>,
    connections: Mutex<HashMap<String, Connection>>,
    guards: Arc<Guards>,
    temp_folder: TempFolder,
    /// Modules that are being loaded, on all threads.
    loading: AtomicUsize,
    /// Threads that work beside the script's own.
    workers: AtomicUsize,
}

/// The main script's file.
struct Main {
    /// As it was named, for messages.
    shown: PathBuf,
    /// With links resolved.
    file: PathBuf,
}

/// The folders that modules may come from.
pub(super) struct ModuleRoots {
    pub(super) main: Option<PathBuf>,
    pub(super) paths: Vec<PathBuf>,
}

impl ModuleRoots {
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.main.iter().chain(&self.paths)
    }
}

impl Run {
    pub(super) fn new(host: Arc<Inner>, observer: Option<Arc<dyn Observer>>) -> Arc<Self> {
        Arc::new(Self {
            guards: Arc::new(
                host.permissions
                    .guards(host.dry_run)
                    .telling(host.on_write.clone(), host.on_change.clone()),
            ),
            gate: Gate::new(
                host.runtime.clone(),
                &host.limits,
                host.memory_gauge.clone(),
            ),
            host,
            observer,
            sources: Sources::default(),
            failures: Failures::default(),
            main: OnceLock::new(),
            state: OnceLock::new(),
            event_files: OnceLock::new(),
            connections: Mutex::default(),
            temp_folder: TempFolder::default(),
            loading: AtomicUsize::new(0),
            workers: AtomicUsize::new(0),
        })
    }

    pub(super) fn host(&self) -> &Inner {
        &self.host
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(super) fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Raises `error` in the script.
    pub(super) fn raise(&self, error: Error) -> Box<EvalAltResult> {
        if let Some(report) = Report::of(&error) {
            self.ended(report);
        }
        self.failures.raise(error)
    }

    pub(super) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// Waits for `work` and raises its error.
    pub(super) fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Raised<T> {
        self.gate.wait(work)?.map_err(|error| self.raise(error))
    }

    /// Reads the main script and notes it.
    pub(super) fn load_main(&self, path: &Path) -> Result<(String, Arc<str>), Error> {
        let whole = self.host.working_directory.join(path);
        let file = whole
            .canonicalize()
            .map_err(|cause| cannot_read(path, &cause))?;
        let name = path.display().to_string();
        let main = self.main.get_or_init(|| Main {
            shown: path.to_owned(),
            file,
        });
        // Noted before it is read: a watch waits for the file to become readable.
        self.sources.add(Some(&main.file), &name, &Arc::from(""));
        let text = read_script(&main.file)?;
        self.sources.add(Some(&main.file), &name, &text);
        Ok((name, text))
    }

    /// Notes a script that was read before as the main one, and gives its name.
    pub(super) fn note_script(
        &self,
        name: &str,
        file: Option<&(PathBuf, PathBuf)>,
        text: &Arc<str>,
    ) -> String {
        if let Some((shown, file)) = file {
            let (shown, file) = (shown.clone(), file.clone());
            self.main.get_or_init(|| Main { shown, file });
        }
        let file = file.map(|(_, file)| file.as_path());
        self.sources.add(file, name, text)
    }

    /// The main script's file, as it was named and with links resolved.
    pub(super) fn main_script(&self) -> Option<(PathBuf, PathBuf)> {
        let main = self.main.get()?;
        Some((main.shown.clone(), main.file.clone()))
    }

    /// Reads a script; the first is the main one.
    pub(super) fn load_script(&self, path: &Path) -> Result<(String, Arc<str>), Error> {
        if self.main.get().is_none() {
            return self.load_main(path);
        }
        let whole = self.host.working_directory.join(path);
        let file = whole
            .canonicalize()
            .map_err(|cause| cannot_read(path, &cause))?;
        let text = read_script(&file)?;
        let name = path.display().to_string();
        Ok((self.sources.add(Some(&file), &name, &text), text))
    }

    pub(super) fn main_file(&self) -> Option<PathBuf> {
        self.main.get().map(|main| main.file.clone())
    }

    /// Takes the name that the program gives to what this run remembers, if it gives one.
    pub(super) fn name_state(&self, name: &str) {
        if !name.is_empty() {
            self.state.get_or_init(|| name.to_owned());
        }
    }

    /// Whose memory this run has: by the name that the program gave, else by the main script's file.
    pub(super) fn state_name(&self) -> Option<String> {
        let file = || Some(self.main.get()?.file.display().to_string());
        self.state.get().cloned().or_else(file)
    }

    pub(super) fn module_roots(&self) -> ModuleRoots {
        ModuleRoots {
            main: self
                .main
                .get()
                .and_then(|main| main.file.parent().map(Path::to_owned)),
            paths: self.host.module_paths.clone(),
        }
    }

    /// What messages call a module: as the main script is called, where it is beside or below it.
    pub(super) fn name_of(&self, file: &Path) -> String {
        let beside = self.main.get().and_then(|main| {
            let below = file.strip_prefix(main.file.parent()?).ok()?;
            Some(main.shown.parent()?.join(below))
        });
        let below_working_directory = || {
            file.strip_prefix(&self.host.working_directory)
                .ok()
                .map(Path::to_owned)
        };
        beside
            .or_else(below_working_directory)
            .unwrap_or_else(|| file.to_owned())
            .display()
            .to_string()
    }

    /// The script is done with a file of the event.
    pub(super) fn done(&self, path: &str) -> Raised<()> {
        let files = self.event_files.get_or_init(EventFiles::default);
        files.done(path).map_err(|error| self.raise(error))
    }

    /// The values of [`CONSTANTS`].
    pub(super) fn constants(&self, options: &RunOptions) -> [Dynamic; CONSTANTS.len()] {
        self.event_files.get_or_init(|| EventFiles::new(options));
        let text = |path: Option<&Path>| path.map(|path| path.display().to_string());
        let shown = self.main.get().map(|main| main.shown.as_path());
        let or_unit = |text: Option<String>| text.map_or(Dynamic::UNIT, Into::into);
        let script = Map::from_iter([
            ("path".into(), or_unit(text(shown))),
            (
                "folder".into(),
                or_unit(text(
                    self.module_roots()
                        .main
                        .as_deref()
                        .filter(|_| shown.is_some()),
                )),
            ),
            (
                "name".into(),
                or_unit(
                    shown.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())),
                ),
            ),
        ]);
        let args: Vec<Dynamic> = options.args.iter().map(Into::into).collect();
        [args.into(), options.event.to_map().into(), script.into()]
    }

    /// The connection that a script asks for: the same one each time in a run.
    pub(super) fn connection(&self, key: &str, wanted: Wanted) -> Raised<Connection> {
        self.find_connection(key, wanted)
            .map_err(|error| self.raise(error))
    }

    /// The same for who is no script.
    pub(super) fn find_connection(&self, key: &str, wanted: Wanted) -> Result<Connection, Error> {
        let mut known = self.connections();
        if let Some(connection) = known.get(key) {
            return Ok(connection.clone());
        }
        let connection = self.host.connect(wanted)?.guarded(&self.guards);
        known.insert(key.to_owned(), connection.clone());
        Ok(connection)
    }

    /// Has scripts that name no connection get the one of this name from now on.
    pub(super) fn use_connection(&self, name: &str) -> Result<(), Error> {
        let named = Wanted::Named(name.to_owned());
        let connection = self.find_connection(&format!("name {name}"), named)?;
        self.connections().insert(String::new(), connection);
        Ok(())
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<String, Connection>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a module begins, or ends, to be loaded.
    pub(super) fn note_loading(&self, begins: bool) {
        if begins {
            self.loading.fetch_add(1, Relaxed);
        } else {
            self.loading.fetch_sub(1, Relaxed);
        }
    }

    /// How many threads work beside the script's own.
    pub(super) fn workers(&self) -> &AtomicUsize {
        &self.workers
    }

    pub(super) fn is_loading(&self) -> bool {
        self.loading.load(Relaxed) > 0
    }

    /// Under a dry run says what would be done and gives true.
    pub(super) fn would(&self, what: impl Display) -> bool {
        if self.host.dry_run {
            self.log(Level::Info, &format!("would {what}"));
        }
        self.host.dry_run
    }

    /// Who hears how far a task is: the program, an observer, and a closure of the script, where they want to.
    pub(super) fn hearing(
        &self,
        closure: Option<impl Fn(&Progress) + Send + Sync + 'static>,
    ) -> Option<OnProgress> {
        let (program, observer) = (self.host.on_task.clone(), self.observer.clone());
        if program.is_none() && observer.is_none() && closure.is_none() {
            return None;
        }
        let tell = Arc::new(move |event: TaskEvent<'_>| {
            if let Some(program) = &program {
                program(event);
            }
            if let Some(observer) = &observer {
                observer.task(event);
            }
        });
        let tell_item = Arc::clone(&tell);
        let listener = OnProgress::new(move |progress| {
            tell(TaskEvent::Progress(progress));
            if let Some(closure) = &closure {
                closure(progress);
            }
        });
        Some(listener.with_items(move |task, item| tell_item(TaskEvent::Item(task, item))))
    }

    /// Tells what a task did.
    fn ended(&self, report: &Report) {
        if let Some(program) = &self.host.on_task {
            program(TaskEvent::Ended(report));
        }
        if let Some(observer) = &self.observer {
            observer.task(TaskEvent::Ended(report));
        }
    }

    /// Tells what a task did, under a dry run also what the items of the report would have come to.
    pub(super) fn told(&self, verb: &str, report: Report) -> Report {
        self.ended(&report);
        if self.host.dry_run {
            for item in report
                .items
                .iter()
                .filter(|item| item.outcome == Outcome::Planned)
            {
                let to = match item.destination.as_str() {
                    "" => String::new(),
                    destination => format!(" to `{destination}`"),
                };
                self.log(Level::Info, &format!("would {verb} `{}`{to}", item.source));
            }
        }
        report
    }

    /// Under a dry run says which item would have been made, and how.
    pub(super) fn told_item(&self, verb: &str, item: Item) -> Item {
        if self.host.dry_run && item.planned {
            self.log(Level::Info, &format!("would {verb} `{}`", item.path));
        }
        item
    }

    pub(super) fn print(&self, line: &str) {
        (self.host.on_print)(line);
        if let Some(observer) = &self.observer {
            observer.print(line);
        }
    }

    pub(super) fn log(&self, level: Level, line: &str) {
        (self.host.on_log)(level, line);
        if let Some(observer) = &self.observer {
            observer.log(level, line);
        }
    }

    /// Removes what the run made for itself.
    pub(super) fn finish(&self) {
        if let Err(cause) = self.temp_folder.remove() {
            let line = format!("cannot remove the temporary folder: {cause}");
            self.log(Level::Warn, &line);
        }
    }
}

/// The text of a script's file.
pub(super) fn read_script(file: &Path) -> Result<Arc<str>, Error> {
    let bytes = std::fs::read(file).map_err(|cause| cannot_read(file, &cause))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{}` is not a script: it is no UTF-8 text", file.display()),
        )
        .with_path(file.display().to_string())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // The line stays, so that places behind it stay right; `///` would be a doc comment.
    Ok(match text.strip_prefix("#!") {
        Some(rest) => format!("// {rest}").into(),
        None => text.into(),
    })
}

fn cannot_read(path: &Path, cause: &std::io::Error) -> Error {
    let shown = path.display().to_string();
    let kind = match cause.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::LocalIo,
    };
    Error::new(kind, format!("cannot read the script `{shown}`: {cause}")).with_path(shown)
}
