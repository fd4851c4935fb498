//! Links as a browser, or whatever else downloads, follows them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

async fn shared(lab: &Lab, path: &str, settings: Value) -> String {
    let arg = json!({"path": path, "settings": settings});
    let link = lab
        .ok("sharing/create_shared_link_with_settings", arg)
        .await;
    let url = link["url"].as_str().expect("an address");
    let address = url.strip_prefix("https://www.dropbox.com");
    address.expect("the service's own").to_owned()
}

async fn follow(lab: &Lab, method: Method, address: &str) -> Reply {
    Reply::of(lab.request(method, address))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn a_link_leads_to_a_page_or_straight_to_the_file() {
    let lab = Lab::new();
    lab.emulator.put("main", "/Größe & more.txt", "hello");
    let address = shared(&lab, "/größe & more.txt", json!({})).await;
    let page = follow(&lab, Method::GET, &address).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.text().contains("Größe &amp; more.txt"),
        "{}",
        page.text()
    );
    for direct in [
        address.replace("dl=0", "dl=1"),
        address.replace("dl=0", "raw=1"),
        format!("{}&raw=1", address.replace("&dl=0", "")),
    ] {
        let file = follow(&lab, Method::GET, &direct).await;
        assert_eq!(
            (file.status, file.text().as_str()),
            (200, "hello"),
            "{direct}"
        );
        assert_eq!(file.header("content-type"), "text/plain");
    }
    let unlocked = address.replace("rlkey=", "rlkey=x");
    assert_eq!(follow(&lab, Method::GET, &unlocked).await.status, 404);
}

#[tokio::test]
async fn a_link_to_a_folder_leads_to_an_archive() {
    let lab = Lab::new();
    lab.emulator.put("main", "/f/a", "hello");
    let address = shared(&lab, "/f", json!({})).await.replace("dl=0", "dl=1");
    let archive = follow(&lab, Method::GET, &address).await;
    assert_eq!(archive.header("content-type"), "application/zip");
    assert!(archive.body.starts_with(b"PK"));
}

#[tokio::test]
async fn a_link_with_a_password_or_against_downloads_gives_nothing_away() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "hello");
    lab.emulator.put("main", "/b", "hello");
    let locked = json!({"require_password": true, "link_password": "p"});
    let locked = shared(&lab, "/a", locked).await.replace("dl=0", "dl=1");
    let shown = shared(&lab, "/b", json!({"allow_download": false})).await;
    for address in [locked, shown.replace("dl=0", "dl=1")] {
        let refused = follow(&lab, Method::GET, &address).await;
        assert_eq!(refused.status, 403);
        assert!(!refused.text().contains("hello"));
    }
    assert_eq!(follow(&lab, Method::GET, &shown).await.status, 200);
}

#[tokio::test]
async fn who_only_asks_how_large_a_file_is_gets_no_bytes() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a.png", "12345");
    let temporary = lab
        .ok("files/get_temporary_link", json!({"path": "/a.png"}))
        .await;
    let temporary = temporary["link"].as_str().expect("an address");
    let temporary = temporary.strip_prefix(lab.emulator.url()).expect("here");
    let shared = shared(&lab, "/a.png", json!({}))
        .await
        .replace("dl=0", "dl=1");
    for address in [temporary, &shared] {
        let asked = follow(&lab, Method::HEAD, address).await;
        assert_eq!((asked.status, asked.body.len()), (200, 0));
        assert_eq!(asked.header("content-length"), "5");
        assert_eq!(asked.header("content-type"), "image/png");
        assert_eq!(follow(&lab, Method::GET, address).await.text(), "12345");
    }
}
