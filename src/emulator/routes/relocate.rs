//! `files/move_v2`, `files/copy_v2`, and their batches.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Caller, Outcome};
use super::super::fields::Fields;
use super::super::limits::too_many_writes;
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::relocate::RelocationError;
use super::super::state::tree::Node;
use super::super::state::write::WriteError;
use super::super::state::{LocateError, Located};
use super::super::tag::{nested, tag};
use super::super::wire;
use super::jobs;

/// Entries of a batch, at most.
const MOST_ENTRIES: usize = 1000;

#[derive(Clone, Copy)]
enum Kind {
    Move,
    Copy,
}

struct Relocation {
    from: PathArg,
    to: PathArg,
}

impl Relocation {
    fn read(arg: &mut Fields) -> Result<Relocation, Refusal> {
        Ok(Relocation {
            from: arg.path("from_path", Pattern::WriteOrId)?,
            to: arg.path("to_path", Pattern::WriteOrId)?,
        })
    }

    /// The error is a `RelocationError`.
    fn carry_out(
        &self,
        call: &Call,
        caller: &Caller,
        kind: Kind,
        autorename: bool,
    ) -> Result<(String, Node), Value> {
        let lookup = |error| nested("from_lookup", wire::lookup_error(error));
        let now = call.shared.clock.now();
        let mut state = call.shared.state();
        let from = match state.locate(&caller.view, &self.from).map_err(lookup)? {
            Located::Place(place) if place.lower != caller.view.root.lower => place.lower,
            _ => {
                return Err(lookup(LocateError::Bad(
                    super::super::names::BadPath::Malformed,
                )));
            }
        };
        if let Kind::Move = kind {
            let allowed = caller
                .view
                .check_removal(state.tree(caller.view.tree), &from);
            allowed.map_err(|error| nested("from_write", wire::write_error(error)))?;
        }
        let to = state
            .locate_target(&caller.view, &self.to)
            .map_err(|error| nested("to", wire::write_error(error)))?;
        let room = state.room(caller.account);
        let (tree, mint) = state.tree_mut(caller.view.tree);
        match kind {
            Kind::Move => tree.relocate(&from, &to, autorename, now, mint),
            Kind::Copy => tree.branch(&from).and_then(|branch| {
                if to.lower != from && super::super::names::is_within(&to.lower, &from) {
                    return Err(RelocationError::Nested);
                }
                if branch.size() > room {
                    return Err(RelocationError::NoQuota);
                }
                tree.copy_here(branch, &to, autorename, mint)
            }),
        }
        .map_err(relocation_error)
    }
}

pub(super) fn relocation_error(error: RelocationError) -> Value {
    match error {
        RelocationError::NotFound => {
            nested("from_lookup", wire::lookup_error(LocateError::NotFound))
        }
        RelocationError::To(WriteError::NoSpace) | RelocationError::NoQuota => {
            tag("insufficient_quota")
        }
        RelocationError::To(error) => nested("to", wire::write_error(error)),
        RelocationError::IntoItself => tag("cant_move_folder_into_itself"),
        RelocationError::Nested => tag("duplicated_or_nested_paths"),
        RelocationError::TooManyFiles => tag("too_many_files"),
    }
}

pub(super) async fn move_one(call: &mut Call) -> Outcome {
    let (lower, node) = one(call, Kind::Move).await?;
    let view = call.caller().view;
    Ok(Answer::json(
        &json!({ "metadata": wire::metadata(&view, &lower, &node) }),
    ))
}

pub(super) async fn copy_one(call: &mut Call) -> Outcome {
    let (lower, node) = one(call, Kind::Copy).await?;
    let view = call.caller().view;
    Ok(Answer::json(
        &json!({ "metadata": wire::metadata(&view, &lower, &node) }),
    ))
}

/// `files/move`: the first version, which returns the bare metadata.
pub(super) async fn move_one_v1(call: &mut Call) -> Outcome {
    let (lower, node) = one(call, Kind::Move).await?;
    Ok(Answer::json(&wire::metadata(
        &call.caller().view,
        &lower,
        &node,
    )))
}

