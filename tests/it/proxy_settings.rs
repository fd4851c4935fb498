//! The settings of proxies on the command line: what is kept of them, and what does not make sense.

use std::fs;

use crate::support::{Done, Lab};

fn add(words: &[&str]) -> Lab {
    let add = ["connection", "add", "work", "--credentials=file"];
    Lab::new().command(&[&add, words].concat())
}

fn config(done: &Done) -> String {
    fs::read_to_string(done.path("../home/config/dropscript/config.toml")).unwrap_or_default()
}

fn stored(done: &Done) -> Option<String> {
    fs::read_to_string(done.state("credentials/work.json")).ok()
}

#[test]
fn every_setting_is_kept_and_the_password_where_secrets_are() {
    let done = add(&[
        "--proxy-type=http",
        "--proxy-address=proxy.example.com",
        "--proxy-port=3128",
        "--proxy-authentication=ntlm",
        "--proxy-domain=OFFICE",
        "--proxy-username=ann",
        "--proxy-names=remote",
        "--proxy-password-stdin",
    ])
    .input("canary\n")
    .success();
    assert_eq!(
        config(&done),
        "default = \"work\"\n\n[connections.work]\ncredentials = \"file\"\n\n[connections.work.proxy]\ntype = \"http\"\naddress = \"proxy.example.com\"\nport = 3128\nauthentication = \"ntlm\"\ndomain = \"OFFICE\"\nusername = \"ann\"\nnames = \"remote\"\n"
    );
    assert!(stored(&done).unwrap().contains("canary"));
    assert!(!done.stderr.contains("canary") && !done.stdout.contains("canary"));
}

#[test]
fn what_does_not_make_sense_is_refused_before_anything_is_written() {
    let http = ["--proxy-type=http", "--proxy-address=p"];
    let socks4 = ["--proxy-type=socks4", "--proxy-address=p"];
    let socks5 = ["--proxy-type=socks5", "--proxy-address=p"];
    let basic = ["--proxy-authentication=basic", "--proxy-username=ann"];
    let ntlm = ["--proxy-authentication=ntlm", "--proxy-username=ann"];
    let password = ["--proxy-password-stdin"];
    for (words, says) in [
        (vec!["--proxy-type=ftp"], "`proxy.type` cannot be \"ftp\""),
        (
            vec!["--proxy-port=70000"],
            "`proxy.port` cannot be \"70000\"",
        ),
        (vec!["--proxy-port=-1"], "`proxy.port` cannot be \"-1\""),
        (
            vec!["--proxy-authentication=digest"],
            "`proxy.authentication` cannot be \"digest\"",
        ),
        (vec!["--proxy-type=http"], "the proxy has no address"),
        (
            vec!["--proxy-type=http", "--proxy-address=http://ann:canary@p"],
            "is not a host name",
        ),
        (
            [&http[..], &["--proxy-authentication=basic"]].concat(),
            "no username",
        ),
        (
            [&http[..], &["--proxy-username=ann"]].concat(),
            "nothing uses",
        ),
        (
            [&http[..], &basic, &["--proxy-domain=OFFICE"]].concat(),
            "only NTLM knows",
        ),
        (
            [&socks5[..], &ntlm, &password].concat(),
            "does not know NTLM",
        ),
        ([&socks4[..], &basic, &password].concat(), "no password"),
        (password.to_vec(), "no use without a proxy"),
        ([&http[..], &password].concat(), "nothing uses"),
        (
            [&http[..], &basic, &password, &["--credentials=env"]].concat(),
            "come from the environment",
        ),
    ] {
        let words: Vec<_> = words;
        // Whoever names another place for secrets does it once.
        let lab = match words.last() {
            Some(&"--credentials=env") => {
                Lab::new().command(&[&["connection", "add", "work"], &words[..]].concat())
            }
            _ => add(&words),
        };
        let done = lab
            .input("canary\n")
            .stdout("")
            .stderr_contains(says)
            .status(2);
        assert_eq!(
            (config(&done).as_str(), stored(&done)),
            ("", None),
            "{words:?}"
        );
        assert!(!done.stderr.contains("canary"), "{}", done.stderr);
    }
}

#[test]
fn a_password_is_no_argument() {
    for words in [
        &["--proxy-password=canary"][..],
        &["--proxy-password", "canary"],
    ] {
        let done = add(words)
            .stderr_contains("--proxy-password-stdin")
            .status(2);
        assert!(!done.stderr.contains("canary"), "{}", done.stderr);
    }
}

#[test]
fn at_a_terminal_the_password_is_typed_unseen() {
    let config_before = "[connections.work]\napp_key = \"k\"\ncredentials = \"file\"\n";
    let mut child = Lab::new()
        .command(&["connection", "edit", "work"])
        .local("../home/config/dropscript/config.toml", config_before)
        .start_at_a_terminal();
    for question in [
        "Account",
        "Group",
        "Timeout",
        "App:",
        "Key of",
        "App secret",
        "Redirect",
        "Sign in with",
        "Scopes",
        "Paths begin",
        "member",
        "admin",
        "Another server",
        "authorities",
        "any certificate",
        "Keep secrets",
    ] {
        let answer = match question {
            "Scopes" => "files.content.read files.metadata.read\n",
            "any certificate" => "false\n",
            _ => "\n",
        };
        child.says(question).says(": ").type_in(answer);
    }
    child.says("Proxy: none").type_in("https\n");
    child.says("Address").type_in("proxy.example.com\n");
    child.says("Port").type_in("3129\n");
    child.says("Authentication").type_in("basic\n");
    child.says("domain").type_in("\n");
    child.says("Username").type_in("ann\n");
    child.says("who looks up").type_in("\n");
    child
        .says("Password")
        .says("not shown): ")
        .type_in("canary\n");
    let done = child.end(0);
    assert!(!done.stdout.contains("canary"), "{}", done.stdout);
    assert!(stored(&done).unwrap().contains("canary"));
    for line in [
        "scopes = [\"files.content.read\", \"files.metadata.read\"]\n",
        "accept_invalid_certificates = false\n",
        "[connections.work.proxy]\ntype = \"https\"\naddress = \"proxy.example.com\"\nport = 3129\nauthentication = \"basic\"\nusername = \"ann\"\n",
    ] {
        assert!(config(&done).contains(line), "{}", config(&done));
    }
}

#[test]
fn a_secret_of_another_app_is_forgotten() {
    let lab = |words: &[&str]| {
        Lab::new()
            .command(&[&["connection", "edit", "work"], words].concat())
            .local(
                "../home/config/dropscript/config.toml",
                "[connections.work]\napp_key = \"k\"\ncredentials = \"file\"\n",
            )
            .local(
                "../home/state/dropscript/credentials/work.json",
                r#"{ "version": 1, "app_secret": "canary", "proxy_password": "p" }"#,
            )
    };
    let private = |lab: Lab| {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = lab.path("../home/state/dropscript/credentials");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(folder.join("work.json"), fs::Permissions::from_mode(0o600)).unwrap();
        lab
    };
    let done = private(lab(&["--timeout=5s"])).success();
    assert!(stored(&done).unwrap().contains("canary"));
    let done = private(lab(&["--app-key=other"]))
        .stderr_contains("forgot the secret of the app before")
        .success();
    let kept = stored(&done).unwrap();
    assert!(!kept.contains("canary") && kept.contains("proxy_password"));
    // An empty line does it too.
    let done = private(lab(&["--app-secret-stdin"]))
        .input("\n")
        .stderr_contains("taken out of the file")
        .success();
    let kept = stored(&done).unwrap();
    assert!(!kept.contains("canary") && kept.contains("proxy_password"));
}
