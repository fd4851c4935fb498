//! The emulator in a process of its own: this program, started anew.

use std::convert::Infallible;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use dropscript::emulator::Emulator;
use hyper_util::rt::TokioIo;

const SERVE: &str = "--serve";

/// What is served, and where it is kept.
pub(crate) enum Keeping {
    /// A handler that does nothing.
    Floor,
    Memory,
    /// A directory below this one.
    Folder(PathBuf),
    /// That many files, in memory.
    Entries(usize),
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keeping::Floor => write!(f, "nothing"),
            Keeping::Memory | Keeping::Entries(_) => write!(f, "in memory"),
            Keeping::Folder(path) if path.starts_with("/dev/shm") => write!(f, "DIR on /dev/shm"),
            Keeping::Folder(_) => write!(f, "DIR on disk"),
        }
    }
}

/// A server that ends with this.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:40001`
    pub(crate) host: String,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    pub(crate) fn start(keeping: &Keeping) -> Server {
        let mut folder = None;
        let what = match keeping {
            Keeping::Floor => "floor".to_owned(),
            Keeping::Memory => "memory".to_owned(),
            Keeping::Entries(count) => count.to_string(),
            Keeping::Folder(path) => {
                let made = tempfile::tempdir_in(path).expect("a folder");
                let made = folder.insert(made);
                made.path().display().to_string()
            }
        };
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args([SERVE, &what])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        Server {
            child,
            host: line.trim().trim_start_matches("http://").to_owned(),
            _folder: folder,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn is_server(arguments: &[String]) -> bool {
    arguments.first().is_some_and(|first| first == SERVE)
}

/// Serves until nobody holds the other end of the standard input.
pub(crate) fn serve(arguments: &[String]) {
    let what = arguments[1].as_str();
    if what == "floor" {
        return floor();
    }
    let builder = match what {
        "memory" => Emulator::builder(),
        path if path.starts_with('/') => Emulator::builder().directory(path),
        _ => Emulator::builder(),
    };
    let emulator = builder.start().expect("it starts");
    for n in 0..what.parse().unwrap_or(0) {
        emulator.put("main", &format!("/many/{n:06}.txt"), "x");
    }
    say(emulator.url());
}

fn say(url: &str) {
    println!("{url}");
    std::io::stdout().flush().expect("a pipe");
    let _ = std::io::stdin().read(&mut [0]);
}

/// The same HTTP server with nothing behind it.
fn floor() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            say(&address.to_string());
            std::process::exit(0);
        });
        let router = axum::Router::new().fallback(|request: Request| async {
            let read = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            let answer = if read.is_ok() { "null" } else { "" };
            Ok::<_, Infallible>(Response::new(Body::from(answer)))
        });
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(
                    hyper_util::rt::TokioExecutor::new(),
                );
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
}
