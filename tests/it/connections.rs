//! `dropscript connection`, and which connection a script gets.

use std::fs;

use dropscript::emulator::Emulator;

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
    assert_eq!(lines[1], ["*", "work", "personal", "Dropbox"]);
    assert_eq!(lines[2], ["home", "personal", "Dropbox"]);
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
    child.says("Redirect URI").type_in("\n");
    let done = child.end(0);
    assert_eq!(
        config(&done),
        "default = \"work\"\n\n[connections.work]\napp = \"own\"\napp_key = \"my-key\"\nredirect_uri = \"http://localhost:9999\"\n"
    );
    let mut child = two(&["remove", "work"]).start_at_a_terminal();
    child.says("Remove the connection `work`?").type_in("n\n");
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
