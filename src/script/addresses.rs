//! Addresses in the text of scripts, which may be secrets behind their host.

use std::sync::Arc;

/// What stands for a letter of an address that is not shown.
const HIDDEN: char = '*';

/// The text for showing. In one that calls other servers the addresses end with their host; all places stay where they are.
pub(super) fn hidden(text: &Arc<str>) -> Arc<str> {
    if !text.contains("http::") {
        return Arc::clone(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest: &str = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + "://".len());
        shown.push_str(before);
        let end = behind.find(ends_address).unwrap_or(behind.len());
        let (address, after) = behind.split_at(end);
        let host = address.find(['/', '?', '#']).unwrap_or(address.len());
        // A user and a password stand before the host.
        let host = host.min(address.rfind('@').map_or(host, |_| 0));
        shown.push_str(&address[..host]);
        shown.extend(address[host..].chars().map(|_| HIDDEN));
        rest = after;
    }
    shown.push_str(rest);
    shown.into()
}

fn ends_address(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '`' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        hidden(&text.into()).to_string()
    }

    #[test]
    fn an_address_ends_with_its_host_and_all_else_stays_in_place() {
        let text = "let u = \"https://a.example/T/ä?k\"; http::post(u, `http://b:8?x`);\n// end";
        assert_eq!(
            shown(text),
            "let u = \"https://a.example******\"; http::post(u, `http://b:8**`);\n// end"
        );
        assert_eq!(
            shown("http::get(\"http://u:p@host/x\")"),
            "http::get(\"http://**********\")"
        );
        assert_eq!(shown("http::get(\"://"), "http::get(\"://");
    }

    #[test]
    fn a_script_that_calls_nobody_is_shown_as_it_is() {
        let text = "// see https://a.example/help\nprint(1)";
        assert_eq!(shown(text), text);
    }
}
