//! Every command at its most talkative, with whatever goes wrong at Dropbox and at the proxy: no secret gets out.
//!
//! The secrets are those that were said on the wire, and those that were planted.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use dropscript::{Secret, StoredCredentials, TokenStore};

use crate::support::{Child, Done, Lab, Wire, allow, appears, come_back, free_port};

const APP_SECRET: &str = "emulator-secret";

/// In the environment of the program, where the saved connection does not need it.
const IN_ENVIRONMENT: &str = "canary-of-the-environment";

const CREDENTIALS: &str = "../home/state/dropscript/credentials";

/// Says all that it can, and what there is to know of what went wrong.
const CODE: &str = r#"
let dbx = dropbox();
fn tell(e) { print(e); debug(e); print(`${e.message} ${e.hint}`); }
try { print(dbx.account); print(dbx.space); } catch (e) { tell(e) }
try { print(dbx.authenticate()); print(dbx.scopes); print(dbx.signed_in); } catch (e) { tell(e) }
try { dbx.write_text("/a.txt", "a"); print(dbx.list("/").to_array()); } catch (e) { tell(e) }
print(dbx); debug(dbx); print(dbx.name);
print("all is said");
dbx.info("/missing")
"#;

/// A connection `work` through a proxy with a login, where somebody is signed in.
struct Scene {
    emulator: Emulator,
    wire: Wire,
    redirect_uri: String,
}

impl Scene {
    fn new() -> Self {
        let redirect_uri = format!("http://localhost:{}", free_port());
        let emulator = Emulator::builder().redirect_uri(&redirect_uri);
        Self {
            emulator: emulator.start().unwrap(),
            wire: Wire::start(),
            redirect_uri,
        }
    }

    fn lab(&self, words: &[&str]) -> Lab {
        let config = format!(
            "default = \"work\"\n\n[connections.work]\napp_key = \"emulator-app\"\nendpoint = \"{}\"\nredirect_uri = \"{}\"\ncredentials = \"file\"\n\n{}",
            self.emulator.url(),
            self.redirect_uri,
            self.wire.settings("work")
        );
        let lab = Lab::new()
            .command(words)
            .script(CODE)
            .local("script.test.rhai", &format!("fn test_all() {{ {CODE} }}"))
            .local("../home/config/dropscript/config.toml", &config)
            .env("DROPBOX_APP_SECRET", IN_ENVIRONMENT)
            .arg("-vvv");
        let credentials = StoredCredentials {
            app_secret: Some(Secret::new(APP_SECRET)),
            refresh_token: Some(Secret::new(self.emulator.refresh_token("main"))),
            proxy_password: Some(Secret::new(Wire::PASSWORD)),
            ..StoredCredentials::default()
        };
        fs::create_dir_all(lab.path("../home/state/dropscript")).unwrap();
        let store = TokenStore::file(lab.path(CREDENTIALS));
        std::thread::scope(|scope| {
            // The test may be in a runtime of its own.
            scope.spawn(|| {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(store.save("work", &credentials)).unwrap();
            });
        });
        lab
    }

    fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = self.wire.secrets();
        let planted = [
            APP_SECRET,
            IN_ENVIRONMENT,
            Wire::PASSWORD,
            &self.emulator.refresh_token("main"),
        ];
        secrets.extend(planted.map(str::to_owned));
        secrets
    }

    /// Looks through all that was said, and all that is left on disk beside the credentials.
    fn assert_silent(&self, done: &Done, about: &str) {
        let secrets = self.secrets();
        assert!(
            !done.stdout.is_empty() || !done.stderr.is_empty(),
            "{about}: it was to say something"
        );
        assert_clean(&secrets, &done.stdout, &format!("{about}, standard output"));
        assert_clean(&secrets, &done.stderr, &format!("{about}, standard error"));
        look_through(&secrets, &done.path(".."), about);
    }
}

