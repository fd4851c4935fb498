//! What no function says of itself: which options it takes, what errors to reckon with, and an example.
//!
//! **A new function needs a note here**, by its title: a test names those that have none, and those that belong to nothing. The examples
//! are run, each by itself: there are the files `out/january.csv` and `out/february.csv` here, and `/reports/january.csv`,
//! `/reports/february.csv` and `/notes.txt` at Dropbox; `dropbox("team")` acts for a team, to which
//! `team-member@example.com` and `team-admin@example.com` belong. Nothing listens at `http://127.0.0.1:9`.

mod beside;
mod connection;
mod local;
mod relocating;
mod sharing;
mod values;

use crate::error::ErrorKind;
use crate::options::OptionSpec;

/// A line of the table.
#[derive(Debug)]
pub(super) struct Note {
    /// As [`Entry::title`](super::Entry::title) has it.
    title: &'static str,
    /// More than the one line that is registered; usually empty.
    pub(super) doc: &'static str,
    pub(super) options: &'static [OptionSpec],
    pub(super) errors: &'static [ErrorKind],
    pub(super) is_remote: bool,
    pub(super) example: &'static str,
}

const TABLES: [&[Note]; 6] = [
    connection::NOTES,
    relocating::NOTES,
    sharing::NOTES,
    local::NOTES,
    beside::NOTES,
    values::NOTES,
];

/// The note of an entry.
pub(super) fn find(title: &str) -> Option<&'static Note> {
    all().find(|note| note.title == title)
}

fn all() -> impl Iterator<Item = &'static Note> {
    TABLES.iter().copied().flatten()
}

/// A function that calls Dropbox.
const fn remote(title: &'static str, errors: &'static [ErrorKind], example: &'static str) -> Note {
    Note {
        is_remote: true,
        ..local(title, errors, example)
    }
}

/// A function that does not.
const fn local(title: &'static str, errors: &'static [ErrorKind], example: &'static str) -> Note {
    Note {
        title,
        doc: "",
        options: &[],
        errors,
        is_remote: false,
        example,
    }
}

impl Note {
    const fn takes(self, options: &'static [OptionSpec]) -> Self {
        Self { options, ..self }
    }

    const fn says(self, doc: &'static str) -> Self {
        Self { doc, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::host::Host;
    use crate::script::reference::Home;

    #[test]
    fn every_function_has_a_note_and_every_note_a_function() {
        let reference = Host::builder().build().expect("a plain host").reference();
        let mut faults = Vec::new();
        for entry in reference.entries() {
            let title = entry.title();
            if entry.doc.is_empty() {
                faults.push(format!("`{title}` does not say what it does"));
            }
            let is_property = matches!(entry.home, Home::Property(_));
            if !is_property && entry.example.is_empty() {
                faults.push(format!("`{title}` has no example in `reference/notes`"));
            }
            let takes_options = entry
                .signatures
                .iter()
                .flat_map(|way| &way.parameters)
                .any(|parameter| matches!(parameter.name.as_str(), "options" | "settings"));
            if takes_options == entry.options.is_empty() {
                faults.push(format!(
                    "`{title}` and its note differ on whether it takes options"
                ));
            }
        }
        for note in all() {
            let times = reference
                .entries()
                .iter()
                .filter(|entry| entry.title() == note.title)
                .count();
            if times != 1 {
                faults.push(format!(
                    "the note `{}` belongs to {times} entries",
                    note.title
                ));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
