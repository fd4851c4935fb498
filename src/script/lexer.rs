//! The words of an input as it is typed: whole or not, right or wrong.
//!
//! Rhai's own lexer stops at what is not finished, and keeps no spaces and no comments. This one reads any text, for colours, for
//! completion and for splitting an input; what is right is for Rhai to say.

use std::ops::Range;

/// What a piece of an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Spaces and line ends.
    Space,
    /// A comment.
    Comment,
    /// Text or a character, with its quotes; of text with `${ }` in it each piece around them.
    Text,
    /// A number.
    Number,
    /// A word of the language.
    Keyword,
    /// Any other word.
    Name,
    /// An operator, bracket or other sign.
    Symbol,
}

/// A piece of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// As it is written.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// What it is.
    pub class: Class,
}

/// What an input ends within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// A block comment.
    Comment,
    /// A comment that ends with its line.
    LineComment,
    /// Text in double quotes, or a character.
    Text,
    /// Text in back-ticks, or raw text, which goes over lines.
    BackTicks,
    /// An expression within text in back-ticks.
    Expression,
}

/// An input in pieces, which together are the whole of it.
pub(super) struct Lexed<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) open: Option<Open>,
}

impl Token<'_> {
    /// The bytes that it takes up.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(super) fn is(&self, symbol: &str) -> bool {
        self.class == Class::Symbol && self.text == symbol
    }

    /// Whether it counts for the parser.
    pub(super) fn counts(&self) -> bool {
        !matches!(self.class, Class::Space | Class::Comment)
    }
}

const KEYWORDS: [&str; 28] = [
    "as",
    "break",
    "catch",
    "const",
    "continue",
    "do",
    "else",
    "export",
    "false",
    "fn",
    "for",
    "global",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "private",
    "return",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "until",
    "while",
    "Fn",
    "is_def_var",
];

/// Longest first, so that `::` is not two of `:`.
const SYMBOLS: [&str; 36] = [
    "<<=", ">>=", "**=", "...", "..=", "===", "!==", "#{", "::", "=>", "->", "==", "!=", "<=",
    ">=", "&&", "||", "??", "?.", "?[", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>",
    "**", "..", "++", "--", "!!", "<>",
];

/// The pieces of an input, whole or not, right or wrong: together they are the whole of it.
#[must_use]
pub fn tokens(input: &str) -> Vec<Token<'_>> {
    lex(input).tokens
}

/// The bracket at or before the cursor, and its other one, where there is one.
#[must_use]
pub fn brackets_at(input: &str, cursor: usize) -> Option<[Range<usize>; 2]> {
    let lexed = lex(input);
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in &lexed.tokens {
        match (token.class, token.text) {
            (Class::Symbol, "(" | "[" | "{" | "#{" | "?[") => open.push(token),
            (Class::Text, text) if text.ends_with("${") => open.push(token),
            (Class::Text, text) if text.starts_with('}') => drop(open.pop()),
            (Class::Symbol, ")" | "]" | "}") => {
                let other = open.pop()?;
                let touches =
                    |token: &Token<'_>| token.start == cursor || token.range().end == cursor;
                if touches(other) || touches(token) {
                    return Some([other.range(), token.range()]);
                }
            }
            _ => {}
        }
    }
    None
}

