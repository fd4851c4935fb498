//! The routes: one file for each group, one table for all.

mod download;
mod download_zip;
mod exports;
mod folders;
mod history;
mod jobs;
mod list_folder;
mod locks;
mod members;
mod metadata;
pub(super) mod oauth;
mod open_link;
mod paging;
mod references;
mod relocate;
mod save_url;
mod search;
mod session_batch;
mod shared_folders;
mod sharing;
mod sharing_v1;
mod tags;
mod team;
mod temporary;
mod thumbnails;
mod upload;
mod upload_session;
mod users;

use std::future::Future;
use std::pin::Pin;

use super::call::{Call, Outcome};
pub(super) use upload::CommitInfo;

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
    /// Whoever holds an access token with this scope; `""` is none in particular.
    User(&'static str),
    /// The same, or an app by its key and secret.
    UserOrApp(&'static str),
    /// Whoever holds a team's access token with this scope.
    Team(&'static str),
    /// An app by its key and secret.
    App,
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

const READ_TEAM: Access = Access::Team("team_info.read");
const READ_MEMBERS: Access = Access::Team("members.read");
const READ_GROUPS: Access = Access::Team("groups.read");
const READ_NAMESPACES: Access = Access::Team("team_data.member");
const READ_TEAM_FOLDERS: Access = Access::Team("team_data.team_space");

const WRITE_METADATA: Access = Access::User("files.metadata.write");
const WRITE_SHARING: Access = Access::User("sharing.write");
const DELETE_FOR_GOOD: Access = Access::User("files.permanent_delete");

/// Every route there is.
pub(super) const ROUTES: &[Route] = routes! {
    "apitl/1/{token}" Web Access::Nobody => sync temporary::follow;
    "apitul/1/{token}" Web Access::Nobody => async temporary::upload;
    "auth/token/revoke" Rpc Access::User("") => sync users::revoke;
    "check/app" Rpc Access::App => sync users::echo;
    "check/user" Rpc READ_ACCOUNT => sync users::echo;
    "files/alpha/get_metadata" Rpc READ_METADATA => sync metadata::get_metadata;
    "files/alpha/upload" Upload WRITE_CONTENT => async upload::upload;
    "files/copy" Rpc WRITE_CONTENT => async relocate::copy_one_v1;
    "files/copy_batch" Rpc WRITE_CONTENT => async relocate::copy_batch_v1;
    "files/copy_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/copy_batch/check_v2" Rpc WRITE_CONTENT => sync jobs::check;
    "files/copy_batch_v2" Rpc WRITE_CONTENT => async relocate::copy_batch;
    "files/copy_reference/get" Rpc WRITE_CONTENT => sync references::get;
    "files/copy_reference/save" Rpc WRITE_CONTENT => async references::save;
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
    "files/download_zip" Download READ_CONTENT => sync download_zip::download_zip;
    "files/export" Download READ_CONTENT => sync exports::export;
    "files/get_file_lock_batch" Rpc READ_CONTENT => sync locks::look;
    "files/get_metadata" Rpc READ_METADATA => sync metadata::get_metadata;
    "files/get_preview" Download READ_CONTENT => sync exports::get_preview;
    "files/get_temporary_link" Rpc READ_CONTENT => sync temporary::get_link;
    "files/get_temporary_upload_link" Rpc WRITE_CONTENT => sync temporary::get_upload_link;
    "files/get_thumbnail" Download READ_CONTENT => async thumbnails::get_thumbnail;
    "files/get_thumbnail_batch" Rpc READ_CONTENT => async thumbnails::get_thumbnail_batch;
    "files/get_thumbnail_v2" Download Access::UserOrApp("files.content.read") => async thumbnails::get_thumbnail_v2;
    "files/list_folder" Rpc Access::UserOrApp("files.metadata.read") => sync list_folder::list_folder;
    "files/list_folder/continue" Rpc Access::UserOrApp("files.metadata.read") => sync list_folder::list_folder_continue;
    "files/list_folder/get_latest_cursor" Rpc READ_METADATA => sync list_folder::get_latest_cursor;
    "files/list_folder/longpoll" Rpc Access::Nobody => async list_folder::longpoll;
    "files/list_revisions" Rpc READ_METADATA => sync history::list_revisions;
    "files/lock_file_batch" Rpc WRITE_CONTENT => sync locks::lock;
    "files/move" Rpc WRITE_CONTENT => async relocate::move_one_v1;
    "files/move_batch" Rpc WRITE_CONTENT => async relocate::move_batch_v1;
    "files/move_batch/check" Rpc WRITE_CONTENT => sync jobs::check;
    "files/move_batch/check_v2" Rpc WRITE_CONTENT => sync jobs::check;
    "files/move_batch_v2" Rpc WRITE_CONTENT => async relocate::move_batch;
    "files/move_v2" Rpc WRITE_CONTENT => async relocate::move_one;
    "files/permanently_delete" Rpc DELETE_FOR_GOOD => async folders::permanently_delete;
    "files/restore" Rpc WRITE_CONTENT => async history::restore;
    "files/save_url" Rpc WRITE_CONTENT => sync save_url::save;
    "files/save_url/check_job_status" Rpc WRITE_CONTENT => sync jobs::check;
    "files/search" Rpc READ_METADATA => sync search::search_v1;
    "files/search/continue_v2" Rpc READ_METADATA => sync search::search_continue;
    "files/search_v2" Rpc READ_METADATA => sync search::search;
    "files/tags/add" Rpc WRITE_METADATA => sync tags::add;
    "files/tags/get" Rpc READ_METADATA => sync tags::get;
    "files/tags/remove" Rpc WRITE_METADATA => sync tags::remove;
    "files/unlock_file_batch" Rpc WRITE_CONTENT => sync locks::unlock;
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
    "oauth2/authorize" Web Access::Nobody => async oauth::authorize;
    "oauth2/token" Web Access::Nobody => async oauth::token;
    "scl/{kind}/{letters}/{name}" Web Access::Nobody => sync open_link::open;
    "sharing/create_shared_link" Rpc WRITE_SHARING => sync sharing_v1::create;
    "sharing/create_shared_link_with_settings" Rpc WRITE_SHARING => sync sharing::create;
    "sharing/get_shared_link_file" Download Access::UserOrApp("sharing.read") => sync sharing::get_file;
    "sharing/get_shared_link_metadata" Rpc Access::UserOrApp("sharing.read") => sync sharing::get_metadata;
    "sharing/get_shared_links" Rpc Access::User("sharing.read") => sync sharing_v1::list;
    "sharing/list_folders" Rpc Access::User("sharing.read") => sync shared_folders::list_folders;
    "sharing/list_folders/continue" Rpc Access::User("sharing.read") => sync shared_folders::go_on;
    "sharing/list_mountable_folders" Rpc Access::User("sharing.read") => sync shared_folders::list_folders;
    "sharing/list_mountable_folders/continue" Rpc Access::User("sharing.read") => sync shared_folders::go_on;
    "sharing/list_received_files" Rpc Access::User("sharing.read") => sync shared_folders::list_received_files;
    "sharing/list_received_files/continue" Rpc Access::User("sharing.read") => sync shared_folders::go_on;
    "sharing/list_shared_links" Rpc Access::User("sharing.read") => sync sharing::list;
    "sharing/mount_folder" Rpc WRITE_SHARING => sync shared_folders::mount;
    "sharing/modify_shared_link_settings" Rpc WRITE_SHARING => sync sharing::modify;
    "sharing/revoke_shared_link" Rpc WRITE_SHARING => sync sharing::revoke;
    "team/features/get_values" Rpc READ_TEAM => sync team::features;
    "team/get_info" Rpc READ_TEAM => sync team::get_info;
    "team/groups/list" Rpc READ_GROUPS => sync team::list_groups;
    "team/groups/list/continue" Rpc READ_GROUPS => sync team::list_groups_continue;
    "team/members/get_info" Rpc READ_MEMBERS => sync members::get_info;
    "team/members/get_info_v2" Rpc READ_MEMBERS => sync members::get_info_v2;
    "team/members/list" Rpc READ_MEMBERS => sync members::list;
    "team/members/list/continue" Rpc READ_MEMBERS => sync members::list_continue;
    "team/members/list/continue_v2" Rpc READ_MEMBERS => sync members::list_continue_v2;
    "team/members/list_v2" Rpc READ_MEMBERS => sync members::list_v2;
    "team/namespaces/list" Rpc READ_NAMESPACES => sync team::list_namespaces;
    "team/namespaces/list/continue" Rpc READ_NAMESPACES => sync team::list_namespaces_continue;
    "team/team_folder/list" Rpc READ_TEAM_FOLDERS => sync team::list_folders;
    "team/team_folder/list/continue" Rpc READ_TEAM_FOLDERS => sync team::list_folders_continue;
    "team/token/get_authenticated_admin" Rpc READ_TEAM => sync members::get_authenticated_admin;
    "users/features/get_values" Rpc READ_ACCOUNT => sync users::features;
    "users/get_account" Rpc Access::User("sharing.read") => sync users::get_account;
    "users/get_account_batch" Rpc Access::User("sharing.read") => sync users::get_account_batch;
    "users/get_current_account" Rpc READ_ACCOUNT => sync users::get_current_account;
    "users/get_space_usage" Rpc READ_ACCOUNT => sync users::get_space_usage;
};
