//! An emulator in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use crate::lab::Reply;

pub(super) struct Process {
    child: Mutex<Child>,
    url: String,
    http: Client,
}

impl Process {
    /// Starts one that serves the directory. When this returns, it answers.
    pub(super) fn start(directory: &Path) -> Process {
        let program = option_env!("CARGO_BIN_EXE_dropscript");
        let program = program.expect("the feature `cli`, which makes the program");
        let mut child = Command::new(program)
            .args(["emulator", "--listen", "127.0.0.1:0", "--json"])
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let listening: Value = serde_json::from_str(&line).expect("it says where it listens");
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Process {
            child: Mutex::new(child),
            url: listening["url"].as_str().expect("an address").to_owned(),
            http,
        }
    }

    /// `kill -9`
    pub(super) fn kill(&self) {
        let mut child = self.child.lock().expect("nobody panicked");
        child.kill().expect("it is killed");
        child.wait().expect("it has ended");
    }

    /// A call; `None` where no answer came.
    pub(super) async fn call(
        &self,
        route: &str,
        arg: &Value,
        body: Option<Vec<u8>>,
    ) -> Option<Reply> {
        let request = self
            .http
            .post(format!("{}/2/{route}", self.url))
            .bearer_auth("emulator-access-token");
        let request = match body {
            None => request
                .header("content-type", "application/json")
                .body(arg.to_string()),
            Some(body) => request
                .header("content-type", "application/octet-stream")
                .header("dropbox-api-arg", arg.to_string())
                .body(body),
        };
        Reply::of(request).await.ok()
    }

    /// An rpc call that works.
    pub(super) async fn ok(&self, route: &str, arg: Value) -> Value {
        let reply = self.call(route, &arg, None).await;
        reply.expect("an answer").ok()
    }

    /// What a path, an id or a rev holds.
    pub(super) async fn download(&self, path: &str) -> Vec<u8> {
        let arg = serde_json::json!({ "path": path }).to_string();
        let request = self
            .http
            .post(format!("{}/2/files/download", self.url))
            .bearer_auth("emulator-access-token")
            .header("dropbox-api-arg", arg);
        let reply = Reply::of(request).await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.body.to_vec()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also where the test ends early.
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
