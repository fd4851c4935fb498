//! Errors of the engine in words for people.

mod call;
mod habits;
mod name;
mod place;
mod syntax;

use rhai::EvalAltResult;

use call::{function, indexing, property};
use name::{module, variable};
use syntax::parsing;

use super::diagnostic::Reason;
use super::failure;
use super::values::{article, type_name};
use super::vocabulary::Vocabulary;

/// What to say about an error, beside its place.
pub(super) struct Explained {
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// A few words for the place itself.
    pub(super) label: &'static str,
}

impl Explained {
    pub(super) fn new(message: impl Into<String>, label: &'static str) -> Self {
        Self {
            reason: Reason::Raised,
            message: message.into(),
            hint: None,
            label,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn did_you_mean(mut self, name: Option<String>) -> Self {
        self.hint = name.map(|name| format!("did you mean `{name}`?"));
        self
    }

    fn because(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }
}

/// The innermost error in words; `text` is the script that it is in.
pub(super) fn explain(error: &EvalAltResult, known: &Vocabulary, text: &str) -> Explained {
    use EvalAltResult as E;
    match error {
        E::ErrorParsing(kind, at) => parsing(kind, *at, known, text).because(Reason::Parse),
        E::ErrorFunctionNotFound(signature, at) => function(signature, *at, known, text),
        E::ErrorDotExpr(words, _) => property(words, known),
        E::ErrorVariableNotFound(name, at) => variable(name, *at, known, text),
        E::ErrorModuleNotFound(name, _) => module(name, known, text),
        E::ErrorRuntime(thrown, _)
            if thrown.is_map() && failure::message_of(thrown).starts_with("#{") =>
        {
            let shown = failure::message_of(thrown);
            Explained::new(format!("the script threw {shown}"), "thrown here")
        }
        E::ErrorRuntime(thrown, _) if thrown.is_unit() => {
            Explained::new("the script threw an error without a message", "thrown here")
        }
        E::ErrorRuntime(thrown, _) => Explained::new(failure::message_of(thrown), "thrown here"),
        E::ErrorMismatchDataType(wanted, found, _)
        | E::ErrorMismatchOutputType(wanted, found, _) => {
            let (wanted, found) = (type_name(wanted), type_name(found));
            let message = match (wanted, found) {
                ("", found) => format!("{} does not fit here", article(found)),
                (wanted, "") => format!("expected {} here", article(wanted)),
                (wanted, found) => format!("expected {}, got {}", article(wanted), article(found)),
            };
            let explained = Explained::new(message, "here");
            match (wanted, found) {
                ("boolean", "integer" | "float") => explained.hint("compare it: `n != 0`"),
                ("boolean", "text") => explained.hint("compare it: `text != \"\"`"),
                ("boolean", "array" | "map") => {
                    explained.hint("compare its length: `list.len() > 0`")
                }
                ("boolean", nothing) if nothing.starts_with("nothing") => {
                    explained.hint("compare it: `value != ()`")
                }
                _ => explained,
            }
        }
        E::ErrorIndexingType(signature, _) => indexing(signature),
        E::ErrorFor(_) => not_iterable(),
        E::ErrorArrayBounds(0, _, at) if place::before(text, *at).ends_with("args[") => {
            Explained::new("the script was given no arguments", "no such argument").hint(
                "run it as `dropscript run SCRIPT ARG...`; `args.len()` is how many there are",
            )
        }
        E::ErrorArrayBounds(length, index, _) => bounds("array", *length, *index, "elements"),
        E::ErrorStringBounds(length, index, _) => bounds("text", *length, *index, "characters"),
        E::ErrorBitFieldBounds(length, index, _) => bounds("integer", *length, *index, "bits"),
        E::ErrorAssignmentToConstant(name, _) => Explained::new(
            format!("`{name}` is a constant and cannot be changed"),
            "changed here",
        ),
        E::ErrorStackOverflow(_) => limit("functions call each other too deeply")
            .hint("is there a function that calls itself without an end?"),
        E::ErrorTooManyOperations(_) => limit("the script took too many operations"),
        E::ErrorTooManyVariables(_) => limit("too many variables at a time"),
        E::ErrorTooManyModules(_) => limit("too many modules"),
        E::ErrorDataTooLarge(kind, _) => {
            limit(format!("{} grew past its limit", kind.to_lowercase()))
        }
        E::ErrorTerminated(why, _) => limit(why.to_string()),
        E::ErrorUnboundThis(_) => Explained::new("`this` has no value here", "here")
            .hint("it has one in a function that is called as a method"),
        E::ErrorArithmetic(words, _) if words.starts_with("Division by zero") => {
            Explained::new(lower(words), "here").hint("look first whether it is 0")
        }
        E::ErrorArithmetic(words, _) if words.contains("parsing integer") => {
            let text = words.split('\'').nth(1).unwrap_or_default();
            Explained::new(format!("`{text}` is not a whole number"), "here")
        }
        E::ErrorArithmetic(words, _) => Explained::new(lower(words), "here"),
        other => Explained::new(lower(&plain(other)), "here"),
    }
}

fn not_iterable() -> Explained {
    Explained::new("`for` cannot go through this value", "not a collection")
        .hint("it goes through arrays, ranges as `0..10`, text, listings, and the `keys()` of maps")
}

fn limit(message: impl Into<String>) -> Explained {
    Explained::new(message, "stopped here").because(Reason::Limit)
}

fn bounds(kind: &str, length: usize, index: i64, unit: &str) -> Explained {
    let message = match length {
        0 => format!("index {index} is outside the {kind}, which is empty"),
        length => format!("index {index} is outside the {kind}, which has {length} {unit}"),
    };
    Explained::new(message, "outside").hint("the first is 0, and -1 is the last")
}

fn plain(error: &EvalAltResult) -> String {
    let mut error = error.to_string();
    if let Some(at) = error.rfind(" (line ") {
        error.truncate(at);
    }
    error
}

fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
