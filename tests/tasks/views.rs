//! The same account seen another way: members of a team, and where paths begin.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use dropscript::emulator::Emulator;
use dropscript::{Connection, ErrorKind, ListOptions, Root};

fn with_token(url: &str, token: String) -> dropscript::ConnectionBuilder {
    Connection::builder("main")
        .endpoint(url)
        .access_token(token)
}

/// The names at the root, in order.
async fn names(dbx: &Connection) -> Vec<String> {
    let mut listing = dbx.list("/", ListOptions::default()).unwrap();
    let mut names = Vec::new();
    while let Some(item) = listing.next().await {
        names.push(item.unwrap().name);
    }
    names.sort();
    names
}

fn calls(emulator: &Emulator, route: &str) -> u64 {
    let calls = emulator.calls();
    calls.by_route.get(route).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_personal_account_has_no_team_space() {
    let emulator = Emulator::start().unwrap();
    let personal = with_token(emulator.url(), emulator.access_token("main"));
    let personal = personal.root(Root::Auto).build().unwrap();
    assert!(names(&personal).await.is_empty());
    assert!(names(&personal).await.is_empty());
    let asked = calls(&emulator, "users/get_current_account");
    assert_eq!(asked, 1, "where paths begin was asked for once");
    let error = personal
        .in_namespace(Root::Team)
        .exists("/a")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

/// A server whose team space has moved from the namespace that it tells of to another; which ones it was asked for.
fn moved() -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut asked = Vec::new();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length, mut root) = (String::new(), 0, String::new());
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let line = line.trim_end();
                match line.to_lowercase().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().unwrap(),
                    Some(("dropbox-api-path-root", value)) => root = value.to_owned(),
                    _ => {}
                }
                if line.is_empty() {
                    break;
                }
                head += line;
            }
            stream.read_exact(&mut vec![0; length]).unwrap();
            let (status, body) = if head.contains("get_current_account") {
                let account = r#"{"account_id":"dbid:a","name":{"display_name":"A","given_name":"A","surname":"A"},"email":"a","account_type":{".tag":"business"},"root_info":{"root_namespace_id":"1","home_namespace_id":"9"}}"#;
                ("200 OK", account)
            } else if root.contains("\"2\"") {
                ("200 OK", r#"{"entries":[],"cursor":"c","has_more":false}"#)
            } else {
                let refusal = r#"{"error_summary":"invalid_root/..","error":{".tag":"invalid_root","invalid_root":{".tag":"team","root_namespace_id":"2","home_namespace_id":"9"}}}"#;
                ("422 Unprocessable Entity", refusal)
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            asked.push(root);
            if asked.len() == 4 {
                break;
            }
        }
        asked
    });
    (url, server)
}

#[tokio::test]
async fn a_team_space_that_has_moved_is_found_again() {
    let (url, server) = moved();
    let dbx = with_token(&url, "t".to_owned())
        .root(Root::Auto)
        .build()
        .unwrap();
    assert!(names(&dbx).await.is_empty());
    assert!(names(&dbx).await.is_empty());
    let roots: Vec<_> = server
        .join()
        .unwrap()
        .into_iter()
        .map(|root| root.replace(r#"{".tag":"root","root":"#, ""))
        .collect();
    assert_eq!(roots, ["", "\"1\"}", "\"2\"}", "\"2\"}"]);
}
