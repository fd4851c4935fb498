//! What was run: a history in the database of the state folder, for people who want to know what happened while they were away.
//!
//! Nothing of it is needed to run anything. What cannot be written down is left out, with a warning.

mod entry;
mod recorder;
mod redact;
mod store;

pub use entry::{Ending, PastRun, RunCounts, RunStart};
pub use recorder::Recorder;
pub use redact::KnownSecrets;
pub use store::{History, RunQuery};
