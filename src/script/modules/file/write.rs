//! Writing, moving and deleting local files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cap_std::fs::OpenOptions;

use super::or_raise;
use super::partial::{Partial, replace};
use super::read::each_chunk;
use crate::client::Written;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::place::Place;
use crate::script::run::Run;

pub(super) fn text(run: &Run, path: &str, text: &str) -> Raised<()> {
    whole(run, path, text.as_bytes())
}

/// Writes a file, which is there whole or as it was.
pub(super) fn whole(run: &Run, path: &str, bytes: &[u8]) -> Raised<()> {
    let place = run.writable_place(path)?;
    if run.would(format_args!("write {} bytes to `{path}`", bytes.len())) {
        return Ok(());
    }
    let written = or_raise(run, "write", path, replace(&place, bytes))?;
    run.guards().wrote(place.real(), Written::Whole(&written));
    Ok(())
}

pub(super) fn append(run: &Run, path: &str, text: &str) -> Raised<()> {
    let place = run.writable_place(path)?;
    if run.would(format_args!("append {} bytes to `{path}`", text.len())) {
        return Ok(());
    }
    let append = || {
        let before = fs::symlink_metadata(place.real()).ok();
        let mut options = OpenOptions::new();
        let mut file = place.open(options.create(true).append(true))?;
        file.write_all(text.as_bytes())?;
        Ok((before, file.metadata()?))
    };
    let (before, after) = or_raise(run, "append to", path, append())?;
    let (before, after) = (before.as_ref(), &after);
    run.guards()
        .wrote(place.real(), Written::Appended { before, after });
    Ok(())
}

pub(super) fn create_folder(run: &Run, path: &str) -> Raised<()> {
    let place = run.writable_place(path)?;
    if run.would(format_args!("create the folder `{path}`")) {
        return Ok(());
    }
    or_raise(run, "create the folder", path, place.create_dir_all())
}

pub(super) fn delete(run: &Run, path: &str) -> Raised<()> {
    let place = run.writable_entry(path)?;
    let found = or_raise(run, "delete", path, place.symlink_metadata())?;
    if !run.is_own(place.real()) {
        let files = if run.guards().count_deletions() {
            or_raise(run, "look at", path, count_files(&place))?
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
        place.remove_dir_all()
    } else {
        place.remove_file()
    };
    or_raise(run, "delete", path, deleted)?;
    run.guards().wrote(place.real(), Written::Removed);
    Ok(())
}

pub(super) fn rename(run: &Run, from: &str, to: &str) -> Raised<()> {
    let source = run.writable_entry(from)?;
    or_raise(run, "move", from, source.symlink_metadata())?;
    let target = target(run, from, to)?;
    if run.would(format_args!("move `{from}` to `{to}`")) {
        return Ok(());
    }
    let moved = files_to_move(run, source.real());
    match source.rename(&target) {
        // Another disk: a file can be copied there and deleted here.
        Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices && !source.is_dir() => {
            copy(run, from, to)?;
            or_raise(run, "delete", from, source.remove_file())?;
        }
        moved => or_raise(run, "move", from, moved)?,
    }
    run.guards().wrote(source.real(), Written::Removed);
    for (below, metadata) in moved {
        let path = if below.as_os_str().is_empty() {
            target.real().to_owned()
        } else {
            target.real().join(below)
        };
        run.guards().wrote(&path, Written::Whole(&metadata));
    }
    Ok(())
}

/// What goes along when something is moved, where anybody wants to know: the paths below it, and what is known of them.
fn files_to_move(run: &Run, source: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let mut files = Vec::new();
    if !run.guards().tells_of_writes() {
        return files;
    }
    let mut ahead = vec![source.to_owned()];
    while let Some(path) = ahead.pop() {
        // What cannot be looked at is not told of, and so counts as a change.
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                ahead.extend(entries.map(|entry| entry.path()));
            }
            Ok(metadata) => {
                let below = path.strip_prefix(source).map(Path::to_owned);
                files.extend(below.ok().map(|below| (below, metadata)));
            }
            Err(_) => {}
        }
    }
    files
}

pub(super) fn copy(run: &Run, from: &str, to: &str) -> Raised<()> {
    let source = run.readable_place(from)?;
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
    if source.real() == target.real() {
        return Err(run.raise(
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{from}` cannot be copied onto itself"),
            )
            .with_path(from),
        ));
    }
    // Looked at before a dry run says that it would work.
    or_raise(run, "read", from, source.metadata())?;
    if run.would(format_args!("copy `{from}` to `{to}`")) {
        return Ok(());
    }
    let mut partial = or_raise(run, "write", to, Partial::beside(&target))?;
    each_chunk(run, from, |chunk| {
        or_raise(run, "write", to, partial.write(chunk))
    })?;
    let written = or_raise(run, "write", to, partial.finish())?;
    run.guards().wrote(target.real(), Written::Whole(&written));
    Ok(())
}

/// The files that go with it; a link is one itself.
fn count_files(place: &Place) -> io::Result<u64> {
    let mut files = 0;
    let mut ahead = vec![place.clone()];
    while let Some(place) = ahead.pop() {
        if place.symlink_metadata()?.is_dir() {
            ahead.extend(place.names()?.into_iter().map(|name| place.join(name)));
        } else {
            files += 1;
        }
    }
    Ok(files)
}

/// Where `to` is for something of `from`'s name: inside, where `to` is a folder.
fn target(run: &Run, from: &str, to: &str) -> Raised<Place> {
    let target = run.writable_place(to)?;
    match Path::new(from).file_name() {
        Some(name) if target.is_dir() => {
            let inside = Path::new(to).join(name);
            run.writable_place(&inside.to_string_lossy())
        }
        _ => Ok(target),
    }
}
