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

#[test]
fn values_and_errors_are_told_by_command() {
    let lab = repl().remote("/notes.txt", "milk").local(
        "tools.rhai",
        "fn twice(x) { x * 2 }\nlet loaded = twice(4);\n",
    );
    let done = lab
        .input(
            "\
:load tools.rhai
loaded
:type twice(loaded)
:type loaded + 1
:type dropbox().info(\"/notes.txt\")
let many = []; for i in 0..100 { many.push(i * 1000000) }
many
:all
:doc sleep
:time 1 + 1
",
        )
        .status(1);
    assert_eq!(
        done.stderr.lines().next(),
        Some("error: that is known only when it has run"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr
            .contains("help: `type_of(twice(loaded))` runs it")
            && done.stderr.contains(" ms\n")
    );
    let (cut, whole) = done.stdout.split_once("`:all` shows all\n").unwrap();
    assert!(
        cut.starts_with("8\ninteger\nItem\n[\n  0,\n  1000000,\n"),
        "{cut}"
    );
    assert!(
        cut.contains("  and 80 more\n]\n") && whole.contains("  99000000,\n]\n"),
        "{whole}"
    );
    assert!(
        whole.contains("sleep(") && whole.ends_with("\n2\n"),
        "{whole}"
    );
}

#[test]
fn the_session_is_saved_as_a_script_that_runs() {
    let lab = repl().local("there.rhai", "print(1)");
    let done = lab
        .input(
            "\
fn add(a) { a + 1 }
let total = add(1)
no_such()
40
print(_ + total)
:save there.rhai
:save saved.rhai
:save saved.rhai
let token = \"abc\"
:save! there.rhai
",
        )
        .status(1);
    assert!(
        done.stderr.contains("there is a file `there.rhai` already")
            && done.stderr.contains("`:save! there.rhai` replaces it")
    );
    assert!(
        done.stderr.contains("looks like a secret"),
        "{}",
        done.stderr
    );
    let saved = std::fs::read_to_string(done.path("saved.rhai")).unwrap();
    assert!(
        std::fs::read_to_string(done.path("there.rhai"))
            .unwrap()
            .starts_with(&saved)
    );
    Lab::new().script(&saved).stdout("42\n").success();
}

#[test]
fn the_last_error_is_told_in_full() {
    let done = repl()
        .remote("/notes.txt", "milk")
        .input(":explain\nfn f() { dropbox().read_text(\"/no such.txt\") }\nf()\n:explain\n")
        .status(1);
    assert!(
        done.stderr.starts_with("nothing has failed yet\n"),
        "{}",
        done.stderr
    );
    for part in [
        "  kind         not_found\n",
        "  path         /no such.txt\n",
        "  tag          path/not_found\n",
        "  status       409\n",
        "  request id   ",
        "  at           input 1:1:20",
    ] {
        assert!(
            done.stderr.contains(part),
            "no `{part}` in\n{}",
            done.stderr
        );
    }
}

#[test]
fn calls_are_traced_when_that_is_asked_for() {
    let done = repl()
        .remote("/notes.txt", "milk")
        .input("let dbx = dropbox(#{ access_token: \"canary\" })\n:trace on\ndropbox().exists(\"/notes.txt\")\ndbx.list(\"/\").count()\n:trace off\ndropbox().exists(\"/notes.txt\")\n")
        .success();
    let traced: Vec<_> = done
        .stderr
        .lines()
        .filter(|line| line.starts_with("call: "))
        .collect();
    assert_eq!(traced.len(), 2, "{}", done.stderr);
    let words: Vec<_> = traced[0].split_whitespace().collect();
    assert_eq!(
        words[..3],
        ["call:", "files/get_metadata", "200"],
        "{traced:?}"
    );
    assert!(
        words[4] == "ms" && words[5] == "request" && words.len() == 7,
        "{traced:?}"
    );
    assert!(!done.stderr.contains("canary"));
}

#[test]
fn another_connection_is_chosen() {
    repl()
        .remote("/notes.txt", "milk")
        .input("let dbx = dropbox()\n:connection\n:connection work\ndropbox().name\ndbx.name\n:connection\n")
        .stdout("* main\n\"work\"\n\"main\"\n* work\n")
        .stderr_contains("`dropbox()` is `work` from now on")
        .success();
    let config = "[connections.a]\napp_key = \"k\"\n[connections.b]\napp_key = \"k\"\n";
    Lab::new()
        .local("config.toml", config)
        .command(&["repl", "--config", "config.toml", "--connection", "b"])
        .input(":connection\n:connection a\n:connection\n:connection no\n")
        .stdout("  a\n* b\n* a\n  b\n")
        .stderr_contains("`no`")
        .status(1);
}
