//! Where Dropbox sends the browser after the sign-in, and what it brings along.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use oauth2::CsrfToken;
use url::{Host, Url, form_urlencoded};

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// The longest code that is taken: those of Dropbox have some fifty characters.
const LONGEST_CODE: usize = 2_000;

/// A redirect URI as it is registered, to the letter, and what follows from it.
#[derive(Debug, Clone)]
pub(super) struct RedirectUri {
    text: String,
    url: Url,
}

/// What a redirect says.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The person said yes: the code to exchange.
    Allowed(Secret),
    /// The person said no, or Dropbox did; a word of RFC 6749.
    Refused(String),
}

impl RedirectUri {
    /// # Errors
    /// `invalid_argument` where it is no URL of a web page.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.fragment().is_none()
                && url.port() != Some(0)
        });
        match url {
            Some(url) => Ok(Self {
                text: text.to_owned(),
                url,
            }),
            None => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the redirect URI `{text}` is not the address of a page"),
            )
            .with_hint(
                "write it as `http://localhost:9999`, and register it with the app exactly so",
            )),
        }
    }

    /// As it was given.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The addresses of this machine to listen at; none where it leads elsewhere.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let port = self.url.port().unwrap_or(80);
        let hosts: Vec<IpAddr> = match self.url.host() {
            _ if self.url.scheme() != "http" => Vec::new(),
            // A browser may take either.
            Some(Host::Domain("localhost")) => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Some(Host::Ipv4(host)) if host.is_loopback() => vec![host.into()],
            Some(Host::Ipv6(host)) if host.is_loopback() => vec![host.into()],
            _ => Vec::new(),
        };
        hosts.into_iter().map(|host| (host, port).into()).collect()
    }

    /// Whether a `Host` header names it.
    pub(super) fn is_host(&self, header: &str) -> bool {
        let name = self.url.host_str().unwrap_or_default();
        let header = header.to_ascii_lowercase();
        match self.url.port() {
            Some(port) => header == format!("{name}:{port}"),
            None => header == name || header == format!("{name}:80"),
        }
    }

    /// Whether it is the path of a request.
    pub(super) fn is_path(&self, path: &str) -> bool {
        path == self.url.path()
    }
}

/// What the query of a redirect says; `None` where it is none of ours. The state is looked at before all else: whoever does not
/// know it can neither bring a code nor say that the person refused.
pub(super) fn read_query(query: &str, state: &CsrfToken) -> Option<Verdict> {
    let (mut known, mut code, mut error) = (None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "state" => &mut known,
            "code" => &mut code,
            "error" => &mut error,
            _ => continue,
        };
        // Two of them are a riddle, and Dropbox poses none.
        if field.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    // Compared by digests, which tell nobody how much of a guess was right.
    if CsrfToken::new(known?) != *state {
        return None;
    }
    match (code, error) {
        (Some(code), None) if is_code(&code) => Some(Verdict::Allowed(Secret::new(code))),
        (None, Some(error)) => Some(Verdict::Refused(word(&error))),
        _ => None,
    }
}

/// What a person pasted: a code, or the whole address that the browser was sent to.
///
/// # Errors
/// `invalid_argument` where it is neither; `not_signed_in` where the address belongs to another sign-in, or says no.
pub(super) fn read_pasted(pasted: &str, state: &CsrfToken) -> Result<Verdict> {
    let pasted = pasted.trim();
    if let Some((_, query)) = pasted.split_once('?') {
        let query = query.split('#').next().unwrap_or_default();
        return read_query(query, state).ok_or_else(|| {
            let message = "that address is not the one that this sign-in led to";
            Error::new(ErrorKind::NotSignedIn, message)
                .with_hint("copy the whole address that the browser was sent to after `Allow`")
        });
    }
    if is_code(pasted) && !pasted.contains("://") {
        return Ok(Verdict::Allowed(Secret::new(pasted)));
    }
    let message = "what was pasted is neither a code nor the address that the browser was sent to";
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn is_code(text: &str) -> bool {
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An error's word, if it is one.
fn word(error: &str) -> String {
    let sound = error.len() <= 64
        && error
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if sound { error } else { "an error" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> CsrfToken {
        CsrfToken::new("s".to_owned())
    }

    #[test]
    fn only_addresses_of_this_machine_are_listened_at() {
        let at = |text: &str| {
            let addresses = RedirectUri::parse(text).expect("a URI").addresses();
            addresses
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(at("http://localhost"), ["127.0.0.1:80", "[::1]:80"]);
        assert_eq!(
            at("http://localhost:9999"),
            ["127.0.0.1:9999", "[::1]:9999"]
        );
        assert_eq!(at("http://127.0.0.1:1/x"), ["127.0.0.1:1"]);
        assert_eq!(at("http://[::1]:1/x"), ["[::1]:1"]);
        for elsewhere in [
            "https://localhost:9999",
            "http://example.com",
            "http://0.0.0.0:1",
            "http://localhost.example.com",
        ] {
            assert!(at(elsewhere).is_empty(), "{elsewhere}");
        }
        for wrong in [
            "localhost:9999",
            "ftp://localhost",
            "http://localhost:0",
            "http://localhost/#x",
            "",
        ] {
            assert!(RedirectUri::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_host_is_the_registered_one() {
        let registered = RedirectUri::parse("http://localhost:9999").expect("a URI");
        assert!(registered.is_host("localhost:9999") && registered.is_host("LOCALHOST:9999"));
        for wrong in [
            "localhost",
            "localhost:80",
            "127.0.0.1:9999",
            "evil.example:9999",
            "localhost:9999.evil",
            "",
        ] {
            assert!(!registered.is_host(wrong), "{wrong}");
        }
        let plain = RedirectUri::parse("http://localhost").expect("a URI");
        assert!(plain.is_host("localhost") && plain.is_host("localhost:80"));
    }

    #[test]
    fn a_redirect_counts_only_with_the_state() {
        assert!(
            matches!(read_query("code=c&state=s", &state()), Some(Verdict::Allowed(code)) if code.expose() == "c")
        );
        assert!(
            matches!(read_query("state=s&error=access_denied&x=y", &state()), Some(Verdict::Refused(word)) if word == "access_denied")
        );
        assert!(
            matches!(read_query("state=s&error=%3Cb%3E", &state()), Some(Verdict::Refused(word)) if word == "an error")
        );
        for wrong in [
            "",
            "code=c",
            "code=c&state=",
            "code=c&state=S",
            "code=c&state=s%00",
            "error=access_denied",
            "error=access_denied&state=t",
            "state=s",
            "state=s&code=",
            "state=s&code=a+b",
            "state=s&code=c&error=e",
            "state=s&state=s&code=c",
            "state=t&state=s&code=c",
            "state=s&code=c&code=d",
            "STATE=s&code=c",
        ] {
            assert!(read_query(wrong, &state()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_person_pastes_a_code_or_the_address() {
        let code = |pasted: &str| match read_pasted(pasted, &state()) {
            Ok(Verdict::Allowed(code)) => Some(code.expose().to_owned()),
            _ => None,
        };
        assert_eq!(code(" abc-1\n").as_deref(), Some("abc-1"));
        assert_eq!(
            code("http://localhost:9999/?code=c&state=s").as_deref(),
            Some("c")
        );
        assert_eq!(
            code("localhost:9999/?state=s&code=c#_").as_deref(),
            Some("c")
        );
        for wrong in [
            "",
            "a b",
            "http://localhost:9999/",
            "http://localhost/?code=c",
            "http://localhost/?code=c&state=t",
        ] {
            assert_eq!(code(wrong), None, "{wrong}");
        }
    }
}
