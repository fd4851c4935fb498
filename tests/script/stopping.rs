//! Cancellation, deadlines and limits: nothing in a script outlives them.

use std::time::{Duration, Instant};

use dropscript::{Limits, Reason, RunOptions};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// Ways to go on that a script could try.
const STUBBORN: [&str; 8] = [
    "loop {}",
    "sleep(3600)",
    "loop { try { sleep(3600) } catch {} }",
    "loop { try { [1].map(|x| sleep(3600)) } catch {} }",
    "try { [1].map(|x| { loop {} }) } catch {} ",
    "fn again() { try { sleep(3600) } catch {} } loop { again() }",
    "loop { attempt(|| sleep(3600)) }",
    "try { [1, 2].map(|x| sleep(3600)) } catch (e) { 5 }",
];

fn with_limits(limits: Limits) -> Bench {
    Bench::with(move |host| host.limits(limits.clone()))
}

#[test]
fn a_deadline_ends_whatever_a_script_does() {
    let limits = Limits {
        deadline: Some(Duration::from_millis(100)),
        ..Limits::default()
    };
    let bench = with_limits(limits);
    for code in STUBBORN {
        let began = Instant::now();
        let error = bench.fail(code);
        assert_eq!(error.reason, Reason::Deadline, "{code}");
        assert!(began.elapsed() < Duration::from_secs(20), "{code}");
    }
}

#[test]
fn cancelling_ends_whatever_a_script_does() {
    let bench = Bench::new();
    for code in STUBBORN {
        let error = bench.eval_cancelled(code).expect_err(code);
        assert_eq!(error.reason, Reason::Interrupted, "{code}");
    }
}

#[test]
fn a_run_that_is_cancelled_beforehand_does_nothing() {
    let bench = Bench::new();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let run = RunOptions {
        cancel,
        ..RunOptions::default()
    };
    let error = bench
        .eval_with("print(1)", run)
        .expect_err("it is cancelled");
    assert_eq!(error.reason, Reason::Interrupted);
    assert_eq!(bench.printed(), Vec::<String>::new());
}

#[test]
fn operations_are_counted_in_callbacks_too() {
    let limits = Limits {
        operations: Some(20_000),
        ..Limits::default()
    };
    let bench = with_limits(limits);
    for code in [
        "for i in 0..100000 {}",
        "[1, 2, 3, 4, 5, 6, 7, 8].map(|x| { for i in 0..3000 {} })",
        "try { [1].map(|x| { loop {} }) } catch (e) {} 5",
    ] {
        assert_eq!(bench.fail(code).reason, Reason::Limit, "{code}");
    }
    assert_eq!(bench.eval("for i in 0..1000 {} 5"), "5");
}

#[test]
fn dropping_the_future_ends_the_script() {
    let bench = Bench::new();
    let host = bench.host();
    bench.runtime().block_on(async {
        let run =
            host.eval("let folder = file::temp_folder(); print(folder); loop { sleep(3600) }");
        tokio::time::timeout(Duration::from_millis(300), run)
            .await
            .expect_err("it does not end by itself");
    });
    let folder = bench.printed().pop().expect("it printed its folder");
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::path::Path::new(&folder).exists() {
        assert!(Instant::now() < deadline, "the script still runs");
        std::thread::yield_now();
    }
}

#[test]
fn calls_too_deep_are_a_limit() {
    let error = Bench::new().fail("fn down(n) { down(n + 1) } down(0)");
    assert_eq!(error.reason, Reason::Limit);
    assert!(error.hint.is_some());
}

#[test]
fn sixty_calls_deep_is_fine() {
    let code = "fn down(n) { if n == 0 { 0 } else { 1 + down(n - 1) } } down(60)";
    assert_eq!(Bench::new().eval(code), "60");
}

#[test]
fn exit_gives_a_status_and_cannot_be_caught() {
    let bench = Bench::new();
    for (code, status) in [
        ("exit()", 0),
        ("exit(3)", 3),
        ("try { exit(4) } catch {} print(\"no\")", 4),
        ("try { [1].map(|x| exit(5)) } catch {}", 5),
        ("attempt(|| exit(6)); print(\"no\")", 6),
        ("fn end() { exit(7) } end(); print(\"no\")", 7),
    ] {
        let outcome = bench.try_eval(code).expect(code);
        assert_eq!(outcome.exit, Some(status), "{code}");
    }
    assert_eq!(bench.printed(), Vec::<String>::new());
    assert_eq!(bench.try_eval("5").unwrap().exit, None);
    assert_eq!(
        bench.eval("try { exit(256) } catch (e) { print(e.kind) } 1"),
        "1"
    );
    assert_eq!(bench.printed(), ["invalid_argument"]);
}

#[test]
fn the_deepest_calls_fit_the_stack() {
    let bench = Bench::new();
    for code in [
        "fn down(n) { [n].map(|x| down(x + 1)) } down(0)",
        "fn down(n) { attempt(|| down(n + 1)) } down(0)",
        "fn down(n) { if true { if true { if true { switch n { -1 => 0, _ => { let x = (((((1 + down(n + 1)))))); x } } } } } } down(0)",
        "fn down(n) { [1, 2].sort(|a, b| { down(n + 1); 0 }) } down(0)",
        "fn down() { down() } down()",
        "fn down(n) { let f = |x| [x].filter(|y| [y].map(|z| down(z + 1)).len() > 0); f.call(n) } down(0)",
    ] {
        let error = bench.fail(code);
        assert_eq!(error.reason, Reason::Limit, "{code}: {error}");
    }
}
