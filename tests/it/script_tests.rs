//! `test`: the tests of scripts.

use serde_json::Value;

use crate::support::{Done, Lab, Wire};

const SENDS: &str = r#"
let dbx = dropbox();
let sent = dbx.upload(if event.files.is_empty() { args[0] } else { event.files }, "/in");
print(`${sent.transferred} sent`);
"#;

/// One that works in each way that there is.
const TESTS: &str = r#"
import "tools" as tools;

fn test_functions_of_a_module() {
    assert_eq!(tools::twice(21), 42);
}

fn test_a_script_is_run_as_the_program_runs_it() {
    file::write_text("a.txt", "new");
    emulator::put("/in/a.txt", "old");
    let run = test::run("sends.rhai", ["a.txt"]);
    assert_eq(run.status, 0);
    assert_eq(run.output, "1 sent\n");
    assert_eq(run.error, ());
    assert_eq(emulator::read("/in/a.txt"), "new");
    assert_eq(emulator::list(), ["/in", "/in/a.txt"]);
}

fn test_as_watch_runs_it() {
    file::create_folder("inbox");
    file::write_text("inbox/b.txt", "b");
    test::run("sends.rhai", [], ["inbox/b.txt"]);
    assert_eq(emulator::list(), ["/in", "/in/inbox", "/in/inbox/b.txt"]);
}

fn test_accounts_are_apart() {
    emulator::put("work", "/a.bin", blob(2, 65));
    assert_eq(dropbox("work").read_text("/a.bin"), "AA");
    assert_eq(emulator::read_blob("work", "/a.bin").len(), 2);
    assert(!dropbox().exists("/a.bin"));
    assert_eq(emulator::list().len(), 0);
}

