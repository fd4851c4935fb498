//! Limits on memory, nesting and calls, and what Rhai's own functions do at theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dropscript::{Limits, Reason};

use crate::bench::Bench;

fn with_limits(limits: Limits) -> Bench {
    Bench::with(move |host| host.limits(limits.clone()))
}

fn small() -> Limits {
    Limits {
        memory: Some(8 << 20),
        operations: Some(2_000_000),
        string_size: 1 << 20,
        array_size: 1 << 16,
        ..Limits::default()
    }
}

/// Ways to nest a value without an end.
const NESTING: [&str; 8] = [
    "let a = []; loop { a = [a]; }",
    "let a = #{}; loop { a = #{ a: a }; }",
    "let a = []; loop { let b = []; b.push(a); a = b; }",
    "let a = [0]; loop { a[0] = [a[0]]; }",
    "let g = || 1; loop { let h = g; g = || h; }",
    "fn deeper(a) { [a] } let a = 1; loop { a = deeper(a); }",
    "fn deeper() { this = [this]; } let a = 1; loop { a.deeper(); }",
    "let a = []; a.pad(30000, 0); a.reduce(|sum, x| [sum], 0)",
];

#[test]
fn values_are_nested_only_so_deep() {
    let bench = Bench::new();
    for code in NESTING {
        let error = bench.fail(code);
        assert_eq!(error.reason, Reason::Limit, "{code}: {error}");
        assert!(error.message.contains("nested"), "{code}: {error}");
    }
    let deep = "let a = []; for i in 0..200 { a = [a]; } a";
    assert!(bench.eval(deep).starts_with("[[[["));
}

#[test]
fn a_value_that_is_handed_out_is_no_deeper_either() {
    let limits = Limits {
        nesting: 10,
        ..Limits::default()
    };
    let error = with_limits(limits).fail("[[[[[[[[[[[[]]]]]]]]]]]]");
    assert_eq!(error.reason, Reason::Limit, "{error}");
}

/// Ways to take memory that no limit of a single value sees.
const GREEDY: [&str; 5] = [
    "let all = []; loop { let text = \"\"; text.pad(1000000, \"x\"); let f = || text; all.push(f); }",
    "let f = |x| 1; loop { f = f.curry(f); }",
    "let f = |x| x; let g = f.curry(blob(60000)); let a = []; a.pad(60000, g);",
    "let keep = || 0; loop { let a = []; a.pad(1000, 7); let before = keep; keep = || [a, before]; keep = keep.curry([]); if a.len() == 0 { break; } let all = [keep, keep]; keep = || all; }",
    "fn more(a) { let b = a + [blob(30000)]; more(b) } more([])",
];

#[test]
fn memory_has_an_end_where_no_value_has() {
    for code in GREEDY {
        let error = with_limits(small()).fail(code);
        assert_eq!(error.reason, Reason::Limit, "{code}: {error}");
    }
    let error = with_limits(small()).fail(GREEDY[0]);
    assert_eq!(error.message, "the script took more than 8 MiB of memory");
}

#[test]
fn what_is_read_counts_before_a_variable_holds_it() {
    let limits = Limits {
        memory: Some(3 << 20),
        ..Limits::default()
    };
    let bench = with_limits(limits);
    for code in [
        r#"let rows = "1,"; for n in 0..18 { rows += rows; } try { json::parse("[" + rows + "1]") } catch {} 5"#,
        r#"let rows = "1\n"; for n in 0..18 { rows += rows; } try { csv::parse(rows) } catch {} 5"#,
    ] {
        let error = bench.fail(code);
        assert_eq!(
            error.message, "the script took more than 3 MiB of memory",
            "{code}"
        );
    }
}

#[test]
fn a_gauge_is_believed_and_counts_from_the_start_of_the_run() {
    let allocated = Arc::new(AtomicU64::new(1 << 30));
    let gauge = Arc::clone(&allocated);
    let bench = Bench::with(move |host| {
        let (told, gauge) = (Arc::clone(&gauge), Arc::clone(&gauge));
        host.limits(small())
            .memory_gauge(move || told.load(Relaxed))
            .on_print(move |_| gauge.store((1 << 30) + (9 << 20), Relaxed))
    });
    assert_eq!(bench.eval("let a = 1; a + 1"), "2");
    let error = bench.fail("try { print(\"more\"); [1].map(|x| x); } catch {} 5");
    assert_eq!(error.message, "the script took more than 8 MiB of memory");
}

#[test]
fn a_limit_inside_a_callback_ends_the_script() {
    for code in [
        "loop { try { [1].map(|x| down(x)) } catch {} } fn down(n) { down(n + 1) }",
        "loop { attempt(|| down(1)); } fn down(n) { down(n + 1) }",
        "loop { try { [2, 1].sort(|a, b| down(a)) } catch {} } fn down(n) { down(n + 1) }",
        "loop { try { [1].map(|x| { loop { x += 1; } }) } catch {} }",
        "loop { try { [1].map(|x| { let a = []; loop { a = [a]; } }) } catch {} }",
    ] {
        let error = with_limits(small()).fail(code);
        assert_eq!(error.reason, Reason::Limit, "{code}: {error}");
    }
}

