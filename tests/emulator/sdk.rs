//! Clients that nobody here wrote, unmodified, against the emulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use dropscript::emulator::Emulator;
use tempfile::TempDir;

/// The environment that `tests/run` makes, and that has them all.
fn environment() -> PathBuf {
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
fn program(path: &Path) -> Command {
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
fn run(command: &mut Command) -> String {
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
fn with_tls() -> (Emulator, TempDir, PathBuf) {
    let any = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder().tls(any).connect_proxy(any);
    let emulator = emulator.start().expect("the emulator starts");
    let folder = TempDir::new().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, emulator.ca_pem().expect("a certificate")).expect("a file");
    (emulator, folder, ca)
}

/// Enough was asked, and enough of it refused as it should be.
fn assert_thorough(emulator: &Emulator, told: &str, calls: u64, refusals: u64) {
    let refused: u64 = told.trim().parse().expect("a count");
    let called = emulator.calls().total();
    assert!(
        called >= calls && refused >= refusals,
        "{called} calls, {refused} refusals"
    );
}

#[test]
fn the_official_python_sdk_agrees() {
    let emulator = Emulator::start().expect("the emulator starts");
    let mut python = program(&environment().join("bin/python3"));
    let told = run(python.arg(script("conformance.py")).arg(emulator.url()));
    assert_thorough(&emulator, &told, 120, 60);
}

#[test]
fn the_official_python_sdk_agrees_over_tls() {
    let (emulator, _folder, ca) = with_tls();
    let host = emulator.tls_url().expect("an address");
    let host = host.trim_start_matches("https://");
    let mut python = program(&environment().join("bin/python3"));
    for name in [
        "DROPBOX_API_HOST",
        "DROPBOX_API_CONTENT_HOST",
        "DROPBOX_API_NOTIFY_HOST",
        "DROPBOX_WEB_HOST",
    ] {
        python.env(name, host);
    }
    let told = run(python
        .arg(script("conformance.py"))
        .env("REQUESTS_CA_BUNDLE", &ca));
    assert_thorough(&emulator, &told, 120, 60);
}

#[test]
fn the_official_python_sdk_is_a_client_of_the_team() {
    let emulator = Emulator::start().expect("the emulator starts");
    let mut python = program(&environment().join("bin/python3"));
    let told = run(python.arg(script("team.py")).arg(emulator.url()));
    assert_thorough(&emulator, &told, 55, 23);
}

#[test]
fn the_official_javascript_sdk_agrees() {
    let emulator = Emulator::start().expect("the emulator starts");
    let mut node = program(Path::new("node"));
    node.arg(script("conformance.cjs"))
        .arg(emulator.url())
        .arg(environment().join("node"));
    assert_thorough(&emulator, &run(&mut node), 40, 20);
}

#[test]
fn rclone_works_through_the_proxy() {
    let (emulator, folder, ca) = with_tls();
    let config = folder.path().join("rclone.conf");
    let token = r#"{"access_token":"emulator-access-token","token_type":"bearer","refresh_token":"emulator-refresh-token","expiry":"2099-01-01T00:00:00Z"}"#;
    let settings = format!(
        "[box]\ntype = dropbox\nclient_id = emulator-app\nclient_secret = emulator-secret\ntoken = {token}\n"
    );
    std::fs::write(&config, settings).expect("a file");
    let rclone = |arguments: &[&str]| {
        let mut rclone = program(&environment().join("bin/rclone"));
        rclone
            .args(["--retries", "1", "--config"])
            .arg(&config)
            .args(arguments)
            .env(
                "HTTPS_PROXY",
                emulator.connect_proxy_url().expect("a proxy"),
            )
            .env("SSL_CERT_FILE", &ca);
        run(&mut rclone)
    };
    let local = folder.path().join("local");
    let large: Vec<u8> = crate::lab::noise(5 * 1024 * 1024 + 3);
    for (name, contents) in [
        ("a.txt", b"alpha".as_slice()),
        ("Größe/b.txt", b"beta"),
        ("empty", b""),
        ("large", &large),
    ] {
        let path = local.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, contents).expect("a file");
    }
    let local = local.to_str().expect("a path in UTF-8");

    rclone(&["copy", local, "box:/up", "--dropbox-chunk-size", "1M"]);
    assert_eq!(
        emulator.paths("main"),
        [
            "/up",
            "/up/Größe",
            "/up/Größe/b.txt",
            "/up/a.txt",
            "/up/empty",
            "/up/large"
        ]
    );
    rclone(&["check", local, "box:/up"]);
    assert_eq!(rclone(&["cat", "box:/up/a.txt"]), "alpha");
    rclone(&["move", "box:/up/Größe", "box:/moved"]);
    assert_eq!(
        emulator.contents("main", "/moved/b.txt").as_deref(),
        Some(&b"beta"[..])
    );
    let mut listed: Vec<String> = rclone(&["lsf", "-R", "box:"])
        .lines()
        .map(str::to_owned)
        .collect();
    listed.sort();
    listed.retain(|line| !line.starts_with("up/Größe"));
    assert_eq!(
        listed,
        [
            "moved/",
            "moved/b.txt",
            "up/",
            "up/a.txt",
            "up/empty",
            "up/large"
        ]
    );
    let link = rclone(&["link", "box:/up/a.txt"]);
    assert!(link.starts_with("https://"), "{link}");
    let back = folder.path().join("back");
    rclone(&["copy", "box:/up", back.to_str().expect("a path in UTF-8")]);
    assert!(std::fs::read(back.join("large")).expect("a file") == large);
    rclone(&["purge", "box:/up"]);
    assert_eq!(emulator.paths("main"), ["/moved", "/moved/b.txt"]);
}
