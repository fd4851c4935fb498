//! Options maps of scripts as the options of the tasks.

use rhai::{Dynamic, FnPtr, Map};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::values::{article, kind, to_json};
use crate::error::{Error, ErrorKind};
use crate::nearest::nearest;
use crate::options::OptionSpec;
use crate::tasks::Filter;

/// Reads the options of the function `of`.
///
/// # Errors
/// `invalid_argument` for an option that is unknown, is `()`, or is not what it takes.
pub(super) fn read<T: DeserializeOwned>(
    map: &Map,
    known: &[OptionSpec],
    of: &str,
) -> Result<T, Error> {
    let mut values = serde_json::Map::new();
    for (name, value) in map {
        let spec = known
            .iter()
            .find(|spec| spec.name == name.as_str())
            .ok_or_else(|| unknown(name, known, of))?;
        values.insert(name.to_string(), one::<T>(spec, value, of)?);
    }
    serde_json::from_value(Value::Object(values)).map_err(|cause| {
        invalid(format!("the options of `{of}` do not go together")).with_source(cause)
    })
}

/// Takes an option out of the map that is a closure.
///
/// # Errors
/// `invalid_argument` where it is something else.
pub(super) fn take_closure(
    map: &mut Map,
    name: &str,
    known: &[OptionSpec],
    of: &str,
) -> Result<Option<FnPtr>, Error> {
    let Some(spec) = known.iter().find(|spec| spec.name == name) else {
        return Ok(None);
    };
    match map.remove(name) {
        None => Ok(None),
        Some(value) if value.is_fnptr() => Ok(value.try_cast()),
        Some(value) => Err(wrong(
            spec,
            of,
            &format!("cannot be {}", article(kind(&value))),
        )),
    }
}

/// Reads one option by itself, so that an error can name it.
fn one<T: DeserializeOwned>(spec: &OptionSpec, value: &Dynamic, of: &str) -> Result<Value, Error> {
    let wrong = |found: String| wrong(spec, of, &found);
    if value.is_unit() {
        // A misspelt key of a map gives `()`: leaving a filter out for it could delete everything.
        return Err(wrong("has no value, it is `()`".to_owned()));
    }
    let json = to_json(value).map_err(|_| wrong(format!("cannot be {}", article(kind(value)))))?;
    let alone = Value::Object([(spec.name.to_owned(), json.clone())].into_iter().collect());
    if serde_json::from_value::<T>(alone).is_ok() {
        return Ok(json);
    }
    // A proxy is one for who writes its password into a URL, and headers hold keys.
    let secret = ["token", "secret", "password", "proxy", "headers"];
    Err(wrong(match &json {
        Value::Array(_) | Value::Object(_) => {
            format!("is {} that does not fit", article(kind(value)))
        }
        _ if secret.iter().any(|word| spec.name.contains(word)) => {
            format!("cannot be {}", article(kind(value)))
        }
        json => format!("cannot be {json}"),
    }))
}

fn wrong(spec: &OptionSpec, of: &str, found: &str) -> Error {
    invalid(format!("the option `{}` of `{of}` {found}", spec.name))
        .with_hint(format!("it takes {}", spec.expects))
}

/// The error for an option that `of` does not have.
pub(super) fn unknown(name: &str, known: &[OptionSpec], of: &str) -> Error {
    // A filter given to `delete` would be taken for one that narrows down what goes.
    if of == "delete" && Filter::OPTIONS.iter().any(|filter| filter.name == name) {
        return invalid(format!("`delete` takes no filter, as `{name}` is one"))
            .with_hint("`delete_in(folder, filter)` deletes what matches in a folder");
    }
    let names = known.iter().map(|spec| spec.name);
    let error = invalid(format!("`{of}` has no option `{name}`"));
    if let Some(near) = nearest(name, names.clone()) {
        return error.with_hint(format!("did you mean `{near}`?"));
    }
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    error.with_hint(format!("it takes {}", names.join(", ")))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