/// Takes an input apart.
pub(super) fn lex(text: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        open: None,
        interpolations: Vec::new(),
    };
    while lexer.at < text.len() {
        lexer.step();
    }
    if lexer.open.is_none() && !lexer.interpolations.is_empty() {
        lexer.open = Some(Open::Expression);
    }
    Lexed {
        tokens: lexer.tokens,
        open: lexer.open,
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token<'a>>,
    open: Option<Open>,
    /// For each text that an expression stands in: the braces that are open in that expression.
    interpolations: Vec<usize>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let mut letters = rest.chars();
        let first = letters.next().unwrap_or_default();
        let next = letters.next();
        match (first, next) {
            ('/', Some('/')) => self.line_comment(rest),
            ('/', Some('*')) => self.block_comment(rest),
            ('"' | '\'', _) => self.quoted(rest, first),
            ('`', _) => self.back_ticks(rest, 1),
            ('}', _) if self.interpolations.last() == Some(&0) => {
                self.interpolations.pop();
                self.back_ticks(rest, 1);
            }
            ('#', Some('"' | '#')) => self.raw(rest),
            _ if first.is_whitespace() => {
                let length = length_while(rest, char::is_whitespace);
                self.push(length, Class::Space);
            }
            _ if first.is_ascii_digit() => self.push(number(rest), Class::Number),
            _ if is_word(first) => {
                let length = length_while(rest, is_word);
                let is_keyword = KEYWORDS.contains(&&rest[..length]);
                let after_dot = self.tokens.iter().rev().find(|token| token.counts());
                // `x.in` is no loop, whatever else it is.
                let class = match after_dot {
                    Some(dot) if dot.is(".") => Class::Name,
                    _ if is_keyword => Class::Keyword,
                    _ => Class::Name,
                };
                self.push(length, class);
            }
            _ => self.symbol(rest, first),
        }
    }

    fn symbol(&mut self, rest: &str, first: char) {
        let found = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        let length = found.map_or(first.len_utf8(), |symbol| symbol.len());
        if let Some(braces) = self.interpolations.last_mut() {
            match &rest[..length] {
                "{" | "#{" => *braces += 1,
                "}" => *braces -= 1,
                _ => {}
            }
        }
        self.push(length, Class::Symbol);
    }

    fn line_comment(&mut self, rest: &str) {
        let length = rest.find('\n').unwrap_or(rest.len());
        if length == rest.len() {
            self.open = Some(Open::LineComment);
        }
        self.push(length, Class::Comment);
    }

    /// Block comments nest.
    fn block_comment(&mut self, rest: &str) {
        let (mut depth, mut at) = (0_usize, 0);
        while at < rest.len() {
            if rest[at..].starts_with("/*") {
                (depth, at) = (depth + 1, at + 2);
            } else if rest[at..].starts_with("*/") {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return self.push(at, Class::Comment);
                }
            } else {
                at += rest[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        self.open = Some(Open::Comment);
        self.push(rest.len(), Class::Comment);
    }

    /// `"text"`, where `""` is a quote and a `\` at its end goes on in the next line, or `'c'`.
    fn quoted(&mut self, rest: &str, quote: char) {
        let mut letters = rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => drop(letters.next()),
                '\n' => return self.push(at, Class::Text),
                _ if letter == quote => match letters.peek() {
                    Some((_, next)) if *next == quote && quote == '"' => drop(letters.next()),
                    _ => return self.push(at + 1, Class::Text),
                },
                _ => {}
            }
        }
        self.open = Some(Open::Text);
        self.push(rest.len(), Class::Text);
    }

    /// Text in back-ticks from its beginning, or behind the end of an expression in it.
    fn back_ticks(&mut self, rest: &str, from: usize) {
        let mut letters = rest.char_indices().skip(from).peekable();
        while let Some((at, letter)) = letters.next() {
            match (letter, letters.peek().map(|(_, next)| *next)) {
                ('`', Some('`')) => drop(letters.next()),
                ('`', _) => return self.push(at + 1, Class::Text),
                ('$', Some('{')) => {
                    self.interpolations.push(0);
                    return self.push(at + 2, Class::Text);
                }
                _ => {}
            }
        }
        self.open = Some(Open::BackTicks);
        self.push(rest.len(), Class::Text);
    }

    /// `#"text"#`, with any number of `#`.
    fn raw(&mut self, rest: &str) {
        let hashes = length_while(rest, |letter| letter == '#');
        if !rest[hashes..].starts_with('"') {
            return self.push(hashes, Class::Symbol);
        }
        let end = format!("\"{}", &rest[..hashes]);
        let from = hashes + 1;
        if let Some(at) = rest[from..].find(&end) {
            self.push(from + at + end.len(), Class::Text);
        } else {
            self.open = Some(Open::BackTicks);
            self.push(rest.len(), Class::Text);
        }
    }

    fn push(&mut self, length: usize, class: Class) {
        let end = self.at + length;
        self.tokens.push(Token {
            text: &self.text[self.at..end],
            start: self.at,
            class,
        });
        self.at = end;
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn length_while(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !holds(letter)).unwrap_or(text.len())
}

/// The length of a number: `1_000`, `0xff`, `1.5e-3`, but of `1..5` and `1.max(2)` only the first digit.
fn number(text: &str) -> usize {
    let whole = length_while(text, is_word);
    let Some(behind) = text[whole..].strip_prefix('.') else {
        return whole;
    };
    if !behind.starts_with(|next: char| next.is_ascii_digit()) {
        return whole;
    }
    let fraction = whole + 1 + length_while(behind, is_word);
    let rest = &text[fraction..];
    let has_exponent = text[..fraction].ends_with(['e', 'E']) && rest.starts_with(['-', '+']);
    if has_exponent {
        return fraction + 1 + length_while(&rest[1..], is_word);
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(&str, Class)> {
        let lexed = lex(text);
        let whole: String = lexed.tokens.iter().map(|token| token.text).collect();
        assert_eq!(whole, text, "nothing is lost");
        let counting = lexed
            .tokens
            .iter()
            .filter(|token| token.class != Class::Space);
        counting.map(|token| (token.text, token.class)).collect()
    }

    #[test]
    fn an_input_is_taken_apart() {
        use Class::{Keyword, Name, Number, Symbol, Text};
        assert_eq!(
            pieces("let x = f::g(1.5e-3, \"a\\\"b\");"),
            [
                ("let", Keyword),
                ("x", Name),
                ("=", Symbol),
                ("f", Name),
                ("::", Symbol),
                ("g", Name),
                ("(", Symbol),
                ("1.5e-3", Number),
                (",", Symbol),
                ("\"a\\\"b\"", Text),
                (")", Symbol),
                (";", Symbol),
            ]
        );
        assert_eq!(
            pieces("`a ${x + #{ b: 1 }.b} c`.len()")
                .into_iter()
                .filter(|(_, class)| *class == Text)
                .collect::<Vec<_>>(),
            [("`a ${", Text), ("} c`", Text)]
        );
        assert_eq!(pieces("1..5")[0], ("1", Number));
        assert_eq!(pieces("7.max(2)")[0], ("7", Number));
        assert_eq!(pieces("'\\'' ü /* a /* b */ c */ \"\"\"\"").len(), 4);
        assert_eq!(pieces("#\"a\"b\"# ##\"x\"#\"##").len(), 2);
    }

    #[test]
    fn it_is_known_what_an_input_ends_within() {
        for (text, open) in [
            ("1 + 2", None),
            ("/* a", Some(Open::Comment)),
            ("/* /* */", Some(Open::Comment)),
            ("let x = 1; /* b\n", Some(Open::Comment)),
            ("`a` /*", Some(Open::Comment)),
            ("// a", Some(Open::LineComment)),
            ("// /*\n", None),
            ("\"a", Some(Open::Text)),
            ("\"/*\"", None),
            ("\"\\\"/*\"", None),
            ("'/'", None),
            ("`a\nb", Some(Open::BackTicks)),
            ("`a ${b", Some(Open::Expression)),
            ("`a ${b} c`", None),
            ("#\"a\n", Some(Open::BackTicks)),
            ("let x = 4 / 2 * 3", None),
        ] {
            assert_eq!(lex(text).open, open, "{text}");
        }
    }
}
