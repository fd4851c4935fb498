//! The team: members and what each of them sees, tokens that act for the team, namespaces, the routes of `team/`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

/// Somebody who calls: a token, and headers with it.
struct Someone<'a> {
    lab: &'a Lab,
    token: String,
    headers: Vec<(&'static str, String)>,
}

impl Someone<'_> {
    fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        let mut headers = self.headers;
        headers.push((name, value.into()));
        Someone { headers, ..self }
    }

    /// With paths that count from a namespace.
    fn within(self, tag: &str, namespace: &Value) -> Self {
        let mut root = json!({ ".tag": tag });
        root[tag] = namespace.clone();
        self.with("Dropbox-API-Path-Root", root.to_string())
    }

    fn request(&self, route: &str) -> reqwest::RequestBuilder {
        let request = self.lab.request(Method::POST, &format!("/2/{route}"));
        let request = request.bearer_auth(&self.token);
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
    }

    async fn rpc(&self, route: &str, arg: Value) -> Reply {
        let request = self
            .request(route)
            .header("content-type", "application/json")
            .body(arg.to_string());
        Reply::of(request).await.expect("an answer")
    }

    async fn ok(&self, route: &str, arg: Value) -> Value {
        self.rpc(route, arg).await.ok()
    }

    async fn upload(&self, path: &str) -> Reply {
        let request = self
            .request("files/upload")
            .header("content-type", "application/octet-stream")
            .header("dropbox-api-arg", json!({"path": path}).to_string())
            .body("contents");
        Reply::of(request).await.expect("an answer")
    }

    /// The display paths of everything below a folder.
    async fn paths(&self, folder: &str) -> Vec<String> {
        let arg = json!({"path": folder, "recursive": true});
        let listed = self.ok("files/list_folder", arg).await;
        assert_eq!(listed["has_more"], false);
        let entries = listed["entries"].as_array().expect("a list").iter();
        let path = |entry: &Value| entry["path_display"].as_str().expect("a path").to_owned();
        entries.map(path).collect()
    }

    async fn account(&self) -> Value {
        self.ok("users/get_current_account", Value::Null).await
    }
}

fn account<'a>(lab: &'a Lab, name: &str) -> Someone<'a> {
    let token = lab.emulator.access_token(name);
    Someone {
        lab,
        token,
        headers: Vec::new(),
    }
}

fn team(lab: &Lab) -> Someone<'_> {
    Someone {
        lab,
        token: lab.emulator.team_access_token(),
        headers: Vec::new(),
    }
}

fn member_id(lab: &Lab, name: &str) -> String {
    lab.emulator.team_member_id(name).expect("a member")
}

fn as_user<'a>(lab: &'a Lab, name: &str) -> Someone<'a> {
    team(lab).with("Dropbox-API-Select-User", member_id(lab, name))
}

fn as_admin<'a>(lab: &'a Lab, name: &str) -> Someone<'a> {
    team(lab).with("Dropbox-API-Select-Admin", member_id(lab, name))
}

/// A lab in which every home and the team folder have a file.
fn furnished() -> Lab {
    let lab = Lab::new();
    for name in ["team-admin", "team-member", "team-colleague"] {
        lab.emulator.put(name, "/own.txt", name);
    }
    lab.emulator.put("team-space", "/Projects/plan.txt", "plan");
    lab
}

/// The tag of a refusal that is not of a route.
fn refusal(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{}", reply.text());
    reply.summary()
}

#[tokio::test]
async fn a_member_is_told_where_its_home_is() {
    let lab = furnished();
    let told = account(&lab, "team-member").account().await;
    let root = &told["root_info"];
    assert_eq!(root[".tag"], "team");
    assert_eq!(root["home_path"], "/Max Member");
    assert_ne!(root["root_namespace_id"], root["home_namespace_id"]);
    assert_eq!(told["account_type"][".tag"], "business");
    assert_eq!(told["team_member_id"], member_id(&lab, "team-member"));
    assert_eq!(told["team"]["name"], "Emulated team");
    let colleague = account(&lab, "team-colleague").account().await;
    assert_eq!(
        colleague["root_info"]["root_namespace_id"],
        root["root_namespace_id"]
    );
    assert_ne!(
        colleague["root_info"]["home_namespace_id"],
        root["home_namespace_id"]
    );

    let personal = account(&lab, "main").account().await;
    let root = &personal["root_info"];
    assert_eq!(root[".tag"], "user");
    assert_eq!(root["root_namespace_id"], root["home_namespace_id"]);
    assert_eq!(
        (&personal["team"], &personal["team_member_id"]),
        (&Value::Null, &Value::Null)
    );

    let known = json!({"account_id": colleague["account_id"]});
    let teammate = account(&lab, "team-member")
        .ok("users/get_account", known.clone())
        .await;
    assert_eq!(teammate["is_teammate"], true);
    let stranger = account(&lab, "main").ok("users/get_account", known).await;
    assert_eq!(stranger["is_teammate"], false);

    let space = account(&lab, "team-member")
        .ok("users/get_space_usage", Value::Null)
        .await;
    assert_eq!(space["used"], "team-member".len());
    assert_eq!(space["allocation"][".tag"], "team");
    assert_eq!(
        space["allocation"]["used"],
        "team-adminteam-memberteam-colleagueplan".len()
    );
}

