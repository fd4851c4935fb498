//! `files/get_metadata`

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::path_arg::Pattern;
use super::super::state::{LocateError, Located};
use super::super::tag::nested;
use super::super::wire;

pub(super) fn get_metadata(call: &mut Call) -> Outcome {
    let text = call.arg.text("path")?;
    if text.is_empty() || text == "/" {
        return Err(call.arg.refuse("path", "The root folder is unsupported."));
    }
    let path = call.arg.check_path("path", &text, Pattern::Read)?;
    let deleted = call.arg.flag("include_deleted")?;
    call.arg.optional_flag("include_media_info")?;
    call.arg
        .optional_flag("include_has_explicit_shared_members")?;
    call.arg.take("include_property_groups");
    let view = call.caller().view;
    let shared = call.shared.clone();
    call.arg.finish()?;

    let refuse = |error| Refusal::Route(nested("path", wire::lookup_error(error)));
    let state = shared.state();
    let tree = state.tree(view.tree);
    let located = state.locate(&view, &path).map_err(refuse)?;
    if let Some((lower, node)) = located.clone().node(tree) {
        return Ok(Answer::json(&wire::metadata(&view, &lower, &node)));
    }
    match located {
        Located::Place(place) if deleted => match tree.deleted(&place.lower) {
            Some(gone) => Ok(Answer::json(&wire::deleted(
                &view,
                &place.lower,
                &gone.display,
            ))),
            None => Err(refuse(LocateError::NotFound)),
        },
        _ => Err(refuse(LocateError::NotFound)),
    }
}
