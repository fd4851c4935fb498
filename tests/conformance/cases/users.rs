//! Accounts.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Specification, Verified};
use crate::behaviour::{Behaviour, case, equal, holds};
use crate::scene::{Scene, text};

const ACCOUNT: &str = "users.stone, FullAccount";

async fn account(at: &Scene) -> Result<Value, String> {
    at.call("users/get_current_account", "null", "")
        .await?
        .result()
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Verified,
            "Python SDK",
            "an account's id has 40 characters and begins with `dbid:`",
            |at| async move {
                let id = text(&account(&at).await?["account_id"]);
                holds(id.len() == 40 && id.starts_with("dbid:"), || id.clone())
            },
        ),
        case(
            Specification,
            ACCOUNT,
            "an account has all names that a person can be called by",
            |at| async move {
                let name = account(&at).await?["name"].take();
                let names = [
                    "given_name",
                    "surname",
                    "familiar_name",
                    "display_name",
                    "abbreviated_name",
                ];
                holds(names.iter().all(|form| name[form].is_string()), || {
                    name.to_string()
                })
            },
        ),
        case(
            Specification,
            ACCOUNT,
            "an account says where its root is",
            |at| async move {
                let root = account(&at).await?["root_info"].take();
                holds(
                    root["root_namespace_id"].is_string() && root["home_namespace_id"].is_string(),
                    || root.to_string(),
                )
            },
        ),
        case(
            Specification,
            ACCOUNT,
            "an account is of one of three types",
            |at| async move {
                let kind = text(&account(&at).await?["account_type"][".tag"]);
                holds(
                    matches!(kind.as_str(), "basic" | "pro" | "business"),
                    || kind.clone(),
                )
            },
        ),
        case(
            Specification,
            "users.stone, SpaceUsage",
            "space is counted in bytes",
            |at| async move {
                let space = at
                    .send(at.rpc_request("users/get_space_usage"))
                    .await?
                    .result()?;
                holds(
                    space["used"].is_u64() && space["allocation"][".tag"].is_string(),
                    || space.to_string(),
                )
            },
        ),
        case(
            Specification,
            "users.stone, get_account",
            "an account is told by its id",
            |at| async move {
                let id = account(&at).await?["account_id"].take();
                let told = at
                    .ok("users/get_account", json!({ "account_id": id }))
                    .await?;
                equal(&told["account_id"], &id)
            },
        ),
        case(
            Specification,
            "users.stone, get_account",
            "an account that is none is refused",
            |at| async move {
                let argument = json!({"account_id": format!("dbid:{}", "x".repeat(35))});
                equal(
                    at.refused("users/get_account", argument).await?.as_str(),
                    "no_account",
                )
            },
        ),
    ]
}
