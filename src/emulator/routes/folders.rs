//! `files/create_folder_v2`, `files/delete_v2`, and their batches.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Caller, Outcome};
use super::super::fields::Fields;
use super::super::limits::too_many_writes;
use super::super::names::{self, Place};
use super::super::path_arg::{PathArg, Pattern};
use super::super::quirk::Quirk;
use super::super::state::tree::{FolderNode, Node, Tree};
use super::super::state::write::WriteError;
use super::super::state::{LocateError, Located, State};
use super::super::tag::{nested, tag, with_fields};
use super::super::wire;
use super::jobs;

pub(super) async fn create_folder(call: &mut Call) -> Outcome {
    let folder = create_one(call).await?;
    let (view, lower) = (call.caller().view, names::fold(&folder.display));
    Ok(Answer::json(
        &json!({ "metadata": wire::folder(&view, &lower, &folder) }),
    ))
}

/// `files/create_folder`: the first version, which returns the bare metadata.
pub(super) async fn create_folder_v1(call: &mut Call) -> Outcome {
    let folder = create_one(call).await?;
    let lower = names::fold(&folder.display);
    Ok(Answer::json(&wire::folder(
        &call.caller().view,
        &lower,
        &folder,
    )))
}

async fn create_one(call: &mut Call) -> Result<Arc<FolderNode>, Refusal> {
    let path = call.arg.path("path", Pattern::Write)?;
    let autorename = call.arg.flag("autorename")?;
    call.arg.finish()?;
    let busy = || nested("path", too_many_writes());
    call.hold_namespace()
        .await
        .map_err(|held| held.refusal(busy))?;
    let made = create(call, &call.caller(), &path, autorename);
    let folder = made.map_err(|error| Refusal::Route(nested("path", wire::write_error(error))))?;
    call.shared.settle().await?;
    Ok(folder)
}

fn create(
    call: &Call,
    caller: &Caller,
    path: &PathArg,
    autorename: bool,
) -> Result<Arc<FolderNode>, WriteError> {
    let mut state = call.shared.state();
    let place = state.locate_target(&caller.view, path)?;
    let (tree, mint) = state.tree_mut(caller.view.tree);
    tree.create_folder(&place, autorename, mint)
}

pub(super) async fn create_folder_batch(call: &mut Call) -> Outcome {
    let paths = call.arg.values("paths", 0..=10_000)?;
    let autorename = call.arg.flag("autorename")?;
    let force_async = call.arg.flag("force_async")?;
    call.arg.finish()?;
    let mut parsed = Vec::new();
    let mut seen = HashSet::new();
    for path in &paths {
        let path = path
            .as_str()
            .ok_or_else(|| call.arg.refuse("paths", "expected to be a list of strings"))?;
        // The same path twice is made once.
        if seen.insert(path) {
            parsed.push(call.arg.check_path("paths", path, Pattern::Write)?);
        }
    }
    let busy = || nested("path", too_many_writes());
    let mut failing = call.hold_for_entries(parsed.len(), busy).await?;
    let caller = call.caller();
    let entries: Vec<Value> = parsed
        .iter()
        .map(|path| {
            if let Some(error) = failing.next() {
                return nested("failure", error);
            }
            match create(call, &caller, path, autorename) {
                Ok(folder) => {
                    let lower = names::fold(&folder.display);
                    let metadata = wire::folder(&caller.view, &lower, &folder);
                    with_fields("success", json!({ "metadata": metadata }))
                }
                Err(error) => nested("failure", nested("path", wire::write_error(error))),
            }
        })
        .collect();
    call.shared.settle().await?;
    let outcome = json!({ ".tag": "complete", "entries": entries });
    if force_async || jobs::is_forced(call) || call.quirk(Quirk::BatchesAsJobs) {
        return Ok(jobs::launch(
            call,
            "files/create_folder_batch/check",
            outcome,
        ));
    }
    Ok(Answer::json(&outcome))
}

/// What to delete, and the rev that it must have.
struct Deletion {
    path: PathArg,
    parent_rev: Option<String>,
}

impl Deletion {
    fn read(arg: &mut Fields) -> Result<Deletion, Refusal> {
        let deletion = Deletion {
            path: arg.path("path", Pattern::WriteOrId)?,
            parent_rev: arg.optional_rev("parent_rev")?,
        };
        arg.finish()?;
        Ok(deletion)
    }

    /// The error is a `DeleteError`.
    fn carry_out(&self, call: &Call, caller: &Caller) -> Result<(String, Node), Value> {
        let mut state = call.shared.state();
        let place = self.place(&state, caller)?;
        let (tree, _) = state.tree_mut(caller.view.tree);
        let node = self.remove(tree, call, caller, &place)?;
        Ok((place.lower, node))
    }

