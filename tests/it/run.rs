//! `run` and `eval`: scripts, their arguments, and what becomes of Dropbox.

use crate::support::Lab;

#[test]
fn a_script_prints_to_standard_output_and_nothing_else_does() {
    let done = Lab::new()
        .script(r#"print("hello"); debug(42);"#)
        .stdout("hello\n")
        .success();
    assert!(done.stderr.contains("42"), "{}", done.stderr);
}

#[test]
fn a_missing_file_can_be_caught() {
    Lab::new()
        .remote("/a.txt", "hello")
        .script(r#"try { dropbox().info("/b.txt") } catch (e) { print(e.kind) }"#)
        .stdout("not_found\n")
        .success();
}

#[test]
fn what_is_uploaded_is_there() {
    Lab::new()
        .local("out/a.csv", "1,2")
        .local("out/b.txt", "no")
        .remote("/old.txt", "old")
        .script(r#"print(dropbox().upload("out/*.csv", "/reports").transferred);"#)
        .stdout("1\n")
        .success()
        .remote_is(&[("/old.txt", "old"), ("/reports/a.csv", "1,2")]);
}

#[test]
fn arguments_reach_the_script() {
    let lab = || Lab::new().script("for arg in args { print(arg) }");
    lab().args(&["a b", "c"]).stdout("a b\nc\n").success();
    lab()
        .args(&["a", "--", "--dry-run", "-x"])
        .stdout("a\n--dry-run\n-x\n")
        .success();
    lab()
        .args(&["a", "--timeout", "60s", "b"])
        .stdout("a\nb\n")
        .success();
}

#[test]
fn a_script_may_come_from_standard_input() {
    Lab::new()
        .command(&["run", "-", "x"])
        .input("print(`${args} ${script.path}`)")
        .stdout("[\"x\"] \n")
        .success();
}

#[test]
fn code_may_be_given_on_the_command_line() {
    Lab::new()
        .eval("print(args.len())")
        .args(&["a", "b"])
        .stdout("2\n")
        .success();
    Lab::new().eval("40 + 2").stdout("").success();
}

#[test]
fn modules_come_from_the_folder_of_the_script() {
    Lab::new()
        .command(&["run", "scripts/main.rhai"])
        .local(
            "scripts/main.rhai",
            r#"import "lib/greet" as greet; print(greet::hello());"#,
        )
        .local("scripts/lib/greet.rhai", r#"fn hello() { "hello" }"#)
        .stdout("hello\n")
        .success();
}

#[test]
fn exit_gives_the_status() {
    Lab::new().eval("exit()").success();
    Lab::new()
        .eval("print(1); exit(42); print(2)")
        .stdout("1\n")
        .status(42);
}

#[test]
fn a_script_that_is_not_there_is_wrong_usage() {
    Lab::new()
        .stdout("")
        .stderr_contains("`script.rhai`")
        .status(2);
    let folder = Lab::new()
        .command(&["run", "folder"])
        .local("folder/a.txt", "");
    folder.stderr_contains("`folder` is a folder").status(2);
}

#[test]
fn an_unknown_option_is_never_handed_to_the_script() {
    let lab = || Lab::new().script(r#"print("ran")"#).stdout("");
    lab()
        .arg("--no-such")
        .stderr_contains("--no-such")
        .status(2);
    lab()
        .command(&["run", "--no-such", "script.rhai"])
        .stderr_contains("--no-such")
        .status(2);
    lab().command(&["eval", "--no-such", "print(1)"]).status(2);
}

#[test]
fn a_reader_that_has_enough_ends_the_script_quietly() {
    let mut child = Lab::new()
        .eval("let n = 0; loop { print(n); n += 1; }")
        .start();
    child.says("1\n").hang_up();
    let done = child.end(141);
    assert_eq!(done.stderr, "");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_dropscript"))
        .args(["eval", "print(1); print(2)"])
        .stdout(full)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.starts_with("error: cannot write to standard output: No space left"),
        "{complaint}"
    );
}
