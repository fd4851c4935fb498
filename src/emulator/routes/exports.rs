//! What needs files that nobody can have here: `files/export` and previews.

use serde_json::Value;

use super::super::answer::Refusal;
use super::super::call::{Call, Outcome};
use super::super::fields::Fields;
use super::super::path_arg::Pattern;
use super::super::state::tree::Node;
use super::super::tag::{nested, tag};
use super::super::wire;

/// Finds the file that `path` names, and then refuses it with `error`.
fn refuse_file(call: &Call, path: &str, arg: &Fields, error: Value) -> Refusal {
    let path = match arg.check_path("path", path, Pattern::Read) {
        Ok(path) => path,
        Err(refusal) => return refusal,
    };
    match call.shared.state().find(&call.caller().view, &path) {
        Ok((_, Node::File(_))) => Refusal::Route(error),
        Ok((_, Node::Folder(_))) => Refusal::Route(nested("path", tag("not_file"))),
        Err(error) => Refusal::Route(nested("path", wire::lookup_error(error))),
    }
}

/// Only documents of the cloud can be exported, and none are here.
pub(super) fn export(call: &mut Call) -> Outcome {
    let path = call.arg.text("path")?;
    call.arg.optional_text("export_format")?;
    call.arg.finish()?;
    Err(refuse_file(call, &path, &call.arg, tag("non_exportable")))
}

pub(super) fn get_preview(call: &mut Call) -> Outcome {
    let path = call.arg.text("path")?;
    call.arg.optional_rev("rev")?;
    call.arg.finish()?;
    Err(refuse_file(
        call,
        &path,
        &call.arg,
        tag("unsupported_extension"),
    ))
}
