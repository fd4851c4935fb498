//! What the host costs beside plain Rhai, and how the program starts: `cargo bench --bench script`.
//!
//! A word chooses among them, as in `cargo bench --bench script -- native`: `native`, `operations`, `many`, `limit`, `start`.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dropscript::rhai::Engine;
use dropscript::{Host, Limits, Reason};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

/// How often each measurement is repeated; the median counts.
const ROUNDS: usize = 9;

const CALLS: u32 = 200_000;

/// About four operations a round of the loop.
const LOOP: &str = "let sum = 0; for i in 0..250_000 { sum += i * 2; } sum";

/// One of the measurements.
type Measure = fn(&Runtime);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| {
        let mut chosen = words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .peekable();
        chosen.peek().is_none() || chosen.any(|word| word == name)
    };
    let runtime = Runtime::new().unwrap();
    let all: [(&str, Measure); 5] = [
        ("native", native),
        ("operations", operations),
        ("many", many),
        ("limit", limit),
        ("start", start),
    ];
    for (name, measure) in all {
        if is_wanted(name) {
            measure(&runtime);
        }
    }
}

/// A call of a function of ours, the loop around it taken off.
fn native(runtime: &Runtime) {
    let host = host(runtime, Limits::default());
    let time = |body: &str| {
        let code = format!("for i in 0..{CALLS} {{ {body} }}");
        let script = host.compile("calls", &code).unwrap();
        median(|| timed(|| runtime.block_on(host.run(&script)).unwrap()))
    };
    let empty = time("let name = \"b.txt\";");
    let call = time("let name = path::name(\"/a/b.txt\");");
    let each = call.saturating_sub(empty) / CALLS;
    println!("a native call: {:.2} µs", each.as_secs_f64() * 1e6);
}

/// A million simple operations, beside an engine that knows nothing of us, and one that could be stopped: by callbacks that do nothing.
///
/// They take turns, and the least time of the processor counts: the machine may be busy with other work.
fn operations(runtime: &Runtime) {
    let ours = host(runtime, Limits::default());
    let script = ours.compile("loop", LOOP).unwrap();
    let plain = Engine::new();
    let mut stoppable = Engine::new();
    stoppable.on_progress(|_| None);
    let ast = plain.compile(LOOP).unwrap();
    let mut least = [f64::MAX; 3];
    for _ in 0..ROUNDS * 3 {
        let times = [
            processor(|| plain.eval_ast::<i64>(&ast).unwrap()),
            processor(|| stoppable.eval_ast::<i64>(&ast).unwrap()),
            processor(|| runtime.block_on(ours.run(&script)).unwrap()),
        ];
        for (least, time) in least.iter_mut().zip(times) {
            *least = least.min(millis(time));
        }
    }
    let [plain, stoppable, ours] = least;
    let percent = |time: f64| (time / plain - 1.0) * 100.0;
    println!(
        "a million operations: {ours:.1} ms, plain Rhai {plain:.1} ms: {:+.0} %; plain Rhai that asks at each operation whether to go on: {:+.0} %",
        percent(ours),
        percent(stoppable)
    );
}

/// The time of the processor that this process spends on something, done ten times for the sake of the clock, which ticks a hundred times a second.
fn processor<T>(work: impl Fn() -> T) -> Duration {
    let begun = ticks();
    for _ in 0..10 {
        let _done = work();
    }
    Duration::from_millis((ticks() - begun) * 10) / 10
}

/// What the threads of this process have spent so far.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program, which may hold anything, ends with the last bracket.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields = fields.split_whitespace().skip(11).take(2);
    fields.map(|field| field.parse::<u64>().unwrap()).sum()
}

/// A thousand scripts at once in one process, each of which waits for a while.
fn many(runtime: &Runtime) {
    const SCRIPTS: usize = 1_000;
    let host = host(runtime, Limits::default());
    let script = host.compile("one", "sleep(0.5); 40 + 2").unwrap();
    let took = timed(|| {
        let ended = runtime.block_on(join_all((0..SCRIPTS).map(|_| host.run(&script))));
        assert!(ended.iter().all(Result::is_ok));
    });
    println!(
        "{SCRIPTS} scripts at once, each asleep for 500 ms: {:.0} ms, peak memory of the process {} MiB",
        millis(took),
        peak_memory_mib()
    );
}

/// How long after its deadline a script ends, whatever it does.
fn limit(runtime: &Runtime) {
    const DEADLINE: Duration = Duration::from_millis(200);
    let limits = Limits {
        deadline: Some(DEADLINE),
        ..Limits::default()
    };
    let host = host(runtime, limits);
    for code in [
        "loop {}",
        "sleep(60)",
        "loop { try { [1].map(|x| sleep(60)) } catch {} }",
        "let a = []; for i in 0..1_000_000 { a.push(i) } loop { a.sort(); a.reverse(); }",
    ] {
        let late = median(|| {
            let took = timed(|| {
                let ended = runtime.block_on(host.eval(code)).unwrap_err();
                assert_eq!(ended.reason, Reason::Deadline, "{code}");
            });
            took.saturating_sub(DEADLINE)
        });
        println!("after its deadline `{code}` ends in {:.0} ms", millis(late));
    }
}

/// The program from its start to its end.
fn start(_: &Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("empty.rhai");
    std::fs::write(&script, "").unwrap();
    let script = script.to_str().unwrap();
    for words in [
        &["--version"][..],
        &["run", script],
        &["run", "--no-history", script],
    ] {
        let took = median(|| {
            timed(|| {
                let status = Command::new(env!("CARGO_BIN_EXE_dropscript"))
                    .args(words)
                    .env("XDG_STATE_HOME", folder.path())
                    .env("XDG_CONFIG_HOME", folder.path())
                    .stdout(Stdio::null())
                    .status();
                assert!(status.unwrap().success());
            })
        });
        let words = words.join(" ").replace(script, "empty.rhai");
        println!("dropscript {words}: {:.1} ms", millis(took));
    }
}

fn host(runtime: &Runtime, limits: Limits) -> Host {
    let _inside = runtime.enter();
    Host::builder().limits(limits).build().unwrap()
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    let _done = work();
    begun.elapsed()
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| measure()).collect();
    times.sort();
    times[ROUNDS / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The most memory that this process had so far.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
