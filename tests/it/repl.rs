//! `repl` through a pipe; at a terminal it is in `terminal`.

use crate::support::Lab;

fn repl() -> Lab {
    Lab::new().command(&["repl"])
}

#[test]
fn statements_from_a_pipe_keep_state() {
    repl()
        .input("let a = 40;\nfn twice(x) {\n  x * 2\n}\na + 2\ntwice(a)\n\"text\"\n()\n")
        .stdout("42\n80\n\"text\"\n")
        .success();
}

#[test]
fn a_failure_is_shown_and_the_rest_runs() {
    repl()
        .input("let a = 1;\nno_such(a)\na + 1\n")
        .stdout("2\n")
        .stderr_contains("`no_such`")
        .status(1);
    repl()
        .input("print(1); fn f() {")
        .stderr_contains("error: ")
        .status(1);
}

#[test]
fn exit_leaves_with_its_status() {
    repl()
        .input("print(1);\nexit(7)\nprint(2);\n")
        .stdout("1\n")
        .status(7);
}

#[test]
fn commands_begin_with_a_colon() {
    repl()
        .input(
            "let a = 1; fn f() { 2 }\n:vars\n:reset\n:vars\nlet b = 1;\n:vars\n:quit\nprint(3)\n",
        )
        .stdout("a  integer  1\nf()\nb  integer  1\n")
        .success();
    let done = repl().input(":help\n").success();
    for command in [":vars", ":reset", ":quit"] {
        assert!(done.stdout.contains(command));
    }
    repl()
        .input(":nonsense\n")
        .stderr_contains("`:nonsense`")
        .status(1);
}

#[test]
fn a_script_comes_first() {
    Lab::new()
        .command(&["repl", "script.rhai"])
        .script("let a = 40;\nfn twice(x) { x * 2 }\n")
        .input("twice(a)\n")
        .stdout("80\n")
        .success();
    Lab::new()
        .command(&["repl", "missing.rhai"])
        .stderr_contains("`missing.rhai`")
        .status(2);
}

#[test]
fn it_has_the_options_of_a_run() {
    repl()
        .remote("/a.txt", "a")
        .input("for item in dropbox().list(\"/\") { print(item.path) }\nprint(dropbox().delete(\"/a.txt\").planned);\n")
        .arg("--dry-run")
        .stdout("/a.txt\n1\n")
        .success()
        .remote_is(&[("/a.txt", "a")]);
    repl()
        .input("loop {}\nprint(1)\n")
        .args(&["--timeout", "50ms"])
        .stdout("1\n")
        .status(1);
}

#[test]
fn a_signal_ends_it_where_nobody_types() {
    let mut child = repl()
        .input("print(1); sleep(\"10 minutes\")\nprint(2)\n")
        .start();
    child.says("1\n").interrupt();
    let done = child.end(130);
    assert_eq!(done.stdout, "1\n");
    done.left_nothing_temporary();
}
