//! Every option of every task that takes it, by tables: each task must select and decide alike.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dropscript::Permissions;
use dropscript::emulator::Emulator;

use crate::bench::Bench;
use crate::cloud::connection;

/// Files, their sizes, and how many days ago they were modified.
const FILES: [(&str, usize, u64); 6] = [
    ("a.csv", 10, 1),
    ("B.CSV", 3000, 40),
    ("c.txt", 300, 40),
    ("sub/d.csv", 5, 400),
    ("sub/deep/e.txt", 0, 3),
    ("skip/f.csv", 2048, 3),
];

/// A bench with the files in `s`, and at Dropbox in `/s`, in two accounts; `t` and `/t` have others in their places.
fn lab() -> (Arc<Emulator>, Bench) {
    let emulator = Arc::new(Emulator::start().unwrap());
    let (main, other) = (
        connection(&emulator, "main"),
        connection(&emulator, "other"),
    );
    let mut bench = Bench::with(move |host| {
        host.connection(main.clone())
            .connection(other.clone())
            .permissions(Permissions::none().read(".").write("."))
    });
    let day = Duration::from_secs(86_400);
    for (path, size, age) in FILES {
        bench = bench.file(&format!("s/{path}"), &"x".repeat(size));
        let file = bench.path(&format!("s/{path}"));
        let file = std::fs::File::options().write(true).open(file).unwrap();
        let age = day * u32::try_from(age).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.upload("s", "/s").transferred, 6);
        assert_eq(dropbox("other").upload("s", "/s").transferred, 6);
        "#,
    );
    (emulator, bench)
}

/// What each task would do with these files under some options: the names, in the order of their paths.
const TASKS: &str = r#"
    fn plan(options) {
        options.dry_run = true;
        options
    }
    fn names(items) {
        let names = [];
        for item in items {
            if item.outcome == "planned" { names.push(path::name(item.source)); }
        }
        names.sort();
        names
    }
    fn in_listing(options) {
        options.subfolders = options.subfolders ?? true;
        options.kind = "files";
        options
    }
    fn chosen(task, options) {
        let dbx = dropbox();
        switch task {
            "upload" => names(dbx.upload("s", "/new", plan(options)).items),
            "download" => names(dbx.download("/s", "new", plan(options)).items),
            "copy" => names(dbx.copy("/s", "/new", plan(options)).items),
            "move" => names(dbx.move("/s", "/new", plan(options)).items),
            "copy_from" => names(dropbox("other").copy_from(dbx, "/s", "/new", plan(options)).items),
            "mirror_up" => names(dbx.mirror_up("s", "/new", plan(options)).items),
            "mirror_down" => names(dbx.mirror_down("/s", "new", plan(options)).items),
            "delete_in" => names(dbx.delete_in("/s", plan(in_listing(options))).items),
            "list" => {
                let names = [];
                for item in dbx.list("/s", in_listing(options)) { names.push(item.name); }
                names.sort();
                names
            }
        }
    }
"#;

const ALL: [&str; 9] = [
    "upload",
    "download",
    "copy",
    "move",
    "copy_from",
    "mirror_up",
    "mirror_down",
    "delete_in",
    "list",
];

