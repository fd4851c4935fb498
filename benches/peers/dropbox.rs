//! The emulator in a process of its own, with TLS and as a proxy for the names of Dropbox.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// How far away it is, and how long a commit holds its namespace.
pub(crate) struct Trouble {
    pub(crate) latency: String,
    pub(crate) write_lock: String,
    /// How quick the line is; without it, as quick as the machine.
    pub(crate) bandwidth: Option<String>,
}

/// Where the files are that the emulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Memory,
    /// A directory on `/dev/shm`.
    Folder,
    /// A directory on disk.
    Disk,
}

/// An emulator that ends with this.
pub(crate) struct Dropbox {
    child: Child,
    told: Value,
    /// Everything of this round lies in it.
    pub(crate) folder: TempDir,
    control: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Dropbox {
    pub(crate) fn start(trouble: &Trouble, kept: Kept) -> Dropbox {
        let folder = match kept {
            Kept::Memory | Kept::Folder => tempfile::tempdir_in("/dev/shm"),
            Kept::Disk => tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")),
        };
        let folder = folder.expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_dropscript"));
        command.arg("emulator");
        if kept != Kept::Memory {
            command.arg(folder.path().join("remote"));
        }
        let bandwidth = trouble.bandwidth.iter();
        let bandwidth = bandwidth.flat_map(|bandwidth| ["--bandwidth-total", bandwidth]);
        command
            .args(["--listen", "127.0.0.1:0", "--tls", "127.0.0.1:0"])
            .args(["--connect-proxy", "127.0.0.1:0", "--json", "--ca-out"])
            .arg(folder.path().join("ca.pem"))
            .args(["--latency", &trouble.latency])
            .args(["--write-lock", &trouble.write_lock])
            .args(bandwidth)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the emulator starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let told = serde_json::from_str(&line).expect("it tells its addresses");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        // Between two questions the server may have closed the connection.
        let control = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build();
        Dropbox {
            child,
            told,
            folder,
            control: control.expect("a client"),
            runtime,
        }
    }

    fn address(&self, name: &str) -> &str {
        self.told[name].as_str().expect(name)
    }

    /// `https://127.0.0.1:40001`
    pub(crate) fn tls_url(&self) -> &str {
        self.address("tls_url")
    }

    /// `http://127.0.0.1:40002`
    pub(crate) fn proxy_url(&self) -> &str {
        self.address("connect_proxy_url")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(name)
    }

    /// Calls of the API so far, bytes received, bytes sent.
    pub(crate) fn counters(&self) -> [u64; 3] {
        let calls = self.calls();
        let routes = calls["by_route"].as_object().expect("calls by route");
        let total = routes.values().filter_map(Value::as_u64).sum();
        let bytes = |name: &str| calls[name].as_u64().expect("a number");
        [total, bytes("bytes_in"), bytes("bytes_out")]
    }

    /// What it was asked so far.
    pub(crate) fn calls(&self) -> Value {
        let url = format!("{}/emulator/calls", self.address("url"));
        let asked = async {
            let answer = self.control.get(url).send().await?;
            answer.text().await
        };
        let text = self.runtime.block_on(asked).expect("counters");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Has it misbehave from now on.
    pub(crate) fn inject(&self, faults: &Value) {
        let url = format!("{}/emulator/faults", self.address("url"));
        let post = self.control.post(url).body(faults.to_string());
        let answer = self.runtime.block_on(post.send()).expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

impl Drop for Dropbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
