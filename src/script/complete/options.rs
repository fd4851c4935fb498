//! Options in maps, and their values.

use super::place::{Call, Input, Word};
use super::words::quoted;
use super::{Candidate, Completer, Completion, of};
use crate::connection::Proxy;
use crate::options::OptionSpec;

impl Completer<'_> {
    /// The options that a map may hold; `within` names the option that it is the value of.
    pub(super) fn options_of(
        &self,
        input: &Input<'_>,
        call: &Call<'_>,
        within: Option<&str>,
    ) -> &'static [OptionSpec] {
        let options = self.entries_of(input, call).map(|entry| entry.options);
        let options = options
            .max_by_key(|options| options.len())
            .unwrap_or_default();
        match within {
            None => options,
            Some("proxy") if options.iter().any(|option| option.name == "proxy") => Proxy::OPTIONS,
            Some(_) => &[],
        }
    }

    pub(super) fn option_names(&self, input: &Input<'_>) -> Vec<Candidate> {
        let Some((call, within)) = input.options() else {
            return Vec::new();
        };
        let options = self.options_of(input, &call, within).iter();
        options
            .map(|option| Candidate {
                text: format!("{}: ", option.name),
                label: option.name.to_owned(),
                goes_on: true,
            })
            .collect()
    }

    pub(super) fn option_values(
        &self,
        input: &Input<'_>,
        name: &str,
        word: Word<'_>,
    ) -> Completion {
        let Some((call, within)) = input.options() else {
            return Completion::default();
        };
        let options = self.options_of(input, &call, within);
        let Some(option) = options.iter().find(|option| option.name == name) else {
            return of(word, self.names(word));
        };
        if option.expects == "true or false" {
            return of(word, ["true", "false"].map(Candidate::word).to_vec());
        }
        let quote = word
            .text
            .chars()
            .next()
            .filter(|quote| *quote == '`')
            .unwrap_or('"');
        let values = quoted(option.expects).into_iter().map(|value| Candidate {
            text: format!("{quote}{value}{quote}"),
            label: value,
            goes_on: false,
        });
        let values: Vec<_> = values.collect();
        if values.is_empty() && !word.text.starts_with(['"', '`']) {
            return of(word, self.names(word));
        }
        of(word, values)
    }
}