fn assert_clean(secrets: &BTreeSet<String>, text: &str, about: &str) {
    for secret in secrets {
        assert!(!text.contains(secret), "{about}: `{secret}` in:\n{text}");
    }
}

fn look_through(secrets: &BTreeSet<String>, folder: &Path, about: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("credentials") {
            continue;
        }
        if path.is_dir() {
            look_through(secrets, &path, about);
        } else {
            let contents = fs::read(&path).unwrap();
            let about = format!("{about}, {}", path.display());
            assert_clean(secrets, &String::from_utf8_lossy(&contents), &about);
        }
    }
}

fn server_error(status: u16, html: bool) -> FaultKind {
    FaultKind::ServerError {
        status,
        html,
        retry_after: Some(0),
    }
}

fn limited(body: LimitBody) -> FaultKind {
    FaultKind::RateLimit {
        reason: LimitReason::default(),
        retry_after: Some(0),
        retry_in: RetryIn::default(),
        body,
    }
}

/// What goes wrong, and its name.
fn faults() -> Vec<(&'static str, Vec<Fault>)> {
    let token = "oauth2/token";
    let anywhere = "*";
    vec![
        ("nothing", vec![]),
        (
            "a token that expired",
            vec![Fault::on("users/*", FaultKind::ExpiredToken).first(1)],
        ),
        (
            "tokens that expire at once",
            vec![Fault::on("users/*", FaultKind::ExpiredToken)],
        ),
        (
            "a limit, told in two ways",
            vec![
                Fault::on("users/*", limited(LimitBody::Json)).nth(1),
                Fault::on("users/*", limited(LimitBody::Text)).nth(2),
            ],
        ),
        (
            "a limit at the token server",
            vec![Fault::on(token, limited(LimitBody::Json)).first(1)],
        ),
        (
            "a page of a gateway everywhere",
            vec![Fault::on(anywhere, server_error(502, true)).first(2)],
        ),
        (
            "calls that are refused",
            vec![
                Fault::on("users/*", server_error(400, false)),
                Fault::on("files/*", server_error(400, false)),
            ],
        ),
        (
            "a cut before the answer",
            vec![Fault::on(anywhere, FaultKind::CutBeforeHeaders).first(2)],
        ),
        (
            "a cut in the middle of a token",
            vec![Fault::on(token, FaultKind::CutAfter { bytes: 60 }).first(1)],
        ),
        (
            "half a token that looks whole",
            vec![Fault::on(token, FaultKind::TruncatedBody { bytes: 60 }).first(1)],
        ),
    ]
}

/// Every command that talks to Dropbox, with whatever goes wrong.
fn tried_with_every_fault(words: &[&str], run: impl Fn(Lab) -> Done) {
    for (fault, faults) in faults() {
        let scene = Scene::new();
        for fault in faults {
            scene.emulator.inject(fault);
        }
        let done = run(scene.lab(words));
        assert!(!scene.wire.secrets().is_empty(), "nothing was sent");
        scene.assert_silent(&done, &format!("{words:?} with {fault}"));
    }
    let scene = Scene::new();
    scene.wire.refuse();
    let done = run(scene.lab(words));
    scene.assert_silent(&done, &format!("{words:?} with a proxy that refuses"));
}

fn to_the_end(lab: Lab) -> Done {
    lab.start().end_somehow()
}

#[test]
fn run_and_eval_tell_no_secret() {
    tried_with_every_fault(&["run", "script.rhai"], to_the_end);
    tried_with_every_fault(&["eval", CODE, "--json"], to_the_end);
}

#[test]
fn repl_tells_no_secret() {
    tried_with_every_fault(&["repl"], |lab| to_the_end(lab.input(CODE)));
}

#[test]
fn watch_tells_no_secret() {
    tried_with_every_fault(&["watch", "script.rhai", "--json"], |lab| {
        let mut child = lab.start();
        child.says("all is said");
        for (line, _) in child.family() {
            assert!(line.contains("watch") && !line.contains("canary"), "{line}");
        }
        child.interrupt();
        child.end_somehow()
    });
}

