//! What goes wrong with a proxy.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, ErrorKind};

/// Why a proxy did not lead to the server. None of these ever leads to a direct connection.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The proxy itself is not reached.
    Unreachable(String),
    /// It did not answer in time.
    Slow,
    /// Its certificate is not believed.
    Certificate(String),
    /// It does not take the username and password.
    Login,
    /// It wants a login in another way, or one at all; what it offers.
    OtherLogin(Vec<String>),
    /// It does not lead to that server.
    Forbidden(String),
    /// It does not reach the server.
    Beyond(String),
    /// It does not answer as such a proxy does.
    Nonsense(String),
}

/// What is known beyond the sort of fault.
#[derive(Debug)]
struct Detail(String);

impl Fault {
    /// The error for the person. A login that was refused is not tried again: that locks people out.
    pub(super) fn into_error(self, proxy: &str, server: &str) -> Error {
        let (kind, message, hint, detail) = match self {
            Self::Unreachable(why) => (
                ErrorKind::Network,
                format!("cannot reach the proxy `{proxy}`"),
                "look at the network, and at `address` and `port` of the proxy",
                Some(why),
            ),
            Self::Slow => (
                ErrorKind::Timeout,
                format!("the proxy `{proxy}` did not lead to `{server}` in time"),
                "look at the network, and at `address` and `port` of the proxy",
                None,
            ),
            Self::Certificate(why) => (
                ErrorKind::Integrity,
                format!(
                    "the certificate of the proxy `{proxy}` is not believed, so nothing was sent"
                ),
                "name the PEM file of the proxy's authority as `ca_file`",
                Some(why),
            ),
            Self::Login => (
                ErrorKind::Permission,
                format!("the proxy `{proxy}` does not take this username and password"),
                "look at `username`, `password` and `domain` of the proxy",
                None,
            ),
            Self::OtherLogin(offered) => (
                ErrorKind::Permission,
                format!("the proxy `{proxy}` wants another login than the one that is set"),
                "set `authentication`, `username` and `password` of the proxy to what it takes",
                (!offered.is_empty()).then(|| format!("it offers {}", offered.join(", "))),
            ),
            Self::Forbidden(why) => (
                ErrorKind::Permission,
                format!("the proxy `{proxy}` does not allow `{server}`"),
                "ask who runs the proxy to allow this server and its port",
                Some(why),
            ),
            Self::Beyond(why) => (
                ErrorKind::Network,
                format!("the proxy `{proxy}` does not reach `{server}`"),
                "look at the network behind the proxy; a later try may work",
                Some(why),
            ),
            Self::Nonsense(why) => (
                ErrorKind::Unsupported,
                format!("`{proxy}` does not answer as such a proxy does"),
                "look at `type`, `address` and `port` of the proxy",
                Some(why),
            ),
        };
        let error = Error::new(kind, message).with_hint(hint);
        match detail {
            Some(detail) => error.with_source(Detail(detail)),
            None => error,
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Detail {}
