//! Requests that are not as they should be are refused, and do no harm.

mod cases;
mod raw;
mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use dropscript::emulator::Emulator;
use serde_json::json;

use crate::dice::{Dice, full_campaign, seed};
use cases::{Cases, Expected, request};
use raw::{exchange, statuses};

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts the panics of emulators, which their clients may not see.
pub(crate) fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            if thread
                .name()
                .is_some_and(|name| name.starts_with("emulator"))
            {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            print(panic);
        }));
    });
}

/// How many there were since counting began.
pub(crate) fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}

fn furnished() -> Emulator {
    let emulator = Emulator::start().expect("the emulator starts");
    emulator.put("main", "/kept.txt", "as it was");
    emulator.put("main", "/deep/er/file", "too");
    emulator
}

fn address(emulator: &Emulator) -> &str {
    emulator.url().strip_prefix("http://").expect("plain HTTP")
}

#[test]
fn the_samples_are_well_formed_and_cover_every_route() {
    let emulator = furnished();
    let token = emulator.access_token("main");
    let samples = routes::samples();
    for sample in &samples {
        let arg = sample.arg.to_string();
        // The first would take the token away from the others.
        if sample.route == "auth/token/revoke" {
            continue;
        }
        let request = request(sample, &token, arg.as_bytes()).bytes();
        let answer = exchange(address(&emulator), &request, false).expect("an answer");
        let text = String::from_utf8_lossy(&answer).into_owned();
        let [status] = statuses(&answer, false).expect("an answer")[..] else {
            panic!("{}: {text}", sample.route);
        };
        let semantic = text.contains("Invalid \"cursor\" parameter") || text.contains("account_id");
        assert!(
            matches!(status, 200 | 403 | 409) || (status == 400 && semantic),
            "{}: {text}",
            sample.route
        );
    }
    let table = include_str!("../../src/emulator/routes/mod.rs");
    let known: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.contains(" => "))
        .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next())
        .filter(|name| {
            !["apit", "oauth2/", "scl/"]
                .iter()
                .any(|web| name.starts_with(web))
        })
        .collect();
    let covered: BTreeSet<&str> = samples.iter().map(|sample| sample.route).collect();
    assert_eq!(
        known.difference(&covered).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
}

#[test]
#[allow(
    clippy::print_stderr,
    reason = "what was tried is told, and how to try it again"
)]
fn malformed_requests_are_refused_and_change_nothing() {
    count_panics();
    let emulator = furnished();
    let (address, token) = (address(&emulator), emulator.access_token("main"));
    let (count, seed) = (if full_campaign() { 10_000 } else { 200 }, seed());
    eprintln!("{count} malformed requests, DROPSCRIPT_SEED={seed}");
    let samples = routes::samples();
    let mut cases = Cases {
        dice: Dice(seed),
        samples: &samples,
        token: &token,
    };
    let before = emulator.paths("main");
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..count {
        let case = cases.next();
        *tried.entry(case.name).or_default() += 1;
        let told = || {
            let start = &case.bytes[..case.bytes.len().min(1500)];
            format!(
                "request {number} of seed {seed}, {}: {:?}",
                case.name,
                String::from_utf8_lossy(start)
            )
        };
        let answer = exchange(address, &case.bytes, case.is_incomplete())
            .unwrap_or_else(|why| panic!("{why}: {}", told()));
        let without_body = case.expected == Expected::RefusedWithoutBody;
        let got = statuses(&answer, without_body).unwrap_or_else(|why| panic!("{why}: {}", told()));
        let refused = |status: &u16| (400..500).contains(status);
        let right = match case.expected {
            Expected::Refused | Expected::RefusedWithoutBody => got.first().is_some_and(refused),
            Expected::RefusedOrClosed => got.first().is_none_or(refused),
            Expected::RefusedThenGood(bad) => {
                got.len() == bad + 1 && got[..bad].iter().all(refused) && got[bad] == 200
            }
            Expected::NoFailure => got.iter().all(|status| *status < 500),
        };
        assert!(right, "answered {got:?}: {}", told());
        assert!(
            got.iter().all(|status| *status < 500),
            "answered {got:?}: {}",
            told()
        );
        assert_eq!(panics(), 0, "{}", told());
        assert_eq!(emulator.paths("main"), before, "{}", told());
        let good = request(
            &routes::Sample {
                route: "check/user",
                style: routes::Style::Rpc,
                arg: json!({}),
            },
            &token,
            b"{\"query\":\"q\"}",
        );
        let answer = exchange(address, &good.bytes(), false)
            .unwrap_or_else(|why| panic!("{why} after {}", told()));
        assert!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "no good answer after {}",
            told()
        );
    }
    assert_eq!(
        emulator.contents("main", "/kept.txt").as_deref(),
        Some(&b"as it was"[..])
    );
    eprintln!("{tried:#?}");
}
