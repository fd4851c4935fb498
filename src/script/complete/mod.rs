//! What could stand at the cursor: names, members, options and their values, paths here and at Dropbox.

mod hint;
mod infer;
mod local;
mod options;
mod place;
mod remote;
mod texts;
mod words;

use std::sync::Arc;

use rhai::{Dynamic, Map, Scope};

pub use hint::Hint;
pub(super) use remote::RemoteFolders;
pub use words::Candidate;

use super::reference::{Entry, Home, Reference};
use super::run::Run;
use super::vocabulary::{Function, GETTER, Vocabulary};
use infer::{Knowledge, Known};
use place::{Call, Input, On, Place, Word};

/// What an input can be completed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where what is completed begins, in bytes; it ends at the cursor.
    pub start: usize,
    /// What could stand there, in order.
    pub candidates: Vec<Candidate>,
    /// Whether a remote folder is being listed: soon there may be more, or others.
    pub is_pending: bool,
}

/// All that is known where an input is completed.
pub(super) struct Completer<'a> {
    pub(super) run: &'a Arc<Run>,
    pub(super) reference: &'a Reference,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) scope: &'a Scope<'static>,
    pub(super) constants: &'a Scope<'static>,
    /// The functions that inputs defined, by name and parameters.
    pub(super) functions: Vec<(String, Vec<String>)>,
    pub(super) remote: &'a RemoteFolders,
}

/// What begins statements and the like, where any name may stand.
const KEYWORDS: [&str; 12] = [
    "let", "const", "fn", "if", "for", "while", "loop", "switch", "try", "import", "return",
    "throw",
];

