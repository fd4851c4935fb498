//! `check`: faults without a run.

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
