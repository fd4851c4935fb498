//! `team/`: the team, its groups, its namespaces, its folders.

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::names;
use super::super::state::State;
use super::super::state::team::NAME;
use super::super::tag::{nested, tag};
use super::paging::Page;

/// Members that the team has paid for.
const LICENCES: usize = 10;

pub(super) fn get_info(call: &mut Call) -> Outcome {
    call.arg.finish()?;
    let state = call.shared.state();
    let members = state.members().count();
    let suspended = state
        .members()
        .filter(|(_, account, _)| account.is_suspended());
    Ok(Answer::json(&json!({
        "name": NAME,
        "team_id": state.team.id,
        "num_licensed_users": LICENCES,
        "num_provisioned_users": members,
        "num_used_licenses": members - suspended.count(),
        "policies": {
            "sharing": sharing_policies(),
            "emm_state": tag("disabled"),
            "office_addin": tag("disabled"),
            "suggest_members_policy": tag("disabled"),
            "top_level_content_policy": tag("admin_only"),
        },
    })))
}

/// `TeamSharingPolicies`
fn sharing_policies() -> Value {
    json!({
        "shared_folder_member_policy": tag("anyone"),
        "shared_folder_join_policy": tag("from_anyone"),
        "shared_link_create_policy": tag("default_public"),
        "group_creation_policy": tag("admins_only"),
        "shared_folder_link_restriction_policy": tag("anyone"),
        "enforce_link_password_policy": tag("optional"),
        "default_link_expiration_days_policy": tag("none"),
        "shared_link_default_permissions_policy": tag("default"),
    })
}

/// `FullTeam`
pub(super) fn full_team(state: &State) -> Value {
    json!({
        "id": state.team.id,
        "name": NAME,
        "sharing_policies": sharing_policies(),
        "office_addin_policy": tag("disabled"),
        "top_level_content_policy": tag("admin_only"),
    })
}

pub(super) fn features(call: &mut Call) -> Outcome {
    let features = call.arg.values("features", 0..=100)?;
    let features = call.arg.bare_tags("features", features)?;
    call.arg.finish()?;
    if features.is_empty() {
        return Err(Refusal::Route(tag("empty_features_list")));
    }
    let value = |name: &String| {
        let is = |tag: &str, holds: bool| {
            let mut value = json!({ ".tag": tag });
            value[tag] = holds.into();
            nested(name, value)
        };
        match name.as_str() {
            "upload_api_rate_limit" => nested(name, tag("unlimited")),
            "has_team_file_events" => is("enabled", true),
            "has_team_shared_dropbox" | "has_distinct_member_homes" => is(name, true),
            "has_team_selective_sync" => is(name, false),
            _ => tag("other"),
        }
    };
    let values: Vec<Value> = features.iter().map(value).collect();
    Ok(Answer::json(&json!({ "values": values })))
}

pub(super) fn list_groups(call: &mut Call) -> Outcome {
    let page = Page::first(call, "groups")?;
    call.arg.finish()?;
    Ok(groups(call, page))
}

pub(super) fn list_groups_continue(call: &mut Call) -> Outcome {
    let page = Page::next(call, "groups")?;
    Ok(groups(call, page))
}

/// There is one, which every team has.
fn groups(call: &Call, page: Page) -> Answer {
    let state = call.shared.state();
    let everyone = json!({
        "group_name": format!("Everyone at {NAME}"),
        "group_id": state.team.everyone,
        "member_count": state.members().count(),
        "group_management_type": tag("system_managed"),
    });
    page.answer("groups", std::iter::once(everyone))
}

pub(super) fn list_namespaces(call: &mut Call) -> Outcome {
    let page = Page::first(call, "namespaces")?;
    call.arg.finish()?;
    Ok(namespaces(call, page))
}

pub(super) fn list_namespaces_continue(call: &mut Call) -> Outcome {
    let page = Page::next(call, "namespaces")?;
    Ok(namespaces(call, page))
}

fn namespaces(call: &Call, page: Page) -> Answer {
    let state = call.shared.state();
    let namespace = |name: &str, id: &str, kind| json!({ "name": name, "namespace_id": id, "namespace_type": tag(kind), "quota_limit": 0 });
    let root = State::root_namespace(state.team.tree);
    let root = namespace("Root", &root, "shared_folder");
    let folders = state.team_folders();
    let folders =
        folders.map(|(folder, id)| namespace(names::name(&folder.display), &id, "team_folder"));
    let homes = state.team.homes.iter().map(|home| {
        let mut described = namespace(
            names::name(&home.place.display),
            &home.namespace,
            "team_member_folder",
        );
        let owner = &state.account(home.owner).member;
        described["team_member_id"] = json!(owner.as_ref().map(|member| &member.id));
        described
    });
    page.answer(
        "namespaces",
        std::iter::once(root).chain(folders).chain(homes),
    )
}

pub(super) fn list_folders(call: &mut Call) -> Outcome {
    let page = Page::first(call, "team_folders")?;
    call.arg.finish()?;
    Ok(folders(call, page))
}

pub(super) fn list_folders_continue(call: &mut Call) -> Outcome {
    let page = Page::next(call, "team_folders")?;
    Ok(folders(call, page))
}

fn folders(call: &Call, page: Page) -> Answer {
    let state = call.shared.state();
    let folders = state.team_folders().map(|(folder, id)| {
        json!({
            "team_folder_id": id,
            "name": names::name(&folder.display),
            "status": tag("active"),
            "is_team_shared_dropbox": false,
            "sync_setting": tag("default"),
            "content_sync_settings": [],
            "quota_limit": 0,
        })
    });
    page.answer("team_folders", folders)
}
