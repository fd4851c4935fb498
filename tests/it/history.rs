//! `history`: what was run, and what became of it.

use serde_json::Value;

use crate::support::{Done, Lab};

/// The runs that the history of this laboratory tells, the last one first.
fn runs(done: Done) -> (Done, Vec<Value>) {
    let done = done.again(&["history", "--json"]).success();
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    let runs = told["runs"].as_array().unwrap().clone();
    (done, runs)
}

#[test]
fn a_run_is_told_with_what_it_did_and_printed() {
    let done = Lab::new()
        .script(r#"let sent = dropbox().upload("out", "/in"); print(sent.transferred); print("and\nmore");"#)
        .local("out/a.txt", "12345")
        .local("out/b.txt", "678")
        .emulated()
        .success();
    let (done, runs) = runs(done);
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    let seconds = run["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 60.0, "{run}");
    let path = done.path("script.rhai").canonicalize().unwrap();
    for (field, value) in [
        ("id", 1.into()),
        ("command", "run".into()),
        ("source", "none".into()),
        ("script", "script.rhai".into()),
        ("path", path.to_str().unwrap().into()),
        ("emulated", true.into()),
        ("dry_run", false.into()),
        ("outcome", "worked".into()),
        ("status", 0.into()),
        ("transferred", 2.into()),
        ("failed", 0.into()),
        ("bytes", 8.into()),
        ("lines", 3.into()),
        ("output", vec!["2", "and", "more"].into()),
        ("error", Value::Array(vec![])),
    ] {
        assert_eq!(run[field], value, "{field}");
    }
    let done = done.again(&["history"]).success();
    let line = done.stdout.lines().nth(1).unwrap();
    for part in ["1 ", "run", "script.rhai", "worked", "2 transferred, 8 B"] {
        assert!(line.contains(part), "{}", done.stdout);
    }
    let done = done.again(&["history", "1"]).success();
    for part in [
        "run 1: worked\n",
        "dropbox     emulator\n",
        "output\n    2\n    and\n    more\n",
    ] {
        assert!(done.stdout.contains(part), "{}", done.stdout);
    }
}

#[test]
fn each_end_of_a_run_is_told() {
    let mut done = Lab::new().eval("print(1); exit(3)").status(3);
    for (code, options, status) in [
        ("throw \"no\"", &[][..], 1),
        ("dropbox().info(\"/no\")", &["--emulator"], 1),
        ("let", &[], 3),
        ("loop {}", &["--timeout=50ms"], 8),
        (
            "dropbox().upload(\"a\", \"/\")",
            &["--emulator", "--dry-run"],
            0,
        ),
    ] {
        std::fs::write(done.path("a"), "a").unwrap();
        let words = [&["eval", code], options].concat();
        done = done.again(&words).status(status);
    }
    let (done, runs) = runs(done);
    let told: Vec<(&str, u64)> = runs
        .iter()
        .map(|run| {
            (
                run["outcome"].as_str().unwrap(),
                run["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("worked", 0),
            ("timeout", 8),
            ("failed", 3),
            ("failed", 1),
            ("failed", 1),
            ("failed", 3)
        ]
    );
    assert_eq!(
        (&runs[0]["dry_run"], &runs[0]["planned"]),
        (&true.into(), &1.into())
    );
    let error = runs[3]["error"].to_string();
    assert!(
        error.contains("not_found") && error.contains("eval:1:11"),
        "{error}"
    );
    // The last ones, those that failed, and as many as are asked for.
    let done = done.again(&["history", "--failed", "-n", "2"]).success();
    let ids = done.stdout.lines().skip(1).map(|line| &line[..1]);
    assert_eq!(ids.collect::<Vec<_>>(), ["5", "4"], "{}", done.stdout);
    let done = done.again(&["history", "9"]).status(2);
    assert!(done.stderr.contains("no run 9"), "{}", done.stderr);
    let done = done.again(&["history", "--clear"]).success();
    assert!(done.stderr.contains("forgot 6 runs"), "{}", done.stderr);
    let done = done.again(&["eval", "1"]).success();
    let done = done.again(&["history"]).success();
    assert!(
        done.stdout.contains("\n7 "),
        "numbers go on: {}",
        done.stdout
    );
}

#[test]
fn an_interrupted_run_and_a_killed_one_are_told_apart_from_one_that_runs() {
    let mut child = Lab::new().eval("print(1); sleep(60)").start();
    child.says("1");
    child.interrupt();
    let done = child.end(130);
    let mut child = done.again(&["eval", "print(1); sleep(60)"]).start();
    child.says("1");
    let done = child.kill();
    let mut child = done.again(&["eval", "print(1); sleep(60)"]).start();
    child.says("1");
    let beside = child.beside(&["history", "--json"]);
    let told: Value = serde_json::from_str(&beside).unwrap();
    let outcomes: Vec<_> = (0..3)
        .map(|at| told["runs"][at]["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["running", "killed", "interrupted"]);
    // What runs is not forgotten, and is written down to its end.
    child.beside(&["history", "--clear"]);
    child.interrupt();
    let (_, runs) = runs(child.end(130));
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["outcome"], "interrupted");
}

#[test]
fn watch_tells_what_triggered_each_run() {
    let mut child = Lab::new()
        .command(&["watch", "script.rhai", "in", "--settle=10ms"])
        .local("in/a.txt", "")
        .script("print(`saw ${event.source}`)")
        .start();
    child
        .says("saw start")
        .write("in/b.txt", "b")
        .says("saw local");
    child.interrupt();
    let (_, runs) = runs(child.end(130));
    let triggers: Vec<_> = runs
        .iter()
        .map(|run| format!("{} {} {}", run["command"], run["source"], run["files"]))
        .collect();
    assert_eq!(triggers, ["\"watch\" \"local\" 1", "\"watch\" \"start\" 1"]);
}

#[test]
fn no_secret_of_a_script_is_kept() {
    let done = Lab::new()
        .eval(
            r#"
            print("password: swordfish");
            print(args[0]);
            print("https://hooks.example.com/services/T0/B0/canary");
            throw "Bearer canary-in-a-header and " + args[0]
            "#,
        )
        .arg("canary-of-the-environment")
        .env("SERVICE_TOKEN", "canary-of-the-environment")
        .status(1);
    assert!(done.stdout.contains("swordfish"), "people see it");
    let (done, runs) = runs(done);
    assert_eq!(
        runs[0]["output"],
        Value::from(vec!["password: …", "…", "https://hooks.example.com/…"])
    );
    for file in std::fs::read_dir(done.state("")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary") && !text.contains("swordfish"));
    }
}

#[test]
fn a_history_that_cannot_be_written_fails_no_run() {
    let lab = || Lab::new().eval("print(1)").stdout("1\n");
    lab()
        .local(
            "../home/state/dropscript/state.db",
            &"no database ".repeat(1_000),
        )
        .stderr_contains("no trace in the history")
        .success();
    // A folder is in the way.
    lab()
        .local("../home/state/dropscript/state.db/file", "")
        .stderr_contains("no trace in the history")
        .success();
}

#[test]
fn a_run_can_be_left_out() {
    let done = Lab::new().eval("1").arg("--no-history").success();
    let (_, runs) = runs(done);
    assert!(runs.is_empty());
}
