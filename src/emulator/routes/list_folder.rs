//! `files/list_folder`, `continue`, `get_latest_cursor`, `longpoll`

use std::time::Duration;

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fault::FaultKind;
use super::super::fields::Fields;
use super::super::names::Place;
use super::super::path_arg::Pattern;
use super::super::quirk::Quirk;
use super::super::state::cursor::{Cursor, Entry, LONGEST_PAGE, Scope};
use super::super::state::links::SharedLink;
use super::super::state::tree::{Depth, Node};
use super::super::state::view::Reach;
use super::super::state::{LocateError, Located, State, View};
use super::super::tag::{nested, tag};
use super::super::wire;
use super::sharing::{self, Visitor};

/// `ListFolderResult`. Who looks through a link is not told where in its owner's Dropbox he is.
fn answer(view: &View, entries: &[Entry], cursor: &Cursor, has_more: bool) -> Answer {
    let entries: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let mut described = json!(wire::entry(view, entry));
            if let (Some(_), Value::Object(fields)) = (cursor.link(), &mut described) {
                fields.retain(|name, _| !name.starts_with("path_"));
            }
            described
        })
        .collect();
    Answer::json(&json!({ "entries": entries, "cursor": cursor.encode(), "has_more": has_more }))
}

pub(super) fn list_folder(call: &mut Call) -> Outcome {
    let shared = call.shared.clone();
    let state = shared.state();
    let (view, mut cursor) = start(call, &state)?;
    let (entries, more) = cursor.advance(state.tree(view.tree));
    drop(state);
    Ok(answer(&view, &entries, &cursor, more))
}

pub(super) fn get_latest_cursor(call: &mut Call) -> Outcome {
    let shared = call.shared.clone();
    let (_, cursor) = start(call, &shared.state())?;
    Ok(Answer::json(&json!({ "cursor": cursor.at_end().encode() })))
}

pub(super) fn list_folder_continue(call: &mut Call) -> Outcome {
    let text = call.arg.text("cursor")?;
    let state = call.shared.state();
    let cursor = Cursor::decode(&text).filter(|cursor| state.has_tree(cursor.tree()));
    let invalid = || {
        if call.quirk(Quirk::BadCursorResets) {
            return Refusal::Route(tag("reset"));
        }
        call.arg
            .refuse("cursor", &format!("Invalid \"cursor\" parameter: {text:?}"))
    };
    let mut cursor = cursor.ok_or_else(invalid)?;
    call.arg.finish()?;
    let view = match (cursor.link(), &call.caller) {
        (Some(url), _) => {
            let link = state.link(url, call.shared.clock.now());
            link.and_then(|link| link_view(&state, link))
                .ok_or_else(|| refuse(wire::lookup_error(LocateError::NotFound)))?
        }
        (None, Some(caller)) if cursor.is_of(&caller.view) => caller.view.clone(),
        (None, _) => return Err(invalid()),
    };
    let lost = cursor.is_lost(state.tree(view.tree));
    if lost || matches!(call.fault(), Some(FaultKind::ResetCursor)) {
        return Err(Refusal::Route(tag("reset")));
    }
    let (entries, more) = cursor.advance(state.tree(view.tree));
    drop(state);
    Ok(answer(&view, &entries, &cursor, more))
}

fn refuse(error: Value) -> Refusal {
    Refusal::Route(nested("path", error))
}

/// What a shared folder holds, counted from there; `None` for a file.
fn link_view(state: &State, link: &SharedLink) -> Option<View> {
    match state.linked(link)? {
        (lower, Node::Folder(folder)) => Some(View {
            tree: link.tree,
            root: Place {
                lower,
                display: folder.display.clone(),
            },
            reach: Reach::Root,
        }),
        (_, Node::File(_)) => None,
    }
}

