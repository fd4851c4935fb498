//! Connections in scripts, against the emulator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{Connection, ErrorKind, Limits, Permissions, Reason, RunOptions};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// A bench whose `dropbox()` is an account of an emulator.
pub(crate) fn lab() -> (Arc<Emulator>, Bench) {
    lab_with(Limits::default(), false)
}

pub(crate) fn lab_with(limits: Limits, dry_run: bool) -> (Arc<Emulator>, Bench) {
    let emulator = Arc::new(Emulator::start().unwrap());
    let connection = connection(&emulator, "main");
    let bench = Bench::with(move |host| {
        host.connection(connection.clone())
            .limits(limits.clone())
            .dry_run(dry_run)
    });
    (emulator, bench)
}

pub(crate) fn connection(emulator: &Emulator, name: &str) -> Connection {
    Connection::builder(name)
        .endpoint(emulator.url())
        .access_token(emulator.access_token(name))
        .build()
        .unwrap()
}

#[test]
fn the_five_tasks_work_from_a_script() {
    let (emulator, bench) = lab();
    let bench = bench
        .file("out/a.csv", "one")
        .file("out/b.csv", "two")
        .file("out/c.txt", "three");
    bench.eval(
        r#"
        let dbx = dropbox();
        let sent = dbx.upload("out/*.csv", "/reports");
        assert_eq([sent.transferred, sent.skipped, sent.failed, sent.bytes], [2, 0, 0, 6]);
        assert_eq(sent.items.map(|item| item.outcome), ["transferred", "transferred"]);
        assert(!sent.dry_run);
        assert_eq(dbx.upload("out/*.csv", "/reports", #{ overwrite: "changed" }).skipped, 2);

        let folder = dbx.create_folder("/new/deep");
        assert_eq([folder.path, folder.kind, folder.size], ["/new/deep", "folder", ()]);

        let names = [];
        for item in dbx.list("/reports") { names.push(item.name); }
        assert_eq(names, ["a.csv", "b.csv"]);

        let item = dbx.info("/reports/a.csv");
        assert_eq([item.path, item.size, item.kind, item.hash], ["/reports/a.csv", 3, "file", file::hash("out/a.csv")]);
        assert(item.modified <= time::now() && item.uploaded.year >= 2026);
        assert(item.rev != () && item.id.starts_with("id:"));
        assert(dbx.exists("/reports/a.csv") && !dbx.exists("/reports/z.csv"));

        let got = dbx.download("/reports", "in");
        assert_eq(got.transferred, 2);
        assert_eq(file::read_text("in/b.csv"), "two");

        assert_eq(dbx.delete("/reports/a.csv").deleted, 1);
        assert_eq(dbx.delete(dbx.info("/reports/b.csv")).deleted, 1);
        assert_eq(dbx.delete("/reports/a.csv", #{ missing_ok: true }).deleted, 0);
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/new", "/new/deep", "/reports"]);
}

#[test]
fn sources_are_text_items_entries_and_arrays_of_these() {
    let (emulator, bench) = lab();
    let bench = bench
        .file("w/x/a.txt", "a")
        .file("w/b.txt", "b")
        .file("c.txt", "c");
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.upload(file::list("w/**/*.txt"), "/entries").transferred, 2);
        assert_eq(dbx.upload(["c.txt", "w/b.txt"], "/array").transferred, 2);
        let items = dbx.list("/array").to_array();
        assert_eq(dbx.download([items[1], "/entries/b.txt"], "got").transferred, 2);
        assert_eq(dbx.delete(items).deleted, 2);
        "#,
    );
    assert_eq!(
        emulator.paths("main"),
        [
            "/array",
            "/entries",
            "/entries/b.txt",
            "/entries/x",
            "/entries/x/a.txt"
        ]
    );
    assert!(bench.path("got/c.txt").exists() || bench.path("got/b.txt").exists());
}

#[test]
fn event_files_keep_their_place() {
    let (emulator, bench) = lab();
    let bench = bench.file("w/x/a.txt", "a");
    let file = dropscript::EventFile {
        path: bench.path("w/x/a.txt").display().to_string(),
        relative: "x/a.txt".into(),
        ..Default::default()
    };
    let event = dropscript::Event {
        files: vec![file],
        ..Default::default()
    };
    let run = RunOptions {
        event,
        ..RunOptions::default()
    };
    bench
        .eval_with("dropbox().upload(event.files, \"/all\")", run)
        .unwrap();
    assert_eq!(emulator.contents("main", "/all/x/a.txt").unwrap(), "a");
}

#[test]
fn a_listing_lists_anew_each_time_and_page_by_page() {
    let (emulator, bench) = lab();
    for name in ["a", "b", "c"] {
        emulator.put("main", &format!("/f/{name}.txt"), name);
    }
    bench.eval(
        r#"
        let dbx = dropbox();
        let all = dbx.list("/f");
        assert_eq([all.count(), all.len(), all.is_empty(), all.first().name], [3, 3, false, "a.txt"]);
        assert_eq(all.map(|item| item.size), [1, 1, 1]);
        assert_eq(all.filter(|item| item.name > "a.txt").map(|item| item.name), ["b.txt", "c.txt"]);
        for item in all { dbx.delete(item); }
        assert_eq([all.count(), all.is_empty(), all.first()], [0, true, ()]);
        assert_eq(`${all}`, "Listing of `/f`");
        assert_eq(dbx.list("/f/*.txt").to_array(), []);
        "#,
    );
    let calls = emulator.calls().of("files/list_folder");
    bench.eval("let l = dropbox().list(\"/f\"); 1");
    assert_eq!(
        emulator.calls().of("files/list_folder"),
        calls,
        "no use, no request"
    );
}

#[test]
fn a_page_that_fails_raises_in_the_loop() {
    let (emulator, bench) = lab();
    emulator.put("main", "/f/a.txt", "a");
    let code = "let seen = 0; try { for item in dropbox().list(\"/nowhere\") { seen += 1; } } catch (e) { seen = e.kind; } seen";
    assert_eq!(bench.eval(code), "not_found");
    let error = bench.fail("let x = 1;\nfor item in dropbox().list(\"/nowhere\") { x += 1; }");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
    assert_eq!(error.frames.last().unwrap().line, 2);
    for method in [
        "to_array()",
        "count()",
        "first()",
        "is_empty()",
        "map(|i| i)",
        "filter(|i| true)",
    ] {
        let error = bench.fail(&format!("dropbox().list(\"/nowhere\").{method}"));
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::NotFound),
            "{method}"
        );
    }
}

#[test]
fn a_partial_failure_carries_its_report() {
    let (emulator, bench) = lab();
    let bench = bench.file("out/a.txt", "a").file("out/b.txt", "b");
    // A folder is where the file would go.
    emulator.put("main", "/x/b.txt/inside", "");
    bench.eval(
        r#"
        let caught = ();
        try { dropbox().upload("out", "/x"); } catch (e) { caught = e; }
        assert_eq(caught.kind, "partial");
        assert_eq([caught.report.transferred, caught.report.failed], [1, 1]);
        let failed = caught.report.items.filter(|item| item.outcome == "failed")[0];
        assert(failed.error.message != ());
        assert_eq(kind_of(caught), "partial");
        "#,
    );
    let error = bench.fail("dropbox().upload(\"out\", \"/x\")");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Partial));
    assert!(dropscript::Report::of(error.error.as_deref().unwrap()).is_some());
}

