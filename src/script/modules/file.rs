//! `file::`: local files, as far as the host's permissions go.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rhai::{Array, Dynamic, Engine, INT, Map, Module};

use super::{DateTime, function, namespace};
use crate::ContentHasher;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::glob::Glob;
use crate::script::run::Run;

/// Between two looks at whether the script may go on.
const CHUNK: usize = 1 << 20;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    namespace(engine, "file", |module| {
        register_reading(module, run);
        register_writing(module, run);
        register_moving(module, run);
    });
}

fn register_reading(module: &mut Module, run: &Arc<Run>) {
    const PATH: &str = "path: &str";
    let host = Arc::clone(run);
    function("read_text", &[PATH, "&str"], "The file as text.")
        .set_into_module(module, move |path: &str| read_text(&host, path));
    let host = Arc::clone(run);
    function(
        "exists",
        &[PATH, "bool"],
        "Whether there is something at this path.",
    )
    .set_into_module(module, move |path: &str| -> Raised<bool> {
        Ok(host.readable(path)?.exists())
    });
    let host = Arc::clone(run);
    function(
        "info",
        &[PATH, "map"],
        "Path, name, kind, size and date of a file or folder.",
    )
    .set_into_module(module, move |path: &str| -> Raised<Map> {
        let real = host.readable(path)?;
        let found = or_raise(&host, "look at", path, fs::metadata(&real))?;
        let (root, relative) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(entry(root, relative, &found))
    });
    let host = Arc::clone(run);
    function(
        "list",
        &["folder_or_glob: &str", "array"],
        "What is in a folder or matches a glob, in order; `upload` takes the entries.",
    )
    .set_into_module(module, move |glob: &str| list(&host, glob));
    let host = Arc::clone(run);
    function(
        "hash",
        &[PATH, "&str"],
        "The content hash, as Dropbox computes it.",
    )
    .set_into_module(module, move |path: &str| -> Raised<String> {
        let mut hasher = ContentHasher::new();
        each_chunk(&host, path, |chunk| {
            hasher.update(chunk);
            Ok(())
        })?;
        Ok(hasher.finish())
    });
    let host = Arc::clone(run);
    function(
        "temp_folder",
        &["&str"],
        "A folder of this run's own, removed after it.",
    )
    .set_into_module(module, move || -> Raised<String> {
        let made = host.temp_folder();
        let folder = made.map_err(|cause| {
            host.raise(Error::io(
                "make a temporary folder in",
                std::env::temp_dir(),
                cause,
            ))
        })?;
        Ok(folder.to_string_lossy().into_owned())
    });
}

fn register_writing(module: &mut Module, run: &Arc<Run>) {
    const PARAMETERS: &[&str] = &["path: &str", "text: &str"];
    let host = Arc::clone(run);
    function(
        "write_text",
        PARAMETERS,
        "Writes a file, in place of what was there.",
    )
    .set_into_module(module, move |path: &str, text: &str| -> Raised<()> {
        let real = host.writable(path)?;
        if host.would(format_args!("write {} bytes to `{path}`", text.len())) {
            return Ok(());
        }
        or_raise(&host, "write", path, replace(&real, text))
    });
    let host = Arc::clone(run);
    function(
        "append_text",
        PARAMETERS,
        "Adds to the end of a file, making it if it is missing.",
    )
    .set_into_module(module, move |path: &str, text: &str| -> Raised<()> {
        let real = host.writable(path)?;
        if host.would(format_args!("append {} bytes to `{path}`", text.len())) {
            return Ok(());
        }
        let append = || {
            let mut options = File::options();
            options
                .create(true)
                .append(true)
                .open(&real)?
                .write_all(text.as_bytes())
        };
        or_raise(
            &host,
            "append to",
            path,
            refuse_special(&real).and_then(|()| append()),
        )
    });
    let host = Arc::clone(run);
    function(
        "create_folder",
        &["path: &str"],
        "Makes a folder, and its parents.",
    )
    .set_into_module(module, move |path: &str| -> Raised<()> {
        let real = host.writable(path)?;
        if host.would(format_args!("create the folder `{path}`")) {
            return Ok(());
        }
        or_raise(&host, "create the folder", path, fs::create_dir_all(real))
    });
    let host = Arc::clone(run);
    function(
        "delete",
        &["path: &str"],
        "Deletes a file, or a folder with all that is in it.",
    )
    .set_into_module(module, move |path: &str| -> Raised<()> {
        let real = host.writable_entry(path)?;
        let found = or_raise(&host, "delete", path, fs::symlink_metadata(&real))?;
        if host.would(format_args!("delete `{path}`")) {
            return Ok(());
        }
        let deleted = if found.is_dir() {
            fs::remove_dir_all(&real)
        } else {
            fs::remove_file(&real)
        };
        or_raise(&host, "delete", path, deleted)
    });
}

