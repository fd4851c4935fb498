//! Proxies that misbehave, and what is said of them.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_socks::tcp::Socks5Stream;

use super::*;

/// A server that no test reaches.
const SERVER: &str = "https://api.example.com";

/// Longer than anything here takes unless it hangs.
const STALL: Duration = Duration::from_secs(60);

/// A proxy that gives one answer to each message, and then ends the connection.
struct Stub {
    port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    callers: Arc<AtomicU64>,
}

impl Stub {
    async fn saying(answers: &[&[u8]]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let stub = Self {
            port: listener.local_addr().expect("it is bound").port(),
            heard: Arc::default(),
            callers: Arc::default(),
        };
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        let (heard, callers) = (Arc::clone(&stub.heard), Arc::clone(&stub.callers));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                callers.fetch_add(1, Ordering::SeqCst);
                for answer in &answers {
                    let mut message = vec![0; 4096];
                    let length = stream.read(&mut message).await.unwrap_or_default();
                    message.truncate(length);
                    heard.lock().expect("no panic").push(message);
                    // The other side may have heard enough.
                    let _ = stream.write_all(answer).await;
                }
            }
        });
        stub
    }

    fn upstream(&self, scheme: Scheme, login: Login) -> Upstream {
        Upstream {
            scheme,
            host: "127.0.0.1".into(),
            port: self.port,
            login,
            names: Names::AtProxy,
        }
    }

    fn callers(&self) -> u64 {
        self.callers.load(Ordering::SeqCst)
    }
}

fn by_password() -> Login {
    Login::Password {
        username: "ann".into(),
        password: Secret::new("canary"),
    }
}

fn by_ntlm() -> Login {
    Login::Ntlm {
        domain: "OFFICE".into(),
        username: "ann".into(),
        password: Secret::new("canary"),
    }
}

fn through(upstream: Upstream, stall: Duration) -> Transport {
    let line = Line {
        stall,
        servers: vec![SERVER.parse().expect("a URL")],
        proxies: Proxies::all(upstream),
        trust: Trust::default(),
    };
    Transport::new(&line).expect("a transport")
}

async fn send(transport: &Transport, url: &str) -> Result<Response, Failure> {
    let request = Request {
        url: url.parse().expect("a URL"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        wait: Duration::ZERO,
    };
    transport.send(request).await
}

/// Sends through the proxy, which has to fail; gives the error as a person sees it.
async fn fails(upstream: Upstream, stall: Duration) -> (ErrorKind, String) {
    let proxy = upstream.to_string();
    let failure = send(&through(upstream, stall), SERVER)
        .await
        .expect_err("a fault");
    assert!(!failure.ambiguous, "nothing reached the server");
    let error = failure.into_error(SERVER);
    let text = error.full_message();
    assert!(text.contains(&proxy), "{text}");
    assert!(error.hint().is_some(), "{text}");
    assert!(!format!("{error:?}").contains("canary"), "{text}");
    (error.kind(), text)
}

#[tokio::test]
async fn one_answer_of_a_proxy_is_one_clear_error() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &[b'x'; 16_384]].concat();
    let page = b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM %%%\r\nContent-Length: 0\r\n\r\n";
    let digest =
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    let basic =
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    for (login, answer, kind, part) in [
        (
            Login::Anonymous,
            &b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"[..],
            ErrorKind::Permission,
            "does not allow",
        ),
        (
            Login::Anonymous,
            b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n",
            ErrorKind::Network,
            "does not reach",
        ),
        (
            Login::Anonymous,
            basic,
            ErrorKind::Permission,
            "it offers Basic",
        ),
        (by_password(), basic, ErrorKind::Permission, "does not take"),
        (
            by_password(),
            digest,
            ErrorKind::Permission,
            "it offers Digest",
        ),
        (by_ntlm(), digest, ErrorKind::Permission, "it offers Digest"),
        (by_ntlm(), page, ErrorKind::Unsupported, "challenge"),
        (
            Login::Anonymous,
            b"HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
            ErrorKind::Unsupported,
            "302",
        ),
        (
            Login::Anonymous,
            b"220 mail.example.com ESMTP\r\n",
            ErrorKind::Unsupported,
            "does not answer",
        ),
        (
            Login::Anonymous,
            b"\0\0\0\0\0\0\0\0",
            ErrorKind::Unsupported,
            "does not answer",
        ),
        (
            Login::Anonymous,
            b"",
            ErrorKind::Unsupported,
            "does not answer",
        ),
        (
            Login::Anonymous,
            &endless,
            ErrorKind::Unsupported,
            "too large",
        ),
    ] {
        let stub = Stub::saying(&[answer]).await;
        let (found, text) = fails(stub.upstream(Scheme::Http, login), STALL).await;
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(part), "{text}");
        assert_eq!(stub.callers(), 1, "one attempt: {text}");
    }
}

