//! Copies, moves and mirrors in scripts.

use dropscript::{Limits, Permissions};

use crate::bench::Bench;
use crate::cloud::{lab, lab_with};

#[test]
fn files_are_copied_and_moved_at_dropbox() {
    let (emulator, bench) = lab();
    for path in ["/a/x.csv", "/a/b/y.csv", "/a/z.txt"] {
        emulator.put("main", path, path);
    }
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.copy("/a", "/copy").transferred, 3);
        assert_eq(dbx.copy("/a", "/copy").skipped, 3);
        let options = #{ flatten: true, where: |item| item.name != "z.txt", rename: |item| "new-" + item.name };
        assert_eq(dbx.move("/a", "/flat", options).transferred, 2);
        assert_eq(dbx.list("/flat").map(|item| item.name), ["new-x.csv", "new-y.csv"]);
        assert_eq(dbx.move([dbx.info("/a/z.txt"), "/copy/z.txt"], "/flat", #{ on_error: "report" }).failed, 1);
        try { dbx.copy("/copy", "/x", #{ delete_source: true }); assert(false) } catch (e) { assert_eq(e.hint, "use `move`") }
        try { dbx.copy("/copy", "/x", #{ ovrwrite: "always" }); assert(false) } catch (e) { assert(e.hint.contains("overwrite")) }
        "#,
    );
    assert!(emulator.contents("main", "/flat/z.txt").is_some());
    assert!(emulator.contents("main", "/a/z.txt").is_none());
}

#[test]
fn folders_are_mirrored_both_ways() {
    let (emulator, bench) = lab();
    let bench = bench.file("site/a.html", "a").file("site/img/b.png", "b");
    emulator.put("main", "/site/old.html", "old");
    bench.eval(
        r#"
        let dbx = dropbox();
        let up = dbx.mirror_up("site", "/site");
        assert_eq([up.transferred, up.deleted], [2, 1]);
        dbx.write_text("/site/c.html", "c");
        dbx.delete("/site/a.html");
        let down = dbx.mirror_down("/site", "site", #{ exclude: "*.png" });
        assert_eq([down.transferred, down.deleted, down.skipped], [1, 1, 0]);
        assert_eq(file::list("site/**/*.*").map(|file| file.relative), ["c.html", "img/b.png"]);
        try { dbx.mirror_up("none", "/site"); assert(false) } catch (e) { assert_eq(e.kind, "not_found") }
        file::create_folder("empty");
        try { dbx.mirror_up("empty", "/site"); assert(false) } catch (e) { assert(e.hint.contains("allow_empty")) }
        assert_eq(dbx.mirror_up("empty", "/site", #{ delete_extra: false, allow_empty: true }).deleted, 0);
        assert_eq(dbx.list("/site").len(), 2);
        "#,
    );
}

#[test]
fn a_dry_run_moves_and_mirrors_nothing() {
    let (emulator, bench) = lab_with(Limits::default(), true);
    let bench = bench.file("site/a.html", "a");
    emulator.put("main", "/site/old.html", "old");
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.move("/site", "/else").planned, 1);
        assert_eq(dbx.mirror_up("site", "/site").planned, 2);
        assert_eq(dbx.mirror_down("/site", "site").planned, 2);
        assert_eq(dbx.upload("site", "/site", #{ delete_source: true }).planned, 1);
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/site", "/site/old.html"]);
    assert!(bench.path("site/a.html").exists());
}

#[test]
fn a_source_that_may_only_be_read_is_not_deleted() {
    let (_emulator, bench) = lab();
    let bench = bench.file("out/a.txt", "a");
    let folder = bench.folder();
    let reader = Bench::with(move |host| host.permissions(Permissions::none().read(&folder)));
    let path = bench.path("out").display().to_string();
    let code = format!(
        r#"dropbox(#{{ access_token: "x" }}).upload("{path}", "/in", #{{ delete_source: true }})"#
    );
    let error = reader.fail(&code).error.unwrap();
    assert_eq!(error.kind().as_str(), "not_allowed");
    assert!(bench.path("out/a.txt").exists());
}
