//! `users/get_current_account`, `users/get_space_usage`

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::call::{Call, Outcome};
use super::super::state::State;
use super::super::state::account::Account;
use super::super::tag::tag;

pub(super) fn get_current_account(call: &mut Call) -> Outcome {
    let caller = call.caller();
    call.arg.finish()?;
    let state = call.shared.state();
    Ok(Answer::json(&full_account(state.account(caller.account))))
}

pub(super) fn get_space_usage(call: &mut Call) -> Outcome {
    let caller = call.caller();
    call.arg.finish()?;
    let state = call.shared.state();
    let account = state.account(caller.account);
    Ok(Answer::json(&json!({
        "used": state.tree(account.home.tree).used(),
        "allocation": { ".tag": "individual", "allocated": account.quota },
    })))
}

/// `FullAccount`
fn full_account(account: &Account) -> Value {
    let namespace = State::namespace_id(&account.home);
    json!({
        "account_id": account.id,
        "name": name(account),
        "email": account.email,
        "email_verified": true,
        "disabled": false,
        "locale": "en",
        "referral_link": "https://www.dropbox.com/referrals/emulator",
        "is_paired": false,
        "account_type": tag("basic"),
        "root_info": { ".tag": "user", "root_namespace_id": namespace, "home_namespace_id": namespace },
        "country": "US",
    })
}

/// `Name`
fn name(account: &Account) -> Value {
    let initials: String = account
        .name
        .chars()
        .take(1)
        .flat_map(char::to_uppercase)
        .chain(['E'])
        .collect();
    json!({
        "given_name": account.name,
        "surname": "Emulated",
        "familiar_name": account.name,
        "display_name": format!("{} Emulated", account.name),
        "abbreviated_name": initials,
    })
}
