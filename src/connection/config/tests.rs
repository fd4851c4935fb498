//! Configurations as people write them, well and badly.

use std::sync::Barrier;

use serde_json::json;

use super::*;
use crate::client::Root;
use crate::connection::AccountKind;

const SOUND: &str = r#"# mine
default = "work"   # the usual one

[app]
key = "shipped"

# For the office.
[connections.work]
timeout = "30s" # slow line
account = "business"
scopes = ["files.content.read"]
root = "team"

[connections.home]
"#;

fn fault(text: &str) -> Error {
    let error = Config::parse(text, "config.toml").expect_err(text);
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error
}

#[test]
fn a_configuration_is_read() {
    let config = Config::parse(SOUND, "config.toml").expect("sound");
    assert_eq!(config.default_name(), Some("work"));
    assert_eq!(config.app_key(), Some("shipped"));
    assert_eq!(config.names().collect::<Vec<_>>(), ["work", "home"]);
    let work = config.settings("work").expect("there");
    assert_eq!(work.timeout.as_deref(), Some("30s"));
    assert_eq!(work.account, Some(AccountKind::Business));
    assert_eq!(work.root, Root::Team);
    assert_eq!(work.scopes, ["files.content.read"]);
    let error = config.settings("wrok").expect_err("not there");
    assert_eq!(error.hint(), Some("did you mean `work`?"));
}

/// A text, what is said of it, and what would mend it.
const FAULTS: &[(&str, &str, &str)] = &[
    ("default = \"a\n", "config.toml:1:", ""),
    (
        "\nconections = 1",
        "config.toml:2:1: there is no setting `conections`",
        "`connections`",
    ),
    (
        "[connections.a]\n  timout = \"1s\"",
        "config.toml:2:3: there is no setting `timout`",
        "`timeout`",
    ),
    (
        "[connections.a.proxy]\n  adress = \"p\"",
        "config.toml:2:3: there is no setting `adress`",
        "`address`",
    ),
    (
        "[connections.a]\nproxy = { type = \"ftp\" }",
        "config.toml:2:18: `type` cannot be this",
        "socks5",
    ),
    (
        "[connections.a.proxy]\naddress = \"http://proxy\"",
        "config.toml:2:11: the address of the proxy is not a host name",
        "name alone",
    ),
    (
        "[connections.a]\ntimeout = 5",
        "config.toml:2:11: `timeout` cannot be this",
        "\"60s\"",
    ),
    (
        "[connections.a]\ntimeout = \"soon\"",
        "config.toml:2:11: ",
        "60s",
    ),
    (
        "[connections.a]\ntimeout = \"0s\"",
        "config.toml:2:11: ",
        "",
    ),
    (
        "[connections.a]\nendpoint = \"nowhere\"",
        "config.toml:2:12: the endpoint `nowhere`",
        "http://",
    ),
    (
        "[connections.a]\naccount = \"privat\"",
        "config.toml:2:11: `account` cannot be this",
        "\"personal\"",
    ),
    (
        "[connections.a]\nroot = \"tema\"",
        "config.toml:2:8: `root` cannot be this",
        "\"team\"",
    ),
    (
        "[connections.a]\nmember = \"a\"\nadmin = \"b\"",
        "config.toml:1:14: ",
        "`member` or `admin`",
    ),
    (
        "default = \"hom\"\n[connections.home]",
        "config.toml:1:11: there is no connection `hom`",
        "`home`",
    ),
    (
        "[connections]\n\"a b\" = {}",
        "config.toml:2:1: a connection cannot be called `a b`",
        "letters",
    ),
    (
        "connections = 1",
        "config.toml:1:1: `connections` must be a table",
        "",
    ),
    ("[app]\nkey = 1", "config.toml:2:7: `key` must be text", ""),
    (
        "[connections.a]\nendpoint = \"http://u:canary@host\"",
        "config.toml:2:12: the endpoint has a login in it",
        "",
    ),
    (
        "[permissions]\nreed = []",
        "config.toml:2:1: there is no setting `reed`",
        "`read`",
    ),
    (
        "[permissions]\nread = \"/srv\"",
        "config.toml:2:8: `read` cannot be this",
        "array of paths",
    ),
    (
        "[permissions]\nwrite = [\"out\"]",
        "config.toml:2:9: the path `out` depends on where",
        "~/data",
    ),
    (
        "[scripts.\"~/a.rhai\"]\nmax_delete = -1",
        "config.toml:2:14: `max_delete` cannot be this",
        "number",
    ),
    (
        "[scripts.\"a.rhai\"]\n",
        "config.toml:1:10: the path `a.rhai` depends on where",
        "",
    ),
];

