//! How fast the emulator is, asked over HTTP by a client in a process of its own, with what the machine itself can do beside it.
//!
//!     cargo bench --bench emulator                  # DIR on /dev/shm and in the target folder
//!     cargo bench --bench emulator -- --disk PATH   # DIR on another disk
//!     cargo bench --bench emulator -- --only calls  # or `list`, `large`
//!
//! Other work on the machine makes all figures worse, those of the machine too: look at what stands in one row.

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod line;
mod machine;
mod server;
mod work;

use std::path::PathBuf;

use server::{Keeping, Server};

/// Connections that are in use at once for small calls.
const LINES: usize = 16;
const GIB: usize = 1 << 30;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    if server::is_server(&arguments) {
        return server::serve(&arguments);
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // As `cargo test --benches` runs it.
        return;
    }
    let disk =
        after("--disk").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let only = after("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let memory = PathBuf::from("/dev/shm");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if wanted("calls") {
        println!("small calls a second, {LINES} connections");
        let floor = runtime.block_on(work::floor(&Server::start(&Keeping::Floor), LINES));
        row("an empty handler", floor, floor);
        for keeping in [
            Keeping::Memory,
            Keeping::Folder(memory.clone()),
            Keeping::Folder(disk.clone()),
        ] {
            for (name, call) in work::CALLS {
                let server = Server::start(&keeping);
                let rate = runtime.block_on(work::calls(&server, LINES, *call));
                row(&format!("{name}, {keeping}"), rate, floor);
            }
        }
    }
    if wanted("list") {
        println!("\nlist_folder of 100,000 entries, 2,000 a page");
        let server = Server::start(&Keeping::Entries(100_000));
        let (seconds, bytes) = runtime.block_on(work::list(&server, 100_000));
        println!(
            "  {:<44} {seconds:>8.2} s  {:>6.1} MiB",
            "all pages",
            mib(bytes)
        );
    }
    if wanted("large") {
        println!("\n1 GiB, MiB/s, and as a part of what the machine does");
        let sha = machine::sha256();
        row("SHA-256 of the same bytes, one core", sha, sha);
        for keeping in [
            Keeping::Memory,
            Keeping::Folder(memory),
            Keeping::Folder(disk),
        ] {
            let floor = match &keeping {
                Keeping::Folder(path) => {
                    let written = machine::dd(path);
                    row(&format!("dd conv=fdatasync, {keeping}"), written, written);
                    written
                }
                _ => sha,
            };
            let server = Server::start(&keeping);
            let large = runtime.block_on(work::large(&server, GIB));
            row(
                &format!("up by append_v2, 8 MiB a call, {keeping}"),
                large.sequential,
                floor,
            );
            row(
                &format!("up in concurrent parts of 8 MiB, {keeping}"),
                large.concurrent,
                floor,
            );
            row(&format!("down, {keeping}"), large.down, floor);
            row(
                &format!("down, and hashed by the client, {keeping}"),
                large.down_hashed,
                sha,
            );
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn row(name: &str, figure: f64, floor: f64) {
    println!(
        "  {name:<64} {figure:>8.0}  {:>4.0} %",
        figure / floor * 100.0
    );
}
