//! Apps: one that has a folder of its own and nothing else, and one that is linked to a team.

use std::collections::HashMap;

use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use url::Url;

use dropscript::emulator::{AccountKind, Emulator};

use crate::lab::{Lab, Reply};

async fn rpc(lab: &Lab, token: &str, route: &str, arg: Value) -> Reply {
    let request = lab
        .request(Method::POST, &format!("/2/{route}"))
        .bearer_auth(token)
        .header("content-type", "application/json")
        .body(arg.to_string());
    Reply::of(request).await.expect("an answer")
}

#[tokio::test]
async fn an_app_with_a_folder_sees_nothing_else() {
    let lab = Lab::new();
    lab.emulator.put("main", "/secret.txt", "not for the app");
    lab.emulator
        .put("main", "/Apps/Emulator folder app/a.txt", "for it");
    let token = &lab.emulator.folder_access_token("main");
    let (list, look) = ("files/list_folder", "files/get_metadata");
    let listed = rpc(&lab, token, list, json!({"path": "", "recursive": true}))
        .await
        .ok();
    assert_eq!(listed["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["entries"][0]["path_display"], "/a.txt");

    let secret = lab.ok(look, json!({"path": "/secret.txt"})).await;
    let (id, rev) = (&secret["id"], secret["rev"].as_str().expect("a rev"));
    let root = lab.ok("users/get_current_account", Value::Null).await;
    let root = root["root_info"]["root_namespace_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for path in [
        json!("/secret.txt"),
        id.clone(),
        json!(format!("rev:{rev}")),
        json!(format!("ns:{root}/secret.txt")),
    ] {
        let reply = rpc(&lab, token, look, json!({ "path": path })).await;
        assert_eq!(reply.refused(), "path/not_found", "{path}");
    }
    let up = rpc(&lab, token, look, json!({"path": "/../secret.txt"})).await;
    assert_eq!(up.refused(), "path/malformed_path");
    let found = rpc(&lab, token, "files/search_v2", json!({"query": "secret"}))
        .await
        .ok();
    assert_eq!(found["matches"], json!([]));
    let made = rpc(&lab, token, "files/create_folder_v2", json!({"path": "/b"}))
        .await
        .ok();
    assert_eq!(made["metadata"]["path_display"], "/b");
    assert!(
        lab.emulator
            .paths("main")
            .contains(&"/Apps/Emulator folder app/b".to_owned())
    );

    let rooted = lab
        .request(Method::POST, "/2/files/list_folder")
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("dropbox-api-path-root", r#"{".tag":"home"}"#)
        .body(r#"{"path":""}"#);
    let rooted = Reply::of(rooted).await.expect("an answer").bad();
    assert!(
        rooted.contains("Path root is not supported for sandbox app"),
        "{rooted}"
    );
    let entries = json!({"entries": [{"path": "/a.txt"}]});
    for route in [
        "files/lock_file_batch",
        "files/unlock_file_batch",
        "files/get_file_lock_batch",
        "sharing/list_folders",
        "sharing/list_mountable_folders",
        "sharing/list_received_files",
        "sharing/mount_folder",
    ] {
        assert!(
            rpc(&lab, token, route, entries.clone())
                .await
                .bad()
                .contains("folder only")
        );
    }
    let cursor = json!({"cursor": listed["cursor"]});
    let news = rpc(&lab, token, "files/list_folder/continue", cursor.clone())
        .await
        .ok();
    assert_eq!(news["entries"][0]["path_display"], "/b");
    lab.ok("files/delete_v2", json!({"path": "/Apps"})).await;
    let gone = rpc(&lab, token, "files/list_folder/continue", cursor).await;
    assert_eq!(gone.refused(), "reset");
}

/// Presses the button of the page for this request. Gives what the app is told.
async fn allow(lab: &Lab, fields: &[(&str, &str)]) -> Result<HashMap<String, String>, String> {
    let mut all = vec![
        ("response_type", "code"),
        ("decision", "allow"),
        ("redirect_uri", "http://localhost"),
    ];
    all.extend_from_slice(fields);
    let url = format!("{}/oauth2/authorize", lab.emulator.url());
    let url = Url::parse_with_params(&url, all).expect("an address");
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .expect("a client");
    let reply = Reply::of(client.post(url)).await.expect("an answer");
    if reply.status != 302 {
        assert_eq!(reply.status, 400);
        return Err(reply.text());
    }
    let to = Url::parse(reply.header("location")).expect("an address");
    Ok(to.query_pairs().into_owned().collect())
}

async fn exchange(lab: &Lab, path: &str, app: &str, secret: &str, code: &str) -> Value {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", app),
        ("client_secret", secret),
        ("redirect_uri", "http://localhost"),
    ];
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = lab
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    Reply::of(request).await.expect("an answer").ok()
}

#[tokio::test]
async fn an_app_that_asks_for_a_team_is_linked_to_it_by_its_admin() {
    let lab = Lab::new();
    let asked = [
        ("client_id", "emulator-app"),
        (
            "scope",
            "team_info.read team_data.member files.metadata.read",
        ),
        ("token_access_type", "offline"),
    ];
    let by = |account: &'static str| {
        let mut fields = asked.to_vec();
        fields.push(("account", account));
        fields
    };
    let refused = allow(&lab, &by("team-member")).await;
    assert!(refused.expect_err("no admin").contains("Only an admin"));
    let told = allow(&lab, &by("team-admin")).await.expect("a code");
    let granted = exchange(
        &lab,
        "/1/oauth2/token",
        "emulator-app",
        "emulator-secret",
        &told["code"],
    )
    .await;
    assert!(
        granted["team_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("dbtid:"))
    );
    assert_eq!(granted["account_id"], Value::Null);
    let token = granted["access_token"].as_str().expect("a token");
    let info = rpc(&lab, token, "team/get_info", Value::Null).await.ok();
    assert_eq!(info["team_id"], granted["team_id"]);
    let members = rpc(&lab, token, "team/members/list_v2", json!({})).await;
    assert_eq!(members.json()["error"]["required_scope"], "members.read");

    // A narrowed token is still one of the team.
    let refresh = granted["refresh_token"].as_str().expect("a token");
    let path = format!(
        "/oauth2/token?grant_type=refresh_token&refresh_token={refresh}&client_id=emulator-app&client_secret=emulator-secret&scope=files.metadata.read"
    );
    let narrowed = Reply::of(lab.request(Method::POST, &path))
        .await
        .expect("an answer")
        .ok();
    let token = narrowed["access_token"].as_str().expect("a token");
    let member = lab
        .emulator
        .team_member_id("team-member")
        .expect("a member");
    let request = lab
        .request(Method::POST, "/2/files/list_folder")
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("dropbox-api-select-user", member)
        .body(r#"{"path":""}"#);
    let reply = Reply::of(request).await.expect("an answer");
    assert_eq!(reply.json()["error"]["required_scope"], "team_data.member");

    let folder = [
        ("client_id", "emulator-folder-app"),
        ("scope", "team_info.read"),
    ];
    assert!(
        allow(&lab, &folder).await.is_err(),
        "the app cannot have a team"
    );
    let suspended = [("client_id", "emulator-app"), ("account", "team-suspended")];
    assert!(allow(&lab, &suspended).await.is_err());
}

#[tokio::test]
async fn the_plain_tokens_and_the_page_are_of_the_account_that_was_asked_for() {
    let lab = Lab::with(Emulator::builder().account(AccountKind::Business));
    lab.emulator.put("", "/of-the-member.txt", "1");
    assert_eq!(lab.emulator.access_token(""), "emulator-access-token");
    assert_eq!(lab.emulator.paths("team-member"), ["/of-the-member.txt"]);
    let told = rpc(
        &lab,
        "emulator-access-token",
        "users/get_current_account",
        Value::Null,
    )
    .await
    .ok();
    assert_eq!(told["name"]["display_name"], "Max Member");
    let personal = lab.emulator.access_token("main");
    assert_eq!(personal, "emulator-access-token-main");
    let personal = rpc(&lab, &personal, "users/get_current_account", Value::Null)
        .await
        .ok();
    assert_eq!(personal["account_type"][".tag"], "basic");

    let told = allow(&lab, &[("client_id", "emulator-folder-app")])
        .await
        .expect("a code");
    let granted = exchange(
        &lab,
        "/oauth2/token",
        "emulator-folder-app",
        "emulator-folder-secret",
        &told["code"],
    )
    .await;
    let token = granted["access_token"].as_str().expect("a token");
    rpc(&lab, token, "files/create_folder_v2", json!({"path": "/x"}))
        .await
        .ok();
    assert!(
        lab.emulator
            .paths("team-space")
            .contains(&"/Max Member/Apps/Emulator folder app/x".to_owned())
    );
}
