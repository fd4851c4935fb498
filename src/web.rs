//! Other servers than Dropbox's, for those who may reach them: a request, its redirects, and the answer up to a size.
//!
//! An address may be a secret as a whole, as that of a webhook is: what is said of one is its host, and nothing more.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Line, Request, Response, Transport};

/// Redirects that are followed, one after the other.
const REDIRECTS: usize = 10;
/// A connection that stands still for longer is given up.
const STALL: Duration = Duration::from_secs(60);

/// What to ask of a server.
pub(crate) struct WebRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a server answered, whole.
pub(crate) struct WebAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Who answered.
    pub(crate) host: String,
}

/// Reaches servers; its requests share connections.
#[derive(Debug)]
pub(crate) struct Web(Transport);

impl Web {
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn new() -> Result<Self> {
        Transport::new(&Line {
            stall: STALL,
            ..Line::default()
        })
        .map(Self)
    }

    /// Sends a request, follows where it is redirected to, and reads the answer. `may_reach` is asked before each server that is gone to;
    /// `hold` hears how many bytes the answer comes to before they are kept.
    ///
    /// Headers and body go to the first server only.
    ///
    /// # Errors
    /// What `may_reach` and `hold` say; `network`, `timeout` or `integrity` where there is no answer; `unsupported` for a redirect that
    /// leads out of TLS, or would carry the body elsewhere; `server` for redirects without an end.
    pub(crate) async fn fetch(
        &self,
        mut request: WebRequest,
        timeout: Duration,
        may_reach: impl Fn(&Url) -> Result<()>,
        hold: impl Fn(usize) -> Result<()>,
    ) -> Result<WebAnswer> {
        let mut host = host_of(&request.url);
        let answer = async {
            for _ in 0..=REDIRECTS {
                may_reach(&request.url)?;
                host = host_of(&request.url);
                let (method, sent) = request.as_sent(timeout);
                let sending = self.0.send_as(method, sent).await;
                let response = sending.map_err(|failure| failure.into_error(&host))?;
                match request.redirected(&response)? {
                    Some(next) => request = next,
                    None => return read(response, &host, &hold).await,
                }
            }
            let message = format!("`{host}` redirects without an end");
            Err(Error::new(ErrorKind::Server, message))
        };
        let answer = tokio::time::timeout(timeout, answer).await;
        answer.unwrap_or_else(|_| {
            let message = format!("`{host}` did not answer within {timeout:?}");
            Err(Error::new(ErrorKind::Timeout, message)
                .with_hint("the option `timeout` has it wait longer"))
        })
    }
}

impl WebRequest {
    fn as_sent(&self, timeout: Duration) -> (Method, Request) {
        let request = Request {
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            // The timeout of the whole ends it first.
            wait: timeout,
        };
        (self.method.clone(), request)
    }

    /// What to ask next where the answer leads elsewhere (RFC 9110, 15.4).
    fn redirected(&self, response: &Response) -> Result<Option<Self>> {
        let status = response.status();
        let keeps_body = matches!(
            status,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let is_redirect = keeps_body
            || matches!(
                status,
                StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER
            );
        let (true, Some(location)) = (is_redirect, response.headers().get(LOCATION)) else {
            return Ok(None);
        };
        let host = host_of(&self.url);
        let unsupported = |why: &str| {
            Error::new(ErrorKind::Unsupported, format!("`{host}` redirects {why}")).with_answer(
                status.as_u16(),
                None,
                None,
            )
        };
        let url = location
            .to_str()
            .ok()
            .and_then(|location| self.url.join(location).ok())
            .ok_or_else(|| unsupported("to what is no address"))?;
        if url.scheme() != "https" && url.scheme() != self.url.scheme() {
            return Err(unsupported("to where there is no TLS"));
        }
        let is_same = url.origin() == self.url.origin();
        if keeps_body && !is_same && !self.body.is_empty() {
            return Err(unsupported(&format!(
                "to `{}`, which what was sent is not for",
                host_of(&url)
            ))
            .with_hint("send it there yourself"));
        }
        let (method, body) = match (keeps_body, &self.method) {
            (false, &Method::POST) => (Method::GET, Bytes::new()),
            _ => (self.method.clone(), self.body.clone()),
        };
        let mut headers = if is_same {
            self.headers.clone()
        } else {
            HeaderMap::new()
        };
        if body.is_empty() {
            headers.remove(http::header::CONTENT_TYPE);
        }
        Ok(Some(Self {
            method,
            url,
            headers,
            body,
        }))
    }
}

/// Neither address nor headers nor body are for anybody to see.
impl fmt::Debug for WebRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebRequest")
            .field("method", &self.method)
            .field("host", &host_of(&self.url))
            .finish_non_exhaustive()
    }
}

async fn read(
    mut response: Response,
    host: &str,
    hold: &impl Fn(usize) -> Result<()>,
) -> Result<WebAnswer> {
    let (status, headers) = (response.status(), response.headers().clone());
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    hold(announced.unwrap_or(0))?;
    let mut body = Vec::new();
    let failed = |failure: crate::transport::Failure| failure.into_error(host);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        hold(body.len() + chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok(WebAnswer {
        status,
        headers,
        body,
        host: host.to_owned(),
    })
}

/// All of an address that is told to anybody.
fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
