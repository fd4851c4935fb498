//! Scripts that are parsed once, and what a program adds to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dropscript::rhai::{Engine, EvalAltResult};
use dropscript::{Host, Reason, RunOptions, Script};
use futures_util::future::join_all;

use crate::bench::Bench;

fn with_args(args: &[&str]) -> RunOptions {
    RunOptions {
        args: args.iter().map(ToString::to_string).collect(),
        ..RunOptions::default()
    }
}

#[test]
fn a_script_is_parsed_once_and_run_many_times_at_once() {
    let bench = Bench::new().file("s.rhai", "let n = parse_int(args[0]); print(n); n * n");
    let host = bench.host();
    let script = host.compile_file("s.rhai").unwrap();
    assert_eq!(script.name(), "s.rhai");
    // What is run is what was parsed.
    std::fs::write(bench.path("s.rhai"), "no script").unwrap();
    let runs = (0..50).map(|n: i64| {
        let (host, script) = (host.clone(), script.clone());
        async move {
            let run = host.run_with(&script, with_args(&[&n.to_string()]));
            assert_eq!(run.await.unwrap().value.as_int(), Ok(n * n));
        }
    });
    bench.runtime().block_on(join_all(runs));
    assert_eq!(bench.printed().len(), 50);
}

#[test]
fn its_modules_and_constants_are_those_of_its_file() {
    let bench = Bench::new()
        .file("lib/dates.rhai", "fn year() { 2026 }")
        .file(
            "lib/main.rhai",
            r#"import "dates" as dates; const WORD = "in"; fn told(n) { `${global::WORD} ${dates::year() + n}, ${script.name}` }"#,
        );
    let host = bench.host();
    let script = host.compile_file("lib/main.rhai").unwrap();
    let functions = script.functions();
    assert_eq!(functions.len(), 1);
    assert_eq!(
        (functions[0].name.as_str(), functions[0].parameters.len()),
        ("told", 1)
    );
    let call = host.call_with(&script, "told", vec![1.into()], RunOptions::default());
    let value = bench.runtime().block_on(call).unwrap().value;
    assert_eq!(value.into_string().unwrap(), "in 2027, main.rhai");
}

#[test]
fn an_error_in_it_has_its_place_whichever_way_it_is_run() {
    let bench = Bench::new();
    let host = bench.host();
    let script = host
        .compile("mine", "fn send() {\n    throw \"no\" }\n")
        .unwrap();
    let call = |name: &'static str| {
        let call = host.call_with(&script, name, Vec::new(), RunOptions::default());
        bench.runtime().block_on(call).unwrap_err()
    };
    let error = call("send");
    let frame = error.frames.last().unwrap();
    assert_eq!((frame.name.as_str(), frame.line), ("mine", 2), "{error:?}");
    let error = call("sent");
    assert!(error.message.contains("sent"), "{}", error.message);
    let error = host.compile("mine", "let x = ;").unwrap_err();
    assert_eq!(error.reason, Reason::Parse);
    assert_eq!(error.frames[0].name, "mine");
}

#[test]
fn a_program_s_own_functions_and_types_are_there_beside_ours() {
    /// A counter that several scripts share.
    #[derive(Clone, Default)]
    struct Counter(Arc<AtomicI64>);

    let counter = Counter::default();
    let own = counter.clone();
    let bench = Bench::with(move |host| {
        let own = own.clone();
        host.extend(move |engine: &mut Engine| {
            let counter = own.clone();
            engine
                .register_type_with_name::<Counter>("Counter")
                .register_fn("add", |counter: &mut Counter, n: i64| {
                    counter.0.fetch_add(n, Ordering::SeqCst) + n
                })
                .register_fn("counter", move || counter.clone())
                .register_fn("refuse", || -> Result<(), Box<EvalAltResult>> {
                    Err("not now".into())
                });
        })
    })
    .file("m.rhai", "fn more() { counter().add(2) }")
    .file(
        "main.rhai",
        r#"counter().add(40); import "m" as m; m::more()"#,
    );
    let value = bench.run("main.rhai").unwrap().value;
    assert_eq!(value.as_int(), Ok(42));
    assert_eq!(
        bench.eval("let why = (); try { refuse() } catch (e) { why = message_of(e) } why"),
        "not now"
    );
    assert_eq!(counter.0.load(Ordering::SeqCst), 42);
}

#[test]
fn a_host_can_be_anywhere() {
    fn goes_anywhere<T: Send + Sync + Clone + 'static>() {}
    goes_anywhere::<Host>();
    goes_anywhere::<Script>();
    goes_anywhere::<RunOptions>();
}
