//! Who may call: tokens, apps, and how they are refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::behaviour::Sure::{Documentation, Observed, Open, Specification, Verified};
use crate::behaviour::{Behaviour, case, contains, equal, holds};
use crate::scene::Scene;
use crate::service::{Host, Reply, with_query};

const ACCOUNT: &str = "/2/users/get_current_account";

/// A call with this in the header `Authorization`.
async fn with(at: &Scene, authorization: &str) -> Result<Reply, String> {
    let request = at.service.anonymous(Method::POST, Host::Api, ACCOUNT);
    at.send(request.header("authorization", authorization))
        .await
}

/// Tokens of the emulator's own app.
async fn token(at: &Scene, form: &[(&str, &str)]) -> Result<Reply, String> {
    let body = form
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    let request = at
        .service
        .anonymous(Method::POST, Host::Api, "/oauth2/token");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    at.send(request.body(body)).await
}

const REFRESH: [(&str, &str); 4] = [
    ("grant_type", "refresh_token"),
    ("refresh_token", "emulator-refresh-token"),
    ("client_id", "emulator-app"),
    ("client_secret", "emulator-secret"),
];

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = calls();
    all.extend(tokens());
    all
}

fn calls() -> Vec<Behaviour> {
    vec![
        case(
            Verified,
            "Python SDK",
            "a token that nobody knows is a 401 `invalid_access_token`",
            |at| async move {
                let reply = with(&at, "Bearer sl.nobody").await?;
                equal(
                    (reply.status, reply.summary()?.as_str()),
                    (401, "invalid_access_token"),
                )
            },
        )
        .quirk("token-refused-as-text"),
        case(
            Verified,
            "Python SDK's tests",
            "a token of a strange form is a 401 too",
            |at| async move { equal(with(&at, "Bearer asdf").await?.status, 401) },
        )
        .quirk("token-refused-as-text"),
        case(
            Observed,
            "issue threads",
            "a 401 says how to authorise",
            |at| async move {
                contains(
                    with(&at, "Bearer sl.nobody")
                        .await?
                        .header("www-authenticate"),
                    "Bearer",
                )
            },
        )
        .quirk("token-refused-as-text"),
        case(
            Observed,
            "issue threads",
            "an authorisation of another kind is a 400",
            |at| async move {
                let text = with(&at, "Token abc").await?.bad()?;
                contains(
                    &text,
                    "Invalid authorization value in HTTP header \"Authorization\"",
                )
            },
        ),
        case(
            Observed,
            "issue threads",
            "a bearer without a token is a 400",
            |at| async move { with(&at, "Bearer ").await?.bad().map(drop) },
        ),
        case(
            Documentation,
            "HTTP documentation",
            "a call without authorisation is a 400",
            |at| async move {
                let reply = at
                    .send(at.service.anonymous(Method::POST, Host::Api, ACCOUNT))
                    .await?;
                holds(matches!(reply.status, 400 | 401), || reply.text())
            },
        ),
        case(
            Documentation,
            "HTTP documentation",
            "the token may stand in the URL",
            |at| async move {
                let bearer = format!("Bearer {}", at.service.token);
                let request = at.service.anonymous(
                    Method::POST,
                    Host::Api,
                    &with_query(ACCOUNT, &[("authorization", &bearer)]),
                );
                at.send(request).await?.result().map(drop)
            },
        ),
        case(
            Specification,
            "files.stone, longpoll",
            "a longpoll needs no token",
            |at| async move {
                at.make("f").await?;
                let cursor = at.cursor(true).await?;
                at.put("f/a", "1").await?;
                let request = at.service.anonymous(
                    Method::POST,
                    Host::Notify,
                    "/2/files/list_folder/longpoll",
                );
                let request = request.header("content-type", "application/json");
                let told = at
                    .send(request.body(json!({"cursor": cursor}).to_string()))
                    .await?
                    .result()?;
                equal(told["changes"].as_bool(), Some(true))
            },
        ),
        case(
            Specification,
            "check.stone",
            "a user can have something echoed",
            |at| async move {
                let told = at.ok("check/user", json!({"query": "hello"})).await?;
                equal(&told, &json!({"result": "hello"}))
            },
        ),
        case(
            Specification,
            "check.stone",
            "a token is no app",
            |at| async move {
                let reply = at.rpc("check/app", json!({"query": "hello"})).await?;
                holds(matches!(reply.status, 400 | 401), || reply.text())
            },
        ),
    ]
}

