//! Options in maps that are written out in a call.

use rhai::{Expr, Ident, Position};

use super::calls::Known;
use crate::connection::Proxy;
use crate::options::OptionSpec;
use crate::script::explain::Explained;
use crate::script::options::unknown;
use crate::script::reference::{Entry, Home};

/// What a call is made on.
#[derive(Clone, Copy)]
pub(super) enum On<'a> {
    /// A value of this kind.
    Value(&'a str),
    /// The module of this name; empty where the function is called by its name alone.
    Module(&'a str),
}

impl Known<'_> {
    /// The options of a call that the function does not know; `maps` are the values that were written as maps, by their place in the call.
    pub(super) fn unknown_options(
        &self,
        name: &str,
        on: On<'_>,
        count: usize,
        maps: &[(usize, &[(Ident, Expr)])],
    ) -> Vec<(Position, Explained)> {
        let Some(entry) = self.entry(name, on) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (at, map) in maps {
            if takes_options(entry, count, *at) {
                let of = match on {
                    On::Module(module) if !module.is_empty() => format!("{module}::{name}"),
                    _ => name.to_owned(),
                };
                look_through(map, entry.options, &of, &mut found);
            }
        }
        found
    }

    fn entry(&self, name: &str, on: On<'_>) -> Option<&Entry> {
        self.reference.entries().iter().find(|entry| {
            entry.name == name
                && !entry.options.is_empty()
                && match (&entry.home, on) {
                    (Home::Method(kind), On::Value(on)) => kind == on,
                    (Home::Module(known), On::Module(module)) => known == module,
                    (Home::Everywhere, On::Module(module)) => module.is_empty(),
                    _ => false,
                }
        })
    }
}

/// Whether the value at this place of a call with so many is the map of options in each way to call it so.
fn takes_options(entry: &Entry, count: usize, at: usize) -> bool {
    let mut ways = entry
        .signatures
        .iter()
        .filter(|way| {
            let most = way.parameters.len();
            (most - way.optional..=most).contains(&count)
                && matches!(way.parameters[at].kind.as_str(), "map" | "any value")
        })
        .peekable();
    ways.peek().is_some()
        && ways.all(|way| matches!(way.parameters[at].name.as_str(), "options" | "settings"))
}

fn look_through(
    map: &[(Ident, Expr)],
    known: &[OptionSpec],
    of: &str,
    found: &mut Vec<(Position, Explained)>,
) {
    for (key, value) in map {
        if !known.iter().any(|option| option.name == key.name.as_str()) {
            let error = unknown(&key.name, known, of);
            let explained = Explained::new(error.full_message(), "no such option");
            let hint = error.hint().unwrap_or_default();
            found.push((key.pos, explained.hint(hint)));
        } else if let Expr::Map(settings, _) = value
            && key.name == "proxy"
        {
            look_through(&settings.0, Proxy::OPTIONS, "proxy", found);
        }
    }
}
