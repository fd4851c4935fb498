//! `CONNECT`, with the logins of HTTP.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;

use super::dial::{Stream, Target};
use super::fault::Fault;
use super::ntlm::{self, Challenge, Identity, Moment};
use super::upstream::Login;

/// Bytes of the head of an answer, and headers in it, at most.
const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 100;

/// Bytes of a page that says why, at most: between two messages of NTLM it has to be read.
const LARGEST_PAGE: usize = 1 << 20;

/// From the epoch of Windows to that of Unix, in tenths of microseconds.
const EPOCHS_APART: u128 = 116_444_736_000_000_000;

/// Makes the connection to a proxy a tunnel to the server.
pub(super) async fn open<S: Stream + 'static>(
    stream: S,
    login: &Login,
    target: &Target,
) -> Result<Box<dyn Stream>, Fault> {
    let (sender, connection) = Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        // As everybody writes them: proxies are old.
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| nonsense(&error))?;
    // Ends with the tunnel, or with the sender where there comes none.
    tokio::spawn(connection.with_upgrades());
    let mut proxy = Proxy { sender, target };
    let answer = match login {
        Login::Anonymous => proxy.ask(None).await?,
        Login::Password { username, password } => {
            let both = format!("{username}:{}", password.expose());
            let login = format!("Basic {}", STANDARD.encode(both));
            proxy.ask(Some(login)).await?
        }
        Login::Ntlm {
            domain,
            username,
            password,
        } => {
            let identity = Identity {
                domain,
                username,
                password: password.expose(),
            };
            proxy.ask_by_ntlm(identity).await?
        }
    };
    judge(&answer, login)?;
    let tunnel = hyper::upgrade::on(answer).await;
    Ok(Box::new(TokioIo::new(
        tunnel.map_err(|error| nonsense(&error))?,
    )))
}

struct Proxy<'t> {
    sender: SendRequest<Empty<Bytes>>,
    target: &'t Target,
}

impl Proxy<'_> {
    async fn ask(&mut self, login: Option<String>) -> Result<Response<Incoming>, Fault> {
        let Target { host, port } = self.target;
        let authority = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut request = Request::connect(&authority)
            .header(header::HOST, &authority)
            .header(header::USER_AGENT, super::USER_AGENT);
        if let Some(login) = login {
            let mut value = HeaderValue::try_from(login)
                .map_err(|_| Fault::Nonsense("its login has no place in a header".to_owned()))?;
            value.set_sensitive(true);
            request = request
                .header(header::PROXY_AUTHORIZATION, value)
                // NTLM is of the connection, and proxies of HTTP/1.0 close it unless they are asked not to.
                .header("Proxy-Connection", "keep-alive");
        }
        let request = request.body(Empty::new()).map_err(|_| {
            Fault::Forbidden("the server's name has no place in a request".to_owned())
        })?;
        let sent = self.sender.send_request(request).await;
        sent.map_err(|error| nonsense(&error))
    }

    /// Three messages on one connection: what it asks for, the proxy's challenge, the answer.
    async fn ask_by_ntlm(&mut self, identity: Identity<'_>) -> Result<Response<Incoming>, Fault> {
        let challenged = self
            .ask(Some(format!("NTLM {}", ntlm::negotiate())))
            .await?;
        if challenged.status() != StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Ok(challenged);
        }
        let Some(message) = challenge(&challenged) else {
            return Err(Fault::OtherLogin(offered(&challenged)));
        };
        let challenge = Challenge::read(&message)
            .ok_or_else(|| Fault::Nonsense("its challenge of NTLM makes no sense".to_owned()))?;
        skip(challenged).await?;
        if self.sender.ready().await.is_err() {
            let why = "it ended the connection within the login of NTLM";
            return Err(Fault::Nonsense(why.to_owned()));
        }
        let answer = challenge.answer(identity, moment()?).ok_or(Fault::Login)?;
        self.ask(Some(format!("NTLM {answer}"))).await
    }
}

fn judge(answer: &Response<Incoming>, login: &Login) -> Result<(), Fault> {
    let status = answer.status();
    let said = format!("it answers with status {}", status.as_u16());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            let offered = offered(answer);
            let ours = match login {
                Login::Anonymous => return Err(Fault::OtherLogin(offered)),
                Login::Password { .. } => "Basic",
                Login::Ntlm { .. } => "NTLM",
            };
            let known = offered.iter().any(|name| name.eq_ignore_ascii_case(ours));
            Err(if known {
                Fault::Login
            } else {
                Fault::OtherLogin(offered)
            })
        }
        // What tinyproxy says of a wrong password.
        StatusCode::UNAUTHORIZED if !matches!(login, Login::Anonymous) => Err(Fault::Login),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED => {
            Err(Fault::Forbidden(said))
        }
        _ if status.is_server_error() => Err(Fault::Beyond(said)),
        _ => Err(Fault::Nonsense(said)),
    }
}

/// The names of the logins that the proxy takes.
fn offered(answer: &Response<Incoming>) -> Vec<String> {
    let name = |value: &HeaderValue| {
        let name = value.to_str().ok()?.split([' ', ',']).next()?;
        // What a proxy says is shown to a person: no more of it than such names are long.
        Some(name.chars().take(20).collect::<String>())
    };
    let values = answer.headers().get_all(header::PROXY_AUTHENTICATE);
    values.iter().filter_map(name).take(8).collect()
}

/// The message within an offer of NTLM.
fn challenge(answer: &Response<Incoming>) -> Option<String> {
    let values = answer.headers().get_all(header::PROXY_AUTHENTICATE);
    values.iter().find_map(|value| {
        let (name, message) = value.to_str().ok()?.split_once(' ')?;
        name.eq_ignore_ascii_case("NTLM")
            .then(|| message.to_owned())
    })
}

/// Reads the page of an answer to its end, so that the connection can be used again.
async fn skip(answer: Response<Incoming>) -> Result<(), Fault> {
    let page = Limited::new(answer.into_body(), LARGEST_PAGE);
    match page.collect().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::Nonsense(error.to_string())),
    }
}

fn moment() -> Result<Moment, Fault> {
    let mut client_challenge = [0; 8];
    getrandom::fill(&mut client_challenge).map_err(|error| {
        Fault::Unreachable(format!(
            "there are no random numbers for the login: {error}"
        ))
    })?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let time = now.as_nanos() / 100 + EPOCHS_APART;
    Ok(Moment {
        client_challenge,
        time: u64::try_from(time).unwrap_or(u64::MAX),
    })
}

fn nonsense(error: &hyper::Error) -> Fault {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    Fault::Nonsense(innermost.to_string())
}
