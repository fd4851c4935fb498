//! A server that speaks the API, asked over plain HTTP, without a type of the crate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dropscript::emulator::Emulator;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// How often a limit is waited out, and for how long at most.
const PATIENCE: usize = 10;
const LONGEST_WAIT: u64 = 300;

/// Which of the service's hosts a request goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host {
    Api,
    Content,
    Notify,
}

/// The emulator, or the real service.
pub(crate) struct Service {
    http: Client,
    endpoint: Option<String>,
    pub(crate) token: String,
    /// Whether it is treated as the real one: with patience, and without what only the emulator has.
    pub(crate) real: bool,
}

impl Service {
    pub(crate) fn of(emulator: &Emulator) -> Arc<Service> {
        // One whose tokens can be revoked.
        let _made = emulator.refresh_token("other");
        Service::new(Some(emulator.url()), &emulator.access_token("main"), false)
    }

    /// The real service, or another at `endpoint`.
    pub(crate) fn real(endpoint: Option<&str>, token: &str) -> Arc<Service> {
        Service::new(endpoint, token, true)
    }

    fn new(endpoint: Option<&str>, token: &str, real: bool) -> Arc<Service> {
        let http = Client::builder()
            .timeout(Duration::from_secs(120))
            .redirect(reqwest::redirect::Policy::none());
        // A proxy may be the way to the real service, and is none to this machine.
        let http = if endpoint.is_some() {
            http.no_proxy()
        } else {
            http
        };
        Arc::new(Service {
            http: http.build().expect("a client"),
            endpoint: endpoint.map(|url| url.trim_end_matches('/').to_owned()),
            token: token.to_owned(),
            real,
        })
    }

    pub(crate) fn name(&self) -> String {
        self.endpoint
            .clone()
            .unwrap_or_else(|| "Dropbox".to_owned())
    }

    /// A request without a token.
    pub(crate) fn anonymous(&self, method: Method, host: Host, path: &str) -> RequestBuilder {
        let url = match (&self.endpoint, host) {
            (Some(endpoint), _) => format!("{endpoint}{path}"),
            (None, Host::Api) => format!("https://api.dropboxapi.com{path}"),
            (None, Host::Content) => format!("https://content.dropboxapi.com{path}"),
            (None, Host::Notify) => format!("https://notify.dropboxapi.com{path}"),
        };
        self.http.request(method, url)
    }

    /// A request to a function of the API.
    pub(crate) fn request(&self, host: Host, function: &str) -> RequestBuilder {
        self.anonymous(Method::POST, host, &format!("/2/{function}"))
            .bearer_auth(&self.token)
    }

    /// Sends it. The real service is waited for where it says how long.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Reply, String> {
        for _ in 0..PATIENCE {
            let again = request.try_clone();
            let again = again.ok_or("a request whose body cannot be sent twice")?;
            let reply = Reply::of(again).await?;
            if !self.real || !matches!(reply.status, 429 | 503) {
                return Ok(reply);
            }
            let seconds = reply.header("retry-after").parse().unwrap_or(1);
            tokio::time::sleep(Duration::from_secs(seconds.min(LONGEST_WAIT))).await;
        }
        Err(format!("still limited after {PATIENCE} tries"))
    }
}

/// A path with parameters in the URL.
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("{path}?{}", query.extend_pairs(pairs).finish())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    async fn of(request: RequestBuilder) -> Result<Reply, String> {
        let read = async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response.bytes().await?;
            Ok::<_, reqwest::Error>(Reply {
                status,
                headers,
                body,
            })
        };
        // An error of reqwest has the address in it, which may have a token in it.
        let told = |error: reqwest::Error| format!("no answer: {}", error.without_url());
        read.await.map_err(told)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    fn expect(&self, status: u16) -> Result<(), String> {
        if self.status == status {
            return Ok(());
        }
        let text: String = self.text().chars().take(300).collect();
        Err(format!(
            "{} where {status} was expected: {text}",
            self.status
        ))
    }

    /// The body as JSON; nothing is null.
    pub(crate) fn json(&self) -> Result<Value, String> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|error| format!("{error}: {}", self.text()))
    }

    /// The result of a call that worked.
    pub(crate) fn result(&self) -> Result<Value, String> {
        self.expect(200)?;
        if self.headers.contains_key("dropbox-api-result") {
            return self.told();
        }
        self.json()
    }

    /// The result that came in the header.
    pub(crate) fn told(&self) -> Result<Value, String> {
        let told = self.header("dropbox-api-result");
        serde_json::from_str(told).map_err(|error| format!("{error}: {told}"))
    }

    /// The tags of a 409, without the dots.
    pub(crate) fn refused(&self) -> Result<String, String> {
        self.expect(409)?;
        self.summary()
    }

    /// The tags of an error.
    pub(crate) fn summary(&self) -> Result<String, String> {
        let body = self.json()?;
        let summary = body["error_summary"].as_str().ok_or("no summary")?;
        Ok(summary
            .trim_end_matches('.')
            .trim_end_matches('/')
            .to_owned())
    }

    /// The text of a 400.
    pub(crate) fn bad(&self) -> Result<String, String> {
        self.expect(400)?;
        Ok(self.text())
    }
}
