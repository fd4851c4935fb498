//! The command line, from outside: what goes in, what comes out, and what is there afterwards.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod emulator;
mod errors;
mod help;
mod interrupt;
mod json;
mod options;
mod permissions;
mod repl;
mod run;
mod support;
mod watch;
