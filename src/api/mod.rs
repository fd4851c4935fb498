//! The wire: routes and types in Dropbox's own words. No I/O.
//!
//! Source of the facts: <https://www.dropbox.com/developers/documentation/http/documentation> and the API specification
//! (<https://github.com/dropbox/dropbox-api-spec>).

pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod header;
mod tag;
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

/// One call that Dropbox offers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// As in the URL behind `/2/`.
    pub(crate) name: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) style: Style,
}

const fn rpc(name: &'static str) -> Route {
    Route {
        name,
        endpoint: Endpoint::Api,
        style: Style::Rpc,
    }
}

const fn upload(name: &'static str) -> Route {
    Route {
        name,
        endpoint: Endpoint::Content,
        style: Style::Upload,
    }
}

pub(crate) const UPLOAD: Route = upload("files/upload");
pub(crate) const UPLOAD_SESSION_START: Route = upload("files/upload_session/start");
pub(crate) const UPLOAD_SESSION_APPEND: Route = upload("files/upload_session/append_v2");
pub(crate) const UPLOAD_SESSION_FINISH: Route = upload("files/upload_session/finish");
pub(crate) const UPLOAD_SESSION_START_BATCH: Route = rpc("files/upload_session/start_batch");
pub(crate) const UPLOAD_SESSION_APPEND_BATCH: Route = upload("files/upload_session/append_batch");
pub(crate) const UPLOAD_SESSION_FINISH_BATCH: Route = rpc("files/upload_session/finish_batch_v2");
pub(crate) const DOWNLOAD: Route = Route {
    name: "files/download",
    endpoint: Endpoint::Content,
    style: Style::Download,
};
pub(crate) const GET_METADATA: Route = rpc("files/get_metadata");
pub(crate) const LIST_FOLDER: Route = rpc("files/list_folder");
pub(crate) const LIST_FOLDER_CONTINUE: Route = rpc("files/list_folder/continue");
pub(crate) const CREATE_FOLDER: Route = rpc("files/create_folder_v2");
pub(crate) const DELETE: Route = rpc("files/delete_v2");
pub(crate) const COPY: Route = rpc("files/copy_v2");
pub(crate) const MOVE: Route = rpc("files/move_v2");
pub(crate) const COPY_BATCH: Route = rpc("files/copy_batch_v2");
pub(crate) const COPY_BATCH_CHECK: Route = rpc("files/copy_batch/check_v2");
pub(crate) const MOVE_BATCH: Route = rpc("files/move_batch_v2");
pub(crate) const MOVE_BATCH_CHECK: Route = rpc("files/move_batch/check_v2");
pub(crate) const LIST_REVISIONS: Route = rpc("files/list_revisions");
pub(crate) const RESTORE: Route = rpc("files/restore");
pub(crate) const GET_TEMPORARY_LINK: Route = rpc("files/get_temporary_link");
pub(crate) const GET_CURRENT_ACCOUNT: Route = rpc("users/get_current_account");
pub(crate) const GET_SPACE_USAGE: Route = rpc("users/get_space_usage");
