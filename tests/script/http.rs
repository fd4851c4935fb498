//! `http::`: other servers, those that are named and no more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::any;
use dropscript::{ErrorKind, Level, Limits, Permissions, Reason};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;

use crate::bench::Bench;

/// What a server was asked: method, path, headers, body.
type Seen = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;

/// A server on this machine, known as `127.0.0.1` and as `localhost`.
struct Server {
    address: SocketAddr,
    seen: Seen,
}

impl Server {
    fn start(bench: &Bench) -> Self {
        let seen = Seen::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/to/{status}/{host}/{*rest}", any(lead))
            .fallback(any(answer))
            .with_state((Arc::clone(&seen), address));
        bench.runtime().spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(router.clone());
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // A client that goes away in the middle is what some tests are about.
                tokio::spawn(async { serving.await.ok() });
            }
        });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self) -> Vec<(Method, String, HeaderMap, String)> {
        self.seen.lock().unwrap().clone()
    }
}

type Shared = State<(Seen, SocketAddr)>;

fn note(seen: &Seen, method: Method, uri: &Uri, headers: HeaderMap, body: &Bytes) {
    let body = String::from_utf8_lossy(body).into_owned();
    let path = uri.to_string();
    seen.lock().unwrap().push((method, path, headers, body));
}

