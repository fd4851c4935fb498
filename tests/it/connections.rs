//! `dropscript connection`, and which connection a script gets.

use std::fs;

use dropscript::emulator::Emulator;
use dropscript::{StoredCredentials, TokenStore};

use crate::support::{Done, Lab};

fn connection(words: &[&str]) -> Lab {
    let words: Vec<_> = ["connection"].iter().chain(words).copied().collect();
    Lab::new().command(&words)
}

fn config(done: &Done) -> String {
    fs::read_to_string(done.path("../home/config/dropscript/config.toml")).unwrap()
}

const TWO: &str = "# mine\ndefault = \"work\"\n\n[connections.work]\ntimeout = \"30s\" # slow\n\n[connections.home]\n";

/// With a configuration of two connections.
fn two(words: &[&str]) -> Lab {
    connection(words).local("../home/config/dropscript/config.toml", TWO)
}

#[test]
fn a_connection_is_added_and_the_first_is_the_default() {
    let done = connection(&["add", "work", "--app-key", "k", "--timeout", "30s"])
        .args(&[
            "--scope",
            "files.content.read",
            "--scope",
            "files.metadata.read",
        ])
        .stdout("")
        .stderr_contains("added `work`")
        .stderr_contains("it is the default")
        .success();
    assert_eq!(
        config(&done),
        "default = \"work\"\n\n[connections.work]\ntimeout = \"30s\"\napp_key = \"k\"\nscopes = [\"files.content.read\", \"files.metadata.read\"]\n"
    );
}

#[test]
fn settings_are_changed_one_by_one() {
    let done = two(&["edit", "work", "--timeout", "5s", "--group", "Office"]).success();
    let expected = TWO.replace("\"30s\" # slow", "\"5s\" # slow\ngroup = \"Office\"");
    assert_eq!(config(&done), expected);
    let done = two(&["edit", "work", "--timeout", ""]).success();
    assert_eq!(config(&done), TWO.replace("timeout = \"30s\" # slow\n", ""));
}

#[test]
fn connections_are_cloned_removed_and_chosen() {
    let done = two(&["clone", "work", "other"]).success();
    assert_eq!(
        config(&done),
        format!("{TWO}\n[connections.other]\ntimeout = \"30s\" # slow\n")
    );
    let done = two(&["remove", "work", "--yes"])
        .stderr_contains("removed `work`")
        .stderr_contains("it was the default")
        .success();
    assert!(!config(&done).contains("work"));
    let done = two(&["default", "home"]).success();
    assert_eq!(config(&done), TWO.replace("\"work\"", "\"home\""));
    two(&["default"]).stdout("work\n").success();
}

#[test]
fn connections_are_listed_and_shown() {
    let done = two(&["list"]).success();
    let lines: Vec<Vec<_>> = done
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0][..2], ["NAME", "ACCOUNT"]);
    assert_eq!(lines[1], ["*", "work", "Dropbox", "not", "stored"]);
    assert_eq!(lines[2], ["home", "Dropbox", "not", "stored"]);
    let done = two(&["list", "--json"]).success();
    let list: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(list["default"], "work");
    assert_eq!(list["connections"][1]["name"], "home");
    let done = two(&["show", "work", "--json"]).success();
    let shown: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(shown["settings"]["timeout"], "30s");
    assert_eq!(shown["settings"]["root"], "auto");
    let done = two(&["show"]).success();
    assert!(
        done.stdout.contains("work (the default)"),
        "{}",
        done.stdout
    );
    connection(&["list"])
        .stdout("")
        .stderr_contains("connection add")
        .success();
}

#[test]
fn what_is_wrong_is_told_and_writes_nothing() {
    for (words, says) in [
        (&["add", "work"][..], "there is a connection `work` already"),
        (&["add", "a b"], "cannot be called `a b`"),
        (
            &["add", "new", "--proxy-type", "http"],
            "the proxy has no address",
        ),
        (
            &["edit", "work", "--proxy-port", "eighty"],
            "`proxy.port` cannot be \"eighty\"",
        ),
        (&["edit", "wrok", "--group", "x"], "did you mean `work`?"),
        (
            &["edit", "work", "--account", "privat"],
            "\"personal\" or \"business\"",
        ),
        (&["edit", "work", "--timeout", "soon"], "`soon`"),
        (&["edit", "work"], "nobody is at a terminal"),
        (&["remove", "work"], "--yes"),
        (&["remove", "wrok", "--yes"], "did you mean `work`?"),
        (&["show", "hme"], "did you mean `home`?"),
        (&["default", "nothing"], "there is no connection `nothing`"),
    ] {
        let done = two(words).stdout("").stderr_contains(says).status(2);
        assert_eq!(config(&done), TWO, "{words:?}");
    }
}

