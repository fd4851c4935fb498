//! `files/lock_file_batch`, `files/unlock_file_batch`, `files/get_file_lock_batch`

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Caller, Outcome};
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::State;
use super::super::state::links::FileLock;
use super::super::state::tree::Node;
use super::super::tag::{nested, tag, with_fields};
use super::super::wire;

#[derive(Clone, Copy)]
enum Action {
    Lock,
    Unlock,
    Look,
}

pub(super) fn lock(call: &mut Call) -> Outcome {
    batch(call, Action::Lock)
}

pub(super) fn unlock(call: &mut Call) -> Outcome {
    batch(call, Action::Unlock)
}

pub(super) fn look(call: &mut Call) -> Outcome {
    batch(call, Action::Look)
}

fn batch(call: &mut Call, action: Action) -> Outcome {
    let entries = call.arg.list("entries", 0..=1000)?;
    call.arg.finish()?;
    let paths: Result<Vec<PathArg>, Refusal> = entries
        .into_iter()
        .map(|mut entry| {
            let path = entry.path("path", Pattern::WriteOrId)?;
            entry.finish()?;
            Ok(path)
        })
        .collect();
    let mut failing = call.entry_faults();
    let (paths, caller, now) = (paths?, call.caller(), call.shared.clock.now());
    let mut state = call.shared.state();
    let results: Vec<Value> = paths
        .iter()
        .map(|path| {
            let done = match failing.next() {
                Some(error) => Err(error),
                None => one(&mut state, &caller, path, action, now),
            };
            done.unwrap_or_else(|error| nested("failure", error))
        })
        .collect();
    Ok(Answer::json(&json!({ "entries": results })))
}

/// Gives a `LockFileResultEntry`; the error is a `LockFileError`.
fn one(
    state: &mut State,
    caller: &Caller,
    path: &PathArg,
    action: Action,
    now: jiff::Timestamp,
) -> Result<Value, Value> {
    let found = state.find(&caller.view, path);
    let (lower, node) = found.map_err(|error| nested("path_lookup", wire::lookup_error(error)))?;
    if let Node::Folder(_) = node {
        return Err(nested("path_lookup", tag("not_file")));
    }
    let holder = state.locks.get(node.id()).map(|lock| lock.holder);
    match action {
        Action::Look => {}
        _ if holder.is_some_and(|holder| holder != caller.account) => {
            let lock = describe(state, node.id());
            return Err(with_fields("lock_conflict", json!({ "lock": lock })));
        }
        // Who holds it already goes on holding it.
        Action::Lock if holder.is_some() => {}
        Action::Lock => {
            let held = FileLock {
                holder: caller.account,
                since: now,
            };
            state.locks.insert(node.id().to_owned(), held);
        }
        Action::Unlock => {
            state.locks.remove(node.id());
        }
    }
    let fields = json!({
        "metadata": wire::metadata(&caller.view, &lower, &node),
        "lock": describe(state, node.id()),
    });
    Ok(with_fields("success", fields))
}

/// `FileLock`
fn describe(state: &State, id: &str) -> Value {
    let content = match state.locks.get(id) {
        None => tag("unlocked"),
        Some(lock) => {
            let holder = state.account(lock.holder);
            let mut held = json!({
                ".tag": "single_user",
                "created": lock.since,
                "lock_holder_account_id": holder.id,
            });
            if holder.member.is_some() {
                held["lock_holder_team_id"] = state.team.id.clone().into();
            }
            held
        }
    };
    json!({ "content": content })
}
