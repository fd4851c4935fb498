//! From here through a proxy to a server.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError};
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};
use tokio_socks::{Error as SocksError, IntoTargetAddr, TargetAddr};

use url::{Host, Url};

use super::fault::Fault;
use super::tunnel;
use super::upstream::{Login, Names, Scheme, Upstream};

/// Where a tunnel leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// A name or an address; of IPv6 without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// The server of this URL.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let host = match url.host()? {
            Host::Ipv6(address) => address.to_string(),
            host => host.to_string(),
        };
        let port = url.port_or_known_default()?;
        Some(Self { host, port })
    }
}

/// A tunnel, or a connection that can become one.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Opens a tunnel to the server. It takes as long as the proxy takes: the caller bounds the time.
pub(super) async fn dial(
    upstream: &Upstream,
    tls: &Arc<ClientConfig>,
    target: &Target,
) -> Result<Box<dyn Stream>, Fault> {
    let stream = TcpStream::connect((upstream.host.as_str(), upstream.port))
        .await
        .map_err(|error| Fault::Unreachable(error.to_string()))?;
    // What goes through is batched by those who speak, and a handshake is small pieces that wait for each other.
    let _ = stream.set_nodelay(true);
    match upstream.scheme {
        Scheme::Http => tunnel::open(stream, &upstream.login, target).await,
        Scheme::Https => {
            let stream = secured(stream, upstream, tls).await?;
            tunnel::open(stream, &upstream.login, target).await
        }
        Scheme::Socks4 | Scheme::Socks5 => socks(stream, upstream, target).await,
    }
}

/// TLS with the proxy itself.
async fn secured(
    stream: TcpStream,
    upstream: &Upstream,
    tls: &Arc<ClientConfig>,
) -> Result<impl Stream + 'static, Fault> {
    let name = ServerName::try_from(upstream.host.clone())
        .map_err(|error| Fault::Unreachable(error.to_string()))?;
    let connector = TlsConnector::from(Arc::clone(tls));
    connector.connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(TlsError::InvalidCertificate(_)) => Fault::Certificate(error.to_string()),
            _ => Fault::Nonsense(error.to_string()),
        }
    })
}

async fn socks(
    stream: TcpStream,
    upstream: &Upstream,
    target: &Target,
) -> Result<Box<dyn Stream>, Fault> {
    let target = match upstream.names {
        Names::AtProxy => (target.host.as_str(), target.port)
            .into_target_addr()
            .map_err(|error| Fault::Beyond(error.to_string()))?,
        Names::Here => TargetAddr::Ip(looked_up(target, upstream.scheme).await?),
    };
    let opened: Result<Box<dyn Stream>, SocksError> = match (upstream.scheme, &upstream.login) {
        (Scheme::Socks4, Login::Password { username, .. }) => {
            Socks4Stream::connect_with_userid_and_socket(stream, target, username)
                .await
                .map(|stream| Box::new(stream.into_inner()) as _)
        }
        (Scheme::Socks4, _) => Socks4Stream::connect_with_socket(stream, target)
            .await
            .map(|stream| Box::new(stream.into_inner()) as _),
        (_, Login::Password { username, password }) => {
            let password = password.expose();
            Socks5Stream::connect_with_password_and_socket(stream, target, username, password)
                .await
                .map(|stream| Box::new(stream.into_inner()) as _)
        }
        (_, _) => Socks5Stream::connect_with_socket(stream, target)
            .await
            .map(|stream| Box::new(stream.into_inner()) as _),
    };
    opened.map_err(|error| fault_of_socks(&error, upstream))
}

/// The server's address as it is known here.
async fn looked_up(target: &Target, scheme: Scheme) -> Result<std::net::SocketAddr, Fault> {
    let beyond = |why: String| Fault::Beyond(format!("its name is not known here: {why}"));
    let found = lookup_host((target.host.as_str(), target.port)).await;
    let mut found = found.map_err(|error| beyond(error.to_string()))?;
    // SOCKS 4 has no room for addresses of IPv6.
    found
        .find(|address| scheme == Scheme::Socks5 || matches!(address.ip(), IpAddr::V4(_)))
        .ok_or_else(|| beyond("it has no address of IPv4".to_owned()))
}

fn fault_of_socks(error: &SocksError, upstream: &Upstream) -> Fault {
    let anonymous = matches!(upstream.login, Login::Anonymous);
    match error {
        SocksError::PasswordAuthFailure(_) => Fault::Login,
        SocksError::NoAcceptableAuthMethods if anonymous => {
            Fault::OtherLogin(vec!["username and password".to_owned()])
        }
        SocksError::NoAcceptableAuthMethods
        | SocksError::IdentdAuthFailure
        | SocksError::InvalidUserIdAuthFailure => Fault::OtherLogin(Vec::new()),
        SocksError::ConnectionNotAllowedByRuleset => Fault::Forbidden(error.to_string()),
        SocksError::GeneralSocksServerFailure
        | SocksError::NetworkUnreachable
        | SocksError::HostUnreachable
        | SocksError::ConnectionRefused
        | SocksError::TtlExpired
        | SocksError::AddressTypeNotSupported => Fault::Beyond(error.to_string()),
        // A proxy that ends the connection within the greeting is one that takes no such greeting.
        SocksError::Io(io) if io.kind() == io::ErrorKind::UnexpectedEof => {
            Fault::Nonsense("it ended the connection".to_owned())
        }
        _ => Fault::Nonsense(error.to_string()),
    }
}
