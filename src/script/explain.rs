//! Errors of the engine in words for people.

use rhai::{EvalAltResult, LexError, ParseErrorType, Position};

use super::diagnostic::Reason;
use super::failure;
use super::values::{article, type_name};
use super::vocabulary::{Function, Vocabulary};

/// What to say about an error, beside its place.
pub(super) struct Explained {
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// A few words for the place itself.
    pub(super) label: &'static str,
}

impl Explained {
    fn new(message: impl Into<String>, label: &'static str) -> Self {
        Self {
            reason: Reason::Raised,
            message: message.into(),
            hint: None,
            label,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
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
        E::ErrorModuleNotFound(name, _) => module(name, known),
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
            Explained::new(message, "here")
        }
        E::ErrorIndexingType(signature, _) => indexing(signature),
        E::ErrorFor(_) => not_iterable(),
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
        E::ErrorArithmetic(words, _) => Explained::new(lower(words), "here"),
        other => Explained::new(lower(&plain(other)), "here"),
    }
}

fn not_iterable() -> Explained {
    Explained::new("`for` cannot go through this value", "not a collection")
        .hint("it goes through arrays, ranges as `0..10`, text, listings, and the `keys()` of maps")
}

/// The parser's words for a literal of the wrong type.
fn mismatch(wanted: &str, found: &str) -> Explained {
    if wanted.contains("iterable") {
        return not_iterable();
    }
    Explained::new(format!("expected {wanted}, got {found}"), "here")
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

/// The signature reads `name (first, second)`, with `module::` before it where one was written.
fn function(signature: &str, at: Position, known: &Vocabulary, text: &str) -> Explained {
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
        Some(on) if is_method_call(text, at) => method(path, on, &arguments[1..], known),
        _ => {
            let candidates: Vec<_> = known.named("", path).collect();
            if !candidates.is_empty() {
                return wrong_arguments(path, &arguments, &candidates, false);
            }
            let unknown =
                Explained::new(format!("there is no function `{path}`"), "no such function");
            if known.has_module(path) {
                return unknown.hint(format!("`{path}` is a module: `{path}::...`"));
            }
            unknown.did_you_mean(known.near_function("", path))
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
    let given = match arguments.len() {
        0 => "no arguments".to_owned(),
        _ => format!("({})", arguments.join(", ")),
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
    Explained::new(format!("`{name}` does not take {given}"), "wrong arguments")
        .hint(format!("it takes {}", signatures.join(" or ")))
}

fn operator(operator: &str, arguments: &[&str]) -> Explained {
    let message = match arguments {
        [left, right] => format!(
            "`{operator}` cannot join {} and {}",
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
        (_, arguments) if arguments.iter().any(|kind| kind.starts_with("nothing")) => {
            explained.hint("one side has no value: is a key of a map misspelt?")
        }
        _ => explained,
    }
}

/// Rhai writes `Unknown property 'x' - a getter is not registered for type 'T'`, and alike for setters.
fn property(words: &str, known: &Vocabulary) -> Explained {
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
    unknown.did_you_mean(known.near_member(kind, name))
}

fn indexing(signature: &str) -> Explained {
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

fn variable(name: &str, at: Position, known: &Vocabulary, text: &str) -> Explained {
    let unknown = Explained::new(format!("there is no variable `{name}`"), "not defined");
    if matches!(name, "null" | "nil" | "None" | "undefined") {
        return unknown.hint("nothing is written `()`");
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
    if text.contains(&format!("let {name}")) || text.contains(&format!("const {name}")) {
        return unknown.hint(format!(
            "functions do not see the script's variables: hand `{name}` over as an argument"
        ));
    }
    unknown
}

fn module(name: &str, known: &Vocabulary) -> Explained {
    let unknown = Explained::new(format!("there is no module `{name}`"), "not imported");
    match known.near_module(name) {
        Some(near) => unknown.did_you_mean(Some(near)),
        None => unknown.hint(format!("import it first: `import \"...\" as {name};`")),
    }
}

fn parsing(kind: &ParseErrorType, at: Position, known: &Vocabulary, text: &str) -> Explained {
    use ParseErrorType as P;
    let here = rest_of_line(text, at);
    if starts_with_word(here, "try") && !matches!(kind, P::UnexpectedEOF) {
        return Explained::new("`try` is a statement and gives no value", "not a value").hint(
            "write `let r = attempt(|| ...)` and look at `r.ok`, or set a variable inside the `try` block",
        );
    }
    match kind {
        P::VariableUndefined(name) => variable(name, at, known, text),
        P::ModuleUndefined(name) => module(name, known),
        P::MismatchedType(wanted, found) => mismatch(wanted, found),
        P::UnknownOperator(operator) => reserved(operator),
        P::BadInput(LexError::ImproperSymbol(word, _)) if !word.is_empty() => reserved(word),
        P::UnexpectedEOF => {
            Explained::new("the script ends in the middle of something", "ends here")
        }
        P::Reserved(word) => reserved(word),
        P::MissingToken(token, _) => Explained::new(
            format!("expected `{token}` here"),
            "something is missing before this",
        ),
        P::MissingSymbol(_) => Explained::new(lower(&kind.to_string()), "here"),
        P::ExprExpected(what) => Explained::new(format!("expected {what} here"), "here"),
        P::BadInput(LexError::UnterminatedString) => {
            Explained::new("this text has no end", "begins here").hint(
                "close it with the same quote; text over several lines goes between back-ticks",
            )
        }
        P::BadInput(LexError::MalformedChar(_)) => {
            Explained::new("single quotes hold one character", "here")
                .hint("text goes between double quotes or back-ticks")
        }
        P::BadInput(error) => Explained::new(lower(&error.to_string()), "here"),
        P::FnDuplicatedDefinition(name, arity) => Explained::new(
            format!("`{name}` with {arity} parameters is defined twice"),
            "the second one",
        ),
        P::WrongFnDefinition => Explained::new(
            "functions are defined at the top of a script, not inside something",
            "here",
        )
        .hint("use a closure: `let f = |x| ...; f.call(1)`"),
        P::AssignmentToConstant(name) => Explained::new(
            format!("`{name}` is a constant and cannot be changed"),
            "changed here",
        ),
        // The clash of a module with its importer comes in this dress.
        P::MalformedCapture(words) if words.contains('`') => Explained::new(words.as_str(), "here"),
        other => Explained::new(lower(&other.to_string()), "here"),
    }
}

fn reserved(word: &str) -> Explained {
    let is_word = word.starts_with(|c: char| c.is_alphabetic());
    let explained = Explained::new(
        if is_word {
            format!("`{word}` is a reserved word")
        } else {
            format!("`{word}` means nothing in a script")
        },
        "reserved",
    );
    match word {
        "null" | "nil" | "void" => explained.hint("nothing is written `()`"),
        "eval" => {
            explained.hint("`eval` is switched off: put the code into a module and `import` it")
        }
        "await" | "async" => explained.hint("leave it out: every call waits by itself"),
        "new" => explained.hint("leave it out: values are made by functions"),
        "var" => explained.hint("variables are declared with `let`"),
        "++" | "--" => explained.hint(format!("write `x {}= 1`", &word[..1])),
        "===" | "!==" => explained.hint(format!("write `{}`", &word[..2])),
        _ if is_word => explained.hint(format!(
            "choose another name; as a key of a map write `m[\"{word}\"]`"
        )),
        _ => explained,
    }
}

fn is_method_call(text: &str, at: Position) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return false;
    };
    let Some(line) = text.lines().nth(line - 1) else {
        return false;
    };
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    // A call may begin its line: `dbx\n  .upload(...)` has the dot before the name too.
    before.trim_end().ends_with(['.'])
}

fn rest_of_line(text: &str, at: Position) -> &str {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return "";
    };
    let line = text.lines().nth(line - 1).unwrap_or_default();
    let start = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    &line[start..]
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
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
