//! The command line of dropscript.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints; the library never does"
)]

mod cli;

use std::alloc::System;

use cap::Cap;

/// Counts what the process allocates, so that scripts can be held to their limit of memory.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> std::process::ExitCode {
    cli::main()
}
