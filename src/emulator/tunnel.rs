//! The CONNECT proxy: it leads to this server, whatever name of the service is asked for, and nowhere else.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{self, OnUpgrade, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes of the head of a request, at most.
const LARGEST_HEAD: usize = 16 * 1024;

/// How long a client may take to say where it wants to go.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers as a proxy. Gives the connection when it has become one to the service; `None` when it ended.
pub(super) async fn open<S>(stream: S) -> Option<TokioIo<Upgraded>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let opened: Arc<Mutex<Option<OnUpgrade>>> = Arc::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let status = judge(&request);
        if status == StatusCode::OK {
            let tunnel = upgrade::on(&mut request);
            *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
        }
        async move { Ok::<_, Infallible>(answer(status)) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    served.ok()?;
    let tunnel = opened
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    tunnel.await.ok().map(TokioIo::new)
}

fn judge(request: &Request<Incoming>) -> StatusCode {
    if request.method() != Method::CONNECT {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    match request.uri().authority() {
        Some(target) if leads_here(target) => StatusCode::OK,
        _ => StatusCode::FORBIDDEN,
    }
}

fn leads_here(target: &Authority) -> bool {
    let host = target.host().to_ascii_lowercase();
    let service = ["dropboxapi.com", "dropbox.com"].iter().any(|name| {
        host.strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    service && target.port_u16() == Some(443) || host == "127.0.0.1"
}

fn answer(status: StatusCode) -> Response<String> {
    let text = match status {
        StatusCode::OK => "",
        StatusCode::METHOD_NOT_ALLOWED => "this proxy takes only CONNECT\n",
        _ => "this proxy leads to the hosts of Dropbox only\n",
    };
    let mut response = Response::new(text.to_owned());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_the_service_lead_here() {
        let leads = |target: &str| leads_here(&target.parse().expect("an authority"));
        for target in [
            "api.dropboxapi.com:443",
            "WWW.Dropbox.com:443",
            "127.0.0.1:9",
        ] {
            assert!(leads(target), "{target}");
        }
        for target in [
            "example.com:443",
            "notdropbox.com:443",
            "api.dropboxapi.com.example:443",
            "api.dropboxapi.com:22",
            "api.dropboxapi.com",
            "127.0.0.2:443",
        ] {
            assert!(!leads(target), "{target}");
        }
    }
}
