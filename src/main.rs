//! The command line of dropscript.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints; the library never does"
)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
