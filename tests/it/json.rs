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

#[test]
fn tasks_are_told_while_they_work_item_by_item() {
    let done = Lab::new()
        .emulated()
        .local("out/a.txt", "one")
        .local("out/b.txt", "three")
        .script(
            r#"
            let dbx = dropbox();
            dbx.write_text("/in/a.txt", "other");
            dbx.upload("out", "/in", #{ overwrite: "fail", on_error: "report" });
            dbx.delete("/in");
            "#,
        )
        .arg("--json")
        .success();
    let events = events(&done);
    let of = |name: &str, task: &str| -> Vec<&Value> {
        let wanted = |event: &&Value| event["event"] == name && event["task"] == task;
        events.iter().filter(wanted).collect()
    };
    let progress = of("progress", "upload");
    let last = progress.last().unwrap();
    assert_eq!((&last["done"], &last["total"]), (&2.into(), &2.into()));
    assert_eq!(
        (&last["bytes"], &last["total_bytes"]),
        (&8.into(), &8.into())
    );
    let items = of("item", "upload");
    // In the order in which they ended, which here is not that of their names for sure.
    let mut items = items;
    items.sort_by_key(|item| item["source"].to_string());
    let outcomes: Vec<_> = items.iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "transferred"]);
    assert_eq!(items[0]["error"]["kind"], "conflict");
    assert_eq!(items[1]["error"], Value::Null);
    assert_eq!(items[1]["destination"], "/in/b.txt");
    let report = of("report", "upload")[0];
    assert_eq!(
        (&report["transferred"], &report["failed"]),
        (&1.into(), &1.into())
    );
    assert_eq!(of("report", "delete")[0]["deleted"], 1);
    assert_eq!(of("item", "delete")[0]["outcome"], "deleted");
    assert_eq!(of("progress", "delete").last().unwrap()["done"], 1);
    assert_eq!(done.stderr, "");
}

#[test]
fn an_item_is_told_as_soon_as_it_is_done_with() {
    let done = Lab::new()
        .emulated()
        .local("out/a.txt", "one")
        .local("out/b.txt", "two")
        .local("gone/c.txt", "three")
        .script(
            r#"
            let dbx = dropbox();
            // Bytes of some weight, so that they are not there before the others.
            dbx.upload("out", "/in", #{ parallel: 1, progress: |told| print(`done ${told.done}`) });
            dbx.mirror_up("gone", "/in");
            dbx.delete_in("/in", #{ all: true, progress: |told| print(`gone ${told.done}`) });
            "#,
        )
        .arg("--json")
        .success();
    let events = events(&done);
    let at = |event: &str, task: &str| {
        let wanted = |known: &Value| known["event"] == event && known["task"] == task;
        events.iter().position(wanted).unwrap()
    };
    let prints = |text: &str| {
        let wanted = |known: &Value| known["text"] == text;
        events.iter().position(wanted)
    };
    assert!(at("item", "upload") < at("report", "upload"));
    assert!(prints("done 2") < Some(at("report", "upload")));
    // One task is told of under one name.
    let of_mirror = |event: &str| {
        let wanted = |known: &&Value| known["event"] == event && known["task"] == "mirror_up";
        let mut outcomes: Vec<_> = events
            .iter()
            .filter(wanted)
            .map(|event| &event["outcome"])
            .collect();
        outcomes.sort_by_key(ToString::to_string);
        outcomes.into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(of_mirror("item"), ["deleted", "deleted", "transferred"]);
    assert!(prints("gone 1").is_some());
}
