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

/// A file outside of the working directory, which the configuration may open.
fn configured(config: &str) -> Lab {
    let lab = Lab::new().local("../home/config/dropscript/config.toml", config);
    std::fs::create_dir_all(lab.path("../home/data")).unwrap();
    std::fs::write(lab.path("../home/data/a.txt"), "old").unwrap();
    lab
}

#[test]
fn the_configuration_grants_for_good() {
    let (read, write) = (
        "[permissions]\nread = [\"~/data\"]\n",
        "[permissions]\nwrite = [\"~/data\"]\n",
    );
    let file = "../home/data/a.txt";
    configured(read)
        .eval(READ)
        .arg(file)
        .stdout("old\n")
        .success();
    configured(read).eval(WRITE).arg(file).status(5);
    configured(write).eval(WRITE).arg(file).success();
    configured(write).eval(READ).arg(file).status(5);
    // An emulator changes nothing about that.
    let emulated = configured(read).emulated().eval(READ).arg(file);
    emulated.stdout("old\n").success();
    let reach = r#"dropbox(#{ endpoint: "http://dropbox.invalid", access_token: "t" })"#;
    let net = "[permissions]\nnet = [\"dropbox.invalid\"]\n";
    configured(net).eval(reach).success();
    let all = "[permissions]\nall = true\n";
    configured(all).eval(WRITE).arg(file).success();
}

#[test]
fn the_configuration_grants_single_scripts_more_or_less() {
    let config = "[scripts.\"~/scripts/trusted.rhai\"]\nread = [\"~/data\"]\n";
    let lab = |name: &str| {
        let lab = configured(config)
            .local("../home/scripts/trusted.rhai", READ)
            .local("../home/scripts/other.rhai", READ)
            .local("../home/scripts/sub/.keep", "");
        // However it is named.
        lab.command(&["run", name, "../home/data/a.txt"])
    };
    lab("../home/scripts/trusted.rhai")
        .stdout("old\n")
        .success();
    lab("../home/scripts/sub/../trusted.rhai").success();
    lab("../home/scripts/other.rhai").status(5);

    let delete = r#"dropbox().delete(["/a.txt", "/b.txt"])"#;
    for (config, more, flag) in [
        ("[permissions]\nread_only = true\n", "", "read_only"),
        (
            "[permissions]\nno_delete = true\n",
            "--allow-all",
            "no_delete",
        ),
        (
            "[permissions]\nmax_delete = 1\n",
            "--max-delete=5",
            "may delete",
        ),
    ] {
        let lab = configured(config)
            .remote("/a.txt", "a")
            .remote("/b.txt", "b")
            .eval(delete);
        let lab = if more.is_empty() { lab } else { lab.arg(more) };
        let done = lab.stderr_contains(flag).status(5);
        done.remote_is(&[("/a.txt", "a"), ("/b.txt", "b")]);
    }
}

#[test]
fn what_the_program_keeps_is_closed_whatever_is_granted() {
    let lab = || {
        configured("# mine\n[connections.work]\n")
            .local("../home/state/dropscript/credentials/work.json", "{}")
            .local("in/a.txt", "")
    };
    let mine = "../home/config/dropscript/config.toml";
    let credentials = "../home/state/dropscript/credentials/work.json";
    for grant in ["--allow-all", "--allow-write=../home"] {
        for file in [mine, credentials] {
            for code in [
                READ,
                WRITE,
                "file::delete(args[0])",
                "file::move(args[0], \"mine\")",
            ] {
                let done = lab().eval(code).args(&[file, grant]).status(5);
                assert!(done.path(mine).exists() && done.path(credentials).exists());
            }
        }
    }
    for code in [
        r#"dropbox().upload_file(args[0] + "/dropscript/credentials/work.json", "/a")"#,
        r#"dropbox().upload(args[0], "/a")"#,
        r#"dropbox().upload(args[0] + "/**/*.json", "/a")"#,
        r#"dropbox().download("/", args[0])"#,
        r#"dropbox().download("/", args[0] + "/dropscript/credentials")"#,
        r#"file::move(args[0], "mine")"#,
        r"file::delete(args[0])",
    ] {
        let done = lab()
            .emulated()
            .eval(code)
            .args(&["../home/state", "--allow-all"])
            .stderr_contains("closed to scripts")
            .status(5);
        done.remote_is(&[]);
        assert!(done.path(credentials).exists());
    }
    // A link leads nowhere else than it says.
    let linked = lab();
    std::os::unix::fs::symlink(linked.path(credentials), linked.path("link")).unwrap();
    linked.eval(READ).args(&["link", "--allow-all"]).status(5);
}

#[test]
fn variables_of_the_environment_must_be_named() {
    let code = r#"print(env::get("REPORT_TO", "nobody"))"#;
    let lab = || Lab::new().env("REPORT_TO", "anna").eval(code);
    lab().stderr_contains("--allow-env REPORT_TO").status(5);
    lab()
        .args(&["--allow-env", "REPORT_TO"])
        .stdout("anna\n")
        .success();
    lab().arg("--allow-all").stdout("anna\n").success();
    let config = "[permissions]\nenv = [\"REPORT_TO\"]\n";
    configured(config).eval(code).stdout("nobody\n").success();
    // What opens an account stays with the program.
    let secret = r#"env::get("DROPBOX_REFRESH_TOKEN")"#;
    for flag in ["--allow-all", "--allow-env=DROPBOX_REFRESH_TOKEN"] {
        Lab::new()
            .env("DROPBOX_REFRESH_TOKEN", "canary")
            .eval(secret)
            .arg(flag)
            .stderr_contains("closed to scripts")
            .status(5);
    }
}