#[test]
fn connections_have_names_accounts_and_space() {
    let (emulator, bench) = lab();
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq([dbx.name, dbx.signed_in, type_of(dbx), `${dbx}`], ["main", true, "Connection", "Connection \"main\""]);
        assert(dbx.account.email.contains("@"));
        assert(dbx.space.used >= 0);
        assert_eq(dropbox("main").name, "main");
        fn name() { dropbox().name }
        assert_eq(name(), "main");
        const D = dropbox();
        assert(!D.exists("/nothing"));
        "#,
    );
    let signed_out = format!(
        "dropbox(#{{ endpoint: \"{}\", access_token: \"wrong\" }}).signed_in",
        emulator.url()
    );
    assert_eq!(bench.eval(&signed_out), "false");
    let error = bench.fail("dropbox(\"mian\")");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
    assert_eq!(error.hint.as_deref(), Some("did you mean `main`?"));
}

#[test]
fn slips_on_a_connection_are_told() {
    let (_emulator, bench) = lab();
    for (code, message, hint) in [
        (
            "dropbox().uplod(\"a\", \"/b\")",
            "`Connection` has no method `uplod`",
            "did you mean `upload`?",
        ),
        (
            "dropbox().acount",
            "`Connection` has no property `acount`",
            "did you mean `account`?",
        ),
        (
            "dropbox().account()",
            "`Connection` has no method `account`",
            "is a property",
        ),
        (
            "dropbox().info",
            "`Connection` has no property `info`",
            "is a method",
        ),
        (
            "dropbox().upload(\"a\")",
            "`upload` does not take (text)",
            "it takes `upload(source, folder: text)` or `upload(source, folder: text, options: map)`",
        ),
        (
            "dropbox().upload(\"a\", 5)",
            "`upload` does not take (text, integer)",
            "folder: text",
        ),
    ] {
        let error = bench.fail(code);
        assert_eq!(error.message, message, "{code}");
        assert!(
            error.hint.as_deref().unwrap_or_default().contains(hint),
            "{code}: {:?}",
            error.hint
        );
    }
}

