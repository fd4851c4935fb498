//! `file::`, `path::`, permissions and dry runs.

use dropscript::{ErrorKind, Level, Limits, Permissions, Reason};

use crate::bench::Bench;

fn refused(bench: &Bench, code: &str) -> String {
    let error = bench.fail(code);
    assert_eq!(
        error.reason,
        Reason::Failed(ErrorKind::NotAllowed),
        "{code}: {error}"
    );
    assert!(!error.frames.is_empty(), "{code} has no place");
    error.hint.expect("the flag")
}

#[test]
fn files_are_written_read_and_looked_at() {
    let bench = Bench::new();
    bench.eval(
        r#"
        file::create_folder("out/deep");
        file::write_text("out/a.txt", "one\n");
        file::append_text("out/a.txt", "two\n");
        file::append_text("out/new.txt", "three");
        assert_eq!(1, 1);
        "#
        .replace("assert_eq!", "assert_eq")
        .as_str(),
    );
    bench.eval(
        r#"
        assert_eq(file::read_text("out/a.txt"), "one\ntwo\n");
        assert(file::exists("out/new.txt"));
        assert(!file::exists("out/none.txt"));
        let info = file::info("out/a.txt");
        assert_eq([info.path, info.name, info.folder, info.kind, info.size], ["out/a.txt", "a.txt", "out", "file", 8]);
        assert(info.modified <= time::now());
        assert_eq(file::info("out/deep").kind, "folder");
        "#,
    );
    assert_eq!(
        std::fs::read_to_string(bench.path("out/a.txt")).unwrap(),
        "one\ntwo\n"
    );
}

#[test]
fn the_content_hash_is_dropboxs() {
    let bench = Bench::new().file("empty", "");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(bench.eval("file::hash(\"empty\")"), empty);
    // Two blocks: the hash of the blocks' hashes.
    std::fs::write(bench.path("large"), vec![0; (4 << 20) + 1]).unwrap();
    let mut hasher = dropscript::ContentHasher::new();
    hasher.update(&vec![0; (4 << 20) + 1]);
    assert_eq!(bench.eval("file::hash(\"large\")"), hasher.finish());
}

