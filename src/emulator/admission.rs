//! Who may call what, and as whom: tokens of users and of teams, members that a team's token acts for, where paths count from.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::call::Caller;
use super::dispatch::{credentials, query};
use super::fields::Fields;
use super::routes::{Access, Route, oauth};
use super::shared::Shared;
use super::state::grant::{App, AppAccess};
use super::state::team::{Role, Sight};
use super::state::{AccountId, State, View};
use super::tag::{nested, tag, with_fields};

const SELECT_USER: &str = "Dropbox-API-Select-User";
const SELECT_ADMIN: &str = "Dropbox-API-Select-Admin";
const PATH_ROOT: &str = "Dropbox-API-Path-Root";

/// The scope without which a team's token acts for no member.
const ACT_AS_MEMBER: &str = "team_data.member";

/// What a route lets an admin do who is selected by [`SELECT_ADMIN`]: `select_admin_mode` of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AdminMode {
    /// Nothing.
    None,
    /// Whatever admins may change.
    TeamAdmin,
    /// To look at everything.
    WholeTeam,
}

/// The routes of these two modes; a route that is not here has none. The first versions of routes are as the later ones.
fn admin_mode(route: &str) -> AdminMode {
    match route {
        "files/alpha/upload"
        | "files/copy"
        | "files/copy_batch"
        | "files/copy_batch/check"
        | "files/copy_batch/check_v2"
        | "files/copy_batch_v2"
        | "files/copy_v2"
        | "files/create_folder"
        | "files/create_folder_batch"
        | "files/create_folder_batch/check"
        | "files/create_folder_v2"
        | "files/delete"
        | "files/delete_batch"
        | "files/delete_batch/check"
        | "files/delete_v2"
        | "files/move"
        | "files/move_batch"
        | "files/move_batch/check"
        | "files/move_batch/check_v2"
        | "files/move_batch_v2"
        | "files/move_v2"
        | "files/permanently_delete"
        | "files/restore"
        | "files/upload"
        | "files/upload_session/append"
        | "files/upload_session/append_batch"
        | "files/upload_session/append_v2"
        | "files/upload_session/finish"
        | "files/upload_session/finish_batch"
        | "files/upload_session/finish_batch/check"
        | "files/upload_session/finish_batch_v2"
        | "files/upload_session/start"
        | "files/upload_session/start_batch"
        | "sharing/create_shared_link_with_settings"
        | "sharing/revoke_shared_link" => AdminMode::TeamAdmin,
        "files/alpha/get_metadata"
        | "files/download"
        | "files/export"
        | "files/get_metadata"
        | "files/get_preview"
        | "files/get_thumbnail"
        | "files/get_thumbnail_batch"
        | "files/get_thumbnail_v2"
        | "files/list_folder"
        | "files/list_folder/continue"
        | "files/list_folder/get_latest_cursor"
        | "files/list_revisions"
        | "files/unlock_file_batch"
        | "users/get_current_account" => AdminMode::WholeTeam,
        _ => AdminMode::None,
    }
}

/// Whether an app that has a folder only may call a route: `allow_app_folder_app` of the specification.
fn is_for_folder_apps(route: &str) -> bool {
    !matches!(
        route,
        "files/get_file_lock_batch"
            | "files/lock_file_batch"
            | "files/unlock_file_batch"
            | "sharing/list_folders"
            | "sharing/list_folders/continue"
            | "sharing/list_mountable_folders"
            | "sharing/list_mountable_folders/continue"
            | "sharing/list_received_files"
            | "sharing/list_received_files/continue"
            | "sharing/mount_folder"
    )
}

