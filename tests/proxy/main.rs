//! How a connection reaches its servers: through proxies, and with which certificates.
#![allow(clippy::unwrap_used, reason = "a test that fails here says where")]

mod authority;
mod certificates;
mod others;
mod program;
mod squid;
mod world;
