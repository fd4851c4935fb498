//! `dropscript connection login` and `logout`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{Secret, StoredCredentials, TokenStore};

use crate::support::{Browser, Done, Lab, allow, appears, come_back, free_port};

/// An emulator, and the redirect URI that its app may use.
pub(crate) struct Desk {
    emulator: Emulator,
    port: u16,
    redirect_uri: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let port = free_port();
        let redirect_uri = format!("http://localhost:{port}");
        let emulator = Emulator::builder()
            .redirect_uri(&redirect_uri)
            .start()
            .unwrap();
        Self {
            emulator,
            port,
            redirect_uri,
        }
    }

    /// The program with a connection `work` to the emulator.
    pub(crate) fn lab(&self, words: &[&str]) -> Lab {
        let config = format!(
            "[connections.work]\napp_key = \"emulator-app\"\nendpoint = \"{}\"\nredirect_uri = \"{}\"\ncredentials = \"file\"\n",
            self.emulator.url(),
            self.redirect_uri
        );
        let words: Vec<_> = ["connection"].iter().chain(words).copied().collect();
        Lab::new()
            .command(&words)
            .arg("-vvv")
            .local("../home/config/dropscript/config.toml", &config)
            // Says where it was sent, and does nothing.
            .local(
                "browser.sh",
                "printf %s \"$1\" > opened.part && mv opened.part opened\n",
            )
    }

    /// Where Dropbox sends the browser.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// How often the page was opened.
    pub(crate) fn authorizations(&self) -> u64 {
        self.emulator.calls().of("oauth2/authorize")
    }

    /// The same with somebody signed in.
    async fn signed_in(&self, words: &[&str]) -> Lab {
        let lab = self.lab(words);
        let credentials = StoredCredentials {
            refresh_token: Some(Secret::new("emulator-refresh-token")),
            proxy_password: Some(Secret::new("canary")),
            ..StoredCredentials::default()
        };
        let store = TokenStore::file(lab.path("../home/state/dropscript/credentials"));
        store.save("work", &credentials).await.unwrap();
        lab
    }
}

fn stored(done: &Done) -> String {
    fs::read_to_string(done.state("credentials/work.json")).unwrap()
}

/// Expects that somebody is signed in, and that no secret was said.
fn assert_signed_in(done: &Done) {
    assert!(done.stderr.contains("`work` is ") || done.stdout.contains("`work` is "));
    let stored: serde_json::Value = serde_json::from_str(&stored(done)).unwrap();
    for token in ["refresh_token", "access_token"] {
        let token = stored[token].as_str().unwrap();
        assert!(!done.stderr.contains(token) && !done.stdout.contains(token));
    }
}

#[tokio::test]
async fn a_person_signs_in_with_their_own_browser() {
    let desk = Desk::new();
    let mut child = desk
        .lab(&["login", "work"])
        .env("BROWSER", "sh browser.sh")
        .start();
    child.complains("waiting for you");
    let page = appears(&child.path("opened"));
    let browser = Browser::start().await;
    browser.open(&page).await;
    browser.click("#allow").await;
    let done = format!("{}/done", desk.redirect_uri);
    browser.arrives_at(&done).await;
    browser.close().await;
    assert_signed_in(&child.end(0));
}

