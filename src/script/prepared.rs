//! Scripts that are parsed once and run often.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rhai::AST;

/// A script that was parsed; made by [`Host::compile_file`](super::Host::compile_file) and [`Host::compile`](super::Host::compile).
///
/// Clones share it. Any number of runs may use it at a time, of the host that parsed it and of others that know the same functions. The
/// modules that it imports are read anew in each run.
#[derive(Clone)]
pub struct Script(pub(super) Arc<Parsed>);

/// What there is of it.
pub(super) struct Parsed {
    pub(super) name: String,
    pub(super) text: Arc<str>,
    /// Its file, as it was named and with links resolved.
    pub(super) file: Option<(PathBuf, PathBuf)>,
    pub(super) ast: AST,
}

/// A function that a [`Script`] defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFunction {
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
}

impl Script {
    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The functions that it defines, by name.
    #[must_use]
    pub fn functions(&self) -> Vec<ScriptFunction> {
        let functions = self.0.ast.iter_functions();
        let mut functions: Vec<ScriptFunction> = functions
            .map(|function| ScriptFunction {
                name: function.name.to_owned(),
                parameters: function.params.iter().map(ToString::to_string).collect(),
            })
            // Closures are functions too, of names that nobody gave.
            .filter(|function| {
                function
                    .name
                    .starts_with(|c: char| c.is_alphabetic() || c == '_')
            })
            .collect();
        functions.sort_by(|a, b| (&a.name, a.parameters.len()).cmp(&(&b.name, b.parameters.len())));
        functions
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.0.name).finish()
    }
}
