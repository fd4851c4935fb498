//! Names that nothing has: of variables and of modules.

use rhai::Position;

use super::Explained;
use super::habits;
use super::place::rest_of_line;
use crate::script::vocabulary::Vocabulary;

pub(super) fn variable(name: &str, at: Position, known: &Vocabulary, text: &str) -> Explained {
    let unknown = Explained::new(format!("there is no variable `{name}`"), "not defined");
    if let Some(explained) = habits::variable(name, text, at) {
        return explained;
    }
    if let Some(near) = known.near_variable(name, text) {
        return unknown.did_you_mean(Some(near));
    }
    let behind = rest_of_line(text, at)
        .strip_prefix(name)
        .unwrap_or_default()
        .trim_start();
    if behind.starts_with('=') && !behind.starts_with("==") {
        return unknown.hint(format!("declare it first: `let {name} = ...`"));
    }
    if known.has_module(name) {
        return unknown.hint(format!("`{name}` is a module: `{name}::...`"));
    }
    if known.named("", name).next().is_some() {
        return unknown.hint(format!("`{name}` is a function: `{name}(...)`"));
    }
    let declared = |word: &str| text.contains(&format!("{word} {name}"));
    if declared("let") || declared("const") || known.has_variable(name) {
        return unknown.hint(format!(
            "functions do not see the script's variables: hand `{name}` over as an argument"
        ));
    }
    unknown
}

pub(super) fn module(name: &str, known: &Vocabulary, text: &str) -> Explained {
    let unknown = Explained::new(format!("there is no module `{name}`"), "not imported");
    if text.contains(&format!("let {name} ")) {
        return unknown.hint(format!(
            "`{name}` is a value: its methods are called with a dot, `{name}.list(...)`"
        ));
    }
    if text.contains(&format!("import \"{name}\";")) {
        return unknown.hint(format!("give it a name: `import \"{name}\" as {name};`"));
    }
    match known.near_module(name) {
        Some(near) => unknown.did_you_mean(Some(near)),
        None => unknown.hint(format!("import it first: `import \"...\" as {name};`")),
    }
}