#[tokio::test]
async fn a_private_window_has_a_profile_that_is_thrown_away() {
    let desk = Desk::new();
    // The real one, told what it needs to run in tests.
    let wrapper = "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\nPATH=$REAL_PATH\nexec chromium --headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update \"$@\"\n";
    let path = std::env::var("PATH").unwrap();
    let lab = desk
        .lab(&["login", "work", "--browser", "internal"])
        .local("bin/chromium", wrapper)
        .env("REAL_PATH", &path);
    let program = lab.path("bin/chromium");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let found = format!("{}:{path}", program.parent().unwrap().display());
    let mut child = lab.env("PATH", &found).start();
    child.complains("waiting for you");
    let start = Instant::now();
    while desk.emulator.calls().of("oauth2/authorize") == 0 {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the window does not open the page"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let arguments = fs::read_to_string(child.path("arguments")).unwrap();
    let profile = arguments
        .lines()
        .find_map(|line| line.strip_prefix("--user-data-dir="))
        .unwrap();
    assert!(
        PathBuf::from(profile).is_dir() && arguments.contains("--incognito\n"),
        "{arguments}"
    );
    come_back(&allow(arguments.lines().last().unwrap()).await).await;
    let done = child.end(0);
    assert_signed_in(&done);
    assert!(
        !PathBuf::from(profile).exists(),
        "nothing is left of {profile}"
    );
}

#[tokio::test]
async fn who_closes_the_window_is_not_signed_in() {
    let desk = Desk::new();
    let lab = desk
        .lab(&["login", "work", "--browser", "internal"])
        .local("bin/chromium", "#!/bin/sh\n");
    let program = lab.path("bin/chromium");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let done = lab
        .env("PATH", &path)
        .stderr_contains("the window was closed")
        .status(4);
    assert!(!done.state("credentials/work.json").exists());
}

#[tokio::test]
async fn without_a_browser_the_code_is_pasted() {
    let desk = Desk::new();
    let mut child = desk
        .lab(&["login", "work", "--browser", "none"])
        .start_at_a_terminal();
    child.says("paste the code");
    let page = child.told_page();
    assert!(
        !page.contains("redirect_uri"),
        "Dropbox is to show the code: {page}"
    );
    let code = allow(&page).await;
    child
        .type_in("no code\n")
        .says("neither a code nor")
        .says("paste the code");
    child.type_in(&format!("{code}\n"));
    assert_signed_in(&child.end(0));
}

#[tokio::test]
async fn without_a_display_it_is_the_same() {
    let desk = Desk::new();
    let mut child = desk.lab(&["login", "work"]).start_at_a_terminal();
    child.says("there is no display").says("paste the code");
    let code = allow(&child.told_page()).await;
    child.type_in(&format!("{code}\n"));
    assert_signed_in(&child.end(0));
}

#[tokio::test]
async fn a_port_that_is_taken_leads_to_pasting_the_address() {
    let desk = Desk::new();
    let _taken = TcpListener::bind(("127.0.0.1", desk.port)).unwrap();
    let mut child = desk
        .lab(&["login", "work"])
        .env("BROWSER", "sh browser.sh")
        .start_at_a_terminal();
    child.says("cannot listen").says("paste the address");
    let address = allow(&child.told_page()).await;
    child.type_in(&format!("{address}\n"));
    assert_signed_in(&child.end(0));
}

#[tokio::test]
async fn a_sign_in_is_interrupted() {
    let desk = Desk::new();
    let mut child = desk
        .lab(&["login", "work"])
        .env("BROWSER", "sh browser.sh")
        .start();
    child.complains("waiting for you");
    child.interrupt();
    child.end(130);
}

#[tokio::test]
async fn who_signs_out_leaves_no_token() {
    let desk = Desk::new();
    let lab = desk.signed_in(&["logout", "work"]).await;
    let done = lab.stderr_contains("signed out of `work`").success();
    assert!(
        !stored(&done).contains("token"),
        "the password for the proxy stays alone"
    );
    assert_eq!(desk.emulator.calls().of("auth/token/revoke"), 1);
    let lab = desk.signed_in(&["logout", "work"]).await;
    lab.stderr_contains("signed out of `work`").success();
    desk.lab(&["logout", "work"])
        .stderr_contains("nobody is signed in to `work`")
        .success();

    let desk = Desk::new();
    let fails = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3_600),
    };
    desk.emulator.inject(Fault::on("auth/token/revoke", fails));
    let lab = desk.signed_in(&["logout", "work"]).await;
    let done = lab.stderr_contains("could not be told").success();
    assert!(!stored(&done).contains("token"));
}

#[tokio::test]
async fn a_connection_from_a_script_is_signed_in_to_for_as_long_as_it_runs() {
    let desk = Desk::new();
    let script = format!(
        r#"
        let mine = dropbox(#{{ endpoint: "{url}", app_key: "emulator-app", browser: "none" }});
        let other = dropbox(#{{ endpoint: "{url}", app_key: "emulator-app", browser: "none", timeout: "9s" }});
        print(`first ${{mine.signed_in}}`);
        mine.authenticate();
        print(`then ${{mine.signed_in}} ${{other.signed_in}} ${{mine.name}} ${{other.name}}`);
        "#,
        url = desk.emulator.url()
    );
    let mut child = Lab::new().script(&script).start_at_a_terminal();
    child.says("first false").says("paste the code");
    let code = allow(&child.told_page()).await;
    child.type_in(&format!("{code}\n"));
    child.says("then true false script script-2");
    let done = child.end(0);
    assert!(!done.state("credentials").exists(), "nothing is saved");

    // With nobody there, it says what would do.
    Lab::new()
        .script(&script)
        .stderr_contains("nobody is at a terminal")
        .stderr_contains("dropscript connection login NAME")
        .status(4);
}