#[test]
fn a_dry_run_changes_nothing_anywhere() {
    let (emulator, bench) = lab_with(Limits::default(), true);
    emulator.put("main", "/r/a.txt", "a");
    let bench = bench.file("out/b.txt", "b");
    bench.eval(
        r#"
        let dbx = dropbox();
        for report in [dbx.upload("out", "/r"), dbx.download("/r", "in"), dbx.delete("/r/a.txt")] {
            assert(report.dry_run);
            assert_eq(report.planned, 1);
        }
        assert_eq(dbx.create_folder("/new").path, "/new");
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/r", "/r/a.txt"]);
    assert!(!bench.path("in").exists());
}

#[test]
fn tasks_touch_only_local_files_that_a_script_may() {
    let emulator = Emulator::start().unwrap();
    emulator.put("main", "/a.txt", "a");
    let connection = connection(&emulator, "main");
    let bench = Bench::with(move |host| {
        host.connection(connection.clone())
            .permissions(Permissions::none())
    });
    let bench = bench.file("out/a.txt", "a");
    for code in [
        "dropbox().upload(\"out\", \"/x\")",
        "dropbox().upload(\"out/*\", \"/x\")",
        "dropbox().upload([\"/etc/hostname\"], \"/x\")",
        "dropbox().upload(#{ path: \"/etc/hostname\", relative: \"hostname\" }, \"/x\")",
        "dropbox().download(\"/a.txt\", \"in\")",
    ] {
        assert_eq!(
            bench.fail(code).reason,
            Reason::Failed(ErrorKind::NotAllowed),
            "{code}"
        );
    }
    assert_eq!(emulator.paths("main"), ["/a.txt"]);
    let code = "let t = file::temp_folder(); dropbox().download(\"/a.txt\", t); dropbox().upload(t + \"/a.txt\", \"/b\").transferred";
    assert_eq!(bench.eval(code), "1");
}

#[test]
fn a_long_call_ends_at_the_deadline_and_when_it_is_cancelled() {
    let limits = Limits {
        deadline: Some(Duration::from_millis(300)),
        ..Limits::default()
    };
    let (emulator, bench) = lab_with(limits, false);
    emulator.inject(Fault::on("files/get_metadata", FaultKind::Hang));
    let began = Instant::now();
    let error = bench.fail("try { dropbox().info(\"/a\") } catch {} 5");
    assert_eq!(error.reason, Reason::Deadline);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );

    let (emulator, bench) = lab();
    emulator.inject(Fault::on("files/get_metadata", FaultKind::Hang));
    let error = bench
        .eval_cancelled("[1].map(|x| dropbox().info(\"/a\"))")
        .expect_err("it hangs");
    assert_eq!(error.reason, Reason::Interrupted);
}

