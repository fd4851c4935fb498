//! The wire: routes and types in Dropbox's own words. No I/O.
//!
//! Source of the facts: <https://www.dropbox.com/developers/documentation/http/documentation> and the API specification
//! (<https://github.com/dropbox/dropbox-api-spec>).

pub(crate) mod changes;
pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod header;
pub(crate) mod routes;
pub(crate) mod save_url;
pub(crate) mod search;
pub(crate) mod sharing;
mod tag;
pub(crate) mod team;
pub(crate) mod users;

/// The host that serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Api,
    Content,
    /// It takes no token.
    Notify,
}

/// How argument, result and contents travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Argument and result are the bodies.
    Rpc,
    /// Argument in a header, contents in the request's body, result in the answer's.
    Upload,
    /// Argument and result in headers, contents in the answer's body.
    Download,
}

/// What a call does to what is at Dropbox: the guards of a run go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// It makes or changes something.
    Changes,
    /// It deletes, and is only called with leave to.
    Deletes,
}

/// One call that Dropbox offers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route<'n> {
    /// As in the URL behind `/2/`.
    pub(crate) name: &'n str,
    pub(crate) endpoint: Endpoint,
    pub(crate) style: Style,
    pub(crate) effect: Effect,
}

const fn rpc(name: &'static str, effect: Effect) -> Route<'static> {
    Route {
        name,
        endpoint: Endpoint::Api,
        style: Style::Rpc,
        effect,
    }
}

const fn reads(name: &'static str) -> Route<'static> {
    rpc(name, Effect::Reads)
}

const fn changes(name: &'static str) -> Route<'static> {
    rpc(name, Effect::Changes)
}

const fn upload(name: &'static str) -> Route<'static> {
    Route {
        name,
        endpoint: Endpoint::Content,
        style: Style::Upload,
        effect: Effect::Changes,
    }
}

pub(crate) const UPLOAD: Route<'static> = upload("files/upload");
pub(crate) const UPLOAD_SESSION_START: Route<'static> = upload("files/upload_session/start");
pub(crate) const UPLOAD_SESSION_APPEND: Route<'static> = upload("files/upload_session/append_v2");
pub(crate) const UPLOAD_SESSION_FINISH: Route<'static> = upload("files/upload_session/finish");
pub(crate) const UPLOAD_SESSION_START_BATCH: Route<'static> =
    changes("files/upload_session/start_batch");
pub(crate) const UPLOAD_SESSION_APPEND_BATCH: Route<'static> =
    upload("files/upload_session/append_batch");
pub(crate) const UPLOAD_SESSION_FINISH_BATCH: Route<'static> =
    changes("files/upload_session/finish_batch_v2");
pub(crate) const DOWNLOAD: Route<'static> = Route {
    name: "files/download",
    endpoint: Endpoint::Content,
    style: Style::Download,
    effect: Effect::Reads,
};
pub(crate) const GET_METADATA: Route<'static> = reads("files/get_metadata");
pub(crate) const LIST_FOLDER: Route<'static> = reads("files/list_folder");
pub(crate) const LIST_FOLDER_CONTINUE: Route<'static> = reads("files/list_folder/continue");
pub(crate) const CREATE_FOLDER: Route<'static> = changes("files/create_folder_v2");
pub(crate) const DELETE: Route<'static> = rpc("files/delete_v2", Effect::Deletes);
pub(crate) const COPY: Route<'static> = changes("files/copy_v2");
pub(crate) const MOVE: Route<'static> = changes("files/move_v2");
pub(crate) const COPY_BATCH: Route<'static> = changes("files/copy_batch_v2");
pub(crate) const COPY_BATCH_CHECK: Route<'static> = reads("files/copy_batch/check_v2");
pub(crate) const MOVE_BATCH: Route<'static> = changes("files/move_batch_v2");
pub(crate) const MOVE_BATCH_CHECK: Route<'static> = reads("files/move_batch/check_v2");
pub(crate) const LIST_REVISIONS: Route<'static> = reads("files/list_revisions");
pub(crate) const RESTORE: Route<'static> = changes("files/restore");
pub(crate) const GET_TEMPORARY_LINK: Route<'static> = reads("files/get_temporary_link");
// Of the files nothing changes, and signing out is not the script's doing.
pub(crate) const REVOKE_TOKEN: Route<'static> = reads("auth/token/revoke");
pub(crate) const TEAM_MEMBERS_GET_INFO: Route<'static> = reads("team/members/get_info_v2");
pub(crate) const GET_CURRENT_ACCOUNT: Route<'static> = reads("users/get_current_account");
pub(crate) const GET_SPACE_USAGE: Route<'static> = reads("users/get_space_usage");
pub(crate) const GET_LATEST_CURSOR: Route<'static> = reads("files/list_folder/get_latest_cursor");
pub(crate) const LONGPOLL: Route<'static> = Route {
    name: "files/list_folder/longpoll",
    endpoint: Endpoint::Notify,
    style: Style::Rpc,
    effect: Effect::Reads,
};
pub(crate) const SEARCH: Route<'static> = reads("files/search_v2");
pub(crate) const SEARCH_CONTINUE: Route<'static> = reads("files/search/continue_v2");
pub(crate) const SAVE_URL: Route<'static> = changes("files/save_url");
pub(crate) const SAVE_URL_STATUS: Route<'static> = reads("files/save_url/check_job_status");
pub(crate) const CREATE_SHARED_LINK: Route<'static> =
    changes("sharing/create_shared_link_with_settings");
pub(crate) const LIST_SHARED_LINKS: Route<'static> = reads("sharing/list_shared_links");
pub(crate) const MODIFY_SHARED_LINK: Route<'static> =
    changes("sharing/modify_shared_link_settings");
pub(crate) const REVOKE_SHARED_LINK: Route<'static> = changes("sharing/revoke_shared_link");
