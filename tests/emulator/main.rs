//! The emulator, asked over HTTP as any client asks it.

mod apps;
mod batches;
mod concurrency;
mod dice;
mod directory;
mod download;
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
mod team;
mod transports;
mod wire;
mod writing;
