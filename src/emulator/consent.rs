//! The pages on which a person allows an app to use an account, in plain HTML.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// The style of all pages.
const STYLE: &str = include_str!("consent.css");

/// Who asks for what, and the two buttons. `fields` are the parameters of the request, which come back with the answer.
pub(super) fn page<'a>(
    app: &str,
    scopes: &[String],
    accounts: impl Iterator<Item = &'a str>,
    fields: &HashMap<String, String>,
) -> String {
    let mut body = format!(
        "<h1>{} would like to use your Dropbox</h1>\n<p>It asks for:</p>\n<ul>\n",
        escape(app)
    );
    for scope in scopes {
        let _ = writeln!(body, "<li>{}</li>", escape(scope));
    }
    body.push_str("</ul>\n<form method=\"post\" action=\"/oauth2/authorize\">\n");
    // In order, so that the same request gives the same page.
    for (name, value) in fields.iter().collect::<BTreeMap<_, _>>() {
        let (name, value) = (escape(name), escape(value));
        let _ = writeln!(
            body,
            "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"
        );
    }
    body.push_str("<label>Account\n<select name=\"account\">\n");
    for account in accounts {
        let account = escape(account);
        let _ = writeln!(body, "<option value=\"{account}\">{account}</option>");
    }
    body.push_str(
        "</select></label>\n<div class=\"answers\">\n\
         <button id=\"allow\" name=\"decision\" value=\"allow\">Allow</button>\n\
         <button id=\"deny\" name=\"decision\" value=\"deny\">Deny</button>\n</div>\n</form>\n",
    );
    document("Connect an app", &body)
}

/// The code, for apps that have no address to send it to.
pub(super) fn code_page(code: &str, offline: bool) -> String {
    let kind = if offline { "lasting" } else { "short" };
    let code = escape(code);
    let body = format!(
        "<h1>Almost done</h1>\n<label>Enter this code in the app for {kind} access\n\
         <input id=\"code\" readonly size=\"60\" value=\"{code}\"></label>\n"
    );
    document("Your code", &body)
}

pub(super) fn denied_page() -> String {
    document(
        "No access",
        "<h1>The app has no access</h1>\n<p>You can close this page.</p>\n",
    )
}

pub(super) fn error_page(text: &str) -> String {
    document(
        "Error",
        &format!("<h1>Error (400)</h1>\n<p>{}</p>\n", escape(text)),
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Dropbox emulator</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>Dropbox <span>emulator</span></header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_request_says_stays_text() {
        let fields = HashMap::from([("state".to_owned(), "\"><script>".to_owned())]);
        let page = page("App", &[], ["a<b"].into_iter(), &fields);
        assert!(!page.contains("<script>") && !page.contains("a<b"));
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\""));
    }
}
