//! A real browser, for the pages that a person sees: Chromium without a window, led by `WebDriver` (W3C).

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Far beyond what any wait here takes.
const GUARD: Duration = Duration::from_secs(60);

/// What keeps it to itself: no sandbox, since tests may run as root, and no talk with anybody else.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Chromium with a profile that nobody used before. It ends with this.
pub(crate) struct Browser {
    driver: Child,
    /// The process group of Chromium itself.
    chromium: Option<Pid>,
    session: String,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let mut driver = driver.unwrap_or_else(|error| {
            panic!("{error}: install `chromium` and `chromium-driver`, or run `tests/run`, which does so")
        });
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split_once("started successfully on port ")?.1;
            Some(port.trim_end_matches('.').to_owned())
        });
        let mut browser = Self {
            driver,
            chromium: None,
            session: format!("http://127.0.0.1:{}", port.expect("it says its port")),
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(GUARD)
                .build()
                .unwrap(),
            _folder: folder,
        };
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": FLAGS } });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = browser.post("session", &wanted).await;
        let id = session["capabilities"]["goog:processID"].as_i64();
        browser.chromium = id.and_then(|id| Pid::from_raw(id.try_into().unwrap()));
        let id = session["sessionId"].as_str().unwrap().to_owned();
        browser.session = format!("{}/session/{id}", browser.session);
        let size = json!({ "width": 900, "height": 900 });
        browser.post("window/rect", &size).await;
        browser
    }

    /// Opens a page and waits until it is there.
    pub(crate) async fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await;
    }

    /// Expects that nobody is there who would answer.
    pub(crate) async fn fails_to_open(&self, url: &str) {
        let command = format!("{}/url", self.session);
        let body = json!({ "url": url }).to_string();
        let answer = self.client.post(command).body(body).send().await.unwrap();
        let said = answer.text().await.unwrap();
        assert!(said.contains("ERR_CONNECTION_REFUSED"), "{said}");
    }

    /// Clicks what a CSS selector finds; what comes of it is to be waited for.
    pub(crate) async fn click(&self, selector: &str) {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.post("element", &wanted).await;
        let element = found.as_object().unwrap().values().next().unwrap();
        let element = element.as_str().unwrap();
        self.post(&format!("element/{element}/click"), &json!({}))
            .await;
    }

    /// Waits until it is at this address, and has loaded the page there.
    pub(crate) async fn arrives_at(&self, url: &str) {
        let start = Instant::now();
        let script = json!({ "script": "return document.readyState", "args": [] });
        loop {
            let at = self.get("url").await;
            if at == url && self.post("execute/sync", &script).await == "complete" {
                return;
            }
            assert!(start.elapsed() < GUARD, "it is at {at}, not at {url}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The page that it is at.
    pub(crate) async fn source(&self) -> String {
        self.get("source").await.as_str().unwrap().to_owned()
    }

    /// Saves what is to be seen, for people to look at: among the temporary files of the tests.
    pub(crate) async fn screenshot(&self, name: &str) {
        let picture = self.get("screenshot").await;
        let picture = STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(path, picture).unwrap();
    }

    /// Closes it, as a person closes the window.
    pub(crate) async fn close(self) {
        let answer = self.client.delete(&self.session).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    async fn get(&self, command: &str) -> Value {
        let url = format!("{}/{command}", self.session);
        value(self.client.get(url).send().await.unwrap()).await
    }

    async fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}/{command}", self.session);
        value(
            self.client
                .post(url)
                .body(body.to_string())
                .send()
                .await
                .unwrap(),
        )
        .await
    }
}

async fn value(answer: reqwest::Response) -> Value {
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert!(status.is_success(), "{body}");
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["value"].take()
}

impl Drop for Browser {
    fn drop(&mut self) {
        for group in [self.chromium, Some(Pid::from_child(&self.driver))]
            .into_iter()
            .flatten()
        {
            // One that has ended already needs no telling.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}
