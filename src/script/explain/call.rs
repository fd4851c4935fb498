//! Calls, methods and properties that are not there or do not fit.

use rhai::Position;

use super::habits;
use super::place::is_method_call;
use super::{Explained, lower};
use crate::script::values::{article, type_name};
use crate::script::vocabulary::{Function, Vocabulary};

/// The signature reads `name (first, second)`, with `module::` before it where one was written.
pub(super) fn function(signature: &str, at: Position, known: &Vocabulary, text: &str) -> Explained {
    let (path, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let arguments: Vec<&str> = arguments
        .trim_end_matches(')')
        .split(", ")
        .filter(|kind| !kind.is_empty())
        .map(|kind| type_name(if kind == "(" { "()" } else { kind }))
        .collect();
    if !path.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return operator(path, &arguments);
    }
    if let Some((namespace, name)) = path.rsplit_once("::") {
        let candidates: Vec<_> = known.named(namespace, name).collect();
        if candidates.is_empty() {
            return Explained::new(
                format!("`{namespace}` has no function `{name}`"),
                "no such function",
            )
            .did_you_mean(known.near_function(namespace, name));
        }
        return wrong_arguments(path, &arguments, &candidates, false);
    }
    match arguments.first() {
        Some(on) if is_method_call(text, at, path) => method(path, on, &arguments[1..], known),
        _ => {
            let candidates: Vec<_> = known.named("", path).collect();
            let unknown =
                Explained::new(format!("there is no function `{path}`"), "no such function");
            if candidates
                .iter()
                .any(|function| function.takes_any(arguments.len()))
            {
                return unknown.hint(format!(
                    "`{path}` of another module is not seen here: hand over a closure that calls it, `|x| {path}(x)`"
                ));
            }
            if path == "range" {
                return Explained::new("`range` takes where it begins and where it ends", "here")
                    .hint("write `0..10`: from 0 to 9, or `0..=10` with the 10");
            }
            if ["let", "const"]
                .iter()
                .any(|word| text.contains(&format!("{word} {path} = |")))
            {
                return unknown.hint(format!(
                    "`{path}` is a closure: call it with `{path}.call(...)`"
                ));
            }
            if !candidates.is_empty() {
                return wrong_arguments(path, &arguments, &candidates, false);
            }
            if known.has_module(path) {
                return unknown.hint(format!("`{path}` is a module: `{path}::...`"));
            }
            match habits::word(path) {
                Some(hint) => unknown.hint(hint),
                None => unknown.did_you_mean(known.near_function("", path)),
            }
        }
    }
}

fn method(name: &str, on: &str, arguments: &[&str], known: &Vocabulary) -> Explained {
    let candidates: Vec<_> = known.methods(on, name).collect();
    if !candidates.is_empty() {
        return wrong_arguments(name, arguments, &candidates, true);
    }
    let unknown = Explained::new(
        if on.starts_with("nothing") {
            format!("nothing, `()`, has no method `{name}`")
        } else {
            format!("`{on}` has no method `{name}`")
        },
        "no such method",
    );
    if known.has_property(on, name) {
        return unknown.hint(format!("`{name}` is a property: write it without `()`"));
    }
    if on.starts_with("nothing") {
        return unknown.hint("the value before the dot is missing: is a key of a map misspelt?");
    }
    if let Some(hint) = habits::member(name) {
        return unknown.hint(hint);
    }
    match known.near_member(on, name) {
        Some(near) if known.has_property(on, &near) => {
            unknown.hint(format!("did you mean the property `{near}`, without `()`?"))
        }
        near => unknown.did_you_mean(near),
    }
}

fn wrong_arguments(
    name: &str,
    arguments: &[&str],
    candidates: &[&Function],
    as_method: bool,
) -> Explained {
    let message = if arguments.is_empty() {
        format!("`{name}` needs arguments")
    } else {
        format!("`{name}` does not take ({})", arguments.join(", "))
    };
    let mut signatures: Vec<String> = candidates
        .iter()
        .map(|candidate| format!("`{}`", candidate.signature(as_method)))
        .collect();
    signatures.sort();
    signatures.dedup();
    // More than a few confuse: those for as many arguments come first.
    let arity = arguments.len() + usize::from(as_method);
    if signatures.len() > 4 {
        let fitting: Vec<String> = candidates
            .iter()
            .filter(|candidate| candidate.parameters.len() == arity)
            .map(|candidate| format!("`{}`", candidate.signature(as_method)))
            .collect();
        if !fitting.is_empty() {
            signatures = fitting;
        }
        signatures.truncate(4);
    }
    Explained::new(message, "wrong arguments").hint(format!("it takes {}", signatures.join(" or ")))
}

fn operator(operator: &str, arguments: &[&str]) -> Explained {
    let message = match arguments {
        [left, right] => format!(
            "`{operator}` does not work between {} and {}",
            article(left),
            article(right)
        ),
        [only] => format!("`{operator}` does not work on {}", article(only)),
        _ => format!("`{operator}` does not work here"),
    };
    let explained = Explained::new(message, "here");
    match (operator, arguments) {
        ("+", [left, right]) if [left, right].iter().any(|kind| **kind == "text") => {
            explained.hint("put values into text with back-ticks: `${value}`")
        }
        ("*", ["text", "integer"]) => {
            explained.hint("repeat text with `pad`: `let line = \"\"; line.pad(20, \"-\");`")
        }
        (
            "-" | "*" | "/" | "%" | "**",
            ["text", "integer" | "float"] | ["integer" | "float", "text"],
        ) => explained.hint("make a number of the text: `parse_int(text)` or `parse_float(text)`"),
        (_, arguments) if arguments.iter().any(|kind| kind.starts_with("nothing")) => {
            explained.hint("one side has no value: is a key of a map misspelt?")
        }
        _ => explained,
    }
}

/// Rhai writes `Unknown property 'x' - a getter is not registered for type 'T'`, and alike for setters.
pub(super) fn property(words: &str, known: &Vocabulary) -> Explained {
    let mut quoted = words.split('\'').skip(1).step_by(2);
    let (Some(name), Some(kind)) = (quoted.next(), quoted.next()) else {
        return Explained::new(lower(words), "here");
    };
    let kind = type_name(kind);
    if known.has_property(kind, name) {
        return Explained::new(
            format!("the property `{name}` of `{kind}` cannot be changed"),
            "changed here",
        );
    }
    let unknown = Explained::new(
        if kind.starts_with("nothing") {
            format!("nothing, `()`, has no property `{name}`")
        } else {
            format!("`{kind}` has no property `{name}`")
        },
        "no such property",
    );
    if known.methods(kind, name).next().is_some() {
        return unknown.hint(format!("`{name}` is a method: write `{name}(...)`"));
    }
    if kind.starts_with("nothing") {
        return unknown.hint("the value before the dot is missing: is a key of a map misspelt?");
    }
    match habits::member(name) {
        Some(hint) => unknown.hint(hint),
        None => unknown.did_you_mean(known.near_member(kind, name)),
    }
}

pub(super) fn indexing(signature: &str) -> Explained {
    // `Type [index]`
    let kind = signature.split(" [").next().unwrap_or(signature);
    Explained::new(
        format!(
            "{} cannot be indexed with `[...]`",
            article(type_name(kind))
        ),
        "here",
    )
}
