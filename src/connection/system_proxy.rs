//! The proxies that the environment of a program names.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::proxy::{Proxy, ProxyAuthentication, ProxyKind};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::transport::{Names, Proxies, Upstream};

/// The proxies that the environment of a program names, for connections whose proxy is [`ProxyKind::System`].
///
/// The library reads no environment: the program hands this over, as `SystemProxy::from_variables(|name| std::env::var(name).ok())`.
#[derive(Debug, Clone, Default)]
pub struct SystemProxy {
    /// `HTTPS_PROXY`: for servers that are reached by `https`, as Dropbox is. A URL, which may hold a login.
    pub https: Option<Secret>,
    /// `HTTP_PROXY`: for those reached by `http`.
    pub http: Option<Secret>,
    /// `ALL_PROXY`: where the one that would be for them is not set.
    pub all: Option<Secret>,
    /// `NO_PROXY`: servers that are reached directly, names with all below them, and addresses, separated by commas.
    pub except: String,
}

impl SystemProxy {
    /// Takes them out of the environment's variables, `https_proxy` before `HTTPS_PROXY` and so on.
    #[must_use]
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_uppercase()));
        // In a CGI program a client can set this one, by a header `Proxy`.
        let http = match set("REQUEST_METHOD") {
            Some(_) => set("http_proxy"),
            None => either("http_proxy"),
        };
        Self {
            https: either("https_proxy").map(Secret::new),
            http: http.map(Secret::new),
            all: either("all_proxy").map(Secret::new),
            except: either("no_proxy").unwrap_or_default(),
        }
    }

    /// The proxies to dial; `own` has the login, where it is not in the URLs.
    ///
    /// # Errors
    /// `invalid_argument` where a variable is not the URL of a proxy, or `own` has settings that it cannot have.
    pub(super) fn proxies(&self, own: &Proxy) -> Result<Proxies> {
        if !own.address.is_empty() || own.port.is_some() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the proxy of the system has its address from the environment, not from the settings",
            )
            .with_hint("leave `address` and `port` out, or set `type` to what the proxy speaks"));
        }
        let dialled =
            |name: &str, given: &Option<Secret>| match given.as_ref().or(self.all.as_ref()) {
                None => Ok(None),
                Some(url) => parsed(url, own)
                    .map(Some)
                    .map_err(|why| wrong(if given.is_some() { name } else { "ALL_PROXY" }, why)),
            };
        Ok(Proxies {
            https: dialled("HTTPS_PROXY", &self.https)?,
            http: dialled("HTTP_PROXY", &self.http)?,
            except: self.except.clone(),
        })
    }
}

/// The variable may hold a password, so the message does not repeat it.
fn wrong(name: &str, why: Option<Error>) -> Error {
    match why {
        Some(error) => error,
        None => Error::new(
            ErrorKind::InvalidArgument,
            format!("the variable `{name}` is not the URL of a proxy"),
        )
        .with_hint("write it as `http://user:password@host:port`, or `https:`, `socks4:`, `socks4a:`, `socks5:`, `socks5h:`"),
    }
}

