//! A proxy as it is dialled: settings that were found to make sense.

use std::fmt;

use crate::secret::Secret;

/// A proxy, with all that is needed to be let through. It is shown as `http://host:port`, without the login.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) scheme: Scheme,
    /// A name or an address; of IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: Login,
    pub(crate) names: Names,
}

/// The proxies of a connection, by how the server is reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    /// For servers whose URLs begin with `https`.
    pub(crate) https: Option<Upstream>,
    /// For servers whose URLs begin with `http`.
    pub(crate) http: Option<Upstream>,
    /// Servers that are reached directly all the same: names with all below them, addresses, networks, separated by commas.
    pub(crate) except: String,
}

/// What the proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    /// HTTP, after a TLS handshake with the proxy itself.
    Https,
    Socks4,
    Socks5,
}

/// How the proxy is told who asks.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    Anonymous,
    /// `Basic` of HTTP, the user and password of SOCKS5, the user of SOCKS4.
    Password {
        username: String,
        password: Secret,
    },
    Ntlm {
        domain: String,
        username: String,
        password: Secret,
    },
}

/// Who looks up the servers' names where the proxy speaks SOCKS. HTTP proxies always do it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    AtProxy,
    Here,
}

impl Proxies {
    /// One proxy for every server.
    pub(crate) fn all(upstream: Upstream) -> Self {
        Self {
            https: Some(upstream.clone()),
            http: Some(upstream),
            except: String::new(),
        }
    }
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (self.scheme.as_str(), self.port);
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{port}", self.host)
        } else {
            write!(f, "{scheme}://{}:{port}", self.host)
        }
    }
}
