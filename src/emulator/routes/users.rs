//! `users/`, `check/`, `auth/token/revoke`

use serde_json::{Value, json};

use super::super::admission::root_info;
use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fields::Fields;
use super::super::state::account::Account;
use super::super::state::{AccountId, State};
use super::super::tag::{nested, tag};
use super::team::full_team;

pub(super) fn get_current_account(call: &mut Call) -> Outcome {
    let caller = call.caller();
    call.arg.finish()?;
    let state = call.shared.state();
    Ok(Answer::json(&full_account(&state, caller.account)))
}

pub(super) fn get_space_usage(call: &mut Call) -> Outcome {
    let caller = call.caller();
    call.arg.finish()?;
    let state = call.shared.state();
    let account = state.account(caller.account);
    let tree = state.tree(account.home.tree);
    let (all, home) = (tree.used(), tree.used_below(&account.home.root.lower));
    let allocation = match account.member {
        None => json!({ ".tag": "individual", "allocated": account.quota }),
        Some(_) => json!({
            ".tag": "team",
            "used": all,
            "allocated": account.quota,
            "user_within_team_space_allocated": 0,
            "user_within_team_space_limit_type": tag("off"),
            "user_within_team_space_used_cached": home,
        }),
    };
    Ok(Answer::json(
        &json!({ "used": home, "allocation": allocation }),
    ))
}

pub(super) fn get_account(call: &mut Call) -> Outcome {
    let id = account_id(call)?;
    call.arg.finish()?;
    let state = call.shared.state();
    let account = state.account_by_id(&id);
    let account = account.ok_or_else(|| Refusal::Route(tag("no_account")))?;
    let caller = state.account(call.caller().account);
    Ok(Answer::json(&basic_account(account, caller)))
}

fn account_id(call: &mut Call) -> Result<String, Refusal> {
    let id = call.arg.text("account_id")?;
    check_account_id(&call.arg, "account_id", id)
}

pub(super) fn check_account_id(arg: &Fields, name: &str, id: String) -> Result<String, Refusal> {
    if id.chars().count() == 40 {
        return Ok(id);
    }
    Err(arg.refuse(name, &format!("'{id}' must be 40 characters")))
}

pub(super) fn get_account_batch(call: &mut Call) -> Outcome {
    let ids = call.arg.values("account_ids", 1..=300)?;
    let ids: Result<Vec<String>, Refusal> = ids
        .into_iter()
        .map(|id| match id {
            Value::String(id) => check_account_id(&call.arg, "account_ids", id),
            _ => Err(call
                .arg
                .refuse("account_ids", "expected to be a list of strings")),
        })
        .collect();
    let ids = ids?;
    call.arg.finish()?;
    let caller = call.caller();
    let state = call.shared.state();
    let accounts: Result<Vec<Value>, Refusal> = ids
        .iter()
        .map(|id| {
            let account = state.account_by_id(id);
            let missing = || Refusal::Route(nested("no_account", id.as_str().into()));
            let account = account.ok_or_else(missing)?;
            Ok(basic_account(account, state.account(caller.account)))
        })
        .collect();
    Ok(Answer::json(&accounts?))
}

pub(super) fn features(call: &mut Call) -> Outcome {
    let features = call.arg.values("features", 0..=100)?;
    let features = call.arg.bare_tags("features", features)?;
    call.arg.finish()?;
    if features.is_empty() {
        return Err(Refusal::Route(tag("empty_features_list")));
    }
    let values: Vec<Value> = features
        .iter()
        .map(|name| match name.as_str() {
            "paper_as_files" | "file_locking" => {
                nested(name, json!({ ".tag": "enabled", "enabled": true }))
            }
            "team_shared_dropbox" | "distinct_member_home" => {
                nested(name, json!({ ".tag": "enabled", "enabled": false }))
            }
            _ => tag("other"),
        })
        .collect();
    Ok(Answer::json(&json!({ "values": values })))
}

/// `check/user` and `check/app` give back what they are given.
pub(super) fn echo(call: &mut Call) -> Outcome {
    let query = call.arg.optional_text("query")?.unwrap_or_default();
    call.arg.finish()?;
    if query.chars().count() > 500 {
        return Err(call.arg.refuse("query", "must be at most 500 characters"));
    }
    Ok(Answer::json(&json!({ "result": query })))
}

pub(super) fn revoke(call: &mut Call) -> Outcome {
    call.arg.finish()?;
    let token = call.caller().token;
    call.shared.state().grants.revoke(&token);
    Ok(Answer::null())
}

/// `FullAccount`
fn full_account(state: &State, id: AccountId) -> Value {
    let account = state.account(id);
    let mut described = json!({
        "account_id": account.id,
        "name": name(account),
        "email": account.email,
        "email_verified": true,
        "disabled": false,
        "locale": "en",
        "referral_link": "https://www.dropbox.com/referrals/emulator",
        "is_paired": false,
        "account_type": tag(if account.member.is_some() { "business" } else { "basic" }),
        "root_info": root_info(state, id),
        "country": "US",
    });
    if let Some(member) = &account.member {
        described["team"] = full_team(state);
        described["team_member_id"] = member.id.clone().into();
    }
    described
}

/// `BasicAccount`, as `caller` sees it.
fn basic_account(account: &Account, caller: &Account) -> Value {
    let mut described = json!({
        "account_id": account.id,
        "name": name(account),
        "email": account.email,
        "email_verified": true,
        "disabled": account.is_suspended(),
        "is_teammate": false,
    });
    if let (Some(member), Some(_)) = (&account.member, &caller.member) {
        described["is_teammate"] = true.into();
        described["team_member_id"] = member.id.clone().into();
    }
    described
}

/// `Name`
pub(super) fn name(account: &Account) -> Value {
    let initial = |name: &str| name.chars().next().into_iter().flat_map(char::to_uppercase);
    let initials: String = initial(&account.given)
        .chain(initial(&account.surname))
        .collect();
    json!({
        "given_name": account.given,
        "surname": account.surname,
        "familiar_name": account.given,
        "display_name": format!("{} {}", account.given, account.surname),
        "abbreviated_name": initials,
    })
}

impl State {
    fn account_by_id(&self, id: &str) -> Option<&Account> {
        self.accounts()
            .map(|(_, account)| account)
            .find(|account| account.id == id)
    }
}
