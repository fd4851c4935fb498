//! This program and others at the same work, each in a process of its own, against the emulator in one more: TLS, with the latency and the
//! write lock of a far service.
//!
//!     cargo bench --bench peers                      # five rounds of everything
//!     cargo bench --bench peers -- --only small-up   # or `again`, `small-down`, `large-up`, `large-down`, `list`, `faults`
//!     cargo bench --bench peers -- --only huge-up    # or `million`: for the memory, and only when asked for
//!     cargo bench --bench peers -- --rounds 3 --latency 80ms --write-lock 0ms
//!
//! rclone comes from `tests/requirements.txt`, which `tests/run` installs. Other work on the machine makes all times longer: look at the
//! ratios, and at the calls.

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod contestant;
mod curl;
mod dropbox;
mod faults;
mod run;
mod work;

use std::time::Duration;

use contestant::Contestant;
use dropbox::{Dropbox, Trouble};
use run::Figures;
use work::Work;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // As `cargo test --benches` runs it.
        return;
    }
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let rounds = after("--rounds").map_or(5, |rounds| rounds.parse().expect("a number of rounds"));
    let trouble = Trouble {
        latency: after("--latency").unwrap_or_else(|| "40ms".to_owned()),
        write_lock: after("--write-lock").unwrap_or_else(|| "20ms".to_owned()),
        bandwidth: None,
    };
    let only = after("--only");
    println!(
        "latency {}, write lock {}, medians of {rounds} rounds",
        trouble.latency, trouble.write_lock
    );
    for work in Work::ALL {
        if only
            .as_deref()
            .map_or(!work.is_heavy(), |only| only == work.name())
        {
            compare(*work, &trouble, rounds);
        }
    }
    if only.as_deref().is_none_or(|only| only == "faults") {
        faults::compare(trouble, rounds);
    }
}

fn compare(work: Work, trouble: &Trouble, rounds: usize) {
    println!("\n{}", work.title());
    println!(
        "  {:<34} {:>8} {:>7} {:>7} {:>9} {:>9} {:>8} {:>8}",
        "", "seconds", "ratio", "calls", "MiB up", "MiB down", "MiB mem", "s of CPU"
    );
    let mut first: Option<Duration> = None;
    for contestant in Contestant::ALL {
        if !contestant.enters(work) {
            continue;
        }
        let mut all: Vec<Figures> = (0..rounds)
            .map(|_| {
                let dropbox = Dropbox::start(trouble, work.kept_in());
                work.measure(*contestant, &dropbox)
            })
            .collect();
        all.sort_by_key(|figures| figures.time);
        let median = &all[rounds / 2];
        let ours = *first.get_or_insert(median.time);
        println!(
            "  {:<34} {:>8.2} {:>7.2} {:>7} {:>9.1} {:>9.1} {:>8.0} {:>8.2}",
            contestant.name(),
            median.time.as_secs_f64(),
            median.time.as_secs_f64() / ours.as_secs_f64(),
            median.calls,
            mib(median.bytes_up),
            mib(median.bytes_down),
            mib(median.memory),
            median.cpu.as_secs_f64(),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
