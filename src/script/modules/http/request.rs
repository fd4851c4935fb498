//! What is sent: addresses, headers and bodies as scripts write them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use serde::Deserialize;
use url::Url;

use crate::duration::parse_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::script::gate::Raised;
use crate::script::modules::json;
use crate::script::run::Run;
use crate::script::values::{article, kind};

/// Headers that a script sends along; no message shows their values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub(in crate::script) struct Headers(pub(super) HeaderMap);

/// Those that say how a message is framed and whom it is for.
const FRAMING: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
];

impl TryFrom<BTreeMap<String, String>> for Headers {
    type Error = String;

    fn try_from(written: BTreeMap<String, String>) -> std::result::Result<Self, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in written {
            let known = HeaderName::try_from(name.as_str());
            let known = known.map_err(|_| format!("`{name}` is no name of a header"))?;
            if FRAMING.contains(&known) {
                return Err(format!("the header `{name}` is not for scripts to send"));
            }
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| format!("the header `{name}` has a value that no header can have"))?;
            value.set_sensitive(true);
            headers.insert(known, value);
        }
        Ok(Self(headers))
    }
}

/// How long an answer may take: seconds, or a length of time as text.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Written")]
pub(in crate::script) struct Timeout(pub(super) Duration);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Seconds(f64),
    Length(String),
}

impl TryFrom<Written> for Timeout {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        let length = match written {
            Written::Seconds(seconds) => Duration::try_from_secs_f64(seconds).map_err(|cause| {
                invalid(format!("{seconds} is no length of time")).with_source(cause)
            })?,
            Written::Length(text) => parse_duration(&text)?,
        };
        if length.is_zero() {
            return Err(invalid("a timeout of nothing".to_owned()));
        }
        Ok(Self(length))
    }
}

/// The address of a server. What is wrong with one is said without it.
pub(super) fn address(text: &str) -> Result<Url> {
    let url = Url::parse(text)
        .map_err(|cause| invalid(format!("what `http::` is to reach is no address: {cause}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let message = format!(
            "`http::` cannot reach an address that begins with `{}:`",
            url.scheme()
        );
        return Err(invalid(message).with_hint("write it with `https://`"));
    }
    Ok(url)
}

/// A body, and what kind of thing it is.
pub(super) fn body(run: &Run, value: &Dynamic) -> Raised<(Bytes, &'static str)> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        let text = Bytes::copy_from_slice(text.as_bytes());
        return Ok((text, "text/plain; charset=utf-8"));
    }
    if let Some(bytes) = value.read_lock::<Blob>() {
        return Ok((Bytes::copy_from_slice(&bytes), "application/octet-stream"));
    }
    let is_json = value.read_lock::<Map>().is_some() || value.read_lock::<Array>().is_some();
    if is_json {
        let text = json::to_text(run, value, 0)?;
        return Ok((text.into(), "application/json"));
    }
    let message = format!("`http::post` cannot send {}", article(kind(value)));
    Err(run
        .raise(invalid(message).with_hint("it sends a map or an array as JSON, a text, or a blob")))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