fn tokens() -> Vec<Behaviour> {
    let tokens = "OAuth guide, and SDKs";
    vec![
        case(
            Specification,
            tokens,
            "a refresh token buys an access token",
            |at| async move {
                let told = token(&at, &REFRESH).await?.result()?;
                equal(told["token_type"].as_str(), Some("bearer"))?;
                holds(told["access_token"].is_string(), || told.to_string())
            },
        )
        .only_emulated(),
        case(
            Open,
            tokens,
            "a refresh token stays the only one",
            |at| async move {
                let told = token(&at, &REFRESH).await?.result()?;
                equal(&told["refresh_token"], &Value::Null)
            },
        )
        .quirk("refresh-tokens-rotate")
        .only_emulated(),
        case(
            Specification,
            tokens,
            "an access token lives for four hours",
            |at| async move {
                let told = token(&at, &REFRESH).await?.result()?;
                equal(told["expires_in"].as_u64(), Some(14_400))
            },
        )
        .quirk("expires-in-missing")
        .only_emulated(),
        case(
            Observed,
            tokens,
            "a refresh token that is none is `invalid_grant`",
            |at| async move {
                let mut form = REFRESH;
                form[1].1 = "nobody";
                let reply = token(&at, &form).await?;
                equal(
                    (reply.status, reply.json()?["error"].take()),
                    (400, json!("invalid_grant")),
                )
            },
        )
        .only_emulated(),
        case(
            Verified,
            "Python SDK's tests",
            "a wrong secret is `invalid_client`",
            |at| async move {
                let mut form = REFRESH;
                form[3].1 = "wrong";
                let reply = token(&at, &form).await?;
                equal(
                    (reply.status, reply.json()?["error"].take()),
                    (400, json!("invalid_client")),
                )
            },
        )
        .only_emulated(),
        case(
            Verified,
            "JavaScript SDK",
            "the form of a token may stand in the URL",
            |at| async move {
                let request = at.service.anonymous(
                    Method::POST,
                    Host::Api,
                    &with_query("/oauth2/token", &REFRESH),
                );
                let request = request.header("content-type", "application/json");
                at.send(request).await?.result().map(drop)
            },
        )
        .only_emulated(),
        case(
            Verified,
            "rclone",
            "the app may show itself by HTTP Basic",
            |at| async move {
                let request = at
                    .service
                    .anonymous(Method::POST, Host::Api, "/1/oauth2/token")
                    .basic_auth("emulator-app", Some("emulator-secret"))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("grant_type=refresh_token&refresh_token=emulator-refresh-token");
                at.send(request).await?.result().map(drop)
            },
        )
        .only_emulated(),
        case(
            Specification,
            "check.stone",
            "an app can have something echoed",
            |at| async move {
                let request = at
                    .service
                    .anonymous(Method::POST, Host::Api, "/2/check/app")
                    .basic_auth("emulator-app", Some("emulator-secret"))
                    .header("content-type", "application/json")
                    .body(json!({"query": "hello"}).to_string());
                equal(
                    at.send(request).await?.result()?["result"].take(),
                    json!("hello"),
                )
            },
        )
        .only_emulated(),
        case(
            Specification,
            "auth.stone, AuthError",
            "a token that has expired is a 401 `expired_access_token`",
            |at| async move {
                at.fault("users/get_current_account", json!("expired_token"))
                    .await?;
                let reply = with(&at, &format!("Bearer {}", at.service.token)).await?;
                equal(
                    (reply.status, reply.summary()?.as_str()),
                    (401, "expired_access_token"),
                )
            },
        )
        .only_emulated(),
        case(
            Specification,
            "auth.stone, token/revoke",
            "a token that was revoked is `invalid_access_token`",
            |at| async move {
                let mut form = REFRESH;
                form[1].1 = "emulator-refresh-token-other";
                let told = token(&at, &form).await?.result()?;
                let bearer = format!(
                    "Bearer {}",
                    told["access_token"].as_str().unwrap_or_default()
                );
                let request = at
                    .service
                    .anonymous(Method::POST, Host::Api, "/2/auth/token/revoke");
                let revoked = at
                    .send(request.header("authorization", &bearer))
                    .await?
                    .result()?;
                equal(revoked, Value::Null)?;
                equal(
                    with(&at, &bearer).await?.summary()?.as_str(),
                    "invalid_access_token",
                )
            },
        )
        .only_emulated()
        .quirk("token-refused-as-text"),
        case(
            Open,
            "auth.stone, AuthError",
            "refusing a token is told as JSON with a tag",
            |at| async move {
                let body = with(&at, "Bearer sl.nobody").await?.json()?;
                equal(
                    body["error"].clone(),
                    json!({".tag": "invalid_access_token"}),
                )
            },
        )
        .quirk("token-refused-as-text"),
    ]
}
