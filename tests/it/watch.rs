//! `watch`: each change that settles leads to one run, and nothing else does.

use crate::support::{Child, Lab};

/// Tells what led to the run.
const SCRIPT: &str = r"
    let files = event.files.map(|file| `${file.kind} ${file.relative}`);
    print(`${event.source} ${files}.`);
";

fn watch(paths: &[&str]) -> Lab {
    let words: Vec<_> = ["watch", "script.rhai"]
        .into_iter()
        .chain(paths.iter().copied())
        .collect();
    Lab::new()
        .command(&words)
        .args(&["--settle", "100ms"])
        .script(SCRIPT)
}

fn end(mut child: Child) -> String {
    child.interrupt();
    child.end(130).stdout
}

#[test]
fn saving_the_script_runs_it_again() {
    let mut child = watch(&[]).start();
    child.says("start [].");
    child
        .save("script.rhai", r#"print("second " + event.source)"#)
        .says("second script");
    child
        .write("script.rhai", r#"print("third " + event.source)"#)
        .says("third script");
    end(child);
}

#[test]
fn saving_a_module_runs_the_script_again() {
    let lab = Lab::new()
        .command(&["watch", "script.rhai"])
        .local("lib/m.rhai", "fn f() { 1 }")
        .script(r#"import "lib/m" as m; print(`${event.source} ${m::f()}`);"#);
    let mut child = lab.start();
    child.says("start 1");
    child.save("lib/m.rhai", "fn f() { 2 }").says("script 2");
    child.save("lib/m.rhai", "fn f() { 3 }").says("script 3");
    end(child);
}

#[test]
fn files_from_before_come_with_the_first_run_or_right_after() {
    let mut child = watch(&["data"]).local("data/old.csv", "1").start();
    child.says("created old.csv");
    end(child);
}

#[test]
fn what_is_created_modified_and_removed_is_told() {
    let mut child = watch(&["data"]).local("data/keep.txt", "").start();
    child.says("created keep.txt");
    child
        .write("data/a/b/c.csv", "1")
        .says(r#"local ["created a/b/c.csv"]."#);
    child
        .save("data/a/b/c.csv", "22")
        .says(r#"local ["modified a/b/c.csv"]."#);
    std::fs::remove_dir_all(child.path("data/a")).unwrap();
    child.says(r#"local ["removed a/b/c.csv"]."#);
    end(child);
}

#[test]
fn reading_is_no_change() {
    let mut child = watch(&["data"]).local("data/keep.txt", "text").start();
    child.says("created keep.txt");
    for _ in 0..20 {
        std::fs::read(child.path("data/keep.txt")).unwrap();
    }
    child.write("data/last.txt", "").says("created last.txt");
    let stdout = end(child);
    assert_eq!(stdout.matches("keep.txt").count(), 1, "{stdout}");
}

#[test]
fn a_change_during_a_run_is_not_lost() {
    // The run goes on until the test lets it, by making a file outside of what is watched.
    let script = r#"
        print(`${event.source} begins`);
        while event.source == "start" && !file::exists("go") { sleep(0.01) }
        for file in event.files { print(file.relative) }
    "#;
    let lab = Lab::new().command(&["watch", "script.rhai", "data", "--settle", "50ms"]);
    let mut child = lab.local("data/keep.txt", "").script(script).start();
    child.says("start begins");
    child
        .write("data/a.csv", "1")
        .write("data/b.csv", "1")
        .write("go", "");
    child.says("a.csv").says("b.csv");
    end(child);
}

#[test]
fn an_error_is_shown_and_watching_goes_on() {
    let mut child = watch(&[])
        .script(r#"print("first"); throw "no good""#)
        .start();
    child.says("first").complains("no good");
    child
        .save("script.rhai", r#"print("mended")"#)
        .says("mended");
    end(child);
}

#[test]
fn a_script_that_does_not_parse_is_followed_until_it_does() {
    let mut child = watch(&["data"])
        .script("let x = ;")
        .local("data/old.csv", "1")
        .start();
    child.complains("script.rhai:1:9");
    child.write("data/a.csv", "1");
    child.complains("a.csv").complains("script.rhai:1:9");
    // What came while the script could not run is not lost.
    child
        .save("script.rhai", SCRIPT)
        .says("script [].")
        .says("a.csv");
    end(child);
}

#[test]
fn arguments_come_after_two_dashes() {
    let mut child = watch(&["data"])
        .local("data/a", "")
        .args(&["--", "x", "-y"])
        .script("print(args)")
        .start();
    child.says(r#"["x", "-y"]"#);
    end(child);
}

#[test]
fn what_is_watched_may_be_read() {
    let lab = Lab::new();
    let outside = lab.path("../home/data");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("a.txt"), "text").unwrap();
    let lab = lab.command(&["watch", "script.rhai", "../home/data", "--settle", "50ms"]);
    let mut child = lab
        .script("for file in event.files { print(file::read_text(file.path)) }")
        .start();
    child.says("text");
    end(child);
}

#[test]
fn wrong_usage_ends_it_at_once() {
    watch(&["missing"]).stderr_contains("`missing`").status(2);
    Lab::new()
        .command(&["watch", "missing.rhai"])
        .stderr_contains("`missing.rhai`")
        .status(2);
    Lab::new()
        .command(&["watch", "script.rhai", "--settle=2"])
        .script(SCRIPT)
        .stderr_contains("60s")
        .status(2);
}

#[test]
fn being_told_to_end_is_143() {
    let mut child = watch(&[]).start();
    child.says("start").terminate();
    child.end(143);
}

#[test]
fn events_can_be_had_as_json() {
    let mut child = watch(&["data"])
        .local("data/a.csv", "")
        .arg("--json")
        .start();
    child.says(r#""event":"started","script":"script.rhai","source":"start""#);
    child.says(r#""event":"finished","status":0"#);
    end(child);
}
