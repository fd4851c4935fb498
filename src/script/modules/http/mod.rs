//! `http::`: calls of other servers, those that the host's permissions name.

mod answer;
mod request;

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Method, header};
use rhai::{Dynamic, Engine, Map, NativeCallContext};
use serde::Deserialize;

use super::{function, here, namespace};
use crate::error::{Error, ErrorKind, Result};
use crate::options::options;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::web::WebRequest;

options! {
    /// How a server is asked.
    pub(in crate::script) struct HttpOptions {
        /// What is sent along; to no other server that it redirects to.
        headers: request::Headers = request::Headers::default(), r#"a map of texts, as #{ "X-Key": key }"#;
        /// How long the whole may take.
        timeout: request::Timeout = request::Timeout(Duration::from_secs(60)), "seconds, or a length of time as \"30s\"";
        /// Whether an answer of 400 and more is an error.
        raise: bool = true, "true or false";
    }
}

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    const URL: &str = "url: &str";
    namespace(engine, "http", |module| {
        let host = Arc::clone(run);
        let doc = "Asks a server for what is at an address.";
        function("get", &[URL, "map"], doc).set_into_module(
            module,
            move |context: NativeCallContext, url: &str| -> Raised<Map> {
                here(&context, &host, || get(&host, url, &Map::new()))
            },
        );
        let host = Arc::clone(run);
        function("get", &[URL, "options: map", "map"], doc).set_into_module(
            module,
            move |context: NativeCallContext, url: &str, options: Map| -> Raised<Map> {
                here(&context, &host, || get(&host, url, &options))
            },
        );
        let host = Arc::clone(run);
        let doc = "Sends something to a server: a map or array as JSON, text as it is.";
        function("post", &[URL, "body: ?", "map"], doc).set_into_module(
            module,
            move |context: NativeCallContext, url: &str, body: Dynamic| -> Raised<Map> {
                here(&context, &host, || post(&host, url, &body, &Map::new()))
            },
        );
        let host = Arc::clone(run);
        function("post", &[URL, "body: ?", "options: map", "map"], doc).set_into_module(
            module,
            move |context: NativeCallContext,
                  url: &str,
                  body: Dynamic,
                  options: Map|
                  -> Raised<Map> {
                here(&context, &host, || post(&host, url, &body, &options))
            },
        );
    });
}

fn get(run: &Run, url: &str, map: &Map) -> Raised<Map> {
    let raise = |error: Error| run.raise(error);
    let url = request::address(url).map_err(raise)?;
    let options = read(map, "http::get").map_err(raise)?;
    run.host().permissions.check_web(&url).map_err(raise)?;
    let request = WebRequest {
        method: Method::GET,
        url,
        headers: options.headers.0.clone(),
        body: bytes::Bytes::new(),
    };
    ask(run, request, &options)
}

fn post(run: &Run, url: &str, body: &Dynamic, map: &Map) -> Raised<Map> {
    let raise = |error: Error| run.raise(error);
    let url = request::address(url).map_err(raise)?;
    let options = read(map, "http::post").map_err(raise)?;
    run.host().permissions.check_web(&url).map_err(raise)?;
    let (body, kind) = request::body(run, body)?;
    let host = url.host_str().unwrap_or_default();
    if run.would(format_args!("send {} bytes to `{host}`", body.len())) {
        return Ok(answer::planned());
    }
    let mut headers: HeaderMap = options.headers.0.clone();
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static(kind));
    let request = WebRequest {
        method: Method::POST,
        url,
        headers,
        body,
    };
    ask(run, request, &options)
}

fn read(map: &Map, of: &str) -> Result<HttpOptions> {
    options::read(map, HttpOptions::OPTIONS, of)
}

fn ask(run: &Run, request: WebRequest, options: &HttpOptions) -> Raised<Map> {
    let host = run.host();
    let web = host.web().map_err(|error| run.raise(error))?;
    let limit = host.limits.string_size;
    let hold = |size: usize| {
        if size <= limit {
            // Where the script may not have it, this is the end of it, whatever becomes of the error.
            let may_have = run.gate().check_with(size);
            return may_have
                .map_err(|stopped| Error::new(ErrorKind::InvalidArgument, stopped.to_string()));
        }
        let message = format!("the answer is larger than a text may be, {limit} bytes");
        Err(Error::new(ErrorKind::InvalidArgument, message))
    };
    let may_reach = |url: &url::Url| host.permissions.check_web(url);
    let fetched = run.wait(web.fetch(request, options.timeout.0, may_reach, hold));
    run.gate().check()?;
    let answer = fetched?;
    if options.raise && answer.status.as_u16() >= 400 {
        return Err(run.raise(answer::refused(&answer)));
    }
    answer::to_map(run, answer)
}
