//! `emulator`: a Dropbox that other programs use.

use serde_json::Value;

use crate::support::{Child, Lab};

const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];

fn url(emulator: &mut Child) -> String {
    emulator.says("ends it.");
    let said = emulator.said();
    let at = said.find("http://").unwrap();
    said[at..].split_whitespace().next().unwrap().to_owned()
}

#[test]
fn it_serves_until_it_is_interrupted() {
    let mut emulator = Lab::new().command(&["emulator"]).args(&ANY_PORT).start();
    let url = url(&mut emulator);
    Lab::new()
        .eval(r#"print(dropbox(#{ endpoint: args[0], access_token: "emulator-access-token" }).list("/").count())"#)
        .arg(&url)
        .stdout("0\n")
        .success();
    emulator.interrupt();
    emulator.end(130);
}

#[test]
fn it_keeps_files_in_a_folder() {
    let lab = Lab::new()
        .command(&["emulator", "files"])
        .args(&ANY_PORT)
        .local("files/a.txt", "a");
    let mut emulator = lab.start();
    let url = url(&mut emulator);
    let code = r#"
        let dbx = dropbox(#{ endpoint: args[0], access_token: "emulator-access-token" });
        for item in dbx.list("/") { print(item.path) }
        dbx.upload("b.txt", "/new");
    "#;
    Lab::new()
        .local("b.txt", "b")
        .eval(code)
        .arg(&url)
        .stdout("/a.txt\n")
        .success();
    emulator.terminate();
    let done = emulator.end(143);
    assert_eq!(
        std::fs::read_to_string(done.path("files/new/b.txt")).unwrap(),
        "b"
    );
}

#[test]
fn programs_get_its_address_as_json() {
    let mut emulator = Lab::new()
        .command(&["emulator", "--json"])
        .args(&ANY_PORT)
        .start();
    emulator.says("}\n").interrupt();
    let done = emulator.end(130);
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(
        said["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(said["access_token"], "emulator-access-token");
    assert_eq!(said["refresh_token"], "emulator-refresh-token");
    let team = &said["team"];
    assert_eq!(team["access_token"], "emulator-team-access-token");
    let member = &team["members"][1];
    assert_eq!(member["access_token"], "emulator-access-token-team-member");
    let id = member["team_member_id"].as_str().unwrap();
    assert!(id.starts_with("dbmid:"));
    let folder = &said["folder_app"];
    assert_eq!(folder["access_token"], "emulator-folder-access-token");
}

#[test]
fn the_plain_token_can_be_that_of_a_member_of_a_team() {
    let mut emulator = Lab::new()
        .command(&["emulator", "--account", "business"])
        .args(&ANY_PORT)
        .start();
    let url = url(&mut emulator);
    Lab::new()
        .eval(r#"print(dropbox(#{ endpoint: args[0], access_token: "emulator-access-token" }).account.name.display_name)"#)
        .arg(&url)
        .stdout("Max Member\n")
        .success();
    emulator.interrupt();
    emulator.end(130);
}

#[test]
fn quirks_are_listed_turned_on_and_an_unknown_one_leads_to_the_nearest() {
    let listed = Lab::new()
        .command(&["emulator", "--quirk", "list"])
        .success();
    assert!(listed.stdout.lines().count() > 40, "{}", listed.stdout);
    assert!(
        listed
            .stdout
            .lines()
            .all(|line| line.split_once("  ").is_some())
    );
    let refused = Lab::new()
        .command(&["emulator", "--quirk", "etag-string"])
        .status(2);
    assert!(
        refused.stderr.contains("did you mean `etag-strong`?"),
        "{}",
        refused.stderr
    );
    let mut emulator = Lab::new()
        .command(&["emulator", "--quirk", "token-refused-as-text"])
        .args(&ANY_PORT)
        .start();
    let url = url(&mut emulator);
    Lab::new()
        .eval(r#"try { dropbox(#{ endpoint: args[0], access_token: "x" }).account } catch (e) { print(`${e.kind} ${e.status}`) }"#)
        .arg(&url)
        .stdout("not_signed_in 400\n")
        .success();
    emulator.interrupt();
    emulator.end(130);
}

#[test]
fn an_address_in_use_is_wrong_usage() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    Lab::new()
        .command(&["emulator", "--listen", &address])
        .stderr_contains(&address)
        .status(2);
    Lab::new()
        .command(&["emulator", "--listen", "nowhere"])
        .status(2);
}

#[test]
fn it_speaks_tls_and_is_a_proxy() {
    let mut emulator = Lab::new()
        .command(&["emulator", "--json", "--ca-out", "ca.pem"])
        .args(&["--tls", "127.0.0.1:0", "--connect-proxy", "127.0.0.1:0"])
        .args(&ANY_PORT)
        .start();
    emulator.says("}\n").interrupt();
    let done = emulator.end(130);
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    let starts = |name: &str, with: &str| said[name].as_str().unwrap().starts_with(with);
    assert!(starts("tls_url", "https://127.0.0.1:"));
    assert!(starts("connect_proxy_url", "http://127.0.0.1:"));
    assert_eq!(said["ca"], "ca.pem");
    let ca = std::fs::read_to_string(done.path("ca.pem")).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn a_certificate_for_nothing_is_wrong_usage() {
    Lab::new()
        .command(&["emulator", "--ca-out", "ca.pem"])
        .args(&ANY_PORT)
        .stderr_contains("--tls")
        .status(2);
}

#[test]
fn faults_come_from_a_file_and_calls_are_logged() {
    let faults = "[[fault]]\nroute = \"users/*\"\nwhat = \"expired_token\"\n";
    let mut emulator = Lab::new()
        .command(&["emulator", "-v", "--faults", "faults.toml"])
        .args(&["--bandwidth", "60MiB/s", "--rate-limit", "50/s"])
        .args(&["--write-lock", "20ms", "--write-lock-as", "409"])
        .args(&ANY_PORT)
        .local("faults.toml", faults)
        .start();
    let url = url(&mut emulator);
    Lab::new()
        .eval(r#"try { dropbox(#{ endpoint: args[0], access_token: "emulator-access-token" }).account } catch (e) { print(e.kind) }"#)
        .arg(&url)
        .stdout("not_signed_in\n")
        .success();
    emulator
        .complains(
            "out  POST users/get_current_account  main  expired_access_token  [expired_token]\n",
        )
        .interrupt();
    emulator.end(130);
    Lab::new()
        .command(&["emulator", "--faults", "faults.toml"])
        .args(&ANY_PORT)
        .local("faults.toml", "[[fault]]\nwhat = 3\n")
        .stderr_contains("faults.toml")
        .status(2);
    let never = "[[fault]]\nwhat = { server_error = { status = 999 } }\n";
    Lab::new()
        .command(&["emulator", "--faults", "faults.toml"])
        .args(&ANY_PORT)
        .local("faults.toml", never)
        .stderr_contains("line 2")
        .stderr_contains("`status` is 999: it must be from 400 to 599")
        .status(2);
}
