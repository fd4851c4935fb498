//! One call: sent until it is answered for good, with the waits that the server asks for.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::retry::{LONGEST_LIMIT, Retries};
use super::view::Seen;
use super::{Client, Leave};
use crate::api::error::{Refusal, ended_early};
use crate::api::header::safe_json;
use crate::api::{Effect, Endpoint, Route, Style};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::transport::{Request, Response, bearer};

const ARGUMENT: HeaderName = HeaderName::from_static("dropbox-api-arg");
const RESULT: HeaderName = HeaderName::from_static("dropbox-api-result");

/// Dropbox's id of a call, for its support.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-dropbox-request-id");

/// Where each call is told of to whoever listens: its route, status, time and id, and nothing that is secret.
const CALLS: &str = "dropscript::call";

/// The largest JSON answer that is read: a full page of a listing is a few MiB.
const LARGEST_ANSWER: usize = 64 << 20;

/// The largest error answer that is read.
const LARGEST_REFUSAL: usize = 1 << 20;

/// One call: what goes to the server, as often as it has to be sent.
#[derive(Debug, Clone)]
struct Call<'a> {
    route: &'a Route<'a>,
    /// The path that the call is about, for messages.
    path: Option<&'a str>,
    argument: Argument,
    contents: Bytes,
    span: Span,
    /// How long the server was asked to wait before it answers.
    wait: Duration,
    /// Not to be repeated where it may have taken effect.
    once: bool,
}

impl<'a> Call<'a> {
    fn new(route: &'a Route<'a>, path: Option<&'a str>, argument: Argument) -> Self {
        Self {
            route,
            path,
            argument,
            contents: Bytes::new(),
            span: Span::ALL,
            wait: Duration::ZERO,
            once: false,
        }
    }
}

/// Which bytes are wanted of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    /// The first that is not wanted; none where all are.
    pub(super) end: Option<u64>,
}

impl Span {
    pub(super) const ALL: Span = Span {
        start: 0,
        end: None,
    };

    /// The header that asks for it; all is what comes without one.
    fn header(self) -> Option<HeaderValue> {
        let range = match self.end {
            None if self.start == 0 => return None,
            None => format!("bytes={}-", self.start),
            Some(end) => format!("bytes={}-{}", self.start, end.saturating_sub(1)),
        };
        Some(HeaderValue::try_from(range).expect("digits are valid in a header"))
    }
}

/// The argument of a route as JSON that may stand in a header or a body alike.
#[derive(Clone)]
pub(super) struct Argument(String);

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a password in it.
        f.write_str("Argument(..)")
    }
}

impl Argument {
    pub(super) fn of(argument: &impl Serialize) -> Self {
        Self(safe_json(argument).expect("arguments of routes are plain data"))
    }
}

/// What a call came to.
#[derive(Debug)]
pub(super) struct Outcome<T> {
    pub(super) result: Result<T>,
    /// Whether an earlier attempt may have taken effect although no answer came: then look before repeating.
    pub(super) unsure: bool,
}

