//! `team/members/`, `team/token/get_authenticated_admin`

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::state::State;
use super::super::state::account::Account;
use super::super::state::team::{Member, Role, Status};
use super::super::tag::{nested, tag, with_fields};
use super::paging::Page;
use super::users;

/// Which version of a route answers: the first says what a member may do by its tier, the second by its roles.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

pub(super) fn list(call: &mut Call) -> Outcome {
    let page = first_page(call)?;
    Ok(members(call, page, Version::One))
}

pub(super) fn list_v2(call: &mut Call) -> Outcome {
    let page = first_page(call)?;
    Ok(members(call, page, Version::Two))
}

pub(super) fn list_continue(call: &mut Call) -> Outcome {
    let page = Page::next(call, "members")?;
    Ok(members(call, page, Version::One))
}

pub(super) fn list_continue_v2(call: &mut Call) -> Outcome {
    let page = Page::next(call, "members")?;
    Ok(members(call, page, Version::Two))
}

fn first_page(call: &mut Call) -> Result<Page, Refusal> {
    let page = Page::first(call, "members")?;
    // Nobody was ever removed.
    call.arg.flag("include_removed")?;
    call.arg.finish()?;
    Ok(page)
}

fn members(call: &Call, page: Page, version: Version) -> Answer {
    let state = call.shared.state();
    let members = state.members();
    let members = members.map(|(_, account, member)| info(&state, account, member, version));
    page.answer("members", members)
}

pub(super) fn get_info(call: &mut Call) -> Outcome {
    let items = find(call, Version::One)?;
    Ok(Answer::json(&items))
}

pub(super) fn get_info_v2(call: &mut Call) -> Outcome {
    let items = find(call, Version::Two)?;
    Ok(Answer::json(&json!({ "members_info": items })))
}

/// The members whom the argument selects, in its order: each a `MembersGetInfoItem`.
fn find(call: &mut Call, version: Version) -> Result<Vec<Value>, Refusal> {
    let mut selectors = Vec::new();
    for (by, mut fields) in call.arg.unions("members", 0..=1000)? {
        if !matches!(by.as_str(), "team_member_id" | "external_id" | "email") {
            return Err(call.arg.refuse("members", &format!("invalid tag '{by}'")));
        }
        let id = fields.text(&by)?;
        fields.finish()?;
        selectors.push((by, id));
    }
    call.arg.finish()?;
    let state = call.shared.state();
    let found = selectors.into_iter().map(|(by, id)| {
        let mut members = state.members();
        let found = members.find(|(_, account, member)| match by.as_str() {
            "team_member_id" => member.id == id,
            "email" => account.email.eq_ignore_ascii_case(&id),
            // Nobody has an id of somebody else's.
            _ => false,
        });
        match found {
            Some((_, account, member)) => {
                with_fields("member_info", info(&state, account, member, version))
            }
            None => nested("id_not_found", id.into()),
        }
    });
    Ok(found.collect())
}

pub(super) fn get_authenticated_admin(call: &mut Call) -> Outcome {
    call.arg.finish()?;
    let state = call.shared.state();
    let account = state.account(call.caller().account);
    let member = account.member.as_ref();
    let member = member.ok_or_else(|| Refusal::Route(tag("mapping_not_found")))?;
    Ok(Answer::json(
        &json!({ "admin_profile": profile(&state, account, member) }),
    ))
}

/// `TeamMemberInfo` or `TeamMemberInfoV2`
fn info(state: &State, account: &Account, member: &Member, version: Version) -> Value {
    let mut info = json!({ "profile": profile(state, account, member) });
    match version {
        Version::One => {
            info["role"] = tag(match member.role {
                Role::Admin => "team_admin",
                Role::Member => "member_only",
            });
        }
        Version::Two => {
            info["roles"] = match member.role {
                Role::Admin => json!([{
                    "role_id": "pid_dbtmr:emulated-team-admin",
                    "name": "Team",
                    "description": "Manage everything and access all permissions",
                }]),
                Role::Member => json!([]),
            };
        }
    }
    info
}

/// `TeamMemberProfile`
fn profile(state: &State, account: &Account, member: &Member) -> Value {
    let home = state.team.homes.iter();
    let mut home = home.filter(|home| home.place == account.home.root);
    json!({
        "team_member_id": member.id,
        "account_id": account.id,
        "email": account.email,
        "email_verified": true,
        "secondary_emails": [],
        "status": tag(match member.status {
            Status::Active => "active",
            Status::Suspended => "suspended",
        }),
        "name": users::name(account),
        "membership_type": tag("full"),
        "groups": [state.team.everyone],
        "member_folder_id": home.next().map(|home| &home.namespace),
        "root_folder_id": State::root_namespace(state.team.tree),
    })
}
