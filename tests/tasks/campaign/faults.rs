//! What goes wrong, and where: each kind at some of the routes that it can come at.

use dropscript::emulator::{
    Emulator, Fault, FaultKind, FaultWhen, LimitBody, LimitReason, RetryIn, WriteRefusal,
};

use crate::support::{Dice, is_full};

/// The routes that the tasks below call.
pub(super) const ROUTES: [&str; 20] = [
    "files/upload",
    "files/upload_session/start",
    "files/upload_session/append_v2",
    "files/upload_session/start_batch",
    "files/upload_session/append_batch",
    "files/upload_session/finish_batch_v2",
    "files/download",
    "files/get_metadata",
    "files/list_folder",
    "files/list_folder/continue",
    "files/create_folder_v2",
    "files/delete_v2",
    "files/copy_v2",
    "files/move_v2",
    "files/copy_batch_v2",
    "files/copy_batch/check_v2",
    "files/move_batch_v2",
    "files/move_batch/check_v2",
    "users/get_current_account",
    "users/get_space_usage",
];

fn limit(reason: LimitReason, retry_after: Option<u64>, body: LimitBody) -> FaultKind {
    FaultKind::RateLimit {
        reason,
        retry_after,
        retry_in: if body == LimitBody::Text {
            RetryIn::Header
        } else {
            RetryIn::Both
        },
        body,
    }
}

fn failing(status: u16, html: bool) -> FaultKind {
    FaultKind::ServerError {
        status,
        html,
        retry_after: None,
    }
}

/// What goes wrong: each is another way to fail. Answers other than downloads are not made to lie, but for what is compared with what was
/// sent: nothing but TLS could tell.
pub(super) fn kinds() -> Vec<(FaultKind, &'static [&'static str])> {
    const SENT: &[&str] = &[
        "files/upload",
        "files/upload_session/start",
        "files/upload_session/append_v2",
        "files/upload_session/append_batch",
    ];
    const DOWN: &[&str] = &["files/download"];
    const ENDS: &[&str] = &["files/upload_session/finish_batch_v2"];
    let (requests, writes) = (
        LimitReason::TooManyRequests,
        LimitReason::TooManyWriteOperations,
    );
    let entries = |error: &str| FaultKind::BatchEntries {
        error: error.to_owned(),
        entries: FaultWhen::Every(3),
    };
    vec![
        (FaultKind::Delay { millis: 1 }, &ROUTES),
        (FaultKind::Delay { millis: 50 }, &ROUTES),
        (FaultKind::Hang, &ROUTES),
        (limit(requests, Some(0), LimitBody::Json), &ROUTES),
        (limit(requests, Some(0), LimitBody::Text), &ROUTES),
        (limit(writes, Some(0), LimitBody::Json), &ROUTES),
        (limit(requests, Some(1), LimitBody::Json), &ROUTES),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Call,
            },
            &ROUTES,
        ),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Route,
            },
            &ROUTES,
        ),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Entry,
            },
            &ROUTES,
        ),
        (failing(500, false), &ROUTES),
        (failing(500, true), &ROUTES),
        (failing(502, true), &ROUTES),
        (failing(503, false), &ROUTES),
        (failing(504, false), &ROUTES),
        (FaultKind::ExpiredToken, &ROUTES),
        (FaultKind::CutBeforeHeaders, &ROUTES),
        (FaultKind::CutDuringRequest { bytes: 0 }, &ROUTES),
        (FaultKind::CutDuringRequest { bytes: 1_000 }, &ROUTES),
        (FaultKind::CutAfterCommit, &ROUTES),
        (FaultKind::CutAfter { bytes: 0 }, &ROUTES),
        (FaultKind::CutAfter { bytes: 10 }, &ROUTES),
        (FaultKind::CutAfter { bytes: 5_000 }, DOWN),
        (FaultKind::TruncatedBody { bytes: 0 }, &ROUTES),
        (FaultKind::TruncatedBody { bytes: 20 }, &ROUTES),
        (FaultKind::FlippedByte { offset: 0 }, DOWN),
        (FaultKind::FlippedByte { offset: 3_000 }, DOWN),
        (FaultKind::WrongContentHash, SENT),
        (
            FaultKind::SlowDrip {
                bytes_per_second: 5_000_000,
            },
            DOWN,
        ),
        (FaultKind::IncorrectOffset { kept: 0 }, &ROUTES),
        (FaultKind::IncorrectOffset { kept: 1_000 }, &ROUTES),
        (FaultKind::LostSession, &ROUTES),
        (entries("path/too_many_write_operations"), ENDS),
        (entries("lookup_failed/not_found"), ENDS),
        (FaultKind::AsyncJob { pending: 1 }, &ROUTES),
        (FaultKind::JobPending, &ROUTES),
        (FaultKind::ResetCursor, &ROUTES),
    ]
}

/// Whether a kind costs seconds each time: until nobody waits any more, or as the client waits where it is not told how long.
fn is_slow(kind: &FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Hang
            | FaultKind::TooManyWriteOperations { .. }
            | FaultKind::RateLimit {
                retry_after: Some(1),
                ..
            }
    )
}

/// Has faults of many kinds strike from now on, in place of those before.
pub(super) fn harm(emulator: &Emulator, dice: &mut Dice) {
    emulator.clear_faults();
    let kinds = kinds();
    for (kind, routes) in &kinds {
        // What costs time comes more seldom.
        let (most, chance) = match kind {
            FaultKind::Hang => (1, 0.005),
            slow if is_slow(slow) => (1, 0.01),
            _ if is_full() => (5, 0.1),
            _ => (5, 0.06),
        };
        for _ in 0..=dice.below(most) {
            let route = *dice.pick(routes);
            let seed = dice.below(1 << 40) as u64;
            let fault = Fault::on(route, kind.clone()).with_probability(chance, seed);
            if fault.check().is_ok() {
                emulator.inject(fault);
            }
        }
    }
    // Some routes are called so seldom that chance alone would leave them out.
    for route in ROUTES {
        let (kind, routes) = dice.pick(&kinds);
        let fault = Fault::on(route, kind.clone()).nth(1 + dice.below(3) as u64);
        let costs = match kind {
            FaultKind::Hang | FaultKind::FlippedByte { .. } => true,
            slow => is_slow(slow) && !is_full(),
        };
        if !costs && routes.contains(&route) && fault.check().is_ok() {
            emulator.inject(fault);
        }
    }
}
