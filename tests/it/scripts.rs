//! The scripts that ship do what their headers say.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A working directory, and a Dropbox that is kept from run to run.
struct World(TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for folder in ["work", "remote", "home"] {
            fs::create_dir(world.path(folder)).unwrap();
        }
        world
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    /// A local file, modified so many days after the beginning of 1970.
    fn local(self, relative: &str, contents: &str, day: u64) -> Self {
        let path = self.path("work").join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + 3_600);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
        self
    }

    fn read(&self, relative: &str) -> Option<String> {
        fs::read_to_string(self.path("work").join(relative)).ok()
    }

    /// Runs a script with these words; gives what it printed.
    fn run(&self, script: &str, words: &[&str], status: i32) -> String {
        let script = format!("{}/scripts/{script}.rhai", env!("CARGO_MANIFEST_DIR"));
        self.program(
            &[&["run", "--emulator=../remote", &script, "--"], words].concat(),
            status,
        )
    }

    /// The files at Dropbox.
    fn there(&self) -> Vec<String> {
        let code = r#"for item in dropbox().list("/", #{ subfolders: true, kind: "files", sort: "path" }) { print(item.path); }"#;
        let said = self.program(&["eval", "--emulator=../remote", code], 0);
        said.lines().map(str::to_owned).collect()
    }

    fn program(&self, words: &[&str], status: i32) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_dropscript"))
            .args(words)
            .current_dir(self.path("work"))
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{words:?}\n{said}\n{complained}"
        );
        said
    }
}

#[test]
fn each_says_how_it_is_used() {
    let world = World::new();
    for script in [
        "backup",
        "restore",
        "mirror",
        "collect-invoices",
        "clean-up",
        "archive-month",
        "share-report",
    ] {
        let said = world.run(script, &[], 2);
        assert!(
            said.starts_with(&format!("usage: {script}.rhai ")),
            "{said}"
        );
    }
    assert_eq!(world.there(), Vec::<String>::new());
}

#[test]
fn a_backup_is_sent_once_and_restored() {
    let world = World::new()
        .local("data/a.txt", "a", 20_000)
        .local("data/sub/b.txt", "b", 20_000)
        .local("data/sub/b.tmp", "x", 20_000);
    let backup = ["data", "/backup", "*.tmp"];
    assert_eq!(world.run("backup", &backup, 0), "2 sent, 0 unchanged\n");
    assert_eq!(world.run("backup", &backup, 0), "0 sent, 2 unchanged\n");
    assert_eq!(world.there(), ["/backup/a.txt", "/backup/sub/b.txt"]);

    let world = world.local("back/a.txt", "mine", 20_001);
    let said = world.run("restore", &["/backup", "back"], 0);
    assert_eq!(said, "1 restored, 1 left as they are\n");
    assert_eq!(world.read("back/a.txt").unwrap(), "mine");
    assert_eq!(world.read("back/sub/b.txt").unwrap(), "b");
    world.run("restore", &["/backup", "back", "replace"], 0);
    assert_eq!(world.read("back/a.txt").unwrap(), "a");
    world.run("restore", &["/backup", "back", "all"], 2);
}

#[test]
fn a_mirror_is_equal_both_ways() {
    let world = World::new()
        .local("data/a.txt", "a", 20_000)
        .local("data/b.txt", "b", 20_000);
    world.run("mirror", &["up", "data", "/m"], 0);
    fs::remove_file(world.path("work/data/b.txt")).unwrap();
    let said = world.run("mirror", &["up", "data", "/m"], 0);
    assert_eq!(said, "0 transferred, 1 deleted, 1 unchanged, 0 planned\n");
    assert_eq!(world.there(), ["/m/a.txt"]);
    let world = world
        .local("down/old.txt", "old", 20_000)
        .local("down/keep.tmp", "keep", 20_000);
    world.run("mirror", &["down", "/m", "down", "*.tmp"], 0);
    assert_eq!(world.read("down/a.txt").unwrap(), "a");
    assert_eq!(world.read("down/old.txt"), None);
    assert!(world.read("down/keep.tmp").is_some());
    world.run("mirror", &["sideways", "data", "/m"], 2);
}

