//! Whether the servers can be reached at all.

use std::time::{Duration, Instant};

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::Client;
use crate::error::Result;
use crate::transport::Request;

/// One server of a connection, and whether it answers.
#[derive(Debug)]
pub struct Reached {
    /// Where it is, as `https://api.dropboxapi.com`.
    pub server: String,
    /// How long the answer took, whatever it was; or why there was none.
    pub answer: Result<Duration>,
    /// The proxy that led there, as `http://proxy.example.com:8080`.
    pub proxy: Option<String>,
    /// How far the clock of this machine is ahead of the server's, to the second; unknown where there was no answer or it had no date.
    pub clock_ahead: Option<SignedDuration>,
}

impl Client {
    /// Asks each server for something, without a token: any answer will do.
    pub(crate) async fn reach(&self) -> Vec<Reached> {
        let mut servers: Vec<&Url> = Vec::new();
        for server in self.servers() {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        let asked = servers.into_iter().map(|server| self.reach_one(server));
        futures_util::future::join_all(asked).await
    }

    async fn reach_one(&self, server: &Url) -> Reached {
        let request = Request {
            url: server.clone(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            wait: Duration::ZERO,
        };
        let begun = Instant::now();
        let answer = self.transport().send(request).await;
        let took = begun.elapsed();
        let name = server.origin().ascii_serialization();
        let date = answer
            .as_ref()
            .ok()
            .and_then(|answer| date(answer.headers()));
        Reached {
            proxy: self.transport().proxy_to(server),
            clock_ahead: date.map(|date| ahead(date, took)),
            answer: answer
                .map(|_| took)
                .map_err(|failure| failure.into_error(&name)),
            server: name,
        }
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(date.timestamp())
}

/// The date was written about half way through, and its second was cut off.
fn ahead(date: Timestamp, took: Duration) -> SignedDuration {
    let half = SignedDuration::try_from(took / 2).unwrap_or_default();
    let then = Timestamp::now() - half;
    let ahead = then.duration_since(date);
    SignedDuration::from_secs(ahead.as_secs())
}