/// Finds out who calls, and refuses whoever may not.
pub(super) fn admit(
    shared: &Shared,
    route: &Route,
    parts: &Parts,
) -> Result<Option<Caller>, Refusal> {
    let (scope, for_team) = match route.access {
        Access::Nobody => return Ok(None),
        Access::App | Access::UserOrApp(_) if oauth::basic(&parts.headers).is_some() => {
            return admit_app(&parts.headers).map(|()| None);
        }
        Access::App => {
            return Err(invalid_authorization(
                &credentials(parts).unwrap_or_default(),
                "Basic <base64(APP_KEY:APP_SECRET)>",
            ));
        }
        Access::User(scope) | Access::UserOrApp(scope) => (scope, false),
        Access::Team(scope) => (scope, true),
    };
    let token = bearer(parts)?;
    let now = shared.clock.now();
    let state = shared.state();
    let Some(access) = state.grants.access(&token) else {
        return Err(unauthorized("invalid_access_token"));
    };
    if access.expires.is_some_and(|expires| expires <= now) {
        return Err(unauthorized("expired_access_token"));
    }
    let has = |scope: &str| access.scopes.iter().any(|granted| granted == scope);
    let demand = |scope: &str| {
        let fields = json!({ "required_scope": scope });
        if scope.is_empty() || has(scope) {
            Ok(())
        } else {
            Err(Refusal::Unauthorized(with_fields("missing_scope", fields)))
        }
    };
    let selected = Selected::read(parts)?;
    let (account, sight) = match (for_team, access.of_team, selected) {
        (true, true, None) | (false, false, None) => (access.account, Sight::Member),
        (true, false, _) => {
            return Err(Refusal::bad(
                "This is a DfB team management function.  The OAuth 2 access token you provided is for a specific Dropbox user account and does not work with this function.",
            ));
        }
        (true, true, Some(selected)) | (false, false, Some(selected)) => {
            let whose = if for_team {
                "functions of a single account"
            } else {
                "tokens of a team"
            };
            return Err(Refusal::bad(format!(
                "The HTTP header {:?} goes with {whose} only.",
                selected.header()
            )));
        }
        (false, true, None) => {
            return Err(Refusal::bad(
                "This API function operates on a single Dropbox account, but the OAuth 2 access token you provided is for an entire Dropbox Business team.  Since your API app key has team member file access permissions, you can operate on a team member's Dropbox by providing the \"Dropbox-API-Select-User\" HTTP header or \"select_user\" URL parameter to specify the exact user <https://www.dropbox.com/developers/documentation/http/teams>.",
            ));
        }
        (false, true, Some(selected)) => {
            demand(ACT_AS_MEMBER)?;
            selected.find(&state, route.name)?
        }
    };
    if state.account(account).is_suspended() {
        return Err(unauthorized("user_suspended"));
    }
    demand(scope)?;
    let app = access.app();
    if app.access == AppAccess::Folder && !is_for_folder_apps(route.name) {
        return Err(Refusal::bad(
            "This function is not for apps that have access to their folder only.",
        ));
    }
    let view = view(&state, account, sight, app, &parts.headers)?;
    Ok(Some(Caller {
        account,
        view,
        token,
    }))
}

fn admit_app(headers: &HeaderMap) -> Result<(), Refusal> {
    let pair = oauth::basic(headers).and_then(Result::ok);
    let known = pair.and_then(|(key, secret)| App::of(&key).filter(|app| app.secret == secret));
    match known {
        Some(_) => Ok(()),
        None => Err(Refusal::bad("Invalid app key or secret.")),
    }
}

/// The access token, from the header or the URL.
fn bearer(parts: &Parts) -> Result<String, Refusal> {
    let Some(given) = credentials(parts) else {
        return Err(Refusal::bad(
            "Must provide HTTP header \"Authorization\" or URL parameter \"authorization\".",
        ));
    };
    let token = given.strip_prefix("Bearer ").map(str::trim);
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => Err(invalid_authorization(
            &given,
            "Bearer <oauth2-access-token>",
        )),
    }
}

fn invalid_authorization(given: &str, expected: &str) -> Refusal {
    Refusal::bad(format!(
        "Invalid authorization value in HTTP header \"Authorization\": {given:?}.  Expecting \"{expected}\"."
    ))
}

