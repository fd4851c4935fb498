//! What a program reached and opened, by real means: servers that nobody may call, and the calls that the kernel saw.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use crate::support::Lab;

/// A server that nobody may call, neither over TCP nor over UDP.
pub(super) struct Canary {
    tcp: TcpListener,
    udp: UdpSocket,
}

impl Canary {
    pub(super) fn at(address: &str) -> Self {
        let tcp = TcpListener::bind(address).unwrap();
        let udp = UdpSocket::bind(tcp.local_addr().unwrap()).unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        Self { tcp, udp }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.tcp.local_addr().unwrap()
    }

    /// Whether nobody has called so far: whoever did waits to be accepted.
    pub(super) fn is_silent(&self) -> bool {
        let waits = |why: std::io::Error| why.kind() == ErrorKind::WouldBlock;
        self.tcp.accept().is_err_and(waits) && self.udp.recv(&mut [0; 16]).is_err_and(waits)
    }
}

/// The calls of a program that open files or send something.
pub(super) struct Trace(PathBuf);

impl Trace {
    pub(super) fn new(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// What goes before the program.
    pub(super) fn command(&self) -> Vec<String> {
        let calls = "trace=connect,sendto,sendmsg,sendmmsg,open,openat,openat2,creat";
        let file = self.0.to_str().unwrap();
        let words = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-s",
            "300",
            "-e",
            calls,
            "-o",
            file,
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Looks for what must not be: a socket to anywhere, a file opened below `outside` or the configuration's secrets, and anything
    /// written that is not the script's own.
    pub(super) fn look(&self, world: &Path) -> Result<(), String> {
        let calls = fs::read_to_string(&self.0).expect("`strace` is in the package `strace`");
        assert!(calls.contains("openat"), "nothing was watched: {calls}");
        let at = |path: &str| world.join(path).display().to_string();
        let (outside, own) = (at("outside"), [at("work"), at("home/.local/state")]);
        let temp = std::env::temp_dir()
            .join("dropscript-")
            .display()
            .to_string();
        for call in calls.lines() {
            if call.contains("sa_family=AF_INET") {
                return Err(format!("a socket leads somewhere: {call}"));
            }
            // With `-y` the descriptor that a call gives has the real path behind it.
            let Some((_, opened)) = call.rsplit_once(" = ") else {
                continue;
            };
            let Some((_, path)) = opened.split_once('<') else {
                continue;
            };
            if path.starts_with(&outside) {
                return Err(format!("something outside was opened: {call}"));
            }
            let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "creat("];
            let is_own = |path: &str| {
                own.iter().any(|own| path.starts_with(own.as_str())) || path.starts_with(&temp)
            };
            let is_file = !path.starts_with("/dev/") && !path.starts_with("/proc/");
            if writes.iter().any(|word| call.contains(word)) && is_file && !is_own(path) {
                return Err(format!("something was opened to be written: {call}"));
            }
        }
        Ok(())
    }
}

/// Answers each request with a redirect to the place of this number.
fn redirect(listener: &TcpListener, places: &[String]) {
    while let Ok((stream, _)) = listener.accept() {
        if answer(stream, places).is_none() {
            return;
        }
    }
}

fn answer(mut stream: TcpStream, places: &[String]) -> Option<()> {
    let mut first = String::new();
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    lines.read_line(&mut first).ok()?;
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let number: usize = first.split(['/', ' ']).nth(2)?.parse().ok()?;
    let status = [301, 302, 303, 307, 308][number % 5];
    let place = places.get(number)?;
    let answer = format!(
        "HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).ok()
}

#[test]
fn a_redirect_reaches_nobody_else_by_any_name() {
    let canary = Canary::at("127.0.0.2:0");
    let port = canary.address().port();
    // Not every machine has the newer protocol.
    let newer = TcpListener::bind(("::1", port)).ok();
    let newer = newer.inspect(|listener| listener.set_nonblocking(true).unwrap());
    let places: Vec<String> = [
        "http://127.0.0.2:PORT/",
        "//127.0.0.2:PORT/",
        "///127.0.0.2:PORT/",
        "\\\\127.0.0.2:PORT/",
        "http:\\\\127.0.0.2:PORT\\",
        "http://0x7f000002:PORT/",
        "http://2130706434:PORT/",
        "http://127.0.2:PORT/",
        "http://127.0.0.1@127.0.0.2:PORT/",
        "http://127.0.0.1:80@127.0.0.2:PORT/",
        "http://[::ffff:127.0.0.2]:PORT/",
        "http://[::1]:PORT/",
        "http://localhost:PORT/",
        "https://127.0.0.2:PORT/",
        "ftp://127.0.0.2:PORT/",
        "file:///etc/passwd",
    ]
    .map(|place| place.replace("PORT", &port.to_string()))
    .to_vec();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let code = format!(
        r#"
        for n in 0..{} {{
            for ask in [|at| http::get(at), |at| http::post(at, "body")] {{
                try {{ ask.call(`http://{address}/${{n}}`); print(`reached ${{n}}`); }}
                catch (e) {{ assert(e.kind in ["not_allowed", "unsupported", "server", "invalid_argument"], `${{n}}: ${{e}}`); }}
            }}
        }}
        print("done");"#,
        places.len()
    );
    std::thread::scope(|scope| {
        scope.spawn(|| redirect(&server, &places));
        let proxy = format!("http://{}", canary.address());
        let done = Lab::new()
            .script(&code)
            .args(&["--allow-net", "127.0.0.1"])
            .env("HTTP_PROXY", &proxy)
            .env("http_proxy", &proxy)
            .env("ALL_PROXY", &proxy)
            .success();
        // The server ends at a request that it does not understand.
        TcpStream::connect(address)
            .unwrap()
            .write_all(b"the end\r\n\r\n")
            .unwrap();
        assert_eq!(done.stdout, "done\n", "{}", done.stderr);
    });
    assert!(canary.is_silent(), "somebody called the other server");
    if let Some(newer) = newer {
        assert!(
            newer
                .accept()
                .is_err_and(|why| why.kind() == ErrorKind::WouldBlock)
        );
    }
}
