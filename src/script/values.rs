//! Values of scripts as JSON, as text, and compared.

use rhai::{Array, Blob, Dynamic, FLOAT, FnPtr, INT, ImmutableString, Map};
use serde_json::{Number, Value};

use super::modules::{DateTime, Duration};
use crate::tasks::Item;

/// JSON for a value of a script.
///
/// # Errors
/// A message naming what has no JSON: a closure, a connection, a number that is not finite.
pub(super) fn to_json(value: &Dynamic) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
    }
    if let Ok(number) = value.as_int() {
        return Ok(number.into());
    }
    if let Ok(number) = value.as_float() {
        return Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| format!("{number} is no number that JSON has"));
    }
    if let Ok(letter) = value.as_char() {
        return Ok(letter.to_string().into());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(to_json).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .map(|(key, value)| Ok((key.to_string(), to_json(value)?)))
            .collect();
    }
    if let Some(time) = value.read_lock::<DateTime>() {
        return Ok(time.to_string().into());
    }
    if let Some(length) = value.read_lock::<Duration>() {
        return Ok(length.to_string().into());
    }
    if let Some(item) = value.read_lock::<Item>() {
        return serde_json::to_value(&*item).map_err(|cause| cause.to_string());
    }
    Err(format!("{} has no JSON", article(kind(value))))
}

/// The value of a script for JSON. Integers past a script's become floating numbers.
pub(super) fn from_json(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => flag.into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => INT::from(whole).into(),
            (None, float) => float.map_or(Dynamic::UNIT, |float| FLOAT::from(float).into()),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => values.into_iter().map(from_json).collect::<Array>().into(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key.into(), from_json(value)))
            .collect::<Map>()
            .into(),
    }
}

/// What people call the type of a value.
pub(super) fn kind(value: &Dynamic) -> &str {
    type_name(value.type_name())
}

/// What people call a type, from Rhai's or Rust's name for it.
pub(super) fn type_name(name: &str) -> &str {
    match name {
        "i64" | "INT" | "int" => "integer",
        "f64" | "FLOAT" => "float",
        "bool" => "boolean",
        "char" => "character",
        "()" => "nothing, `()`",
        "&str | ImmutableString | String" | "&str" | "string" | "String" | "ImmutableString" => {
            "text"
        }
        "Fn" | "FnPtr" => "closure",
        "Array" => "array",
        "Map" => "map",
        "Blob" => "blob",
        "?" | "Dynamic" => "any value",
        other => match other.rsplit("::").next() {
            Some(last) if other.contains("::") => type_name(last),
            _ => other,
        },
    }
}

/// "an integer", "a map".
pub(super) fn article(kind: &str) -> String {
    match kind.chars().next() {
        _ if kind.starts_with("nothing") || matches!(kind, "text" | "any value") => kind.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'I') => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// Whether a value is a time or a length of it.
pub(super) fn is_time(value: &Dynamic) -> bool {
    value.read_lock::<DateTime>().is_some() || value.read_lock::<Duration>().is_some()
}

/// A value as `print` shows it.
pub(super) fn show(value: &Dynamic) -> String {
    if let Some(time) = value.read_lock::<DateTime>() {
        return time.to_string();
    }
    if let Some(length) = value.read_lock::<Duration>() {
        return length.to_string();
    }
    if let Some(item) = value.read_lock::<Item>() {
        return item.path.clone();
    }
    match to_json(value) {
        Ok(Value::String(text)) => text,
        _ => value.to_string(),
    }
}

/// Whether two values are the same; an integer equals the floating number of its size.
pub(super) fn equal(left: &Dynamic, right: &Dynamic) -> bool {
    if let (Some(left), Some(right)) = (left.read_lock::<Array>(), right.read_lock::<Array>()) {
        return left.len() == right.len()
            && left.iter().zip(right.iter()).all(|(l, r)| equal(l, r));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Map>(), right.read_lock::<Map>()) {
        return left.len() == right.len()
            && left
                .iter()
                .all(|(key, l)| right.get(key).is_some_and(|r| equal(l, r)));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Blob>(), right.read_lock::<Blob>()) {
        return *left == *right;
    }
    if let (Some(left), Some(right)) = (left.read_lock::<FnPtr>(), right.read_lock::<FnPtr>()) {
        return left.fn_name() == right.fn_name();
    }
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (float(left), float(right)) {
        #[allow(clippy::float_cmp, reason = "a script asks for equality")]
        return left == right;
    }
    // The rest is equal when its JSON is, of the same type: a DateTime is no text.
    kind(left) == kind(right)
        && matches!((to_json(left), to_json(right)), (Ok(left), Ok(right)) if left == right)
}

/// A number as a float, where at least one side may be one.
#[allow(
    clippy::cast_precision_loss,
    reason = "that is how Rhai compares the two"
)]
fn float(value: &Dynamic) -> Option<FLOAT> {
    value
        .as_float()
        .ok()
        .or(value.as_int().ok().map(|n| n as FLOAT))
}
