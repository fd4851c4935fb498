//! The inputs of a session as a script.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use super::last_value::uses;
use crate::script::lexer::{Class, Token, lex};

/// An input that did not fail.
pub(super) struct Kept {
    pub(super) text: Arc<str>,
    /// Whether `_` is its value.
    pub(super) gave_value: bool,
}

/// A statement of an input.
struct Statement {
    range: Range<usize>,
    kind: Kind,
}

#[derive(PartialEq, Eq, Hash, Clone)]
enum Kind {
    /// A function, by its name and how many parameters it has.
    Function(String, usize),
    Import,
    Other,
}

/// A script that does what the inputs did: each function as it was defined last, imports first.
pub(super) fn script(inputs: &[Kept]) -> String {
    let mut imports: Vec<String> = Vec::new();
    let mut parts: Vec<(Kind, String)> = Vec::new();
    let mut last_value = None;
    let mut names = HashMap::new();
    for (at, input) in inputs.iter().enumerate() {
        // An input that uses the value of an earlier one finds it in a variable.
        if let (Some(from), false) = (last_value, uses(&input.text).is_empty()) {
            names.insert(from, format!("value_{}", from + 1));
        }
        let text = match last_value.and_then(|from| names.get(&from)) {
            Some(name) => with_name(&input.text, name),
            None => input.text.to_string(),
        };
        for statement in statements(&text) {
            let text = text[statement.range].trim().to_owned();
            match statement.kind {
                Kind::Import => {
                    let text = ended(text);
                    if !imports.contains(&text) {
                        imports.push(text);
                    }
                }
                kind => parts.push((kind, text)),
            }
        }
        if input.gave_value {
            last_value = Some(at);
        }
        // Marks where the input ends, for what is to be done to its last statement.
        parts.push((Kind::Other, format!("\0{at}")));
    }
    let mut text = imports.join("\n");
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    write(&mut text, &parts, &names);
    text
}

fn write(text: &mut String, parts: &[(Kind, String)], names: &HashMap<usize, String>) {
    let replaced = |at: usize, kind: &Kind| {
        *kind != Kind::Other && parts[at + 1..].iter().any(|(later, _)| later == kind)
    };
    // The value of an input is that of its last statement.
    let gives = |at: usize| {
        let (_, mark) = parts[at + 1..]
            .iter()
            .find(|(kind, _)| *kind == Kind::Other)?;
        names.get(&mark.strip_prefix('\0')?.parse().ok()?)
    };
    for (at, (kind, part)) in parts.iter().enumerate() {
        if part.starts_with('\0') || part.is_empty() || replaced(at, kind) {
            continue;
        }
        let _ = match (kind, gives(at)) {
            (Kind::Other, Some(name)) => writeln!(text, "let {name} = {}", ended(part.clone())),
            (Kind::Other, None) => writeln!(text, "{}", ended(part.clone())),
            _ => writeln!(text, "\n{part}\n"),
        };
    }
}

/// A statement with a `;` behind it, before a comment at its end.
fn ended(mut text: String) -> String {
    let lexed = lex(&text);
    let last = lexed.tokens.iter().rev().find(|token| token.counts());
    match last {
        Some(last) if !last.is(";") => {
            let end = last.range().end;
            text.insert(end, ';');
            text
        }
        _ => text,
    }
}

fn with_name(text: &str, name: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for token in uses(text) {
        written.push_str(&text[from..token.start]);
        written.push_str(name);
        from = token.range().end;
    }
    written + &text[from..]
}

/// The statements of an input, whose ranges are together the whole of it.
fn statements(text: &str) -> Vec<Statement> {
    let lexed = lex(text);
    let tokens: Vec<Token<'_>> = lexed.tokens.into_iter().filter(Token::counts).collect();
    let mut statements = Vec::new();
    let (mut first, mut from, mut depth) = (0, 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match (token.class, token.text) {
            (Class::Symbol, "(" | "[" | "{" | "#{" | "?[") => depth += 1,
            (Class::Symbol, ")" | "]" | "}") => depth = depth.saturating_sub(1),
            (Class::Text, text) => {
                depth = depth.saturating_sub(usize::from(text.starts_with('}')));
                depth += usize::from(text.ends_with("${"));
            }
            _ => {}
        }
        if depth > 0 {
            continue;
        }
        let kind = kind(&tokens[first..=at]);
        let next = tokens.get(at + 1);
        let begins_definition = next.is_some_and(|next| {
            next.class == Class::Keyword && matches!(next.text, "fn" | "private" | "import")
        });
        let is_end = token.is(";")
            || token.is("}") && (matches!(kind, Kind::Function(..)) || begins_definition)
            || next.is_none();
        if is_end {
            let to = next.map_or(text.len(), |_| token.range().end);
            statements.push(Statement {
                range: from..to,
                kind,
            });
            (first, from) = (at + 1, to);
        }
    }
    if from < text.len() && !text[from..].trim().is_empty() {
        statements.push(Statement {
            range: from..text.len(),
            kind: Kind::Other,
        });
    }
    statements
}

fn kind(tokens: &[Token<'_>]) -> Kind {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let at = usize::from(word(0) == "private");
    match word(at) {
        "import" => Kind::Import,
        "fn" => {
            let inside = tokens
                .iter()
                .skip(at + 3)
                .take_while(|token| !token.is(")"));
            let names = inside.filter(|token| token.class == Class::Name).count();
            Kind::Function(word(at + 1).to_owned(), names)
        }
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inputs: &[&str]) -> String {
        let kept = |text: &&str| Kept {
            gave_value: !text.starts_with("let")
                && !text.starts_with("fn")
                && !text.starts_with("import"),
            text: (*text).into(),
        };
        script(&inputs.iter().map(kept).collect::<Vec<_>>())
    }

    #[test]
    fn inputs_follow_one_another() {
        assert_eq!(
            of(&["let a = 1", "let b = `${a}` // so", "a + 1;"]),
            "let a = 1;\nlet b = `${a}`; // so\na + 1;\n"
        );
    }

    #[test]
    fn a_function_is_there_once_as_it_was_last() {
        let text = of(&[
            "fn f(x) { 1 } fn f(x, y) { 2 }",
            "let a = f(1)",
            "fn f(z) {\n  3\n}",
        ]);
        assert_eq!(
            text,
            "\nfn f(x, y) { 2 }\n\nlet a = f(1);\n\nfn f(z) {\n  3\n}\n\n"
        );
    }

    #[test]
    fn imports_come_first() {
        assert_eq!(
            of(&[
                "let a = 1",
                "import \"m\" as m",
                "import \"m\" as m; m::f(a)"
            ]),
            "import \"m\" as m;\n\nlet a = 1;\nm::f(a);\n"
        );
    }

    #[test]
    fn the_last_value_gets_a_name_where_it_is_used() {
        let inputs = [
            "print(1); 5 + 1",
            "let b = 2",
            "_ + b",
            "switch _ { 4 => _ * 2, _ => 0 }",
        ];
        assert_eq!(
            of(&inputs),
            "print(1);
let value_1 = 5 + 1;
let b = 2;
let value_3 = value_1 + b;
switch value_3 { 4 => value_3 * 2, _ => 0 };
"
        );
    }
}
