//! What is known of functions, methods and properties, and which calls cannot work.

use rhai::{EvalAltResult, FnCallExpr, Position};

use super::Text;
use crate::script::explain::{Explained, explain};
use crate::script::reference::Reference;
use crate::script::vocabulary::{Function, GETTER, SETTER, Vocabulary};

/// What Rhai calls itself, and no function is registered for.
const KEYWORDS: [&str; 12] = [
    "print",
    "debug",
    "type_of",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "eval",
    "this",
    "exit",
];

/// What takes, or gives, values of several types.
const ANY: &str = "any value";

/// What is known where a text is looked through.
pub(super) struct Known<'a> {
    /// What is registered, and the functions of the modules that the text imports.
    pub(super) registered: Vocabulary,
    /// The same and all functions of the texts, for messages.
    pub(super) explaining: Vocabulary,
    pub(super) reference: &'a Reference,
    pub(super) text: &'a Text,
    pub(super) source: &'a str,
}

impl Known<'_> {
    /// What a call gives, where that is known.
    ///
    /// # Errors
    /// It is one of a function that nothing defines, or that takes another number of values.
    pub(super) fn call<'a>(
        &'a self,
        call: &FnCallExpr,
        values: &[Option<&str>],
        at: Position,
    ) -> Result<Option<&'a str>, Explained> {
        let is_word = call.name.starts_with(is_first_of_word);
        if call.op_token.is_some() || !is_word || call.name.starts_with("anon$") {
            return Ok(None);
        }
        let namespace = call.namespace.to_string();
        if namespace.is_empty() {
            if KEYWORDS.contains(&call.name.as_str()) || self.is_own(&call.name, values.len()) {
                return Ok(None);
            }
        } else if !self.registered.has_module(&namespace) {
            // What a module of scripts has is known only where its path is.
            return Ok(None);
        }
        let fitting = self
            .registered
            .named(&namespace, &call.name)
            .filter(|function| function.parameters.len() == values.len());
        let fitting: Vec<&Function> = fitting.collect();
        if fitting.is_empty() {
            let name = match namespace.as_str() {
                "" => call.name.to_string(),
                namespace => format!("{namespace}::{}", call.name),
            };
            return Err(self.not_found(&name, values, at));
        }
        Ok(result(&fitting, values))
    }

    /// What a method gives that is called on a value of this kind.
    ///
    /// # Errors
    /// As [`Known::call`].
    pub(super) fn method<'a>(
        &'a self,
        on: Option<&str>,
        name: &str,
        values: &[Option<&str>],
        at: Position,
    ) -> Result<Option<&'a str>, Explained> {
        // A key of a map may be a closure, which is called as a method is.
        let Some(on) = on.filter(|on| !matches!(*on, ANY | "map" | "()")) else {
            return Ok(None);
        };
        if KEYWORDS.contains(&name) || self.is_own(name, values.len()) {
            return Ok(None);
        }
        let all: Vec<Option<&str>> = [&[Some(on)], values].concat();
        let fitting: Vec<&Function> = self
            .members(on, name)
            .filter(|function| function.parameters.len() == all.len())
            .collect();
        if fitting.is_empty() {
            return Err(self.not_found(name, &all, at));
        }
        Ok(result(&fitting, &all))
    }

    /// What a property of a value of this kind gives.
    ///
    /// # Errors
    /// It has none of that name.
    pub(super) fn property<'a>(
        &'a self,
        on: Option<&str>,
        name: &str,
        at: Position,
    ) -> Result<Option<&'a str>, Explained> {
        let Some(on) = on.filter(|on| !matches!(*on, ANY | "map" | "()")) else {
            return Ok(None);
        };
        let (getter, setter) = (format!("{GETTER}{name}"), format!("{SETTER}{name}"));
        let getters: Vec<&Function> = self.members(on, &getter).collect();
        if !getters.is_empty() {
            return Ok(result(&getters, &[Some(on)]));
        }
        if self.members(on, &setter).next().is_some() {
            return Ok(None);
        }
        // As the engine itself would raise it.
        let words =
            format!("Unknown property '{name}' - a getter is not registered for type '{on}'");
        Err(self.explain(&EvalAltResult::ErrorDotExpr(words, at)))
    }

    fn members<'a, 'b>(
        &'a self,
        on: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = &'a Function> + use<'a, 'b> {
        self.registered
            .named("", name)
            .filter(move |function| function.is_on(on) || function.is_on(ANY))
    }

    /// Whether the text defines a function of this name for so many values.
    pub(super) fn is_own(&self, name: &str, count: usize) -> bool {
        self.text
            .ast
            .iter_functions()
            .any(|function| function.name == name && function.params.len() == count)
    }

    /// As the engine itself would raise it.
    fn not_found(&self, name: &str, values: &[Option<&str>], at: Position) -> Explained {
        let kinds: Vec<&str> = values.iter().map(|kind| kind.unwrap_or("?")).collect();
        let signature = format!("{name} ({})", kinds.join(", "));
        self.explain(&EvalAltResult::ErrorFunctionNotFound(signature, at))
    }

    fn explain(&self, error: &EvalAltResult) -> Explained {
        explain(error, &self.explaining, self.source)
    }
}

/// What those of the functions give that take values of these kinds, where it is the same for all.
fn result<'a>(functions: &[&'a Function], values: &[Option<&str>]) -> Option<&'a str> {
    let takes = |function: &&&'a Function| {
        let mut pairs = function.parameters.iter().zip(values);
        pairs.all(|(parameter, value)| {
            parameter.kind == ANY || value.is_none_or(|kind| parameter.kind == kind)
        })
    };
    let mut results = functions
        .iter()
        .filter(takes)
        .map(|one| one.result.as_str());
    let first = results.next().filter(|kind| !matches!(*kind, "" | ANY))?;
    results.all(|other| other == first).then_some(first)
}

fn is_first_of_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}