#[test]
fn connection_test_and_logout_tell_no_secret() {
    tried_with_every_fault(&["connection", "test"], to_the_end);
    tried_with_every_fault(&["connection", "test", "--json"], to_the_end);
    tried_with_every_fault(&["connection", "logout"], to_the_end);
}

#[test]
fn what_stays_on_this_machine_tells_no_secret() {
    let typed = "canary-of-a-person\ncanary-of-the-proxy\n";
    let secrets = ["--app-secret-stdin", "--proxy-password-stdin"];
    for (words, input) in [
        (&["check", "script.rhai"][..], ""),
        (&["docs", "dropbox"], ""),
        (&["test", "script.test.rhai"], ""),
        (&["unfinished", "--json"], ""),
        (&["history", "--json"], ""),
        (&["completions", "bash"], ""),
        (&["man", "pages"], ""),
        (&["connection", "names"], ""),
        (&["connection", "list"], ""),
        (&["connection", "list", "--json"], ""),
        (&["connection", "show"], ""),
        (&["connection", "show", "--json"], ""),
        (&["connection", "default"], ""),
        (&["connection", "default", "work"], ""),
        (&["connection", "clone", "work", "other"], ""),
        (
            &["connection", "clone", "work", "other", "--with-credentials"],
            "",
        ),
        (&["connection", "remove", "work", "--yes"], ""),
        (&["connection", "add", "new", secrets[0], secrets[1]], typed),
        (
            &["connection", "edit", "work", secrets[0], secrets[1]],
            typed,
        ),
        (
            &["connection", "edit", "wrok", secrets[0], secrets[1]],
            typed,
        ),
        // With something that is no secret store in the way.
        (
            &[
                "connection",
                "edit",
                "work",
                "--credentials=env",
                secrets[0],
            ],
            typed,
        ),
    ] {
        let scene = Scene::new();
        let done = scene.lab(words).input(input).start().end_somehow();
        let about = format!("{words:?}");
        if about.contains("check") {
            assert_clean(&scene.secrets(), &done.stderr, &about);
        } else {
            scene.assert_silent(&done, &about);
        }
        assert!(!done.stderr.contains("canary-of-a-person"), "{about}");
        assert!(!done.stdout.contains("canary-of-a-person"), "{about}");
    }
}

#[test]
fn the_emulator_tells_no_secret_of_its_surroundings() {
    let scene = Scene::new();
    let mut child = scene
        .lab(&["emulator", "--listen=127.0.0.1:0"])
        .env("DROPBOX_REFRESH_TOKEN", IN_ENVIRONMENT)
        .start();
    child.says("emulator-access-token");
    child.interrupt();
    let done = child.end_somehow();
    for said in [&done.stdout, &done.stderr] {
        assert!(!said.contains("canary"), "{said}");
    }
}

/// Writes down what a browser is told, and stays until the program has ended.
const BROWSER: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\nenv > environment\nfor last; do :; done\nprintf %s \"$last\" > opened.part && mv opened.part opened\nwhile kill -0 $PPID 2>/dev/null; do sleep 0.05; done\n";

