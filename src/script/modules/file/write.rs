//! Writing, moving and deleting local files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::or_raise;
use super::partial::{Partial, refuse_special, replace};
use super::read::each_chunk;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;

pub(super) fn text(run: &Run, path: &str, text: &str) -> Raised<()> {
    let real = run.writable(path)?;
    if run.would(format_args!("write {} bytes to `{path}`", text.len())) {
        return Ok(());
    }
    or_raise(run, "write", path, replace(&real, text))
}

pub(super) fn append(run: &Run, path: &str, text: &str) -> Raised<()> {
    let real = run.writable(path)?;
    if run.would(format_args!("append {} bytes to `{path}`", text.len())) {
        return Ok(());
    }
    let append = || {
        refuse_special(&real)?;
        let mut options = File::options();
        let mut file = options.create(true).append(true).open(&real)?;
        file.write_all(text.as_bytes())
    };
    or_raise(run, "append to", path, append())
}

pub(super) fn create_folder(run: &Run, path: &str) -> Raised<()> {
    let real = run.writable(path)?;
    if run.would(format_args!("create the folder `{path}`")) {
        return Ok(());
    }
    or_raise(run, "create the folder", path, fs::create_dir_all(real))
}

pub(super) fn delete(run: &Run, path: &str) -> Raised<()> {
    let real = run.writable_entry(path)?;
    let found = or_raise(run, "delete", path, fs::symlink_metadata(&real))?;
    if !run.is_own(&real) {
        let files = if run.guards().count_deletions() {
            or_raise(run, "look at", path, count_files(&real))?
        } else {
            0
        };
        let leave = run.guards().leave_to_delete(files);
        leave.map_err(|error| run.raise(error.with_path(path)))?;
    }
    if run.would(format_args!("delete `{path}`")) {
        return Ok(());
    }
    let deleted = if found.is_dir() {
        fs::remove_dir_all(&real)
    } else {
        fs::remove_file(&real)
    };
    or_raise(run, "delete", path, deleted)
}

pub(super) fn rename(run: &Run, from: &str, to: &str) -> Raised<()> {
    let source = run.writable_entry(from)?;
    or_raise(run, "move", from, fs::symlink_metadata(&source))?;
    let target = target(run, from, to)?;
    if run.would(format_args!("move `{from}` to `{to}`")) {
        return Ok(());
    }
    match fs::rename(&source, &target) {
        // Another disk: a file can be copied there and deleted here.
        Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices && source.is_file() => {
            copy(run, from, to)?;
            or_raise(run, "delete", from, fs::remove_file(&source))
        }
        moved => or_raise(run, "move", from, moved),
    }
}

pub(super) fn copy(run: &Run, from: &str, to: &str) -> Raised<()> {
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

/// The files that go with `path`; a link is one itself.
fn count_files(path: &Path) -> io::Result<u64> {
    let mut files = 0;
    let mut ahead = vec![path.to_owned()];
    while let Some(path) = ahead.pop() {
        if fs::symlink_metadata(&path)?.is_dir() {
            for entry in fs::read_dir(&path)? {
                ahead.push(entry?.path());
            }
        } else {
            files += 1;
        }
    }
    Ok(files)
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
