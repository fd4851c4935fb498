//! Documents of faults that may say anything: they are taken or refused, and never break the emulator.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dice::{Dice, full_campaign, seed};
use crate::fault_matrix::{PATIENCE, STYLES, call, exchange, furnished};
use crate::malformed::{count_panics, panics};

const KINDS: [&str; 23] = [
    "async_job",
    "batch_entries",
    "cut_after",
    "cut_after_commit",
    "cut_before_headers",
    "cut_during_request",
    "delay",
    "expired_token",
    "explode",
    "flipped_byte",
    "hang",
    "incorrect_offset",
    "job_failed",
    "job_pending",
    "longpoll_backoff",
    "lost_session",
    "rate_limit",
    "reset_cursor",
    "server_error",
    "slow_drip",
    "too_many_write_operations",
    "truncated_body",
    "wrong_content_hash",
];

const FIELDS: [&str; 16] = [
    "as",
    "body",
    "bytes",
    "bytes_per_second",
    "entries",
    "error",
    "html",
    "kept",
    "millis",
    "offset",
    "pending",
    "reason",
    "retry_after",
    "retry_in",
    "seconds",
    "status",
];

const WORDS: [&str; 8] = [
    "",
    "429",
    "entry",
    "field",
    "text",
    "path/not_found",
    "path/",
    "too_many_requests",
];

const ROUTES: [&str; 7] = [
    "*",
    "files/*",
    "files/upload",
    "files/get_metadata",
    "nowhere",
    "",
    "**",
];

fn number(dice: &mut Dice) -> Value {
    let numbers = json!([
        0,
        1,
        3,
        429,
        503,
        999,
        -1,
        0.5,
        1.5,
        u64::MAX,
        1e300,
        null,
        "x",
        [],
        {}
    ]);
    let numbers = numbers.as_array().expect("an array");
    dice.pick(numbers).clone()
}

fn when(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => json!("always"),
        1 => json!({"nth": number(dice)}),
        2 => json!({"first": number(dice)}),
        3 => json!({"every": number(dice)}),
        4 => json!({"probability": {"chance": number(dice), "seed": number(dice)}}),
        _ => json!({"nth": 1}),
    }
}

fn what(dice: &mut Dice) -> Value {
    let kind = *dice.pick(&KINDS);
    if dice.below(4) == 0 {
        return json!(kind);
    }
    let mut fields = serde_json::Map::new();
    for _ in 0..dice.below(3) {
        let value = match dice.below(3) {
            0 => json!(*dice.pick(&WORDS)),
            1 => when(dice),
            _ => number(dice),
        };
        fields.insert((*dice.pick(&FIELDS)).to_owned(), value);
    }
    json!({ kind: fields })
}

/// Mostly what a fault looks like.
fn document(dice: &mut Dice) -> Value {
    let mut fault = json!({"what": what(dice)});
    if dice.below(2) == 0 {
        fault["when"] = when(dice);
    }
    if dice.below(2) == 0 {
        fault["route"] = json!(*dice.pick(&ROUTES));
    }
    match dice.below(2) {
        0 => json!([fault]),
        _ => fault,
    }
}

#[test]
#[allow(
    clippy::print_stderr,
    reason = "what was tried is told, and how to try it again"
)]
fn no_document_breaks_the_emulator() {
    count_panics();
    let (count, seed) = (if full_campaign() { 10_000 } else { 200 }, seed());
    eprintln!("{count} documents of faults, DROPSCRIPT_SEED={seed}");
    let mut dice = Dice(seed);
    let emulator = furnished();
    let control = |method: &str, body: &str| {
        let request = format!(
            "{method} /emulator/faults HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        exchange(&emulator, request.as_bytes(), PATIENCE)
    };
    let mut taken = 0;
    for number in 0..count {
        let text = document(&mut dice).to_string();
        let given = control("POST", &text);
        let told = String::from_utf8_lossy(&given.body).into_owned();
        match given.status {
            200 => {
                taken += 1;
                // A client without patience: some of these hang, or take a day.
                let request = dice.pick(&STYLES).request(&emulator.access_token("main"));
                exchange(&emulator, &request, Duration::from_millis(20));
            }
            400 => assert!(told.len() > 10, "{number}: {text}: {told:?}"),
            status => panic!("{number}: {status} for {text}: {told}"),
        }
        assert_eq!(panics(), 0, "{number}: {text}");
        assert_eq!(control("DELETE", "").status, 200);
    }
    assert!(
        (count / 20..count).contains(&taken),
        "{taken} of {count} were taken"
    );
    for style in STYLES {
        assert_eq!(call(&emulator, style).status, 200);
    }
}
