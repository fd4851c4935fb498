//! HTTP: the only place that names the HTTP crate.

mod dial;
mod door;
mod fault;
mod ntlm;
mod pieces;
mod relay;
mod trust;
mod tunnel;
mod upstream;

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio_rustls::rustls::Error as TlsError;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use dial::Target;
use fault::Fault;
use pieces::Pieces;
use relay::{Relay, Ways};
pub(crate) use trust::Trust;
pub(crate) use upstream::{Login, Names, Proxies, Scheme, Upstream};

/// How requests name this program, to servers and to proxies.
const USER_AGENT: &str = concat!("dropscript/", env!("CARGO_PKG_VERSION"));

/// Sends requests, one at a time or many at once, over pooled connections.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    stall: Duration,
    /// The way to the proxies, where there are some.
    relay: Option<Arc<Relay>>,
}

/// How servers are reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// How long a connection may stand still: while connecting, sending, waiting for the answer, or reading it.
    pub(crate) stall: Duration,
    /// The servers of the connection. Through a proxy no others are reached.
    pub(crate) servers: Vec<Url>,
    pub(crate) proxies: Proxies,
    pub(crate) trust: Trust,
}

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How much longer than a stalled connection the answer may take: what the server was asked to wait for.
    pub(crate) wait: Duration,
}

/// The head of an answer, with its body still to be read.
#[derive(Debug)]
pub(crate) struct Response {
    inner: reqwest::Response,
    stall: Duration,
}

/// Why there is no answer, or only part of one.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Whether the server may have seen the request: then nobody knows whether it took effect.
    pub(crate) ambiguous: bool,
    sort: Sort,
    cause: Cause,
}

#[derive(Debug)]
enum Sort {
    /// Nothing moved for too long.
    Timeout,
    /// The server's certificate is not believed.
    Certificate,
    /// This proxy did not lead to it.
    Proxy(Fault, String),
    /// It was not reached, or the connection broke.
    Broken,
}

/// The innermost cause of a failure: the layers above it only say that a request failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

impl Transport {
    /// # Errors
    /// The file of authorities is not one, or cannot be read.
    pub(crate) fn new(line: &Line) -> Result<Self> {
        let cannot = |error: reqwest::Error| {
            Error::new(ErrorKind::Network, "cannot set up HTTP").with_source(cause(&error))
        };
        let stall = line.stall;
        let mut tls = line.trust.tls()?;
        let ways = line.ways();
        let relay = if ways.is_empty() {
            None
        } else {
            // A little less than who waits has patience for, so that the reason still arrives.
            let patience = stall.mul_f32(0.9);
            Some(Arc::new(Relay::start(ways, tls.clone(), patience)?))
        };
        tls.alpn_protocols = vec!["h2".into(), "http/1.1".into()];
        let mut client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(stall)
            .tls_backend_preconfigured(tls)
            // A redirect could carry the token to another host, and no route of the API needs one.
            .redirect(reqwest::redirect::Policy::none())
            // A proxy is a setting of the connection, never what happens to be in the environment.
            .no_proxy()
            // Retries are decided in one place, which knows what may be repeated.
            .retry(reqwest::retry::never());
        if let Some(relay) = &relay {
            let except = reqwest::NoProxy::from_string(&line.proxies.except);
            let proxies = &line.proxies;
            if proxies.https.is_some() {
                let proxy = reqwest::Proxy::https(relay.url()).map_err(cannot)?;
                client = client.proxy(proxy.no_proxy(except.clone()));
            }
            if proxies.http.is_some() {
                let proxy = reqwest::Proxy::http(relay.url()).map_err(cannot)?;
                client = client.proxy(proxy.no_proxy(except));
            }
        }
        Ok(Self {
            client: client.build().map_err(cannot)?,
            stall,
            relay,
        })
    }

    /// Sends the request as a POST, which every route of Dropbox is, and waits for the head of the answer, whatever its status.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, Failure> {
        self.send_as(Method::POST, request).await
    }

    /// Sends the request and waits for the head of the answer, whatever its status.
    pub(crate) async fn send_as(
        &self,
        method: Method,
        request: Request,
    ) -> Result<Response, Failure> {
        let faults = self.relay.as_ref().map_or(0, |relay| relay.faults());
        let stall = self.stall.saturating_add(request.wait);
        let sent = Arc::new(AtomicU64::new(0));
        let body = Pieces {
            rest: request.body,
            sent: Arc::clone(&sent),
        };
        let request = self
            .client
            .request(method.clone(), request.url)
            .headers(request.headers);
        let request = if body.rest.is_empty() && method == Method::GET {
            request
        } else if body.rest.is_empty() {
            request.header(header::CONTENT_LENGTH, 0)
        } else {
            request.body(reqwest::Body::wrap(body))
        };
        let mut answer = std::pin::pin!(request.send());
        let mut seen = 0;
        loop {
            match tokio::time::timeout(stall, &mut answer).await {
                Ok(Ok(inner)) => {
                    return Ok(Response { inner, stall });
                }
                // An address may be a secret, and the messages of the HTTP crate tell it.
                Ok(Err(error)) => return Err(self.failure(&error.without_url(), faults)),
                Err(_) => {
                    let now = sent.load(Ordering::Relaxed);
                    if now == seen {
                        return Err(Failure::stalled(stall));
                    }
                    seen = now;
                }
            }
        }
    }
}