/// Options, and the names that they choose.
const FILTERS: [(&str, &str); 30] = [
    (r#"include: "*.csv""#, "B.CSV a.csv d.csv f.csv"),
    (
        r#"include: "*.csv", case_sensitive: true"#,
        "a.csv d.csv f.csv",
    ),
    (r#"include: ["a*", "c*"]"#, "a.csv c.txt"),
    (r#"include: "a*;c*""#, "a.csv c.txt"),
    (r#"include: "sub/*""#, "d.csv"),
    (r#"include: "sub/**""#, "d.csv e.txt"),
    (r#"exclude: "*.csv""#, "c.txt e.txt"),
    (r#"include: "*.csv", exclude: ["a*", "f*"]"#, "B.CSV d.csv"),
    (
        r#"exclude_folders: "skip""#,
        "B.CSV a.csv c.txt d.csv e.txt",
    ),
    (
        r#"exclude_folders: ["skip", "deep"]"#,
        "B.CSV a.csv c.txt d.csv",
    ),
    (r#"include: "^[a-c]\\.", regex: true"#, "B.CSV a.csv c.txt"),
    (
        r#"include: "^[a-c]\\.", regex: true, case_sensitive: true"#,
        "a.csv c.txt",
    ),
    (r#"include: "*", subfolders: false"#, "B.CSV a.csv c.txt"),
    (
        r#"older_than: "30 days", date: "modified""#,
        "B.CSV c.txt d.csv",
    ),
    (
        r#"newer_than: "30 days", date: "modified""#,
        "a.csv e.txt f.csv",
    ),
    (
        r#"older_than: "30 days", newer_than: "2 months", date: "modified""#,
        "B.CSV c.txt",
    ),
    (
        r#"older_than: "100 days", newer_than: "2 days", date: "modified", date_join: "or""#,
        "a.csv d.csv",
    ),
    (
        r#"older_than: time::now() - time::days(30), date: "modified""#,
        "B.CSV c.txt d.csv",
    ),
    (r#"newer_than: time::days(2), date: "modified""#, "a.csv"),
    (r#"older_than: "2001-01-01T00:00:00Z""#, ""),
    ("larger_than: 10", "B.CSV c.txt f.csv"),
    (r#"larger_than: "1 KB""#, "B.CSV f.csv"),
    ("smaller_than: 10", "d.csv e.txt"),
    (r#"larger_than: 9, smaller_than: "2 KB""#, "a.csv c.txt"),
    (
        r#"larger_than: "2 KB", smaller_than: 6, size_join: "or""#,
        "B.CSV d.csv e.txt",
    ),
    (
        r#"where: |item| item.size == 300 || item.name.starts_with("d")"#,
        "c.txt d.csv",
    ),
    (r#"include: "*", sort: "size", limit: 2"#, "d.csv e.txt"),
    (r#"include: "*", sort: "-size", limit: 2"#, "B.CSV f.csv"),
    (r#"include: "*", sort: "-name", limit: 1"#, "f.csv"),
    (
        r#"include: "*", sort: "path", limit: 6"#,
        "B.CSV a.csv c.txt d.csv e.txt f.csv",
    ),
];

#[test]
fn every_filter_chooses_alike_in_every_task() {
    let (_emulator, bench) = lab();
    for (options, expected) in FILTERS {
        for task in ALL {
            let code = format!(
                "{TASKS}\nlet names = chosen({task:?}, #{{ {options} }});\nprint(names.reduce(|all, name| if all == () {{ name }} else {{ all + \" \" + name }}) ?? \"\");"
            );
            bench.eval(&code);
            let printed = bench.printed();
            assert_eq!(printed.last().unwrap(), expected, "{task} with {options}");
        }
    }
}

#[test]
fn dates_are_those_that_are_named() {
    let (_emulator, bench) = lab();
    // At Dropbox all came just now, whatever they say of themselves; here they were all made just now.
    for (task, date, expected) in [
        ("list", "uploaded", 0),
        ("download", "uploaded", 0),
        ("copy", "created", 0),
        ("list", "modified", 3),
        ("upload", "modified", 3),
        ("delete_in", "modified", 3),
        ("delete_in", "uploaded", 0),
    ] {
        let code = format!(
            "{TASKS}\nassert_eq(chosen({task:?}, #{{ older_than: \"30 days\", date: {date:?} }}).len(), {expected})"
        );
        bench.eval(&code);
    }
    // Deleting goes by the later of both unless told otherwise.
    bench.eval(&format!(
        "{TASKS}\nassert_eq(chosen(\"delete_in\", #{{ older_than: \"30 days\" }}), [])"
    ));
}

#[test]
fn what_is_of_local_files_only_is_for_uploads() {
    let (_emulator, bench) = lab();
    let bench = bench
        .file("s/g.log", "one\ntwo: error\n")
        .file("s/.hidden", "two");
    for (options, expected) in [
        (r#"content: #{ contains: "error" }"#, "g.log"),
        (r#"content: #{ equals: "two" }"#, ".hidden"),
        (r#"content: #{ matches: "^two" }"#, ".hidden g.log"),
        (
            r#"content: #{ contains: "x", not: true }"#,
            ".hidden e.txt g.log",
        ),
        (r#"attributes: ["hidden"]"#, ".hidden"),
        (
            r#"exclude_attributes: ["hidden"], include: "?*.*", exclude: "*.csv""#,
            "c.txt e.txt g.log",
        ),
    ] {
        let code = format!(
            "{TASKS}\nprint(chosen(\"upload\", #{{ {options} }}).reduce(|all, name| if all == () {{ name }} else {{ all + \" \" + name }}) ?? \"\");"
        );
        bench.eval(&code);
        assert_eq!(bench.printed().last().unwrap(), expected, "{options}");
    }
    for task in [
        "download",
        "copy",
        "move",
        "copy_from",
        "mirror_down",
        "delete_in",
        "list",
    ] {
        let code = format!(
            "{TASKS}\nchosen({task:?}, #{{ include: \"*\", content: #{{ contains: \"x\" }} }})"
        );
        let error = bench.fail(&code);
        assert!(
            error.message.contains("content"),
            "{task}: {}",
            error.message
        );
    }
}

/// What there is at the target, what the options are, and what becomes of the file.
const OVERWRITES: [(&str, &str, &str); 16] = [
    ("same", r#""changed""#, "skipped"),
    ("larger", r#""changed""#, "planned"),
    ("same", r#""always""#, "planned"),
    ("older", r#""newer""#, "planned"),
    ("newer", r#""newer""#, "skipped"),
    ("larger", r#""size""#, "planned"),
    ("same", r#""size""#, "skipped"),
    ("same", r#""size", size_is: "same""#, "planned"),
    ("larger", r#""size", size_is: "larger""#, "planned"),
    ("larger", r#""size", size_is: "smaller""#, "skipped"),
    ("smaller", r#""size", size_is: "smaller""#, "planned"),
    (
        "smaller",
        r#""size", size_is: "smaller_or_larger""#,
        "planned",
    ),
    ("smaller", r#""size", size_is: "different""#, "planned"),
    ("larger", r#""never""#, "skipped"),
    ("same", r#""rename""#, "planned"),
    ("same", r#""fail""#, "failed"),
];

#[test]
fn every_way_to_overwrite_decides_alike_in_every_transfer() {
    let emulator = Arc::new(Emulator::start().unwrap());
    let (main, other) = (
        connection(&emulator, "main"),
        connection(&emulator, "other"),
    );
    let mut bench = Bench::with(move |host| {
        host.connection(main.clone())
            .connection(other.clone())
            .permissions(Permissions::none().read(".").write("."))
    });
    let now = SystemTime::now();
    let day = Duration::from_secs(86_400);
    for (name, contents, modified) in [
        ("source", "12345", now - 5 * day),
        ("same", "12345", now - 5 * day),
        ("larger", "1234567", now - 5 * day),
        ("smaller", "12", now - 5 * day),
        ("older", "54321", now - 9 * day),
        ("newer", "54321", now - 2 * day),
    ] {
        bench = bench.file(&format!("{name}/f.txt"), contents);
        let path = bench.path(&format!("{name}/f.txt"));
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(modified).unwrap();
        bench.eval(&format!(
            "for dbx in [dropbox(), dropbox(\"other\")] {{ dbx.upload(\"{name}\", \"/{name}\"); }}"
        ));
    }
    for (there, options, expected) in OVERWRITES {
        for (task, call) in [
            ("upload", r#"dbx.upload("source", "/" + there, o)"#),
            ("download", r#"dbx.download("/source", there, o)"#),
            ("copy", r#"dbx.copy("/source", "/" + there, o)"#),
            ("move", r#"dbx.move("/source", "/" + there, o)"#),
            (
                "copy_from",
                r#"dropbox("other").copy_from(dbx, "/source", "/" + there, o)"#,
            ),
        ] {
            let code = format!(
                "let dbx = dropbox(); let there = {there:?}; let o = #{{ overwrite: {options}, dry_run: true, on_error: \"report\" }}; print({call}.items[0].outcome);"
            );
            bench.eval(&code);
            assert_eq!(
                bench.printed().last().unwrap(),
                expected,
                "{task} where {there} is, with {options}"
            );
        }
    }
}

#[test]
fn places_clash_alike_in_every_transfer() {
    let (emulator, bench) = lab();
    emulator.put("main", "/s/sub/a.csv", "another");
    emulator.put("other", "/s/sub/a.csv", "another");
    let bench = bench.file("s/sub/a.csv", "another");
    for call in [
        r#"dbx.upload("s", "/new", o)"#,
        r#"dbx.download("/s", "new", o)"#,
        r#"dbx.copy("/s", "/new", o)"#,
        r#"dbx.move("/s", "/new", o)"#,
        r#"dropbox("other").copy_from(dbx, "/s", "/new", o)"#,
    ] {
        bench.eval(&format!(
            r#"
            let dbx = dropbox();
            let report = {{ let o = #{{ flatten: true, dry_run: true, on_error: "report" }}; {call} }};
            assert_eq([report.planned, report.failed], [5, 2]);
            for item in report.items {{
                if item.outcome == "failed" {{ assert_eq([path::name(item.source), item.error.kind], ["a.csv", "conflict"]); }}
            }}
            // In different letter case they are one at Dropbox.
            let report = {{ let o = #{{ include: "?.*", rename: |item| if item.name == "c.txt" {{ "x" }} else {{ item.name }}, dry_run: true }}; {call} }};
            assert_eq(report.planned, 7);
            let report = {{ let o = #{{ exclude_folders: "sub", rename: |item| if item.size > 200 {{ "one" }} else {{ item.name }}, dry_run: true, on_error: "report" }}; {call} }};
            assert_eq([report.planned, report.failed], [2, 2]);
            try {{ let o = #{{ rename: |item| "a/b", dry_run: true }}; {call}; assert(false, "a folder in a name") }} catch (e) {{ assert_eq(e.kind, "invalid_argument"); }}
            "#
        ));
    }
}

#[test]
fn nothing_to_match_and_names_that_look_like_globs_are_alike_in_every_task() {
    let (emulator, bench) = lab();
    for account in ["main", "other"] {
        emulator.put(account, "/odd/[a].txt", "odd");
        emulator.put(account, "/odd/a.txt", "even");
    }
    let bench = bench.file("odd/[a].txt", "odd").file("odd/a.txt", "even");
    for call in [
        r#"dbx.upload(at("odd"), "/new", o)"#,
        r#"dbx.download(at("/odd"), "new", o)"#,
        r#"dbx.copy(at("/odd"), "/new", o)"#,
        r#"dbx.move(at("/odd"), "/new", o)"#,
        r#"dropbox("other").copy_from(dbx, at("/odd"), "/new", o)"#,
        r#"dbx.delete(at("/odd"), o)"#,
    ] {
        bench.eval(&format!(
            r#"
            let dbx = dropbox();
            let at = |folder| folder + "/none*";
            let o = #{{ dry_run: true }};
            assert_eq({call}.items, []);
            o.require_match = true;
            try {{ {call}; assert(false, "nothing matches") }} catch (e) {{ assert_eq(e.kind, "not_found"); }}
            at = |folder| folder + "/[a].txt";
            o = #{{ dry_run: true }};
            // A name that is there is that name.
            assert_eq({call}.items.map(|item| path::name(item.source)), ["[a].txt"]);
            at = |folder| folder + "/[b].txt";
            o = #{{ dry_run: true, glob: false }};
            try {{ {call}; assert(false, "no such file") }} catch (e) {{ assert_eq(e.kind, "not_found"); }}
            "#
        ).replace("at(\"", "at.call(\""));
    }
}

#[test]
fn dates_go_along_both_ways_unless_told_otherwise() {
    let (_emulator, bench) = lab();
    bench.eval(
        r#"
        let dbx = dropbox();
        let other = dropbox("other");
        fn old(item) { time::now() - item.modified > time::days(300) }
        assert(old(dbx.info("/s/sub/d.csv")));
        dbx.upload("s", "/undated", #{ keep_dates: false });
        assert(!old(dbx.info("/undated/sub/d.csv")));
        dbx.download("/s", "dated");
        dbx.download("/s", "undated", #{ keep_dates: false });
        assert(old(file::info("dated/sub/d.csv")) && !old(file::info("undated/sub/d.csv")));
        other.copy_from(dbx, "/s", "/dated");
        other.copy_from(dbx, "/s", "/undated", #{ keep_dates: false });
        assert(old(other.info("/dated/sub/d.csv")) && !old(other.info("/undated/sub/d.csv")));
        "#,
    );
}
