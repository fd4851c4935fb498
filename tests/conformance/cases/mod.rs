//! The behaviours, a file for each group.
#![allow(
    clippy::too_many_lines,
    reason = "each function is a table, an entry a behaviour"
)]

mod access;
mod batches;
mod changes;
mod concurrent;
mod deletion;
mod downloads;
mod limits;
mod links;
mod listings;
mod metadata;
mod names;
mod paths;
mod relocation;
mod revisions;
mod search;
mod session_batches;
mod sessions;
mod users;
mod wire;
mod writing;

use crate::behaviour::Behaviour;

/// All behaviours.
pub(crate) fn all() -> Vec<Behaviour> {
    let groups = [
        wire::all(),
        access::all(),
        paths::all(),
        names::all(),
        metadata::all(),
        writing::all(),
        sessions::all(),
        concurrent::all(),
        session_batches::all(),
        downloads::all(),
        listings::all(),
        changes::all(),
        relocation::all(),
        deletion::all(),
        batches::all(),
        revisions::all(),
        search::all(),
        links::all(),
        users::all(),
        limits::all(),
    ];
    groups.into_iter().flatten().collect()
}