/// `files/copy`: the first version, which returns the bare metadata.
pub(super) async fn copy_one_v1(call: &mut Call) -> Outcome {
    let (lower, node) = one(call, Kind::Copy).await?;
    Ok(Answer::json(&wire::metadata(
        &call.caller().view,
        &lower,
        &node,
    )))
}

async fn one(call: &mut Call, kind: Kind) -> Result<(String, Node), Refusal> {
    let relocation = Relocation::read(&mut call.arg)?;
    let autorename = options(call)?;
    let busy = || nested("to", too_many_writes());
    call.hold_namespace()
        .await
        .map_err(|held| held.refusal(busy))?;
    let moved = relocation.carry_out(call, &call.caller(), kind, autorename);
    let moved = moved.map_err(Refusal::Route)?;
    call.shared.settle().await?;
    Ok(moved)
}

/// Reads the options that all these routes have; only `autorename` changes anything here.
fn options(call: &mut Call) -> Result<bool, Refusal> {
    let autorename = call.arg.flag("autorename")?;
    call.arg.flag("allow_shared_folder")?;
    call.arg.flag("allow_ownership_transfer")?;
    call.arg.finish()?;
    Ok(autorename)
}

pub(super) async fn move_batch(call: &mut Call) -> Outcome {
    batch(call, Kind::Move, "files/move_batch/check_v2").await
}

pub(super) async fn copy_batch(call: &mut Call) -> Outcome {
    batch(call, Kind::Copy, "files/copy_batch/check_v2").await
}

async fn batch(call: &mut Call, kind: Kind, check: &'static str) -> Outcome {
    let entries = read_batch(call)?;
    let autorename = options(call)?;
    let mut failing = call
        .hold_for_entries(entries.len(), too_many_writes)
        .await?;
    let caller = call.caller();
    let results: Vec<Value> = entries
        .iter()
        .map(|entry| {
            if let Some(error) = failing.next() {
                return nested("failure", error);
            }
            match entry.carry_out(call, &caller, kind, autorename) {
                Ok((lower, node)) => {
                    let metadata = json!(wire::metadata(&caller.view, &lower, &node));
                    nested("success", metadata)
                }
                Err(error) => nested("failure", nested("relocation_error", error)),
            }
        })
        .collect();
    call.shared.settle().await?;
    let outcome = json!({ ".tag": "complete", "entries": results });
    Ok(jobs::launch(call, check, outcome))
}

pub(super) async fn move_batch_v1(call: &mut Call) -> Outcome {
    batch_v1(call, Kind::Move, "files/move_batch/check").await
}

pub(super) async fn copy_batch_v1(call: &mut Call) -> Outcome {
    batch_v1(call, Kind::Copy, "files/copy_batch/check").await
}

/// The first version: the job fails at the first entry that does.
async fn batch_v1(call: &mut Call, kind: Kind, check: &'static str) -> Outcome {
    let entries = read_batch(call)?;
    let autorename = options(call)?;
    let mut failing = call
        .hold_for_entries(entries.len(), too_many_writes)
        .await?;
    let caller = call.caller();
    let results: Result<Vec<Value>, Value> = entries
        .iter()
        .map(|entry| {
            failing.next().map_or(Ok(()), Err)?;
            let (lower, node) = entry.carry_out(call, &caller, kind, autorename)?;
            Ok(json!({ "metadata": wire::metadata(&caller.view, &lower, &node) }))
        })
        .collect();
    call.shared.settle().await?;
    let outcome = match results {
        Ok(entries) => json!({ ".tag": "complete", "entries": entries }),
        Err(error) => nested("failed", error),
    };
    Ok(jobs::launch(call, check, outcome))
}

fn read_batch(call: &mut Call) -> Result<Vec<Relocation>, Refusal> {
    let entries = call.arg.list("entries", 1..=MOST_ENTRIES)?;
    let read = entries.into_iter().map(|mut entry| {
        let relocation = Relocation::read(&mut entry)?;
        entry.finish()?;
        Ok(relocation)
    });
    read.collect()
}