impl Transport {
    /// The proxy by which this server was reached, as people are told; none where it was reached directly, or not yet.
    pub(crate) fn proxy_to(&self, server: &Url) -> Option<String> {
        self.relay.as_ref()?.led_to(&Target::of(server)?)
    }

    /// Why there is no answer; `seen` are the faults of proxies from before.
    fn failure(&self, error: &reqwest::Error, seen: u64) -> Failure {
        let failure = Failure::from(error);
        let fault = self
            .relay
            .as_ref()
            .and_then(|relay| relay.fault_after(seen));
        match fault {
            // Where there is no connection, what the proxies say is why.
            Some((fault, proxy)) if error.is_connect() => Failure {
                ambiguous: false,
                sort: Sort::Proxy(fault, proxy),
                ..failure
            },
            _ => failure,
        }
    }
}

impl Line {
    /// The proxy for each server that has one.
    fn ways(&self) -> Ways {
        let mut ways = Ways::new();
        let proxies = &self.proxies;
        let [https, http] = [&proxies.https, &proxies.http].map(|one| one.clone().map(Arc::new));
        for server in &self.servers {
            let upstream = if server.scheme() == "https" {
                &https
            } else {
                &http
            };
            if let (Some(upstream), Some(target)) = (upstream, Target::of(server)) {
                ways.insert(target, Arc::clone(upstream));
            }
        }
        ways
    }
}

impl Response {
    pub(crate) fn status(&self) -> StatusCode {
        self.inner.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The next piece of the body; `None` at its end, which is only reached when all of the announced length came.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match tokio::time::timeout(self.stall, self.inner.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(Failure {
                ambiguous: true,
                ..Failure::from(&error.without_url())
            }),
            Err(_) => Err(Failure::stalled(self.stall)),
        }
    }

    /// The body up to `limit` bytes; what is beyond is left.
    pub(crate) async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() >= limit {
                body.truncate(limit);
                break;
            }
        }
        Ok(body)
    }
}

impl Failure {
    fn stalled(stall: Duration) -> Self {
        let cause = Cause(format!("nothing moved for {} s", stall.as_secs_f32()));
        Self {
            ambiguous: true,
            sort: Sort::Timeout,
            cause,
        }
    }

    /// The error for the person: `what` names the server.
    pub(crate) fn into_error(self, what: &str) -> Error {
        let error = match self.sort {
            Sort::Proxy(fault, proxy) => return fault.into_error(&proxy, what),
            Sort::Timeout => {
                let message = format!("`{what}` did not answer in time");
                Error::new(ErrorKind::Timeout, message)
            }
            // Not a fault of the network: it would be the same the next time.
            Sort::Certificate => Error::new(
                ErrorKind::Integrity,
                format!("the certificate of `{what}` is not believed, so nothing was sent"),
            )
            .with_hint("where the server is your own, or a proxy opens TLS, name the authority's PEM file as `ca_file`"),
            Sort::Broken => {
                let message = if self.ambiguous {
                    format!("the connection to `{what}` broke")
                } else {
                    format!("cannot reach `{what}`")
                };
                Error::new(ErrorKind::Network, message).with_hint(
                    "look at the network; where only a proxy leads out, set `proxy`; a later try may work",
                )
            }
        };
        error.with_source(self.cause)
    }
}

impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        Self {
            ambiguous: !error.is_connect() && !error.is_builder(),
            sort: if error.is_timeout() {
                Sort::Timeout
            } else if is_of_certificate(error) {
                Sort::Certificate
            } else {
                Sort::Broken
            },
            cause: cause(error),
        }
    }
}

fn cause(error: &reqwest::Error) -> Cause {
    let innermost = causes(error).last();
    Cause(innermost.map_or_else(|| error.to_string(), ToString::to_string))
}

/// Whether the handshake ended because the certificate is not believed.
fn is_of_certificate(error: &reqwest::Error) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref())
        .any(|error| matches!(error, TlsError::InvalidCertificate(_)))
}

/// The error and what is below it.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |error| {
        below(*error)
    })
}

fn below<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    // An error of I/O that only wraps another leaves it out of its sources.
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The value of an `Authorization` header, marked so that no log of the HTTP crate shows it.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        Error::new(
            ErrorKind::NotSignedIn,
            "the access token contains characters that no token has",
        )
        .with_hint("copy the token again, without spaces or line breaks around it")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
