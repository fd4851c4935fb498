//! Tagged unions as Dropbox writes them.
//!
//! `{".tag": "x"}` for a bare tag, the fields of a struct beside the tag, and a union inside a union under the tag's name.

use serde_json::{Map, Value};

/// A bare tag.
pub(super) fn tag(name: &str) -> Value {
    Value::Object(Map::from_iter([(".tag".to_owned(), name.into())]))
}

/// A union inside a union: `{".tag": "path", "path": {".tag": "not_found"}}`.
pub(super) fn nested(name: &str, inner: Value) -> Value {
    let mut value = tag(name);
    value[name] = inner;
    value
}

/// A struct inside a union: its fields stand beside the tag.
pub(super) fn with_fields(name: &str, fields: Value) -> Value {
    let Value::Object(mut map) = tag(name) else {
        unreachable!("`tag` makes objects")
    };
    if let Value::Object(fields) = fields {
        map.extend(fields);
    }
    Value::Object(map)
}

/// The tags from the outside in, joined by slashes: `path/conflict/file`.
pub(super) fn summary(error: &Value) -> String {
    let mut tags = Vec::new();
    let mut at = Some(error);
    while let Some(name) = at.and_then(|union| union[".tag"].as_str()) {
        tags.push(name);
        // An error that is a struct keeps its cause in `reason`.
        at = at.and_then(|union| union.get(name).or_else(|| union.get("reason")));
    }
    tags.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn summaries_name_every_level() {
        let conflict = nested("conflict", tag("file"));
        assert_eq!(
            summary(&nested("path", conflict.clone())),
            "path/conflict/file"
        );
        let struct_error = with_fields(
            "path",
            json!({ "reason": conflict, "upload_session_id": "x" }),
        );
        assert_eq!(summary(&struct_error), "path/conflict/file");
    }
}
