//! `sharing/create_shared_link`, `sharing/get_shared_links`: links as they were before they had settings.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::path_arg::Pattern;
use super::super::state::State;
use super::super::state::links::{LinkSettings, SharedLink};
use super::super::state::tree::Node;
use super::super::tag::{nested, tag};
use super::super::wire;
use super::sharing;

/// Gives the link that there is, or makes one.
pub(super) fn create(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    call.arg.flag("short_url")?;
    call.arg
        .optional_tag("pending_upload", &["file", "folder"])?;
    call.arg.finish()?;
    let caller = call.caller();
    let mut state = call.shared.state();
    let (_, node) = state
        .find(&caller.view, &path)
        .map_err(|error| Refusal::Route(nested("path", wire::lookup_error(error))))?;
    let link = match sharing::link_to(&state, &caller, &node) {
        Some(link) => link.clone(),
        None => sharing::make(&mut state, &caller, &node, LinkSettings::default()),
    };
    Ok(Answer::json(&path_link(&state, &link, &node)))
}

/// All links; with a path those to it and to the folders above it.
pub(super) fn list(call: &mut Call) -> Outcome {
    let path = call.arg.optional_path("path", Pattern::Root)?;
    call.arg.finish()?;
    let caller = call.caller();
    let state = call.shared.state();
    let wanted = path.map(|path| state.find(&caller.view, &path).map(|(lower, _)| lower));
    let missing = |_| Refusal::Route(nested("path", Value::Null));
    let wanted = wanted.transpose().map_err(missing)?;
    let links: Vec<Value> = sharing::links_of(&state, &caller, wanted.as_deref(), false)
        .map(|(link, node)| {
            let mut described = path_link(&state, link, &node);
            described[".tag"] = "path".into();
            described
        })
        .collect();
    Ok(Answer::json(&json!({ "links": links })))
}

/// `PathLinkMetadata`
fn path_link(state: &State, link: &SharedLink, node: &Node) -> Value {
    let described = sharing::metadata(state, link, node);
    let visibility = match link.settings.password {
        Some(_) => "password",
        None => "public",
    };
    let mut found = json!({
        "url": link.url,
        "visibility": tag(visibility),
        "path": described["path_lower"],
    });
    if let Some(expires) = link.settings.expires {
        found["expires"] = json!(expires);
    }
    found
}
