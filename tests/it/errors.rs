//! Errors as people see them, and the exit statuses.

use crate::support::Lab;

#[test]
fn an_error_has_its_line_a_caret_the_calls_and_a_hint() {
    let lab = Lab::new()
        .emulated()
        .local(
            "lib/m.rhai",
            "fn look(path) {\n    // äöü\n    let x = \"ü\"; dropbox().inof(path)\n}\n",
        )
        .script("import \"lib/m\" as m;\n\nfn all() {\n    m::look(\"/a\");\n}\nall();\n");
    let done = lab.stdout("").status(1);
    for part in [
        "error: ",
        "lib/m.rhai:3:28",
        "dropbox().inof(path)",
        "^^|^",
        "`all` at script.rhai:6:1",
        "`info`",
    ] {
        assert!(
            done.stderr.contains(part),
            "no `{part}` in:\n{}",
            done.stderr
        );
    }
    assert!(
        !done.stderr.contains('\x1b'),
        "colour in a pipe: {}",
        done.stderr
    );
    let caret = |line: &str| line.chars().position(|c| c == '^');
    let code = done
        .stderr
        .lines()
        .find(|line| line.contains("inof("))
        .unwrap();
    let under = done
        .stderr
        .lines()
        .find(|line| line.contains("^^"))
        .unwrap();
    let at = code
        .chars()
        .collect::<String>()
        .split("inof")
        .next()
        .unwrap()
        .chars()
        .count();
    assert_eq!(
        caret(under),
        Some(at),
        "the caret is not under the word:\n{}",
        done.stderr
    );
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let failing = || Lab::new().eval("no_such()");
    let done = failing().args(&["--color", "always"]).status(1);
    assert!(done.stderr.contains("\x1b["));
    let done = failing().args(&["--color", "auto"]).status(1);
    assert!(!done.stderr.contains('\x1b'));
    let at_a_terminal = |lab: Lab| lab.start_at_a_terminal().end(1).stdout;
    assert!(at_a_terminal(failing()).contains("\x1b["));
    assert!(!at_a_terminal(failing().env("NO_COLOR", "1")).contains('\x1b'));
    assert!(!at_a_terminal(failing().args(&["--color", "never"])).contains('\x1b'));
    failing().args(&["--color", "blue"]).status(2);
}

#[test]
fn what_a_script_throws_cannot_steer_the_terminal() {
    let done = Lab::new().eval(r#"throw "\x1b[2J""#).status(1);
    assert!(!done.stderr.contains('\x1b'), "{:?}", done.stderr);
}

#[test]
fn a_script_that_does_not_parse_is_3() {
    Lab::new()
        .script("print(1);\nlet x = ;")
        .stdout("")
        .stderr_contains("script.rhai:2:9")
        .status(3);
    Lab::new()
        .script(r#"import "m" as m;"#)
        .local("m.rhai", "fn f( {")
        .stderr_contains("m.rhai:1:")
        .status(3);
    Lab::new()
        .eval("fn f() {")
        .stderr_contains("eval:1:")
        .status(3);
}

#[test]
fn what_a_script_raises_is_1() {
    Lab::new()
        .eval(r#"throw "no good""#)
        .stderr_contains("no good")
        .status(1);
    Lab::new()
        .eval("[1][2]")
        .stderr_contains("outside the array")
        .status(1);
    Lab::new()
        .eval(r#"dropbox().info("/x")"#)
        .arg("--emulator")
        .stderr_contains("`/x`")
        .status(1);
}

#[test]
fn without_a_connection_it_is_4_and_says_what_to_do() {
    Lab::new()
        .eval("dropbox()")
        .stderr_contains("help: ")
        .stderr_contains("--emulator")
        .status(4);
}

#[test]
fn some_items_that_failed_are_6() {
    Lab::new()
        .remote("/x/a.txt/a folder by that name", "")
        .local("a.txt", "a")
        .local("b.txt", "b")
        .script(r#"dropbox().upload(["a.txt", "b.txt"], "/x")"#)
        .stderr_contains("a.txt")
        .status(6)
        .remote_is(&[("/x/a.txt/a folder by that name", ""), ("/x/b.txt", "b")]);
}

#[test]
fn a_server_that_cannot_be_reached_is_7() {
    // Nothing listens on the port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    Lab::new()
        .eval(r#"dropbox(#{ endpoint: "http://" + args[0], access_token: "t" }).account"#)
        .arg(&address)
        .stderr_contains(&address)
        .status(7);
}
