//! What Rhai does otherwise than it seems, a test for each: in its closures across modules, its limits and its words.
//!
//! More of it is in `modules`, `bounds`, `stopping` and `mistakes`. Whoever takes another version of Rhai finds here what has changed.

use dropscript::rhai::{AST, Engine, FnPtr};
use dropscript::{Host, Limits, Reason};

use crate::bench::Bench;

#[test]
fn a_closure_that_calls_a_module_fails_aloud_once_its_run_has_ended() {
    let bench = Bench::new()
        .file("m.rhai", "fn helper(x) { x * 10 }")
        .file("main.rhai", "import \"m\" as m; |x| m::helper(x)");
    let closure = bench.run("main.rhai").unwrap().value.cast::<FnPtr>();
    let mut engine = Engine::new();
    bench.host().prepare(&mut engine);
    let called = closure.call::<i64>(&engine, &AST::empty(), (1,));
    assert!(called.is_err(), "what it calls is gone");
}

#[test]
fn a_module_is_found_by_its_whole_name_and_read_anew_in_each_run() {
    let bench = Bench::new()
        .file("dates.rhai", "fn f() { 1 }")
        .file("dates.v2.rhai", "fn f() { 2 }")
        .file("main.rhai", "import \"dates.v2\" as dates; dates::f()");
    let gives = |bench: &Bench| bench.run("main.rhai").unwrap().value.to_string();
    assert_eq!(gives(&bench), "2");
    let bench = bench.file("dates.v2.rhai", "fn f() { 3 }");
    assert_eq!(gives(&bench), "3");
}

#[test]
fn no_statement_is_dropped_for_having_no_effect() {
    for code in ["undefined_name; 5", "fn f() { undefined_name; 5 } 6"] {
        let error = Bench::new().fail(code);
        assert_eq!(error.message, "there is no variable `undefined_name`");
    }
    assert_eq!(
        Bench::new().eval("let n = 0; for i in 0..3 { n += 1; } n"),
        "3"
    );
}

/// Each limit is reached by what it bounds, alone and inside of a callback of a `try`; the next step is one too many.
#[test]
fn each_limit_ends_what_it_bounds() {
    let limits = Limits {
        operations: Some(100_000),
        nesting: 10,
        call_levels: 8,
        string_size: 1000,
        array_size: 1000,
        map_size: 50,
        variables: 20,
        functions: 5,
        modules: 2,
        ..Limits::default()
    };
    let mut bench = Bench::with(move |host| host.limits(limits.clone()));
    for name in ["a", "b", "c"] {
        bench = bench.file(&format!("{name}.rhai"), &format!("fn {name}() {{ 1 }}"));
    }
    let functions: Vec<String> = (0..6).map(|n| format!("fn f{n}() {{ 1 }} ")).collect();
    let variables: Vec<String> = (0..21).map(|n| format!("let v{n} = 1; ")).collect();
    let entries: Vec<String> = (0..51).map(|n| format!("k{n}: 1")).collect();
    // What is put in one by one is bounded by the memory of the run.
    let (left, right) = entries.split_at(30);
    let joined = format!("#{{ {} }} + #{{ {} }}", left.join(", "), right.join(", "));
    for (code, what) in [
        ("loop {}".to_owned(), "operations"),
        ("fn f(n) { f(n + 1) } f(0)".to_owned(), "deeply"),
        ("let a = []; loop { a = [a]; }".to_owned(), "nested"),
        (r#"let s = "x"; loop { s += s; }"#.to_owned(), "string"),
        (
            r#"let s = "x"; for i in 0..20 { s = `${s}${s}`; }"#.to_owned(),
            "string",
        ),
        ("let a = [1]; loop { a += a; }".to_owned(), "array"),
        ("let b = blob(2000); b.len()".to_owned(), ""),
        (joined, "map"),
        (
            format!("let m = #{{ {} }}; m.len()", entries.join(", ")),
            "",
        ),
        (variables.concat(), "variables"),
        (functions.concat(), ""),
        (
            r#"import "a" as a; import "b" as b; import "c" as c; 1"#.to_owned(),
            "modules",
        ),
    ] {
        bench = bench.file("main.rhai", &code);
        let error = bench.run("main.rhai").expect_err(&code);
        assert!(
            matches!(error.reason, Reason::Limit | Reason::Parse),
            "{code}: {error:?}"
        );
        assert!(error.message.contains(what), "{code}: {error}");
    }
}

/// As keys of a literal map; Rhai keeps some words for itself, whoever registers them.
#[test]
fn every_option_can_be_written_in_a_map() {
    let reference = Host::builder().build().unwrap().reference();
    let options = reference.entries().iter().flat_map(|entry| entry.options);
    let mut names: Vec<&str> = options.map(|option| option.name).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 50, "{names:?}");
    let written: Vec<String> = names.iter().map(|name| format!("{name}: 1")).collect();
    let read: Vec<String> = names.iter().map(|name| format!("m.{name}")).collect();
    let code = format!(
        "let m = #{{ {} }}; [{}].len()",
        written.join(", "),
        read.join(", ")
    );
    assert_eq!(Bench::new().eval(&code), names.len().to_string());
}
