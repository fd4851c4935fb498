//! The emulator, asked over HTTP as any client asks it.

mod archive;
mod arguments;
mod batches;
mod browser;
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
mod rclone;
mod relocation;
mod sdk;
mod search;
mod sessions;
mod sharing;
mod speed;
mod transports;
mod wire;
mod writing;
