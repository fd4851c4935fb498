//! Runtimes that a host lives in, and engines that a program brings along.

use std::time::{Duration, Instant};

use dropscript::rhai::{Engine, EvalAltResult};
use dropscript::{Host, Limits};
use tokio::runtime::{Builder, Runtime};

const KIND: &str = "let kind = \"none\"; try { sleep(0.001) } catch (e) { kind = e.kind; } kind";

fn engine() -> Engine {
    let mut engine = Engine::new();
    Host::builder().build().unwrap().register_into(&mut engine);
    engine
}

fn kind(engine: &Engine) -> String {
    engine.eval(KIND).unwrap()
}

#[test]
fn a_thread_that_may_wait_waits() {
    assert_eq!(kind(&engine()), "none");
    let runtime = Runtime::new().unwrap();
    let engine = runtime.block_on(async { engine() });
    let spawned = runtime.block_on(async {
        let waiting = tokio::task::spawn_blocking(move || kind(&engine));
        waiting.await.unwrap()
    });
    assert_eq!(spawned, "none");
    let entered = self::engine();
    let _inside = runtime.enter();
    assert_eq!(kind(&entered), "none");
}

#[test]
fn a_thread_that_drives_async_tasks_refuses() {
    for runtime in [
        Runtime::new().unwrap(),
        Builder::new_current_thread().build().unwrap(),
    ] {
        let direct = runtime.block_on(async { kind(&engine()) });
        assert_eq!(direct, "unsupported");
        let spawned = runtime.block_on(async { tokio::spawn(async { kind(&engine()) }).await });
        assert_eq!(spawned.unwrap(), "unsupported");
    }
}

#[test]
fn a_blocked_worker_may_wait() {
    let runtime = Runtime::new().unwrap();
    let kind = runtime.block_on(async {
        tokio::spawn(async { tokio::task::block_in_place(|| kind(&engine())) }).await
    });
    assert_eq!(kind.unwrap(), "none");
}

#[test]
fn a_host_runs_scripts_in_any_runtime_and_none() {
    let one_thread = Builder::new_current_thread().build().unwrap();
    let outside = Host::builder().build().unwrap();
    let run = |host: Host| async move {
        host.eval("sleep(0.001); 5")
            .await
            .unwrap()
            .value
            .to_string()
    };
    assert_eq!(one_thread.block_on(run(outside.clone())), "5");
    assert_eq!(Runtime::new().unwrap().block_on(run(outside)), "5");
    // Built and dropped inside, where dropping a runtime would panic.
    one_thread.block_on(async {
        let inside = Host::builder().build().unwrap();
        assert_eq!(run(inside.clone()).await, "5");
    });
}

#[test]
fn scripts_run_side_by_side() {
    let runtime = Runtime::new().unwrap();
    let host = runtime.block_on(async { Host::builder().build().unwrap() });
    let began = Instant::now();
    runtime.block_on(async {
        let runs: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let host = host.clone();
                    async move { host.eval("sleep(0.5)").await }
                })
            })
            .collect();
        for run in runs {
            run.await.unwrap().unwrap();
        }
    });
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_prepared_engine_has_limits_that_count_anew_for_each_script() {
    let limits = Limits {
        operations: Some(5_000),
        deadline: Some(Duration::from_millis(200)),
        ..Limits::default()
    };
    let mut engine = Engine::new();
    Host::builder()
        .limits(limits)
        .build()
        .unwrap()
        .prepare(&mut engine);
    for _ in 0..5 {
        engine.run("for i in 0..1000 {}").unwrap();
        engine.run("sleep(0.1)").unwrap();
    }
    for endless in [
        "loop {}",
        "try { [1].map(|x| { loop {} }) } catch {} 5",
        "sleep(60)",
    ] {
        let error = engine.run(endless).expect_err(endless);
        assert!(
            matches!(error.unwrap_inner(), EvalAltResult::ErrorTerminated(..)),
            "{endless}: {error}"
        );
    }
    engine.run("print(1)").unwrap();
    assert!(
        engine.run("let x = eval(\"1\");").is_err(),
        "eval is switched off"
    );
}

#[test]
fn a_prepared_engine_ends_a_script_at_exit() {
    let mut engine = Engine::new();
    Host::builder().build().unwrap().prepare(&mut engine);
    let error = engine.run("exit(3)").expect_err("it ends");
    assert!(
        matches!(*error, EvalAltResult::ErrorTerminated(..)),
        "{error}"
    );
    assert_eq!(engine.eval::<i64>("1 + 1").unwrap(), 2);
}
