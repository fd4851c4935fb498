//! The listeners, on a thread and a runtime of their own. The only file that serves connections.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::line::Line;
use super::meter::Meter;
use super::routes::{ROUTES, Style};
use super::send::Cut;
use super::shared::Shared;
use super::tunnel;
use super::{control, cors, dispatch};

/// Bytes of the header of a request over HTTP/2, at most: about what is taken over HTTP/1.1.
const LARGEST_HEADER: u32 = 400 * 1024;

/// What is spoken at an address.
#[derive(Clone)]
pub(super) enum Door {
    /// HTTP.
    Plain,
    /// HTTP in TLS.
    Tls(TlsAcceptor),
    /// CONNECT, and then HTTP in TLS.
    Proxy(TlsAcceptor),
}

/// How a request came; an extension of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Via {
    /// Whether it came in TLS.
    pub(super) secure: bool,
    /// From where.
    pub(super) peer: IpAddr,
}

/// Listeners that serve. Dropping it closes them and every connection, and waits until that is done.
#[derive(Debug)]
pub(super) struct Server {
    /// Where they listen, in the order in which they were asked for.
    pub(super) addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves at all these addresses from when this returns.
    pub(super) fn start(
        doors: Vec<(SocketAddr, Door)>,
        shared: &Arc<Shared>,
    ) -> io::Result<Server> {
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (address, door) in doors {
            let told =
                |error: io::Error| io::Error::new(error.kind(), format!("`{address}`: {error}"));
            let listener = TcpListener::bind(address).map_err(told)?;
            listener.set_nonblocking(true)?;
            addresses.push(listener.local_addr()?);
            listeners.push((listener, door));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("emulator")
            .enable_all()
            .build()?;
        let (router, line) = (router(shared), shared.line.clone());
        let meter = Arc::clone(&shared.meter);
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                let mut serving = JoinSet::new();
                for (listener, door) in listeners {
                    // The bound listener is handed to the runtime; whatever fails there ends the serving.
                    let meter = Arc::clone(&meter);
                    serving.spawn(accept(listener, door, router.clone(), line.clone(), meter));
                }
                let _ = stopped.await;
            });
        };
        let thread = thread::Builder::new()
            .name("emulator".to_owned())
            .spawn(serve)?;
        Ok(Server {
            addresses,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: TcpListener,
    door: Door,
    router: Router,
    line: Line,
    meter: Arc<Meter>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    meter.connected();
                    connections.spawn(enter(stream, peer.ip(), door.clone(), router.clone(), line.clone()));
                }
                // The peer is gone already, or this process has too many files open: others may still get through.
                Err(_) => tokio::task::yield_now().await,
            },
        }
    }
}

async fn enter(stream: TcpStream, peer: IpAddr, door: Door, router: Router, line: Line) {
    // As if the handshakes went over a long line.
    delay(line.latency.saturating_mul(2)).await;
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let latency = line.latency;
    let stream = line.carry(stream);
    let via = |secure| Via { secure, peer };
    // Whoever cannot shake hands has been told so by TLS itself.
    match door {
        Door::Plain => serve(stream, via(false), router, latency).await,
        Door::Tls(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, via(true), router, latency).await;
            }
        }
        Door::Proxy(acceptor) => {
            if let Some(tunnel) = tunnel::open(stream).await
                && let Ok(stream) = acceptor.accept(tunnel).await
            {
                serve(stream, via(true), router, latency).await;
            }
        }
    }
}

async fn serve<S>(stream: S, via: Via, router: Router, latency: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(via);
        let (preflight, from_page) = (cors::preflight(&request), cors::is_asked(&request));
        let answered = router.call(request);
        async move {
            if let Some(response) = preflight {
                return Ok(response);
            }
            let mut response = answered.await.unwrap_or_else(|never| match never {});
            if from_page {
                cors::allow(response.headers_mut());
            }
            delay(latency).await;
            match response.extensions().get::<Cut>() {
                Some(Cut) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                None => Ok(response),
            }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(LARGEST_HEADER);
    // It ended because the client went away, or because it was cut: there is nobody to tell.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Waits. Even the shortest sleep takes until the next tick of the timer, so none is none.
async fn delay(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let handler = {
            let shared = Arc::clone(shared);
            any(move |request: Request| dispatch::serve(Arc::clone(&shared), route, request))
        };
        router = match route.style {
            // Old clients put the API's first version in front.
            Style::Web => router
                .route(&format!("/{}", route.name), handler.clone())
                .route(&format!("/1/{}", route.name), handler),
            _ => router.route(&format!("/2/{}", route.name), handler),
        };
    }
    let router = control::add_to(router, shared);
    let shared = Arc::clone(shared);
    router.fallback(move |request: Request| async move {
        dispatch::unknown(&shared, &request.into_parts().0)
    })
}
