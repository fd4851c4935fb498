//! Where in an input the cursor is.

use crate::script::lexer::{Class, Open, Token, lex};

/// The part of an input before the cursor, and its brackets.
pub(super) struct Input<'a> {
    /// Those that count for the parser.
    pub(super) tokens: Vec<Token<'a>>,
    /// For each bracket that has its other one: where that is.
    pairs: Vec<Option<usize>>,
    /// The brackets that are open at the cursor, the outermost first.
    pub(super) brackets: Vec<Bracket<'a>>,
    open: Option<Open>,
    length: usize,
}

/// A bracket that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket<'a> {
    pub(super) open: &'a str,
    /// Its place among the tokens.
    pub(super) at: usize,
    /// How many commas there were in it.
    pub(super) commas: usize,
    /// Of a map: the name whose value is being written.
    pub(super) key: Option<&'a str>,
}

/// A call whose arguments are being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) on: On<'a>,
    /// Which argument it is, from 0.
    pub(super) argument: usize,
}

/// What a call is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On<'a> {
    Nothing,
    Module(&'a str),
    /// The value that ends before this token.
    Value(usize),
}

/// What is being written at the cursor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// Nothing that could be completed.
    Nowhere,
    /// A name by itself.
    Name(Word<'a>),
    /// A member of the value that ends before this token.
    Member(usize, Word<'a>),
    /// A function of a module.
    InModule(&'a str, Word<'a>),
    /// The name of an option.
    OptionName(Word<'a>),
    /// The value of the option of this name, quotes and all.
    OptionValue(&'a str, Word<'a>),
    /// Text of an argument; the word is without its quote.
    Text(Word<'a>, char),
    /// The path of an `import`.
    Import(Word<'a>),
}

/// What is written already of what is being completed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl<'a> Input<'a> {
    /// Reads an input as far as the cursor.
    pub(super) fn before(text: &'a str) -> Self {
        let lexed = lex(text);
        let tokens: Vec<Token<'_>> = lexed.tokens.into_iter().filter(Token::counts).collect();
        let (pairs, brackets) = brackets(&tokens);
        Self {
            pairs,
            brackets,
            tokens,
            open: lexed.open,
            length: text.len(),
        }
    }

    /// The other bracket of the one at this place.
    pub(super) fn pair(&self, at: usize) -> Option<usize> {
        self.pairs.get(at).copied().flatten()
    }

    pub(super) fn is(&self, at: usize, symbol: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(symbol))
    }

    pub(super) fn name(&self, at: usize) -> Option<&'a str> {
        let token = self.tokens.get(at)?;
        (token.class == Class::Name).then_some(token.text)
    }

    /// What is being written.
    pub(super) fn place(&self) -> Place<'a> {
        let last = self.tokens.last();
        match (self.open, last) {
            (Some(Open::Comment | Open::LineComment), _) => return Place::Nowhere,
            (Some(Open::Text | Open::BackTicks), Some(text)) => return self.in_text(text),
            _ => {}
        }
        let word = match last {
            Some(token)
                if matches!(token.class, Class::Name | Class::Keyword)
                    && token.range().end == self.length =>
            {
                Some(token)
            }
            Some(token) if token.class == Class::Number && token.range().end == self.length => {
                return Place::Nowhere;
            }
            _ => None,
        };
        let before = self.tokens.len() - usize::from(word.is_some());
        let word = word.map_or(
            Word {
                start: self.length,
                text: "",
            },
            |token| Word {
                start: token.start,
                text: token.text,
            },
        );
        let Some(at) = before.checked_sub(1) else {
            return Place::Name(word);
        };
        let previous = &self.tokens[at];
        if previous.is(".") || previous.is("?.") {
            return Place::Member(at, word);
        }
        if previous.is("::")
            && let Some(module) = at.checked_sub(1).and_then(|at| self.name(at))
        {
            return Place::InModule(module, word);
        }
        if self.options().is_some()
            && let Some(map) = self.brackets.last().filter(|map| map.open == "#{")
        {
            return match map.key {
                Some(key) => Place::OptionValue(key, word),
                None if previous.is("#{") || previous.is(",") => Place::OptionName(word),
                None => Place::Nowhere,
            };
        }
        Place::Name(word)
    }

    fn in_text(&self, text: &Token<'a>) -> Place<'a> {
        let Some(quote) = text
            .text
            .chars()
            .next()
            .filter(|quote| "\"`".contains(*quote))
        else {
            return Place::Nowhere;
        };
        let word = Word {
            start: text.start + 1,
            text: &text.text[1..],
        };
        let before = self.tokens.len().checked_sub(2).map(|at| self.tokens[at]);
        if before.is_some_and(|token| token.class == Class::Keyword && token.text == "import") {
            return Place::Import(word);
        }
        if let (Some(map), true) = (self.brackets.last(), self.options().is_some())
            && map.open == "#{"
            && let Some(key) = map.key
        {
            return Place::OptionValue(
                key,
                Word {
                    start: text.start,
                    text: text.text,
                },
            );
        }
        Place::Text(word, quote)
    }

    /// The call whose argument is being written, through arrays and maps in it.
    pub(super) fn call(&self) -> Option<Call<'a>> {
        let mut outer = self.brackets.iter().rev();
        let bracket = outer.find(|bracket| !matches!(bracket.open, "[" | "#{"))?;
        self.call_of(bracket)
    }

    /// The call whose map of options is being written, and the names that lead to this map where it is within another.
    pub(super) fn options(&self) -> Option<(Call<'a>, Option<&'a str>)> {
        let depth = self.brackets.len();
        let map = self.brackets.last().filter(|map| map.open == "#{")?;
        let outer = &self.brackets[depth.checked_sub(2)?];
        if outer.open != "#{" {
            return Some((self.call_of(outer)?, None)).filter(|_| outer.at < map.at);
        }
        let call = self.brackets.get(depth.checked_sub(3)?)?;
        Some((self.call_of(call)?, outer.key))
    }

    fn call_of(&self, bracket: &Bracket<'a>) -> Option<Call<'a>> {
        if bracket.open != "(" {
            return None;
        }
        let at = bracket.at.checked_sub(1)?;
        let name = self.name(at)?;
        let on = match at.checked_sub(1) {
            Some(dot) if self.is(dot, ".") || self.is(dot, "?.") => On::Value(dot),
            Some(colons) if self.is(colons, "::") => On::Module(self.name(colons.checked_sub(1)?)?),
            _ => On::Nothing,
        };
        Some(Call {
            name,
            on,
            argument: bracket.commas,
        })
    }
}

/// Which brackets belong together, and which are open at the end.
fn brackets<'a>(tokens: &[Token<'a>]) -> (Vec<Option<usize>>, Vec<Bracket<'a>>) {
    let mut pairs = vec![None; tokens.len()];
    let mut open: Vec<Bracket<'a>> = Vec::new();
    // Between the bars of a closure a comma parts its parameters.
    let mut in_bars = false;
    for (at, token) in tokens.iter().enumerate() {
        let opens = |symbol| Bracket {
            open: symbol,
            at,
            commas: 0,
            key: None,
        };
        if token.class == Class::Text {
            if token.text.starts_with('}') {
                close(&mut open, &mut pairs, at);
            }
            if token.text.ends_with("${") {
                open.push(opens("${"));
            }
            continue;
        }
        if token.class != Class::Symbol {
            continue;
        }
        match token.text {
            "(" | "[" | "{" | "#{" | "?[" => open.push(opens(token.text)),
            ")" | "]" | "}" => close(&mut open, &mut pairs, at),
            "|" => in_bars = !in_bars && begins_value(tokens, at),
            "," if !in_bars => {
                if let Some(bracket) = open.last_mut() {
                    (bracket.commas, bracket.key) = (bracket.commas + 1, None);
                }
            }
            ":" => {
                let name = at
                    .checked_sub(1)
                    .map(|at| tokens[at].text.trim_matches('"'));
                if let Some(bracket) = open.last_mut().filter(|bracket| bracket.open == "#{") {
                    bracket.key = name;
                }
            }
            _ => {}
        }
    }
    (pairs, open)
}

fn close(open: &mut Vec<Bracket<'_>>, pairs: &mut [Option<usize>], at: usize) {
    if let Some(bracket) = open.pop() {
        (pairs[bracket.at], pairs[at]) = (Some(at), Some(bracket.at));
    }
}

/// Whether what stands here begins a value, as a bar does that begins a closure.
fn begins_value(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| &tokens[at]) else {
        return true;
    };
    match before.class {
        Class::Symbol => !matches!(before.text, ")" | "]" | "}"),
        Class::Keyword => true,
        _ => false,
    }
}
