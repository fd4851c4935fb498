//! The command line, from outside: what goes in, what comes out, and what is there afterwards.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "shown where a test fails, or when asked for"
)]

mod architecture;
mod bad_inputs;
mod browser;
mod canaries;
mod check;
mod connection_test;
mod connections;
mod dependencies;
mod disk_faults;
mod docs;
mod emulator;
mod errors;
mod help;
mod history;
#[cfg(target_os = "linux")]
mod hostile;
mod interrupt;
mod json;
mod login;
mod memory;
mod options;
mod permissions;
mod progress;
mod proxy_settings;
mod repl;
mod run;
mod script_tests;
mod scripts;
mod secrets;
mod shells;
mod shipped;
mod sign_in_pages;
mod support;
mod terminal;
mod unfinished;
mod views;
mod watch;
mod watch_hard;
mod watch_journal;
mod watch_oracle;
mod watch_remote;
mod watch_remote_campaign;
mod watch_runs;
mod watch_scripts;