#[test]
fn a_session_shows_a_listing_for_reading() {
    let (emulator, bench) = lab();
    emulator.put("main", "/f/a.txt", "abc");
    let mut session = bench.host().session();
    let answer = session.eval("dropbox().list(\"/f\")", CancellationToken::new());
    let text = bench.runtime().block_on(answer).unwrap().text.unwrap();
    assert!(
        text.contains("\nfile   3 B  20") && text.ends_with("  /f/a.txt"),
        "{text}"
    );
    let answer = session.eval("dropbox().list(\"/nowhere\")", CancellationToken::new());
    let error = bench
        .runtime()
        .block_on(answer)
        .expect_err("there is no folder");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
}

#[test]
fn one_file_goes_and_comes_under_another_name() {
    let (emulator, bench) = lab();
    let bench = bench.file("a.csv", "one");
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.upload_file("a.csv", "/reports/january.csv").transferred, 1);
        assert_eq(dbx.download_file("/reports/january.csv", "in/b.csv", #{ keep_dates: false }).transferred, 1);
        assert_eq(file::read_text("in/b.csv"), "one");
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/reports", "/reports/january.csv"]);
}

#[test]
fn single_files_are_values_and_can_be_moved() {
    let (emulator, bench) = lab();
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.write_text("/notes/a.txt", "one").size, 3);
        dbx.write_text("/notes/a.txt", "two", #{ overwrite: "always" });
        assert_eq(dbx.read_text("/notes/a.txt"), "two");
        let bytes = blob(3, 65);
        dbx.write_blob("/notes/b.bin", bytes);
        assert_eq(dbx.read_blob("/notes/b.bin"), bytes);

        let versions = dbx.revisions("/notes/a.txt");
        assert_eq(versions.len(), 2);
        dbx.restore("/notes/a.txt", versions[1].rev);
        assert_eq(dbx.read_text("/notes/a.txt"), "one");
        assert(dbx.temporary_link("/notes/a.txt").starts_with("http"));

        assert_eq(dbx.copy_to("/notes/a.txt", "/copy.txt").path, "/copy.txt");
        assert_eq(dbx.rename("/copy.txt", "moved.txt").path, "/moved.txt");
        assert_eq(dbx.rename("/moved.txt", "/notes/a.txt", #{ overwrite: "rename" }).path, "/notes/a (2).txt");
        let kind = "";
        try { dbx.copy_to("/notes/a.txt", "/notes/b.bin") } catch (e) { kind = e.kind }
        assert_eq(kind, "conflict");
        "#,
    );
    assert_eq!(
        emulator.paths("main"),
        ["/notes", "/notes/a (2).txt", "/notes/a.txt", "/notes/b.bin"]
    );
}

#[test]
fn a_dry_run_moves_and_writes_nothing() {
    let (emulator, bench) = lab_with(Limits::default(), true);
    emulator.put("main", "/a.txt", "a");
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.write_text("/b.txt", "b").path, "/b.txt");
        assert_eq(dbx.copy_to("/a.txt", "/c.txt").path, "/c.txt");
        assert_eq(dbx.rename("/a.txt", "d.txt").path, "/d.txt");
        let rev = dbx.revisions("/a.txt")[0].rev;
        assert_eq(dbx.restore("/a.txt", rev).rev, rev);
        "#,
    );
    assert_eq!(emulator.paths("main"), ["/a.txt"]);
    assert_eq!(emulator.calls().by_route.get("files/restore"), None);
}
