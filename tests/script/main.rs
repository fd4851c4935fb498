//! How scripts behave in their host: what they see, what stops them, what their errors say.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;
mod bounds;
mod check;
mod cloud;
mod completion;
mod diagnostics;
mod engines;
mod env;
mod errors;
mod files;
mod filters;
mod fuzz;
mod guards;
mod http;
mod mistakes;
mod modules;
mod options;
mod parallel;
mod prepared;
mod progress;
mod reference;
mod relocating;
mod rhai;
mod session;
mod sharing;
mod state;
mod stopping;
#[cfg(unix)]
mod swaps;
mod text_forms;
mod times;