impl Client {
    /// Calls an rpc route that only reads, or that may be repeated without harm.
    pub(super) async fn rpc<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
    ) -> Result<R> {
        self.rpc_outcome(route, path, argument).await.result
    }

    pub(super) async fn rpc_outcome<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
    ) -> Outcome<R> {
        debug_assert_ne!(route.effect, Effect::Deletes, "`{}`", route.name);
        self.rpc_call(route, path, argument).await
    }

    /// Calls an rpc route that must not be repeated where an attempt may have taken effect: then the error stands.
    pub(super) async fn rpc_once<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
    ) -> Result<R> {
        debug_assert_ne!(route.effect, Effect::Deletes, "`{}`", route.name);
        let call = Call {
            once: true,
            ..Call::new(route, path, argument)
        };
        self.decoded(&call).await.result
    }

    /// Calls an rpc route that reads, and that the server answers only after so long.
    pub(super) async fn rpc_waiting<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
        wait: Duration,
    ) -> Result<R> {
        let call = Call {
            wait,
            ..Call::new(route, path, argument)
        };
        self.decoded(&call).await.result
    }

    /// Calls an rpc route that deletes.
    pub(super) async fn rpc_deleting<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
        _leave: &Leave,
    ) -> Outcome<R> {
        self.rpc_call(route, path, argument).await
    }

    async fn rpc_call<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: Option<&str>,
        argument: Argument,
    ) -> Outcome<R> {
        debug_assert_eq!(route.style, Style::Rpc, "`{}`", route.name);
        self.decoded(&Call::new(route, path, argument)).await
    }

    /// Calls an upload route with these contents.
    pub(super) async fn send<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: &str,
        argument: Argument,
        contents: Bytes,
    ) -> Outcome<R> {
        debug_assert_eq!(route.style, Style::Upload, "`{}`", route.name);
        let call = Call {
            contents,
            ..Call::new(route, Some(path), argument)
        };
        self.decoded(&call).await
    }

    /// Calls a download route; the answer's body is still to be read.
    pub(super) async fn fetch<R: DeserializeOwned>(
        &self,
        route: &Route<'_>,
        path: &str,
        argument: Argument,
        span: Span,
    ) -> Result<(R, Response)> {
        debug_assert_eq!(route.style, Style::Download, "`{}`", route.name);
        let call = Call {
            span,
            ..Call::new(route, Some(path), argument)
        };
        let mut retries = Retries::new();
        loop {
            match self.attempt(&call).await {
                Ok(answer) => {
                    let result = answer
                        .headers()
                        .get(RESULT)
                        .map(HeaderValue::as_bytes)
                        .unwrap_or_default();
                    return Ok((decode(route, result)?, answer));
                }
                Err(attempt) => self.pause_or_give_up(&mut retries, attempt).await?,
            }
        }
    }

    /// Sends the call until it is answered for good, and reads the JSON of the answer's body.
    async fn decoded<R: DeserializeOwned>(&self, call: &Call<'_>) -> Outcome<R> {
        let mut retries = Retries::new();
        loop {
            let attempt = match self.attempt(call).await {
                Ok(mut answer) => match answer.bytes(LARGEST_ANSWER).await {
                    Ok(body) => match decode(call.route, &body) {
                        Err(error) if error.kind() == ErrorKind::Network => Attempt {
                            unsure: true,
                            error: about(error, call),
                        },
                        result => {
                            self.tell_of_answer(call.route, &body);
                            return Outcome {
                                result,
                                unsure: retries.unsure(),
                            };
                        }
                    },
                    Err(failure) => Attempt {
                        unsure: true,
                        error: about(failure.into_error(&self.server(call.route)), call),
                    },
                },
                Err(attempt) => attempt,
            };
            if call.once && attempt.unsure {
                return Outcome {
                    result: Err(attempt.error),
                    unsure: true,
                };
            }
            if let Err(error) = self.pause_or_give_up(&mut retries, attempt).await {
                return Outcome {
                    result: Err(error),
                    unsure: retries.unsure(),
                };
            }
        }
    }

    /// Waits for the next attempt, or gives the error back where another would be no use.
    pub(super) async fn pause_or_give_up(
        &self,
        retries: &mut Retries,
        attempt: Attempt,
    ) -> Result<()> {
        let wait = retries.after(attempt, &self.pace().budget)?;
        tracing::info!(
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "trying again"
        );
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// One attempt, with a second one where the folder that paths begin at has moved.
    async fn attempt(&self, call: &Call<'_>) -> Result<Response, Attempt> {
        self.guards().check(call.route).map_err(Attempt::sure)?;
        if call.route.endpoint == Endpoint::Notify {
            return self.attempt_with(call, None, &Seen::default()).await;
        }
        let seen = self.seen(call.route).await.map_err(Attempt::sure)?;
        match self.attempt_from(call, &seen).await {
            Err(attempt) if self.mend(&attempt.error, &seen).await => {
                let seen = self.seen(call.route).await.map_err(Attempt::sure)?;
                self.attempt_from(call, &seen).await
            }
            answered => answered,
        }
    }

    /// One attempt, with a second one where the token had expired.
    async fn attempt_from(&self, call: &Call<'_>, seen: &Seen) -> Result<Response, Attempt> {
        let token = self.0.tokens.token().await.map_err(Attempt::sure)?;
        let attempt = match self.attempt_with(call, Some(&token), seen).await {
            Err(attempt)
                if attempt.error.status() == Some(401)
                    && attempt.error.kind() == ErrorKind::NotSignedIn =>
            {
                attempt
            }
            answered => return answered,
        };
        match self.0.tokens.another_than(&token).await {
            Some(token) => {
                let token = token.map_err(Attempt::sure)?;
                self.attempt_with(call, Some(&token), seen).await
            }
            None => Err(attempt),
        }
    }

    async fn attempt_with(
        &self,
        call: &Call<'_>,
        token: Option<&Secret>,
        seen: &Seen,
    ) -> Result<Response, Attempt> {
        let request = self.prepared(call, token, seen).map_err(Attempt::sure)?;
        let pace = self.pace();
        pace.pacer.ready().await;
        let server = self.server(call.route);
        let started = std::time::Instant::now();
        let mut answer = self.0.transport.send(request).await.map_err(|failure| {
            tracing::debug!(
                target: CALLS,
                route = call.route.name,
                ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                "no answer"
            );
            pace.pacer.failed();
            Attempt {
                unsure: failure.ambiguous,
                error: about(failure.into_error(&server), call),
            }
        })?;
        let status = answer.status();
        let request_id = answer.headers().get(REQUEST_ID);
        tracing::debug!(
            target: CALLS,
            route = call.route.name,
            status = status.as_u16(),
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id = request_id.and_then(|id| id.to_str().ok()),
            "call"
        );
        if status.is_server_error() {
            pace.pacer.failed();
        } else {
            pace.pacer.answered();
        }
        if status.is_success() {
            pace.budget.refund();
            return Ok(answer);
        }
        // What is left unread of an error only costs the connection.
        let body = answer.bytes(LARGEST_REFUSAL).await.unwrap_or_default();
        let refusal = Refusal {
            route: call.route,
            path: call.path,
            status,
            headers: answer.headers(),
            body: &body,
        };
        let error = refusal.into_error();
        let wait = error.retry_after().filter(|_| error.is_retryable());
        if wait.is_some() || error.kind() == ErrorKind::RateLimited {
            // A longer one ends the call, and the next must not hang where nobody sees why.
            let wait = wait.filter(|wait| *wait <= LONGEST_LIMIT);
            pace.limited(wait);
        }
        // A server that failed may have failed after the change was made.
        Err(Attempt {
            unsure: status.is_server_error(),
            error,
        })
    }

    fn prepared(&self, call: &Call<'_>, token: Option<&Secret>, seen: &Seen) -> Result<Request> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, bearer(token)?);
        }
        headers.extend(seen.headers().iter().cloned());
        let body = match call.route.style {
            Style::Rpc => {
                headers.insert(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                );
                Bytes::from(call.argument.0.clone())
            }
            Style::Upload | Style::Download => {
                let argument = HeaderValue::from_str(&call.argument.0)
                    .expect("header-safe JSON is printable ASCII");
                headers.insert(ARGUMENT, argument);
                call.contents.clone()
            }
        };
        if call.route.style == Style::Upload {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/octet-stream"),
            );
        }
        if let Some(range) = call.span.header() {
            headers.insert(header::RANGE, range);
        }
        Ok(Request {
            url: self.0.servers.of(call.route),
            headers,
            body,
            wait: call.wait,
        })
    }

    pub(super) fn server(&self, route: &Route<'_>) -> String {
        self.0.servers.of(route).origin().ascii_serialization()
    }
}

/// How one attempt failed.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) error: Error,
    /// Whether it may have taken effect all the same.
    pub(super) unsure: bool,
}

impl Attempt {
    pub(super) fn sure(error: Error) -> Self {
        Self {
            error,
            unsure: false,
        }
    }
}

/// Says which path an error was about, where the call was about one.
fn about(error: Error, call: &Call<'_>) -> Error {
    match call.path {
        Some(path) => error.with_path(if path.is_empty() { "/" } else { path }),
        None => error,
    }
}

fn decode<R: DeserializeOwned>(route: &Route<'_>, json: &[u8]) -> Result<R> {
    // A route without a result answers `null`, or may answer with nothing.
    let whole = if json.is_empty() { b"null" } else { json };
    serde_json::from_slice(whole).map_err(|error| {
        if json.is_empty() || error.is_eof() {
            return ended_early(route);
        }
        // The position helps to find the fault; the text around it may be anything, so it stays out.
        let place = format!("line {}, column {}", error.line(), error.column());
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "`{}` answered with something that is not its result ({place})",
                route.name
            ),
        )
        .with_hint("is the endpoint a server that speaks Dropbox's API?")
    })
}