fn unauthorized(name: &str) -> Refusal {
    Refusal::Unauthorized(tag(name))
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The member whom a team's token acts for.
enum Selected {
    User(String),
    Admin(String),
}

impl Selected {
    fn read(parts: &Parts) -> Result<Option<Selected>, Refusal> {
        let given = |name: &str, parameter: &str| {
            header(&parts.headers, name).or_else(|| query(parts, parameter))
        };
        let user = given(SELECT_USER, "select_user").map(Selected::User);
        let admin = given(SELECT_ADMIN, "select_admin").map(Selected::Admin);
        if user.is_some() && admin.is_some() {
            return Err(Refusal::bad(format!(
                "Only one of the HTTP headers {SELECT_USER:?} and {SELECT_ADMIN:?} can be given."
            )));
        }
        Ok(user.or(admin))
    }

    fn header(&self) -> &'static str {
        match self {
            Selected::User(_) => SELECT_USER,
            Selected::Admin(_) => SELECT_ADMIN,
        }
    }

    fn find(&self, state: &State, route: &str) -> Result<(AccountId, Sight), Refusal> {
        let (Selected::User(id) | Selected::Admin(id)) = self;
        if !id.starts_with("dbmid:") {
            return Err(Refusal::bad("Invalid select user id format"));
        }
        let mut members = state.members();
        let found = members.find(|(_, _, member)| member.id == *id);
        match (self, found) {
            (Selected::User(_), None) => Err(unauthorized("invalid_select_user")),
            (Selected::User(_), Some((account, ..))) => Ok((account, Sight::Member)),
            (Selected::Admin(_), Some((account, _, member))) if member.role == Role::Admin => {
                match admin_mode(route) {
                    AdminMode::None => Err(Refusal::bad(format!(
                        "This function does not take the HTTP header {SELECT_ADMIN:?}."
                    ))),
                    AdminMode::TeamAdmin => Ok((account, Sight::Member)),
                    AdminMode::WholeTeam => Ok((account, Sight::WholeTeam)),
                }
            }
            (Selected::Admin(_), _) => Err(unauthorized("invalid_select_admin")),
        }
    }
}

/// Where the caller's paths count from.
fn view(
    state: &State,
    account: AccountId,
    sight: Sight,
    app: App,
    headers: &HeaderMap,
) -> Result<View, Refusal> {
    let home = match state.account(account).member {
        Some(_) => state.member_view(account, sight),
        None => state.account(account).home.clone(),
    };
    let Some(given) = header(headers, PATH_ROOT) else {
        return Ok(match app.access {
            AppAccess::Full => home,
            AppAccess::Folder => home.for_app(app.name),
        });
    };
    if app.access == AppAccess::Folder {
        return Err(Refusal::bad("Path root is not supported for sandbox app"));
    }
    let refuse = |error: Value| Refusal::PathRoot(error);
    match PathRoot::read(&given)? {
        PathRoot::Home => Ok(home),
        PathRoot::Root(id) => {
            let (root, ..) = state.namespaces_of(account);
            let place = state.namespace(&home, &id).filter(|_| id == root);
            let told = || refuse(nested("invalid_root", root_info(state, account)));
            Ok(home.from(place.ok_or_else(told)?))
        }
        PathRoot::Namespace(id) => {
            let place = state.namespace(&home, &id);
            Ok(home.from(place.ok_or_else(|| refuse(tag("no_permission")))?))
        }
    }
}

/// `PathRoot`
enum PathRoot {
    Home,
    Root(String),
    Namespace(String),
}

impl PathRoot {
    fn read(given: &str) -> Result<PathRoot, Refusal> {
        let source = format!("HTTP header {PATH_ROOT:?}");
        // A bare tag may stand for itself.
        if given.trim() == "\"home\"" {
            return Ok(PathRoot::Home);
        }
        let mut fields = Fields::parse(&source, given.as_bytes())?;
        let name = fields.text(".tag")?;
        let root = match name.as_str() {
            "home" => PathRoot::Home,
            "root" => PathRoot::Root(namespace(&mut fields, "root")?),
            "namespace_id" => PathRoot::Namespace(namespace(&mut fields, "namespace_id")?),
            other => return Err(fields.refuse(".tag", &format!("invalid tag '{other}'"))),
        };
        fields.finish()?;
        Ok(root)
    }
}

fn namespace(fields: &mut Fields, name: &str) -> Result<String, Refusal> {
    let id = fields.text(name)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_:".contains(c);
    if id.is_empty() || !id.chars().all(legal) {
        let why = format!("'{id}' did not match pattern '[-_0-9a-zA-Z:]+'");
        return Err(fields.refuse(name, &why));
    }
    Ok(id)
}

/// `RootInfo`
pub(super) fn root_info(state: &State, account: AccountId) -> Value {
    let (root, home, path) = state.namespaces_of(account);
    let mut info = json!({ "root_namespace_id": root, "home_namespace_id": home });
    info[".tag"] = if path.is_some() { "team" } else { "user" }.into();
    if let Some(path) = path {
        info["home_path"] = path.into();
    }
    info
}
