//! `sharing/list_folders` and its kin: what others shared with the user. Nobody shares whole folders here, so all lists are empty.

use serde_json::json;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::tag::{nested, tag};

pub(super) fn list_folders(call: &mut Call) -> Outcome {
    list(call, 1000)
}

pub(super) fn list_received_files(call: &mut Call) -> Outcome {
    list(call, 300)
}

fn list(call: &mut Call, most: u64) -> Outcome {
    call.arg.optional_number("limit", 1..=most)?;
    let actions = call.arg.optional_values("actions")?;
    call.arg.bare_tags("actions", actions)?;
    call.arg.finish()?;
    Ok(Answer::json(&json!({ "entries": [] })))
}

/// No list goes on, so no cursor was ever given.
pub(super) fn go_on(call: &mut Call) -> Outcome {
    call.arg.text("cursor")?;
    call.arg.finish()?;
    Err(Refusal::Route(tag("invalid_cursor")))
}

pub(super) fn mount(call: &mut Call) -> Outcome {
    let id = call.arg.text("shared_folder_id")?;
    call.arg.finish()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_:".contains(c);
    if id.is_empty() || !id.chars().all(fits) {
        let why = format!("'{id}' did not match pattern '[-_0-9a-zA-Z:]+'");
        return Err(call.arg.refuse("shared_folder_id", &why));
    }
    Err(Refusal::Route(nested("access_error", tag("invalid_id"))))
}
