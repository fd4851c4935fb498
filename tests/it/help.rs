//! The help, which tells no more than there is.

use crate::support::Lab;

#[test]
fn every_command_has_help() {
    for command in ["run", "eval", "watch", "repl", "check", "test", "emulator"] {
        let done = Lab::new().command(&[command, "--help"]).success();
        assert!(
            done.stdout
                .contains(&format!("Usage: dropscript {command}")),
            "{}",
            done.stdout
        );
        assert_eq!(done.stderr, "");
    }
}

#[test]
fn the_help_has_the_exit_statuses() {
    let done = Lab::new().command(&["--help"]).success();
    assert!(done.stdout.contains("130, 143"), "{}", done.stdout);
}

#[test]
fn no_command_is_wrong_usage() {
    let done = Lab::new().command(&[]).stdout("").status(2);
    assert!(done.stderr.contains("Usage: dropscript"), "{}", done.stderr);
    Lab::new()
        .command(&["connection"])
        .stderr_contains("connection")
        .status(2);
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = format!("dropscript {}\n", env!("CARGO_PKG_VERSION"));
    Lab::new()
        .command(&["--version"])
        .stdout(&version)
        .success();
}
