//! Inputs and texts without their secrets, for what is written down.

use std::sync::LazyLock;

use regex::Regex;

use crate::script::lexer::{Class, Token, lex};

/// In the names of what is a secret.
const WORDS: [&str; 4] = ["token", "secret", "password", "passwd"];
/// Longer words without sense are keys of some sort.
const LONGEST_WORD: usize = 30;

/// An input with the secrets that are seen in it left out: values of names as `access_token`, tokens of Dropbox's by their look, long
/// words as keys are, and of addresses all behind the host, which webhooks keep their secret in.
#[must_use]
pub fn without_secrets(input: &str) -> String {
    let lexed = lex(input);
    let counting: Vec<&Token<'_>> = lexed.tokens.iter().filter(|token| token.counts()).collect();
    let mut at = 0;
    let mut clean = String::with_capacity(input.len());
    for token in &lexed.tokens {
        let before = &counting[..at];
        at += usize::from(token.counts());
        match token.class {
            Class::Text => clean.push_str(&text(token.text, is_named_secret(before))),
            // What is typed without quotes, or commented out, may be one too.
            Class::Comment => clean.push_str(&words(token.text)),
            _ => clean.push_str(token.text),
        }
    }
    clean
}

/// A text that a script printed, or that tells an error, with the secrets that are seen in it left out: as of an input, and what stands
/// behind `password:`, `token=` or `Bearer`.
pub(crate) fn text_without_secrets(text: &str) -> String {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        let names = WORDS.join("|");
        let named = format!(
            r#"(?i)((?:{names})[\w-]*["']?\s*[:=]\s*["'`]?|\b(?:bearer|basic)\s+)[^\s"'`,;)}}&]+"#
        );
        Regex::new(&named).expect("names are plain words")
    });
    words(&NAMED.replace_all(text, "${1}…"))
}

/// Whether what follows is the value of something whose name says that it is a secret: in `name: `, `name = `, `["name"] = `.
fn is_named_secret(before: &[&Token<'_>]) -> bool {
    let mut names = before.iter().rev();
    let Some(sign) = names.next() else {
        return false;
    };
    if !sign.is(":") && !sign.is("=") {
        return false;
    }
    let name = names.find(|token| matches!(token.class, Class::Name | Class::Text));
    name.is_some_and(|name| {
        let name = name.text.to_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    })
}

fn text(written: &str, is_secret: bool) -> String {
    if !is_secret {
        return words(written);
    }
    // The quotes, and where an expression begins or ends in it, stay.
    let ends = |letter: char| "\"`'}#".contains(letter);
    let open: String = written.chars().take_while(|letter| ends(*letter)).collect();
    let close = if written.ends_with("${") {
        "${".to_owned()
    } else {
        let kept = &written[open.len()..];
        kept.chars()
            .rev()
            .take_while(|letter| ends(*letter))
            .collect()
    };
    format!("{open}…{close}")
}

/// A text with each word of it that looks like a secret left out.
fn words(text: &str) -> String {
    let parts =
        text.split_inclusive(|letter: char| letter.is_whitespace() || "\"'`,;()".contains(letter));
    parts.map(word).collect()
}

fn word(part: &str) -> String {
    let is_end = |letter: char| letter.is_whitespace() || "\"'`,;()".contains(letter);
    let word = part.trim_end_matches(is_end);
    let end = &part[word.len()..];
    if let Some((scheme, rest)) = word.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, has_user) = match host.rsplit_once('@') {
            Some((_, host)) => (host, true),
            None => (host, false),
        };
        let is_whole = !has_user && rest.trim_end_matches('/') == host;
        let more = if is_whole {
            &rest[host.len()..]
        } else {
            "/…"
        };
        return format!("{scheme}://{host}{more}{end}");
    }
    let is_key = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let is_hash = word.len() == 64 && word.chars().all(|letter| letter.is_ascii_hexdigit());
    let is_long = word.len() >= LONGEST_WORD && word.chars().all(is_key) && !is_hash;
    // Names of files are long too, but made of words.
    let has_all = word.contains(|letter: char| letter.is_ascii_digit())
        && word.contains(|letter: char| letter.is_ascii_uppercase())
        && word.contains(|letter: char| letter.is_ascii_lowercase());
    if word.starts_with("sl.") && word.len() > 10 || is_long && has_all {
        return format!("…{end}");
    }
    part.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        for (input, clean) in [
            (
                "let dbx = dropbox(#{ access_token: \"abc\" })",
                "let dbx = dropbox(#{ access_token: \"…\" })",
            ),
            (
                "let token = 'x'; let n = \"abc\"",
                "let token = '…'; let n = \"abc\"",
            ),
            (
                "m[\"app_secret\"] = `a ${b} c`",
                "m[\"app_secret\"] = `…${b} c`",
            ),
            (
                "#{ \"proxy_password\" : \"a\", user: \"b\" }",
                "#{ \"proxy_password\" : \"…\", user: \"b\" }",
            ),
            ("f(\"sl.u.AbCdEfGhIjKlM\", 1)", "f(\"…\", 1)"),
            (
                "http::post(\"https://hooks.example.com/services/T0/B0/xyz\", #{})",
                "http::post(\"https://hooks.example.com/…\", #{})",
            ),
            (
                "x(\"http://ann:pw@proxy:8080\")",
                "x(\"http://proxy:8080/…\")",
            ),
            ("a(\"Zq8n2LmPX0r7YtBcVd31KwEeJh5GsUoAfi9\")", "a(\"…\")"),
            ("// Zq8n2LmPX0r7YtBcVd31KwEeJh5GsUoAfi9 is it", "// … is it"),
        ] {
            assert_eq!(without_secrets(input), clean);
        }
    }

    #[test]
    fn all_else_stays() {
        for input in [
            "dbx.upload(\"out/*.csv\", \"/reports\", #{ overwrite: \"changed\" })",
            "let hash = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
            "dropbox(#{ endpoint: \"http://127.0.0.1:8780\" })",
            "print(`${token} is not told`)",
            "\"a-rather-long-name-of-a-file-of-people.csv\"",
        ] {
            assert_eq!(without_secrets(input), input);
        }
    }
}
