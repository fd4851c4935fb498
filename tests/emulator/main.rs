//! The emulator, asked over HTTP as any client asks it.

mod directory;
mod download;
mod faults;
mod lab;
mod listing;
mod sessions;
mod speed;
mod wire;
mod writing;
