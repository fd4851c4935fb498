//! What a run is told of.

use std::path::Path;

use dropscript::{Batch, Change, ChangeKind, Event, EventFile, EventSource};

/// The event of a run with these files, or none.
pub(super) fn event(source: EventSource, batch: Option<&Batch>, number: u64) -> Event {
    Event {
        source,
        files: batch
            .into_iter()
            .flat_map(|batch| &batch.files)
            .map(file)
            .collect(),
        // What has no files never comes again, so that any name will do that no other event has.
        id: batch.map_or_else(
            || format!("{}-{number}", source.as_str()),
            |batch| batch.id.clone(),
        ),
    }
}

/// What a person reads when it begins.
pub(super) fn announcement(event: &Event, number: u64) -> String {
    match (event.source, event.files.as_slice()) {
        (EventSource::Script, _) => format!("run {number}: the script anew"),
        (source, []) => format!("run {number}: {}", source.as_str()),
        (source, [file]) => format!(
            "run {number}: {}, {} {}",
            source.as_str(),
            file.relative,
            file.kind
        ),
        (source, files) => format!("run {number}: {}, {} files", source.as_str(), files.len()),
    }
}

fn file(change: &Change) -> EventFile {
    let text = |path: &Path| path.display().to_string();
    let is_there = change.kind != ChangeKind::Removed;
    EventFile {
        root: text(&change.root),
        relative: text(&change.relative),
        folder: change.path.parent().map(text).unwrap_or_default(),
        name: change
            .path
            .file_name()
            .map(|name| text(name.as_ref()))
            .unwrap_or_default(),
        kind: change.kind.as_str().to_owned(),
        size: is_there.then_some(change.size),
        modified: Some(change.modified),
        hash: change.hash.clone(),
        attempt: change.attempt,
        path: text(&change.path),
    }
}
