//! The proxy of a connection, as a script or a file sets it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::options::OptionSpec;
use crate::secret::Secret;
use crate::transport::{Login, Names, Scheme, Upstream};

/// The longest name and password that the login of SOCKS5 has room for.
const LONGEST_OF_SOCKS: usize = 255;

/// The proxy that a connection goes through. By default there is none, whatever the environment says.
///
/// With a proxy nothing is ever sent past it: where it cannot be used, calls fail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// What the proxy speaks.
    #[serde(rename = "type")]
    pub kind: ProxyKind,
    /// Its name or IP address.
    pub address: String,
    /// Its port: 8080 unless it is set, of SOCKS 1080.
    pub port: Option<u16>,
    /// How it is told who asks.
    pub authentication: ProxyAuthentication,
    /// The Windows domain of the user, for NTLM.
    pub domain: String,
    /// The user; for NTLM `DOMAIN\user` is good too.
    pub username: String,
    /// The user's password.
    #[serde(skip_serializing)]
    pub password: Option<Secret>,
    /// Who looks up the names of the servers, with SOCKS.
    pub names: ProxyNames,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// There is no proxy.
    #[default]
    None,
    /// What the environment of the program names, see [`SystemProxy`](crate::SystemProxy).
    System,
    /// HTTP: tunnels by `CONNECT`.
    Http,
    /// The same over TLS, so that the login is not seen on the way to the proxy.
    Https,
    /// SOCKS 4, or 4a where the proxy looks up the names.
    Socks4,
    /// SOCKS 5.
    Socks5,
}

/// How a proxy is told who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyAuthentication {
    /// Not at all.
    #[default]
    None,
    /// User and password, in the clear unless the proxy is `https`; with SOCKS 4 the user alone.
    Basic,
    /// NTLM version 2: user, password and domain. Only of HTTP proxies.
    Ntlm,
}

/// Who looks up the names of the servers, where the proxy speaks SOCKS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyNames {
    /// The proxy: no name is asked for here. SOCKS 4 becomes 4a.
    #[default]
    Remote,
    /// This machine: the proxy is given addresses only.
    Local,
}

impl Proxy {
    /// Every option there is, for messages that name the nearest known one.
    pub const OPTIONS: &'static [OptionSpec] = &[
        spec(
            "type",
            "\"none\", \"system\", \"http\", \"https\", \"socks4\" or \"socks5\"",
            "How it is spoken to.",
        ),
        spec("address", "a host name or IP address", "Where it is."),
        spec("port", "a port, as 8080", "Its port."),
        spec(
            "authentication",
            "\"none\", \"basic\" or \"ntlm\"",
            "How it learns who asks.",
        ),
        spec("domain", "text", "The domain of NTLM."),
        spec("username", "text", "Who asks."),
        spec("password", "text", "The password of who asks."),
        spec(
            "names",
            "\"remote\" or \"local\"",
            "Who looks up the names of the servers, where it speaks SOCKS.",
        ),
    ];

    /// Whether the settings are sound so far: the password may come from elsewhere.
    ///
    /// # Errors
    /// `invalid_argument` where an address is none that a proxy can have.
    pub(super) fn check(&self) -> Result<()> {
        if self.address.is_empty() {
            return Ok(());
        }
        self.host().map(drop)
    }

    /// Whether these settings go together; where there is no password, it may be kept elsewhere.
    ///
    /// # Errors
    /// `invalid_argument` saying what does not.
    pub fn check_whole(&self) -> Result<()> {
        let lacks_password = self.authentication != ProxyAuthentication::None
            && self.kind != ProxyKind::Socks4
            && self.password.is_none();
        if lacks_password {
            let password = Some(Secret::new("kept elsewhere"));
            let whole = Self {
                password,
                ..self.clone()
            };
            return whole.upstream().map(drop);
        }
        self.upstream().map(drop)
    }

    /// The proxy to dial, where these settings name one.
    ///
    /// # Errors
    /// `invalid_argument` where they do not go together.
    pub(super) fn upstream(&self) -> Result<Option<Upstream>> {
        let (scheme, port) = match self.kind {
            ProxyKind::None | ProxyKind::System => return Ok(None),
            ProxyKind::Http => (Scheme::Http, 8080),
            ProxyKind::Https => (Scheme::Https, 8080),
            ProxyKind::Socks4 => (Scheme::Socks4, 1080),
            ProxyKind::Socks5 => (Scheme::Socks5, 1080),
        };
        let names = match self.names {
            ProxyNames::Remote => Names::AtProxy,
            ProxyNames::Local => Names::Here,
        };
        Ok(Some(Upstream {
            scheme,
            host: self.host()?,
            port: self.port.unwrap_or(port),
            login: self.login(scheme)?,
            names,
        }))
    }

    fn host(&self) -> Result<String> {
        let address = self.address.trim();
        let bare = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(address);
        if bare.is_empty() {
            return Err(invalid("the proxy has no address")
                .with_hint("set `address` to its name, as `proxy.example.com`"));
        }
        let sound = if bare.contains(':') {
            bare.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            url::Host::parse(bare).is_ok()
        };
        if !sound {
            // It may be a URL with the password in it, so it is not repeated.
            return Err(
                invalid("the address of the proxy is not a host name or IP address").with_hint(
                    "write the name alone; `type`, `port`, `username` and `password` are settings of their own",
                ),
            );
        }
        Ok(bare.to_owned())
    }

    /// How the proxy is told who asks.
    pub(super) fn login(&self, scheme: Scheme) -> Result<Login> {
        let socks = matches!(scheme, Scheme::Socks4 | Scheme::Socks5);
        let password = self.password.clone().unwrap_or_else(|| Secret::new(""));
        if self.authentication != ProxyAuthentication::Ntlm && !self.domain.is_empty() {
            return Err(invalid("the proxy has a domain, which only NTLM knows of")
                .with_hint("set `authentication` to \"ntlm\", or leave `domain` out"));
        }
        if self.authentication == ProxyAuthentication::None {
            if self.username.is_empty() && password.is_empty() {
                return Ok(Login::Anonymous);
            }
            return Err(
                invalid("the proxy has a username or password that nothing uses")
                    .with_hint("set `authentication` to \"basic\" or \"ntlm\""),
            );
        }
        if self.username.is_empty() {
            return Err(invalid("the proxy has no username to authenticate with")
                .with_hint("set `username`, or `authentication` to \"none\""));
        }
        let unclean = |text: &str| text.chars().any(char::is_control);
        if unclean(&self.username) || unclean(&self.domain) || unclean(password.expose()) {
            return Err(invalid(
                "the username, password or domain of the proxy has characters in it that cannot be typed",
            ));
        }
        if self.authentication == ProxyAuthentication::Ntlm {
            if socks {
                return Err(invalid("a SOCKS proxy does not know NTLM")
                    .with_hint("set `authentication` to \"basic\", or `type` to \"http\""));
            }
            return Ok(self.ntlm(password));
        }
        let wrong = match scheme {
            Scheme::Socks4 if !password.is_empty() => {
                Some("a SOCKS 4 proxy takes a username, but no password")
            }
            Scheme::Socks5 if password.is_empty() => {
                Some("a SOCKS 5 proxy takes no username without a password")
            }
            Scheme::Socks5
                if self.username.len() > LONGEST_OF_SOCKS
                    || password.expose().len() > LONGEST_OF_SOCKS =>
            {
                Some("a SOCKS 5 proxy takes a username and password of at most 255 bytes")
            }
            Scheme::Http | Scheme::Https if self.username.contains(':') => {
                Some("basic authentication has no room for a colon in the username")
            }
            _ => None,
        };
        match wrong {
            Some(why) => Err(invalid(why)),
            None => Ok(Login::Password {
                username: self.username.clone(),
                password,
            }),
        }
    }

    fn ntlm(&self, password: Secret) -> Login {
        let (domain, username) = match self.username.split_once('\\') {
            Some((domain, username)) if self.domain.is_empty() => (domain, username),
            _ => (self.domain.as_str(), self.username.as_str()),
        };
        Login::Ntlm {
            domain: domain.to_owned(),
            username: username.to_owned(),
            password,
        }
    }
}

