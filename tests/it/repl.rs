//! `repl`: through a pipe, and at a terminal.

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
        .stdout("a\nf\nb\n")
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

#[test]
fn at_a_terminal_inputs_go_over_lines_and_are_remembered() {
    let mut child = repl().start_at_a_terminal();
    child.says("> ").type_in("let a = 40;\r");
    child
        .says("> ")
        .type_in("fn f(x) {\r")
        .type_in("x + 40 }\r");
    child.says("> ").type_in("f(2)\r").says("42");
    child.says("> ").type_in("\x04");
    let done = child.end(0);
    let history = std::fs::read_to_string(done.state("repl-history")).unwrap();
    assert!(
        history.contains("let a = 40;") && history.contains("f(2)"),
        "{history}"
    );
}

#[test]
fn ctrl_c_clears_the_line_and_stops_a_call() {
    let mut child = repl().start_at_a_terminal();
    child.says("> ").type_in("let a = 41;\r");
    child.says("> ").type_in("no such").type_in("\x03");
    child
        .says("> ")
        .type_in("print(\"begun\"); sleep(\"10 minutes\")\r");
    child.says("begun\r").type_in("\x03").says("interrupted");
    child.says("> ").type_in("a + 1\r").says("42");
    child.says("> ").type_in(":quit\r");
    child.end(0);
}
