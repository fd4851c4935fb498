//! What is known of the routes that are called by their name.

use super::{Effect, Endpoint, Route, Style};
use crate::error::{Error, ErrorKind, Result};

/// Routes with contents beside their argument or result, in the body: these are no rpc routes.
const CONTENT: &[&str] = &[
    "files/alpha/upload",
    "files/download",
    "files/download_zip",
    "files/export",
    "files/get_preview",
    "files/get_thumbnail",
    "files/get_thumbnail_v2",
    "files/upload",
    "files/upload_session/append",
    "files/upload_session/append_batch",
    "files/upload_session/append_v2",
    "files/upload_session/finish",
    "files/upload_session/start",
    "paper/create",
    "paper/update",
    "sharing/get_shared_link_file",
];

/// Routes that change nothing, of those that a user's token may call. Of every other one that is not sure.
const READING: &[&str] = &[
    "check/user",
    "file_properties/properties/search",
    "file_properties/properties/search/continue",
    "file_properties/templates/get_for_user",
    "file_properties/templates/list_for_user",
    "file_requests/count",
    "file_requests/get",
    "file_requests/list",
    "file_requests/list/continue",
    "file_requests/list_v2",
    "files/alpha/get_metadata",
    "files/copy_batch/check",
    "files/copy_batch/check_v2",
    "files/create_folder_batch/check",
    "files/delete_batch/check",
    "files/get_file_lock_batch",
    "files/get_metadata",
    "files/get_temporary_link",
    "files/get_thumbnail_batch",
    "files/list_folder",
    "files/list_folder/continue",
    "files/list_folder/get_latest_cursor",
    "files/list_folder/longpoll",
    "files/list_revisions",
    "files/move_batch/check",
    "files/move_batch/check_v2",
    "files/save_url/check_job_status",
    "files/search",
    "files/search/continue_v2",
    "files/search_v2",
    "files/tags/get",
    "files/upload_session/finish_batch/check",
    "openid/userinfo",
    "sharing/check_job_status",
    "sharing/check_remove_member_job_status",
    "sharing/check_share_job_status",
    "sharing/get_file_metadata",
    "sharing/get_file_metadata/batch",
    "sharing/get_folder_metadata",
    "sharing/get_shared_link_metadata",
    "sharing/get_shared_links",
    "sharing/list_file_members",
    "sharing/list_file_members/batch",
    "sharing/list_file_members/continue",
    "sharing/list_folder_members",
    "sharing/list_folder_members/continue",
    "sharing/list_folders",
    "sharing/list_folders/continue",
    "sharing/list_mountable_folders",
    "sharing/list_mountable_folders/continue",
    "sharing/list_received_files",
    "sharing/list_received_files/continue",
    "sharing/list_shared_links",
    "team/features/get_values",
    "team/get_info",
    "team/groups/list",
    "team/groups/list/continue",
    "team/members/get_info",
    "team/members/get_info_v2",
    "team/members/list",
    "team/members/list/continue",
    "team/members/list/continue_v2",
    "team/members/list_v2",
    "team/namespaces/list",
    "team/namespaces/list/continue",
    "team_log/get_events",
    "team_log/get_events/continue",
    "users/features/get_values",
    "users/get_account",
    "users/get_account_batch",
    "users/get_current_account",
    "users/get_space_usage",
];

/// The rpc route of this name.
///
/// # Errors
/// `invalid_argument` for what cannot be a route; `unsupported` for one with contents.
pub(crate) fn named(name: &str) -> Result<Route<'_>> {
    let letters = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !name.contains('/') || !name.split('/').all(letters) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{}` is not the name of a route", name.escape_debug()),
        )
        .with_hint("write it as in the address behind `/2/`: \"files/get_metadata\""));
    }
    if CONTENT.contains(&name) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{name}` is a route with contents, which cannot be called by its name"),
        )
        .with_hint("`read_blob` and `write_blob`, `download` and `upload` move contents"));
    }
    Ok(Route {
        name,
        endpoint: match name {
            "files/get_thumbnail_batch" => Endpoint::Content,
            "files/list_folder/longpoll" => Endpoint::Notify,
            _ => Endpoint::Api,
        },
        style: Style::Rpc,
        effect: if READING.contains(&name) {
            Effect::Reads
        } else {
            Effect::Changes
        },
    })
}

/// The route that takes the cursor which this one gave.
pub(crate) fn next_of(name: &str) -> String {
    match name {
        // It takes the cursor itself.
        "sharing/list_shared_links" => name.to_owned(),
        "files/search_v2" => "files/search/continue_v2".to_owned(),
        "team/members/list_v2" => "team/members/list/continue_v2".to_owned(),
        _ => {
            let first = name
                .rsplit_once("_v")
                .filter(|(_, version)| version.bytes().all(|byte| byte.is_ascii_digit()))
                .map_or(name, |(first, _)| first);
            format!("{first}/continue")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_read_may_change_something() {
        let effect = |name| named(name).expect(name).effect;
        assert_eq!(effect("files/get_metadata"), Effect::Reads);
        for name in [
            "files/delete_v2",
            "files/delete_batch",
            "files/get_metadata_v9",
        ] {
            assert_eq!(effect(name), Effect::Changes, "{name}");
        }
    }

    #[test]
    fn no_name_leads_anywhere_else() {
        for name in [
            "",
            "files",
            "/files/a",
            "files/../oauth2",
            "files/a?b=c",
            "Files/a",
            "a//b",
        ] {
            let refused = named(name).expect_err(name);
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{name}");
        }
        let refused = named("files/upload").expect_err("it has contents");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn cursors_go_where_they_are_taken() {
        for (name, next) in [
            ("files/list_folder", "files/list_folder/continue"),
            ("files/search_v2", "files/search/continue_v2"),
            ("file_requests/list_v2", "file_requests/list/continue"),
            ("sharing/list_shared_links", "sharing/list_shared_links"),
        ] {
            assert_eq!(next_of(name), next);
        }
    }
}
