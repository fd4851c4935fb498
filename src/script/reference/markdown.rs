//! The reference as Markdown.

use std::fmt::Write;

use super::Entry;
use super::text::{ANYWHERE, heading, purpose};

/// All entries as one page.
pub(super) fn page(entries: &[Entry]) -> String {
    let mut page = String::from("# What scripts can call\n");
    let _ = writeln!(
        page,
        "\nEvery call of Dropbox may fail with one of these kinds besides what is said below: {ANYWHERE}."
    );
    let mut last = None;
    for entry in entries {
        if last != Some(&entry.home) {
            let _ = writeln!(page, "\n## {}", heading(&entry.home));
            last = Some(&entry.home);
        }
        section(&mut page, entry);
    }
    page
}

impl Entry {
    /// Its section of the page of [`Reference::markdown`](super::Reference::markdown).
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        section(&mut page, self);
        page.trim_start().to_owned()
    }
}

fn section(page: &mut String, entry: &Entry) {
    let _ = writeln!(page, "\n### `{}`\n\n```text", entry.title());
    for usage in entry.usages() {
        let _ = writeln!(page, "{usage}");
    }
    let _ = writeln!(page, "```\n\n{}", entry.doc);
    if !entry.options.is_empty() {
        let _ = writeln!(page, "\n| option | takes | what for |\n|---|---|---|");
        for option in entry.options {
            let cell = |text: &str| text.replace('|', "\\|");
            let (expects, purpose) = (cell(option.expects), cell(purpose(option)));
            let _ = writeln!(page, "| `{}` | {expects} | {purpose} |", option.name);
        }
    }
    if !entry.errors.is_empty() {
        let kinds = entry
            .errors
            .iter()
            .map(|kind| format!("`{}`", kind.as_str()));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "\nErrors: {kinds}.");
    }
    if !entry.example.is_empty() {
        let _ = writeln!(page, "\n```rhai\n{}\n```", entry.example);
    }
}