fn test_what_goes_wrong() {
    emulator::fault(#{ route: "files/upload", when: #{ first: 2 }, what: #{ server_error: #{ status: 503, retry_after: 0 } } });
    dropbox().write_text("/a.txt", "a");
    assert_eq(emulator::calls("files/upload"), 3);
    emulator::fault(#{ what: #{ server_error: #{ status: 400 } } });
    emulator::clear_faults();
    emulator::advance("5 hours");
    assert(dropbox().exists("/a.txt"));
}

fn helper() { throw "never called" }
"#;

fn lab(tests: &str) -> Lab {
    let tests = tests.replace("assert_eq!", "assert_eq");
    Lab::new()
        .command(&["test"])
        .local("sub/sends.rhai", SENDS)
        .local("sub/tools.rhai", "fn twice(n) { 2 * n }")
        .local("sub/sends.test.rhai", &tests)
}

/// What `--json` tells of each test, by its name.
fn told(done: &Done) -> Vec<Value> {
    let lines = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|event: &Value| event["event"] == "test")
        .collect()
}

#[test]
fn each_test_has_a_dropbox_and_a_folder_of_its_own() {
    let done = lab(TESTS).success();
    for name in [
        "test_a_script_is_run_as",
        "test_as_watch",
        "test_accounts",
        "test_what",
        "test_functions",
    ] {
        assert!(
            done.stdout
                .contains(&format!("ok    sub/sends.test.rhai: {name}")),
            "{}",
            done.stdout
        );
    }
    assert!(
        done.stdout.contains("5 passed, 0 failed"),
        "{}",
        done.stdout
    );
    assert_eq!(done.stderr, "");
    done.left_nothing_temporary();
    assert!(!done.path("a.txt").exists() && !done.path("sub/a.txt").exists());
}

#[test]
fn what_fails_is_shown_with_its_place_and_what_it_printed() {
    let tests = r#"
fn test_works() { print("not shown"); }
fn test_compares() {
    print("shown");
    debug("too");
    assert_eq(1 + 1, 3);
}
fn test_nested() { test::run("no such.rhai"); }
fn test_ends() { exit(4) }
fn test_with(parameter) {}
fn test_hangs() { loop {} }
"#;
    let done = lab(tests)
        .local("broken.test.rhai", "fn test_x( {")
        .args(&["--timeout=300ms", "--junit=results.xml"])
        .status(3);
    assert!(
        done.stdout
            .contains("ok    sub/sends.test.rhai: test_works"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("1 passed, 6 failed"),
        "{}",
        done.stdout
    );
    assert!(!done.stderr.contains("not shown"));
    for part in [
        "  | shown\n",
        "2 is not 3",
        "sends.test.rhai:6:",
        "no such.rhai",
        "exit(4)",
        "`parameter`",
        "300ms",
        "broken.test.rhai:1:",
    ] {
        assert!(
            done.stderr.contains(part),
            "no `{part}` in\n{}",
            done.stderr
        );
    }
    let read = "import xml.etree.ElementTree as e; r = e.parse('results.xml').getroot(); print(r.get('tests'), r.get('failures'), [c.get('name') for c in r.iter('testcase') if c.find('failure') is None], r.find('.//system-out').text.split())";
    let done = done.again(&[]);
    let output = done.tool("python3").args(["-c", read]).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        shown, "7 6 ['test_works'] ['shown', 'debug:', 'sub/sends.test.rhai:5:', '\"too\"']\n",
        "{output:?}"
    );
}

#[test]
fn programs_get_json_and_choose_among_tests() {
    let done = lab(TESTS)
        .args(&["--json", "--filter=accounts", "sub"])
        .success();
    let told = told(&done);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["name"], "test_accounts_are_apart");
    assert_eq!(told[0]["outcome"], "passed");
    assert!(
        done.stdout.ends_with("}\n")
            && done
                .stdout
                .contains(r#""event":"finished","passed":1,"failed":0"#)
    );
    lab(TESTS)
        .args(&["--filter=nothing"])
        .stderr_contains("no test has `nothing`")
        .status(2);
    lab(TESTS)
        .args(&["no such"])
        .stderr_contains("no such")
        .status(2);
    Lab::new()
        .command(&["test"])
        .stderr_contains("there are no tests here")
        .status(2);
}

#[test]
fn real_accounts_are_out_of_reach() {
    let wire = Wire::start();
    let config = format!(
        "default = \"work\"\n[connections.work]\napp_key = \"k\"\nendpoint = \"http://127.0.0.1:1\"\n{}",
        wire.settings("work")
    );
    let tests = r#"
fn test_names_and_environment() {
    for dbx in [dropbox(), dropbox("work"), dropbox(#{ access_token: "t", endpoint: "http://127.0.0.1:1" })] {
        dbx.write_text("/a.txt", dbx.name);
        assert(dbx.account.email.contains("emulator"));
    }
}
fn test_files_outside() {
    let refused = attempt(|| file::write_text(`${script.folder}/x.txt`, "x"));
    assert_eq(refused.error.kind, "not_allowed");
    assert_eq(attempt(|| file::read_text("/etc/passwd")).error.kind, "not_allowed");
    assert(file::read_text(`${script.folder}/tools.rhai`).len() > 0);
}
"#;
    let done = lab(tests)
        .local("../home/config/dropscript/config.toml", &config)
        .env("DROPBOX_ACCESS_TOKEN", "canary-of-the-environment")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .success();
    assert!(
        done.stdout.contains("2 passed"),
        "{}\n{}",
        done.stdout,
        done.stderr
    );
    assert!(!wire.has_heard(""), "nothing was said");
    assert!(!done.state("state.db").exists(), "no run is written down");
}

#[test]
fn an_interrupted_run_of_tests_ends_at_once() {
    let mut child = lab("fn test_a() { } fn test_b() { print(1); sleep(600) }")
        .arg("--jobs=1")
        .start();
    child.says("test_a");
    child.interrupt();
    let done = child.end(130);
    assert!(!done.stdout.contains("test_b"), "{}", done.stdout);
    done.left_nothing_temporary();
}
