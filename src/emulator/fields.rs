//! The argument of a call, read field by field: what is missing, unknown or of the wrong type is refused in the service's words.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::path_arg::{PathArg, Pattern};

/// The fields of a struct in the argument. Each reader takes its field out; [`Fields::finish`] refuses what is left.
#[derive(Debug)]
pub(super) struct Fields {
    /// Where the argument stands, and the names that lead to this struct: `request body: entries.cursor`.
    place: String,
    map: Map<String, Value>,
}

type Read<T> = Result<T, Refusal>;

impl Fields {
    /// Reads JSON that came in `source`, such as `request body`.
    pub(super) fn parse(source: &str, json: &[u8]) -> Read<Fields> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(map)) => Ok(Fields {
                place: format!("{source}: "),
                map,
            }),
            Ok(other) => Err(Refusal::bad(format!(
                "{source}: expected object, got {}",
                kind(&other)
            ))),
            Err(_) => Err(Refusal::bad(format!(
                "{source}: could not decode input as JSON"
            ))),
        }
    }

    /// No fields at all, where `source` could have held some.
    pub(super) fn none(source: &str) -> Fields {
        Fields {
            place: format!("{source}: "),
            map: Map::new(),
        }
    }

    /// Every field has been read.
    pub(super) fn finish(&self) -> Read<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::bad(format!(
                "{}unknown field '{name}'",
                self.place
            ))),
        }
    }

    /// Refuses `name` with a reason.
    pub(super) fn refuse(&self, name: &str, why: &str) -> Refusal {
        Refusal::bad(format!("{}{name}: {why}", self.place))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name)
    }

    fn require(&mut self, name: &str) -> Read<Value> {
        let missing = || Refusal::bad(format!("{}missing required field '{name}'", self.place));
        self.map.remove(name).ok_or_else(missing)
    }

    fn mismatch(&self, name: &str, wanted: &str, got: &Value) -> Refusal {
        self.refuse(name, &format!("expected {wanted}, got {}", kind(got)))
    }

    pub(super) fn text(&mut self, name: &str) -> Read<String> {
        match self.require(name)? {
            Value::String(text) => Ok(text),
            other => Err(self.mismatch(name, "to be a string", &other)),
        }
    }

    /// A text that may be left out or null.
    pub(super) fn optional_text(&mut self, name: &str) -> Read<Option<String>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.mismatch(name, "to be a string", &other)),
        }
    }

    /// A boolean, false when left out.
    pub(super) fn flag(&mut self, name: &str) -> Read<bool> {
        Ok(self.optional_flag(name)?.unwrap_or(false))
    }

    /// A boolean that may be left out.
    pub(super) fn optional_flag(&mut self, name: &str) -> Read<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.mismatch(name, "boolean", &other)),
        }
    }

    /// A boolean that may be left out or null.
    pub(super) fn nullable_flag(&mut self, name: &str) -> Read<Option<bool>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.mismatch(name, "boolean", &other)),
        }
    }

    /// A whole number that may be left out or null.
    pub(super) fn optional_number(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Read<Option<u64>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.check_number(name, &value, &range).map(Some),
        }
    }

    /// Seconds, with a fraction or without, that may be left out or null.
    pub(super) fn optional_seconds(
        &mut self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Read<Option<Duration>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64() {
                None => Err(self.mismatch(name, "float", &value)),
                Some(seconds) if range.contains(&seconds) => {
                    Ok(Some(Duration::from_secs_f64(seconds)))
                }
                Some(_) => {
                    let (start, end) = (range.start(), range.end());
                    let why = format!("{value} is not within {start:?} to {end:?}");
                    Err(self.refuse(name, &why))
                }
            },
        }
    }

    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Read<u64> {
        let value = self.require(name)?;
        self.check_number(name, &value, &range)
    }

    fn check_number(&self, name: &str, value: &Value, range: &RangeInclusive<u64>) -> Read<u64> {
        let out_of_range = || {
            self.refuse(
                name,
                &format!("{value} is not within {} to {}", range.start(), range.end()),
            )
        };
        match value {
            Value::Number(number) if number.is_f64() => Err(self.mismatch(name, "integer", value)),
            Value::Number(number) => number
                .as_u64()
                .filter(|n| range.contains(n))
                .ok_or_else(out_of_range),
            other => Err(self.mismatch(name, "integer", other)),
        }
    }

    /// A time in whole seconds, UTC, that may be left out or null.
    pub(super) fn optional_time(&mut self, name: &str) -> Read<Option<Timestamp>> {
        const FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        let parsed = jiff::civil::DateTime::strptime(FORMAT, &text)
            .ok()
            .and_then(|time| jiff::tz::TimeZone::UTC.to_timestamp(time).ok());
        let wrong = || {
            self.refuse(
                name,
                &format!("time data '{text}' does not match format '{FORMAT}'"),
            )
        };
        parsed.ok_or_else(wrong).map(Some)
    }

    /// A content hash that may be left out or null.
    pub(super) fn optional_hash(&mut self, name: &str) -> Read<Option<String>> {
        let Some(hash) = self.optional_text(name)? else {
            return Ok(None);
        };
        if hash.len() != 64 {
            let limit = if hash.len() < 64 { "shorter" } else { "longer" };
            return Err(self.refuse(name, &format!("'{hash}' is {limit} than 64 characters")));
        }
        Ok(Some(hash))
    }

    /// A struct.
    pub(super) fn fields(&mut self, name: &str) -> Read<Fields> {
        let value = self.require(name)?;
        self.enter(name, value)
    }

    /// A struct that may be left out or null.
    pub(super) fn optional_fields(&mut self, name: &str) -> Read<Option<Fields>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.enter(name, value).map(Some),
        }
    }

    fn enter(&self, name: &str, value: Value) -> Read<Fields> {
        match value {
            Value::Object(map) => {
                let place = format!("{}{name}.", self.place);
                Ok(Fields {
                    place: place.replacen(": .", ": ", 1),
                    map,
                })
            }
            other => Err(self.mismatch(name, "object", &other)),
        }
    }

    /// A list of structs, of a length within `range`.
    pub(super) fn list(&mut self, name: &str, range: RangeInclusive<usize>) -> Read<Vec<Fields>> {
        self.values(name, range)?
            .into_iter()
            .map(|value| self.enter(name, value))
            .collect()
    }

    /// A list of a length within `range`.
    pub(super) fn values(&mut self, name: &str, range: RangeInclusive<usize>) -> Read<Vec<Value>> {
        match self.require(name)? {
            Value::Array(values) if range.contains(&values.len()) => Ok(values),
            Value::Array(values) => {
                let why = format!(
                    "list has {} items, outside of {} to {}",
                    values.len(),
                    range.start(),
                    range.end()
                );
                Err(self.refuse(name, &why))
            }
            other => Err(self.mismatch(name, "list", &other)),
        }
    }

    /// A list of paths: each as it is written, and what it names.
    pub(super) fn paths(&mut self, name: &str, pattern: Pattern) -> Read<Vec<(String, PathArg)>> {
        let values = self.values(name, 0..=10_000)?;
        let path = |value: Value| match value {
            Value::String(text) => {
                let path = self.check_path(name, &text, pattern)?;
                Ok((text, path))
            }
            other => Err(self.mismatch(name, "to be a string", &other)),
        };
        values.into_iter().map(path).collect()
    }

    /// A list that may be left out or null.
    pub(super) fn optional_values(&mut self, name: &str) -> Read<Vec<Value>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) => Ok(values),
            Some(other) => Err(self.mismatch(name, "list", &other)),
        }
    }

    /// A union that may be left out: its tag, and the fields that stand beside it.
    pub(super) fn optional_union(&mut self, name: &str) -> Read<Option<(String, Fields)>> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.union(name, value).map(Some),
        }
    }

    /// A value of a union. A bare text is a tag too.
    fn union(&self, name: &str, value: Value) -> Read<(String, Fields)> {
        if let Value::String(tag) = value {
            return Ok((tag, self.enter(name, Value::Object(Map::new()))?));
        }
        let mut fields = self.enter(name, value)?;
        match fields.take(".tag") {
            Some(Value::String(tag)) => Ok((tag, fields)),
            _ => Err(self.refuse(name, "missing '.tag' key")),
        }
    }

    /// A list of unions, of a length within `range`: of each its tag, and the fields that stand beside it.
    pub(super) fn unions(
        &mut self,
        name: &str,
        range: RangeInclusive<usize>,
    ) -> Read<Vec<(String, Fields)>> {
        let values = self.values(name, range)?.into_iter();
        values.map(|value| self.union(name, value)).collect()
    }

    /// The tags of a list of unions in which nothing stands beside a tag.
    pub(super) fn bare_tags(&self, name: &str, values: Vec<Value>) -> Read<Vec<String>> {
        let bare = |value| {
            let (tag, fields) = self.union(name, value)?;
            fields.finish().map(|()| tag)
        };
        values.into_iter().map(bare).collect()
    }

    /// A union of bare tags that may be left out; `tags` are those that exist.
    pub(super) fn optional_tag(
        &mut self,
        name: &str,
        tags: &[&'static str],
    ) -> Read<Option<&'static str>> {
        let Some((tag, fields)) = self.optional_union(name)? else {
            return Ok(None);
        };
        let known = tags.iter().copied().find(|known| **known == tag);
        let known = known.ok_or_else(|| self.refuse(name, &format!("invalid tag '{tag}'")))?;
        fields.finish()?;
        Ok(Some(known))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: std::fmt::Debug>(read: Read<T>) -> String {
        match read {
            Err(Refusal::BadRequest(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn refusals_are_worded_like_the_service_words_them() {
        let parse = |json: &str| Fields::parse("request body", json.as_bytes());
        assert_eq!(
            refusal(parse("{")),
            "request body: could not decode input as JSON"
        );
        let mut fields = parse(r#"{"path":null,"extra":1}"#).expect("an object");
        assert_eq!(
            refusal(fields.text("path")),
            "request body: path: expected to be a string, got null"
        );
        assert_eq!(
            refusal(fields.text("name")),
            "request body: missing required field 'name'"
        );
        assert_eq!(
            refusal(fields.finish()),
            "request body: unknown field 'extra'"
        );
        let mut fields = parse(r#"{"commit":{"mode":{}}}"#).expect("an object");
        let mut commit = fields.fields("commit").expect("a struct");
        assert_eq!(
            refusal(commit.optional_union("mode")),
            "request body: commit.mode: missing '.tag' key"
        );
    }

    #[test]
    fn unions_come_as_texts_and_as_objects() {
        let json = br#"{"a":"add","b":{".tag":"update","update":"0123456789"}}"#;
        let mut fields = Fields::parse("request body", json).expect("an object");
        assert_eq!(
            fields
                .optional_union("a")
                .expect("a union")
                .expect("given")
                .0,
            "add"
        );
        let (tag, mut inner) = fields.optional_union("b").expect("a union").expect("given");
        assert_eq!(
            (tag.as_str(), inner.text("update").expect("a rev").as_str()),
            ("update", "0123456789")
        );
    }
}
