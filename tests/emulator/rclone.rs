//! rclone, which knows no other Dropbox than the real one, through the proxy.

use std::path::{Path, PathBuf};
use std::process::Command;

use dropscript::emulator::Emulator;
use serde_json::Value;
use tempfile::TempDir;

use crate::lab::noise;
use crate::sdk::{environment, program, run, with_tls};

/// What people and programs call files.
const ODD: [&str; 6] = [
    "Größe/Ünïcode 😀.txt",
    "a & \"b\" 'c' #1 %41 [x] {y} ;,~$^+=@!.txt",
    "back\\slash",
    "colon: star* what? <angles> |",
    "ends with a space ",
    ".hidden",
];

struct Rclone {
    emulator: Emulator,
    folder: TempDir,
    ca: PathBuf,
}

impl Rclone {
    fn new() -> Rclone {
        let (emulator, folder, ca) = with_tls();
        let token = r#"{"access_token":"emulator-access-token","token_type":"bearer","refresh_token":"emulator-refresh-token","expiry":"2099-01-01T00:00:00Z"}"#;
        let settings = format!(
            "[box]\ntype = dropbox\nclient_id = emulator-app\nclient_secret = emulator-secret\ntoken = {token}\n"
        );
        std::fs::write(folder.path().join("rclone.conf"), settings).expect("a file");
        Rclone {
            emulator,
            folder,
            ca,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut rclone = program(&environment().join("bin/rclone"));
        rclone
            .args(["--retries", "1", "--config"])
            .arg(self.folder.path().join("rclone.conf"))
            .args(arguments)
            .env(
                "HTTPS_PROXY",
                self.emulator.connect_proxy_url().expect("a proxy"),
            )
            .env("SSL_CERT_FILE", &self.ca);
        rclone
    }

    fn run(&self, arguments: &[&str]) -> String {
        run(&mut self.command(arguments))
    }

    /// What it says when it cannot do that.
    fn fail(&self, arguments: &[&str]) -> String {
        let run = self.command(arguments).output().expect("rclone runs");
        assert!(!run.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&run.stderr).into_owned()
    }

    fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// A local folder with these files.
    fn local(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        let folder = self.folder.path().join(name);
        for (name, contents) in files {
            write(&folder.join(name), contents);
        }
        self.path(name)
    }

    fn contents(&self, path: &str) -> Option<Vec<u8>> {
        let contents = self.emulator.contents("main", path)?;
        Some(contents.to_vec())
    }
}

fn write(path: &Path, contents: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, contents).expect("a file");
}

#[test]
fn rclone_copies_there_and_back_in_every_batch_mode() {
    let rclone = Rclone::new();
    let large = noise(5 * 1024 * 1024 + 3);
    let mut files: Vec<(&str, &[u8])> =
        vec![("a.txt", b"alpha"), ("empty", b""), ("large", &large)];
    files.extend(ODD.map(|name| (name, name.as_bytes())));
    let local = rclone.local("local", &files);
    for mode in ["sync", "async", "off"] {
        let remote = format!("box:up/{mode}");
        let chunked = ["--dropbox-chunk-size", "1M", "--dropbox-batch-mode", mode];
        rclone.run(&[&["copy", &local, &remote][..], &chunked].concat());
        rclone.run(&["check", &local, &remote]);
        let back = rclone.path(&format!("back-{mode}"));
        rclone.run(&["copy", &remote, &back]);
        for (name, contents) in &files {
            let came = std::fs::read(Path::new(&back).join(name)).expect(name);
            assert!(came == *contents, "{mode}: {name}");
        }
    }
    let paths = rclone.emulator.paths("main");
    let below: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("/up/off/"))
        .collect();
    for name in [
        "Größe/Ünïcode 😀.txt",
        "a.txt",
        "colon: star* what? <angles> |",
    ] {
        assert!(below.contains(&name), "{below:?}");
    }
    let differing = rclone.local("differing", &[("a.txt", b"other")]);
    let told = rclone.fail(&["check", &differing, "box:up/sync", "--one-way"]);
    assert!(told.contains("1 differences found"), "{told}");
    assert!(rclone.contents("/up/sync/large").as_deref() == Some(&large[..]));
}

