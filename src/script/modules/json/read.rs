//! Values from JSON, made as the text is read.

use std::cell::{Cell, RefCell};
use std::fmt;

use rhai::{Array, Dynamic, EvalAltResult, INT, Map};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;

/// Values between two looks at whether the script may go on.
const LOOK_EVERY: usize = 0x1000;
/// From here on a number is no integer of a script any more: 2 to the 63rd.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// The value that `text` tells.
///
/// # Errors
/// `invalid_argument` with the place: text that is no JSON, a number that no number of scripts is, what is larger than values may be.
pub(in crate::script) fn from_text(run: &Run, text: &str) -> Raised<Dynamic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader {
        run,
        length: text.len(),
        seen: Cell::new(0),
        has_large: Cell::new(false),
        stopped: RefCell::new(None),
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = (&reader)
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value));
    if let Some(stopped) = reader.stopped.take() {
        return Err(stopped);
    }
    let value = read.map_err(|cause| run.raise(not_json(&cause)))?;
    // The parser has made a float of an integer that is larger than its own are.
    if reader.has_large.get()
        && let Some((line, number)) = large_integer(text)
    {
        let message = format!("line {line}: {}", too_large(number));
        return Err(run.raise(wrong(&message)));
    }
    Ok(value)
}

struct Reader<'a> {
    run: &'a Run,
    /// Bytes of the text, which those of the texts in it are not more than.
    length: usize,
    seen: Cell<usize>,
    /// Whether there was a number that may have been an integer past all that are counted exactly.
    has_large: Cell<bool>,
    /// Why the script must not go on.
    stopped: RefCell<Option<Box<EvalAltResult>>>,
}

impl Reader<'_> {
    /// How many bytes the values take that were read so far, at most.
    fn made(&self) -> usize {
        self.seen.get() * size_of::<Dynamic>() + self.length
    }

    fn look<E: serde::de::Error>(&self) -> Result<(), E> {
        self.seen.set(self.seen.get() + 1);
        if self.seen.get().is_multiple_of(LOOK_EVERY)
            && let Err(stopped) = self.run.gate().check_with(self.made())
        {
            *self.stopped.borrow_mut() = Some(stopped);
            return Err(E::custom("the script was stopped"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &Reader<'_> {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Dynamic, D::Error> {
        self.look()?;
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Dynamic, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Dynamic, E> {
        Ok(number.into())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Dynamic, E> {
        INT::try_from(number)
            .map(Into::into)
            .map_err(|_| E::custom(too_large(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Dynamic, E> {
        if number.abs() >= TOO_LARGE {
            self.has_large.set(true);
        }
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Dynamic, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Dynamic, A::Error> {
        let limit = self.run.host().limits.array_size;
        let mut array = Array::new();
        while let Some(value) = values.next_element_seed(self)? {
            if array.len() == limit {
                let message = format!("an array has more than {limit} elements");
                return Err(A::Error::custom(message));
            }
            array.push(value);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Dynamic, A::Error> {
        let limit = self.run.host().limits.map_size;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.len() == limit {
                let message = format!("a map has more than {limit} entries");
                return Err(A::Error::custom(message));
            }
            map.insert(key.into(), entries.next_value_seed(self)?);
        }
        Ok(map.into())
    }
}

/// The first integer in a JSON text that a script has no number for, and its line.
fn large_integer(text: &str) -> Option<(usize, &str)> {
    let mut line = 1;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let from = at;
        at += 1;
        match byte {
            b'\n' => line += 1,
            b'"' => {
                while let Some(&byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if byte == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let ends =
                    |byte: &u8| !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                let length = bytes[from..].iter().position(ends);
                at = length.map_or(bytes.len(), |length| from + length);
                let number = &text[from..at];
                let is_whole = !number.contains(['.', 'e', 'E']);
                if is_whole && number.parse::<INT>().is_err() {
                    return Some((line, number));
                }
            }
            _ => {}
        }
    }
    None
}

fn too_large(number: impl fmt::Display) -> String {
    format!("{number} is outside of what an integer can be")
}

/// The parser puts the place behind, where nobody looks for it first.
fn not_json(cause: &serde_json::Error) -> Error {
    let (line, column) = (cause.line(), cause.column());
    let text = cause.to_string();
    let text = text
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&text);
    wrong(&format!("line {line}, column {column}: {text}"))
}

fn wrong(why: &str) -> Error {
    let message = format!("the text is not JSON that a script can read: {why}");
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::large_integer;

    #[test]
    fn integers_past_all_that_a_script_has_are_found() {
        for (text, found) in [
            ("[1, 9223372036854775807, -9223372036854775808]", None),
            ("[9223372036854775808]", Some((1, "9223372036854775808"))),
            (
                "[1e30, 10000000000000000000000.5, \"10000000000000000000000\"]",
                None,
            ),
            (
                "{\"a \\\" b\": 1,\n \"c\": -20000000000000000000000}",
                Some((2, "-20000000000000000000000")),
            ),
        ] {
            assert_eq!(large_integer(text), found, "{text}");
        }
    }
}
