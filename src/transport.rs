//! HTTP: the only place that names the HTTP crate.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::{Frame, SizeHint};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// A body goes out in pieces of this size, so that progress is seen and a stalled connection is told from a slow one.
const PIECE: usize = 64 * 1024;

/// Sends requests, one at a time or many at once, over pooled connections.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    stall: Duration,
}

/// What to send. Requests are always POST: every Dropbox route is.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
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
    pub(crate) timeout: bool,
    cause: Cause,
}

/// The innermost cause of a failure: the layers above it only say that a request failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

impl Transport {
    /// `stall` is how long a connection may stand still: while connecting, sending, waiting for the answer, or reading it.
    pub(crate) fn new(stall: Duration) -> Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("dropscript/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(stall)
            // A redirect could carry the token to another host, and no route of the API needs one.
            .redirect(reqwest::redirect::Policy::none())
            // A proxy is a setting of the connection, never what happens to be in the environment.
            .no_proxy()
            // Retries are decided in one place, which knows what may be repeated.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Network, "cannot set up HTTP").with_source(cause(&error))
            })?;
        Ok(Self { client, stall })
    }

    /// Sends the request and waits for the head of the answer, whatever its status.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, Failure> {
        let sent = Arc::new(AtomicU64::new(0));
        let body = Pieces {
            rest: request.body,
            sent: Arc::clone(&sent),
        };
        let request = self
            .client
            .request(Method::POST, request.url)
            .headers(request.headers);
        let request = if body.rest.is_empty() {
            request.header(header::CONTENT_LENGTH, 0)
        } else {
            request.body(reqwest::Body::wrap(body))
        };
        let mut answer = std::pin::pin!(request.send());
        let mut seen = 0;
        loop {
            match tokio::time::timeout(self.stall, &mut answer).await {
                Ok(Ok(inner)) => {
                    return Ok(Response {
                        inner,
                        stall: self.stall,
                    });
                }
                Ok(Err(error)) => return Err(Failure::from(&error)),
                Err(_) => {
                    let now = sent.load(Ordering::Relaxed);
                    if now == seen {
                        return Err(Failure::stalled(self.stall));
                    }
                    seen = now;
                }
            }
        }
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
                ..Failure::from(&error)
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
            timeout: true,
            cause,
        }
    }

    /// The error for the person: `what` names the server.
    pub(crate) fn into_error(self, what: &str) -> Error {
        if self.timeout {
            return Error::new(
                ErrorKind::Timeout,
                format!("`{what}` did not answer in time"),
            )
            .with_source(self.cause);
        }
        let message = if self.ambiguous {
            format!("the connection to `{what}` broke")
        } else {
            format!("cannot reach `{what}`")
        };
        Error::new(ErrorKind::Network, message)
            .with_hint(
                "look at the network, and at the proxy if there is one; a later try may work",
            )
            .with_source(self.cause)
    }
}

impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        Self {
            ambiguous: !error.is_connect() && !error.is_builder(),
            timeout: error.is_timeout(),
            cause: cause(error),
        }
    }
}

fn cause(error: &reqwest::Error) -> Cause {
    let mut innermost: &dyn StdError = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    Cause(innermost.to_string())
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

/// A body from memory that is handed over piece by piece and counts what went.
struct Pieces {
    rest: Bytes,
    sent: Arc<AtomicU64>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.sent.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
