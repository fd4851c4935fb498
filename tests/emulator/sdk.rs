//! The official SDKs, unmodified, against the emulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use dropscript::emulator::Emulator;

/// The Python that has the SDK: in the environment that `tests/run` makes.
fn python() -> PathBuf {
    let environment = option_env!("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    environment.join("test-env/bin/python3")
}

#[test]
fn the_official_python_sdk_agrees() {
    let python = python();
    let emulator = Emulator::start().expect("the emulator starts");
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/emulator/sdk/conformance.py"
    );
    let run = Command::new(&python)
        .args([script, emulator.url()])
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "cannot run {}: {error}; `tests/run` sets it up",
                python.display()
            )
        });
    let (told, error) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{told}{error}");
    let counts: Vec<u32> = told
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [calls, refusals] = counts[..] else {
        panic!("no counts: {told}")
    };
    assert!(calls >= 120 && refusals >= 60, "{told}");
}
