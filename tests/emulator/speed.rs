//! A large file is moved quickly, and memory does not grow with it.

use std::time::{Duration, Instant};

use dropscript::emulator::Emulator;
use serde_json::json;

use crate::lab::{Lab, noise};

const MIB: usize = 1024 * 1024;
const PIECE: usize = 8 * MIB;
const PIECES: usize = 32;

/// The most memory that this process ever had resident, in MiB.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? / 1024)
}

#[tokio::test]
async fn a_large_file_goes_through_a_directory() {
    let directory = tempfile::tempdir().expect("a folder");
    let lab = Lab::with(Emulator::builder().directory(directory.path()));
    let piece = bytes::Bytes::from(noise(PIECE));
    let before = peak_memory();
    let start = Instant::now();
    let id = lab
        .upload("files/upload_session/start", json!({}), "")
        .await
        .ok()["session_id"]
        .clone();
    for n in 0..PIECES {
        let arg =
            json!({"cursor": {"session_id": id, "offset": n * PIECE}, "close": n + 1 == PIECES});
        assert_eq!(
            lab.upload("files/upload_session/append_v2", arg, piece.clone())
                .await
                .status,
            200
        );
    }
    let finish = json!({"cursor": {"session_id": id, "offset": PIECES * PIECE}, "commit": {"path": "/large"}});
    lab.upload("files/upload_session/finish", finish, "")
        .await
        .ok();
    let mut reply = lab
        .download_request(&json!({"path": "/large"}))
        .send()
        .await
        .expect("an answer");
    let mut received = 0;
    while let Some(chunk) = reply.chunk().await.expect("contents") {
        let at = received % PIECE;
        let same = chunk
            .iter()
            .zip(piece[at..].iter().chain(&piece[..]))
            .all(|(got, sent)| got == sent);
        assert!(same, "contents differ near {received}");
        received += chunk.len();
    }
    assert_eq!(received, PIECES * PIECE);
    let calls = lab.emulator.calls();
    assert_eq!(
        (calls.bytes_in, calls.of("files/upload_session/append_v2")),
        ((PIECES * PIECE) as u64, PIECES as u64)
    );
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "took {:?}",
        start.elapsed()
    );
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(
            after - before < 128,
            "memory grew from {before} to {after} MiB"
        );
    }
}
