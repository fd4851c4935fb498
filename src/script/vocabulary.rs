//! The names that a script could have meant.

use std::collections::BTreeSet;

use rhai::Engine;

use super::run::CONSTANTS;
use super::values::type_name;
use crate::nearest::nearest;

/// Every function, method, property and variable that is known where an error was raised.
pub(super) struct Vocabulary {
    functions: Vec<Function>,
    variables: Vec<String>,
}

/// A function, a method or (by its prefix) a property.
#[derive(Debug)]
pub(super) struct Function {
    /// The module that it is called with, as in `file::list`; else empty.
    pub(super) namespace: String,
    pub(super) name: String,
    /// What people call the types of its parameters; a script's own functions take any value.
    pub(super) parameters: Vec<Parameter>,
    /// What people call the type of what it gives; empty where it gives nothing.
    pub(super) result: String,
    /// What it does, in its author's words.
    pub(super) doc: String,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: String,
}

/// Before the name of a property, where it is a function that reads it.
pub(super) const GETTER: &str = "get$";
/// Alike, where it is a function that changes it.
pub(super) const SETTER: &str = "set$";

impl Vocabulary {
    pub(super) fn new(engine: &Engine, own: Vec<(String, usize)>, variables: &[String]) -> Self {
        let mut functions = native(engine, true);
        functions.extend(
            own.into_iter()
                .map(|(name, count)| scripted("", name, count)),
        );
        let mut variables = variables.to_vec();
        variables.extend(CONSTANTS.map(str::to_owned));
        Self {
            functions,
            variables,
        }
    }

    /// What a host adds to Rhai, and nothing else.
    pub(super) fn of_host(engine: &Engine) -> Self {
        Self {
            functions: native(engine, false),
            variables: CONSTANTS.map(str::to_owned).to_vec(),
        }
    }

    /// Makes the functions of a module of scripts known, with how many values they take.
    pub(super) fn add_module(
        &mut self,
        namespace: &str,
        functions: impl Iterator<Item = (String, usize)>,
    ) {
        self.functions
            .extend(functions.map(|(name, count)| scripted(namespace, name, count)));
    }

    /// All of the functions.
    pub(super) fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The functions of this name, in a module or in none.
    pub(super) fn named<'a, 'b>(
        &'a self,
        namespace: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = &'a Function> + use<'a, 'b> {
        self.functions
            .iter()
            .filter(move |function| function.namespace == namespace && function.name == name)
    }

    /// The functions of this name whose first parameter takes a value of this kind.
    pub(super) fn methods<'a, 'b>(
        &'a self,
        kind: &'b str,
        name: &'b str,
    ) -> impl Iterator<Item = &'a Function> + use<'a, 'b> {
        self.named("", name)
            .filter(move |function| function.is_on(kind))
    }

    /// Whether a value of this kind has the property.
    pub(super) fn has_property(&self, kind: &str, name: &str) -> bool {
        self.methods(kind, &format!("{GETTER}{name}"))
            .next()
            .is_some()
    }

    /// Whether the name belongs to a module of functions.
    pub(super) fn has_module(&self, name: &str) -> bool {
        self.functions
            .iter()
            .any(|function| function.namespace == name)
    }

    /// Whether there is such a variable, though perhaps not where it is asked for.
    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|known| known == name)
    }

    /// The nearest name of a function that is called without a value before it.
    pub(super) fn near_function(&self, namespace: &str, wrong: &str) -> Option<String> {
        nearest(
            wrong,
            self.functions
                .iter()
                .filter(|function| function.namespace == namespace && function.is_plain())
                .map(|function| function.name.as_str()),
        )
    }

    /// The nearest name of a method or property of a value of this kind.
    pub(super) fn near_member(&self, kind: &str, wrong: &str) -> Option<String> {
        nearest(
            wrong,
            self.functions
                .iter()
                .filter(|function| function.namespace.is_empty() && function.is_on(kind))
                .filter(|function| !function.name.starts_with(SETTER))
                .map(|function| {
                    let name = function.name.as_str();
                    name.strip_prefix(GETTER).unwrap_or(name)
                }),
        )
    }

    /// The nearest name of a variable, among those declared in `text` too.
    pub(super) fn near_variable(&self, wrong: &str, text: &str) -> Option<String> {
        let declared = declared(text);
        let known = self.variables.iter().map(String::as_str);
        nearest(wrong, known.chain(declared.iter().map(String::as_str)))
    }

    /// The nearest name of a module.
    pub(super) fn near_module(&self, wrong: &str) -> Option<String> {
        let modules = self.functions.iter().map(|function| &*function.namespace);
        nearest(wrong, modules.filter(|name| !name.is_empty()))
    }
}

impl Function {
    /// `upload(source: any value, folder: text)`, the value before the dot left out for a method.
    pub(super) fn signature(&self, as_method: bool) -> String {
        format!("{}({})", self.name, self.written(as_method).join(", "))
    }