    /// Deletes what is there, and forgets it and whatever was there before. The error is a `DeleteError`.
    fn carry_out_for_good(&self, call: &Call, caller: &Caller) -> Result<(), Value> {
        let mut state = call.shared.state();
        let place = self.place(&state, caller)?;
        let (tree, _) = state.tree_mut(caller.view.tree);
        if tree.node(&place.lower).is_none() && tree.deleted(&place.lower).is_some() {
            let allowed = caller.view.check_write(tree, &place.lower);
            allowed.map_err(|error| nested("path_write", wire::write_error(error)))?;
        } else {
            self.remove(tree, call, caller, &place)?;
        }
        tree.forget(&place.lower);
        Ok(())
    }

    fn place(&self, state: &State, caller: &Caller) -> Result<Place, Value> {
        match state.locate(&caller.view, &self.path) {
            Ok(Located::Place(place)) if place.lower != caller.view.root.lower => Ok(place),
            Ok(_) => Err(nested(
                "path_write",
                wire::write_error(WriteError::Malformed),
            )),
            Err(error) => Err(nested("path_lookup", wire::lookup_error(error))),
        }
    }

    fn remove(
        &self,
        tree: &mut Tree,
        call: &Call,
        caller: &Caller,
        place: &Place,
    ) -> Result<Node, Value> {
        let write = |error| nested("path_write", wire::write_error(error));
        let allowed = caller.view.check_removal(tree, &place.lower);
        allowed.map_err(write)?;
        match (tree.node(&place.lower), &self.parent_rev) {
            (Some(Node::File(file)), Some(rev)) if file.rev != *rev => {
                return Err(write(WriteError::FileConflict));
            }
            (Some(Node::Folder(_)), Some(_)) => return Err(write(WriteError::FolderConflict)),
            _ => {}
        }
        let node = tree.remove(&place.lower, call.shared.clock.now());
        node.ok_or_else(|| {
            let above = names::parent(&place.lower);
            let odd = call.quirk(Quirk::MissingParentNotFolder)
                && above != caller.view.root.lower
                && tree.node(above).is_none();
            if odd {
                return nested("path_lookup", tag("not_folder"));
            }
            nested("path_lookup", wire::lookup_error(LocateError::NotFound))
        })
    }
}

pub(super) async fn delete(call: &mut Call) -> Outcome {
    let (lower, node) = delete_one(call).await?;
    let view = call.caller().view;
    Ok(Answer::json(
        &json!({ "metadata": wire::metadata(&view, &lower, &node) }),
    ))
}

/// `files/delete`: the first version, which returns the bare metadata.
pub(super) async fn delete_v1(call: &mut Call) -> Outcome {
    let (lower, node) = delete_one(call).await?;
    Ok(Answer::json(&wire::metadata(
        &call.caller().view,
        &lower,
        &node,
    )))
}

async fn delete_one(call: &mut Call) -> Result<(String, Node), Refusal> {
    let deletion = Deletion::read(&mut call.arg)?;
    call.hold_namespace()
        .await
        .map_err(|busy| busy.refusal(too_many_writes))?;
    let removed = deletion.carry_out(call, &call.caller());
    let removed = removed.map_err(Refusal::Route)?;
    call.shared.settle().await?;
    Ok(removed)
}

pub(super) async fn delete_batch(call: &mut Call) -> Outcome {
    let entries = call.arg.list("entries", 0..=1000)?;
    call.arg.finish()?;
    let entries: Result<Vec<Deletion>, Refusal> = entries
        .into_iter()
        .map(|mut entry| Deletion::read(&mut entry))
        .collect();
    let entries = entries?;
    let mut failing = call
        .hold_for_entries(entries.len(), too_many_writes)
        .await?;
    let caller = call.caller();
    let results: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let removed = match failing.next() {
                Some(error) => Err(error),
                None => entry.carry_out(call, &caller),
            };
            match removed {
                Ok((lower, node)) => {
                    let metadata = wire::metadata(&caller.view, &lower, &node);
                    with_fields("success", json!({ "metadata": metadata }))
                }
                Err(error) => nested("failure", error),
            }
        })
        .collect();
    call.shared.settle().await?;
    let outcome = json!({ ".tag": "complete", "entries": results });
    Ok(jobs::launch(call, "files/delete_batch/check", outcome))
}

/// `files/permanently_delete` is there for members of a team only. What is not deleted yet is deleted first.
pub(super) async fn permanently_delete(call: &mut Call) -> Outcome {
    let deletion = Deletion::read(&mut call.arg)?;
    let caller = call.caller();
    if !call.is_of_team() {
        return Err(Refusal::Forbidden(nested(
            "invalid_account_type",
            tag("endpoint"),
        )));
    }
    call.hold_namespace()
        .await
        .map_err(|busy| busy.refusal(too_many_writes))?;
    let gone = deletion.carry_out_for_good(call, &caller);
    gone.map_err(Refusal::Route)?;
    call.shared.settle().await?;
    Ok(Answer::null())
}
