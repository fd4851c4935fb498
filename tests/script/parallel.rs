//! `parallel`, and what scripts say of their checks: `assert_eq`, `log::`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use dropscript::rhai::{Dynamic, Engine};
use dropscript::{ErrorKind, Level, Limits, Reason};

use crate::bench::Bench;

#[test]
fn results_come_in_the_order_of_the_values() {
    let code = r"
        fn twice(x) { x * 2 }
        let add = 1;
        assert_eq(parallel([5, 1, 4, 2, 3], 3, |x| { sleep(x * 0.01); twice(x) + add }), [11, 3, 9, 5, 7]);
        assert_eq(parallel([], 3, |x| x), []);
        assert_eq(parallel([1], 64, |x| x), [1]);
        assert_eq(parallel([[1, 2], [3]], 2, |xs| parallel(xs, 2, |x| x + 1)), [[2, 3], [4]]);
    ";
    Bench::new().eval(code);
}

#[test]
fn so_many_at_a_time_and_no_more() {
    // Each call waits until all that may be under way are, so a run that did fewer would not end.
    let met = Arc::new(std::sync::Barrier::new(3));
    let most = Arc::new(AtomicUsize::new(0));
    let now = Arc::new(AtomicUsize::new(0));
    let bench = Bench::new();
    let host = bench.host();
    let mut engine = Engine::new();
    host.prepare(&mut engine);
    let seen = Arc::clone(&most);
    engine.register_fn("meet", move || {
        seen.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        met.wait();
        now.fetch_sub(1, SeqCst);
    });
    engine
        .run("parallel([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, |x| meet())")
        .unwrap();
    assert_eq!(most.load(SeqCst), 3);
}

#[test]
fn the_first_failure_is_raised_when_what_was_begun_has_ended() {
    let bench = Bench::new();
    let code = r#"
        try {
            parallel([1, 2, 3, 4, 5, 6], 2, |x| {
                if x == 1 { sleep(0.05); print("first"); throw "one"; }
                if x == 2 { throw "two"; }
                print(`begun ${x}`);
            });
        } catch (e) { print(`caught ${e}`); }
    "#;
    bench.eval(code);
    assert_eq!(bench.printed(), ["first", "caught one"]);
    let error = bench.fail(r#"parallel(["a"], 1, |path| file::read_text(path))"#);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
    assert!(!error.frames.is_empty());
    for limit in [0, -1, 65] {
        let error = bench.fail(&format!("parallel([1], {limit}, |x| x)"));
        assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
        assert!(error.hint.unwrap().contains("from 1 to 64"));
    }
}

#[test]
fn limits_hold_over_all_that_work() {
    let limits = Limits {
        operations: Some(20_000),
        ..Limits::default()
    };
    let bench = Bench::with(move |host| host.limits(limits.clone()));
    let error = bench.fail("parallel([1, 2, 3, 4, 5, 6, 7, 8], 4, |x| { for i in 0..4000 {} })");
    assert_eq!(error.reason, Reason::Limit);
    let limits = Limits {
        deadline: Some(Duration::from_millis(100)),
        ..Limits::default()
    };
    let bench = Bench::with(move |host| host.limits(limits.clone()));
    for code in [
        "parallel([1, 2, 3], 3, |x| sleep(3600))",
        "parallel([1, 2, 3], 3, |x| loop { try { sleep(3600) } catch {} })",
        "loop { try { parallel([1, 2], 2, |x| parallel([1, 2], 2, |y| { loop {} })) } catch {} }",
    ] {
        assert_eq!(bench.fail(code).reason, Reason::Deadline, "{code}");
    }
    let bench = Bench::new();
    let error = bench.eval_cancelled("parallel([1, 2, 3], 2, |x| sleep(3600))");
    assert_eq!(error.unwrap_err().reason, Reason::Interrupted);
    let outcome = bench.try_eval("parallel([1, 2, 3], 3, |x| exit(7))");
    assert_eq!(outcome.unwrap().exit, Some(7));
}

#[test]
fn calls_too_deep_end_a_worker_as_they_end_a_script() {
    let error = Bench::new().fail("fn down(n) { parallel([n, n], 2, |x| down(x + 1)) } down(0)");
    assert_eq!(error.reason, Reason::Limit, "{error}");
}

#[test]
fn a_panic_of_the_program_is_an_error() {
    let bench = Bench::new();
    let host = bench.host();
    let mut engine = Engine::new();
    host.prepare(&mut engine);
    engine.register_fn("fall", |x: i64| -> i64 { panic!("over {x}") });
    for code in [
        "parallel([1, 2], 2, |x| fall(x))",
        "attempt(|| parallel([1, 2], 1, |x| fall(x)))",
    ] {
        let error = engine.eval::<Dynamic>(code).unwrap_err().to_string();
        assert!(error.contains("has panicked: over"), "{error}");
    }
    assert_eq!(engine.eval::<i64>("parallel([1], 2, |x| x)[0]").unwrap(), 1);
}

#[test]
fn what_differs_is_shown_line_by_line() {
    let bench = Bench::new();
    assert_eq!(bench.fail("assert_eq(1, 2)").message, "1 is not 2");
    assert_eq!(bench.fail(r#"assert_eq(1, "1")"#).message, "1 is not \"1\"");
    let code = r#"
        let left = #{ files: [], name: "the name of something" };
        for i in 0..20 { left.files.push(`a file of some length, number ${i}`); }
        let right = left;
        right.files[10] = "another one";
        assert_eq(left, right);
    "#;
    let message = bench.fail(code).message;
    assert!(
        message.contains("\n-     \"a file of some length, number 10\",\n+     \"another one\",\n"),
        "{message}"
    );
    assert!(
        !message.contains("number 3\""),
        "only what is near: {message}"
    );
    let text = r#"assert_eq("one\ntwo\nthree\n" + "and a line that is rather long", "one\n2\nthree\n" + "and a line that is rather long")"#;
    let message = bench.fail(text).message;
    assert!(
        message.contains("\n  one\n- two\n+ 2\n  three\n"),
        "{message}"
    );
    let many =
        r#"let a = ""; for i in 0..500 { a += "line " + i + "\n"; } assert_eq(a, a.to_upper())"#;
    let message = bench.fail(many).message;
    assert!(message.contains("more lines"), "{message}");
    assert!(message.lines().count() < 50);
    let wide = r#"let a = "a"; a.pad(100000, "a"); assert_eq(a, a + "b")"#;
    assert!(bench.fail(wide).message.len() < 1_000);
}

#[test]
fn what_is_logged_goes_beside_what_is_printed() {
    let bench = Bench::new();
    bench.eval(r#"log::info("begun"); log::warn(#{ left: 3 }); log::error(`failed`); debug("x");"#);
    assert_eq!(bench.printed(), Vec::<String>::new());
    let logged = bench.logged();
    let expected = [
        (Level::Info, "begun"),
        (Level::Warn, r#"#{"left": 3}"#),
        (Level::Error, "failed"),
        (Level::Debug, "eval:1: \"x\""),
    ];
    for (at, (level, line)) in expected.into_iter().enumerate() {
        assert_eq!(logged[at], (level, line.to_owned()));
    }
}