#[test]
fn a_wrong_file_is_told_with_its_place_whatever_reads_it() {
    let wrong = "[connections.work]\ntimout = \"5s\"\n";
    for words in [&["connection", "list"][..], &["eval", "1"]] {
        Lab::new()
            .command(words)
            .local("mine.toml", wrong)
            .args(&["--config", "mine.toml"])
            .stderr_contains("mine.toml:2:1: there is no setting `timout`")
            .stderr_contains("did you mean `timeout`?")
            .status(2);
    }
}

#[test]
fn the_file_is_found_where_the_environment_says() {
    let done = connection(&["add", "work", "--app-key", "k"])
        .env("DROPSCRIPT_CONFIG", "mine.toml")
        .success();
    assert!(done.path("mine.toml").exists());
}

#[test]
fn at_a_terminal_questions_are_asked() {
    let mut child = connection(&["add", "work"]).start_at_a_terminal();
    child.says("personal").type_in("\n");
    child.says("App key").type_in("my-key\n");
    child.says("App secret").type_in("\n");
    child.says("Redirect URI").type_in("\n");
    let done = child.end(0);
    assert_eq!(
        config(&done),
        "default = \"work\"\n\n[connections.work]\naccount = \"personal\"\napp = \"own\"\napp_key = \"my-key\"\nredirect_uri = \"http://localhost:9999\"\n"
    );
    let mut child = two(&["remove", "work"]).start_at_a_terminal();
    child
        .says("Remove the connection `work` and")
        .type_in("n\n");
    assert_eq!(config(&child.end(0)), TWO);
}

#[test]
fn a_script_gets_the_connection_that_was_named_or_is_the_default() {
    let emulator = Emulator::start().unwrap();
    let file = format!(
        "default = \"home\"\n[connections.work]\nendpoint = \"{url}\"\n[connections.home]\nendpoint = \"{url}\"\n",
        url = emulator.url()
    );
    let lab = |code: &str| {
        Lab::new()
            .eval(code)
            .local("../home/config/dropscript/config.toml", &file)
    };
    lab("dropbox(\"wrok\")")
        .stderr_contains("did you mean `work`?")
        .status(1);
    lab("1")
        .args(&["--connection", "wrok"])
        .stderr_contains("did you mean `work`?")
        .status(2);
    // Under an emulator every name is an account of its own, and the configuration does not matter.
    lab("print(dropbox(\"anything\").account.email != dropbox().account.email)")
        .emulated()
        .stdout("true\n")
        .success();
}

/// Where the program keeps credentials.
const CREDENTIALS: &str = "../home/state/dropscript/credentials";

/// A connection `work` to an emulator, where somebody is signed in.
fn signed_in(emulator: &Emulator, words: &[&str]) -> Lab {
    let file = format!(
        "default = \"work\"\n[connections.work]\nendpoint = \"{}\"\napp_key = \"emulator-app\"\ncredentials = \"file\"\n",
        emulator.url()
    );
    let lab = Lab::new()
        .command(words)
        .local("../home/config/dropscript/config.toml", &file);
    fs::create_dir_all(lab.path("../home/state/dropscript")).unwrap();
    let store = TokenStore::file(lab.path(CREDENTIALS));
    let credentials = StoredCredentials {
        app_key: Some("emulator-app".into()),
        refresh_token: Some(emulator.refresh_token("main").into()),
        scopes: vec!["files.content.read".into()],
        ..StoredCredentials::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(store.save("work", &credentials)).unwrap();
    lab
}

#[test]
fn a_connection_that_somebody_signed_in_to_is_there_for_scripts() {
    let emulator = Emulator::start().unwrap();
    let code = r#"
        let dbx = dropbox();
        print(dbx.name);
        print(dbx.authenticate().email == dropbox("work").account.email);
        print(dbx.scopes);
    "#;
    let done = signed_in(&emulator, &["eval", code]).success();
    let lines: Vec<_> = done.stdout.lines().collect();
    assert_eq!(lines[..2], ["work", "true"]);
    // The renewal told anew what was allowed.
    assert!(lines[2].contains("files.content.read"), "{}", lines[2]);
}

#[test]
fn where_nobody_is_signed_in_the_command_is_named() {
    let emulator = Emulator::start().unwrap();
    let file = format!(
        "[connections.work]\nendpoint = \"{}\"\napp_key = \"k\"\n",
        emulator.url()
    );
    let lab = |words: &[&str]| {
        Lab::new()
            .command(words)
            .local("../home/config/dropscript/config.toml", &file)
    };
    for code in [
        "dropbox(\"work\").authenticate()",
        "dropbox(\"work\").list(\"/\").count()",
    ] {
        lab(&["eval", code])
            .stderr_contains("dropscript connection login work")
            .status(4);
    }
    lab(&["eval", "print(dropbox(\"work\").signed_in)"])
        .stdout("false\n")
        .success();
    let done = lab(&["connection", "test", "work"]).status(4);
    assert!(done.stderr.contains("dropscript connection login work"));
    Lab::new()
        .command(&["connection", "test", "work"])
        .local(
            "../home/config/dropscript/config.toml",
            "[connections.work]\n",
        )
        .stderr_contains("connection edit work --app-key")
        .status(2);
}

#[test]
fn a_connection_is_tested() {
    let emulator = Emulator::start().unwrap();
    let done = signed_in(&emulator, &["connection", "test", "--json"]).success();
    let found: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(found["status"], 0);
    assert_eq!(found["servers"][0]["server"], emulator.url());
    assert_eq!(found["servers"][0]["reached"], true);
    assert!(found["account"]["email"].is_string());
    assert!(found["token"]["expires"].is_string());
    assert!(found["space"]["allocated"].as_u64().unwrap() > 0);
    assert!(found["clock_ahead_seconds"].as_i64().unwrap().abs() < 60);
    let done = signed_in(&emulator, &["connection", "test"]).success();
    for part in [
        "answers after",
        "account",
        "scopes",
        "credentials/work.json",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {}", done.stdout);
    }
    assert!(!done.stdout.contains("refresh-token"));

    let nobody = signed_in(&emulator, &["connection", "test"]);
    drop(emulator);
    nobody.stderr_contains("cannot reach").status(7);
}

#[test]
fn secrets_come_on_standard_input_and_are_never_shown() {
    let emulator = Emulator::start().unwrap();
    let edit = [
        "connection",
        "edit",
        "work",
        "--app-secret-stdin",
        "--proxy-password-stdin",
    ];
    let done = signed_in(&emulator, &edit)
        .args(&["--proxy-type", "http", "--proxy-address", "proxy.invalid"])
        .args(&["--proxy-authentication", "basic", "--proxy-username", "ann"])
        .input("canary-a\ncanary-b\n")
        .stdout("")
        .stderr_contains("stored in the file")
        .success();
    assert!(!done.stderr.contains("canary") && !config(&done).contains("canary"));
    let kept = fs::read_to_string(done.path(CREDENTIALS).join("work.json")).unwrap();
    assert!(kept.contains("canary-a") && kept.contains("canary-b"));
    assert!(kept.contains("refresh_token"), "the sign-in stays");

    let without = signed_in(
        &emulator,
        &["connection", "edit", "work", "--app-secret-stdin"],
    );
    without.input("").stderr_contains("no app secret").status(2);
    let shown = signed_in(&emulator, &["connection", "show", "work", "--json"]).success();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["secrets"]["sign_in"], "stored");
    assert_eq!(shown["secrets"]["app_secret"], "not stored");
}