#[test]
fn a_listing_is_in_order_and_follows_the_glob() {
    let bench = Bench::new()
        .file("in/b.csv", "")
        .file("in/a.csv", "")
        .file("in/c.txt", "")
        .file("in/sub/d.csv", "");
    for (glob, paths) in [
        ("in", r#"["in/a.csv", "in/b.csv", "in/c.txt", "in/sub"]"#),
        ("in/*.csv", r#"["in/a.csv", "in/b.csv"]"#),
        ("in/**/*.csv", r#"["in/a.csv", "in/b.csv", "in/sub/d.csv"]"#),
        ("in/*/*.csv", r#"["in/sub/d.csv"]"#),
        ("in/{a,b}.csv", r#"["in/a.csv", "in/b.csv"]"#),
        ("in/*.zip", "[]"),
    ] {
        assert_eq!(
            bench.eval(&format!("file::list(\"{glob}\").map(|f| f.path)")),
            paths,
            "{glob}"
        );
    }
    assert_eq!(
        bench.eval("file::list(\"in/**/d.csv\")[0].relative"),
        "sub/d.csv"
    );
    let error = bench.fail("file::list(\"nowhere\")");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
}

#[test]
fn files_are_copied_moved_and_deleted() {
    let bench = Bench::new().file("a.txt", "text").file("dir/x", "x");
    bench.eval(
        r#"
        file::copy("a.txt", "b.txt");
        file::copy("a.txt", "dir");
        file::move("b.txt", "c.txt");
        file::move("dir", "moved");
        file::delete("a.txt");
        "#,
    );
    assert_eq!(
        bench.eval("file::list(\".\").map(|f| f.path)"),
        r#"["./c.txt", "./moved"]"#
    );
    assert_eq!(bench.eval("file::read_text(\"moved/a.txt\")"), "text");
    bench.eval("file::delete(\"moved\")");
    assert!(!bench.path("moved").exists());
    for (code, kind) in [
        ("file::delete(\"moved\")", ErrorKind::NotFound),
        (
            "file::copy(\"c.txt\", \"c.txt\")",
            ErrorKind::InvalidArgument,
        ),
        (
            "file::create_folder(\"d\"); file::copy(\"d\", \"e\")",
            ErrorKind::Unsupported,
        ),
        ("file::read_text(\"d\")", ErrorKind::LocalIo),
        ("file::read_text(\"\")", ErrorKind::InvalidArgument),
    ] {
        assert_eq!(bench.fail(code).reason, Reason::Failed(kind), "{code}");
    }
    assert_eq!(bench.eval("file::read_text(\"c.txt\")"), "text");
}

#[test]
fn a_text_larger_than_the_limit_is_refused_before_it_is_read() {
    let limits = Limits {
        string_size: 1_000,
        ..Limits::default()
    };
    let bench =
        Bench::with(move |host| host.limits(limits.clone())).file("big", &"x".repeat(1_001));
    let error = bench.fail("file::read_text(\"big\")");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
}

#[test]
fn bytes_are_read_and_written_as_they_are() {
    let limits = Limits {
        array_size: 1_000,
        ..Limits::default()
    };
    let bench =
        Bench::with(move |host| host.limits(limits.clone())).file("big", &"x".repeat(1_001));
    std::fs::write(bench.path("in"), [0, 255, 10]).unwrap();
    bench.eval(
        r#"
        let bytes = file::read_blob("in");
        assert_eq([bytes.len(), bytes[1]], [3, 255]);
        file::write_blob("out", bytes);
        "#,
    );
    assert_eq!(std::fs::read(bench.path("out")).unwrap(), [0, 255, 10]);
    let error = bench.fail("file::read_blob(\"big\")");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_instead_of_waited_for() {
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    for code in [
        "file::read_text(\"pipe\")",
        "file::read_blob(\"pipe\")",
        "file::hash(\"pipe\")",
        "file::write_text(\"pipe\", \"\")",
        "file::append_text(\"pipe\", \"\")",
    ] {
        assert_eq!(
            bench.fail(code).reason,
            Reason::Failed(ErrorKind::LocalIo),
            "{code}"
        );
    }
}

#[test]
fn nothing_is_open_that_was_not_granted() {
    let bench = Bench::with(|host| host.permissions(Permissions::none())).file("a.txt", "");
    let folder = bench.folder().display().to_string();
    for code in [
        "file::read_text(\"a.txt\")",
        "file::exists(\"a.txt\")",
        "file::info(\"a.txt\")",
        "file::hash(\"a.txt\")",
    ] {
        assert_eq!(
            refused(&bench, code),
            format!("allow it with `--allow-read {folder}/a.txt`")
        );
    }
    for code in [
        "file::write_text(\"a.txt\", \"\")",
        "file::append_text(\"a.txt\", \"\")",
        "file::delete(\"a.txt\")",
        "file::create_folder(\"a.txt\")",
    ] {
        assert_eq!(
            refused(&bench, code),
            format!("allow it with `--allow-write {folder}/a.txt`")
        );
    }
    assert_eq!(
        refused(&bench, "file::list(\"/etc/*\")"),
        "allow it with `--allow-read /etc`"
    );
    assert!(bench.path("a.txt").exists());
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let bench = Bench::new().file("mine", "");
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path(), bench.path("way")).unwrap();
    symlink(outside.path().join("new"), bench.path("dangling")).unwrap();
    for code in [
        "file::read_text(\"way/secret\")",
        "file::list(\"way\")",
        "file::write_text(\"way/new\", \"\")",
        "file::write_text(\"dangling\", \"\")",
        "file::copy(\"mine\", \"way\")",
        "file::move(\"mine\", \"way/mine\")",
        "file::delete(\"way/secret\")",
        "file::read_text(\"../../../../../../etc/hostname\")",
    ] {
        refused(&bench, code);
    }
    assert_eq!(
        bench.eval("file::list(\"*\").map(|f| f.path)"),
        r#"["mine"]"#
    );
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    // Deleting the link itself touches only the granted folder.
    bench.eval("file::delete(\"way\")");
    assert!(outside.path().join("secret").exists());
    assert!(!bench.path("way").is_symlink());
}

#[test]
fn the_temporary_folder_is_the_runs_own_and_goes_with_it() {
    let bench = Bench::with(|host| host.permissions(Permissions::none()));
    for (end, works) in [
        ("", true),
        ("throw 1;", false),
        ("exit(1);", true),
        ("let x = [].missing;", false),
    ] {
        let code = format!(
            "let t = file::temp_folder(); assert_eq(t, file::temp_folder());
             file::write_text(t + \"/a\", \"b\"); assert_eq(file::read_text(t + \"/a\"), \"b\"); print(t); {end}"
        );
        assert_eq!(bench.try_eval(&code).is_ok(), works, "{end}");
        let folder = bench.printed().pop().unwrap();
        assert!(!std::path::Path::new(&folder).exists(), "{end}");
    }
    refused(&bench, "file::list(path::parent(file::temp_folder()))");
}

#[test]
fn a_dry_run_says_what_it_would_do() {
    let bench = Bench::with(|host| host.dry_run(true)).file("a.txt", "a");
    bench.eval(
        r#"
        file::write_text("b.txt", "1234");
        file::append_text("a.txt", "12");
        file::create_folder("c");
        file::copy("a.txt", "d.txt");
        file::move("a.txt", "e.txt");
        file::delete("a.txt");
        "#,
    );
    let said: Vec<String> = bench
        .logged()
        .into_iter()
        .map(|(level, line)| {
            assert_eq!(level, Level::Info);
            line
        })
        .collect();
    assert_eq!(
        said,
        [
            "would write 4 bytes to `b.txt`",
            "would append 2 bytes to `a.txt`",
            "would create the folder `c`",
            "would copy `a.txt` to `d.txt`",
            "would move `a.txt` to `e.txt`",
            "would delete `a.txt`",
        ]
    );
    assert_eq!(std::fs::read_dir(bench.folder()).unwrap().count(), 1);
    assert_eq!(bench.eval("file::read_text(\"a.txt\")"), "a");
}

#[test]
fn settings_in_a_script_reach_only_where_it_may() {
    let bench = Bench::new();
    let hint = refused(
        &bench,
        "dropbox(#{ endpoint: \"https://example.com\", access_token: \"t\" })",
    );
    assert_eq!(hint, "allow it with `--allow-net example.com`");
    let hint = refused(
        &bench,
        "dropbox(#{ access_token: \"t\", proxy: #{ type: \"http\", address: \"proxy.example.com\" } })",
    );
    assert_eq!(hint, "allow it with `--allow-net proxy.example.com`");
    refused(
        &bench,
        "dropbox(#{ access_token: \"t\", ca_file: \"/etc/hostname\" })",
    );
    for code in [
        "dropbox(#{ endpoint: \"http://127.0.0.1:1\", access_token: \"t\" }).name",
        "dropbox(#{ endpoint: \"http://localhost:1\", access_token: \"t\" }).name",
        "dropbox(#{ access_token: \"t\" }).name",
    ] {
        assert_eq!(bench.eval(code), "script", "{code}");
    }
}

#[test]
fn options_are_checked_by_name_and_type() {
    let bench = Bench::new();
    let connection =
        "let dbx = dropbox(#{ endpoint: \"http://127.0.0.1:1\", access_token: \"t\" });";
    for (call, message, hint) in [
        (
            "dbx.list(\"\", #{ subfolder: true })",
            "`list` has no option `subfolder`",
            "did you mean `subfolders`?",
        ),
        (
            "dbx.list(\"\", #{ subfolders: \"yes\" })",
            "the option `subfolders` of `list` cannot be \"yes\"",
            "it takes true or false",
        ),
        (
            "dbx.list(\"\", #{ subfolders: () })",
            "has no value, it is `()`",
            "it takes true or false",
        ),
        (
            "dbx.upload(\"a\", \"/x\", #{ overwrite: \"sometimes\" })",
            "the option `overwrite` of `upload` cannot be \"sometimes\"",
            "\"changed\"",
        ),
        (
            "dbx.upload(\"a\", \"/x\", #{ parallel: 0 })",
            "the option `parallel` of `upload` cannot be 0",
            "from 1",
        ),
        (
            "dbx.upload(\"a\", \"/x\", #{ parallel: |x| x })",
            "cannot be a closure",
            "from 1",
        ),
        (
            "dbx.upload(5, \"/x\")",
            "an integer is no source",
            "a path or glob",
        ),
        (
            "dbx.delete([\"/a\", 5])",
            "an integer is no source",
            "a path or glob",
        ),
        (
            "dropbox(#{ acces_token: \"t\" })",
            "`dropbox` has no option `acces_token`",
            "did you mean `access_token`?",
        ),
        (
            "dropbox(#{ access_token: 12345 })",
            "the option `access_token` of `dropbox` cannot be an integer",
            "it takes text",
        ),
        (
            "dropbox(#{ access_token: \"t\", proxy: #{ adress: \"localhost\" } })",
            "`proxy` has no option `adress`",
            "did you mean `address`?",
        ),
        (
            "dropbox(#{ access_token: \"t\", proxy: #{ type: \"ftp\" } })",
            "the option `type` of `proxy` cannot be \"ftp\"",
            "\"socks5\"",
        ),
        (
            "dropbox(#{ access_token: \"t\", proxy: \"http://u:canary@localhost\" })",
            "the option `proxy` of `dropbox` cannot be text",
            "it takes a map",
        ),
    ] {
        let error = bench.fail(&format!("{connection} {call}"));
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{call}: {error}"
        );
        assert!(error.message.contains(message), "{call}: {}", error.message);
        assert!(
            error.hint.as_deref().unwrap_or_default().contains(hint),
            "{call}: {:?}",
            error.hint
        );
    }
}

#[test]
fn paths_are_taken_apart_and_joined() {
    let code = r#"[path::join("/a", "b"), path::name("/a/b.csv"), path::stem("/a/b.csv"), path::extension("/a/b.csv"), path::parent("/a/b.csv")]"#;
    assert_eq!(
        Bench::new().eval(code),
        r#"["/a/b", "b.csv", "b", "csv", "/a"]"#
    );
}

#[test]
fn a_tilde_is_the_home_and_asks_for_permission_as_any_folder() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.txt"), "at home").unwrap();
    let folder = home.path().to_owned();
    let open = Bench::with(move |host| {
        host.home(&folder)
            .permissions(Permissions::none().read(&folder))
    });
    open.eval(r#"assert_eq(file::read_text("~/a.txt"), "at home"); assert_eq(file::list("~/*.txt").len(), 1);"#);
    let folder = home.path().to_owned();
    let shut = Bench::with(move |host| host.home(&folder));
    shut.eval(r#"try { file::read_text("~/a.txt"); throw "read" } catch (e) { assert_eq(e.kind, "not_allowed"); }"#);
    shut.eval(r#"assert(!file::exists("~a.txt"));"#);
}
