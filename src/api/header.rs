//! JSON that may stand in an HTTP header.

use std::fmt::Write;

use serde::Serialize;

/// The argument as JSON with `U+007F` and everything beyond ASCII escaped, as `Dropbox-API-Arg` wants it.
///
/// Source: <https://www.dropbox.com/developers/reference/json-encoding>. Characters beyond the basic plane become a
/// surrogate pair.
pub(crate) fn safe_json(argument: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(argument)?;
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if character < '\u{7f}' {
            safe.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("writing to a String cannot fail");
            }
        }
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_vector_comes_out() {
        let argument = serde_json::json!({ "field": "some_üñîcødé_and_\u{7f}" });
        let expected = r#"{"field":"some_\u00fc\u00f1\u00eec\u00f8d\u00e9_and_\u007f"}"#;
        assert_eq!(safe_json(&argument).expect("JSON"), expected);
    }

    #[test]
    fn an_emoji_is_a_surrogate_pair() {
        assert_eq!(safe_json(&"🦀").expect("JSON"), r#""\ud83e\udd80""#);
    }
}
