//! A proxy that wants a login, and hears all that goes through it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What stands before a secret in requests, in answers, and in the headers of both.
const BEFORE_SECRETS: [&str; 8] = [
    "code=",
    "code_verifier=",
    "client_secret=",
    "refresh_token=",
    "\"access_token\":\"",
    "\"refresh_token\":\"",
    "uthorization: Bearer ",
    "uthorization: Basic ",
];

/// The wire between the program and a server without TLS: what is said there is what secrets there are.
pub(crate) struct Wire {
    port: u16,
    /// Each direction of each connection by itself.
    heard: Arc<Mutex<Vec<Direction>>>,
    refuses: Arc<AtomicBool>,
}

type Direction = Arc<Mutex<Vec<u8>>>;

impl Wire {
    pub(crate) const USER: &str = "ann";
    pub(crate) const PASSWORD: &str = "canary-of-the-proxy";

    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            heard: Arc::default(),
            refuses: Arc::default(),
        };
        let (heard, refuses) = (Arc::clone(&wire.heard), Arc::clone(&wire.refuses));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, refuses) = (Arc::clone(&heard), Arc::clone(&refuses));
                // A connection that breaks is the program's to notice.
                thread::spawn(move || lead(stream, &heard, &refuses).ok());
            }
        });
        wire
    }

    /// Lets nobody through from now on.
    pub(crate) fn refuse(&self) {
        self.refuses.store(true, Ordering::SeqCst);
    }

    /// The settings that lead here, for the connection of this name; the password is not among them.
    pub(crate) fn settings(&self, connection: &str) -> String {
        format!(
            "[connections.{connection}.proxy]\ntype = \"http\"\naddress = \"127.0.0.1\"\nport = {}\nauthentication = \"basic\"\nusername = \"{}\"\n",
            self.port,
            Self::USER
        )
    }

    /// Every secret that was said.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let texts = self.texts().into_iter();
        texts.flat_map(|text| secrets(&text)).collect()
    }

    /// Whether this was said.
    pub(crate) fn has_heard(&self, text: &str) -> bool {
        self.texts().iter().any(|said| said.contains(text))
    }

    fn texts(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let text = |bytes: &Direction| String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned();
        heard.iter().map(text).collect()
    }
}

fn secrets(text: &str) -> Vec<String> {
    let after = BEFORE_SECRETS.iter().flat_map(|before| {
        text.match_indices(before)
            .map(|(at, _)| &text[at + before.len()..])
    });
    after
        .map(|rest| {
            let end = rest.find(['&', '"', '\r', '\n', ' ']);
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        // The word of a grant is none, nor is the beginning of one that was cut.
        .filter(|secret| secret.len() >= 8)
        .collect()
}

fn lead(
    mut stream: TcpStream,
    heard: &Mutex<Vec<Direction>>,
    refuses: &AtomicBool,
) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if request.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        lines.push(line);
    }
    let login = format!("{}:{}", Wire::USER, Wire::PASSWORD);
    let login = format!("Basic {}", STANDARD.encode(login));
    let knows = lines.iter().any(|line| line.trim_end().ends_with(&login));
    if !knows || refuses.load(Ordering::SeqCst) {
        return stream.write_all(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let target = lines[0].split(' ').nth(1).unwrap_or_default();
    let server = TcpStream::connect(target)?;
    stream.write_all(b"HTTP/1.1 200 Yes\r\n\r\n")?;
    let [there, back] = [Direction::default(), Direction::default()];
    heard
        .lock()
        .unwrap()
        .extend([Arc::clone(&there), Arc::clone(&back)]);
    let (from, to) = (server.try_clone()?, stream.try_clone()?);
    thread::spawn(move || pass(from, to, &back));
    pass(request.into_inner(), server, &there);
    Ok(())
}

/// Passes on what comes until it ends.
fn pass(mut from: TcpStream, mut to: TcpStream, heard: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        heard.lock().unwrap().extend(&chunk[..length]);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
