//! Everything that ships is run: the scripts, and every block of the README.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Lab;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_tour_reaches_its_end() {
    let script = root().join("scripts/tour.rhai");
    let done = Lab::new()
        .command(&["run", script.to_str().unwrap(), "--emulator"])
        .success();
    assert!(
        done.stdout.contains("That was the tour."),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("all 2304 came back as they were"),
        "{}",
        done.stdout
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn every_script_parses() {
    let scripts = fs::read_dir(root().join("scripts")).unwrap();
    for script in scripts {
        let script = script.unwrap().path();
        Lab::new()
            .command(&["check", script.to_str().unwrap()])
            .success();
    }
}

/// The blocks of the README in this language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    readme
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// What the README's blocks find in the working directory.
fn with_files(lab: Lab) -> Lab {
    lab.local("out/january.csv", "month,sum\n1,42\n")
        .local("reports.rhai", &blocks("rhai")[0])
}

#[test]
fn every_script_of_the_readme_runs() {
    let scripts = blocks("rhai");
    assert!(scripts.len() >= 3);
    for script in scripts {
        with_files(Lab::new()).script(&script).emulated().success();
        Lab::new()
            .command(&["check", "script.rhai"])
            .local("script.rhai", &script)
            .success();
    }
}

#[test]
fn the_tests_of_the_readme_pass() {
    let tests = blocks("rhai test");
    assert_eq!(tests.len(), 1);
    let lab = Lab::new().command(&["test"]);
    let lab = with_files(lab).local("reports.test.rhai", &tests[0]);
    let done = lab.success();
    assert!(
        done.stdout.contains("3 passed, 0 failed"),
        "{}",
        done.stdout
    );
}

#[test]
fn the_tests_of_the_scripts_pass() {
    let done = Lab::new()
        .command(&["test", root().join("scripts").to_str().unwrap()])
        .success();
    assert!(done.stdout.contains(" 0 failed"), "{}", done.stdout);
}

/// What a session shows that differs from run to run.
fn without_times(text: &str) -> String {
    let date = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d").unwrap();
    let length = regex::Regex::new(r" in \d+\.\d s").unwrap();
    let text = date.replace_all(text, "DATE");
    length.replace_all(&text, " in TIME").into_owned()
}

#[test]
fn the_sessions_of_the_readme_are_true_and_watch_runs_what_they_save() {
    let (mut typed, mut shown, mut said) = (String::new(), String::new(), String::new());
    let sessions = blocks("repl");
    assert_eq!(sessions.len(), 2);
    for line in sessions.iter().flat_map(|block| block.lines()) {
        let (text, line) = match line.strip_prefix("> ") {
            Some(input) => (&mut typed, input),
            None if line.starts_with("  ") => (&mut typed, line),
            None if line.starts_with("saved ") => (&mut said, line),
            None => (&mut shown, line),
        };
        text.push_str(line);
        text.push('\n');
    }
    let lab = Lab::new()
        .command(&["repl"])
        .emulated()
        .local("inbox/first.txt", "the first\n")
        .local("inbox/second.txt", "the second\n");
    let done = lab.input(&typed).success();
    assert_eq!(
        (without_times(&done.stdout), done.stderr.as_str()),
        (without_times(&shown), said.as_str())
    );

    let watch = blocks("text")
        .into_iter()
        .find(|block| block.starts_with("dropscript watch"));
    let watch = watch.expect("the page tells how to watch");
    let words: Vec<&str> = watch.split_whitespace().skip(1).collect();
    let script = fs::read_to_string(done.path("inbox.rhai")).unwrap();
    let lab = Lab::new().command(&words).local("inbox.rhai", &script);
    fs::create_dir(lab.path("inbox")).unwrap();
    let mut child = lab.start();
    child.says("0 sent, 0 were there\n");
    child
        .save("inbox/third.txt", "the third\n")
        .says("1 sent, 0 were there\n");
    child.interrupt();
    child.end(130);
}

#[test]
fn every_configuration_of_the_readme_is_sound() {
    let is_configuration = |block: &String| {
        let heads = ["[connections", "[permissions", "[scripts"];
        heads.iter().any(|head| block.contains(head))
    };
    let blocks: Vec<_> = blocks("toml")
        .into_iter()
        .filter(is_configuration)
        .collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        // Only what lies beside a script forbids by itself.
        let parsed = if block.contains("no_delete") {
            dropscript::Restrictions::parse(&block, "README.md").map(drop)
        } else {
            dropscript::Config::parse(&block, "README.md").map(drop)
        };
        parsed.unwrap_or_else(|error| panic!("{error}: {block}"));
    }
}

#[test]
fn every_command_of_the_readme_runs() {
    let commands = blocks("sh");
    assert!(commands.len() >= 3);
    let program = Path::new(env!("CARGO_BIN_EXE_dropscript"))
        .parent()
        .unwrap();
    for block in commands {
        // These two are what runs this test, and what it would start again.
        let block = block
            .replace("cargo run --release --", "dropscript")
            .replace("\ntests/run\n", "\n");
        let block = block.replace("scripts/", &format!("{}/scripts/", root().display()));
        let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join("out/january.csv"), "month,sum\n1,42\n").unwrap();
        fs::write(folder.path().join("reports.rhai"), &blocks("rhai")[0]).unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        // A block that does not end by itself is a fault of the README.
        let output = Command::new("timeout")
            .args(["300", "bash", "-euo", "pipefail", "-c", &block])
            .current_dir(folder.path())
            .env("PATH", path)
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{block}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