impl Completer<'_> {
    /// What could stand at the end of `before`; `behind` is the rest of the input.
    pub(super) fn complete(&self, before: &str, behind: &str) -> Completion {
        let input = Input::before(before);
        match input.place() {
            Place::Nowhere => Completion::default(),
            Place::Name(word) => of(word, self.names(word)),
            Place::Member(end, word) => of(word, self.members(&input, end)),
            Place::InModule(module, word) => of(word, self.functions_of(module)),
            Place::OptionName(word) => of(word, self.option_names(&input)),
            Place::OptionValue(name, word) => self.option_values(&input, name, word),
            Place::Import(word) => {
                let candidates = local::modules(self.run, word.text);
                closed(below(word, candidates), '"', behind)
            }
            Place::Text(word, quote) => closed(self.texts(&input, word, quote), quote, behind),
        }
    }

    /// What an expression gives, as far as that is seen without running it.
    pub(super) fn kind_of(&self, expression: &str) -> Option<String> {
        self.knowledge()
            .whole(&Input::before(expression))
            .map(|known| known.kind)
    }

    fn knowledge(&self) -> Knowledge<'_> {
        Knowledge {
            vocabulary: self.vocabulary,
            scope: self.scope,
            constants: self.constants,
        }
    }

    fn names(&self, word: Word<'_>) -> Vec<Candidate> {
        let variables = self
            .scope
            .iter_raw()
            .map(|(name, ..)| Candidate::word(name));
        let functions = self.functions.iter().map(|(name, parameters)| {
            Candidate::call(name, parameters.is_empty(), &parameters.join(", "))
        });
        let everywhere = self
            .reference
            .entries()
            .iter()
            .filter(|entry| entry.home == Home::Everywhere);
        let mut modules: Vec<&str> = self
            .vocabulary
            .functions()
            .iter()
            .map(|function| &*function.namespace)
            .collect();
        modules.sort_unstable();
        modules.dedup();
        let modules = modules.into_iter().filter(|module| !module.is_empty());
        let mut names: Vec<Candidate> = variables.chain(functions).collect();
        names.extend(everywhere.map(Candidate::entry));
        names.extend(modules.map(|module| Candidate::word(&format!("{module}::"))));
        names.extend(KEYWORDS.map(Candidate::word));
        // Rhai's own are many, and mostly methods: they are for who has begun to write one.
        if !word.text.is_empty() {
            let known: Vec<&str> = self
                .reference
                .entries()
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            let plain = self.vocabulary.functions().iter().filter(|function| {
                let is_plain = function.namespace.is_empty() && function.is_plain();
                is_plain
                    && function.name.starts_with(word.text)
                    && !known.contains(&function.name.as_str())
            });
            names.extend(plain.map(|function| Candidate::function(function, false)));
        }
        names
    }

    fn members(&self, input: &Input<'_>, end: usize) -> Vec<Candidate> {
        let Some(known) = self.knowledge().before(input, end) else {
            return Vec::new();
        };
        let map = known.value.as_ref().and_then(Dynamic::read_lock::<Map>);
        let keys = map
            .iter()
            .flat_map(|map| map.keys().map(|key| Candidate::word(key)));
        let mut members: Vec<Candidate> = keys.collect();
        let own = |entry: &&Entry| matches!(&entry.home, Home::Method(kind) | Home::Property(kind) if *kind == known.kind);
        members.extend(
            self.reference
                .entries()
                .iter()
                .filter(own)
                .map(Candidate::entry),
        );
        if !members.is_empty() && map.is_none() {
            return members;
        }
        let functions = self.vocabulary.functions().iter();
        for function in functions
            .filter(|function| function.namespace.is_empty() && function.is_on(&known.kind))
        {
            match function.name.strip_prefix(GETTER) {
                Some(property) => members.push(Candidate::word(property)),
                None if function.is_plain() => members.push(Candidate::function(function, true)),
                None => {}
            }
        }
        members
    }

    fn functions_of(&self, module: &str) -> Vec<Candidate> {
        let entries = self.reference.entries().iter();
        let own: Vec<_> = entries
            .filter(|entry| matches!(&entry.home, Home::Module(name) if name == module))
            .map(Candidate::entry)
            .collect();
        if !own.is_empty() {
            return own;
        }
        // A module that an input imported.
        let functions = self.vocabulary.functions().iter();
        functions
            .filter(|function| function.namespace == module && function.is_plain())
            .map(|function| Candidate::function(function, false))
            .collect()
    }

    /// The entries of the reference that a call may mean.
    fn entries_of(&self, input: &Input<'_>, call: &Call<'_>) -> impl Iterator<Item = &Entry> {
        let receiver = self.knowledge().receiver(input, call);
        let (name, on) = (call.name.to_owned(), call.on);
        let module = match on {
            On::Module(module) => module.to_owned(),
            On::Nothing | On::Value(_) => String::new(),
        };
        let is_member = matches!(on, On::Value(_));
        self.reference.entries().iter().filter(move |entry| {
            entry.name == name
                && match &entry.home {
                    Home::Everywhere => !is_member && module.is_empty(),
                    Home::Module(known) => *known == module,
                    Home::Method(kind) => {
                        is_member && receiver.as_ref().is_none_or(|known| known.kind == *kind)
                    }
                    Home::Property(_) => false,
                }
        })
    }

    /// The function of Rhai's that a call may mean.
    fn function_of(&self, input: &Input<'_>, call: &Call<'_>) -> Option<&Function> {
        let at_least = |function: &&Function| function.parameters.len() > call.argument;
        match call.on {
            On::Nothing => self.vocabulary.named("", call.name).find(at_least),
            On::Module(module) => self.vocabulary.named(module, call.name).find(at_least),
            On::Value(_) => {
                let Known { kind, .. } = self.knowledge().receiver(input, call)?;
                let mut methods = self.vocabulary.functions().iter().filter(|function| {
                    function.namespace.is_empty()
                        && function.name == call.name
                        && function.is_on(&kind)
                });
                methods.find(|method| method.parameters.len() > call.argument + 1)
            }
        }
    }

    /// The names of connections.
    pub(super) fn connections(&self) -> Vec<Candidate> {
        let names = self.run.host().connection_names();
        names.iter().map(|name| whole(name)).collect()
    }

    /// Local paths as they stand without quotes, behind a command.
    pub(super) fn files(&self, written: &str, start: usize) -> Completion {
        let word = Word {
            start,
            text: written,
        };
        below(word, local::paths(self.run, written, '\0'))
    }
}

fn whole(text: &str) -> Candidate {
    Candidate {
        goes_on: false,
        ..Candidate::word(text)
    }
}

/// Those that begin as the word does, each once.
fn of(word: Word<'_>, mut candidates: Vec<Candidate>) -> Completion {
    candidates.retain(|candidate| candidate.text.starts_with(word.text));
    candidates.sort_by(|a, b| a.text.cmp(&b.text));
    candidates.dedup_by(|a, b| a.text == b.text);
    Completion {
        start: word.start,
        candidates,
        is_pending: false,
    }
}

/// Paths, of which only the last name is completed.
fn below(word: Word<'_>, candidates: Vec<Candidate>) -> Completion {
    let (above, _) = local::split(word.text);
    Completion {
        start: word.start + above.len(),
        candidates,
        is_pending: false,
    }
}

/// Adds the quote at the end where there is nothing to choose, and it is not there yet.
fn closed(mut completion: Completion, quote: char, behind: &str) -> Completion {
    if let [only] = completion.candidates.as_mut_slice()
        && !only.goes_on
        && !behind.starts_with(quote)
    {
        only.text.push(quote);
    }
    completion
}
