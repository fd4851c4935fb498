//! The small server that the browser comes back to.
//!
//! Anybody on this machine can reach it, and any page on the web can send a browser to it. So it takes nothing but the one request
//! that knows the state of this sign-in, and goes on waiting whatever else comes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use oauth2::CsrfToken;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::answer::{Answer, Page};
use super::redirect::{RedirectUri, Verdict, read_query};
use crate::error::{Error, ErrorKind, Result};

/// The bytes that the head of a request may have, and its headers.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

/// How long a connection may take in all, and how many there may be. The oldest makes room for one more.
const SLOWEST: Duration = Duration::from_secs(10);
const MOST_CONNECTIONS: usize = 32;

/// How long the browser has to fetch the last page.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long to wait where the system takes no more connections.
const PAUSE: Duration = Duration::from_millis(50);

/// Listens on this machine, and nowhere else, for the browser that comes back from Dropbox; until it is dropped.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    expected: Arc<Expected>,
}

/// The request that is waited for.
#[derive(Debug)]
struct Expected {
    redirect: RedirectUri,
    state: CsrfToken,
    /// Whether it has come: it counts once.
    has_come: AtomicBool,
}

/// What a connection came to.
enum Outcome {
    /// It is the request that is waited for.
    Came(Verdict),
    /// The last page was fetched.
    Shown,
    /// Something else.
    Nothing,
}

impl Listener {
    pub(super) async fn bind(redirect: RedirectUri, state: CsrfToken) -> Result<Self> {
        let addresses = redirect.addresses();
        if addresses.is_empty() {
            let message = format!("`{}` does not lead to this machine", redirect.text());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut sockets = Vec::new();
        let mut missing = None;
        for address in addresses {
            match TcpListener::bind(address).await {
                Ok(socket) => sockets.push(socket),
                // A machine may do without IPv6, or without IPv4.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrNotAvailable
                        || is_unknown_family(&error) =>
                {
                    missing = Some((address, error));
                }
                Err(error) => return Err(cannot_listen(&redirect, address, error)),
            }
        }
        if let (true, Some((address, error))) = (sockets.is_empty(), missing) {
            return Err(cannot_listen(&redirect, address, error));
        }
        let expected = Expected {
            redirect,
            state,
            has_come: AtomicBool::new(false),
        };
        Ok(Self {
            sockets,
            expected: Arc::new(expected),
        })
    }

    /// Waits for the request that knows the state, and shows the browser the last page.
    pub(super) async fn wait(self) -> Verdict {
        let mut connections = JoinSet::new();
        let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
        let mut verdict = None;
        let mut farewell = Instant::now();
        loop {
            tokio::select! {
                stream = self.accept() => {
                    oldest.retain(|connection| !connection.is_finished());
                    if oldest.len() == MOST_CONNECTIONS && let Some(connection) = oldest.pop_front() {
                        connection.abort();
                    }
                    let expected = Arc::clone(&self.expected);
                    oldest.push_back(connections.spawn(async move {
                        let served = tokio::time::timeout(SLOWEST, serve(stream, &expected)).await;
                        served.unwrap_or(Outcome::Nothing)
                    }));
                }
                // One that made room for another came to nothing.
                Some(joined) = connections.join_next() => match joined.unwrap_or(Outcome::Nothing) {
                    Outcome::Came(came) => {
                        verdict = Some(came);
                        farewell = Instant::now() + FAREWELL;
                    }
                    Outcome::Shown => if let Some(verdict) = verdict { return verdict; },
                    Outcome::Nothing => {}
                },
                () = tokio::time::sleep_until(farewell), if verdict.is_some() => {
                    if let Some(verdict) = verdict { return verdict; }
                }
            }
        }
    }

    async fn accept(&self) -> TcpStream {
        loop {
            let accepted = poll_fn(|context| {
                for socket in &self.sockets {
                    if let Poll::Ready(accepted) = socket.poll_accept(context) {
                        return Poll::Ready(accepted);
                    }
                }
                Poll::Pending
            });
            match accepted.await {
                Ok((stream, _)) => return stream,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

async fn serve(mut stream: TcpStream, expected: &Expected) -> Outcome {
    let (answer, outcome) = match read_head(&mut stream).await {
        Ok(Some(head)) => expected.judge(&head),
        Ok(None) => (Answer::error(431), Outcome::Nothing),
        Err(_) => return Outcome::Nothing,
    };
    // Whether or not the browser takes the answer, the code has come.
    let _ = send(&mut stream, &answer).await;
    outcome
}

/// The bytes up to the empty line; `None` where there are too many.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Ok(None);
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(head))
}

async fn send(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    stream.write_all(&answer.to_bytes()).await?;
    stream.shutdown().await?;
    // What is left unread when a socket is closed makes the other side lose the answer.
    let mut rest = [0; 1024];
    for _ in 0..64 {
        if stream.read(&mut rest).await? == 0 {
            break;
        }
    }
    Ok(())
}

impl Expected {
    /// What to answer, and what the request came to. In this order: the method, the path, the host, the state, and then the rest.
    fn judge(&self, head: &[u8]) -> (Answer, Outcome) {
        let wrong = |status| (Answer::error(status), Outcome::Nothing);
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(status) if status.is_complete() => {}
            Err(httparse::Error::TooManyHeaders) => return wrong(431),
            _ => return wrong(400),
        }
        if request.method != Some("GET") {
            return wrong(405);
        }
        let target = request.path.unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let page = Page::at(path).filter(|_| query.is_none());
        if page.is_none() && !self.redirect.is_path(path) {
            return wrong(404);
        }
        let mut hosts = request
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("host"));
        let host = hosts
            .next()
            .and_then(|host| str::from_utf8(host.value).ok());
        if hosts.next().is_some() || !host.is_some_and(|host| self.redirect.is_host(host)) {
            return wrong(400);
        }
        if let Some(page) = page {
            return (Answer::page(page), Outcome::Shown);
        }
        let Some(verdict) = read_query(query.unwrap_or_default(), &self.state) else {
            return wrong(400);
        };
        if self.has_come.swap(true, Ordering::Relaxed) {
            return wrong(400);
        }
        // Elsewhere, so that neither the address bar nor the history keeps the code.
        let page = match verdict {
            Verdict::Allowed(_) => Page::Done,
            Verdict::Refused(_) => Page::Denied,
        };
        (Answer::see(page), Outcome::Came(verdict))
    }
}

#[cfg(unix)]
fn is_unknown_family(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(not(unix))]
fn is_unknown_family(_: &io::Error) -> bool {
    false
}

fn cannot_listen(redirect: &RedirectUri, address: SocketAddr, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "a port below 1024 is for the system; register a redirect URI with another port, as `http://localhost:9999`"
        }
        io::ErrorKind::AddrInUse => {
            "another program listens there, maybe another sign-in: end it first"
        }
        _ => "paste the address that the browser is sent to",
    };
    let message = format!(
        "cannot listen at `{address}` for the answer to `{}`",
        redirect.text()
    );
    Error::new(ErrorKind::LocalIo, message)
        .with_hint(hint)
        .with_source(error)
}