#[tokio::test]
async fn a_proxy_of_socks_that_refuses_is_one_clear_error() {
    use Scheme::{Socks4, Socks5};
    let nowhere = [5, 5, 0, 1, 0, 0, 0, 0, 0, 0];
    let forbidden = [5, 2, 0, 1, 0, 0, 0, 0, 0, 0];
    for (scheme, login, answers, kind, part) in [
        (
            Socks5,
            Login::Anonymous,
            vec![&b"\x05\xff"[..]],
            ErrorKind::Permission,
            "another login",
        ),
        (
            Socks5,
            by_password(),
            vec![b"\x05\x02", b"\x01\x01"],
            ErrorKind::Permission,
            "does not take",
        ),
        (
            Socks5,
            Login::Anonymous,
            vec![b"\x05\x00", &forbidden],
            ErrorKind::Permission,
            "does not allow",
        ),
        (
            Socks5,
            Login::Anonymous,
            vec![b"\x05\x00", &nowhere],
            ErrorKind::Network,
            "does not reach",
        ),
        (
            Socks5,
            Login::Anonymous,
            vec![b"HTTP/1.1 400 No\r\n\r\n"],
            ErrorKind::Unsupported,
            "does not answer",
        ),
        (
            Socks5,
            Login::Anonymous,
            vec![b""],
            ErrorKind::Unsupported,
            "ended",
        ),
        (
            Socks4,
            Login::Anonymous,
            vec![b"\0\x5b\0\0\0\0\0\0"],
            ErrorKind::Network,
            "does not reach",
        ),
        (
            Socks4,
            Login::Anonymous,
            vec![b"HTTP/1.1 400 No\r\n\r\n"],
            ErrorKind::Unsupported,
            "does not answer",
        ),
    ] {
        let stub = Stub::saying(&answers).await;
        let (found, text) = fails(stub.upstream(scheme, login), STALL).await;
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(part), "{text}");
        assert_eq!(stub.callers(), 1, "one attempt: {text}");
    }
}

#[tokio::test]
async fn socks_4_is_told_the_user_and_the_name_of_the_server() {
    let stub = Stub::saying(&[b"\0\x5b\0\0\0\0\0\0"]).await;
    fails(stub.upstream(Scheme::Socks4, by_password()), STALL).await;
    let heard = stub.heard.lock().expect("no panic");
    assert_eq!(
        heard[0],
        b"\x04\x01\x01\xbb\0\0\0\x01ann\0api.example.com\0"
    );
}

#[tokio::test]
async fn a_name_that_is_looked_up_here_has_to_be_known_here() {
    let stub = Stub::saying(&[]).await;
    let upstream = Upstream {
        names: Names::Here,
        ..stub.upstream(Scheme::Socks5, Login::Anonymous)
    };
    let line = Line {
        stall: STALL,
        servers: vec!["https://server.invalid".parse().expect("a URL")],
        proxies: Proxies::all(upstream),
        trust: Trust::default(),
    };
    let transport = Transport::new(&line).expect("a transport");
    let failure = send(&transport, "https://server.invalid")
        .await
        .expect_err("no such name");
    let error = failure.into_error("https://server.invalid");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.full_message().contains("not known here"), "{error:?}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let stub = Stub::saying(&[]).await;
    let mut upstream = stub.upstream(Scheme::Http, Login::Anonymous);
    // Nothing listens there.
    upstream.port = 1;
    let (kind, text) = fails(upstream, STALL).await;
    assert_eq!(kind, ErrorKind::Network, "{text}");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_not_waited_for_longer_than_allowed() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let silent = silent.expect("a free port");
    let stub = Stub::saying(&[]).await;
    let mut upstream = stub.upstream(Scheme::Http, Login::Anonymous);
    upstream.port = silent.local_addr().expect("it is bound").port();
    let line = Line {
        servers: vec![SERVER.parse().expect("a URL")],
        proxies: Proxies::all(upstream),
        ..Line::default()
    };
    let tls = Trust::default().tls().expect("the system's certificates");
    let patience = Duration::from_millis(100);
    let relay = Relay::start(line.ways(), tls, patience).expect("a relay");
    let door: Url = relay.url().parse().expect("a URL");
    let stream = TcpStream::connect(("127.0.0.1", door.port().expect("a port"))).await;
    let asked = Socks5Stream::connect_with_password_and_socket(
        stream.expect("it listens"),
        ("api.example.com", 443),
        door.username(),
        door.password().expect("a key"),
    );
    assert!(asked.await.is_err());
    let (fault, proxy) = relay.fault_after(0).expect("a fault");
    let error = fault.into_error(&proxy, SERVER);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains(&proxy), "{error}");
}

