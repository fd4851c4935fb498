//! `files/create_folder_v2`, `files/delete_v2`

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::names;
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::tree::Node;
use super::super::state::write::WriteError;
use super::super::state::{Located, State, View};
use super::super::tag::nested;
use super::super::wire;

pub(super) async fn create_folder(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Write)?;
    let autorename = call.arg.flag("autorename")?;
    let caller = call.caller();
    call.arg.finish()?;
    let made = {
        let mut state = call.shared.state();
        state.locate_target(&caller.view, &path).and_then(|place| {
            let (tree, mint) = state.tree_mut(caller.view.tree);
            tree.create_folder(&place, autorename, mint)
        })
    };
    let folder = made.map_err(|error| Refusal::Route(nested("path", wire::write_error(error))))?;
    call.shared.settle().await?;
    let lower = names::fold(&folder.display);
    Ok(Answer::json(
        &json!({ "metadata": wire::folder(&caller.view, &lower, &folder) }),
    ))
}

pub(super) async fn delete(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::WriteOrId)?;
    let parent_rev = call.arg.optional_rev("parent_rev")?;
    let caller = call.caller();
    call.arg.finish()?;
    let removed = remove(
        &mut call.shared.state(),
        &caller.view,
        &path,
        parent_rev.as_deref(),
    );
    let (lower, node) = removed.map_err(Refusal::Route)?;
    call.shared.settle().await?;
    Ok(Answer::json(
        &json!({ "metadata": wire::metadata(&caller.view, &lower, &node) }),
    ))
}

/// Deletes what a path leads to; the error is a `DeleteError`.
fn remove(
    state: &mut State,
    view: &View,
    path: &PathArg,
    rev: Option<&str>,
) -> Result<(String, Node), Value> {
    let lookup = |error| nested("path_lookup", wire::lookup_error(error));
    let place = match state.locate(view, path).map_err(lookup)? {
        Located::Place(place) if place.lower != view.root.lower => place,
        _ => {
            return Err(nested(
                "path_write",
                wire::write_error(WriteError::Malformed),
            ));
        }
    };
    let (tree, _) = state.tree_mut(view.tree);
    match (tree.node(&place.lower), rev) {
        (Some(Node::File(file)), Some(rev)) if file.rev != rev => {
            return Err(nested(
                "path_write",
                wire::write_error(WriteError::FileConflict),
            ));
        }
        (Some(Node::Folder(_)), Some(_)) => {
            return Err(nested(
                "path_write",
                wire::write_error(WriteError::FolderConflict),
            ));
        }
        _ => {}
    }
    let node = tree
        .remove(&place.lower)
        .ok_or_else(|| lookup(super::super::state::LocateError::NotFound))?;
    Ok((place.lower, node))
}
