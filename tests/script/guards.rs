//! The guards of a whole run: read only, deletions, dry run.

use std::sync::Arc;

use dropscript::emulator::Emulator;
use dropscript::{ErrorKind, Level, Limits, Permissions, Reason};

use crate::bench::Bench;
use crate::cloud::{connection, lab_with};

/// Calls that change something at Dropbox, each by itself; `rev` is of `/a.txt`.
const CHANGES: [&str; 19] = [
    r#"dbx.upload("out", "/x")"#,
    r#"dbx.upload_file("out/b.txt", "/x.txt")"#,
    r#"dbx.write_text("/a.txt", "new")"#,
    r#"dbx.write_blob("/x.bin", blob(3))"#,
    r#"dbx.create_folder("/new")"#,
    r#"dbx.copy_to("/a.txt", "/x.txt")"#,
    r#"dbx.rename("/a.txt", "x.txt")"#,
    r#"dbx.copy("/f/1.txt", "/x")"#,
    r#"dbx.move("/f/1.txt", "/x")"#,
    r#"dbx.mirror_up("out", "/x")"#,
    r#"dbx.copy_from(dbx, "/f/1.txt", "/x")"#,
    r#"dbx.restore("/a.txt", rev)"#,
    r#"dbx.share("/a.txt")"#,
    r#"dbx.unshare("https://www.dropbox.com/scl/fi/x")"#,
    r#"dbx.save_url("/x.txt", "http://127.0.0.1:1/")"#,
    r#"dbx.request("files/create_folder_v2", #{ path: "/new" })"#,
    r#"dbx.delete("/a.txt")"#,
    r#"dbx.delete_in("/", #{ include: "a*" })"#,
    r#"dbx.delete_in("/", #{ kind: "folders", include: "f" })"#,
];

/// A bench with `/a.txt`, three files in `/f`, and `out/b.txt`, whose scripts may do so much.
fn lab(permissions: impl Fn(Permissions) -> Permissions + 'static) -> (Arc<Emulator>, Bench) {
    let emulator = Arc::new(Emulator::start().unwrap());
    for path in ["/a.txt", "/f/1.txt", "/f/2.txt", "/f/deep/3.txt"] {
        emulator.put("main", path, path);
    }
    let connection = connection(&emulator, "main");
    let bench = Bench::with(move |host| {
        let folder = Permissions::none().read(".").write(".");
        host.connection(connection.clone())
            .permissions(permissions(folder))
    });
    (emulator, bench.file("out/b.txt", "b"))
}

const BEFORE: [&str; 6] = [
    "/a.txt",
    "/f",
    "/f/1.txt",
    "/f/2.txt",
    "/f/deep",
    "/f/deep/3.txt",
];

/// Runs code that a guard refuses; gives the hint.
fn refused(bench: &Bench, call: &str) -> String {
    let refused = bench.fail(&with_rev(call));
    let reason = Reason::Failed(ErrorKind::NotAllowed);
    assert_eq!(refused.reason, reason, "{call}");
    refused.hint.unwrap_or_default()
}

fn with_rev(call: &str) -> String {
    format!("let dbx = dropbox(); let rev = dbx.revisions(\"/a.txt\")[0].rev; {call}")
}

