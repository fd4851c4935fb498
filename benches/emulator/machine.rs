//! What the machine does without any emulator.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::{GIB, mib};

/// MiB/s of one core.
pub(crate) fn sha256() -> f64 {
    let block = vec![7; 4 << 20];
    let start = Instant::now();
    for _ in 0..GIB / block.len() {
        std::hint::black_box(Sha256::digest(&block));
    }
    mib(GIB) / start.elapsed().as_secs_f64()
}

/// MiB/s of a file of 1 GiB that is on the disk when it is done.
pub(crate) fn dd(folder: &Path) -> f64 {
    let file = folder.join("dropscript-bench-dd");
    let start = Instant::now();
    let status = Command::new("dd")
        .arg(format!("of={}", file.display()))
        .args([
            "if=/dev/zero",
            "bs=8M",
            "count=128",
            "conv=fdatasync",
            "status=none",
        ])
        .status();
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.expect("dd").success());
    std::fs::remove_file(file).expect("dd wrote it");
    mib(GIB) / seconds
}
