//! `state::`: what a script remembers between its runs.

use std::path::Path;

use dropscript::{ErrorKind, HostBuilder, Limits, Reason, RunOptions};

use crate::bench::Bench;

fn remembering() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    Bench::with(move |host: HostBuilder| host.state_folder(folder.path()))
}

/// A run of code whose state is called so.
fn named(state: &str) -> RunOptions {
    RunOptions {
        state: state.to_owned(),
        ..RunOptions::default()
    }
}

#[test]
fn a_later_run_finds_what_an_earlier_one_set() {
    let bench = remembering()
        .file(
            "a.rhai",
            r#"
            let seen = state::get("seen", 0) + 1;
            state::set("seen", seen);
            state::set("all", #{ list: [1, 2.5, "x"], at: time::parse("2026-01-31") });
            print(seen);
            "#,
        )
        .file("b.rhai", r#"print(state::get("seen"));"#);
    for script in ["a.rhai", "./a.rhai", "a.rhai", "b.rhai"] {
        bench.run(script).unwrap();
    }
    assert_eq!(bench.printed(), ["1", "2", "3", ""]);
    let bench = bench.file(
        "a.rhai",
        r#"
        let all = state::get("all");
        assert_eq(all.list, [1, 2.5, "x"]);
        assert_eq(time::parse(all.at), time::parse("2026-01-31"));
        assert(state::remove("all") && !state::remove("all"));
        assert_eq(state::get("all"), ());
        state::set("seen", ());
        assert_eq(state::get("seen", "gone"), "gone");
        "#,
    );
    bench.run("a.rhai").unwrap();
}

#[test]
fn a_program_names_the_state_of_code_without_a_file() {
    let bench = remembering();
    bench
        .eval_with(r#"state::set("a", 1)"#, named("anna"))
        .unwrap();
    let a = |state: &str| {
        let outcome = bench.eval_with(r#"state::get("a", 0)"#, named(state));
        outcome.unwrap().value.as_int().unwrap()
    };
    assert_eq!((a("anna"), a("bert")), (1, 0));
    let error = bench.fail(r#"state::get("a")"#);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Unsupported));
    assert!(error.hint.unwrap().contains("save it as a script"));
    let error = Bench::new().eval_with(r#"state::get("a")"#, named("anna"));
    let error = error.unwrap_err();
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Unsupported));
    assert!(error.hint.unwrap().contains("state_folder"));
}

#[test]
fn what_is_too_large_or_no_value_is_refused_and_what_was_there_stays() {
    let bench = remembering();
    bench
        .eval_with(r#"state::set("a", 1)"#, named("x"))
        .unwrap();
    for (code, said) in [
        (r#"state::set("", 1)"#, "empty"),
        (
            r#"let k = ""; k.pad(300, "k"); state::set(k, 1)"#,
            "256 bytes",
        ),
        (
            r#"let v = ""; v.pad(1100000, "v"); state::set("a", v)"#,
            "1048576 bytes",
        ),
        (r#"state::set("a", || 1)"#, "a closure has no JSON"),
        (
            r#"let v = ""; v.pad(1000000, "v"); for i in 0..20 { state::set(`k${i}`, v); }"#,
            "16777216 bytes",
        ),
    ] {
        let error = bench.eval_with(code, named("x")).unwrap_err();
        assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
        assert!(error.message.contains(said), "{code}: {}", error.message);
    }
    let kept = bench.eval_with(r#"state::get("a")"#, named("x")).unwrap();
    assert_eq!(kept.value.as_int().unwrap(), 1);
}

#[test]
fn a_dry_run_keeps_and_forgets_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let dry = Bench::with({
        let place = place.clone();
        move |host| host.state_folder(&place).dry_run(true)
    });
    dry.eval_with(
        r#"state::set("a", 1); assert_eq(state::get("a"), ()); state::remove("a");"#,
        named("x"),
    )
    .unwrap();
    assert!(!place.join("state.db").exists(), "looking leaves nothing");
    let wet = Bench::with(move |host| host.state_folder(&place));
    wet.eval_with(r#"state::set("a", 1)"#, named("x")).unwrap();
    dry.eval_with(
        r#"state::set("a", 2); assert(state::remove("a"));"#,
        named("x"),
    )
    .unwrap();
    let said: Vec<String> = dry.logged().into_iter().map(|(_, line)| line).collect();
    assert_eq!(
        said,
        [
            "would keep `a` for the next run",
            "would keep `a` for the next run",
            "would forget `a`"
        ]
    );
    wet.eval_with(r#"assert_eq(state::get("a"), 1);"#, named("x"))
        .unwrap();
}

#[test]
fn several_runs_at_once_lose_nothing_of_each_other() {
    let bench = remembering();
    let host = bench.host();
    let runs = (0..8).map(|at| {
        let host = host.clone();
        bench.runtime().spawn(async move {
            let code = format!("for i in 0..10 {{ state::set(`{at}-${{i}}`, i); }}");
            host.eval_with(&code, named("x")).await.unwrap();
        })
    });
    for run in runs.collect::<Vec<_>>() {
        bench.runtime().block_on(run).unwrap();
    }
    let count = "let n = 0; for at in 0..8 { for i in 0..10 { if state::get(`${at}-${i}`) == i { n += 1; } } } n";
    let outcome = bench.eval_with(count, named("x")).unwrap();
    assert_eq!(outcome.value.as_int().unwrap(), 80);
}

#[test]
fn a_database_that_is_damaged_is_told_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    std::fs::write(&file, [b'x'; 8192]).unwrap();
    let place = folder.path().to_owned();
    let bench = Bench::with(move |host| host.state_folder(&place).limits(Limits::default()));
    for code in [
        r#"state::get("a")"#,
        r#"state::set("a", 1)"#,
        r#"state::remove("a")"#,
    ] {
        let error = bench.eval_with(code, named("x")).unwrap_err();
        assert_eq!(error.reason, Reason::Failed(ErrorKind::LocalIo), "{code}");
    }
    assert_eq!(std::fs::read(Path::new(&file)).unwrap(), [b'x'; 8192]);
}

#[test]
fn a_memory_without_a_folder_lasts_as_long_as_the_host() {
    let bench = Bench::with(HostBuilder::state_in_memory);
    let host = bench.host();
    let eval = |code: &str| {
        let run = host.eval_with(code, named("x"));
        bench.runtime().block_on(run).unwrap().value
    };
    assert!(eval(r#"state::set("a", [1])"#).is_unit());
    assert_eq!(eval(r#"state::get("a")[0]"#).as_int().unwrap(), 1);
    assert!(eval(r#"state::remove("a")"#).as_bool().unwrap());
    assert!(eval(r#"state::get("a")"#).is_unit());
    let error = bench.eval_with(
        r#"let v = ""; v.pad(1000000, "v"); for i in 0..20 { state::set(`k${i}`, v); }"#,
        named("x"),
    );
    assert!(error.unwrap_err().message.contains("16777216 bytes"));
    let other = bench.eval_with(r#"state::get("k1", 0)"#, named("x"));
    assert_eq!(other.unwrap().value.as_int().unwrap(), 0);
}
