//! Connections and the cloud tasks against the emulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]
#![allow(
    clippy::print_stdout,
    reason = "campaigns print their seeds and counts"
)]

mod batches;
mod campaign;
mod changes;
mod contents;
mod copy_from;
mod copy_move;
mod delete;
mod delete_in;
mod download;
mod errors;
mod faults;
mod filter;
mod large;
mod list;
mod mirror;
mod pacing;
mod preflight;
mod quirks;
mod redirect;
mod refresh;
mod refresh_together;
mod relocate;
mod request;
mod sharing;
mod sign_in;
mod store;
mod store_killed;
mod support;
mod token;
mod transfer;
mod unfinished;
mod upload;
mod views;
