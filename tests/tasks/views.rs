//! The same account seen another way: members of a team, and where paths begin.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use dropscript::emulator::Emulator;
use dropscript::{Connection, CreateFolderOptions, ErrorKind, ListOptions, Root};

use crate::support::kind;

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
async fn a_token_of_a_team_acts_for_a_member_by_id_or_address() {
    let emulator = Emulator::start().unwrap();
    let id = emulator.team_member_id("team-member").unwrap();
    let own = with_token(emulator.url(), emulator.access_token("team-member"));
    let email = own.build().unwrap().account().await.unwrap().email;
    let team = with_token(emulator.url(), emulator.team_access_token())
        .build()
        .unwrap();

    let by_address = team.as_member(&email).unwrap();
    for seen in [team.as_member(&id).unwrap(), by_address.clone()] {
        assert_eq!(seen.account().await.unwrap().email, email);
    }
    by_address
        .create_folder("/mine", CreateFolderOptions::default())
        .await
        .unwrap();
    assert!(names(&by_address).await.contains(&"mine".to_owned()));
    let asked = calls(&emulator, "team/members/get_info_v2");
    assert_eq!(asked, 1, "the address was looked up once");

    // Whose files are meant has to be said, and by a name that the team knows.
    let error = team.account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.hint().unwrap().contains("as_member"));
    let stranger = team.as_member("nobody@emulator.example").unwrap();
    assert_eq!(kind(stranger.account().await), "invalid_argument");
    let stranger = team.as_member("dbmid:nobody").unwrap();
    assert_eq!(kind(stranger.account().await), "permission");
    assert_eq!(kind(team.as_member(" ")), "invalid_argument");
    assert_eq!(kind(team.as_admin("")), "invalid_argument");
}

#[tokio::test]
async fn paths_begin_at_the_team_space_where_there_is_one() {
    let emulator = Emulator::start().unwrap();
    let member = || with_token(emulator.url(), emulator.access_token("team-member"));
    let auto = member().root(Root::Auto).build().unwrap();
    assert!(names(&auto).await.contains(&"Projects".to_owned()));
    names(&auto).await;
    let asked = calls(&emulator, "users/get_current_account");
    assert_eq!(asked, 1, "where paths begin was asked for once");
    let home = auto.in_namespace(Root::Home);
    home.create_folder("/mine", CreateFolderOptions::default())
        .await
        .unwrap();
    assert_eq!(names(&home).await, ["mine"]);
    let info = auto.account().await.unwrap().root_info;
    let by_id = home.in_namespace(Root::Namespace(info.root_namespace_id));
    assert_eq!(names(&by_id).await, names(&auto).await);

    let personal = with_token(emulator.url(), emulator.access_token("main"));
    let personal = personal.root(Root::Auto).build().unwrap();
    assert!(names(&personal).await.is_empty());
    let error = personal
        .in_namespace(Root::Team)
        .exists("/a")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let elsewhere = personal.in_namespace(Root::Namespace("1".to_owned()));
    assert_eq!(kind(elsewhere.exists("/a").await), "permission");
}

#[tokio::test]
async fn an_app_with_a_folder_of_its_own_goes_on_without_a_root() {
    let emulator = Emulator::start().unwrap();
    let token = emulator.folder_access_token("team-member");
    let dbx = with_token(emulator.url(), token)
        .root(Root::Auto)
        .build()
        .unwrap();
    dbx.create_folder("/inside", CreateFolderOptions::default())
        .await
        .unwrap();
    assert_eq!(names(&dbx).await, ["inside"]);
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
                    Some(("dropbox-api-path-root", value)) => value.clone_into(&mut root),
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