#[test]
fn read_only_lets_nothing_be_changed_and_everything_be_read() {
    let (emulator, bench) = lab(Permissions::read_only);
    for call in CHANGES {
        let hint = refused(&bench, call);
        assert!(hint.contains("--read-only"), "{call}: {hint}");
    }
    assert_eq!(emulator.paths("main"), BEFORE);
    assert_eq!(emulator.contents("main", "/a.txt").unwrap(), "/a.txt");
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.download("/f", "in").transferred, 3);
        assert_eq(dbx.read_text("/a.txt"), "/a.txt");
        assert_eq(dbx.list("/", #{ subfolders: true }).count(), 6);
        assert_eq(dbx.request("files/get_metadata", #{ path: "/a.txt" }).name, "a.txt");
        assert_eq(dbx.changes("/f").items.len(), 5);
        assert(dbx.temporary_link("/a.txt").starts_with("http"));
        // What is there already needs no sending.
        file::create_folder("same");
        file::write_text("same/a.txt", "/a.txt");
        assert_eq(dbx.upload("same", "/").skipped, 1);
        file::delete("same");
        "#,
    );
}

#[test]
fn no_delete_lets_everything_but_deletions_be_done() {
    let (emulator, bench) = lab(Permissions::no_delete);
    for call in [
        r#"dbx.delete("/a.txt")"#,
        r#"dbx.delete("/f", #{ on_error: "report" })"#,
        r#"dbx.delete_in("/f", #{ all: true })"#,
        r#"file::delete("out/b.txt")"#,
        r#"file::delete("out")"#,
        r#"dbx.request("files/delete_v2", #{ path: "/a.txt" })"#,
    ] {
        let hint = refused(&bench, call);
        assert!(hint.contains("--no-delete"), "{call}: {hint}");
    }
    assert_eq!(emulator.paths("main"), BEFORE);
    assert!(bench.path("out/b.txt").exists());
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.upload("out", "/x").transferred, 1);
        dbx.write_text("/a.txt", "new");
        dbx.rename("/a.txt", "z.txt");
        assert_eq(dbx.delete_in("/f", #{ include: "*.none" }).deleted, 0);
        // The run's own folder is its own affair.
        let own = path::join(file::temp_folder(), "a.txt");
        file::write_text(own, "a");
        file::delete(own);
        "#,
    );
    assert_eq!(emulator.contents("main", "/z.txt").unwrap(), "new");
}

#[test]
fn deleted_files_are_counted_over_the_run_here_and_at_dropbox() {
    let (emulator, bench) = lab(|permissions| permissions.max_delete(5));
    let bench = bench.file("out/c/d.txt", "d");
    bench.eval(
        r#"
        let dbx = dropbox();
        fn refused(task) { attempt(task).error.kind }
        file::delete("out");
        assert_eq(dbx.delete("/f").deleted, 1);
        assert_eq(refused(|| dropbox().delete("/a.txt")), "not_allowed");
        assert_eq(refused(|| dropbox().delete_in("/", #{ include: "a*", on_error: "report" })), "not_allowed");
        file::write_text("one.txt", "1");
        assert_eq(refused(|| file::delete("one.txt")), "not_allowed");
        assert(file::exists("one.txt"));
        // A folder without files is no file.
        dbx.create_folder("/empty");
        assert_eq(dbx.delete("/empty").deleted, 1);
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/a.txt"]);
}

#[test]
fn too_many_deletions_are_refused_before_the_first() {
    let (emulator, bench) = lab(|permissions| permissions.max_delete(2));
    let bench = ["1", "2", "3"].iter().fold(bench, |bench, name| {
        bench.file(&format!("many/{name}"), name)
    });
    for call in [
        r#"dbx.delete("/f")"#,
        r#"dbx.delete(["/a.txt", "/f"])"#,
        r#"dbx.delete("/f", #{ dry_run: true })"#,
        r#"dbx.download("/f", "in", #{ delete_source: true })"#,
        r#"dbx.upload("many", "/x", #{ delete_source: true })"#,
        r#"dbx.delete_in("/f", #{ subfolders: true, all: true })"#,
        r#"dbx.delete_in("/", #{ kind: "folders", include: "f" })"#,
        r#"dbx.request("files/delete_v2", #{ path: "/a.txt" })"#,
    ] {
        let hint = refused(&bench, call);
        assert!(hint.contains("--max-delete"), "{call}: {hint}");
    }
    assert_eq!(emulator.paths("main"), BEFORE);
    // Each run counts for itself.
    for folder in ["/f", "/"] {
        let call = format!("dropbox().delete_in({folder:?}, #{{ all: true }}).deleted");
        bench.eval(&call);
    }
    assert_eq!(emulator.paths("main"), ["/f", "/f/deep", "/f/deep/3.txt"]);
}

/// A bench like that, with two more files named `1.txt`: one like that in `/f`, one unlike.
fn lab_of_twins(
    permissions: impl Fn(Permissions) -> Permissions + 'static,
) -> (Arc<Emulator>, Bench) {
    let (emulator, bench) = lab(permissions);
    emulator.put("main", "/like/1.txt", "/f/1.txt");
    emulator.put("main", "/unlike/1.txt", "other");
    (emulator, bench)
}

#[test]
fn no_delete_lets_nothing_be_replaced_at_dropbox_or_be_missing_from_a_mirror() {
    let (emulator, bench) = lab_of_twins(Permissions::no_delete);
    let before = emulator.paths("main");
    for call in [
        r#"dbx.copy("/f/1.txt", "/unlike")"#,
        r#"dbx.move("/f/1.txt", "/unlike")"#,
        r#"dbx.move("/f/1.txt", "/like", #{ on_error: "report" })"#,
        r#"dbx.copy_from(dbx, "/f", "/g", #{ delete_source: true })"#,
        r#"dbx.mirror_up("out", "/f")"#,
        r#"dbx.mirror_down("/f", "out")"#,
    ] {
        let hint = refused(&bench, call);
        assert!(hint.contains("--no-delete"), "{call}: {hint}");
    }
    assert_eq!(emulator.paths("main"), before);
    assert_eq!(emulator.contents("main", "/unlike/1.txt").unwrap(), "other");
    assert!(!bench.path("out/1.txt").exists());
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.copy("/f/1.txt", "/like").skipped, 1);
        assert_eq(dbx.move("/f/1.txt", "/unlike", #{ overwrite: "rename" }).transferred, 1);
        assert_eq(dbx.mirror_up("out", "/f", #{ delete_extra: false }).transferred, 1);
        assert_eq(dbx.mirror_down("/f", "out", #{ delete_extra: false }).transferred, 2);
        "#,
    );
}

#[test]
fn what_is_replaced_at_dropbox_and_what_a_mirror_deletes_is_counted_before_the_first() {
    let (emulator, bench) = lab_of_twins(|permissions| permissions.max_delete(1));
    let before = emulator.paths("main");
    for call in [
        r#"dbx.mirror_up("out", "/f")"#,
        r#"dbx.mirror_up("out", "/f", #{ dry_run: true })"#,
        r#"dbx.copy_from(dbx, "/f", "/g", #{ delete_source: true })"#,
        r#"dbx.move("/f/1.txt", "/unlike")"#,
    ] {
        let hint = refused(&bench, call);
        assert!(hint.contains("--max-delete"), "{call}: {hint}");
    }
    assert_eq!(emulator.paths("main"), before);
    let hint = refused(
        &bench,
        r#"
        assert_eq(dbx.copy("/f/1.txt", "/unlike").transferred, 1);
        dbx.write_text("/f/1.txt", "new");
        dbx.copy("/f/1.txt", "/unlike")
        "#,
    );
    assert!(hint.contains("--max-delete"), "{hint}");
    assert_eq!(emulator.paths("main"), before);
    assert_eq!(
        emulator.contents("main", "/unlike/1.txt").unwrap(),
        "/f/1.txt"
    );
    for name in ["1.txt", "2.txt", "3.txt"] {
        std::fs::write(bench.path("out").join(name), name).unwrap();
    }
    let hint = refused(&bench, r#"dbx.mirror_down("/like", "out")"#);
    assert!(hint.contains("--max-delete"), "{hint}");
    assert!(bench.path("out/3.txt").exists());
}

#[test]
fn a_dry_run_says_what_each_call_would_do_and_marks_it() {
    let (emulator, bench) = lab_with(Limits::default(), true);
    for path in ["/a.txt", "/f/1.txt", "/f/2.txt", "/f/deep/3.txt"] {
        emulator.put("main", path, path);
    }
    let bench = bench.file("out/b.txt", "b");
    for call in CHANGES {
        let told = bench.logged().len();
        bench.eval(&with_rev(&format!(
            "let what = {call}; if type_of(what) in [\"Item\", \"Report\"] {{ assert(what.planned in [1, true]); }}"
        )));
        let logged = bench.logged();
        assert_eq!(logged.len(), told + 1, "{call}: {logged:?}");
        assert_eq!(logged[told].0, Level::Info);
        assert!(logged[told].1.starts_with("would "), "{logged:?}");
    }
    for call in [
        r#"file::write_text("x.txt", "x")"#,
        r#"file::append_text("out/b.txt", "x")"#,
        r#"file::create_folder("x")"#,
        r#"file::copy("out/b.txt", "x.txt")"#,
        r#"file::move("out/b.txt", "x.txt")"#,
        r#"file::delete("out")"#,
        r#"dropbox().download("/f/1.txt", "in")"#,
        r#"dropbox().download_file("/f/1.txt", "in.txt")"#,
    ] {
        let told = bench.logged().len();
        bench.eval(call);
        assert_eq!(bench.logged().len(), told + 1, "{call}");
    }
    assert_eq!(emulator.paths("main"), BEFORE);
    let mut left: Vec<_> = std::fs::read_dir(bench.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["out"]);
    assert_eq!(
        std::fs::read_to_string(bench.path("out/b.txt")).unwrap(),
        "b"
    );
}
