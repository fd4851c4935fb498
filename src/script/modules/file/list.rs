//! What is in a local folder.

use cap_std::fs::Metadata;
use jiff::Timestamp;
use rhai::{Array, Dynamic, INT, Map};

use super::or_raise;
use crate::script::gate::Raised;
use crate::script::glob::Glob;
use crate::script::modules::DateTime;
use crate::script::modules::gather::Gathered;
use crate::script::run::Run;

/// What a map for an entry takes, beside what its name fills: path, relative path and name.
const ENTRY: usize = 1024;

pub(super) fn list(run: &Run, text: &str) -> Raised<Array> {
    let glob = Glob::parse(text).map_err(|error| run.raise(error))?;
    let shown = if glob.folder().is_empty() {
        "."
    } else {
        glob.folder()
    };
    let root = run.readable_place(shown)?;
    let mut found = Vec::new();
    let mut gathered = Gathered::new(run.gate());
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        run.gate().check()?;
        let whole = match folder.as_str() {
            "" => root.clone(),
            folder => root.join(folder),
        };
        // A folder that went away meanwhile, or may not be read, is an error only where it was named.
        let names = match whole.names() {
            Err(_) if !folder.is_empty() => continue,
            names => or_raise(run, "list", shown, names)?,
        };
        for file in names {
            let entry = whole.join(&file);
            let name = file.to_string_lossy().into_owned();
            let relative = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            // What a link points to is judged as such.
            let Ok(place) = run.readable_place(&entry.real().to_string_lossy()) else {
                continue;
            };
            let Ok(metadata) = place.metadata() else {
                continue;
            };
            // Folders are not looked into through links: they may go round in a circle.
            let is_folder = entry.symlink_metadata().is_ok_and(|found| found.is_dir());
            if is_folder && glob.may_match_below(&relative) {
                folders.push(relative.clone());
            }
            if glob.matches(&relative) {
                gathered.add_bytes(ENTRY + 3 * relative.len())?;
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

pub(super) fn info(run: &Run, path: &str) -> Raised<Map> {
    let place = run.readable_place(path)?;
    let found = or_raise(run, "look at", path, place.metadata())?;
    let (root, relative) = path.rsplit_once('/').unwrap_or(("", path));
    Ok(entry(root, relative, &found))
}

/// What scripts see of a local file: an entry as in `event.files`.
fn entry(root: &str, relative: &str, metadata: &Metadata) -> Map {
    let path = match root {
        "" => relative.to_owned(),
        root => format!("{}/{relative}", root.trim_end_matches('/')),
    };
    let name = relative.rsplit('/').next().unwrap_or(relative);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time.into_std()).ok());
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
