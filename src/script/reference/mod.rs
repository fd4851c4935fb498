//! The reference: what scripts can call, made from what is registered.
//!
//! Names, parameters, results and the line of help are those of the registered functions; options are those of the tasks. Beside that
//! a table ([`notes`]) holds what no function says of itself: its errors, and an example that the tests run.

mod collect;
mod definitions;
mod markdown;
mod notes;
mod text;

use crate::error::ErrorKind;
use crate::nearest::nearest;
use crate::options::OptionSpec;

use super::vocabulary::Vocabulary;

/// Everything that a host adds to Rhai for scripts; made by [`Host::reference`](super::Host::reference).
#[derive(Debug, Clone)]
pub struct Reference {
    entries: Vec<Entry>,
}

/// A function, method, property or constant. `Display` gives its page for a terminal.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As it is written, without what stands before it.
    pub name: String,
    /// What it belongs to.
    pub home: Home,
    /// What it takes and gives, in each of the ways in which it can be called.
    pub signatures: Vec<Signature>,
    /// What it does, in a line.
    pub doc: String,
    /// What the map of options that it takes may hold.
    pub options: &'static [OptionSpec],
    /// The kinds of errors that are to be reckoned with, besides those that any call of Dropbox may come to.
    pub errors: &'static [ErrorKind],
    /// Whether it calls Dropbox.
    pub is_remote: bool,
    /// A script that shows it; empty for a property, which is read and no more.
    pub example: &'static str,
}

/// What an [`Entry`] belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Home {
    /// It is called, or read, by its name alone.
    Everywhere,
    /// It is a method of this type.
    Method(String),
    /// It is a property of this type.
    Property(String),
    /// It is in this module, as `file::list`.
    Module(String),
}

/// One way in which a function can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What it takes, the value before the dot left out.
    pub parameters: Vec<Parameter>,
    /// How many of them need not be given, counted from the last.
    pub optional: usize,
    /// What it gives; empty where that is nothing.
    pub result: String,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What the reference calls it.
    pub name: String,
    /// What people call its type.
    pub kind: String,
}

impl Reference {
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        Self {
            entries: collect::entries(vocabulary),
        }
    }

    /// All entries, by what they belong to and their name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries that a name means: `upload`, `file::list`, `Connection.upload`, or all of a module or type, as `file` or `Item`.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<&Entry> {
        let name = name.trim().trim_end_matches("()");
        let is_meant = |entry: &&Entry| {
            entry.title() == name
                || entry.name == name
                || name.strip_prefix('.') == Some(&entry.name)
                || name.strip_suffix("::").unwrap_or(name) == entry.home.name()
        };
        self.entries.iter().filter(is_meant).collect()
    }

    /// What a name that nothing has may have meant.
    #[must_use]
    pub fn nearest(&self, wrong: &str) -> Option<String> {
        let titles: Vec<String> = self.entries.iter().map(Entry::title).collect();
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        nearest(wrong, names.chain(titles.iter().map(String::as_str)))
    }

    /// All of it as one page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::page(&self.entries)
    }

    /// All of it as definitions for editors that know Rhai, as in a file `*.d.rhai`.
    #[must_use]
    pub fn definitions(&self) -> String {
        definitions::file(&self.entries)
    }

    /// A table of contents for a terminal.
    #[must_use]
    pub fn contents(&self) -> String {
        text::contents(&self.entries)
    }
}

impl Entry {
    /// Its name with what it belongs to: `file::list`, `Connection.upload`.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.home {
            Home::Everywhere => self.name.clone(),
            Home::Method(home) | Home::Property(home) => format!("{home}.{}", self.name),
            Home::Module(module) => format!("{module}::{}", self.name),
        }
    }

    /// Whether it is called with parentheses.
    #[must_use]
    pub fn is_function(&self) -> bool {
        !self.signatures.is_empty() && !matches!(self.home, Home::Property(_))
    }
}

impl Home {
    /// The type or module; empty for what is everywhere.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Everywhere => "",
            Self::Method(name) | Self::Property(name) | Self::Module(name) => name,
        }
    }
}
