//! `watch`: how soon the script has a file after it was closed, how long the look at the beginning takes and how much memory a file does, what
//! it costs to wait, and what watchexec, which starts a program for each change, makes of the same writers.
//!
//!     cargo bench --bench watch                      # all of it; some minutes
//!     cargo bench --bench watch -- --only looks      # or `latency`
//!
//! watchexec is a program of others: `cargo install watchexec-cli --root target/watchexec`, or what `--watchexec PROGRAM` names. Where it is
//! missing its lines are left out.

#![allow(clippy::print_stdout, reason = "it prints a table")]

mod latency;
mod looks;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().position(|argument| argument == name);
    if let Some(at) = after("--look") {
        return looks::look(&arguments[at + 1..]);
    }
    if after("--bench").is_none() {
        // As `cargo test --benches` runs it.
        return;
    }
    let value = |name| after(name).and_then(|at| arguments.get(at + 1));
    let only = value("--only");
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    if wanted("looks") {
        looks::measure();
    }
    if wanted("latency") {
        latency::measure(value("--watchexec").map(String::as_str));
    }
}
