//! What a run is given: arguments, the event behind it, and the way to stop it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rhai::{Array, Dynamic, INT, Map};
use tokio_util::sync::CancellationToken;

use super::modules::DateTime;
use super::observer::Observer;
use crate::error::{Error, ErrorKind, Result};

/// What one run is given; the default is no arguments, no event, and no way to stop it but dropping
/// its future.
#[derive(Clone, Default)]
pub struct RunOptions {
    /// The script's `args`.
    pub args: Vec<String>,
    /// The script's `event`.
    pub event: Event,
    /// Cancelling this ends the script at once with [`Reason::Interrupted`](super::Reason::Interrupted).
    pub cancel: CancellationToken,
    /// What errors call code that comes from no file; empty: `eval`.
    pub name: String,
    /// Hears what this run tells, and no other.
    pub observer: Option<Arc<dyn Observer>>,
    /// Whose state `state::` is; empty: that of the main script, by its file.
    pub state: String,
    /// Hears of each file of the event that the script calls `done`.
    pub on_done: OnDone,
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("args", &self.args)
            .field("event", &self.event)
            .field("name", &self.name)
            .field("observed", &self.observer.is_some())
            .finish_non_exhaustive()
    }
}

/// Hears that a script is done with a file of its [`Event`], which is told by its place among them. The script waits for that, and an
/// error is raised in it. The default hears nothing.
#[derive(Clone, Default)]
pub struct OnDone(Option<Arc<dyn Fn(usize) -> Result<()> + Send + Sync>>);

impl OnDone {
    /// Calls a function.
    pub fn new(on_done: impl Fn(usize) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(on_done)))
    }

    fn tell(&self, file: usize) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |on_done| on_done(file))
    }
}

impl fmt::Debug for OnDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDone")
    }
}

/// The files of the event of a run, as `done` knows them.
#[derive(Debug, Default)]
pub(super) struct EventFiles {
    paths: Vec<String>,
    on_done: OnDone,
}

impl EventFiles {
    pub(super) fn new(options: &RunOptions) -> Self {
        let files = options.event.files.iter();
        Self {
            paths: files.map(|file| file.path.clone()).collect(),
            on_done: options.on_done.clone(),
        }
    }

    /// The script is done with the file of this path.
    pub(super) fn done(&self, path: &str) -> Result<()> {
        match self.paths.iter().position(|known| known == path) {
            Some(file) => self.on_done.tell(file),
            None => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{path}` is none of the files of this event"),
            )
            .with_path(path)
            .with_hint("give an entry of `event.files`, or its `path`")),
        }
    }
}

/// What triggered a run: the script's `event`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// What kind of thing happened.
    pub source: EventSource,
    /// The files that it is about.
    pub files: Vec<EventFile>,
    /// Names this event among others, for logs and journals.
    pub id: String,
}

/// Where an [`Event`] comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventSource {
    /// No watch runs this script.
    #[default]
    None,
    /// The watch began; the files are those from before.
    Start,
    /// The script or one of its modules was saved.
    Script,
    /// Files on this machine changed.
    Local,
    /// Files at Dropbox changed.
    Remote,
}

impl EventSource {
    /// The word that scripts see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Start => "start",
            Self::Script => "script",
            Self::Local => "local",
            Self::Remote => "remote",
        }
    }
}

/// A file of an [`Event`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventFile {
    /// The whole path.
    pub path: String,
    /// The watched folder that it is in.
    pub root: String,
    /// The path below `root`, with `/`.
    pub relative: String,
    /// The folder that it is in.
    pub folder: String,
    /// Its last part.
    pub name: String,
    /// `created`, `modified` or `removed`.
    pub kind: String,
    /// In bytes; `None` for what was removed.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// Dropbox's content hash, where it is known.
    pub hash: Option<String>,
    /// How often this version was delivered, this time included.
    pub attempt: u32,
}

impl Event {
    pub(super) fn to_map(&self) -> Map {
        let files: Array = self
            .files
            .iter()
            .map(|file| Dynamic::from_map(file.to_map()))
            .collect();
        Map::from_iter([
            ("source".into(), self.source.as_str().into()),
            ("files".into(), files.into()),
            ("id".into(), self.id.as_str().into()),
        ])
    }
}

impl EventFile {
    fn to_map(&self) -> Map {
        let or_unit = |value: Option<Dynamic>| value.unwrap_or(Dynamic::UNIT);
        Map::from_iter([
            ("path".into(), self.path.as_str().into()),
            ("root".into(), self.root.as_str().into()),
            ("relative".into(), self.relative.as_str().into()),
            ("folder".into(), self.folder.as_str().into()),
            ("name".into(), self.name.as_str().into()),
            ("kind".into(), self.kind.as_str().into()),
            (
                "size".into(),
                or_unit(
                    self.size
                        .and_then(|size| INT::try_from(size).ok())
                        .map(Into::into),
                ),
            ),
            (
                "modified".into(),
                or_unit(self.modified.map(|time| Dynamic::from(DateTime(time)))),
            ),
            ("hash".into(), or_unit(self.hash.as_deref().map(Into::into))),
            ("attempt".into(), INT::from(self.attempt).into()),
        ])
    }
}