fn parsed(url: &Secret, own: &Proxy) -> Result<Upstream, Option<Error>> {
    let text = url.expose();
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&with_scheme).map_err(|_| None)?;
    // Names are looked up where the scheme says, as other programs read it.
    let (kind, names, port) = match url.scheme() {
        "http" => (ProxyKind::Http, Names::AtProxy, 80),
        "https" => (ProxyKind::Https, Names::AtProxy, 443),
        "socks4" => (ProxyKind::Socks4, Names::Here, 1080),
        "socks4a" => (ProxyKind::Socks4, Names::AtProxy, 1080),
        "socks5" => (ProxyKind::Socks5, Names::Here, 1080),
        "socks5h" => (ProxyKind::Socks5, Names::AtProxy, 1080),
        _ => return Err(None),
    };
    let host = match url.host().ok_or(None)? {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
    let username = decoded(url.username()).map_err(|_| None)?;
    let password = decoded(url.password().unwrap_or_default()).map_err(|_| None)?;
    // A login in the settings counts; without one it is that of the URL.
    let own_login = own.authentication != ProxyAuthentication::None;
    let settings = Proxy {
        kind,
        address: host,
        port: Some(url.port().unwrap_or(port)),
        authentication: match own.authentication {
            ProxyAuthentication::None if !username.is_empty() => ProxyAuthentication::Basic,
            authentication => authentication,
        },
        username: if own_login {
            own.username.clone()
        } else {
            username
        },
        password: if own_login {
            own.password.clone()
        } else {
            Some(Secret::new(password))
        },
        domain: own.domain.clone(),
        ..Proxy::default()
    };
    let upstream = settings.upstream().map_err(Some)?.ok_or(None)?;
    Ok(Upstream { names, ..upstream })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Login;

    fn system(set: &[(&str, &str)]) -> SystemProxy {
        SystemProxy::from_variables(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn shown(set: &[(&str, &str)]) -> [Option<String>; 2] {
        let proxies = system(set).proxies(&Proxy::default()).expect("sound");
        [proxies.https, proxies.http].map(|one| one.map(|upstream| upstream.to_string()))
    }

    #[test]
    fn each_sort_of_server_has_its_variable() {
        let set = [
            ("https_proxy", "http://one:1"),
            ("HTTPS_PROXY", "http://not-this:1"),
            ("ALL_PROXY", "socks5h://two"),
            ("HTTP_PROXY", ""),
        ];
        let expected = ["http://one:1", "socks5://two:1080"].map(|url| Some(url.to_owned()));
        assert_eq!(shown(&set), expected);
        assert_eq!(shown(&[]), [None, None]);
        let plain = shown(&[("HTTP_PROXY", "three:3")]);
        assert_eq!(plain, [None, Some("http://three:3".to_owned())]);
        let cgi = [("HTTP_PROXY", "evil:3"), ("REQUEST_METHOD", "GET")];
        assert_eq!(shown(&cgi), [None, None]);
        assert_eq!(system(&[("NO_PROXY", "a, b")]).except, "a, b");
    }

    #[test]
    fn the_login_is_that_of_the_url_or_of_the_settings() {
        let login = |own: &Proxy| {
            let url = "http://ann%40home:p%23w@proxy:3128";
            let proxies = system(&[("HTTPS_PROXY", url)]).proxies(own);
            proxies.expect("sound").https.expect("one").login
        };
        let Login::Password { username, password } = login(&Proxy::default()) else {
            panic!("a password");
        };
        assert_eq!((username.as_str(), password.expose()), ("ann@home", "p#w"));
        let own = Proxy {
            authentication: ProxyAuthentication::Ntlm,
            domain: "OFFICE".into(),
            username: "bob".into(),
            ..Proxy::default()
        };
        assert!(matches!(login(&own), Login::Ntlm { username, .. } if username == "bob"));
    }

    #[test]
    fn the_scheme_says_who_looks_up_names() {
        for (scheme, names) in [
            ("socks4", Names::Here),
            ("socks4a", Names::AtProxy),
            ("socks5", Names::Here),
            ("socks5h", Names::AtProxy),
        ] {
            let url = format!("{scheme}://proxy");
            let proxies = system(&[("ALL_PROXY", &url)]).proxies(&Proxy::default());
            assert_eq!(proxies.expect("sound").http.expect("one").names, names);
        }
    }

    #[test]
    fn what_is_not_the_url_of_a_proxy_is_named_and_not_repeated() {
        for url in [
            "ftp://u:canary@proxy",
            "http://u:canary@",
            "http://u:canary@proxy:x",
        ] {
            let error = system(&[("ALL_PROXY", url)]).proxies(&Proxy::default());
            let error = error.expect_err("no proxy");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains("ALL_PROXY"), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        let own = Proxy {
            address: "proxy".into(),
            ..Proxy::default()
        };
        assert!(system(&[]).proxies(&own).is_err());
    }
}
