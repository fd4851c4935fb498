//! The routes: one file for each group, one table for all.

mod download;
mod folders;
mod history;
mod jobs;
mod list_folder;
mod metadata;
mod oauth;
mod relocate;
mod search;
mod session_batch;
mod upload;
mod upload_session;
mod users;

use std::future::Future;
use std::pin::Pin;

use super::call::{Call, Outcome};

/// A route: its name, how its argument and result travel, who may call it.
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) style: Style,
    pub(super) access: Access,
    pub(super) handler: Handler,
}

/// What answers a call.
pub(super) type Handler =
    for<'a> fn(&'a mut Call) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Where argument and result travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Both in the body.
    Rpc,
    /// The argument in a header, the result in the body.
    Upload,
    /// The argument in a header, the result too.
    Download,
    /// Not of the API proper: the handler reads query and body itself.
    Web,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever holds an access token with this scope.
    User(&'static str),
    /// Anybody.
    Nobody,
}

/// Builds the table, each line `name style access => handler`; a handler that awaits nothing is `sync`.
macro_rules! routes {
    ($($name:literal $style:ident $access:expr => $kind:tt $module:ident::$handler:ident;)*) => {
        &[$(Route {
            name: $name,
            style: Style::$style,
            access: $access,
            handler: |call| Box::pin(routes!(@ $kind $module::$handler(call))),
        }),*]
    };
    (@ async $call:expr) => { $call };
    (@ sync $call:expr) => { std::future::ready($call) };
}

const READ_ACCOUNT: Access = Access::User("account_info.read");
const READ_METADATA: Access = Access::User("files.metadata.read");
const READ_CONTENT: Access = Access::User("files.content.read");
const WRITE_CONTENT: Access = Access::User("files.content.write");

const DELETE_FOR_GOOD: Access = Access::User("files.permanent_delete");

/// Every route there is.
pub(super) const ROUTES: &[Route] = routes! {
    "files/alpha/get_metadata" Rpc READ_METADATA => sync metadata::get_metadata;
    "files/alpha/upload" Upload WRITE_CONTENT => async upload::upload;
    "files/copy" Rpc WRITE_CONTENT => async relocate::copy_one_v1;
    "files/copy_batch" Rpc WRITE_CONTENT => async relocate::copy_batch_v1;
    "files/copy_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/copy_batch/check_v2" Rpc WRITE_CONTENT => sync jobs::check;
    "files/copy_batch_v2" Rpc WRITE_CONTENT => async relocate::copy_batch;
    "files/copy_v2" Rpc WRITE_CONTENT => async relocate::copy_one;
    "files/create_folder" Rpc WRITE_CONTENT => async folders::create_folder_v1;
    "files/create_folder_batch" Rpc WRITE_CONTENT => async folders::create_folder_batch;
    "files/create_folder_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/create_folder_v2" Rpc WRITE_CONTENT => async folders::create_folder;
    "files/delete" Rpc WRITE_CONTENT => async folders::delete_v1;
    "files/delete_batch" Rpc WRITE_CONTENT => async folders::delete_batch;
    "files/delete_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/delete_v2" Rpc WRITE_CONTENT => async folders::delete;
    "files/download" Download READ_CONTENT => sync download::download;
    "files/get_metadata" Rpc READ_METADATA => sync metadata::get_metadata;
    "files/list_folder" Rpc READ_METADATA => sync list_folder::list_folder;
    "files/list_folder/continue" Rpc READ_METADATA => sync list_folder::list_folder_continue;
    "files/list_folder/get_latest_cursor" Rpc READ_METADATA => sync list_folder::get_latest_cursor;
    "files/list_folder/longpoll" Rpc Access::Nobody => async list_folder::longpoll;
    "files/list_revisions" Rpc READ_METADATA => sync history::list_revisions;
    "files/move" Rpc WRITE_CONTENT => async relocate::move_one_v1;
    "files/move_batch" Rpc WRITE_CONTENT => async relocate::move_batch_v1;
    "files/move_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/move_batch/check_v2" Rpc WRITE_CONTENT => sync jobs::check;
    "files/move_batch_v2" Rpc WRITE_CONTENT => async relocate::move_batch;
    "files/move_v2" Rpc WRITE_CONTENT => async relocate::move_one;
    "files/permanently_delete" Rpc DELETE_FOR_GOOD => sync folders::permanently_delete;
    "files/restore" Rpc WRITE_CONTENT => async history::restore;
    "files/search/continue_v2" Rpc READ_METADATA => sync search::search_continue;
    "files/search_v2" Rpc READ_METADATA => sync search::search;
    "files/upload" Upload WRITE_CONTENT => async upload::upload;
    "files/upload_session/append" Upload WRITE_CONTENT => async upload_session::append_v1;
    "files/upload_session/append_batch" Upload WRITE_CONTENT => async session_batch::append_batch;
    "files/upload_session/append_v2" Upload WRITE_CONTENT => async upload_session::append;
    "files/upload_session/finish" Upload WRITE_CONTENT => async upload_session::finish;
    "files/upload_session/finish_batch" Rpc WRITE_CONTENT => async session_batch::finish_batch;
    "files/upload_session/finish_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/upload_session/finish_batch_v2" Rpc WRITE_CONTENT => async session_batch::finish_batch_v2;
    "files/upload_session/start" Upload WRITE_CONTENT => async upload_session::start;
    "files/upload_session/start_batch" Rpc WRITE_CONTENT => sync session_batch::start_batch;
    "oauth2/token" Web Access::Nobody => async oauth::token;
    "users/get_current_account" Rpc READ_ACCOUNT => sync users::get_current_account;
    "users/get_space_usage" Rpc READ_ACCOUNT => sync users::get_space_usage;
};
