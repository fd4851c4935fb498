//! The line under an input that tells what is being written.

use std::ops::Range;

use super::Completer;
use super::place::{Call, Input, On, Place};
use crate::options::OptionSpec;

/// What helps at the cursor: how a function is called, or what an option takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// A line, as long as it is.
    pub text: String,
    /// The part of it that is being written now.
    pub current: Option<Range<usize>>,
}

impl Completer<'_> {
    /// What helps at the end of this input.
    pub(in crate::script) fn hint(&self, before: &str) -> Option<Hint> {
        let input = Input::before(before);
        if let (Some((call, within)), Place::OptionValue(name, _)) =
            (input.options(), input.place())
            && let Some(option) = self
                .options_of(&input, &call, within)
                .iter()
                .find(|option| option.name == name)
        {
            return Some(about(option));
        }
        let call = input.call()?;
        let mut hint = self.signature(&input, &call)?;
        if self.is_listing(&input) {
            hint.text.push_str("  (listing…)");
        }
        Some(hint)
    }

    /// A function that inputs defined, with its parameters.
    fn own_function(&self, call: &Call<'_>) -> Option<&(String, Vec<String>)> {
        let mut named = self.functions.iter().filter(|(name, _)| name == call.name);
        named.find(|(_, parameters)| parameters.len() > call.argument)
    }

    /// How the function is called, with the argument that is being written.
    fn signature(&self, input: &Input<'_>, call: &Call<'_>) -> Option<Hint> {
        let known: Vec<_> = self.entries_of(input, call).collect();
        let ways = known
            .iter()
            .flat_map(|entry| entry.signatures.iter().map(|way| (&entry.name, way)));
        let fitting = |count: usize| count > call.argument;
        let ways: Vec<_> = ways.collect();
        let way = ways
            .iter()
            .find(|(_, way)| fitting(way.parameters.len()))
            .or(ways.first());
        let (name, parameters, whole): (_, Vec<String>, _) = if let Some((name, way)) = way {
            let parameters = way.parameters.iter().map(ToString::to_string);
            (
                (*name).clone(),
                parameters.collect(),
                format!("{name}{way}"),
            )
        } else if let (On::Nothing, Some((name, parameters))) = (call.on, self.own_function(call)) {
            let whole = format!("{name}({})", parameters.join(", "));
            (name.clone(), parameters.clone(), whole)
        } else {
            let function = self.function_of(input, call)?;
            let is_method = matches!(call.on, On::Value(_));
            let whole = function.signature(is_method);
            (function.name.clone(), function.written(is_method), whole)
        };
        let current = parameters.get(call.argument).and_then(|parameter| {
            let from = name.len();
            // The parameter's place is behind those before it, which may begin alike.
            let behind = parameters[..call.argument].iter().fold(from, |at, before| {
                whole[at..]
                    .find(before.as_str())
                    .map_or(at, |found| at + found + before.len())
            });
            let start = behind + whole[behind..].find(parameter.as_str())?;
            Some(start..start + parameter.len())
        });
        Some(Hint {
            text: whole,
            current,
        })
    }
}

fn about(option: &OptionSpec) -> Hint {
    Hint {
        text: format!("{}: {}  {}", option.name, option.expects, option.doc.trim()),
        current: Some(0..option.name.len()),
    }
}
