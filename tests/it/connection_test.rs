//! `dropscript connection test`: what it finds, and its exit status.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use dropscript::{Secret, StoredCredentials, TokenStore};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::Lab;

/// A connection `work` to this server with more settings, and what is stored of it.
fn lab(url: &str, settings: &str, stored: &StoredCredentials) -> Lab {
    let config = format!(
        "default = \"work\"\n[connections.work]\nendpoint = \"{url}\"\napp_key = \"emulator-app\"\ncredentials = \"file\"\n{settings}"
    );
    let lab = Lab::new()
        .command(&["connection", "test"])
        .local("../home/config/dropscript/config.toml", &config);
    fs::create_dir_all(lab.path("../home/state/dropscript")).unwrap();
    let store = TokenStore::file(lab.path("../home/state/dropscript/credentials"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.save("work", stored)).unwrap();
    lab
}

fn renewing(token: String) -> StoredCredentials {
    StoredCredentials {
        refresh_token: Some(Secret::new(token)),
        scopes: vec!["files.content.read".into(), "files.content.write".into()],
        ..StoredCredentials::default()
    }
}

fn given(token: String) -> StoredCredentials {
    StoredCredentials {
        access_token: Some(Secret::new(token)),
        ..StoredCredentials::default()
    }
}

/// The rows of the table by their names, in order.
fn rows(table: &str) -> Vec<(String, String)> {
    let row = |line: &str| {
        let (name, value) = line.split_once("  ").unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    table.lines().map(row).collect()
}

#[test]
fn the_table_tells_everything() {
    let emulator = Emulator::start().unwrap();
    let signed_in = renewing(emulator.refresh_token("main"));
    let done = lab(emulator.url(), "", &signed_in).success();
    let rows = rows(&done.stdout);
    let names: Vec<_> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "connection",
            "server",
            "proxy",
            "account",
            "kind",
            "paths begin at",
            "space",
            "scopes",
            "token",
            "clock"
        ]
    );
    let value = |wanted: &str| {
        let row = rows.iter().find(|(name, _)| name == wanted);
        row.unwrap().1.clone()
    };
    assert_eq!(value("connection"), "work");
    assert!(value("server").starts_with(&format!("{} answers after ", emulator.url())));
    assert_eq!(value("proxy"), "none");
    assert!(value("account").contains(", ") && value("account").contains('@'));
    assert_eq!(value("kind"), "personal (basic)");
    assert!(value("paths begin at").starts_with("the own folder ("));
    assert!(
        value("space").contains(" of 2048.0 GB used"),
        "{}",
        value("space")
    );
    assert_eq!(value("scopes"), "files.content.read files.content.write");
    let token = value("token");
    assert!(
        token.contains("credentials/work.json`, good until 2"),
        "{token}"
    );
    assert_eq!(value("clock"), "right");
}

#[test]
fn json_tells_the_same() {
    let emulator = Emulator::start().unwrap();
    let signed_in = renewing(emulator.refresh_token("team-member"));
    let done = lab(emulator.url(), "account = \"personal\"\n", &signed_in)
        .arg("--json")
        .success();
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    let keys: Vec<_> = found.as_object().unwrap().keys().cloned().collect();
    let mut expected = [
        "connection",
        "status",
        "servers",
        "proxy",
        "account",
        "kind",
        "root",
        "space",
        "scopes",
        "token",
        "clock_ahead_seconds",
        "error",
    ];
    expected.sort_unstable();
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(found["kind"], "business, where the settings say personal");
    assert_eq!(found["error"], Value::Null);
    assert_eq!(found["servers"][0]["proxy"], Value::Null);
    let expires: Timestamp = found["token"]["expires"].as_str().unwrap().parse().unwrap();
    assert!(expires > Timestamp::now());
}

#[test]
fn the_root_is_told_as_it_is_chosen() {
    let emulator = Emulator::start().unwrap();
    let member = given(emulator.access_token("team-member"));
    for (settings, root) in [
        ("", "the team space ("),
        ("root = \"team\"\n", "the team space ("),
        ("root = \"home\"\n", "the own folder ("),
        ("root = \"77\"\n", "the namespace 77"),
    ] {
        let done = lab(emulator.url(), settings, &member)
            .arg("--json")
            .success();
        let found: Value = serde_json::from_str(&done.stdout).unwrap();
        assert!(found["root"].as_str().unwrap().starts_with(root), "{found}");
    }
    let team = given(emulator.team_access_token());
    let member = emulator.team_member_id("team-member").unwrap();
    let settings = format!("member = \"{member}\"\n");
    let done = lab(emulator.url(), &settings, &team).success();
    assert!(done.stdout.contains("business"), "{}", done.stdout);
    lab(emulator.url(), "", &team)
        .stderr_contains("as_member")
        .status(2);
}

