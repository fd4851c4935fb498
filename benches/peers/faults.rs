//! What faults cost beyond the waits that the server asks for.

use std::time::Duration;

use serde_json::{Value, json};

use super::contestant::Contestant;
use super::dropbox::{Dropbox, Kept, Trouble};
use super::run::measured;
use super::work::{run, small_files};

/// Downloads many files, first undisturbed, then with one answer in a hundred a 429 and one cut. The line is one that a person may have,
/// so that it is what all wait for.
pub(crate) fn compare(trouble: Trouble, rounds: usize) {
    let trouble = Trouble {
        bandwidth: Some("60MiB/s".to_owned()),
        ..trouble
    };
    println!(
        "\n2,000 files of 512 KiB down over 60 MiB/s; then 1 % of answers 429 with a second to wait, 1 % cut"
    );
    println!(
        "  {:>8} {:>8} {:>10} {:>8} {:>7} {:>14}",
        "clean", "faulty", "of it waits", "excess", "calls", "calls in waits"
    );
    for _ in 0..rounds {
        let dropbox = Dropbox::start(&trouble, Kept::Memory);
        let here = dropbox.path("here");
        small_files(&here, 2_000, 512 << 10);
        run(&mut Contestant::Dropscript.upload(&dropbox, &here, "there"));
        let fetch = |to: &str| {
            let back = dropbox.path(to);
            measured(&mut Contestant::Dropscript.download(&dropbox, "there", &back)).time
        };
        let clean = fetch("clean");
        let before = dropbox.counters()[0];
        dropbox.inject(&json!([
            {
                "route": "files/*", "when": { "probability": { "chance": 0.01, "seed": 1 } },
                "what": { "rate_limit": { "retry_after": 1 } },
            },
            {
                "route": "files/*", "when": { "probability": { "chance": 0.01, "seed": 2 } },
                "what": { "cut_after": { "bytes": 100_000 } },
            },
        ]));
        let faulty = fetch("faulty");
        let calls = dropbox.calls();
        let waits = union(&calls["retry_windows"]);
        let excess = faulty.saturating_sub(waits).as_secs_f64() / clean.as_secs_f64() - 1.0;
        println!(
            "  {:>8.2} {:>8.2} {:>10.2} {:>7.1}% {:>7} {:>14}",
            clean.as_secs_f64(),
            faulty.as_secs_f64(),
            waits.as_secs_f64(),
            excess * 100.0,
            dropbox.counters()[0] - before,
            calls["during_retry_after"],
        );
    }
}

/// How long at least one wait was on.
fn union(windows: &Value) -> Duration {
    let mut windows: Vec<(f64, f64)> = windows
        .as_array()
        .expect("a list")
        .iter()
        .map(|window| {
            let at = |name: &str| window[name].as_f64().expect("milliseconds");
            (at("start_ms"), at("end_ms"))
        })
        .collect();
    windows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut total, mut until) = (0.0_f64, 0.0_f64);
    for (start, end) in windows {
        total += (end - start.max(until)).max(0.0);
        until = until.max(end);
    }
    Duration::from_secs_f64(total / 1_000.0)
}
