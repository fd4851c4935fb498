//! Code that does not parse.

use rhai::{LexError, ParseErrorType, Position};

use super::habits;
use super::name::{module, variable};
use super::place::{self, rest_of_line, starts_with_word};
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
    let is_whole = |error: &LexError| {
        matches!(
            error,
            LexError::ImproperSymbol(..) | LexError::UnexpectedInput(_)
        )
    };
    let is_clear = match kind {
        P::VariableUndefined(_) | P::ModuleUndefined(_) | P::UnexpectedEOF => true,
        P::BadInput(error) => !is_whole(error),
        _ => false,
    };
    if !is_clear && let Some(explained) = habits::syntax(text, at) {
        return explained;
    }
    match kind {
        P::VariableUndefined(name) => variable(name, at, known, text),
        P::ModuleUndefined(name) => module(name, known, text),
        P::MismatchedType(wanted, found) => mismatch(wanted, found),
        P::UnknownOperator(operator) => reserved(operator),
        P::BadInput(LexError::ImproperSymbol(word, _)) if !word.is_empty() => reserved(word),
        P::UnexpectedEOF => {
            Explained::new("the script ends in the middle of something", "ends here")
        }
        P::Reserved(word) => reserved(word),
        P::MissingToken(token, _) => missing(token, at, text),
        P::BadInput(LexError::MalformedEscapeSequence(sequence)) => {
            Explained::new(format!("`{sequence}` is no sign in a text"), "here")
                .hint("write `\\\\` for a backslash; paths are written with `/`")
        }
        P::BadInput(LexError::UnexpectedInput(found)) if found.starts_with('}') => {
            Explained::new("there is one `}` too many", "nothing is open here")
        }
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

/// What is missing is often missed only in a later line.
fn missing(token: &str, at: Position, text: &str) -> Explained {
    let label = "something is missing before this";
    let line = at.line().unwrap_or(1);
    let begins_its_line =
        line > 1 && place::line(text, at).trim_start() == rest_of_line(text, at).trim_start();
    match token {
        ";" if begins_its_line => {
            let before = text
                .lines()
                .take(line - 1)
                .filter(|line| !line.trim().is_empty())
                .count();
            let before = before.max(1);
            Explained::new(format!("there is no `;` at the end of line {before}"), label)
                .hint("each statement ends with `;`, but for the last one of a block and those that end with `}`")
        }
        "}" => Explained::new("a `{` has no `}`", "the script ends here")
            .hint("each block that begins with `{` ends with `}`"),
        "," if rest_of_line(text, at).starts_with(';') => {
            Explained::new("a bracket is still open here", label)
                .hint("close it with `)` or `]` before the `;`")
        }
        "," => {
            Explained::new("expected `,` here", label).hint("values in brackets are parted by `,`")
        }
        "{" => {
            Explained::new("expected `{` here", label).hint("a block stands between `{` and `}`")
        }
        token => Explained::new(format!("expected `{token}` here"), label),
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
    let explained = Explained::new(format!("expected {wanted}, got {found}"), "here");
    if wanted.contains("boolean") && found.contains("number") {
        return explained.hint("compare it: `n != 0`; a loop without an end is `loop { ... }`");
    }
    explained
}
