//! What sort of value an expression gives, as far as that is seen without running it.

use rhai::{Array, Dynamic, Map, Scope};

use super::place::{Call, Input, On};
use crate::script::lexer::Class;
use crate::script::values;
use crate::script::vocabulary::{GETTER, Vocabulary};

/// What is known of values.
pub(super) struct Knowledge<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) scope: &'a Scope<'static>,
    pub(super) constants: &'a Scope<'static>,
}

/// What is known of one value: what people call its type, and the value itself where it is there.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) kind: String,
    pub(super) value: Option<Dynamic>,
}

/// An expression within an expression within ... is followed so far.
const DEPTH: usize = 16;

impl Known {
    fn of_kind(kind: &str) -> Option<Self> {
        (!kind.is_empty() && kind != "any value").then(|| Self {
            kind: kind.to_owned(),
            value: None,
        })
    }

    fn of(value: Dynamic) -> Self {
        let value = value.flatten();
        Self {
            kind: values::kind(&value).to_owned(),
            value: Some(value),
        }
    }

    /// What a loop over it gives.
    fn element(&self) -> Option<Self> {
        if self.kind == "Listing" {
            return Self::of_kind("Item");
        }
        let array = self.value.as_ref()?.read_lock::<Array>()?;
        array.first().cloned().map(Self::of)
    }
}

