//! `--json`: an event a line.

use serde_json::Value;

use crate::support::{Done, Lab};

fn events(done: &Done) -> Vec<Value> {
    let lines = done.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect()
}

#[test]
fn a_run_is_told_from_start_to_end() {
    let done = Lab::new()
        .script("print(`a\nb`); exit(3)")
        .arg("--json")
        .status(3);
    let events = events(&done);
    assert_eq!(names(&events), ["started", "print", "finished"]);
    assert_eq!(events[0]["script"], "script.rhai");
    assert_eq!(events[1]["text"], "a\nb");
    assert_eq!(events[2]["status"], 3);
    assert!(events[2]["seconds"].as_f64().is_some());
}

#[test]
fn an_error_is_told_with_its_places_and_shown_too() {
    let script = "fn f() {\n    dropbox().info(\"/missing\")\n}\nf()";
    let done = Lab::new()
        .emulated()
        .script(script)
        .arg("--json")
        .stderr_contains("error: ")
        .status(1);
    let events = events(&done);
    assert_eq!(names(&events), ["started", "error", "finished"]);
    let error = &events[1];
    assert_eq!(error["kind"], "not_found");
    assert_eq!(error["path"], "/missing");
    assert_eq!(error["tag"], "path/not_found");
    let lines: Vec<_> = error["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| &frame["line"])
        .collect();
    assert_eq!(lines, [4, 2]);
}
