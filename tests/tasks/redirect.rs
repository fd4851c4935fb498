//! What else reaches the port that the browser comes back to.
#![allow(clippy::print_stdout, reason = "the seed is shown where it fails")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use dropscript::{Connection, Error, Secret, SignIn, SignInOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::sign_in::free_port;
use crate::support::{Dice, campaign};

const LIMIT: Duration = Duration::from_secs(600);
const CODE: &str = "the-code";

/// A sign-in that waits.
struct Door {
    port: u16,
    state: String,
    waiting: JoinHandle<Result<Secret, Error>>,
}

impl Door {
    async fn open() -> Self {
        loop {
            let port = free_port();
            let options = SignInOptions {
                redirect_uri: Some(format!("http://localhost:{port}/back")),
                ..SignInOptions::default()
            };
            let builder = Connection::builder("work").app_key("key");
            let sign_in: Arc<SignIn> = builder.sign_in(&options).unwrap().into();
            let mut query = sign_in.authorize_url().query_pairs();
            let state = query
                .find(|(name, _)| name == "state")
                .unwrap()
                .1
                .into_owned();
            // Somebody else may have taken the port meanwhile.
            if let Ok(listener) = sign_in.listen().await {
                let waiting =
                    tokio::spawn(async move { sign_in.wait_for_redirect(listener, LIMIT).await });
                return Self {
                    port,
                    state,
                    waiting,
                };
            }
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends these bytes, and gives all that comes back.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // Whether all of it is taken is the other side's affair.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// The request of a browser for this target.
    fn get(&self, target: &str) -> String {
        format!(
            "GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n",
            self.port
        )
    }

    fn right(&self) -> String {
        self.get(&format!("/back?code={CODE}&state={}", self.state))
    }

    /// Comes back as the browser does, and expects that the sign-in gets its code.
    async fn comes_back(self) {
        let answer = self.send(self.right().as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 303 ") && answer.contains("Location: /done\r\n"),
            "{answer}"
        );
        let again = self.send(self.right().as_bytes()).await;
        assert!(
            again.starts_with("HTTP/1.1 400 "),
            "it counts once: {again}"
        );
        let page = self.send(self.get("/done").as_bytes()).await;
        assert!(
            page.starts_with("HTTP/1.1 200 ") && page.contains("You can close this window"),
            "{page}"
        );
        assert_eq!(self.waiting.await.unwrap().unwrap().expose(), CODE);
    }
}

/// What attackers and browsers send besides, and the status that each gets.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn attacks(door: &Door) -> Vec<(&'static str, String, u16)> {
    let (port, state) = (door.port, &door.state);
    let right = format!("/back?code={CODE}&state={state}");
    let long = "x".repeat(20_000);
    // Another last character, whichever the state happens to end with.
    let other = if state.ends_with('A') { 'B' } else { 'A' };
    let wrong_state = format!("{}{other}", &state[..state.len() - 1]);
    let with = |host: &str| format!("GET {right} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    vec![
        ("no state", door.get("/back?code=canary"), 400),
        (
            "a wrong state",
            door.get(&format!("/back?code=canary&state={wrong_state}")),
            400,
        ),
        (
            "part of the state",
            door.get(&format!("/back?code=canary&state={}", &state[1..])),
            400,
        ),
        (
            "an error without the state",
            door.get("/back?error=access_denied"),
            400,
        ),
        (
            "an error before a wrong state",
            door.get("/back?error=access_denied&state=canary"),
            400,
        ),
        (
            "a second state",
            door.get(&format!("{right}&state=canary")),
            400,
        ),
        (
            "a second code",
            door.get(&format!("{right}&code=canary")),
            400,
        ),
        (
            "a code and an error",
            door.get(&format!("{right}&error=canary")),
            400,
        ),
        ("no code", door.get(&format!("/back?state={state}")), 400),
        (
            "another path",
            door.get(&format!("/?code=canary&state={state}")),
            404,
        ),
        (
            "a path below",
            door.get(&right.replace("/back", "/back/")),
            404,
        ),
        (
            "a whole address",
            door.get(&format!("http://localhost:{port}{right}")),
            404,
        ),
        ("an icon", door.get("/favicon.ico"), 404),
        ("a post", door.right().replace("GET", "POST"), 405),
        ("a head", door.right().replace("GET", "HEAD"), 405),
        (
            "a name that leads here",
            with(&format!("canary.example:{port}")),
            400,
        ),
        (
            "the address in numbers",
            with(&format!("127.0.0.1:{port}")),
            400,
        ),
        ("another port", with("localhost:1"), 400),
        ("no host", format!("GET {right} HTTP/1.1\r\n\r\n"), 400),
        (
            "two hosts",
            format!(
                "GET {right} HTTP/1.1\r\nHost: localhost:{port}\r\nHost: localhost:{port}\r\n\r\n"
            ),
            400,
        ),
        (
            "markup",
            door.get("/back?code=<script>canary</script>&state=%3Cscript%3Ecanary"),
            400,
        ),
        ("no HTTP", "canary\r\n\r\n".to_owned(), 400),
        ("TLS", "\x16\x03\x01\x02\r\n\r\n".to_owned(), 400),
        (
            "a huge header",
            format!("GET {right} HTTP/1.1\r\nX: {long}"),
            431,
        ),
        (
            "a thousand headers",
            format!(
                "GET {right} HTTP/1.1\r\n{}\r\n",
                "X: canary\r\n".repeat(1_000)
            ),
            431,
        ),
    ]
}

#[tokio::test]
async fn what_is_not_the_answer_to_this_sign_in_is_turned_away() {
    let door = Door::open().await;
    for (name, request, status) in attacks(&door) {
        let answer = door.send(request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {answer}"
        );
        assert!(
            !answer.contains("canary") && !answer.contains(&door.state),
            "{name}: {answer}"
        );
        for header in [
            "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            "X-Frame-Options: DENY",
        ] {
            assert!(answer.contains(header), "{name}: {answer}");
        }
        assert!(!door.waiting.is_finished(), "{name}");
    }
    door.comes_back().await;
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_out() {
    let door = Door::open().await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut stream = door.connect().await;
        stream.write_all(b"GET /back?code=").await.unwrap();
        idle.push(stream);
    }
    door.comes_back().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_this_machine_is_listened_at() {
    let door = Door::open().await;
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        // A machine without IPv6 has no table of it.
        for line in std::fs::read_to_string(table)
            .unwrap_or_default()
            .lines()
            .skip(1)
        {
            let mut fields = line.split_whitespace().skip(1);
            let (address, port) = fields.next().unwrap().split_once(':').unwrap();
            // 0A: it listens.
            if port == format!("{:04X}", door.port) && fields.nth(1) == Some("0A") {
                found.push(address.to_owned());
            }
        }
    }
    assert!(!found.is_empty());
    for address in found {
        let loopback = ["0100007F", "00000000000000000000000001000000"];
        assert!(loopback.contains(&&*address), "{address}");
    }
    door.comes_back().await;
}

/// A request that is wrong in one way at least, whatever else is in it.
fn wrong(dice: &mut Dice, door: &Door) -> Vec<u8> {
    let noise = |dice: &mut Dice, length: usize| -> String {
        let length = dice.below(length);
        (0..length)
            .map(|_| char::from(b' ' + u8::try_from(dice.below(95)).unwrap()))
            .collect()
    };
    let word = |dice: &mut Dice| noise(dice, 12).replace([' ', '#', '&', '=', '?', '%', '+'], "x");
    let mut method = "GET".to_owned();
    let mut path = "/back".to_owned();
    let mut hosts = vec![format!("localhost:{}", door.port)];
    let mut query = vec![format!("code={CODE}"), format!("state={}", door.state)];
    match dice.below(12) {
        0 => {
            let others = ["POST", "PUT", "get", "GETS", "OPTIONS", "TRACE", ""];
            method = dice.pick(&others).to_string();
        }
        1 => path = format!("/{}x", word(dice)),
        2 => {
            let others = [
                "//back", "/back/", "/./back", "/BACK", "/%62ack", "back", "*",
            ];
            path = dice.pick(&others).to_string();
        }
        3 => hosts.clear(),
        4 => hosts = vec![format!("{}.example:{}", word(dice), door.port)],
        5 => hosts.push(hosts[0].clone()),
        6 => drop(query.remove(1)),
        7 => query.push(query[dice.below(2)].clone()),
        8 => {
            let mut state = door.state.clone().into_bytes();
            let at = dice.below(state.len());
            state[at] ^= 1 << dice.below(7);
            query[1] = format!("state={}", String::from_utf8_lossy(&state));
            // The byte may be one that ends the value or stands for another.
            query.push("state=".to_owned());
        }
        9 => query[0] = format!("error={}&code={CODE}", word(dice)),
        10 => {
            let others = ["code=", "code=%00", "code=%20", "code", "CODE=a"];
            query[0] = dice.pick(&others).to_string();
        }
        _ => {
            let length = dice.below(2_000);
            let mut bytes: Vec<u8> = (0..length)
                .map(|_| dice.below(256).try_into().unwrap())
                .collect();
            bytes.extend_from_slice(b"\r\n\r\n");
            return bytes;
        }
    }
    for _ in 0..dice.below(4) {
        let at = dice.below(query.len() + 1);
        query.insert(at, format!("q{}={}", word(dice), word(dice)));
    }
    let mut request = format!(
        "{method} {path}?{} HTTP/1.{}\r\n",
        query.join("&"),
        dice.below(2)
    );
    for host in hosts {
        write!(request, "Host: {host}\r\n").unwrap();
    }
    for _ in 0..dice.below(5) {
        write!(request, "X-{}: {}\r\n", dice.below(100), noise(dice, 200)).unwrap();
    }
    request += "\r\n";
    request += &noise(dice, 300);
    request.into_bytes()
}

#[tokio::test]
async fn no_wrong_request_is_taken_for_the_answer() {
    let door = Door::open().await;
    let mut dice = Dice::seeded();
    let rounds = campaign(1_000, 100_000);
    println!("seed {}, {rounds} requests", dice.0);
    for round in 0..rounds {
        let request = wrong(&mut dice, &door);
        let answer = door.send(&request).await;
        let turned_away = [
            "HTTP/1.1 400 ",
            "HTTP/1.1 404 ",
            "HTTP/1.1 405 ",
            "HTTP/1.1 431 ",
        ];
        assert!(
            answer.is_empty() || turned_away.iter().any(|status| answer.starts_with(status)),
            "{round}: {}: {answer}",
            String::from_utf8_lossy(&request)
        );
        assert!(!door.waiting.is_finished(), "{round}");
    }
    door.comes_back().await;
}
