//! Every kind of fault at a route of each style, as it is seen on the wire: status, headers, body, and what becomes of the connection.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use dropscript::emulator::{
    Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn, WriteRefusal,
};
use serde_json::{Value, json};

/// A call that always comes to the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Rpc,
    Upload,
    Download,
}

pub(crate) const STYLES: [Style; 3] = [Style::Rpc, Style::Upload, Style::Download];

impl Style {
    fn route(self) -> &'static str {
        match self {
            Style::Rpc => "files/get_metadata",
            Style::Upload => "files/upload",
            Style::Download => "files/download",
        }
    }

    pub(crate) fn request(self, token: &str) -> Vec<u8> {
        let arg = match self {
            Style::Upload => r#"{"path":"/a","mode":"overwrite"}"#,
            Style::Rpc | Style::Download => r#"{"path":"/a"}"#,
        };
        let (headers, body) = match self {
            Style::Rpc => ("Content-Type: application/json".to_owned(), arg),
            Style::Upload => (
                format!("Content-Type: application/octet-stream\r\nDropbox-API-Arg: {arg}"),
                "0123456789",
            ),
            Style::Download => (format!("Dropbox-API-Arg: {arg}"), ""),
        };
        let length = body.len();
        format!(
            "POST /2/{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.route()
        )
        .into_bytes()
    }
}

/// What came over the wire until the connection ended.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    /// The server keeps it open and says nothing.
    open: bool,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn announced(&self) -> usize {
        let length = self.header("content-length").expect("a length");
        length.parse().expect("a number")
    }

    fn result_header(&self) -> Option<Value> {
        let text = self.header("dropbox-api-result")?;
        Some(serde_json::from_str(text).expect("JSON"))
    }

    /// The metadata in the answer, wherever the style has it.
    fn metadata(&self) -> Value {
        self.result_header().unwrap_or_else(|| self.json())
    }
}