impl Knowledge<'_> {
    /// What the value is that ends before this token.
    pub(super) fn before(&self, input: &Input<'_>, end: usize) -> Option<Known> {
        self.chain(input, chain_start(input, end)?, end, DEPTH)
    }

    /// What the whole of an expression gives.
    pub(super) fn whole(&self, input: &Input<'_>) -> Option<Known> {
        let end = input.tokens.len();
        let start = chain_start(input, end)?;
        if start != 0 {
            return None;
        }
        self.chain(input, 0, end, DEPTH)
    }

    /// Follows `a.b(c)[d].e` from its beginning.
    fn chain(&self, input: &Input<'_>, start: usize, end: usize, depth: usize) -> Option<Known> {
        let depth = depth.checked_sub(1)?;
        let (mut known, mut at) = self.first(input, start, depth)?;
        while at < end {
            if input.is(at, "[") || input.is(at, "?[") {
                known = known.element()?;
                at = input.pair(at)? + 1;
                continue;
            }
            let name = input.name(at + 1)?;
            at += 2;
            if input.is(at, "(") {
                let result = self
                    .vocabulary
                    .methods(&known.kind, name)
                    .find(|method| !method.result.is_empty())?;
                known = Known::of_kind(&result.result)?;
                at = input.pair(at)? + 1;
            } else {
                known = self.property(&known, name)?;
            }
        }
        Some(known)
    }

    /// The value at the beginning of a chain, and where it ends.
    fn first(&self, input: &Input<'_>, at: usize, depth: usize) -> Option<(Known, usize)> {
        let token = input.tokens.get(at)?;
        let literal = |kind: &str, end: usize| Some((Known::of_kind(kind)?, end));
        match (token.class, token.text) {
            (Class::Number, text) if text.contains('.') => literal("float", at + 1),
            (Class::Number, _) => literal("integer", at + 1),
            (Class::Keyword, "true" | "false") => literal("boolean", at + 1),
            (Class::Text, text) if text.starts_with('\'') => literal("character", at + 1),
            (Class::Text, text) if text.ends_with("${") => {
                let mut end = at;
                while input.tokens[end].text.ends_with("${") {
                    end = input.pair(end)?;
                }
                literal("text", end + 1)
            }
            (Class::Text, _) => literal("text", at + 1),
            (Class::Symbol, "[") => literal("array", input.pair(at)? + 1),
            (Class::Symbol, "#{") => literal("map", input.pair(at)? + 1),
            (Class::Symbol, "(") => {
                let end = input.pair(at)?;
                let start = chain_start(input, end)?;
                let inner = self
                    .chain(input, start, end, depth)
                    .filter(|_| start == at + 1);
                Some((inner?, end + 1))
            }
            (Class::Name, module) if input.is(at + 1, "::") && input.is(at + 3, "(") => {
                let known = self.result(module, input.name(at + 2)?)?;
                Some((known, input.pair(at + 3)? + 1))
            }
            (Class::Name, name) if input.is(at + 1, "(") => {
                Some((self.result("", name)?, input.pair(at + 1)? + 1))
            }
            (Class::Name, name) => Some((self.variable(input, name, at, depth)?, at + 1)),
            _ => None,
        }
    }

    fn result(&self, module: &str, name: &str) -> Option<Known> {
        let mut named = self.vocabulary.named(module, name);
        Known::of_kind(&named.find(|function| !function.result.is_empty())?.result)
    }

    fn property(&self, known: &Known, name: &str) -> Option<Known> {
        if let Some(map) = known.value.as_ref().and_then(Dynamic::read_lock::<Map>) {
            return map.get(name).cloned().map(Known::of);
        }
        let getter = format!("{GETTER}{name}");
        let getter = self.vocabulary.methods(&known.kind, &getter).next()?;
        Known::of_kind(&getter.result)
    }

    /// A variable: one that the input declares before, of the session, or a constant.
    fn variable(
        &self,
        input: &Input<'_>,
        name: &str,
        before: usize,
        depth: usize,
    ) -> Option<Known> {
        for at in (0..before.saturating_sub(1)).rev() {
            if input.name(at + 1) != Some(name) {
                continue;
            }
            match input.tokens[at].text {
                "let" | "const" if input.is(at + 2, "=") => {
                    return self.assigned(input, at + 3, before, depth);
                }
                "for" => return self.iterated(input, at + 2, before, depth),
                "|" | "," if is_parameter(input, at + 1) => {
                    return self.handed(input, at + 1, depth);
                }
                _ => {}
            }
        }
        let value = self.scope.get(name).or_else(|| self.constants.get(name))?;
        Some(Known::of(value.clone()))
    }

    /// What `let` gives a variable whose value begins here.
    fn assigned(&self, input: &Input<'_>, from: usize, to: usize, depth: usize) -> Option<Known> {
        let mut end = from;
        while end < to && !input.is(end, ";") {
            end = input.pair(end).filter(|pair| *pair > end).unwrap_or(end) + 1;
        }
        let start = chain_start(input, end)?;
        (start == from).then(|| self.chain(input, start, end, depth))?
    }

    /// What `for` gives a variable; `in` stands here.
    fn iterated(&self, input: &Input<'_>, at: usize, to: usize, depth: usize) -> Option<Known> {
        let from = at + 1;
        let end = (from..to).find(|end| input.is(*end, "{"))?;
        let start = chain_start(input, end)?;
        let over = (start == from).then(|| self.chain(input, start, end, depth))?;
        over?.element()
    }

    /// What the parameter of a closure is given: whoever is handed a closure here gives it items, or what it is made of.
    fn handed(&self, input: &Input<'_>, parameter: usize, depth: usize) -> Option<Known> {
        let mut open: Vec<usize> = Vec::new();
        for at in 0..parameter {
            match input.tokens[at].text {
                "(" | "[" | "{" | "#{" => open.push(at),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        let call = open.into_iter().rev().find(|at| input.is(*at, "("))?;
        let dot = call.checked_sub(2).filter(|dot| input.is(*dot, "."))?;
        let on = self.chain(input, chain_start(input, dot)?, dot, depth)?;
        if on.kind == "Connection" {
            return Known::of_kind("Item");
        }
        on.element()
    }

    /// The type that a call is made on; `None` where that is not known, or there is none.
    pub(super) fn receiver(&self, input: &Input<'_>, call: &Call<'_>) -> Option<Known> {
        match call.on {
            On::Value(end) => self.before(input, end),
            On::Nothing | On::Module(_) => None,
        }
    }
}

/// Whether a name stands between the bars of a closure.
fn is_parameter(input: &Input<'_>, at: usize) -> bool {
    let mut before = at;
    while before > 0 && (input.is(before - 1, ",") || input.name(before - 1).is_some()) {
        before -= 1;
    }
    let mut after = at + 1;
    while input.is(after, ",") || input.name(after).is_some() {
        after += 1;
    }
    before > 0 && input.is(before - 1, "|") && input.is(after, "|")
}

/// Where the expression begins that ends before this token.
fn chain_start(input: &Input<'_>, end: usize) -> Option<usize> {
    let mut at = end;
    loop {
        at = at.checked_sub(1)?;
        let token = &input.tokens[at];
        let is_suffix = match (token.class, token.text) {
            (Class::Symbol, ")") => {
                at = input.pair(at)?;
                // The name of what is called belongs to it.
                at -= usize::from(at > 0 && input.name(at - 1).is_some());
                false
            }
            (Class::Symbol, "]") => {
                at = input.pair(at)?;
                at > 0 && ends_value(input, at - 1)
            }
            (Class::Symbol, "}") => {
                at = input.pair(at)?;
                if !input.is(at, "#{") {
                    return None;
                }
                false
            }
            (Class::Text, _) => {
                while input.tokens[at].text.starts_with('}') {
                    at = input.pair(at)?;
                }
                false
            }
            (Class::Name | Class::Number, _) | (Class::Keyword, "true" | "false" | "this") => false,
            _ => return None,
        };
        if is_suffix {
            continue;
        }
        match at.checked_sub(1) {
            Some(dot) if input.is(dot, ".") || input.is(dot, "?.") => at = dot,
            Some(colons) if input.is(colons, "::") => return colons.checked_sub(1),
            _ => return Some(at),
        }
    }
}

fn ends_value(input: &Input<'_>, at: usize) -> bool {
    let token = &input.tokens[at];
    matches!(token.class, Class::Name | Class::Text) || matches!(token.text, ")" | "]")
}