#[test]
fn the_exit_status_tells_what_to_do() {
    let emulator = Emulator::start().unwrap();
    let good = renewing(emulator.refresh_token("main"));
    // A person must sign in.
    for stored in [
        StoredCredentials::default(),
        renewing("no such token".into()),
        given("no such token".into()),
    ] {
        let done = lab(emulator.url(), "", &stored)
            .stderr_contains("dropscript connection login work")
            .status(4);
        assert!(done.stdout.contains("answers after"), "{}", done.stdout);
    }
    // A later try may work.
    let limit = FaultKind::RateLimit {
        reason: LimitReason::default(),
        retry_after: Some(100_000),
        retry_in: RetryIn::default(),
        body: LimitBody::Json,
    };
    emulator.inject(Fault::on("users/*", limit));
    let done = lab(emulator.url(), "timeout = \"1s\"\n", &good)
        .arg("--json")
        .status(7);
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&found["status"], &found["error"]["kind"]),
        (&7.into(), &"rate_limited".into())
    );
    emulator.clear_faults();
    // Nobody is there; the proxy is not; its name is none; the certificate is not believed.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    lab(&format!("http://{free}"), "", &good)
        .stderr_contains("cannot reach")
        .status(7);
    for proxy in [
        format!(
            "type = \"http\"\naddress = \"127.0.0.1\"\nport = {}\n",
            free.port()
        ),
        "type = \"socks5\"\naddress = \"proxy.invalid\"\n".to_owned(),
    ] {
        let settings = format!("timeout = \"5s\"\n[connections.work.proxy]\n{proxy}");
        let done = lab(emulator.url(), &settings, &good).status(7);
        assert!(done.stderr.contains("proxy"), "{}", done.stderr);
    }
    let secure = Emulator::builder()
        .tls(([127, 0, 0, 1], 0).into())
        .start()
        .unwrap();
    let url = secure.tls_url().unwrap();
    lab(url, "", &good).stderr_contains("certificate").status(7);
}

#[test]
fn the_registered_app_will_do_where_there_is_one() {
    let emulator = Emulator::start().unwrap();
    let config = |app: &str| {
        let url = emulator.url();
        format!("{app}[connections.work]\nendpoint = \"{url}\"\ncredentials = \"file\"\n")
    };
    let with = |app: &str| {
        let signed_in = renewing(emulator.refresh_token("main"));
        lab(emulator.url(), "", &signed_in)
            .local("../home/config/dropscript/config.toml", &config(app))
            .arg("work")
    };
    with("[app]\nkey = \"emulator-app\"\n").success();
    with("")
        .stderr_contains("make one at https://www.dropbox.com/developers/apps")
        .status(2);
}

#[test]
fn not_looking_at_certificates_is_warned_of_at_each_run() {
    let secure = Emulator::builder()
        .tls(([127, 0, 0, 1], 0).into())
        .start()
        .unwrap();
    let url = secure.tls_url().unwrap();
    let signed_in = renewing(secure.refresh_token("main"));
    let careless = "accept_invalid_certificates = true\n";
    for words in [
        &["connection", "test"][..],
        &["eval", "print(dropbox().account.email)"],
        &["eval", "print(dropbox().account.email)"],
    ] {
        lab(url, careless, &signed_in)
            .command(words)
            .stderr_contains("certificates are not checked for the connection `work`")
            .success();
    }
    let script = format!(
        "dropbox(#{{ endpoint: \"{url}\", access_token: \"{}\", accept_invalid_certificates: true }}).space",
        secure.access_token("main")
    );
    lab(url, "", &signed_in)
        .command(&["eval", &script])
        .stderr_contains("certificates are not checked")
        .success();
}

/// A server whose clock is off by so many seconds.
fn server_with_a_clock(off: i64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // All of such a request comes at once.
            let _ = stream.read(&mut [0; 16 << 10]);
            let now = Timestamp::now() + jiff::SignedDuration::from_secs(off);
            let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let answer = format!(
                "HTTP/1.1 401 No\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    for (off, told) in [(-3_600, "+36"), (86_400, "-86")] {
        let url = server_with_a_clock(off);
        let done = lab(&url, "", &given("t".into())).status(4);
        let clock = rows(&done.stdout)
            .into_iter()
            .find(|(name, _)| name == "clock")
            .unwrap()
            .1;
        assert!(
            clock.starts_with(told) && clock.contains("set the clock of this machine"),
            "{clock}"
        );
        let done = lab(&url, "", &given("t".into())).arg("--json").status(4);
        let found: Value = serde_json::from_str(&done.stdout).unwrap();
        let ahead = found["clock_ahead_seconds"].as_i64().unwrap();
        assert!((ahead + off).abs() < 30, "{ahead}");
    }
}
