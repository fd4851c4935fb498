//! Connections and the cloud tasks against the emulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

mod batches;
mod changes;
mod contents;
mod delete;
mod delete_in;
mod download;
mod faults;
mod filter;
mod list;
mod quirks;
mod refresh;
mod relocate;
mod request;
mod sharing;
mod store;
mod store_killed;
mod support;
mod token;
mod upload;