/// Answers as soon as there is news. Anybody may ask: the cursor says enough.
pub(super) async fn longpoll(call: &mut Call) -> Outcome {
    let text = call.arg.text("cursor")?;
    let timeout = call.arg.optional_number("timeout", 30..=480)?;
    let timeout = Duration::from_secs(timeout.unwrap_or(30));
    call.arg.finish()?;
    if matches!(call.fault(), Some(FaultKind::ResetCursor)) {
        return Err(Refusal::Route(tag("reset")));
    }
    let invalid = || {
        call.arg
            .refuse("cursor", &format!("Invalid \"cursor\" parameter: {text:?}"))
    };
    let cursor = Cursor::decode(&text)
        .filter(|cursor| call.shared.state().has_tree(cursor.tree()))
        .ok_or_else(invalid)?;
    let shared = &call.shared;
    let mut changes = shared.changes();
    let has_news = || {
        let state = shared.state();
        cursor.has_news(state.tree(cursor.tree()))
    };
    if let Some(FaultKind::LongpollBackoff { seconds }) = call.fault() {
        let answer = json!({ "changes": has_news(), "backoff": seconds });
        return Ok(Answer::json(&answer));
    }
    let news = async {
        // The sender lives as long as the call.
        while !has_news() && changes.changed().await.is_ok() {}
    };
    let changes = tokio::time::timeout(timeout, news).await.is_ok();
    let mut result = json!({ "changes": changes });
    if call.quirk(Quirk::LongpollBackoff) {
        result["backoff"] = 1.into();
    }
    Ok(Answer::json(&result))
}

/// Reads `ListFolderArg` and finds the folder.
fn start(call: &mut Call, state: &State) -> Result<(View, Cursor), Refusal> {
    let arg = &mut call.arg;
    let path = arg.path("path", Pattern::Root)?;
    let recursive = arg.flag("recursive")?;
    let deleted = arg.flag("include_deleted")?;
    let limit = arg.optional_number("limit", 1..=LONGEST_PAGE as u64)?;
    // There is nothing here that these would add or leave out.
    for flag in [
        "include_media_info",
        "include_has_explicit_shared_members",
        "include_mounted_folders",
        "include_non_downloadable_files",
        "include_restorable_info",
    ] {
        arg.optional_flag(flag)?;
    }
    arg.take("include_property_groups");
    let through = read_link(arg)?;
    arg.finish()?;
    if through.is_some() && recursive {
        return Err(arg.refuse("recursive", "a shared link cannot be listed recursively"));
    }
    let (view, through) = match (through, &call.caller) {
        (Some((url, password)), _) => {
            let visitor = Visitor::of(call, password);
            let link = sharing::open(state, &url, &visitor, call.shared.clock.now());
            let link = link.map_err(|_| refuse(tag("not_found")))?;
            let view = link_view(state, link).ok_or_else(|| refuse(tag("not_folder")))?;
            (view, Some(link.url.clone()))
        }
        (None, Some(caller)) => (caller.view.clone(), None),
        (None, None) => {
            return Err(call
                .arg
                .refuse("shared_link", "an app without a user can list nothing else"));
        }
    };
    let place = match state.locate(&view, &path) {
        Ok(Located::Place(place)) => place,
        Ok(Located::Version(..)) => return Err(refuse(tag("not_folder"))),
        Err(error) => return Err(refuse(wire::lookup_error(error))),
    };
    match state.tree(view.tree).node(&place.lower) {
        Some(Node::Folder(_)) => {}
        None if place.lower == view.root.lower => {}
        Some(Node::File(_)) => return Err(refuse(tag("not_folder"))),
        None => return Err(refuse(wire::lookup_error(LocateError::NotFound))),
    }
    let default = if call.quirk(Quirk::PagesOf500) {
        500
    } else {
        LONGEST_PAGE
    };
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(default);
    let depth = if recursive { Depth::All } else { Depth::One };
    let scope = Scope {
        depth,
        deleted,
        limit,
    };
    let cursor = Cursor::start(&view, state.tree(view.tree), place.lower, scope);
    let cursor = match through {
        Some(url) => cursor.through(url),
        None => cursor,
    };
    Ok((view, cursor))
}

/// `SharedLink`: an address, and perhaps a password.
fn read_link(arg: &mut Fields) -> Result<Option<(String, Option<String>)>, Refusal> {
    let Some(mut link) = arg.optional_fields("shared_link")? else {
        return Ok(None);
    };
    let given = (link.text("url")?, link.optional_text("password")?);
    link.finish()?;
    Ok(Some(given))
}
