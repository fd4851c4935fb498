//! The harness: an emulator, and calls to it in the formats of the API.

use std::time::Duration;

use bytes::Bytes;
use dropscript::emulator::{Emulator, EmulatorBuilder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) struct Lab {
    pub(crate) emulator: Emulator,
    http: Client,
}

/// Bytes that do not repeat in step with blocks or pieces.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    (0..count as u64)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[5])
        .collect()
}

/// Dropbox's `content_hash`, reckoned anew.
pub(crate) fn content_hash(bytes: &[u8]) -> String {
    let digests = bytes.chunks(4 * 1024 * 1024).map(Sha256::digest);
    let all: Vec<u8> = digests.flatten().collect();
    let digits = Sha256::digest(all).into_iter().map(u16::from);
    let digits = digits.flat_map(|byte| [byte / 16, byte % 16]);
    let digit = |value: u16| char::from_digit(value.into(), 16).expect("less than 16");
    digits.map(digit).collect()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        Lab::with(Emulator::builder())
    }

    pub(crate) fn with(builder: EmulatorBuilder) -> Lab {
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Lab {
            emulator: builder.start().expect("the emulator starts"),
            http,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.emulator.url()))
    }

    fn authorized(&self, route: &str) -> RequestBuilder {
        self.authorized_as("main", route)
    }

    fn authorized_as(&self, account: &str, route: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("/2/{route}"))
            .bearer_auth(self.emulator.access_token(account))
    }

    /// An rpc call.
    pub(crate) async fn rpc(&self, route: &str, arg: Value) -> Reply {
        self.rpc_as("main", route, arg).await
    }

    /// An rpc call of another account.
    pub(crate) async fn rpc_as(&self, account: &str, route: &str, arg: Value) -> Reply {
        let request = self
            .authorized_as(account, route)
            .header("content-type", "application/json")
            .body(arg.to_string());
        Reply::of(request).await.expect("an answer")
    }

    /// The same, of which the result is wanted.
    pub(crate) async fn ok(&self, route: &str, arg: Value) -> Value {
        self.rpc(route, arg).await.ok()
    }

    pub(crate) fn upload_request(
        &self,
        route: &str,
        arg: &Value,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        self.authorized(route)
            .header("content-type", "application/octet-stream")
            .header("dropbox-api-arg", arg.to_string())
            .body(body)
    }

    pub(crate) async fn upload(
        &self,
        route: &str,
        arg: Value,
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        Reply::of(self.upload_request(route, &arg, body))
            .await
            .expect("an answer")
    }

    pub(crate) fn download_request(&self, arg: &Value) -> RequestBuilder {
        self.authorized("files/download")
            .header("dropbox-api-arg", arg.to_string())
    }

    pub(crate) async fn download(&self, arg: Value) -> Reply {
        Reply::of(self.download_request(&arg))
            .await
            .expect("an answer")
    }
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply {
            status,
            headers,
            body: response.bytes().await?,
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &'static str) -> &str {
        self.headers
            .get(HeaderName::from_static(name))
            .map_or("", |value: &HeaderValue| value.to_str().expect("ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/json",
            "{}",
            self.text()
        );
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The result of a call that worked.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The tags of the error of a route, without the dots.
    pub(crate) fn refused(&self) -> String {
        assert_eq!(self.status, 409, "{}", self.text());
        self.summary()
    }

    /// The error summary without the dots.
    pub(crate) fn summary(&self) -> String {
        let body = self.json();
        let summary = body["error_summary"].as_str().expect("a summary");
        summary
            .trim_end_matches('.')
            .trim_end_matches('/')
            .to_owned()
    }

    /// The text of a 400.
    pub(crate) fn bad(&self) -> String {
        assert_eq!(self.status, 400, "{}", self.text());
        assert_eq!(self.header("content-type"), "text/plain; charset=utf-8");
        self.text()
    }
}
