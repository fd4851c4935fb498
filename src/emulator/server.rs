//! The listener, on a thread and a runtime of its own. The only file that serves connections.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::dispatch;
use super::routes::{ROUTES, Style};
use super::send::Cut;
use super::shared::Shared;

/// A listener that serves. Dropping it closes the listener and every connection, and waits until that is done.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves at `listen` from when this returns.
    pub(super) fn start(listen: SocketAddr, shared: &Arc<Shared>) -> io::Result<Server> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("emulator")
            .enable_all()
            .build()?;
        let (router, latency) = (router(shared), shared.latency);
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            // The bound listener is handed to the runtime; whatever fails there ends the serving.
            let _ = runtime.block_on(accept(listener, router, latency, stopped));
        };
        let thread = thread::Builder::new()
            .name("emulator".to_owned())
            .spawn(serve)?;
        Ok(Server {
            address,
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
    router: Router,
    latency: Duration,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone(), latency));
                }
                // The peer is gone already, or this process has too many files open: others may still get through.
                Err(_) => tokio::task::yield_now().await,
            },
        }
    }
}

async fn serve(stream: TcpStream, router: Router, latency: Duration) {
    // As if the handshakes went over a long line.
    delay(latency * 2).await;
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answered = router.call(request);
        async move {
            let response = answered.await.unwrap_or_else(|never| match never {});
            delay(latency).await;
            match response.extensions().get::<Cut>() {
                Some(Cut) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                None => Ok(response),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // It ended because the client went away, or because it was cut: there is nobody to tell.
    let _ = connection.await;
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
    let shared = Arc::clone(shared);
    router.fallback(move |request: Request| async move {
        dispatch::unknown(&shared, &request.into_parts().0)
    })
}
