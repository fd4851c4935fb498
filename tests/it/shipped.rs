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