#[test]
fn results_that_would_be_too_large_are_not_begun() {
    for code in [
        "let s = \"a\"; s.pad(1000000, \"a\"); s.replace(\"a\", s);",
        "let s = \"a\"; s.pad(1000000, \"a\"); s.replace(\"\", s);",
        "let s = \",\"; s.pad(1000000, \",\"); s.split(\",\").len()",
        "let s = \"a\"; s.pad(1000000, \"a\"); s.to_chars().len()",
        "let s = \"\"; s.pad(9223372036854775807, \"ab\");",
        "let a = []; a.pad(9223372036854775807, 1);",
        "let a = []; a.pad(60000, [1, 2]);",
    ] {
        let error = with_limits(small()).fail(code);
        assert_eq!(error.reason, Reason::Limit, "{code}: {error}");
        assert!(
            error.message.contains("grew past its limit"),
            "{code}: {error}"
        );
    }
}

#[test]
fn functions_of_texts_and_arrays_do_as_rhai_says() {
    let bench = Bench::new();
    for (code, value) in [
        (r#"let s = "ab"; s.pad(5, "xy"); s"#, "abxyx"),
        (r#"let s = "äb"; s.pad(4, 'ü'); s"#, "äbüü"),
        (
            r#"let s = "ab"; s.pad(1, "x"); s.pad(-1, "x"); s.pad(9, ""); s"#,
            "ab",
        ),
        (
            r#"let s = "a-b-c"; s.replace("-", "+"); s.replace('b', "BB"); s.replace("c", 'C'); s.replace('a', 'A'); s"#,
            "A+BB+C",
        ),
        (r#""a b  c".split()"#, r#"["a", "b", "c"]"#),
        (r#""a,b,c".split(",")"#, r#"["a", "b", "c"]"#),
        (r#""a,b,c".split(',', 2)"#, r#"["a", "b,c"]"#),
        (r#""a,b,c".split_rev(",", 2)"#, r#"["c", "a,b"]"#),
        (r#""a,b,c".split_rev(',')"#, r#"["c", "b", "a"]"#),
        (r#""abc".split(";")"#, r#"["abc"]"#),
        (r#""abc".split(",", 1)"#, r#"["abc"]"#),
        (r#""".split(",")"#, r#"[""]"#),
        (r#""äb".to_chars()"#, "['ä', 'b']"),
        ("let a = [1]; a.pad(3, 7); a.pad(2, 9); a", "[1, 7, 7]"),
        ("let a = [3, 1, 2]; a.sort(|x, y| x - y); a", "[1, 2, 3]"),
        ("let a = [3, 1, 2]; a.sort_by(|x, y| x > y); a", "[3, 2, 1]"),
        ("[5, 3, 4, 1, 2].order_by(|x, y| y - x)", "[5, 4, 3, 2, 1]"),
        (
            "[11, 21, 12, 22, 13].order(|x, y| x % 10 < y % 10)",
            "[11, 21, 12, 22, 13]",
        ),
    ] {
        assert_eq!(bench.eval(code), value, "{code}");
    }
    bench.fail("const A = [2, 1]; A.sort(|x, y| x - y)");
}

#[test]
fn an_order_that_is_none_has_an_end_and_its_errors_are_told() {
    let bench = Bench::new();
    let odd = "let a = []; for i in 0..1000 { a.push(i * 7919 % 1000); } a.sort(|x, y| if (x + y) % 3 == 0 { 1 } else { -1 }); a.len()";
    assert_eq!(bench.eval(odd), "1000");
    assert_eq!(bench.fail("[2, 1].sort(|a, b| throw \"no\")").message, "no");
    let error = bench.fail("[2, 1].sort(|a, b| \"x\")");
    assert!(error.message.contains("gave text"), "{error}");
    let kept = "let a = [2, 1]; try { a.sort(|x, y| throw 1) } catch {} a";
    assert_eq!(bench.eval(kept), "[2, 1]");
}

/// Natives that make one large value out of many small ones, with a closure's results among them.
#[test]
fn what_is_gathered_counts_while_it_grows() {
    let emulator = dropscript::emulator::Emulator::start().unwrap();
    for n in 0..700 {
        let path = format!("/many/{}-{n}.txt", "a-name-that-is-long-".repeat(4));
        emulator.put("main", &path, "x");
    }
    let connection = crate::cloud::connection(&emulator, "main");
    let limits = Limits {
        memory: Some(256 << 10),
        ..Limits::default()
    };
    let mut bench =
        Bench::with(move |host| host.limits(limits.clone()).connection(connection.clone()));
    for n in 0..300 {
        bench = bench.file(&format!("local/{n}.txt"), "x");
    }
    // That many are no matter where they come one after the other.
    assert_eq!(
        bench.eval("let n = 0; for item in dropbox().list(\"/many\") { n += 1; } n"),
        "700"
    );
    for code in [
        "dropbox().list(\"/many\").to_array()",
        "dropbox().list(\"/many\").map(|item| item)",
        "dropbox().list(\"/many\").filter(|item| true)",
        "dropbox().list(\"/many\", #{ where: |item| true })",
        "dropbox().changes(\"/many\")",
        "dropbox().request_all(\"files/list_folder\", #{ path: \"/many\" }, \"entries\")",
        "parallel(dropbox().list(\"/many\"), 4, |item| 1)",
        "let a = []; a.pad(100, 0); parallel(a, 4, |n| { let s = \"\"; s.pad(10000, \"x\"); s })",
        "file::list(\"local\")",
    ] {
        let error = bench.fail(&format!("try {{ {code} }} catch {{}} 5"));
        assert_eq!(
            error.message, "the script took more than 1 MiB of memory",
            "{code}"
        );
    }
}
