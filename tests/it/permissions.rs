//! What scripts may do, and the flags that widen it.

use crate::support::Lab;

/// Reads a file that its first argument names.
const READ: &str = "print(file::read_text(args[0]))";
const WRITE: &str = r#"file::write_text(args[0], "new")"#;

#[test]
fn the_working_directory_is_open_and_nothing_beside_it() {
    Lab::new()
        .local("a.txt", "text")
        .eval(READ)
        .arg("a.txt")
        .stdout("text\n")
        .success();
    let done = Lab::new().eval(WRITE).arg("b.txt").success();
    assert_eq!(std::fs::read_to_string(done.path("b.txt")).unwrap(), "new");
    for code in [READ, WRITE] {
        let lab = Lab::new();
        let outside = lab.path("../home/a.txt");
        std::fs::write(&outside, "old").unwrap();
        let done = lab
            .eval(code)
            .arg("../home/a.txt")
            .stderr_contains("--allow-")
            .status(5);
        assert_eq!(
            std::fs::read_to_string(done.path("../home/a.txt")).unwrap(),
            "old"
        );
    }
}

#[test]
fn a_flag_opens_more_and_only_that() {
    let lab = || {
        let lab = Lab::new();
        std::fs::write(lab.path("../home/a.txt"), "old").unwrap();
        lab
    };
    let read = ["../home/a.txt", "--allow-read", "../home"];
    lab().eval(READ).args(&read).stdout("old\n").success();
    lab().eval(WRITE).args(&read).status(5);
    let write = ["../home/a.txt", "--allow-write", "../home"];
    let done = lab().eval(WRITE).args(&write).success();
    assert_eq!(
        std::fs::read_to_string(done.path("../home/a.txt")).unwrap(),
        "new"
    );
    let all = ["../home/a.txt", "--allow-all"];
    lab().eval(READ).args(&all).stdout("old\n").success();
    lab().eval(WRITE).args(&all).success();
}

#[test]
fn a_working_directory_that_is_the_home_or_above_it_is_not_open() {
    for home in ["work", "work/deep/home"] {
        let lab = Lab::new()
            .local("a.txt", "text")
            .local("deep/home/b.txt", "");
        let home = lab.path("..").join(home);
        lab.env("HOME", home.to_str().unwrap())
            .eval(READ)
            .arg("a.txt")
            .status(5);
    }
}

#[test]
fn the_folder_of_the_script_may_be_read() {
    let script = |code: &str| {
        let lab = Lab::new();
        let folder = lab.path("../home/scripts");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.txt"), "beside").unwrap();
        std::fs::write(folder.join("main.rhai"), code).unwrap();
        lab.command(&["run", "../home/scripts/main.rhai", "../home/scripts/a.txt"])
    };
    script(READ).stdout("beside\n").success();
    script(WRITE).status(5);
}

#[test]
fn hosts_must_be_named() {
    let code = r#"dropbox(#{ endpoint: "http://dropbox.invalid", access_token: "t" })"#;
    Lab::new()
        .eval(code)
        .stderr_contains("--allow-net dropbox.invalid")
        .status(5);
    Lab::new()
        .eval(code)
        .args(&["--allow-net", "dropbox.invalid"])
        .success();
}

#[test]
fn flags_guard_what_is_at_dropbox() {
    let lab = |code: &str| {
        Lab::new()
            .remote("/a.txt", "a")
            .remote("/b.txt", "b")
            .eval(code)
    };
    let delete = r#"dropbox().delete(["/a.txt", "/b.txt"])"#;
    let guards: [(&str, &[&str]); 4] = [
        ("--read-only", &[]),
        ("--no-delete", &[]),
        ("--max-delete", &["1"]),
        ("--max-delete", &["1", "--allow-all"]),
    ];
    for (flag, others) in guards {
        let done = lab(delete)
            .arg(flag)
            .args(others)
            .stderr_contains(flag)
            .status(5);
        done.remote_is(&[("/a.txt", "a"), ("/b.txt", "b")]);
    }
    lab(delete)
        .args(&["--max-delete", "2"])
        .success()
        .remote_is(&[]);
    lab(r#"dropbox().write_text("/a.txt", "new")"#)
        .arg("--read-only")
        .stderr_contains("--read-only")
        .status(5)
        .remote_is(&[("/a.txt", "a"), ("/b.txt", "b")]);
}
