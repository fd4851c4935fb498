//! What needs files that nobody can have here: `files/export`, previews and thumbnails.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fields::Fields;
use super::super::path_arg::Pattern;
use super::super::state::tree::Node;
use super::super::tag::{nested, tag};
use super::super::wire;

/// `ThumbnailSize`
const SIZES: [&str; 9] = [
    "w32h32",
    "w64h64",
    "w128h128",
    "w256h256",
    "w480h320",
    "w640h480",
    "w960h640",
    "w1024h768",
    "w2048h1536",
];

/// Thumbnails of one call, at most.
const MOST_THUMBNAILS: usize = 25;

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

/// No picture is ever looked at.
pub(super) fn get_thumbnail(call: &mut Call) -> Outcome {
    let path = call.arg.text("path")?;
    thumbnail_options(&mut call.arg)?;
    call.arg.finish()?;
    Err(refuse_file(
        call,
        &path,
        &call.arg,
        tag("unsupported_extension"),
    ))
}

pub(super) fn get_thumbnail_v2(call: &mut Call) -> Outcome {
    let Some((kind, mut resource)) = call.arg.optional_union("resource")? else {
        return Err(Refusal::bad(
            "HTTP header \"Dropbox-API-Arg\": missing required field 'resource'",
        ));
    };
    thumbnail_options(&mut call.arg)?;
    call.arg.finish()?;
    if kind != "path" {
        return Err(Refusal::Route(tag("not_found")));
    }
    let path = resource.text("path")?;
    Err(refuse_file(
        call,
        &path,
        &resource,
        tag("unsupported_extension"),
    ))
}

pub(super) fn get_thumbnail_batch(call: &mut Call) -> Outcome {
    let entries = call.arg.list("entries", 0..=1000)?;
    call.arg.finish()?;
    if entries.len() > MOST_THUMBNAILS {
        return Err(Refusal::Route(tag("too_many_files")));
    }
    let refused: Result<Vec<Value>, Refusal> = entries
        .into_iter()
        .map(|mut entry| {
            let path = entry.text("path")?;
            thumbnail_options(&mut entry)?;
            entry.finish()?;
            match refuse_file(call, &path, &entry, tag("unsupported_extension")) {
                Refusal::Route(error) => Ok(nested("failure", error)),
                refusal => Err(refusal),
            }
        })
        .collect();
    Ok(Answer::json(&json!({ "entries": refused? })))
}

fn thumbnail_options(arg: &mut Fields) -> Result<(), Refusal> {
    arg.optional_tag("format", &["jpeg", "png", "webp"])?;
    arg.optional_tag("size", &SIZES)?;
    arg.optional_tag("mode", &["strict", "bestfit", "fitone_bestfit", "original"])?;
    arg.optional_tag("quality", &["quality_80", "quality_90"])?;
    arg.nullable_flag("exclude_media_info")?;
    arg.optional_flag("preserve_transparency")?;
    Ok(())
}
