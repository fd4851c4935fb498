//! Accounts of a team: where paths begin, and for whom a connection acts, by its settings and in scripts.

use std::fs;

use dropscript::emulator::Emulator;
use dropscript::{Secret, StoredCredentials, TokenStore};

use crate::support::Lab;

/// Connections with these settings and access tokens, and a script that tells what is at the top of each.
fn lab(emulator: &Emulator, connections: &[(&str, &str, String)], script: &str) -> Lab {
    let url = emulator.url();
    let tables: Vec<_> = connections
        .iter()
        .map(|(name, settings, _)| {
            format!("[connections.{name}]\nendpoint = \"{url}\"\napp_key = \"emulator-app\"\ncredentials = \"file\"\n{settings}\n")
        })
        .collect();
    let script =
        format!("fn top(dbx) {{ dbx.list(\"/\").to_array().map(|item| item.name) }}\n{script}");
    let lab = Lab::new()
        .script(&script)
        .local("../home/config/dropscript/config.toml", &tables.concat());
    fs::create_dir_all(lab.path("../home/state/dropscript")).unwrap();
    let store = TokenStore::file(lab.path("../home/state/dropscript/credentials"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, _, token) in connections {
        let stored = StoredCredentials {
            access_token: Some(Secret::new(token)),
            ..StoredCredentials::default()
        };
        runtime.block_on(store.save(name, &stored)).unwrap();
    }
    lab
}

#[test]
fn paths_begin_where_the_settings_say() {
    let emulator = Emulator::start().unwrap();
    let member = || emulator.access_token("team-member");
    let connections = [
        ("chosen", "", member()),
        ("team", "root = \"team\"", member()),
        ("home", "root = \"home\"", member()),
        ("personal", "account = \"personal\"", member()),
        ("alone", "", emulator.access_token("main")),
        ("lost", "root = \"team\"", emulator.access_token("main")),
    ];
    let script = r#"
        for name in ["chosen", "team", "home", "personal", "alone"] {
            print(`${name} ${top(dropbox(name)).some(|name| name == "Projects")}`);
        }
        print(dropbox("home").in_namespace("team").exists("/Projects"));
        print(dropbox("team").in_namespace("home").exists("/Projects"));
        print(dropbox("chosen").in_namespace(dropbox("chosen").account.root_info.root_namespace_id).exists("/Projects"));
        try { dropbox("lost").exists("/a"); } catch (e) { print(e.kind); }
    "#;
    lab(&emulator, &connections, script)
        .stdout("chosen true\nteam true\nhome false\npersonal false\nalone false\ntrue\nfalse\ntrue\ninvalid_argument\n")
        .success();
}

#[test]
fn a_token_of_a_team_acts_for_whom_it_is_told() {
    let emulator = Emulator::start().unwrap();
    let id = emulator.team_member_id("team-member").unwrap();
    let team = || emulator.team_access_token();
    let (member, admin) = (
        format!("member = \"{id}\""),
        format!(
            "admin = \"{}\"",
            emulator.team_member_id("team-admin").unwrap()
        ),
    );
    let connections = [
        ("nobody", "account = \"business\"", team()),
        ("member", member.as_str(), team()),
        ("admin", admin.as_str(), team()),
    ];
    let script = format!(
        r#"
        let member = dropbox("member");
        member.write_text("/Projects/mine.txt", "a");
        print(top(member).some(|name| name == "Projects"));
        let email = member.account.email;
        print(dropbox("nobody").as_member("{id}").account.email == email);
        print(dropbox("nobody").as_member(email).account.email == email);
        print(dropbox("admin").list("/Projects").len());
        print(dropbox("nobody").as_admin("{admin}").exists("/Projects/mine.txt"));
        try {{ print(dropbox("nobody").account); }} catch (e) {{ print(e.kind); }}
        "#,
        admin = emulator.team_member_id("team-admin").unwrap(),
    );
    lab(&emulator, &connections, &script)
        .stdout("true\ntrue\ntrue\n1\ntrue\ninvalid_argument\n")
        .success();
}

#[test]
fn an_app_with_a_folder_of_its_own_begins_there() {
    let emulator = Emulator::start().unwrap();
    let connections = [
        ("folder", "", emulator.folder_access_token("team-member")),
        (
            "whole",
            "root = \"home\"",
            emulator.access_token("team-member"),
        ),
    ];
    let script = r#"
        dropbox("folder").write_text("/inside.txt", "a");
        print(top(dropbox("folder")));
        print(dropbox("whole").exists("/inside.txt"));
    "#;
    lab(&emulator, &connections, script)
        .stdout("[\"inside.txt\"]\nfalse\n")
        .success();
}