#[test]
fn removing_takes_what_is_stored_along_and_cloning_only_when_asked() {
    let emulator = Emulator::start().unwrap();
    let done = signed_in(&emulator, &["connection", "remove", "work", "--yes"])
        .stderr_contains("removed what was stored in the file")
        .stderr_contains("connected_apps")
        .success();
    assert!(!done.path(CREDENTIALS).join("work.json").exists());
    let done = signed_in(&emulator, &["connection", "clone", "work", "other"])
        .stderr_contains("connection login other")
        .success();
    assert!(!done.path(CREDENTIALS).join("other.json").exists());
    let clone = ["connection", "clone", "work", "other", "--with-credentials"];
    let done = signed_in(&emulator, &clone).success();
    assert!(done.path(CREDENTIALS).join("other.json").exists());
}

#[test]
fn credentials_may_come_from_the_environment() {
    let emulator = Emulator::start().unwrap();
    let file = format!(
        "default = \"ci\"\n[connections.ci]\nendpoint = \"{}\"\ncredentials = \"env\"\n",
        emulator.url()
    );
    let lab = || {
        Lab::new()
            .eval("print(dropbox(\"ci\").signed_in)")
            .local("../home/config/dropscript/config.toml", &file)
    };
    lab()
        .env("DROPBOX_ACCESS_TOKEN", "emulator-access-token")
        .stdout("true\n")
        .success();
    lab()
        .env("DROPBOX_REFRESH_TOKEN", "emulator-refresh-token")
        .env("DROPBOX_APP_KEY", "emulator-app")
        .stdout("true\n")
        .success();
}

#[test]
fn signing_out_ends_the_sign_in_at_dropbox_and_here() {
    let emulator = Emulator::start().unwrap();
    let done = signed_in(&emulator, &["connection", "logout"])
        .stderr_contains("signed out of `work`")
        .success();
    let calls = emulator.calls();
    assert_eq!(calls.by_route.get("auth/token/revoke"), Some(&1));
    assert!(!done.path(CREDENTIALS).join("work.json").exists());
    two(&["logout", "work"])
        .stderr_contains("nobody is signed in to `work`")
        .success();
}

#[test]
fn signing_in_needs_a_person_and_an_app() {
    connection(&["login", "work"])
        .local(
            "../home/config/dropscript/config.toml",
            "[connections.work]\napp_key = \"k\"\nbrowser = \"none\"\n",
        )
        .stderr_contains("nobody pasted the code")
        .status(4);
    two(&["login", "work"])
        .stderr_contains("connection edit work --app-key")
        .status(2);
}