const fn spec(name: &'static str, expects: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec { name, expects, doc }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(kind: ProxyKind, authentication: ProxyAuthentication) -> Proxy {
        Proxy {
            kind,
            authentication,
            address: "proxy.example.com".into(),
            ..Proxy::default()
        }
    }

    fn refused(proxy: &Proxy) -> String {
        let error = proxy.upstream().expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.to_string()
    }

    #[test]
    fn there_is_no_proxy_unless_one_is_set() {
        assert!(Proxy::default().upstream().expect("sound").is_none());
    }

    #[test]
    fn a_proxy_is_shown_without_its_login() {
        let proxy = Proxy {
            address: "[::1]".into(),
            username: "u".into(),
            password: Some(Secret::new("canary")),
            ..proxy(ProxyKind::Https, ProxyAuthentication::Basic)
        };
        let upstream = proxy.upstream().expect("sound").expect("one");
        assert_eq!(upstream.to_string(), "https://[::1]:8080");
        assert!(!format!("{upstream:?} {proxy:?}").contains("canary"));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        use ProxyAuthentication::{Basic, None as Anonymous, Ntlm};
        use ProxyKind::{Http, Socks4, Socks5};
        let with = |kind, authentication, username: &str, password: Option<&str>| {
            refused(&Proxy {
                username: username.into(),
                password: password.map(Secret::new),
                ..proxy(kind, authentication)
            })
        };
        for (message, part) in [
            (with(Socks4, Basic, "u", Some("p")), "no password"),
            (with(Socks4, Ntlm, "u", Some("p")), "NTLM"),
            (with(Socks5, Ntlm, "u", Some("p")), "NTLM"),
            (with(Socks5, Basic, "u", None), "password"),
            (with(Socks5, Basic, &"u".repeat(256), Some("p")), "255"),
            (with(Http, Basic, "", Some("p")), "no username"),
            (with(Http, Basic, "a:b", Some("p")), "colon"),
            (with(Http, Basic, "a\r\nb", Some("p")), "characters"),
            (with(Http, Anonymous, "u", Some("p")), "nothing uses"),
        ] {
            assert!(message.contains(part), "{message}");
        }
        let domain = Proxy {
            domain: "D".into(),
            ..proxy(Http, Anonymous)
        };
        assert!(refused(&domain).contains("domain"));
        for address in ["", "http://u:canary@proxy", "a b", "::1::"] {
            let message = refused(&Proxy {
                address: address.into(),
                ..proxy(Http, Anonymous)
            });
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn the_domain_may_stand_before_the_user() {
        let proxy = Proxy {
            username: r"OFFICE\ann".into(),
            ..proxy(ProxyKind::Http, ProxyAuthentication::Ntlm)
        };
        let upstream = proxy.upstream().expect("sound").expect("one");
        let Login::Ntlm {
            domain, username, ..
        } = upstream.login
        else {
            panic!("NTLM");
        };
        assert_eq!((domain.as_str(), username.as_str()), ("OFFICE", "ann"));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let read = |text: &str| serde_json::from_str::<Proxy>(text);
        assert!(read(r#"{ "type": "socks5", "address": "a", "port": 1 }"#).is_ok());
        assert!(read(r#"{ "adress": "a" }"#).is_err());
        assert!(read(r#"{ "type": "ftp" }"#).is_err());
    }
}