fn register_moving(module: &mut Module, run: &Arc<Run>) {
    const PARAMETERS: &[&str] = &["from: &str", "to: &str"];
    let host = Arc::clone(run);
    function(
        "copy",
        PARAMETERS,
        "Copies a file to a path, or into a folder.",
    )
    .set_into_module(module, move |from: &str, to: &str| copy(&host, from, to));
    let host = Arc::clone(run);
    function(
        "move",
        PARAMETERS,
        "Moves a file or folder to a path, or into a folder.",
    )
    .set_into_module(module, move |from: &str, to: &str| -> Raised<()> {
        let source = host.writable_entry(from)?;
        or_raise(&host, "move", from, fs::symlink_metadata(&source))?;
        let target = target(&host, from, to)?;
        if host.would(format_args!("move `{from}` to `{to}`")) {
            return Ok(());
        }
        match fs::rename(&source, &target) {
            // Another disk: a file can be copied there and deleted here.
            Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices && source.is_file() => {
                copy(&host, from, to)?;
                or_raise(&host, "delete", from, fs::remove_file(&source))
            }
            moved => or_raise(&host, "move", from, moved),
        }
    });
}

fn read_text(run: &Run, path: &str) -> Raised<String> {
    let limit = run.host().limits.string_size;
    let mut bytes = Vec::new();
    each_chunk(run, path, |chunk| {
        // Refused before it is in memory, not when it has become a value.
        if bytes.len() + chunk.len() > limit {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{path}` is larger than a text may be, {limit} bytes"),
            )
            .with_path(path));
        }
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    String::from_utf8(bytes).map_err(|_| {
        run.raise(
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{path}` is not UTF-8 text"),
            )
            .with_path(path),
        )
    })
}