#[test]
fn a_fault_is_told_with_its_place_and_what_would_mend_it() {
    for (text, message, hint) in FAULTS {
        let error = fault(text);
        assert!(error.to_string().contains(message), "{text}: {error}");
        let told = error.hint().unwrap_or_default();
        assert!(told.contains(hint), "{text}: {told}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn permissions_last_for_all_scripts_and_for_single_ones() {
    let text = "[permissions]\nread = [\"~/data\", \"/srv\"]\n\n[scripts.\"~/a.rhai\"]\nmax_delete = 3\nno_delete = true\n";
    let config = Config::parse(text, "config.toml").expect("sound");
    let of = |script: &str| config.grants(Some(Path::new(script)), Some(Path::new("/no/home")));
    let all = of("/no/home/b.rhai");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].read, ["/no/home/data", "/srv"]);
    let own = of("/no/home/a.rhai");
    assert_eq!((own[1].max_delete, own[1].no_delete), (Some(3), true));
    // Without a home nothing is below it.
    let homeless = config.grants(Some(Path::new("/no/home/a.rhai")), None);
    assert_eq!(
        (homeless.len(), &homeless[0].read[..]),
        (1, &["/srv".to_owned()][..])
    );
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    for (text, command) in [
        ("app_secret = \"canary\"", "edit work --app-secret-stdin"),
        ("access_token = \"canary\"", "login work"),
        ("refresh_token = \"canary\"", "login work"),
        (
            "proxy = { password = \"canary\" }",
            "edit work --proxy-password-stdin",
        ),
    ] {
        let error = fault(&format!("[connections.work]\n{text}\n"));
        assert!(!format!("{error:?} {:?}", error.hint()).contains("canary"));
        assert!(
            error.hint().is_some_and(|hint| hint.contains(command)),
            "{:?}",
            error.hint()
        );
    }
    let empty = "[connections.work]\napp_secret = \"\"\n";
    assert!(
        Config::parse(empty, "config.toml").is_ok(),
        "there is none in it"
    );
}

/// A configuration file in a folder of its own.
fn file(text: &str) -> (tempfile::TempDir, ConfigFile) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/config.toml");
    if !text.is_empty() {
        std::fs::create_dir(folder.path().join("below")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
    }
    (folder, ConfigFile::at(path))
}

fn text(file: &ConfigFile) -> String {
    std::fs::read_to_string(file.path()).expect("a file")
}

#[test]
fn what_is_not_changed_stays_as_it_was_written() {
    let (_folder, file) = file(SOUND);
    file.change(|draft| {
        draft.set("work", "timeout", &json!("5s"))?;
        draft.set("work", "account", &json!(""))?;
        draft.set("home", "group", &json!("Family"))?;
        draft.set_default("home")
    })
    .expect("sound");
    let expected = SOUND
        .replace("default = \"work\"", "default = \"home\"")
        .replace("\"30s\"", "\"5s\"")
        .replace("account = \"business\"\n", "")
        .replace(
            "[connections.home]\n",
            "[connections.home]\ngroup = \"Family\"\n",
        );
    assert_eq!(text(&file), expected);
}

#[test]
fn connections_are_added_copied_and_removed() {
    let (_folder, file) = file("");
    file.change(|draft| {
        draft.add("work")?;
        draft.set("work", "timeout", &json!("5s"))?;
        draft.set_default("work")?;
        draft.copy("work", "other")
    })
    .expect("sound");
    assert_eq!(
        text(&file),
        "default = \"work\"\n\n[connections.work]\ntimeout = \"5s\"\n\n[connections.other]\ntimeout = \"5s\"\n"
    );
    file.change(|draft| draft.remove("work")).expect("sound");
    let config = file.read().expect("sound");
    assert_eq!(config.names().collect::<Vec<_>>(), ["other"]);
    assert_eq!(config.default_name(), None);
    for wrong in [
        file.change(|draft| draft.add("other")),
        file.change(|draft| draft.add("a b")),
        file.change(|draft| draft.remove("work")),
        file.change(|draft| draft.copy("work", "more")),
        file.change(|draft| draft.set("other", "timout", &json!("5s"))),
        file.change(|draft| draft.set("other", "timeout", &json!("5 fortnights"))),
    ] {
        assert_eq!(wrong.expect_err("wrong").kind(), ErrorKind::InvalidArgument);
    }
    assert_eq!(text(&file), "\n[connections.other]\ntimeout = \"5s\"\n");
}

#[test]
fn a_change_that_fails_or_does_not_make_sense_writes_nothing() {
    let (_folder, file) = file(SOUND);
    let failed = file.change(|draft| {
        draft.remove("home")?;
        draft.set("work", "timeout", &json!(7))
    });
    assert!(failed.is_err());
    let both = file.change(|draft| {
        draft.set("work", "member", &json!("dbmid:a"))?;
        draft.set("work", "admin", &json!("dbmid:b"))
    });
    assert!(both.is_err());
    assert_eq!(text(&file), SOUND);
}

#[test]
fn changes_at_the_same_time_lose_nothing() {
    let (_folder, file) = file("");
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for at in 0..8 {
            let (file, start) = (&file, &start);
            scope.spawn(move || {
                start.wait();
                file.change(|draft| draft.add(&format!("c{at}")))
                    .expect("sound");
            });
        }
    });
    assert_eq!(file.read().expect("sound").names().count(), 8);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_and_an_old_one_keeps_mode_and_place() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |file: &ConfigFile| {
        let found = std::fs::metadata(file.path()).expect("a file");
        found.permissions().mode() & 0o777
    };
    let (folder, file) = file("");
    file.change(|draft| draft.add("a")).expect("sound");
    assert_eq!(mode(&file), 0o600);
    std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o640)).expect("ours");
    let link = folder.path().join("link.toml");
    symlink(file.path(), &link).expect("a link");
    let linked = ConfigFile::at(&link);
    linked.change(|draft| draft.add("b")).expect("sound");
    assert_eq!(mode(&file), 0o640);
    assert!(link.is_symlink());
    assert_eq!(file.read().expect("sound").names().count(), 2);
}
