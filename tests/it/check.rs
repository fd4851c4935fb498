//! `check`: faults without a run.

use std::fs;
use std::path::Path;

use crate::support::Lab;

#[test]
fn scripts_without_faults_pass_in_silence() {
    let lab = Lab::new()
        .command(&["check", "a.rhai", "b.rhai"])
        .local("a.rhai", r#"import "lib" as lib; print(lib::one());"#)
        .local("lib.rhai", "fn one() { 1 }")
        .local("b.rhai", "print(2)");
    let done = lab.stdout("").success();
    assert_eq!(done.stderr, "");
}

#[test]
fn each_fault_is_shown() {
    let done = Lab::new()
        .command(&["check", "a.rhai", "b.rhai", "c.rhai"])
        .local("a.rhai", "let x = ;")
        .local("b.rhai", "print(1)")
        .local("c.rhai", "print(undefined_name)")
        .stdout("")
        .stderr_contains("a.rhai:1:")
        .stderr_contains("c.rhai:1:7")
        .status(3);
    assert!(!done.stderr.contains("b.rhai"));
}

#[test]
fn a_fault_in_a_module_is_one_of_the_script() {
    Lab::new()
        .command(&["check", "a.rhai"])
        .local("a.rhai", r#"import "lib" as lib;"#)
        .local("lib.rhai", "fn one() { ")
        .stderr_contains("lib.rhai:1:")
        .status(3);
}

#[test]
fn modules_may_come_from_other_folders() {
    let lab = || {
        Lab::new()
            .command(&["check", "a.rhai"])
            .local("a.rhai", r#"import "one" as one;"#)
            .local("shared/one.rhai", "fn one() { 1 }")
    };
    lab().status(3);
    lab().args(&["--module-path", "shared"]).success();
}

#[test]
fn a_missing_script_is_wrong_usage() {
    Lab::new()
        .command(&["check", "a.rhai", "missing.rhai"])
        .local("a.rhai", "let x = ;")
        .stderr_contains("a.rhai:1:")
        .stderr_contains("`missing.rhai`")
        .status(2);
    Lab::new().command(&["check"]).status(2);
}

#[test]
fn calls_that_cannot_work_are_found_in_modules_too() {
    let done = Lab::new()
        .command(&["check", "a.rhai"])
        .local("a.rhai", "import \"lib\" as lib;\nfn add(a, b) { a + b }\nif args.len() > 9 { add(1); dropbx(); file::reed_text(\"a\"); }\n[1].map(|x| nothing_like_it(x));")
        .local("lib.rhai", "fn one() { add(1, 2) }\nfn two() { one(2) }")
        .stdout("")
        .status(3);
    for fault in [
        "`add` does not take (integer)",
        "there is no function `dropbx`",
        "did you mean `dropbox`?",
        "`file` has no function `reed_text`",
        "there is no function `nothing_like_it`",
        "lib.rhai:1:12",
        "lib.rhai:2:12",
    ] {
        assert!(done.stderr.contains(fault), "{fault}:\n{}", done.stderr);
    }
}

#[test]
fn faults_are_told_to_editors() {
    let done = Lab::new()
        .command(&["check", "--json", "a.rhai", "b.rhai", "c.rhai"])
        .local("a.rhai", "\n  dropbx();")
        .local("b.rhai", "let x = ;")
        .local("c.rhai", "print(1);")
        .status(3);
    let faults: Vec<serde_json::Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(faults.len(), 2, "{}", done.stdout);
    assert_eq!(faults[0]["file"], "a.rhai");
    assert_eq!(faults[0]["line"], 2);
    assert_eq!(faults[0]["column"], 3);
    assert_eq!(faults[0]["severity"], "error");
    assert_eq!(faults[0]["message"], "there is no function `dropbx`");
    assert_eq!(faults[0]["hint"], "did you mean `dropbox`?");
    assert_eq!(faults[1]["file"], "b.rhai");
}

#[test]
fn warnings_alone_are_no_failure() {
    let lab = |more: &[&str]| {
        Lab::new()
            .command(&[&["check", "a.rhai"], more].concat())
            .local("a.rhai", "\nlet unused = 1;")
    };
    let done = lab(&[]).stdout("").success();
    for part in [
        "warning: nothing reads `unused`",
        "a.rhai:2:5",
        "2 | let unused = 1;",
    ] {
        assert!(done.stderr.contains(part), "{part}:\n{}", done.stderr);
    }
    assert_eq!(lab(&["-q"]).success().stderr, "");
    let told = lab(&["--json"]).success().stdout;
    let warning: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(warning["severity"], "warning");
    assert_eq!(
        (&warning["line"], &warning["column"]),
        (&2.into(), &5.into())
    );
}

#[test]
fn what_ships_has_no_faults() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut command = vec!["check".to_owned()];
    for entry in fs::read_dir(scripts).unwrap() {
        command.push(entry.unwrap().path().display().to_string());
    }
    assert!(command.len() > 5, "{command:?}");
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let done = Lab::new().command(&command).stdout("").success();
    assert_eq!(done.stderr, "");
}