fn copy(run: &Run, from: &str, to: &str) -> Raised<()> {
    let source = run.readable(from)?;
    let target = target(run, from, to)?;
    if source.is_dir() {
        return Err(run.raise(
            Error::new(
                ErrorKind::Unsupported,
                format!("`{from}` is a folder, and only files can be copied"),
            )
            .with_path(from)
            .with_hint("copy the files of `file::list` one by one"),
        ));
    }
    if source == target {
        return Err(run.raise(
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{from}` cannot be copied onto itself"),
            )
            .with_path(from),
        ));
    }
    // Looked at before a dry run says that it would work.
    or_raise(run, "read", from, fs::metadata(&source))?;
    if run.would(format_args!("copy `{from}` to `{to}`")) {
        return Ok(());
    }
    let mut partial = or_raise(run, "write", to, Partial::beside(&target))?;
    each_chunk(run, from, |chunk| {
        partial
            .write(chunk)
            .map_err(|cause| Error::io("write", to, cause))
    })?;
    or_raise(run, "write", to, partial.finish())
}

/// The resolved path that `to` means for something of `from`'s name: inside, where `to` is a folder.
fn target(run: &Run, from: &str, to: &str) -> Raised<PathBuf> {
    let target = run.writable(to)?;
    match Path::new(from).file_name() {
        Some(name) if target.is_dir() => {
            let inside = Path::new(to).join(name);
            run.writable(&inside.to_string_lossy())
        }
        _ => Ok(target),
    }
}

/// Reads a file in chunks, for as long as the script may go on.
fn each_chunk(
    run: &Run,
    path: &str,
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Raised<()> {
    let real = run.readable(path)?;
    let mut file = or_raise(
        run,
        "read",
        path,
        refuse_special(&real).and_then(|()| File::open(&real)),
    )?;
    let mut chunk = vec![0; CHUNK];
    loop {
        run.gate().check()?;
        match or_raise(run, "read", path, file.read(&mut chunk))? {
            0 => return Ok(()),
            length => take(&chunk[..length]).map_err(|error| run.raise(error))?,
        }
    }
}

/// Opening a pipe waits for its other end, and nothing could end that.
fn refuse_special(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => Err(io::Error::other("it is not a regular file")),
        _ => Ok(()),
    }
}

/// Writes beside the target first, so that a failure leaves what was there.
fn replace(target: &Path, text: &str) -> io::Result<()> {
    let mut partial = Partial::beside(target)?;
    partial.write(text.as_bytes())?;
    partial.finish()
}

/// A file that is not at its place yet; dropped before, it is removed.
struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl Partial {
    fn beside(target: &Path) -> io::Result<Self> {
        refuse_special(target)?;
        let folder = target.parent().unwrap_or(Path::new("/"));
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = folder.join(format!(
            ".dropscript-{:016x}.part",
            u64::from_ne_bytes(random)
        ));
        let file = File::options().write(true).create_new(true).open(&path)?;
        // The new file takes the old one's permissions along, as writing into it would.
        if let Ok(old) = fs::metadata(target) {
            file.set_permissions(old.permissions())?;
        }
        Ok(Self {
            file,
            path,
            target: target.to_owned(),
            finished: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // It fails only when the file is gone, which is what is wanted.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn list(run: &Run, text: &str) -> Raised<Array> {
    let glob = Glob::parse(text).map_err(|error| run.raise(error))?;
    let shown = if glob.folder().is_empty() {
        "."
    } else {
        glob.folder()
    };
    let root = run.readable(shown)?;
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        run.gate().check()?;
        let whole = root.join(&folder);
        // A folder that went away meanwhile, or may not be read, is an error only where it was named.
        let entries = match fs::read_dir(&whole) {
            Err(_) if !folder.is_empty() => continue,
            entries => or_raise(run, "list", shown, entries)?,
        };
        for file in entries.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let relative = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            // What a link points to is judged as such.
            let Ok(real) = run.readable(&file.path().to_string_lossy()) else {
                continue;
            };
            let Ok(metadata) = fs::metadata(real) else {
                continue;
            };
            if file.file_type().is_ok_and(|kind| kind.is_dir()) && glob.may_match_below(&relative) {
                folders.push(relative.clone());
            }
            if glob.matches(&relative) {
                found.push((relative, metadata));
            }
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    let entries = found
        .iter()
        .map(|(relative, metadata)| Dynamic::from_map(entry(glob.folder(), relative, metadata)));
    Ok(entries.collect())
}

/// What scripts see of a local file: an entry as in `event.files`.
fn entry(root: &str, relative: &str, metadata: &fs::Metadata) -> Map {
    let path = match root {
        "" => relative.to_owned(),
        root => format!("{}/{relative}", root.trim_end_matches('/')),
    };
    let name = relative.rsplit('/').next().unwrap_or(relative);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    Map::from_iter([
        ("root".into(), root.into()),
        ("relative".into(), relative.into()),
        ("name".into(), name.into()),
        ("folder".into(), folder.into()),
        (
            "kind".into(),
            if metadata.is_dir() { "folder" } else { "file" }.into(),
        ),
        (
            "size".into(),
            if metadata.is_file() {
                INT::try_from(metadata.len()).unwrap_or(INT::MAX).into()
            } else {
                Dynamic::UNIT
            },
        ),
        (
            "modified".into(),
            modified.map_or(Dynamic::UNIT, |time| Dynamic::from(DateTime(time))),
        ),
        ("path".into(), path.into()),
    ])
}

fn or_raise<T>(run: &Run, about: &str, path: &str, result: io::Result<T>) -> Raised<T> {
    result.map_err(|cause| run.raise(Error::io(about, path, cause)))
}
