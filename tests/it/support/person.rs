//! What a person does at a sign-in, without a browser.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use url::Url;

/// A port that nothing listens at, below those that the system hands out.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until there is a file, and reads it.
pub(crate) fn appears(path: &Path) -> String {
    let start = Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "no {}",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::read_to_string(path).unwrap()
}

/// Presses `Allow` on the page: the address that it leads to, or else the code that is shown.
pub(crate) async fn allow(page: &str) -> String {
    let mut page = Url::parse(page).unwrap();
    page.query_pairs_mut().append_pair("decision", "allow");
    let answer = client().post(page).send().await.unwrap();
    if let Some(to) = answer.headers().get("location") {
        return to.to_str().unwrap().to_owned();
    }
    let page = answer.text().await.unwrap();
    let (_, code) = page.split_once("value=\"").unwrap();
    code.split('"').next().unwrap().to_owned()
}

/// Comes back as a browser does.
pub(crate) async fn come_back(to: &str) {
    let to = Url::parse(to).unwrap();
    let answer = client().get(to.clone()).send().await.unwrap();
    let next = to
        .join(answer.headers()["location"].to_str().unwrap())
        .unwrap();
    client().get(next).send().await.unwrap();
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy();
    client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}
