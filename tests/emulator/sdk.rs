//! The official SDKs, unmodified, against the emulator.

use std::process::Command;

use dropscript::emulator::Emulator;

#[test]
fn the_official_python_sdk_agrees() {
    let has_sdk = Command::new("python3")
        .args(["-c", "import dropbox"])
        .output();
    assert!(
        has_sdk.is_ok_and(|found| found.status.success()),
        "the Python SDK is missing: `python3 -m pip install dropbox` installs it"
    );
    let emulator = Emulator::start().expect("the emulator starts");
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/emulator/sdk/conformance.py"
    );
    let run = Command::new("python3")
        .args([script, emulator.url()])
        .output()
        .expect("python3 runs");
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
