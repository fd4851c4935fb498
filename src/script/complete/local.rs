//! Local paths, for completion.

use std::path::{Path, PathBuf};

use super::Candidate;
use super::words::{escaped, named_below};
use crate::script::run::Run;

/// More names than these are no choice any more.
const MOST: usize = 10_000;

/// Files and folders whose path begins like this.
pub(super) fn paths(run: &Run, written: &str, quote: char) -> Vec<Candidate> {
    let (above, below) = split(written);
    let folder = match above {
        "" => run.host().working_directory.clone(),
        above => run.local_path(above),
    };
    names(&folder, below)
        .into_iter()
        .map(|(name, is_folder)| Candidate::path(&escaped(&name, quote), &name, is_folder))
        .collect()
}

/// Modules whose path begins like this.
pub(super) fn modules(run: &Run, written: &str) -> Vec<Candidate> {
    let (above, below) = split(written);
    let roots = run.module_roots();
    let mut found = Vec::new();
    for root in roots.all() {
        for (name, is_folder) in names(&root.join(above), below) {
            if is_folder {
                found.push(Candidate::path(&name, &name, true));
            } else if let Some(stem) = name.strip_suffix(".rhai") {
                found.push(Candidate::path(stem, stem, false));
            }
        }
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found.dedup();
    found
}

/// What is written, before and behind its last slash, the slash before.
pub(super) fn split(written: &str) -> (&str, &str) {
    written.split_at(written.rfind('/').map_or(0, |slash| slash + 1))
}

/// The names in a folder that begin like this, in order, and which are folders. Hidden ones are for who writes the dot.
fn names(folder: &Path, below: &str) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<(String, PathBuf)> = entries
        .flatten()
        .take(MOST)
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, _)| name.starts_with(below))
        .filter(|(name, _)| !name.starts_with('.') || below.starts_with('.'))
        .collect();
    names.sort();
    named_below(names.into_iter().map(|(name, path)| (name, path.is_dir())))
}
