//! What scripts may give as the source of a task.

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::glob::split;
use crate::script::run::Run;
use crate::script::values::{article, kind};
use crate::tasks::{Item, LocalEntry, Source};

/// Text, an Item, or an array of these.
pub(super) fn remote_source(value: &Dynamic) -> Result<Source, Error> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Source::Text(text.to_string()));
    }
    if let Some(item) = value.read_lock::<Item>() {
        return Ok(Source::Item(item.clone()));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array
            .iter()
            .map(remote_source)
            .collect::<Result<_, _>>()
            .map(Source::Many);
    }
    Err(not_a_source(
        value,
        "a path or glob as text, an Item, or an array of these",
    ))
}

/// What a task does to its local sources.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    Read,
    ReadAndDelete,
}

impl Access {
    /// Raises where the script may not do that to this path.
    pub(super) fn check(self, run: &Run, path: &str) -> Raised<()> {
        run.readable_whole(path)?;
        match self {
            Self::Read => Ok(()),
            Self::ReadAndDelete => run.writable_whole(path).map(drop),
        }
    }
}

/// Text, an entry of `event.files` or of `file::list`, or an array of these; the script must be allowed
/// to do with all of it what the task does.
pub(super) fn local_source(
    run: &Run,
    value: &Dynamic,
    glob: bool,
    access: Access,
) -> Raised<Source> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        let path = run.local_path(&text);
        // Text that names an existing item is that item, even when it looks like a glob.
        let literal = if glob && !path.exists() {
            split(&text).0
        } else {
            text.as_str()
        };
        access.check(run, if literal.is_empty() { "." } else { literal })?;
        return Ok(Source::Text(path.to_string_lossy().into_owned()));
    }
    if let Some(entry) = value.read_lock::<Map>() {
        let text = |key: &str| {
            entry
                .get(key)
                .and_then(|value| value.clone().into_string().ok())
        };
        if let (Some(path), Some(relative)) = (text("path"), text("relative")) {
            access.check(run, &path)?;
            return Ok(Source::Entry(LocalEntry {
                path: run.local_path(&path),
                relative,
            }));
        }
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array
            .iter()
            .map(|value| local_source(run, value, glob, access))
            .collect::<Raised<_>>()
            .map(Source::Many);
    }
    Err(run.raise(not_a_source(
        value,
        "a path or glob as text, an entry of `event.files` or `file::list`, or an array of these",
    )))
}

fn not_a_source(value: &Dynamic, wanted: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{} is no source", article(kind(value))),
    )
    .with_hint(format!("give {wanted}"))
}
