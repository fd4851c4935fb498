//! Clients that nobody here wrote, unmodified, against the emulator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use dropscript::emulator::Emulator;
use serde_json::Value;
use tempfile::TempDir;

/// The environment that `tests/run` makes, and that has them all.
pub(crate) fn environment() -> PathBuf {
    let target = option_env!("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    target.join("test-env")
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/emulator/sdk")
        .join(name)
}

/// A program that finds no proxy and no certificates but those that it is given.
pub(crate) fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    for name in [
        "ALL_PROXY",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    ] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

/// Runs it to its end, which must be a good one. Gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let run = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}; `tests/run` sets it up"));
    let (told, error) = (
        String::from_utf8_lossy(&run.stdout).into_owned(),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{command:?}: {told}{error}");
    told
}

/// An emulator that speaks TLS and is a proxy, and the file with its certificate.
pub(crate) fn with_tls() -> (Emulator, TempDir, PathBuf) {
    let any = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder().tls(any).connect_proxy(any);
    let emulator = emulator.start().expect("the emulator starts");
    let folder = TempDir::new().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, emulator.ca_pem().expect("a certificate")).expect("a file");
    (emulator, folder, ca)
}

/// What a script tells when all its cases held.
struct Told {
    calls: u64,
    refusals: u64,
    routes: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

impl Told {
    fn read(told: &str) -> Told {
        let told: Value = serde_json::from_str(told).expect("JSON");
        let count = |name: &str| told[name].as_u64().expect("a count");
        let names = |name: &str| -> BTreeSet<String> {
            let names = told[name].as_array().expect("a list").iter();
            names
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect()
        };
        Told {
            calls: count("calls"),
            refusals: count("refusals"),
            routes: names("routes"),
            left_out: names("left_out"),
        }
    }

    /// Enough was asked, half of it refused as it should be, and no route that is served was left out.
    fn assert_thorough(&self, emulator: &Emulator, calls: u64) {
        let (made, refused) = (self.calls, self.refusals);
        assert!(
            made >= calls && refused * 2 >= made,
            "{made} calls, {refused} refusals"
        );
        assert_eq!(self.left_out, BTreeSet::new());
        let counted = emulator.calls().by_route;
        for route in &self.routes {
            assert!(counted.contains_key(route), "{route} never arrived");
        }
    }
}

fn python(name: &str) -> Command {
    let mut python = program(&environment().join("bin/python3"));
    // No compiled files beside the sources.
    python.arg("-B").arg(script(name));
    python
}

#[test]
fn the_official_python_sdk_agrees() {
    let emulator = Emulator::start().expect("the emulator starts");
    let told = run(python("conformance.py").arg(emulator.url()));
    Told::read(&told).assert_thorough(&emulator, 120);
}

#[test]
fn the_official_python_sdk_agrees_over_tls() {
    let (emulator, _folder, ca) = with_tls();
    let host = emulator.tls_url().expect("an address");
    let host = host.trim_start_matches("https://");
    let mut python = python("conformance.py");
    for name in [
        "DROPBOX_API_HOST",
        "DROPBOX_API_CONTENT_HOST",
        "DROPBOX_API_NOTIFY_HOST",
        "DROPBOX_WEB_HOST",
    ] {
        python.env(name, host);
    }
    let told = run(python.env("REQUESTS_CA_BUNDLE", &ca));
    Told::read(&told).assert_thorough(&emulator, 120);
}

#[test]
fn the_official_python_sdk_is_a_client_of_the_team() {
    let emulator = Emulator::start().expect("the emulator starts");
    let told = run(python("team.py").arg(emulator.url()));
    let refused: u64 = told.trim().parse().expect("the number of refusals");
    let called = emulator.calls().total();
    assert!(
        called >= 55 && refused >= 23,
        "{called} calls, {refused} refusals"
    );
}

#[test]
fn the_official_javascript_sdk_agrees() {
    let emulator = Emulator::start().expect("the emulator starts");
    let mut node = program(Path::new("node"));
    node.arg(script("conformance.cjs"))
        .arg(emulator.url())
        .arg(environment().join("node"));
    Told::read(&run(&mut node)).assert_thorough(&emulator, 40);
}