    /// Its parameters as people read them, the value before the dot left out for a method.
    pub(super) fn written(&self, as_method: bool) -> Vec<String> {
        self.parameters
            .iter()
            .skip(usize::from(as_method))
            .map(
                |parameter| match (parameter.name.as_str(), parameter.kind.as_str()) {
                    ("" | "_", kind) => kind.to_owned(),
                    (name, "any value") => name.to_owned(),
                    (name, kind) => format!("{name}: {kind}"),
                },
            )
            .collect()
    }

    /// Whether it takes so many values of any kind.
    pub(super) fn takes_any(&self, count: usize) -> bool {
        self.parameters.len() == count
            && self
                .parameters
                .iter()
                .all(|parameter| parameter.kind == "any value")
    }

    /// Whether its first parameter takes a value of this kind.
    pub(super) fn is_on(&self, kind: &str) -> bool {
        self.parameters
            .first()
            .is_some_and(|first| first.kind == kind)
    }

    /// Whether it is called by its name: no property and no operator.
    pub(super) fn is_plain(&self) -> bool {
        !self.name.contains('$')
            && self
                .name
                .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The functions that are registered, with those of Rhai's own packages or without.
fn native(engine: &Engine, with_packages: bool) -> Vec<Function> {
    let function = |info: rhai::FuncInfo| {
        let metadata = info.metadata;
        let parameters = (0..metadata.num_params).map(|at| {
            let written = metadata.params_info.get(at);
            parameter(written.map(AsRef::as_ref), engine)
        });
        Some(Function {
            namespace: info.namespace.to_string(),
            name: metadata.name.to_string(),
            parameters: parameters.collect(),
            result: match &*metadata.return_type {
                "" | "()" => String::new(),
                written => kind_of(written, engine),
            },
            doc: uncommented(&metadata.comments),
        })
    };
    engine.collect_fn_metadata(None, function, with_packages)
}

/// A function that is written in a script, which takes and gives whatever it likes.
fn scripted(namespace: &str, name: String, count: usize) -> Function {
    let any = type_name("?");
    let parameters = (0..count).map(|_| Parameter {
        name: String::new(),
        kind: any.to_owned(),
    });
    Function {
        namespace: namespace.to_owned(),
        name,
        parameters: parameters.collect(),
        result: any.to_owned(),
        doc: String::new(),
    }
}

fn parameter(written: Option<&str>, engine: &Engine) -> Parameter {
    let written = written.unwrap_or("_");
    let (name, kind) = written.split_once(':').unwrap_or((written, "?"));
    Parameter {
        name: name.trim().trim_start_matches('_').to_owned(),
        kind: kind_of(kind, engine),
    }
}

/// What people call a type, from what stands in the metadata.
fn kind_of(written: &str, engine: &Engine) -> String {
    let kind = written.trim().trim_start_matches("&mut ").trim();
    // Functions of Rhai's own packages say what may fail.
    let kind = ["RhaiResultOf<", "Result<"]
        .iter()
        .find_map(|outer| kind.strip_prefix(outer))
        .map_or(kind, |inner| inner.trim_end_matches('>'));
    let kind = kind.split(", Box").next().unwrap_or(kind).trim();
    type_name(engine.map_type_name(kind)).to_owned()
}

/// Doc comments without their slashes.
fn uncommented(comments: &[impl AsRef<str>]) -> String {
    let lines = comments.iter().flat_map(|comment| comment.as_ref().lines());
    let lines = lines.map(|line| line.trim_start().trim_start_matches("///"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// The names that a text declares anywhere: by `let`, `const`, `for`, `catch`, `import` and as
/// parameters. A rough reading is enough for a suggestion.
fn declared(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    let mut before = "";
    for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        if matches!(before, "let" | "const" | "for" | "catch" | "as") {
            names.insert(word.to_owned());
        }
        before = word;
    }
    // What stands between bars and is made of words only are parameters of a closure.
    for parameters in text.split('|').skip(1) {
        let words: Vec<&str> = parameters.split(',').map(str::trim).collect();
        if words
            .iter()
            .all(|word| !word.is_empty() && word.chars().all(is_word))
        {
            names.extend(words.into_iter().map(str::to_owned));
        }
    }
    for function in text.split("fn ").skip(1) {
        if let Some((_, rest)) = function.split_once('(')
            && let Some((parameters, _)) = rest.split_once(')')
        {
            names.extend(parameters.split(',').map(|name| name.trim().to_owned()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_names_are_found_wherever_they_are() {
        let text = "import \"lib\" as dates; let total = 0; fn add(left, right) { left } [1].map(|each| each); for item in [] {}";
        let names = declared(text);
        for name in ["dates", "total", "left", "right", "each", "item"] {
            assert!(names.contains(name), "{name}");
        }
    }
}
