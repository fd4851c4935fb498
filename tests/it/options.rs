//! The options of commands that run scripts.

use crate::support::Lab;

#[test]
fn each_connection_is_an_account_of_its_own_at_the_emulator() {
    Lab::new()
        .eval(
            r#"
            dropbox("work").upload("a.txt", "/here");
            for name in ["work", "home"] { print(`${name} ${dropbox(name).exists("/here/a.txt")}`) }
            print(dropbox().exists("/here/a.txt"));
            print(dropbox(#{ access_token: "made up", endpoint: "http://127.0.0.1:1" }).exists("/here/a.txt"));
            "#,
        )
        .local("a.txt", "a")
        .arg("--emulator")
        .stdout("work true\nhome false\nfalse\nfalse\n")
        .success();
}

#[test]
fn the_connection_of_a_run_can_be_chosen() {
    Lab::new()
        .eval(r#"dropbox().upload("a.txt", "/"); print(dropbox().name); print(dropbox("work").exists("/a.txt"));"#)
        .local("a.txt", "a")
        .args(&["--emulator", "--connection", "work"])
        .stdout("work\ntrue\n")
        .success();
    Lab::new()
        .eval("dropbox()")
        .args(&["--connection", "work"])
        .env("DROPBOX_ACCESS_TOKEN", "token")
        .stderr_contains("no connection `work`")
        .status(2);
}

#[test]
fn a_token_in_the_environment_is_the_connection() {
    let lab = || Lab::new().eval("print(dropbox().name)");
    lab()
        .env("DROPBOX_ACCESS_TOKEN", "token")
        .stdout("environment\n")
        .success();
    lab()
        .env("DROPBOX_REFRESH_TOKEN", "token")
        .env("DROPBOX_APP_KEY", "key")
        .stdout("environment\n")
        .success();
    lab()
        .env("DROPBOX_REFRESH_TOKEN", "token")
        .stderr_contains("DROPBOX_APP_KEY")
        .status(1);
    lab()
        .env("DROPBOX_ACCESS_TOKEN", "")
        .stderr_contains("--emulator")
        .status(4);
}

#[test]
fn a_dry_run_changes_nothing() {
    Lab::new()
        .remote("/a.txt", "a")
        .local("b.txt", "b")
        .script(r#"dropbox().upload("b.txt", "/"); dropbox().delete("/a.txt");"#)
        .arg("--dry-run")
        .success()
        .remote_is(&[("/a.txt", "a")]);
}

#[test]
fn a_run_that_takes_too_long_ends() {
    for code in [
        "loop {}",
        r#"sleep("60s")"#,
        "try { loop {} } catch {} print(1)",
    ] {
        Lab::new()
            .eval(code)
            .args(&["--timeout", "100ms"])
            .stdout("")
            .stderr_contains("100ms")
            .status(8);
    }
    Lab::new()
        .eval("print(1)")
        .args(&["--timeout", "5 minutes"])
        .stdout("1\n")
        .success();
    for wrong in ["3", "soon", "-1s"] {
        let option = format!("--timeout={wrong}");
        Lab::new()
            .eval("print(1)")
            .arg(&option)
            .stdout("")
            .stderr_contains("60s")
            .status(2);
    }
}

#[test]
fn modules_may_come_from_other_folders() {
    let lab = || {
        Lab::new()
            .local("one/a.rhai", "fn f() { 1 }")
            .local("two/b.rhai", "fn f() { 2 }")
            .script(r#"import "a" as a; import "b" as b; print(a::f() + b::f());"#)
    };
    lab()
        .args(&["--module-path", "one", "--module-path", "two"])
        .stdout("3\n")
        .success();
    lab()
        .args(&["--module-path", "one"])
        .stderr_contains("`b`")
        .status(1);
    lab()
        .args(&["--module-path", "missing"])
        .stderr_contains("missing`")
        .status(2);
}

#[test]
fn quiet_leaves_only_errors() {
    let done = Lab::new()
        .eval("debug(1); print(2)")
        .arg("-q")
        .stdout("2\n")
        .success();
    assert_eq!(done.stderr, "");
    Lab::new()
        .eval(r#"throw "no""#)
        .arg("--quiet")
        .stderr_contains("no")
        .status(1);
    Lab::new().eval("1").args(&["-q", "-v"]).status(2);
}

#[test]
fn verbose_is_known_everywhere() {
    Lab::new()
        .command(&["-v", "eval", "print(1)", "-v"])
        .stdout("1\n")
        .success();
    let check = Lab::new()
        .script("print(1)")
        .command(&["check", "-v", "script.rhai"]);
    check.stderr_contains("script.rhai: no faults").success();
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let done = Lab::new()
        .script("let dbx = dropbox(); dbx.upload(\"a.txt\", \"/to\"); dbx.delete(\"/old.txt\"); print(dbx.exists(\"/to\"));")
        .local("a.txt", "a")
        .remote("/old.txt", "old")
        .arg("--dry-run")
        .stdout("false\n")
        .stderr_contains("would upload `a.txt` to `/to/a.txt`")
        .stderr_contains("would delete `/old.txt`")
        .success();
    drop(done);
}
