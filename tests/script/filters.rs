//! Filters in scripts, and the closures among them.

use std::time::{Duration, Instant};

use dropscript::{Limits, Reason, RunOptions};
use tokio_util::sync::CancellationToken;

use crate::cloud::{lab, lab_with};

#[test]
fn filters_are_maps_and_closures() {
    let (emulator, bench) = lab();
    for path in ["/r/a.csv", "/r/b.csv", "/r/c.txt", "/r/sub/d.csv"] {
        emulator.put("main", path, path);
    }
    let bench = bench.file("out/x.csv", "1").file("out/y.csv", "22");
    bench.eval(
        r#"
        let dbx = dropbox();
        let names = |filter| dbx.list("/r", filter).map(|item| item.name);
        assert_eq(names.call(#{ include: "*.csv", sort: "-name" }), ["b.csv", "a.csv"]);
        assert_eq(names.call(#{ include: ["a*", "c*"] }), ["a.csv", "c.txt"]);
        assert_eq(names.call(#{ kind: "files", older_than: time::now() - time::days(1) }), []);
        assert_eq(names.call(#{ newer_than: time::days(1), smaller_than: "1 KB", limit: 1 }), ["a.csv"]);

        let wanted = ["a.csv", "d.csv"];
        let own = #{ subfolders: true, where: |item| item.name in wanted };
        assert_eq(names.call(own), ["a.csv", "d.csv"]);
        let seen = 0;
        for item in dbx.list("/r", own) { assert(item.size > 0); seen += 1; }
        assert_eq(seen, 2);

        // The closure may ask Dropbox itself.
        let asks = #{ where: |file| dropbox().exists("/r/" + file.name) };
        assert_eq(dbx.upload("out", "/r", #{ where: |file| file.size > 1 }).transferred, 1);
        assert_eq(dbx.upload("out", "/r", asks).items.map(|item| item.outcome), ["skipped"]);
        assert_eq(dbx.download("/r", "in", #{ where: |item| item.path.ends_with("d.csv") }).transferred, 1);

        let gone = dbx.delete_in("/r", #{ where: |item| item.name == "b.csv" });
        assert_eq(gone.items.map(|item| item.source), ["/r/b.csv"]);
        "#,
    );
    assert!(bench.path("in/sub/d.csv").exists());
}

#[test]
fn what_a_closure_throws_arrives_as_it_was_thrown() {
    let (emulator, bench) = lab();
    emulator.put("main", "/r/a.csv", "a");
    bench.eval(
        r#"
        let dbx = dropbox();
        for ask in [
            |closure| dbx.list("/r", #{ where: closure }),
            |closure| dbx.download("/r", "in", #{ where: closure, on_error: "report" }),
            |closure| dbx.delete_in("/r", #{ where: closure, on_error: "report" }),
        ] {
            try { ask.call(|item| { throw item.name }); assert(false) } catch (e) { assert_eq(e, "a.csv") }
            try { ask.call(|item| dropbox().info("/none").size > 1); assert(false) } catch (e) { assert_eq(e.kind, "not_found") }
            try { ask.call(|item| 1); assert(false) } catch (e) { assert_eq(kind_of(e), "script") }
        }
        assert(dbx.exists("/r/a.csv"));
        "#,
    );
}

#[test]
fn a_stop_inside_a_closure_cannot_be_caught() {
    let limits = Limits {
        operations: Some(20_000),
        ..Limits::default()
    };
    let (emulator, bench) = lab_with(limits, false);
    emulator.put("main", "/r/a.csv", "a");
    let looping = r#"
        try { dropbox().delete_in("/r", #{ where: |item| { loop {} } }) } catch (e) { }
        print("still here");
    "#;
    assert_eq!(bench.fail(looping).reason, Reason::Limit);
    let (emulator, bench) = lab();
    emulator.put("main", "/r/a.csv", "a");
    let cancel = CancellationToken::new();
    let options = RunOptions {
        cancel: cancel.clone(),
        ..RunOptions::default()
    };
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        cancel.cancel();
    });
    let started = Instant::now();
    let error = bench.eval_with(
        r#"try { dropbox().list("/r", #{ where: |item| { sleep(600); true } }) } catch (e) { }"#,
        options,
    );
    stopper.join().unwrap();
    assert_eq!(error.unwrap_err().reason, Reason::Interrupted);
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(bench.printed().is_empty());
}

#[test]
fn slips_in_filters_are_told() {
    let (emulator, bench) = lab();
    emulator.put("main", "/r/a.csv", "a");
    for (call, message, hint) in [
        (
            r#"dbx.list("/r", #{ older_than: 10 })"#,
            "the option `older_than` of `list` cannot be 10",
            "an age with its unit, as \"10 days\"",
        ),
        (
            r#"dbx.delete_in("/r", #{ older_than: "10" })"#,
            "cannot be \"10\"",
            "with its unit",
        ),
        (
            r#"dbx.delete_in("/r", #{ include: () })"#,
            "has no value, it is `()`",
            "a mask",
        ),
        (
            r#"dbx.delete_in("/r", #{ where: () })"#,
            "the option `where` of `delete_in` cannot be nothing",
            "a closure on the item",
        ),
        (
            r#"dbx.delete_in("/r")"#,
            "no filter says what is to be deleted in `/r`",
            "`all: true`",
        ),
        (
            r#"dbx.delete_in("/r", #{ includ: "*.csv" })"#,
            "`delete_in` has no option `includ`",
            "did you mean `include`?",
        ),
        (
            r#"dbx.delete("/r", #{ older_than: "10 days" })"#,
            "`delete` takes no filter",
            "`delete_in(folder, filter)`",
        ),
        (
            r#"dbx.delete("/r", #{ where: |item| true })"#,
            "`delete` takes no filter",
            "`delete_in(folder, filter)`",
        ),
        (
            r#"dbx.list("/r", #{ content: #{ contains: "a" } })"#,
            "for local files only",
            "download",
        ),
        (
            r#"dbx.upload("x", "/r", #{ content: #{ has: "a" } })"#,
            "the option `content` of `upload` is a map that does not fit",
            "`contains`",
        ),
        (
            r#"dbx.upload("x", "/r", #{ limit: 0 })"#,
            "the option `limit` of `upload` cannot be 0",
            "from 1",
        ),
    ] {
        let told = bench.eval(&format!(
            "let dbx = dropbox(); let told = \"\";
            try {{ {call} }} catch (e) {{ told = `${{e.kind}}|${{e.message}}|${{e.hint}}` }}
            told"
        ));
        let (kind, rest) = told.split_once('|').unwrap();
        let (said, hinted) = rest.split_once('|').unwrap();
        assert_eq!(kind, "invalid_argument", "{call}");
        assert!(said.contains(message), "{call}: {said}");
        assert!(hinted.contains(hint), "{call}: {hinted}");
    }
    assert!(emulator.contents("main", "/r/a.csv").is_some());
}

#[test]
fn a_dry_run_deletes_nothing() {
    let (emulator, bench) = lab_with(Limits::default(), true);
    emulator.put("main", "/r/a.csv", "a");
    bench.eval(r#"assert_eq(dropbox().delete_in("/r", #{ include: "*" }).planned, 1)"#);
    assert!(emulator.contents("main", "/r/a.csv").is_some());
}

#[test]
fn a_closure_gives_new_names_and_what_arrived_goes() {
    let (emulator, bench) = lab();
    let bench = bench.file("out/a/x.csv", "1").file("out/b/y.csv", "22");
    bench.eval(
        r#"
        let dbx = dropbox();
        let day = "2026-06-30";
        let options = #{ flatten: true, delete_source: true, rename: |item| `${day} ${item.name}` };
        assert_eq(dbx.upload("out", "/in", options).transferred, 2);
        assert_eq(file::list("out/**/*.csv").len(), 0);
        let back = dbx.download("/in", "got", #{ delete_source: true, rename: |item| item.name.sub_string(11) });
        assert_eq([back.transferred, file::read_text("got/x.csv"), file::read_text("got/y.csv")], [2, "1", "22"]);
        assert_eq(dbx.list("/in").len(), 0);

        try { dbx.upload("got", "/in", #{ rename: |item| 7 }); assert(false) } catch (e) { assert_eq(kind_of(e), "script") }
        try { dbx.upload("got", "/in", #{ rename: "x" }); assert(false) } catch (e) { assert_eq(e.kind, "invalid_argument") }
        try { dbx.upload("got", "/in", #{ rename: |item| throw item.name }); assert(false) } catch (e) { assert(e.ends_with(".csv")) }
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/in"]);
}