#[test]
fn invoices_are_collected_once_with_their_dates() {
    let world = World::new()
        .local("data/x/Invoice 17.pdf", "17", 20_000)
        .local("data/y/rechnung.pdf", "r", 20_001)
        .local("data/y/other.pdf", "o", 20_001);
    world.run("backup", &["data", "/in"], 0);
    let said = world.run("collect-invoices", &["/in", "invoices"], 0);
    assert_eq!(
        said,
        "2024-10-04 Invoice 17.pdf\n2024-10-05 rechnung.pdf\n2 new invoices\n"
    );
    assert_eq!(
        world.read("invoices/2024-10-04 Invoice 17.pdf").unwrap(),
        "17"
    );
    assert_eq!(
        world.run("collect-invoices", &["/in", "invoices"], 0),
        "0 new invoices\n"
    );
    let said = world.run("collect-invoices", &["/in", "invoices", "other*"], 0);
    assert!(said.ends_with("1 new invoices\n"), "{said}");
}

#[test]
fn only_what_is_old_is_cleaned_up() {
    let world = World::new()
        .local("data/a.log", "a", 20_000)
        .local("data/sub/b.log", "b", 20_000)
        .local("data/c.txt", "c", 20_000);
    world.run("backup", &["data", "/logs"], 0);
    // Dropbox received them just now.
    let said = world.run("clean-up", &["/logs", "90 days"], 0);
    assert_eq!(said, "0 files older than 90 days\n");
    let said = world.run("clean-up", &["/logs", "0s", "*.log"], 0);
    assert!(said.ends_with("2 files older than 0s\n"), "{said}");
    assert_eq!(world.there(), ["/logs/c.txt"]);
}

#[test]
fn a_month_is_archived() {
    // The 4th of October and the 4th of November of 2024.
    let world = World::new()
        .local("data/october.txt", "o", 20_000)
        .local("data/sub/october.txt", "o", 20_000)
        .local("data/november.txt", "n", 20_031);
    world.run("backup", &["data", "/scans"], 0);
    let said = world.run("archive-month", &["/scans", "/archive", "2024-10"], 0);
    assert_eq!(said, "2 files of 2024-10 archived\n");
    assert_eq!(
        world.there(),
        [
            "/archive/2024-10/october.txt",
            "/archive/2024-10/sub/october.txt",
            "/scans/november.txt"
        ]
    );
    let said = world.run("archive-month", &["/scans", "/archive"], 0);
    assert!(said.starts_with("0 files of 20"), "{said}");
    world.run("archive-month", &["/scans", "/archive", "October"], 2);
}

#[test]
fn a_report_is_shared_and_keeps_its_link() {
    let world = World::new().local("report.csv", "1", 20_000);
    let link = world.run("share-report", &["report.csv", "/reports", "7 days"], 0);
    assert!(link.starts_with("https://"), "{link}");
    let world = world.local("report.csv", "2", 20_001);
    assert_eq!(
        world.run("share-report", &["report.csv", "/reports"], 0),
        link
    );
    assert_eq!(world.there(), ["/reports/report.csv"]);
}

#[test]
fn sizes_are_told_the_largest_first() {
    let world = World::new()
        .local("data/a.txt", "12345", 20_000)
        .local("data/big/b.txt", &"x".repeat(3_000), 20_000)
        .local("data/big/c.txt", "1", 20_000);
    world.run("backup", &["data", "/d"], 0);
    let expected = "2.9 KB  big\n5 B  (files right in it)\n2.9 KB in 3 files\nthe largest:\n2.9 KB  /d/big/b.txt\n5 B  /d/a.txt\n";
    for folder in ["/d", "/d/"] {
        assert_eq!(world.run("audit-sizes", &[folder, "2"], 0), expected);
    }
    assert!(world.run("audit-sizes", &[], 0).starts_with("2.9 KB  d\n"));
}
