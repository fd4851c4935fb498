//! The emulator, asked over HTTP as any client asks it.

mod batch_faults;
mod batches;
mod concurrency;
mod contention;
mod counters;
mod dice;
mod directory;
mod download;
mod fault_matrix;
mod faults;
mod history;
mod lab;
mod limits;
mod listing;
mod malformed;
mod model;
mod oauth;
mod relocation;
mod sdk;
mod search;
mod sessions;
mod sharing;
mod speed;
mod transports;
mod wire;
mod writing;
