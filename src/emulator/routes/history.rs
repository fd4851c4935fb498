//! `files/list_revisions`, `files/restore`

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::limits::too_many_writes;
use super::super::names;
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::history::RestoreError;
use super::super::state::tree::{FileNode, Node, Tree};
use super::super::state::{LocateError, Located, State, View};
use super::super::tag::{nested, tag};
use super::super::wire;

pub(super) fn list_revisions(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::WriteOrId)?;
    let mode = call.arg.optional_tag("mode", &["path", "id"])?;
    let limit = call.arg.optional_number("limit", 1..=100)?.unwrap_or(10);
    let before = call.arg.optional_rev("before_rev")?;
    call.arg.flag("include_restorable_info")?;
    call.arg.finish()?;
    let view = call.caller().view;
    let state = call.shared.state();
    let tree = state.tree(view.tree);
    let by_id = mode == Some("id");
    let history = find(&state, tree, &view, &path, by_id)
        .map_err(|error| Refusal::Route(nested("path", error)))?;

    let mut versions: Vec<&Arc<FileNode>> = history.versions.iter().rev().collect();
    if let Some(before) = before {
        let known = versions.iter().position(|file| file.rev == before);
        let known = known.ok_or_else(|| Refusal::Route(tag("invalid_before_rev")))?;
        versions.drain(..=known);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let entries: Vec<Value> = versions
        .iter()
        .take(limit)
        .map(|file| {
            let lower = state.quirks.fold(&file.display);
            json!(wire::file(&view, &lower, file))
        })
        .collect();
    let mut result = json!({
        "is_deleted": history.is_deleted,
        "entries": entries,
        "has_more": versions.len() > limit,
    });
    if let Some(gone) = tree.deleted(&history.lower).filter(|_| history.is_deleted) {
        result["server_deleted"] = json!(gone.at);
    }
    Ok(Answer::json(&result))
}

/// The versions of a file, the newest last.
struct History {
    lower: String,
    versions: Vec<Arc<FileNode>>,
    is_deleted: bool,
}

/// The error is a `LookupError`.
fn find(
    state: &State,
    tree: &Tree,
    view: &View,
    path: &PathArg,
    by_id: bool,
) -> Result<History, Value> {
    let place = match (state.locate(view, path), path) {
        (Ok(Located::Place(place)), _) => place.lower,
        // An id outlives its file.
        (Err(LocateError::NotFound), PathArg::Id { id, .. }) => {
            let versions = tree.versions_of(id);
            let last = versions
                .last()
                .map(|file| state.quirks.fold(&file.display))
                .filter(|lower| view.shows(lower));
            last.ok_or_else(|| tag("not_found"))?
        }
        (Err(error), _) => return Err(wire::lookup_error(error)),
        (Ok(Located::Version(..)), _) => return Err(tag("not_file")),
    };
    let node = tree.node(&place);
    if matches!(node, Some(Node::Folder(_))) {
        return Err(tag("not_file"));
    }
    let is_deleted = node.is_none();
    let at_path = tree.versions_at(&place);
    let last = at_path.last().ok_or_else(|| tag("not_found"))?;
    let versions = if by_id {
        tree.versions_of(&last.id)
    } else {
        at_path.to_vec()
    };
    Ok(History {
        lower: place,
        versions,
        is_deleted,
    })
}

pub(super) async fn restore(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Write)?;
    let rev = call.arg.rev("rev")?;
    call.arg.finish()?;
    call.hold_namespace()
        .await
        .map_err(|busy| busy.refusal(|| nested("path_write", too_many_writes())))?;
    let view = call.caller().view;
    let now = call.shared.clock.now();
    let restored = {
        let mut state = call.shared.state();
        let place = state
            .locate_target(&view, &path)
            .map_err(|error| Refusal::Route(nested("path_write", wire::write_error(error))))?;
        let (tree, mint) = state.tree_mut(view.tree);
        tree.restore(&place, &rev, now, mint)
    };
    let file = restored.map_err(|error| {
        Refusal::Route(match error {
            RestoreError::NotFound => nested("path_lookup", tag("not_found")),
            RestoreError::InvalidRevision => tag("invalid_revision"),
            RestoreError::Write(error) => nested("path_write", wire::write_error(error)),
        })
    })?;
    call.shared.settle().await?;
    let lower = names::fold(&file.display);
    Ok(Answer::json(&wire::file(&view, &lower, &file)))
}