#[test]
fn rclone_arranges_what_is_there() {
    let rclone = Rclone::new();
    let local = rclone.local("local", &[("a.txt", b"alpha"), ("sub/b.txt", b"beta")]);
    rclone.run(&["copy", &local, "box:up"]);
    assert_eq!(rclone.run(&["cat", "box:up/a.txt"]), "alpha");
    rclone.run(&["move", "box:up/sub", "box:moved"]);
    rclone.run(&["moveto", "box:up/a.txt", "box:up/Renamed.txt"]);
    rclone.run(&["copyto", "box:up/Renamed.txt", "box:copied.txt"]);
    rclone.run(&["mkdir", "box:made/deep"]);
    rclone.run(&["rmdir", "box:made/deep"]);
    let told = rclone.fail(&["rmdir", "box:up"]);
    assert!(told.contains("directory not empty"), "{told}");
    assert_eq!(
        rclone.emulator.paths("main"),
        [
            "/copied.txt",
            "/made",
            "/moved",
            "/moved/b.txt",
            "/up",
            "/up/Renamed.txt"
        ]
    );
    assert_eq!(
        rclone.contents("/moved/b.txt").as_deref(),
        Some(&b"beta"[..])
    );
    assert_eq!(
        rclone.contents("/copied.txt").as_deref(),
        Some(&b"alpha"[..])
    );
    rclone.run(&["deletefile", "box:copied.txt"]);
    rclone.run(&["purge", "box:up"]);
    rclone.run(&["rmdirs", "box:made"]);
    assert_eq!(rclone.emulator.paths("main"), ["/moved", "/moved/b.txt"]);
}

#[test]
fn rclone_syncs_with_deletions_and_overwrites() {
    let rclone = Rclone::new();
    let local = rclone.local(
        "local",
        &[("keep", b"1"), ("change", b"2"), ("sub/drop", b"3")],
    );
    rclone.run(&["sync", &local, "box:mirror"]);
    std::fs::remove_dir_all(Path::new(&local).join("sub")).expect("a folder");
    write(&Path::new(&local).join("change"), b"two");
    write(&Path::new(&local).join("new"), b"4");
    rclone.run(&["sync", &local, "box:mirror"]);
    assert_eq!(
        rclone.emulator.paths("main"),
        ["/mirror", "/mirror/change", "/mirror/keep", "/mirror/new"]
    );
    assert_eq!(
        rclone.contents("/mirror/change").as_deref(),
        Some(&b"two"[..])
    );
    rclone.run(&["check", &local, "box:mirror"]);
    // And the other way round.
    rclone.emulator.put("main", "/mirror/from there", "5");
    rclone.run(&["sync", "box:mirror", &local]);
    let came = std::fs::read(Path::new(&local).join("from there"));
    assert_eq!(came.expect("a file"), b"5");
}

#[test]
fn rclone_sees_times_hashes_links_and_space() {
    let rclone = Rclone::new();
    let commit = rclone.local("local", &[("a.txt", b"hello world")]);
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(981_173_106);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(Path::new(&commit).join("a.txt"))
        .expect("a file");
    file.set_modified(modified).expect("a time");
    rclone.run(&["copy", &commit, "box:"]);
    let listed = rclone.run(&["lsjson", "--hash", "box:"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed[0]["ModTime"], "2001-02-03T04:05:06Z");
    assert_eq!(listed[0]["Size"], 11);
    assert_eq!(
        listed[0]["Hashes"]["dropbox"],
        "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    );
    let link = rclone.run(&["link", "box:a.txt"]);
    assert!(
        link.starts_with("https://www.dropbox.com/scl/fi/"),
        "{link}"
    );
    assert_eq!(
        rclone.run(&["link", "box:a.txt"]),
        link,
        "a link is made once"
    );
    let about: Value =
        serde_json::from_str(&rclone.run(&["about", "--json", "box:"])).expect("JSON");
    assert_eq!(
        (about["total"].as_u64(), about["used"].as_u64()),
        (Some(1 << 41), Some(11))
    );
    rclone.run(&["touch", "box:touched"]);
    assert_eq!(rclone.contents("/touched").as_deref(), Some(&b""[..]));
    let told = rclone.fail(&["cleanup", "box:"]);
    assert!(told.contains("doesn't support cleanup"), "{told}");
    // What others shared: nothing.
    assert_eq!(rclone.run(&["--dropbox-shared-files", "lsf", "box:"]), "");
    assert_eq!(rclone.run(&["--dropbox-shared-folders", "lsf", "box:"]), "");
}