/// Leads to the rest of the path on a host.
async fn lead(
    State((seen, address)): Shared,
    Path((status, host, rest)): Path<(u16, String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note(&seen, method, &uri, headers, &body);
    let host = match host.as_str() {
        "here" => address.to_string(),
        "there" => format!("localhost:{}", address.port()),
        other => other.to_owned(),
    };
    let mut response = Redirect::to(&format!("http://{host}/{rest}")).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

async fn answer(
    State((seen, _)): Shared,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note(&seen, method, &uri, headers, &body);
    let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    match uri.path() {
        "/json" => (json, r#"{"n": 3, "list": [1.5, null]}"#).into_response(),
        "/broken" => (json, "{ no json").into_response(),
        "/large" => "x".repeat(2_000).into_response(),
        "/chunked" => {
            let pieces = (0..200).map(|_| Ok::<_, std::io::Error>("ten bytes."));
            let stream = futures_util::stream::iter(pieces);
            axum::body::Body::from_stream(stream).into_response()
        }
        "/slow" => {
            std::future::pending::<()>().await;
            unreachable!("it never comes")
        }
        "/busy" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response(),
        path if path.starts_with("/status/") => {
            let status = path["/status/".len()..].parse().unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            // As servers do that repeat what they were asked for.
            (status, format!("no answer at {uri}")).into_response()
        }
        _ => {
            let twice = AppendHeaders([("X-Seen", "a"), ("x-seen", "b")]);
            (twice, "hello").into_response()
        }
    }
}

/// A bench whose scripts may reach these hosts.
fn reaching(hosts: &'static [&'static str]) -> Bench {
    Bench::with(move |host| {
        let none = Permissions::none();
        host.permissions(hosts.iter().fold(none, |all, host| all.net(*host)))
    })
}

#[test]
fn a_server_that_is_named_is_asked_and_answers() {
    let bench = reaching(&["127.0.0.1"]);
    let server = Server::start(&bench);
    let code = r#"
        let answer = http::get("URL/plain?q=1", #{ headers: #{ "X-Key": "k" } });
        assert_eq([answer.status, answer.text, answer.json], [200, "hello", ()]);
        assert_eq(answer.headers["x-seen"], "a, b");
        let answer = http::get("URL/json");
        assert_eq(answer.json, #{ n: 3, list: [1.5, ()] });
        assert_eq(http::get("URL/broken").json, ());
        http::post("URL/a", #{ text: "ä", list: [1] });
        http::post("URL/b", "plain", #{ timeout: 5, headers: #{ "content-type": "text/x" } });
        http::post("URL/c", blob(2, 65));
    "#;
    bench.eval(&code.replace("URL", &server.url("")));
    let seen = server.seen();
    let kind = |at: usize| {
        seen[at]
            .2
            .get(header::CONTENT_TYPE)
            .unwrap()
            .to_str()
            .unwrap()
    };
    assert_eq!(
        (&seen[0].0, seen[0].1.as_str()),
        (&Method::GET, "/plain?q=1")
    );
    assert_eq!(seen[0].2.get("x-key").unwrap(), "k");
    assert_eq!(
        (seen[3].3.as_str(), kind(3)),
        (r#"{"list":[1],"text":"ä"}"#, "application/json")
    );
    assert_eq!((seen[4].3.as_str(), kind(4)), ("plain", "text/x"));
    assert_eq!(
        (seen[5].3.as_str(), kind(5)),
        ("AA", "application/octet-stream")
    );
}

#[test]
fn nothing_is_asked_that_was_not_named() {
    let bench = reaching(&["localhost"]);
    let server = Server::start(&bench);
    for code in [
        format!(r#"http::get("{}")"#, server.url("/canary")),
        format!(r#"http::post("{}", "x")"#, server.url("/canary")),
        // Other ways to write the same address.
        format!(
            r#"http::get("http://0x7f.1:{}/canary")"#,
            server.address.port()
        ),
        format!(
            r#"http::get("http://x@127.0.0.1:{}/canary")"#,
            server.address.port()
        ),
        format!(
            r#"http::get("http://localhost@127.0.0.1:{}/canary")"#,
            server.address.port()
        ),
    ] {
        let error = bench.fail(&code);
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::NotAllowed),
            "{code}"
        );
        assert_eq!(
            error.hint.as_deref(),
            Some("allow it with `--allow-net 127.0.0.1`")
        );
        assert!(!error.message.contains("canary"));
    }
    assert!(server.seen().is_empty());
    bench.eval(&format!(
        r#"http::get("http://LOCALHOST:{}/")"#,
        server.address.port()
    ));
    let all = Bench::with(|host| host.permissions(Permissions::all()));
    all.eval(&format!(r#"http::get("{}")"#, server.url("/")));
    for code in [
        r#"http::get("ftp://localhost/canary")"#,
        r#"http::get("/canary")"#,
        r#"http::get("file:///etc/canary")"#,
        r#"http::get("http://localhost:99999/canary")"#,
    ] {
        let error = bench.fail(code);
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{code}"
        );
        assert!(!error.message.contains("canary"), "{}", error.message);
    }
}

#[test]
fn a_redirect_leads_only_where_a_script_may_go() {
    let bench = reaching(&["127.0.0.1"]);
    let server = Server::start(&bench);
    let get = |path: &str| {
        format!(
            r#"http::get("{}", #{{ headers: #{{ "X-Key": "canary" }} }})"#,
            server.url(path)
        )
    };
    assert_eq!(
        bench.eval(&format!("{}.text", get("/to/302/here/next"))),
        "hello"
    );
    assert_eq!(server.seen()[1].2.get("x-key").unwrap(), "canary");
    let error = bench.fail(&get("/to/302/there/next"));
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
    assert_eq!(
        error.hint.as_deref(),
        Some("allow it with `--allow-net localhost`")
    );
    assert_eq!(server.seen().len(), 3, "nobody went there");
    let error = bench.fail(&get("/to/302/here/to/302/here/to/302/there/next"));
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));

    let bench = reaching(&["127.0.0.1", "localhost"]);
    let server = Server::start(&bench);
    let post = |status: u16, to: &str| {
        format!(
            r#"http::post("{}", "body", #{{ headers: #{{ "X-Key": "canary" }} }})"#,
            server.url(&format!("/to/{status}/{to}/next"))
        )
    };
    for (status, to, method, body, has_key) in [
        (302, "here", Method::GET, "", true),
        (303, "there", Method::GET, "", false),
        (307, "here", Method::POST, "body", true),
    ] {
        bench.eval(&post(status, to));
        let (last, _, headers, sent) = server.seen().pop().unwrap();
        assert_eq!((last, sent.as_str()), (method, body), "{status} {to}");
        assert_eq!(headers.contains_key("x-key"), has_key, "{status} {to}");
    }
    let before = server.seen().len();
    let error = bench.fail(&post(308, "there"));
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Unsupported));
    assert_eq!(server.seen().len(), before + 1, "what was sent stays here");
    // One that leads to itself ends.
    let circle = format!(
        "/to/302/{}/{}",
        server.address,
        "to/302/here/".repeat(12) + "x"
    );
    let error = bench.fail(&format!(r#"http::get("{}")"#, server.url(&circle)));
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Server));
}

#[test]
fn an_answer_that_refuses_is_raised_or_given() {
    let bench = reaching(&["127.0.0.1"]);
    let server = Server::start(&bench);
    for (status, kind) in [
        (400, "invalid_argument"),
        (401, "permission"),
        (404, "not_found"),
        (409, "conflict"),
        (500, "server"),
        (503, "server"),
    ] {
        let url = server.url(&format!("/status/{status}?canary"));
        bench.eval(&format!(
            r#"try {{ http::get("{url}"); throw "no" }} catch (e) {{ assert_eq([e.kind, e.status], ["{kind}", {status}]); print(e); }}
               let answer = http::get("{url}", #{{ raise: false }});
               assert_eq(answer.status, {status});
               assert(answer.text.contains("no answer"));"#
        ));
    }
    bench.eval(&format!(
        r#"try {{ http::get("{}") }} catch (e) {{ assert_eq([e.kind, e.retry_after], ["rate_limited", 7]); }}"#,
        server.url("/busy")
    ));
    for line in bench.printed() {
        assert!(!line.contains("canary"), "{line}");
    }
}

#[test]
fn what_is_too_slow_or_too_large_is_not_waited_for() {
    let limits = Limits {
        string_size: 1_000,
        ..Limits::default()
    };
    let bench = Bench::with(move |host| {
        host.limits(limits.clone())
            .permissions(Permissions::none().net("127.0.0.1"))
    });
    let server = Server::start(&bench);
    let slow = format!(
        r#"http::get("{}", #{{ timeout: "200ms" }})"#,
        server.url("/slow?canary")
    );
    let error = bench.fail(&slow);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Timeout), "{error}");
    for path in ["/large", "/chunked"] {
        let error = bench.fail(&format!(r#"http::get("{}")"#, server.url(path)));
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{error}"
        );
        assert!(error.message.contains("1000 bytes"), "{error}");
    }
    // Nobody listens where this one listened.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let gone = format!(r#"http::get("http://{gone}/canary")"#);
    let error = bench.fail(&gone);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Network), "{error}");
    for error in [bench.fail(&slow), error] {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("canary"), "{told}");
        assert!(told.contains("http::get("), "{told}");
    }
}

#[test]
fn options_that_cannot_be_are_told_without_what_is_secret_in_them() {
    let bench = reaching(&["127.0.0.1"]);
    for (options, said) in [
        ("#{ header: #{} }", "did you mean `headers`?"),
        (r#"#{ headers: "canary" }"#, "a map of texts"),
        (r#"#{ headers: #{ "a b": "canary" } }"#, "a map of texts"),
        (r#"#{ headers: #{ host: "canary" } }"#, "a map of texts"),
        (
            r#"#{ headers: #{ a: "canary\ncanary" } }"#,
            "a map of texts",
        ),
        (r#"#{ timeout: "soon" }"#, "a length of time"),
        ("#{ timeout: 0 }", "a length of time"),
        ("#{ timeout: -1 }", "a length of time"),
        ("#{ raise: () }", "true or false"),
    ] {
        let error = bench.fail(&format!(r#"http::get("http://127.0.0.1:1", {options})"#));
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{options}"
        );
        let told = format!("{} {}", error.message, error.hint.unwrap());
        assert!(told.contains(said), "{options}: {told}");
        assert!(!told.contains("canary"), "{told}");
    }
    for body in ["1", "()", "|| 1", "#{ f: || 1 }"] {
        let error = bench.fail(&format!(r#"http::post("http://127.0.0.1:1", {body})"#));
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{body}"
        );
    }
}

#[test]
fn a_dry_run_sends_nothing_and_says_so() {
    let bench = Bench::with(|host| {
        host.dry_run(true)
            .permissions(Permissions::none().net("127.0.0.1"))
    });
    let server = Server::start(&bench);
    bench.eval(&format!(
        r#"let sent = http::post("{}", #{{ a: 1 }}); assert(sent.planned && sent.status == 200);"#,
        server.url("/canary")
    ));
    assert!(server.seen().is_empty());
    assert_eq!(
        bench.logged(),
        [(Level::Info, "would send 7 bytes to `127.0.0.1`".to_owned())]
    );
    bench.eval(&format!(
        r#"assert_eq(http::get("{}").text, "hello")"#,
        server.url("/")
    ));
}