#[test]
fn what_a_script_remembers_is_its_own_and_the_emulators_apart() {
    let place = tempfile::tempdir().unwrap();
    let state = place.path().join("state");
    let count = "let n = state::get(\"n\", 0) + 1; state::set(\"n\", n); print(n);";
    for name in ["a.rhai", "b.rhai"] {
        std::fs::write(place.path().join(name), count).unwrap();
    }
    let run = |name: &str, flags: &[&str]| {
        let script = place.path().join(name);
        let lab = Lab::new().command(&["run", script.to_str().unwrap()]);
        let lab = lab.env("DROPSCRIPT_STATE", state.to_str().unwrap());
        lab.args(flags).success().stdout
    };
    assert_eq!(run("a.rhai", &[]), "1\n");
    assert_eq!(run("a.rhai", &[]), "2\n");
    assert_eq!(run("b.rhai", &[]), "1\n");
    let kept = format!("--emulator={}", place.path().join("dropbox").display());
    for (flag, said) in [
        ("--emulator", "1\n"),
        ("--emulator", "1\n"),
        (&kept, "1\n"),
        (&kept, "2\n"),
    ] {
        assert_eq!(run("a.rhai", &[flag]), said, "{flag}");
    }
    assert_eq!(run("a.rhai", &["--dry-run"]), "3\n");
    assert_eq!(run("a.rhai", &[]), "3\n");
}

#[test]
fn what_lies_beside_a_script_narrows_and_never_widens() {
    let run = |restrictions: &str, code: &str, more: &[&str]| {
        let lab = Lab::new()
            .local("scripts/dropscript.toml", restrictions)
            .local("scripts/data/a.txt", "data")
            .local("other/a.txt", "other")
            .local("scripts/main.rhai", code);
        std::fs::write(lab.path("../home/a.txt"), "home").unwrap();
        let lab = lab
            .env("REPORT_TO", "anna")
            .command(&["run", "scripts/main.rhai"]);
        lab.args(more)
    };
    let data = "[permissions]\nread = [\"data\"]\n";
    let read = |path: &str| format!("print(file::read_text(\"{path}\"))");
    run(data, &read("scripts/data/a.txt"), &[])
        .stdout("data\n")
        .success();
    for path in [
        "other/a.txt",
        "scripts/main.rhai",
        "scripts/dropscript.toml",
        "scripts/data/../../other/a.txt",
    ] {
        for more in ["--allow-all", "--allow-read=."] {
            let refused = run(data, &read(path), &[more]);
            refused.stderr_contains("dropscript.toml").status(5);
        }
    }
    // What it names is not granted by that.
    let home = "[permissions]\nread = [\"../../home\"]\nwrite = [\"/\"]\nnet = [\"127.0.0.1\"]\nenv = [\"REPORT_TO\"]\n";
    run(home, &read("../home/a.txt"), &[])
        .stderr_contains("--allow-read")
        .status(5);
    run(home, "env::get(\"REPORT_TO\")", &[])
        .stderr_contains("--allow-env")
        .status(5);
    run(home, "http::get(\"http://127.0.0.1:9\")", &[])
        .stderr_contains("--allow-net")
        .status(5);
    run(home, &read("../home/a.txt"), &["--allow-read=../home"])
        .stdout("home\n")
        .success();
    // What it does not name stays as it is.
    let narrow = "[permissions]\nwrite = [\"out\"]\nenv = []\nnet = []\n";
    run(narrow, &read("other/a.txt"), &[])
        .stdout("other\n")
        .success();
    for code in [
        "file::write_text(\"other/b.txt\", \"x\")",
        "file::write_text(\"scripts/dropscript.toml\", \"\")",
        "env::get(\"REPORT_TO\")",
        "http::get(\"http://example.com\")",
        "dropbox(#{ endpoint: \"http://dropbox.invalid\", access_token: \"t\" })",
    ] {
        run(narrow, code, &["--allow-all"]).status(5);
    }
    let done = run(
        narrow,
        "file::create_folder(\"scripts/out\"); file::write_text(\"scripts/out/b.txt\", \"x\")",
        &[],
    )
    .success();
    assert!(done.path("scripts/out/b.txt").exists());
    for (guard, code) in [
        ("no_delete = true", "file::delete(\"other/a.txt\")"),
        ("max_delete = 0", "file::delete(\"other/a.txt\")"),
        (
            "read_only = true",
            "dropbox().write_text(\"/a.txt\", \"x\")",
        ),
    ] {
        let text = format!("[permissions]\n{guard}\n");
        run(
            &text,
            code,
            &["--allow-all", "--emulator", "--max-delete=9"],
        )
        .status(5);
    }
    for (wrong, said) in [
        ("[permissions]\nall = true\n", "there is no setting `all`"),
        ("[permissions]\nraed = []\n", "did you mean `read`?"),
        ("[permission]\n", "did you mean `permissions`?"),
        ("[permissions]\nread = 3\n", "dropscript.toml:2:"),
    ] {
        run(wrong, "print(1)", &[]).stderr_contains(said).status(2);
    }
}
