//! `files/copy_reference/get`, `files/copy_reference/save`: copies from account to account.

use std::time::Duration;

use serde_json::json;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::limits::too_many_writes;
use super::super::path_arg::Pattern;
use super::super::state::links::Reference;
use super::super::state::relocate::RelocationError;
use super::super::tag::{nested, tag};
use super::super::wire;

/// How long a reference can be saved: thirty years, which is what the service says.
const LIFETIME: Duration = Duration::from_secs(30 * 365 * 86_400);

pub(super) fn get(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    call.arg.finish()?;
    let view = call.caller().view;
    let mut state = call.shared.state();
    let found = state.find(&view, &path);
    let (lower, node) =
        found.map_err(|error| Refusal::Route(nested("path", wire::lookup_error(error))))?;
    let text = state.mint.link_id();
    let reference = Reference {
        tree: view.tree,
        id: node.id().to_owned(),
    };
    state.references.insert(text.clone(), reference);
    Ok(Answer::json(&json!({
        "metadata": wire::metadata(&view, &lower, &node),
        "copy_reference": text,
        "expires": call.shared.clock.now() + LIFETIME,
    })))
}

pub(super) async fn save(call: &mut Call) -> Outcome {
    let text = call.arg.text("copy_reference")?;
    let path = call.arg.path("path", Pattern::Plain)?;
    call.arg.finish()?;
    call.hold_namespace()
        .await
        .map_err(|busy| busy.refusal(|| nested("path", too_many_writes())))?;
    let caller = call.caller();
    let saved = {
        let mut state = call.shared.state();
        let refuse = |name| Refusal::Route(tag(name));
        let reference = state.references.get(&text);
        let reference = reference.ok_or_else(|| refuse("invalid_copy_reference"))?;
        let tree = state.tree(reference.tree);
        let source = tree
            .path_of(&reference.id)
            .ok_or_else(|| refuse("not_found"))?;
        let branch = tree.branch(source).map_err(|_| refuse("too_many_files"))?;
        let write = |error| Refusal::Route(nested("path", wire::write_error(error)));
        let place = state.locate_target(&caller.view, &path).map_err(write)?;
        if branch.size() > state.room(caller.account) {
            return Err(Refusal::Route(nested("path", tag("insufficient_space"))));
        }
        let (tree, mint) = state.tree_mut(caller.view.tree);
        tree.copy_here(branch, &place, false, mint)
            .map_err(|error| match error {
                RelocationError::To(error) => write(error),
                _ => refuse("not_found"),
            })?
    };
    call.shared.settle().await?;
    let metadata = wire::metadata(&caller.view, &saved.0, &saved.1);
    Ok(Answer::json(&json!({ "metadata": metadata })))
}
