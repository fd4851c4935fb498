//! `files/list_folder`, `continue`, `get_latest_cursor`, `longpoll`

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fault::FaultKind;
use super::super::path_arg::Pattern;
use super::super::state::cursor::{Cursor, Entry, LONGEST_PAGE, Scope};
use super::super::state::tree::{Depth, Node};
use super::super::state::{LocateError, Located, State, View};
use super::super::tag::{nested, tag};
use super::super::wire::{self, Metadata};

#[derive(Serialize)]
struct ListFolderResult<'a> {
    entries: Vec<Metadata<'a>>,
    cursor: String,
    has_more: bool,
}

impl ListFolderResult<'_> {
    fn answer(view: &View, entries: &[Entry], cursor: &Cursor, has_more: bool) -> Answer {
        let entries = entries
            .iter()
            .map(|entry| wire::entry(view, entry))
            .collect();
        Answer::json(&ListFolderResult {
            entries,
            cursor: cursor.encode(),
            has_more,
        })
    }
}

pub(super) fn list_folder(call: &mut Call) -> Outcome {
    let shared = call.shared.clone();
    let view = call.caller().view;
    let (entries, cursor, more) = {
        let state = shared.state();
        let mut cursor = start(call, &state, &view)?;
        let (entries, more) = cursor.advance(state.tree(view.tree));
        (entries, cursor, more)
    };
    Ok(ListFolderResult::answer(&view, &entries, &cursor, more))
}

pub(super) fn get_latest_cursor(call: &mut Call) -> Outcome {
    let shared = call.shared.clone();
    let view = call.caller().view;
    let cursor = start(call, &shared.state(), &view)?.at_end();
    Ok(Answer::json(&json!({ "cursor": cursor.encode() })))
}

pub(super) fn list_folder_continue(call: &mut Call) -> Outcome {
    let text = call.arg.text("cursor")?;
    let view = call.caller().view;
    let state = call.shared.state();
    let cursor =
        Cursor::decode(&text).filter(|cursor| state.has_tree(cursor.tree()) && cursor.is_of(&view));
    let invalid = || {
        call.arg
            .refuse("cursor", &format!("Invalid \"cursor\" parameter: {text:?}"))
    };
    let mut cursor = cursor.ok_or_else(invalid)?;
    call.arg.finish()?;
    let lost = cursor.is_lost(state.tree(view.tree));
    if lost || matches!(call.fault(), Some(FaultKind::ResetCursor)) {
        return Err(Refusal::Route(tag("reset")));
    }
    let (entries, more) = cursor.advance(state.tree(view.tree));
    drop(state);
    Ok(ListFolderResult::answer(&view, &entries, &cursor, more))
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
    Ok(Answer::json(&json!({ "changes": changes })))
}

/// Reads `ListFolderArg` and finds the folder.
fn start(call: &mut Call, state: &State, view: &View) -> Result<Cursor, Refusal> {
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
    if arg.optional_fields("shared_link")?.is_some() {
        return Err(arg.refuse("shared_link", "listing a shared link is not supported"));
    }
    call.arg.finish()?;
    let refuse = |error| Refusal::Route(nested("path", error));
    let place = match state.locate(view, &path) {
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
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(LONGEST_PAGE);
    let depth = if recursive { Depth::All } else { Depth::One };
    Ok(Cursor::start(
        view,
        state.tree(view.tree),
        place.lower,
        Scope {
            depth,
            deleted,
            limit,
        },
    ))
}
