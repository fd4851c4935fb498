//! `_`, the last value.
//!
//! Rhai keeps `_` for the rest of a `switch`. So the parser is told, sign by sign, which of them are the variable.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, Position, Token};

use crate::script::lexer::{self, Class, lex};

/// The name of the variable.
pub(super) const NAME: &str = "_";

/// Where in the text that is being parsed the variable stands: lines and columns.
#[derive(Clone, Default)]
pub(super) struct LastValue(Arc<Mutex<BTreeSet<(usize, usize)>>>);

impl LastValue {
    /// Teaches an engine the variable.
    pub(super) fn of(engine: &mut Engine) -> Self {
        let places = Self::default();
        let known = places.clone();
        #[allow(
            deprecated,
            reason = "it is marked as volatile, and the version of Rhai is pinned"
        )]
        engine.on_parse_token(move |token, position, _| match token {
            Token::Underscore if known.stands_at(position) => {
                Token::Identifier(Box::new(NAME.into()))
            }
            token => token,
        });
        places
    }

    /// Parses a text in which the variable is known; in others, as modules, it is not.
    pub(super) fn known_in<T>(&self, text: &str, parse: impl FnOnce() -> T) -> T {
        *self.lock() = places(text);
        let parsed = parse();
        self.lock().clear();
        parsed
    }

    fn stands_at(&self, position: Position) -> bool {
        let place = position.line().zip(position.position());
        place.is_some_and(|place| self.lock().contains(&place))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<(usize, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn places(text: &str) -> BTreeSet<(usize, usize)> {
    let places = uses(text).into_iter().map(|token| {
        let before = &text[..token.start];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    });
    places.collect()
}

/// Where a text uses the variable.
pub(super) fn uses(text: &str) -> Vec<lexer::Token<'_>> {
    let tokens: Vec<_> = lex(text)
        .tokens
        .into_iter()
        .filter(lexer::Token::counts)
        .collect();
    let behind = |at: usize| tokens.get(at + 1);
    let is_use = |at: usize, token: &lexer::Token<'_>| {
        token.class == Class::Name
            && token.text == NAME
            && !behind(at).is_some_and(|next| next.is("=>"))
    };
    let uses = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| is_use(*at, token));
    uses.map(|(_, token)| *token).collect()
}
