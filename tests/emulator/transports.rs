//! The ways to reach it: TLS, HTTP/2, the proxy, and how fast the line is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind};
use reqwest::{Certificate, Client, ClientBuilder, Proxy, Version};
use serde_json::{Value, json};

use crate::lab::{Lab, Reply, noise};

const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn secure() -> Emulator {
    let builder = Emulator::builder().tls(ANY.into());
    let emulator = builder.connect_proxy(ANY.into()).start();
    emulator.expect("the emulator starts")
}

fn trusting(emulator: &Emulator) -> ClientBuilder {
    let pem = emulator.ca_pem().expect("a certificate");
    let ca = Certificate::from_pem(pem.as_bytes()).expect("PEM");
    Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .timeout(Duration::from_secs(60))
}

async fn echo(client: &Client, base: &str) -> reqwest::Result<(Version, Value)> {
    let answer = client
        .post(format!("{base}/2/check/user"))
        .bearer_auth("emulator-access-token")
        .header("content-type", "application/json")
        .body(json!({ "query": "hello" }).to_string())
        .send()
        .await?;
    let version = answer.version();
    let result = serde_json::from_slice(&answer.bytes().await?).expect("JSON");
    Ok((version, result))
}

#[tokio::test]
async fn tls_speaks_both_versions_of_http() {
    let emulator = secure();
    let url = emulator.tls_url().expect("an address");
    let named = url.replace("127.0.0.1", "localhost");
    for (builder, version) in [
        (trusting(&emulator), Version::HTTP_2),
        (trusting(&emulator).http1_only(), Version::HTTP_11),
        (trusting(&emulator).http2_prior_knowledge(), Version::HTTP_2),
    ] {
        let client = builder.build().expect("a client");
        for base in [url, &named] {
            let (spoken, result) = echo(&client, base).await.expect("an answer");
            assert_eq!(spoken, version);
            assert_eq!(result, json!({ "result": "hello" }));
        }
    }
}

#[tokio::test]
async fn who_does_not_trust_it_does_not_talk_to_it() {
    let (one, other) = (secure(), secure());
    let client = trusting(&other).build().expect("a client");
    let url = one.tls_url().expect("an address");
    let error = echo(&client, url).await.expect_err("another authority");
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(one.calls().total(), 0);
}

#[tokio::test]
async fn the_proxy_leads_the_names_of_dropbox_here() {
    let emulator = secure();
    let proxy = emulator.connect_proxy_url().expect("a proxy");
    let through = |builder: ClientBuilder| {
        let proxy = Proxy::all(proxy).expect("an address");
        builder.proxy(proxy).build().expect("a client")
    };
    let client = through(trusting(&emulator));
    let (version, result) = echo(&client, "https://api.dropboxapi.com")
        .await
        .expect("an answer");
    assert_eq!(
        (version, &result["result"]),
        (Version::HTTP_2, &json!("hello"))
    );
    let error = echo(&client, "https://example.com")
        .await
        .expect_err("not a host of Dropbox");
    assert!(error.is_connect(), "{error:?}");
}

/// Sends this, and reads until the other side closes.
fn raw(emulator: &Emulator, request: &str) -> String {
    let proxy = emulator.connect_proxy_url().expect("a proxy");
    let address: SocketAddr = proxy
        .trim_start_matches("http://")
        .parse()
        .expect("an address");
    let mut stream = TcpStream::connect(address).expect("a connection");
    // Of a head that is too long the end need not be read.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_proxy_leads_nowhere_else() {
    let emulator = secure();
    let close = "Connection: close\r\n\r\n";
    let elsewhere = raw(
        &emulator,
        &format!("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n{close}"),
    );
    assert!(elsewhere.starts_with("HTTP/1.1 403 "), "{elsewhere}");
    let plain = raw(
        &emulator,
        &format!("GET http://api.dropboxapi.com/ HTTP/1.1\r\nHost: api.dropboxapi.com\r\n{close}"),
    );
    assert!(plain.starts_with("HTTP/1.1 405 "), "{plain}");
    let endless = raw(
        &emulator,
        &format!(
            "CONNECT api.dropboxapi.com:443 HTTP/1.1\r\nX: {}\r\n\r\n",
            "x".repeat(100_000)
        ),
    );
    assert!(
        endless.is_empty() || endless.starts_with("HTTP/1.1 431 "),
        "{endless}"
    );
    let nonsense = raw(&emulator, "\u{16}\u{3}\u{1}nonsense\r\n\r\n");
    assert!(
        nonsense.is_empty() || nonsense.starts_with("HTTP/1.1 400 "),
        "{nonsense}"
    );
}

#[tokio::test]
async fn links_lead_back_the_way_the_call_came() {
    let emulator = secure();
    emulator.put("main", "/a", "alpha");
    let client = trusting(&emulator).build().expect("a client");
    let url = emulator.tls_url().expect("an address");
    let request = client
        .post(format!("{url}/2/files/get_temporary_link"))
        .bearer_auth("emulator-access-token")
        .header("content-type", "application/json")
        .body(json!({ "path": "/a" }).to_string());
    let link = Reply::of(request).await.expect("an answer").ok();
    let link = link["link"].as_str().expect("a link");
    assert!(link.starts_with(url), "{link}");
    let body = client
        .get(link)
        .send()
        .await
        .expect("an answer")
        .text()
        .await;
    assert_eq!(body.expect("a text"), "alpha");
}

#[tokio::test]
async fn over_http_2_a_cut_ends_the_call_and_not_its_neighbours() {
    let emulator = secure();
    emulator.inject(Fault::on("check/user", FaultKind::CutBeforeHeaders).nth(1));
    let client = trusting(&emulator).build().expect("a client");
    let url = emulator.tls_url().expect("an address");
    assert!(echo(&client, url).await.is_err());
    echo(&client, url).await.expect("an answer");
}

#[tokio::test]
async fn bandwidth_is_for_each_connection_and_for_all() {
    let rate = |kib: u64| NonZeroU64::new(kib * 1024).expect("not zero");
    let contents = noise(200 * 1024);
    let download = async |lab: &Lab| {
        let start = Instant::now();
        let calls = (0..2).map(|_| lab.download(json!({ "path": "/a" })));
        for answer in futures_util::future::join_all(calls).await {
            assert!(answer.body == contents);
        }
        start.elapsed()
    };
    let each = Lab::with(Emulator::builder().bandwidth(rate(400)));
    each.emulator.put("main", "/a", contents.clone());
    let all = Lab::with(Emulator::builder().bandwidth_total(rate(400)));
    all.emulator.put("main", "/a", contents.clone());
    // Half a second over lines of their own, a whole one over one that they share.
    assert!(download(&each).await >= Duration::from_millis(450));
    assert!(download(&all).await >= Duration::from_millis(900));
    let start = Instant::now();
    let sent = each.upload("files/upload", json!({ "path": "/b" }), contents.clone());
    assert_eq!(sent.await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(350));
}