#[tokio::test]
async fn paths_count_from_the_home_or_from_where_the_caller_says() {
    let lab = furnished();
    let told = account(&lab, "team-member").account().await;
    let (root, home) = (
        &told["root_info"]["root_namespace_id"],
        &told["root_info"]["home_namespace_id"],
    );
    let member = || account(&lab, "team-member");
    assert_eq!(member().paths("").await, ["/own.txt"]);
    let at_home = member().with("Dropbox-API-Path-Root", r#"{".tag":"home"}"#);
    assert_eq!(at_home.paths("").await, ["/own.txt"]);
    assert_eq!(
        member().within("namespace_id", home).paths("").await,
        ["/own.txt"]
    );
    let space = [
        "/Max Member",
        "/Max Member/own.txt",
        "/Projects",
        "/Projects/plan.txt",
    ];
    for tag in ["root", "namespace_id"] {
        assert_eq!(member().within(tag, root).paths("").await, space);
    }
    let listed = member().within("root", root);
    let listed = listed.ok("files/list_folder", json!({"path": ""})).await;
    let folder = &listed["entries"][1];
    assert_eq!(folder["name"], "Projects");
    let shared = &folder["sharing_info"]["shared_folder_id"];
    assert_eq!(
        member().within("namespace_id", shared).paths("").await,
        ["/plan.txt"]
    );
    assert_eq!(
        account(&lab, "team-colleague")
            .within("namespace_id", shared)
            .paths("")
            .await,
        ["/plan.txt"]
    );
    assert_eq!(listed["entries"][0]["shared_folder_id"], *home);

    // A path may name its namespace, wherever the others count from.
    let at = format!("ns:{}/plan.txt", shared.as_str().expect("an id"));
    let plan = member().ok("files/get_metadata", json!({"path": at})).await;
    assert_eq!(
        (&plan["name"], &plan["path_lower"]),
        (&json!("plan.txt"), &Value::Null)
    );
    let plan = member().within("root", root);
    let plan = plan.ok("files/get_metadata", json!({"path": at})).await;
    assert_eq!(plan["path_display"], "/Projects/plan.txt");
    let found = member().within("root", root);
    let found = found.ok("files/search_v2", json!({"query": "own"})).await;
    assert_eq!(found["matches"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_root_that_is_none_is_refused() {
    let lab = furnished();
    let told = account(&lab, "team-member").account().await;
    let colleague = account(&lab, "team-colleague").account().await;
    let list = |who: Someone<'_>| {
        let who = Someone { lab: &lab, ..who };
        async move { who.rpc("files/list_folder", json!({"path": ""})).await }
    };
    let home = &told["root_info"]["home_namespace_id"];
    let reply = list(account(&lab, "team-member").within("root", home)).await;
    assert_eq!(refusal(&reply, 422), "invalid_root/team");
    assert_eq!(reply.json()["error"]["invalid_root"], told["root_info"]);
    let reply = list(account(&lab, "main").within("root", &json!("7"))).await;
    assert_eq!(refusal(&reply, 422), "invalid_root/user");
    for other in [&colleague["root_info"]["home_namespace_id"], &json!("7")] {
        let reply = list(account(&lab, "team-member").within("namespace_id", other)).await;
        assert_eq!(refusal(&reply, 422), "no_permission");
        let path = format!("ns:{}", other.as_str().expect("an id"));
        let reply = account(&lab, "team-member")
            .rpc("files/list_folder", json!({"path": path}))
            .await;
        assert_eq!(reply.refused(), "path/not_found");
    }
    for (given, why) in [
        ("{", "could not decode input as JSON"),
        ("7", "expected object, got integer"),
        (r#"{"root":"7"}"#, "missing required field '.tag'"),
        (r#"{".tag":"root"}"#, "missing required field 'root'"),
        (r#"{".tag":"none"}"#, "invalid tag 'none'"),
        (r#"{".tag":"root","root":"a b"}"#, "did not match pattern"),
    ] {
        let reply = list(account(&lab, "team-member").with("Dropbox-API-Path-Root", given)).await;
        assert!(reply.bad().contains(why), "{}", reply.text());
        assert!(
            reply
                .text()
                .contains("HTTP header \"Dropbox-API-Path-Root\"")
        );
    }
}

#[tokio::test]
async fn a_cursor_serves_only_who_sees_the_same() {
    let lab = furnished();
    let root = &account(&lab, "team-member").account().await["root_info"]["root_namespace_id"];
    let space = |name: &str| account(&lab, name).within("root", root);
    let arg = json!({"path": "", "recursive": true});
    let listed = space("team-member").ok("files/list_folder", arg).await;
    let cursor = json!({"cursor": listed["cursor"]});
    let go_on = "files/list_folder/continue";
    for other in [
        account(&lab, "team-member"),
        space("team-colleague"),
        as_admin(&lab, "team-admin").within("root", root),
    ] {
        assert!(
            other
                .rpc(go_on, cursor.clone())
                .await
                .bad()
                .contains("cursor")
        );
    }
    lab.emulator.put("team-colleague", "/hidden.txt", "1");
    lab.emulator.put("team-member", "/seen.txt", "1");
    let more = space("team-member").ok(go_on, cursor).await;
    let entries = more["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 1, "{more}");
    assert_eq!(entries[0]["path_display"], "/Max Member/seen.txt");
}

#[tokio::test]
async fn the_top_of_the_space_is_for_admins() {
    let lab = furnished();
    let root = account(&lab, "team-member").account().await;
    let root = &root["root_info"]["root_namespace_id"];
    let space = |name: &str| account(&lab, name).within("root", root);
    let member = space("team-member");
    let refused = "path/no_write_permission";
    for path in ["/new.txt", "/New/deep.txt", "/Cleo Colleague/new.txt"] {
        assert_eq!(member.upload(path).await.refused(), refused, "{path}");
    }
    member.upload("/Projects/new.txt").await.ok();
    member.upload("/Max Member/new.txt").await.ok();
    let folder_route = "files/create_folder_v2";
    let made = member.rpc(folder_route, json!({"path": "/New"})).await;
    assert_eq!(made.refused(), refused);
    let made = member.rpc(folder_route, json!({"path": "/Projects"})).await;
    assert_eq!(made.refused(), "path/conflict/folder");
    let look = json!({"path": "/Cleo Colleague/own.txt"});
    assert_eq!(
        member.rpc("files/get_metadata", look).await.refused(),
        "path/not_found"
    );

    let admin = space("team-admin");
    for (path, why) in [
        ("/Projects", "path_write/team_folder"),
        ("/Ada Admin", "path_write/no_write_permission"),
        ("/Max Member", "path_lookup/not_found"),
    ] {
        let reply = admin.rpc("files/delete_v2", json!({"path": path})).await;
        assert_eq!(reply.refused(), why, "{path}");
    }
    let moved = json!({"from_path": "/Projects", "to_path": "/Ada Admin/Projects"});
    assert_eq!(
        admin.rpc("files/move_v2", moved).await.refused(),
        "from_write/team_folder"
    );
    let made = admin.ok(folder_route, json!({"path": "/Sales"})).await;
    let namespace = &made["metadata"]["shared_folder_id"];
    let sales = account(&lab, "team-colleague").within("namespace_id", namespace);
    sales.upload("/a.txt").await.ok();
    assert!(member.paths("").await.contains(&"/Sales/a.txt".to_owned()));
    let kept = json!({"from_path": "/Max Member/new.txt", "to_path": "/Sales/b.txt"});
    member.ok("files/move_v2", kept).await;
    assert_eq!(lab.emulator.paths("team-member"), ["/own.txt"]);
}

#[tokio::test]
async fn a_token_of_the_team_acts_for_the_member_that_is_selected() {
    let lab = furnished();
    let member = as_user(&lab, "team-member");
    assert_eq!(member.paths("").await, ["/own.txt"]);
    member.upload("/new.txt").await.ok();
    assert_eq!(lab.emulator.paths("team-member"), ["/new.txt", "/own.txt"]);
    let list = |who: Someone<'_>| {
        let who = Someone { lab: &lab, ..who };
        async move { who.rpc("files/list_folder", json!({"path": ""})).await }
    };
    assert!(
        list(team(&lab))
            .await
            .bad()
            .contains("for an entire Dropbox Business team")
    );
    let select = "Dropbox-API-Select-User";
    let unknown = team(&lab).with(select, "dbmid:none");
    assert_eq!(refusal(&list(unknown).await, 401), "invalid_select_user");
    let odd = team(&lab).with(select, "max@emulator.example");
    assert!(
        list(odd)
            .await
            .bad()
            .contains("Invalid select user id format")
    );
    assert_eq!(
        refusal(&list(as_user(&lab, "team-suspended")).await, 401),
        "user_suspended"
    );
    assert_eq!(
        refusal(&list(account(&lab, "team-suspended")).await, 401),
        "user_suspended"
    );
    let both =
        as_user(&lab, "team-admin").with("Dropbox-API-Select-Admin", member_id(&lab, "team-admin"));
    assert!(list(both).await.bad().contains("Only one of"));
    let of_a_user = account(&lab, "main").with(select, member_id(&lab, "team-member"));
    assert!(
        list(of_a_user)
            .await
            .bad()
            .contains("tokens of a team only")
    );
    let parameter = format!(
        "/2/users/get_current_account?select_user={}",
        member_id(&lab, "team-member")
    );
    let request = lab
        .request(Method::POST, &parameter)
        .bearer_auth(lab.emulator.team_access_token());
    let told = Reply::of(request).await.expect("an answer").ok();
    assert_eq!(told["name"]["display_name"], "Max Member");
}

#[tokio::test]
async fn an_admin_sees_everything_and_changes_what_is_the_teams() {
    let lab = furnished();
    let root = account(&lab, "team-admin").account().await;
    let root = &root["root_info"]["root_namespace_id"];
    let admin = as_admin(&lab, "team-admin").within("root", root);
    assert_eq!(
        admin.paths("").await,
        [
            "/Ada Admin",
            "/Ada Admin/own.txt",
            "/Cleo Colleague",
            "/Cleo Colleague/own.txt",
            "/Max Member",
            "/Max Member/own.txt",
            "/Projects",
            "/Projects/plan.txt",
            "/Sam Suspended"
        ]
    );
    // As any member, the admin has a home, and others have theirs.
    assert_eq!(
        account(&lab, "team-admin")
            .within("root", root)
            .paths("")
            .await
            .len(),
        4
    );
    admin.upload("/Projects/by-admin.txt").await.ok();
    let refused = admin.upload("/Max Member/by-admin.txt").await;
    assert_eq!(refused.refused(), "path/no_write_permission");
    let list = json!({"path": ""});
    let reply = as_admin(&lab, "team-member")
        .rpc("files/list_folder", list.clone())
        .await;
    assert_eq!(refusal(&reply, 401), "invalid_select_admin");
    let unknown = team(&lab).with("Dropbox-API-Select-Admin", "dbmid:none");
    let reply = unknown.rpc("files/list_folder", list).await;
    assert_eq!(refusal(&reply, 401), "invalid_select_admin");
    let reply = admin.rpc("users/get_space_usage", Value::Null).await;
    assert!(reply.bad().contains("does not take"), "{}", reply.text());
}

#[tokio::test]
async fn the_team_is_told_to_its_own_tokens() {
    let lab = furnished();
    let team = team(&lab);
    let info = team.ok("team/get_info", Value::Null).await;
    assert_eq!(
        (&info["num_provisioned_users"], &info["num_used_licenses"]),
        (&json!(4), &json!(3))
    );
    let admin = team
        .ok("team/token/get_authenticated_admin", Value::Null)
        .await;
    assert_eq!(
        admin["admin_profile"]["team_member_id"],
        member_id(&lab, "team-admin")
    );
    let features = json!({"features": [{".tag": "has_distinct_member_homes"}, {".tag": "new"}]});
    let features = team.ok("team/features/get_values", features).await;
    let homes = &features["values"][0]["has_distinct_member_homes"];
    assert_eq!(homes["has_distinct_member_homes"], true);
    assert_eq!(features["values"][1][".tag"], "other");
    let none = team
        .rpc("team/features/get_values", json!({"features": []}))
        .await;
    assert_eq!(none.refused(), "empty_features_list");

    let email = "team-member@emulator.example";
    let arg = json!({"members": [{".tag": "email", "email": email}, {".tag": "external_id", "external_id": "x"}]});
    let found = team.ok("team/members/get_info", arg.clone()).await;
    assert_eq!(found[0][".tag"], "member_info");
    assert_eq!(
        found[0]["profile"]["team_member_id"],
        member_id(&lab, "team-member")
    );
    assert_eq!(
        found[1],
        json!({".tag": "id_not_found", "id_not_found": "x"})
    );
    let found = team.ok("team/members/get_info_v2", arg).await;
    assert_eq!(found["members_info"][0]["roles"], json!([]));

    let namespaces = team.ok("team/namespaces/list", json!({})).await;
    let kinds: Vec<&str> = namespaces["namespaces"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|namespace| namespace["namespace_type"][".tag"].as_str())
        .collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == "team_member_folder")
            .count(),
        4
    );
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "team_folder").count(),
        1
    );
    let folders = team.ok("team/team_folder/list", json!({})).await;
    assert_eq!(folders["team_folders"][0]["name"], "Projects");
    let groups = team.ok("team/groups/list", json!({})).await;
    assert_eq!(groups["groups"][0]["member_count"], 4);

    let reply = account(&lab, "team-admin")
        .rpc("team/get_info", Value::Null)
        .await;
    assert!(
        reply
            .bad()
            .contains("This is a DfB team management function.")
    );
    let reply = as_user(&lab, "team-admin")
        .rpc("team/get_info", Value::Null)
        .await;
    assert!(reply.bad().contains("functions of a single account only"));
}

#[tokio::test]
async fn lists_of_the_team_come_in_pages() {
    let lab = Lab::new();
    let team = team(&lab);
    for (route, version, field, all) in [
        ("team/members/list", "", "members", 4),
        ("team/members/list", "_v2", "members", 4),
        ("team/namespaces/list", "", "namespaces", 6),
        ("team/team_folder/list", "", "team_folders", 1),
        ("team/groups/list", "", "groups", 1),
    ] {
        let go_on = format!("{route}/continue{version}");
        let mut page = team
            .ok(&format!("{route}{version}"), json!({"limit": 3}))
            .await;
        let mut seen = page[field].as_array().expect("a list").len();
        while page["has_more"] == true {
            page = team.ok(&go_on, json!({"cursor": page["cursor"]})).await;
            seen += page[field].as_array().expect("a list").len();
        }
        assert_eq!(seen, all, "{route}");
        let reply = team.rpc(&go_on, json!({"cursor": "none"})).await;
        assert_eq!(reply.refused(), "invalid_cursor");
        let reply = team
            .rpc(&format!("{route}{version}"), json!({"limit": 0}))
            .await;
        assert!(reply.bad().contains("limit"));
    }
    let groups = team.ok("team/groups/list", json!({})).await;
    let reply = team
        .rpc(
            "team/members/list/continue",
            json!({"cursor": groups["cursor"]}),
        )
        .await;
    assert_eq!(reply.refused(), "invalid_cursor");
}

#[tokio::test]
async fn links_of_members_may_be_for_the_team() {
    let lab = furnished();
    lab.emulator.put("main", "/own.txt", "1");
    let arg = json!({"path": "/own.txt", "settings": {"audience": "team"}});
    let route = "sharing/create_shared_link_with_settings";
    let link = account(&lab, "team-member").ok(route, arg.clone()).await;
    assert_eq!(
        link["link_permissions"]["resolved_visibility"][".tag"],
        "team_only"
    );
    let reply = account(&lab, "main").rpc(route, arg).await;
    assert_eq!(reply.refused(), "settings_error/not_authorized");

    // Who has the address has not yet the file.
    let url = link["url"].as_str().expect("an address");
    let look = |who| {
        let who = account(&lab, who);
        let arg = json!({ "url": url });
        async move { who.rpc("sharing/get_shared_link_metadata", arg).await }
    };
    assert_eq!(look("team-colleague").await.ok()["name"], "own.txt");
    assert_eq!(look("main").await.refused(), "shared_link_access_denied");
    let path = url::Url::parse(url).expect("an address");
    let path = format!("{}?{}&dl=1", path.path(), path.query().expect("a key"));
    let page = Reply::of(lab.request(Method::GET, &path)).await;
    assert_eq!(page.expect("an answer").status, 403);
}