/// Signs in with a window that is opened, and looks at what the browser and the system were told.
async fn signs_in(fault: Option<Fault>, internal: bool, succeeds: bool) {
    let scene = Scene::new();
    let mut lab = scene
        .lab(&["connection", "login"])
        .env("DROPBOX_REFRESH_TOKEN", IN_ENVIRONMENT)
        .env("DROPBOX_ACCESS_TOKEN", IN_ENVIRONMENT)
        .local("bin/chromium", BROWSER);
    let program = lab.path("bin/chromium");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    if internal {
        let folder = program.parent().unwrap().display();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
        lab = lab.arg("--browser=internal").env("PATH", &path);
    } else {
        lab = lab.env("BROWSER", program.to_str().unwrap());
    }
    let mut child = lab.start();
    let page = appears(&child.path("opened"));
    let seen = watched(&mut child);
    if let Some(fault) = fault {
        scene.emulator.inject(fault);
    }
    come_back(&allow(&page).await).await;
    let done = child.end_somehow();
    assert_eq!(
        done.stderr.contains("signed in;"),
        succeeds,
        "{}",
        done.stderr
    );
    let about = format!("a sign-in, internal: {internal}, succeeds: {succeeds}");
    scene.assert_silent(&done, &about);
    for said in ["code=", "code_verifier="] {
        assert!(scene.wire.has_heard(said), "no `{said}` went over the wire");
    }
    let secrets = scene.secrets();
    for (line, environment) in seen {
        assert_clean(&secrets, &line, &about);
        assert!(
            line.contains("dropscript") || !environment.contains("canary"),
            "{environment}"
        );
    }
    assert!(page.contains("code_challenge="), "{page}");
}

/// The command lines and environments of the program and of the browser that it has started.
fn watched(child: &mut Child) -> Vec<(String, String)> {
    child.complains("waiting for you");
    let seen = child.family();
    assert!(seen.len() > 1, "a browser was started: {seen:?}");
    seen
}

#[tokio::test]
async fn signing_in_tells_no_secret_to_anybody_but_dropbox() {
    let token = "oauth2/token";
    signs_in(None, false, true).await;
    signs_in(None, true, true).await;
    for fault in [
        server_error(400, false),
        FaultKind::CutAfter { bytes: 60 },
        FaultKind::TruncatedBody { bytes: 60 },
    ] {
        signs_in(Some(Fault::on(token, fault).first(9)), false, false).await;
    }
}

/// The commands that the tests here run; what is new has to come among them.
#[test]
fn every_command_is_among_them() {
    let commands = |words: &[&str]| -> Vec<String> {
        let done = Lab::new().command(words).arg("--help").success();
        let (_, list) = done.stdout.split_once("Commands:\n").unwrap();
        let list = list.split("\n\n").next().unwrap();
        let names = list
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        names
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        commands(&[]),
        [
            "run",
            "eval",
            "watch",
            "repl",
            "check",
            "test",
            "docs",
            "connection",
            "emulator",
            "history",
            "completions",
            "man",
            "unfinished"
        ]
    );
    assert_eq!(
        commands(&["connection"]),
        [
            "add", "list", "show", "edit", "clone", "remove", "login", "logout", "test", "default"
        ]
    );
}

#[test]
fn what_panics_with_a_secret_in_its_hands_does_not_show_it() {
    let secret = || Some(Secret::new("canary"));
    let builder = || {
        dropscript::Connection::builder("work")
            .app_key("key")
            .app_secret("canary")
            .refresh_token("canary")
    };
    let stored = StoredCredentials {
        app_secret: secret(),
        refresh_token: secret(),
        access_token: secret(),
        proxy_password: secret(),
        ..StoredCredentials::default()
    };
    let settings = dropscript::Settings {
        app_secret: secret(),
        access_token: secret(),
        refresh_token: secret(),
        proxy: Some(dropscript::Proxy {
            password: secret(),
            ..dropscript::Proxy::default()
        }),
        ..dropscript::Settings::default()
    };
    let system = dropscript::SystemProxy {
        https: Some(Secret::new("http://u:canary@proxy")),
        ..dropscript::SystemProxy::default()
    };
    let sign_in = builder().sign_in(&dropscript::SignInOptions::default());
    let values: [&dyn std::fmt::Debug; 8] = [
        &secret(),
        &builder(),
        &builder().build().unwrap(),
        &stored,
        &settings,
        &system,
        &TokenStore::environment(stored.clone()),
        &sign_in.unwrap(),
    ];
    for value in values {
        let shown = AssertUnwindSafe(|| panic!("{value:?}"));
        let panicked = std::panic::catch_unwind(shown).unwrap_err();
        let message = panicked.downcast_ref::<String>().unwrap();
        assert!(!message.contains("canary"), "{message}");
    }
}
