//! The wire: routes and types in Dropbox's own words. No I/O.
//!
//! Source of the facts: <https://www.dropbox.com/developers/documentation/http/documentation> and the API specification
//! (<https://github.com/dropbox/dropbox-api-spec>).

pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod header;
mod tag;
pub(crate) mod team;
pub(crate) mod users;

/// The host that serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Api,
    Content,
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
pub(crate) struct Route {
    /// As in the URL behind `/2/`.
    pub(crate) name: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) style: Style,
    pub(crate) effect: Effect,
}

const fn rpc(name: &'static str, effect: Effect) -> Route {
    Route {
        name,
        endpoint: Endpoint::Api,
        style: Style::Rpc,
        effect,
    }
}

const fn reads(name: &'static str) -> Route {
    rpc(name, Effect::Reads)
}

const fn changes(name: &'static str) -> Route {
    rpc(name, Effect::Changes)
}

const fn upload(name: &'static str) -> Route {
    Route {
        name,
        endpoint: Endpoint::Content,
        style: Style::Upload,
        effect: Effect::Changes,
    }
}

pub(crate) const UPLOAD: Route = upload("files/upload");
pub(crate) const UPLOAD_SESSION_START: Route = upload("files/upload_session/start");
pub(crate) const UPLOAD_SESSION_APPEND: Route = upload("files/upload_session/append_v2");
pub(crate) const UPLOAD_SESSION_FINISH: Route = upload("files/upload_session/finish");
pub(crate) const UPLOAD_SESSION_START_BATCH: Route = changes("files/upload_session/start_batch");
pub(crate) const UPLOAD_SESSION_APPEND_BATCH: Route = upload("files/upload_session/append_batch");
pub(crate) const UPLOAD_SESSION_FINISH_BATCH: Route =
    changes("files/upload_session/finish_batch_v2");
pub(crate) const DOWNLOAD: Route = Route {
    name: "files/download",
    endpoint: Endpoint::Content,
    style: Style::Download,
    effect: Effect::Reads,
};
pub(crate) const GET_METADATA: Route = reads("files/get_metadata");
pub(crate) const LIST_FOLDER: Route = reads("files/list_folder");
pub(crate) const LIST_FOLDER_CONTINUE: Route = reads("files/list_folder/continue");
pub(crate) const CREATE_FOLDER: Route = changes("files/create_folder_v2");
pub(crate) const DELETE: Route = rpc("files/delete_v2", Effect::Deletes);
pub(crate) const COPY: Route = changes("files/copy_v2");
pub(crate) const MOVE: Route = changes("files/move_v2");
pub(crate) const COPY_BATCH: Route = changes("files/copy_batch_v2");
pub(crate) const COPY_BATCH_CHECK: Route = reads("files/copy_batch/check_v2");
pub(crate) const MOVE_BATCH: Route = changes("files/move_batch_v2");
pub(crate) const MOVE_BATCH_CHECK: Route = reads("files/move_batch/check_v2");
pub(crate) const LIST_REVISIONS: Route = reads("files/list_revisions");
pub(crate) const RESTORE: Route = changes("files/restore");
pub(crate) const GET_TEMPORARY_LINK: Route = reads("files/get_temporary_link");
// Of the files nothing changes, and signing out is not the script's doing.
pub(crate) const REVOKE_TOKEN: Route = reads("auth/token/revoke");
pub(crate) const TEAM_MEMBERS_GET_INFO: Route = reads("team/members/get_info_v2");
pub(crate) const GET_CURRENT_ACCOUNT: Route = reads("users/get_current_account");
pub(crate) const GET_SPACE_USAGE: Route = reads("users/get_space_usage");