pub(crate) fn exchange(emulator: &Emulator, request: &[u8], patience: Duration) -> Seen {
    let address = emulator.url().strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    // It may be cut while this is sent.
    let _ = stream.write_all(request);
    let (mut all, mut open, mut chunk) = (Vec::new(), false, [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                open = true;
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let Some(end) = all.windows(4).position(|window| window == b"\r\n\r\n") else {
        assert!(all.is_empty(), "half a header: {all:?}");
        return Seen {
            open,
            ..Seen::default()
        };
    };
    let head = String::from_utf8(all[..end].to_vec()).expect("a header is text");
    Seen {
        status: head[9..12].parse().expect("a status"),
        body: all[end + 4..].to_vec(),
        head,
        open,
    }
}

pub(crate) fn furnished() -> Emulator {
    let emulator = Emulator::start().expect("the emulator starts");
    emulator.put("main", "/a", "0123456789");
    emulator
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn call(emulator: &Emulator, style: Style) -> Seen {
    let token = emulator.access_token("main");
    exchange(emulator, &style.request(&token), PATIENCE)
}

/// Calls with a fault and without, and hands over both answers.
fn struck(style: Style, what: &FaultKind) -> (Seen, Seen, Emulator) {
    let emulator = furnished();
    let good = call(&emulator, style);
    assert_eq!(good.status, 200, "{style:?}: {good:?}");
    emulator.inject(Fault::on(style.route(), what.clone()).nth(1));
    let bad = call(&emulator, style);
    assert_eq!(emulator.calls().struck(what.name()), 1);
    let again = call(&emulator, style);
    assert_eq!(
        (again.status, &again.body),
        (200, &good.body),
        "{style:?} {what:?}"
    );
    (bad, good, emulator)
}

#[test]
fn limits_are_said_in_each_form() {
    use LimitReason::{TooManyRequests, TooManyWriteOperations};
    for (reason, name) in [
        (TooManyRequests, "too_many_requests"),
        (TooManyWriteOperations, "too_many_write_operations"),
    ] {
        for (retry_in, header, field) in [
            (RetryIn::Both, true, true),
            (RetryIn::Header, true, false),
            (RetryIn::Field, false, true),
        ] {
            for (style, retry_after) in [
                (Style::Rpc, Some(2)),
                (Style::Upload, Some(1 << 40)),
                (Style::Download, None),
            ] {
                let limit = |body| FaultKind::RateLimit {
                    reason,
                    retry_after,
                    retry_in,
                    body,
                };
                let (seen, ..) = struck(style, &limit(LimitBody::Json));
                assert_eq!(seen.status, 429);
                let seconds = retry_after.map(|seconds: u64| seconds.to_string());
                let expected = seconds.as_deref().filter(|_| header);
                assert_eq!(seen.header("retry-after"), expected);
                let json = seen.json();
                assert_eq!(json["error"]["reason"][".tag"], name);
                let expected = retry_after.filter(|_| field);
                assert_eq!(json["error"]["retry_after"].as_u64(), expected);
                let summary = json["error_summary"].as_str().expect("a summary");
                assert!(summary.starts_with(&format!("{name}/")));
                if retry_in == RetryIn::Field {
                    continue;
                }
                let (seen, ..) = struck(style, &limit(LimitBody::Text));
                assert_eq!((seen.status, &seen.body[..]), (429, name.as_bytes()));
                assert_eq!(
                    seen.header("content-type"),
                    Some("text/plain; charset=utf-8")
                );
                assert_eq!(seen.header("retry-after"), seconds.as_deref());
            }
        }
    }
}

#[test]
fn servers_fail_as_text_and_as_a_page() {
    for style in STYLES {
        for (status, html, retry_after) in
            [(500, false, None), (502, true, None), (503, true, Some(7))]
        {
            let what = FaultKind::ServerError {
                status,
                html,
                retry_after,
            };
            let (seen, ..) = struck(style, &what);
            assert_eq!(seen.status, status);
            let kind = if html {
                "text/html; charset=utf-8"
            } else {
                "text/plain; charset=utf-8"
            };
            assert_eq!(seen.header("content-type"), Some(kind));
            assert_eq!(seen.body.starts_with(b"<!DOCTYPE html>"), html);
            assert_eq!(seen.header("retry-after"), retry_after.map(|_| "7"));
            assert!(seen.header("x-dropbox-request-id").is_some());
        }
    }
}

#[test]
fn refusals_say_what_they_are() {
    for style in STYLES {
        let (seen, ..) = struck(style, &FaultKind::ExpiredToken);
        assert_eq!(seen.status, 401);
        assert_eq!(seen.json()["error"][".tag"], "expired_access_token");
        assert_eq!(
            seen.header("www-authenticate"),
            Some("Bearer realm=\"Dropbox-API\"")
        );
    }
    let held = FaultKind::TooManyWriteOperations {
        told: WriteRefusal::Route,
    };
    let (seen, ..) = struck(Style::Upload, &held);
    assert_eq!(seen.status, 409);
    assert_eq!(
        seen.json()["error"]["reason"][".tag"],
        "too_many_write_operations"
    );
}

#[test]
fn connections_are_cut_with_nothing_said() {
    for style in STYLES {
        for what in [
            FaultKind::CutBeforeHeaders,
            FaultKind::CutDuringRequest { bytes: 0 },
            FaultKind::CutDuringRequest { bytes: 4 },
            FaultKind::CutDuringRequest { bytes: 1 << 40 },
            FaultKind::CutAfterCommit,
        ] {
            let (seen, ..) = struck(style, &what);
            assert_eq!((seen.status, seen.open), (0, false), "{style:?} {what:?}");
        }
    }
}

#[test]
fn what_is_cut_before_it_is_carried_out_leaves_no_trace() {
    for (what, commits) in [
        (FaultKind::CutBeforeHeaders, false),
        (FaultKind::CutDuringRequest { bytes: 9 }, false),
        (FaultKind::CutDuringRequest { bytes: 10 }, false),
        (FaultKind::CutAfterCommit, true),
    ] {
        let emulator = Emulator::start().expect("the emulator starts");
        emulator.inject(Fault::on("files/upload", what.clone()));
        assert_eq!(call(&emulator, Style::Upload).status, 0);
        assert_eq!(
            emulator.contents("main", "/a").is_some(),
            commits,
            "{what:?}"
        );
        let calls = emulator.calls();
        assert_eq!(calls.unanswered, 1);
        if let FaultKind::CutDuringRequest { bytes } = what {
            // What lies in the connection's buffer beyond that may have been taken in too.
            assert!((bytes..=10).contains(&calls.bytes_in), "{calls:?}");
        }
    }
}

#[test]
fn answers_arrive_in_part_or_spoiled() {
    for style in STYLES {
        let (seen, good, _) = struck(style, &FaultKind::CutAfter { bytes: 3 });
        assert_eq!((seen.status, seen.announced()), (200, good.body.len()));
        assert_eq!(seen.body, good.body[..3], "{style:?}");
        let (seen, good, _) = struck(style, &FaultKind::TruncatedBody { bytes: 3 });
        assert_eq!((seen.status, seen.announced()), (200, 3));
        assert_eq!(seen.body, good.body[..3], "{style:?}");
        for (offset, at) in [(2, 2), (u64::MAX, good.body.len() - 1)] {
            let (seen, good, _) = struck(style, &FaultKind::FlippedByte { offset });
            let mut spoiled = good.body.clone();
            spoiled[at] ^= 1;
            assert_eq!((seen.status, &seen.body), (200, &spoiled), "{style:?}");
        }
        let (seen, good, _) = struck(style, &FaultKind::WrongContentHash);
        let (lie, truth) = (seen.metadata(), good.metadata());
        assert_ne!(lie["content_hash"], truth["content_hash"]);
        assert_eq!(lie["content_hash"].as_str().map(str::len), Some(64));
        assert_eq!((&lie["rev"], &lie["size"]), (&truth["rev"], &truth["size"]));
        for bytes in [0, u64::MAX] {
            let (seen, good, _) = struck(style, &FaultKind::TruncatedBody { bytes });
            let expected = if bytes == 0 { 0 } else { good.body.len() };
            assert_eq!((seen.announced(), seen.body.len()), (expected, expected));
        }
    }
}

#[test]
fn answers_come_late_and_slowly_and_whole() {
    for style in STYLES {
        for what in [
            FaultKind::Delay { millis: 40 },
            FaultKind::SlowDrip {
                bytes_per_second: 5_000,
            },
            FaultKind::SlowDrip {
                bytes_per_second: u64::MAX,
            },
        ] {
            let (seen, good, emulator) = struck(style, &what);
            assert_eq!(
                (seen.status, &seen.body),
                (200, &good.body),
                "{style:?} {what:?}"
            );
            let log = emulator.log();
            if what == (FaultKind::Delay { millis: 40 }) {
                assert!(log[1].took >= Some(Duration::from_millis(40)));
            }
        }
    }
}

#[test]
fn who_hangs_keeps_the_connection() {
    let emulator = furnished();
    emulator.inject(Fault::on("*", FaultKind::Hang));
    for style in STYLES {
        let request = style.request(&emulator.access_token("main"));
        let seen = exchange(&emulator, &request, Duration::from_millis(100));
        assert_eq!((seen.status, seen.open), (0, true), "{style:?}");
    }
    assert_eq!(emulator.calls().struck("hang"), 3);
}

#[test]
fn a_longpoll_may_ask_to_be_left_alone() {
    let emulator = furnished();
    let what = FaultKind::LongpollBackoff { seconds: 90 };
    emulator.inject(Fault::on("*", what));
    let ask = |route: &str, arg: Value| {
        let (token, body) = (emulator.access_token("main"), arg.to_string());
        let request = format!(
            "POST /2/{route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        exchange(&emulator, request.as_bytes(), PATIENCE).json()
    };
    let cursor = ask("files/list_folder/get_latest_cursor", json!({"path": ""}))["cursor"].clone();
    let poll = || ask("files/list_folder/longpoll", json!({"cursor": cursor}));
    assert_eq!(poll(), json!({"changes": false, "backoff": 90}));
    emulator.put("main", "/b", "b");
    assert_eq!(poll(), json!({"changes": true, "backoff": 90}));
}
