//! `files/tags/add`, `remove`, `get`

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::State;
use super::super::state::View;
use super::super::tag::{nested, tag};
use super::super::wire;

/// Tags that one item may have.
const MOST_TAGS: usize = 20;

pub(super) fn add(call: &mut Call) -> Outcome {
    let (path, text) = read(call)?;
    let view = call.caller().view;
    let mut state = call.shared.state();
    let id = id(&state, &view, &path)?;
    let mut tags = state.tags.get(&id).cloned().unwrap_or_default();
    if tags.len() >= MOST_TAGS && !tags.contains(&text) {
        return Err(Refusal::Route(tag("too_many_tags")));
    }
    if tags.insert(text) {
        state.tags.insert(id, tags);
    }
    Ok(Answer::null())
}

pub(super) fn remove(call: &mut Call) -> Outcome {
    let (path, text) = read(call)?;
    let view = call.caller().view;
    let mut state = call.shared.state();
    let id = id(&state, &view, &path)?;
    let mut tags = state.tags.get(&id).cloned().unwrap_or_default();
    if !tags.remove(&text) {
        return Err(Refusal::Route(tag("tag_not_present")));
    }
    state.tags.insert(id, tags);
    Ok(Answer::null())
}

pub(super) fn get(call: &mut Call) -> Outcome {
    let paths = call.arg.paths("paths", Pattern::Plain)?;
    call.arg.finish()?;
    let view = call.caller().view;
    let state = call.shared.state();
    let mut found = Vec::new();
    for (text, path) in paths {
        let tags = state.tags.get(&id(&state, &view, &path)?);
        let tags: Vec<Value> = tags
            .into_iter()
            .flatten()
            .map(|text| json!({ ".tag": "user_generated_tag", "tag_text": text }))
            .collect();
        found.push(json!({ "path": text, "tags": tags }));
    }
    Ok(Answer::json(&json!({ "paths_to_tags": found })))
}

fn read(call: &mut Call) -> Result<(PathArg, String), Refusal> {
    let path = call.arg.path("path", Pattern::Plain)?;
    let text = call.arg.text("tag_text")?;
    call.arg.finish()?;
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if text.is_empty() || text.chars().count() > 32 || !text.chars().all(word) {
        let why = format!("'{text}' did not match pattern '[\\w]{{1,32}}'");
        return Err(call.arg.refuse("tag_text", &why));
    }
    Ok((path, text.to_lowercase()))
}

fn id(state: &State, view: &View, path: &PathArg) -> Result<String, Refusal> {
    let found = state.find(view, path);
    let (_, node) =
        found.map_err(|error| Refusal::Route(nested("path", wire::lookup_error(error))))?;
    Ok(node.id().to_owned())
}
