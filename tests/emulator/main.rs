//! The emulator, asked over HTTP as any client asks it.

mod batches;
mod directory;
mod download;
mod faults;
mod history;
mod lab;
mod listing;
mod relocation;
mod search;
mod sessions;
mod speed;
mod wire;
mod writing;
