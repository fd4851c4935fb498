//! Texts of arguments: paths here, paths at Dropbox, names of connections.

use rhai::Dynamic;

use super::place::{Call, Input, On, Place, Word};
use super::remote::Whose;
use super::words::{escaped, named_below, unescaped};
use super::{Candidate, Completer, Completion, below, local, of, whole};
use crate::connection::Connection;
use crate::script::reference::Home;

/// What text an argument takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Local,
    Remote,
    Connection,
    Root,
    Other,
}

impl Completer<'_> {
    pub(super) fn texts(&self, input: &Input<'_>, word: Word<'_>, quote: char) -> Completion {
        let Some(call) = input.call() else {
            return Completion::default();
        };
        match self.takes(input, &call) {
            Takes::Remote => self.remote_paths(&self.whose(input, &call), word, quote),
            Takes::Local => {
                let written = unescaped(word.text, quote);
                below(word, local::paths(self.run, &written, quote))
            }
            Takes::Connection => of(word, self.connections()),
            Takes::Root => of(word, ["home", "team"].map(whole).to_vec()),
            Takes::Other => Completion::default(),
        }
    }

    /// What the text of an argument means, by what the function calls its parameter.
    fn takes(&self, input: &Input<'_>, call: &Call<'_>) -> Takes {
        if call.on == On::Nothing {
            let is_connection = call.name == "dropbox" && call.argument == 0;
            return if is_connection {
                Takes::Connection
            } else {
                Takes::Other
            };
        }
        let entry = self.entries_of(input, call).next();
        let parameter = entry.and_then(|entry| {
            let mut ways = entry.signatures.iter();
            ways.find_map(|way| way.parameters.get(call.argument))
        });
        let (Some(entry), Some(parameter)) = (entry, parameter) else {
            return Takes::Other;
        };
        let is_path = matches!(
            parameter.name.as_str(),
            "path"
                | "folder"
                | "folder_or_glob"
                | "from"
                | "to"
                | "source"
                | "local"
                | "remote"
                | "new_name_or_path"
        );
        match (&entry.home, entry.name.as_str(), parameter.name.as_str()) {
            (Home::Method(kind), "in_namespace", _) if kind == "Connection" => Takes::Root,
            (Home::Method(kind), name, parameter) if kind == "Connection" && is_path => {
                match (name, parameter) {
                    (_, "local") | ("upload", "source") | ("download", "folder") => Takes::Local,
                    _ => Takes::Remote,
                }
            }
            (Home::Module(module), _, _) if module == "file" && is_path => Takes::Local,
            _ => Takes::Other,
        }
    }

    /// Whose Dropbox a call is about.
    fn whose(&self, input: &Input<'_>, call: &Call<'_>) -> Whose {
        let On::Value(end) = call.on else {
            return Whose::Default;
        };
        let known = self.knowledge().before(input, end);
        let value = known.and_then(|known| known.value);
        if let Some(connection) = value.and_then(Dynamic::try_cast::<Connection>) {
            return Whose::Connection(connection);
        }
        // `dropbox("name")` is another than `dropbox()`; what a variable will hold is not known yet.
        let name = end
            .checked_sub(2)
            .map(|at| input.tokens[at].text.trim_matches('"'));
        let is_named = end >= 4 && input.is(end - 3, "(") && input.name(end - 4) == Some("dropbox");
        match name {
            Some(name) if is_named && input.tokens[end - 2].text.starts_with('"') => {
                Whose::Named(name.to_owned())
            }
            _ => Whose::Default,
        }
    }

    fn remote_paths(&self, whose: &Whose, word: Word<'_>, quote: char) -> Completion {
        let written = unescaped(word.text, quote);
        if !written.is_empty() && !written.starts_with('/')
            || written.contains(['*', '?', '[', '{'])
        {
            return Completion::default();
        }
        if written.is_empty() {
            // Listed ahead: the slash is what comes next.
            self.remote.names(self.run, whose, "");
            return of(word, vec![Candidate::word("/")]);
        }
        let (above, begun) = local::split(&written);
        let found = self
            .remote
            .names(self.run, whose, above.trim_end_matches('/'));
        let names = found.names.as_deref().unwrap_or_default();
        let names = names.iter().map(|name| (name.text.clone(), name.is_folder));
        let exact = |name: &str| name.starts_with(begun);
        let alike = |name: &str| name.to_lowercase().starts_with(&begun.to_lowercase());
        let mut chosen: Vec<(String, bool)> =
            names.clone().filter(|(name, _)| exact(name)).collect();
        if chosen.is_empty() {
            // Dropbox minds no letter case.
            chosen = names.filter(|(name, _)| alike(name)).collect();
        }
        let candidates = named_below(chosen.into_iter())
            .into_iter()
            .map(|(name, is_folder)| Candidate::path(&escaped(&name, quote), &name, is_folder));
        let (above, _) = local::split(word.text);
        Completion {
            start: word.start + above.len(),
            candidates: candidates.collect(),
            is_pending: found.is_pending,
        }
    }

    /// Whether the text at the cursor is a remote path whose folder is being listed; asking begins that.
    pub(super) fn is_listing(&self, input: &Input<'_>) -> bool {
        let Place::Text(word, quote) = input.place() else {
            return false;
        };
        let Some(call) = input
            .call()
            .filter(|call| self.takes(input, call) == Takes::Remote)
        else {
            return false;
        };
        let written = unescaped(word.text, quote);
        let folder = local::split(&written).0.trim_end_matches('/').to_owned();
        if !written.starts_with('/') && !written.is_empty() || folder.contains(['*', '?', '[', '{'])
        {
            return false;
        }
        self.remote
            .names(self.run, &self.whose(input, &call), &folder)
            .is_pending
    }
}
