//! The way from the HTTP crate to a proxy: a door on this machine, behind which the proxy is dialled.
//!
//! The HTTP crate cannot answer a challenge on the connection that it came on, as NTLM wants it, and says of a proxy's refusal only
//! that there was one. It is therefore given a SOCKS proxy of our own, on loopback with a password that nobody else has, and all
//! that has to do with real proxies happens here: one place for every kind of them.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::dial::{Stream, Target, dial};
use super::door::{self, Key};
use super::fault::Fault;
use super::upstream::Upstream;
use crate::error::{Error, ErrorKind, Result};

/// How long whoever comes through the door may take to say where to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Leads to the servers of one connection through its proxies, until it is dropped; then everything that goes through it ends.
#[derive(Debug)]
pub(super) struct Relay {
    address: SocketAddr,
    key: Key,
    faults: Arc<Mutex<Faults>>,
    led: Arc<Mutex<Led>>,
    /// Dropped with this, which ends the thread.
    _stop: oneshot::Sender<()>,
}

/// The servers that may be reached, and the proxy for each.
pub(super) type Ways = HashMap<Target, Arc<Upstream>>;

/// The servers that were led to, and the proxy that did it, as people are told.
type Led = HashMap<Target, String>;

#[derive(Debug, Default)]
struct Faults {
    count: u64,
    last: Option<(Fault, String)>,
}

struct Inside {
    ways: Ways,
    tls: Arc<ClientConfig>,
    key: Key,
    patience: Duration,
    faults: Arc<Mutex<Faults>>,
    led: Arc<Mutex<Led>>,
}

impl Relay {
    /// Opens the door. `patience` is how long a proxy may take to lead to a server.
    ///
    /// # Errors
    /// `local_io` where this machine has no port or thread left.
    pub(super) fn start(ways: Ways, tls: ClientConfig, patience: Duration) -> Result<Self> {
        let cannot = |source: io::Error| {
            Error::new(ErrorKind::LocalIo, "cannot make ready for the proxy").with_source(source)
        };
        let key = Key::random().map_err(cannot)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let (faults, led) = (Arc::default(), Arc::default());
        let inside = Arc::new(Inside {
            ways,
            tls: Arc::new(tls),
            key: key.clone(),
            patience,
            faults: Arc::clone(&faults),
            led: Arc::clone(&led),
        });
        let (stop, stopped) = oneshot::channel();
        // A thread of its own: connections outlive the runtime that happened to make the first call.
        thread::Builder::new()
            .name("dropscript-proxy".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        _ = serve(listener, &inside) => {}
                    }
                });
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })
            .map_err(cannot)?;
        Ok(Self {
            address,
            key,
            faults,
            led,
            _stop: stop,
        })
    }

    /// The URL of the door, with the password in it.
    pub(super) fn url(&self) -> String {
        let (name, password) = (door::NAME, self.key.as_str());
        format!("socks5h://{name}:{password}@{}", self.address)
    }

    /// How many faults there were so far.
    pub(super) fn faults(&self) -> u64 {
        locked(&self.faults).count
    }

    /// The proxy that has led to a server, as people are told; none where nobody came this way.
    pub(super) fn led_to(&self, target: &Target) -> Option<String> {
        locked(&self.led).get(target).cloned()
    }

    /// The last fault, where there was one after the first `seen`: why it was, and of which proxy.
    pub(super) fn fault_after(&self, seen: u64) -> Option<(Fault, String)> {
        let faults = locked(&self.faults);
        faults.last.clone().filter(|_| faults.count > seen)
    }
}

async fn serve(listener: std::net::TcpListener, inside: &Arc<Inside>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(lead(stream, Arc::clone(inside)));
            }
            // Of the one who came, or for want of file handles: neither is over at once.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn lead(mut stream: TcpStream, inside: Arc<Inside>) {
    let _ = stream.set_nodelay(true);
    let asked = timeout(PATIENCE, door::ask(&mut stream, &inside.key)).await;
    let Ok(Ok(target)) = asked else {
        return;
    };
    let Some(upstream) = inside.ways.get(&target) else {
        // Only the servers of the connection are led to.
        let _ = door::refuse(&mut stream).await;
        return;
    };
    let dialled = timeout(inside.patience, dial(upstream, &inside.tls, &target)).await;
    match dialled.unwrap_or(Err(Fault::Slow)) {
        Ok(tunnel) => {
            locked(&inside.led).insert(target, upstream.to_string());
            join(stream, tunnel).await;
        }
        Err(fault) => {
            {
                let mut faults = locked(&inside.faults);
                faults.count += 1;
                faults.last = Some((fault, upstream.to_string()));
            }
            let _ = door::refuse(&mut stream).await;
        }
    }
}

async fn join(mut stream: TcpStream, mut tunnel: Box<dyn Stream>) {
    if door::admit(&mut stream).await.is_ok() {
        // Whoever breaks off is heard of at both ends.
        let _ = copy_bidirectional(&mut stream, &mut tunnel).await;
    }
}

fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
