//! The pages that the browser is shown when it comes back. Nothing in them is from a request.

/// The style of all pages, and its digest for the policy that allows no other.
const STYLE: &str = include_str!("page.css");
const STYLE_SHA256: &str = "ql6YHWMZF8nZaQ4u9ZaAETntnyw0YDnQi670kcspT5w=";

/// A page to end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The person allowed it.
    Done,
    /// The person did not.
    Denied,
}

impl Page {
    /// The page of this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        [Self::Done, Self::Denied]
            .into_iter()
            .find(|page| page.path() == path)
    }

    fn path(self) -> &'static str {
        match self {
            Self::Done => "/done",
            Self::Denied => "/denied",
        }
    }

    fn html(self) -> String {
        match self {
            Self::Done => document(
                "ok",
                "M5 13l5 5 10-11",
                "You can close this window",
                "Dropbox sent you back, and the program that opened this page goes on by itself.",
            ),
            Self::Denied => document(
                "no",
                "M6 6l12 12M18 6L6 18",
                "Nothing was connected",
                "You did not allow it, so the program has no access to your Dropbox. You can close this window.",
            ),
        }
    }
}

/// An answer to a browser, after which the connection is closed.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    location: Option<&'static str>,
    body: String,
}

impl Answer {
    pub(super) fn page(page: Page) -> Self {
        Self {
            status: 200,
            location: None,
            body: page.html(),
        }
    }

    /// Sends the browser to a page.
    pub(super) fn see(page: Page) -> Self {
        Self {
            status: 303,
            location: Some(page.path()),
            body: String::new(),
        }
    }

    /// Turns a request away.
    pub(super) fn error(status: u16) -> Self {
        let body = document(
            "no",
            "M12 5v9M12 18v1",
            "This is not the page you are looking for",
            "A program on this computer waits here for the answer to a sign-in. This was not it.",
        );
        Self {
            status,
            location: None,
            body,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            303 => "See Other",
            404 => "Not Found",
            405 => "Method Not Allowed",
            431 => "Request Header Fields Too Large",
            _ => "Bad Request",
        };
        let more = match (self.location, self.status) {
            (Some(location), _) => format!("Location: {location}\r\n"),
            (None, 405) => "Allow: GET\r\n".to_owned(),
            (None, _) => String::new(),
        };
        let head = format!(
            "HTTP/1.1 {} {reason}\r\n{more}\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'sha256-{STYLE_SHA256}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
             Cache-Control: no-store\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             X-Frame-Options: DENY\r\n\
             Connection: close\r\n\r\n",
            self.status,
            self.body.len()
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }
}

fn document(kind: &str, sign: &str, title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - dropscript</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main class=\"{kind}\">\n\
         <svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{sign}\"/></svg>\n\
         <h1>{title}</h1>\n<p>{text}</p>\n</main>\n<footer>dropscript</footer>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_style() {
        assert_eq!(STANDARD.encode(Sha256::digest(STYLE)), STYLE_SHA256);
    }
}