#[tokio::test]
async fn no_other_server_is_led_to() {
    let stub = Stub::saying(&[b"HTTP/1.1 200 OK\r\n\r\n"]).await;
    let transport = through(stub.upstream(Scheme::Http, Login::Anonymous), STALL);
    for url in [
        "https://other.example.com",
        "https://api.example.com:444",
        "http://127.0.0.1",
    ] {
        let failure = send(&transport, url).await.expect_err("not its server");
        assert!(!failure.ambiguous);
    }
    assert_eq!(stub.callers(), 0);
}

#[tokio::test]
async fn the_door_closes_with_the_connection() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let stub = Stub::saying(&[]).await;
    let mut upstream = stub.upstream(Scheme::Http, Login::Anonymous);
    upstream.port = port;
    let transport = through(upstream, STALL);
    let asking = tokio::spawn(async move { send(&transport, SERVER).await.map(drop) });
    let (mut proxy, _) = listener.accept().await.expect("it is dialled");
    proxy
        .read_buf(&mut Vec::with_capacity(4096))
        .await
        .expect("it asks");
    proxy
        .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
        .await
        .expect("it hears");
    let mut hello = Vec::with_capacity(4096);
    proxy.read_buf(&mut hello).await.expect("it begins TLS");
    assert_eq!(hello.first(), Some(&22), "a handshake");
    asking.abort();
    // Both the one who asked and the transport are gone, so the tunnel is.
    proxy.read_to_end(&mut hello).await.expect("an end");
}

#[tokio::test]
async fn what_is_excepted_is_reached_directly() {
    let stub = Stub::saying(&[]).await;
    let server = Stub::saying(&[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]).await;
    let url = format!("http://127.0.0.1:{}", server.port);
    let mut proxies = Proxies::all(stub.upstream(Scheme::Http, Login::Anonymous));
    proxies.except = "example.com, 127.0.0.0/8".into();
    let line = Line {
        stall: STALL,
        servers: vec![url.parse().expect("a URL")],
        proxies,
        trust: Trust::default(),
    };
    let transport = Transport::new(&line).expect("a transport");
    let mut answer = send(&transport, &url).await.expect("an answer");
    assert_eq!(answer.bytes(10).await.expect("a body"), b"ok");
    assert_eq!(stub.callers(), 0);
}

#[tokio::test]
async fn the_door_opens_only_to_its_key() {
    let stub = Stub::saying(&[b"HTTP/1.1 200 OK\r\n\r\n"]).await;
    let transport = through(stub.upstream(Scheme::Http, Login::Anonymous), STALL);
    let relay = transport.relay.as_ref().expect("a relay");
    assert!(!format!("{transport:?}").contains(&relay.url()));
    let url: Url = relay.url().parse().expect("a URL");
    let address = (url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stranger = TcpStream::connect(address).await.expect("it listens");
    stranger
        .write_all(b"\x05\x01\0\x05\x01\0\x03")
        .await
        .expect("it hears");
    let mut answer = Vec::new();
    // What was not read resets the connection, which may be all that is heard.
    let _ = stranger.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer == [5, 0xff], "{answer:?}");
    assert_eq!(stub.callers(), 0);
}
