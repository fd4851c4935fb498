//! Code that does not parse.

use rhai::{LexError, ParseErrorType, Position};

use super::name::{module, variable};
use super::place::{rest_of_line, starts_with_word};
use super::{Explained, lower, not_iterable};
use crate::script::vocabulary::Vocabulary;

pub(super) fn parsing(
    kind: &ParseErrorType,
    at: Position,
    known: &Vocabulary,
    text: &str,
) -> Explained {
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

/// The parser's words for a literal of the wrong type.
fn mismatch(wanted: &str, found: &str) -> Explained {
    if wanted.contains("iterable") {
        return not_iterable();
    }
    Explained::new(format!("expected {wanted}, got {found}"), "here")
}
