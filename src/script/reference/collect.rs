//! Entries from what is registered.

use std::collections::BTreeMap;

use super::notes::{self, Note};
use super::{Entry, Home, Parameter, Signature};
use crate::script::run::CONSTANTS;
use crate::script::vocabulary::{Function, GETTER, Vocabulary};

/// The types that are this crate's own: what is registered for others is a plain function.
const TYPES: [&str; 6] = [
    "Connection",
    "Item",
    "Listing",
    "Report",
    "DateTime",
    "Duration",
];

/// One entry a name, its home's own order kept by name.
pub(super) fn entries(vocabulary: &Vocabulary) -> Vec<Entry> {
    let mut grouped: BTreeMap<(Home, String), Vec<&Function>> = BTreeMap::new();
    for function in vocabulary.functions() {
        if let Some(key) = key(function) {
            grouped.entry(key).or_default().push(function);
        }
    }
    let constants = CONSTANTS.map(|name| entry(Home::Everywhere, name.to_owned(), &[]));
    let functions = grouped
        .into_iter()
        .map(|((home, name), functions)| entry(home, name, &functions));
    let mut entries: Vec<Entry> = constants.into_iter().chain(functions).collect();
    entries.sort_by(|a, b| (&a.home, &a.name).cmp(&(&b.home, &b.name)));
    entries
}

/// What a function is called and belongs to; `None` for operators, and for how values print.
fn key(function: &Function) -> Option<(Home, String)> {
    if function.name.starts_with("to_string") || function.name.starts_with("to_debug") {
        return None;
    }
    let first = function.parameters.first().map(|first| first.kind.as_str());
    let own = first.filter(|kind| TYPES.contains(kind)).map(str::to_owned);
    if let Some(property) = function.name.strip_prefix(GETTER) {
        return Some((Home::Property(own?), property.to_owned()));
    }
    if !function.is_plain() {
        return None;
    }
    let home = match (function.namespace.as_str(), own) {
        ("", Some(own)) => Home::Method(own),
        ("", None) => Home::Everywhere,
        (module, _) => Home::Module(module.to_owned()),
    };
    Some((home, function.name.clone()))
}

fn entry(home: Home, name: String, functions: &[&Function]) -> Entry {
    let is_member = matches!(home, Home::Method(_) | Home::Property(_));
    let mut entry = Entry {
        doc: functions
            .iter()
            .map(|function| function.doc.as_str())
            .max_by_key(|doc| doc.len())
            .unwrap_or_default()
            .to_owned(),
        signatures: signatures(functions, is_member),
        name,
        home,
        options: &[],
        errors: &[],
        is_remote: false,
        example: "",
    };
    if let Some(note) = notes::find(&entry.title()) {
        let Note {
            doc,
            options,
            errors,
            is_remote,
            example,
            ..
        } = note;
        (entry.options, entry.errors) = (options, errors);
        (entry.is_remote, entry.example) = (*is_remote, example);
        if !doc.is_empty() {
            (*doc).clone_into(&mut entry.doc);
        }
    }
    entry
}

/// The ways to call a function; two that differ by what follows become one.
fn signatures(functions: &[&Function], is_member: bool) -> Vec<Signature> {
    let mut ways: Vec<Signature> = functions
        .iter()
        .map(|function| Signature {
            parameters: function
                .parameters
                .iter()
                .skip(usize::from(is_member))
                .map(|parameter| Parameter {
                    name: parameter.name.clone(),
                    kind: parameter.kind.clone(),
                })
                .collect(),
            optional: 0,
            result: function.result.clone(),
        })
        .collect();
    ways.sort_by(|a, b| {
        let names = |way: &Signature| -> Vec<(String, String)> {
            let parameters = way.parameters.iter();
            parameters
                .map(|parameter| (parameter.name.clone(), parameter.kind.clone()))
                .collect()
        };
        (a.parameters.len(), names(a)).cmp(&(b.parameters.len(), names(b)))
    });
    ways.dedup();
    let mut merged: Vec<Signature> = Vec::new();
    for way in ways {
        let shorter = merged.iter_mut().find(|shorter| {
            shorter.result == way.result
                && shorter.parameters.len() + 1 == way.parameters.len()
                && way.parameters.starts_with(&shorter.parameters)
        });
        match shorter {
            Some(shorter) => {
                shorter.parameters = way.parameters;
                shorter.optional += 1;
            }
            None => merged.push(way),
        }
    }
    merged
}
