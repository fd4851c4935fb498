//! No secret in anything that the program says or writes, whatever goes wrong.

use std::fs;
use std::path::Path;

use dropscript::emulator::{Emulator, Fault, FaultKind};

use crate::support::{Done, Lab};

const TOKEN: &str = "oauth2/token";
const ACCOUNT: &str = "users/get_current_account";

/// What must not be seen: tokens that were given or bought, and the secret of the app.
const CANARIES: [&str; 4] = ["emulator-refresh-token", "canary", "emulator-secret", "sl."];

const SCRIPT: &str = r#"
let dbx = dropbox(#{
    endpoint: file::read_text("endpoint"),
    app_key: "emulator-app",
    app_secret: file::read_text("secret"),
    refresh_token: file::read_text("refresh"),
});
try { print(dbx.account.name.display_name) } catch (e) { print(e); print(e.message); debug(e) }
print(dbx.name);
debug(dbx);
dbx.list("/").len()
"#;

fn lab(emulator: &Emulator, refresh: &str) -> Lab {
    Lab::new()
        .script(SCRIPT)
        .local("endpoint", emulator.url())
        .local("secret", "emulator-secret")
        .local("refresh", refresh)
        .arg("-vvv")
}

/// Looks through all that was said, and all that is left in the home.
fn assert_silent(done: &Done, about: &str) {
    for said in [&done.stdout, &done.stderr] {
        assert!(!said.is_empty(), "{about}: it was to say something");
        assert_no_canary(said, about);
    }
    look_through(&done.state(""), about);
}

fn look_through(folder: &Path, about: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_through(&path, about);
        } else {
            let contents = fs::read(&path).unwrap();
            assert_no_canary(&String::from_utf8_lossy(&contents), about);
        }
    }
}

fn assert_no_canary(text: &str, about: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{about}: `{canary}` in:\n{text}");
    }
}

#[test]
fn no_secret_is_said_whatever_goes_wrong() {
    let server_error = |status, html| FaultKind::ServerError {
        status,
        html,
        retry_after: None,
    };
    let faults = [
        ("nothing", None),
        (
            "a failing token server",
            Some(Fault::on(TOKEN, server_error(500, false))),
        ),
        (
            "a page of a gateway",
            Some(Fault::on(TOKEN, server_error(502, true))),
        ),
        (
            "a cut answer",
            Some(Fault::on(TOKEN, FaultKind::CutAfterCommit)),
        ),
        (
            "half a token",
            Some(Fault::on(TOKEN, FaultKind::CutAfter { bytes: 60 })),
        ),
        (
            "half a token that looks whole",
            Some(Fault::on(TOKEN, FaultKind::TruncatedBody { bytes: 60 })),
        ),
        (
            "a token that ended",
            Some(Fault::on(ACCOUNT, FaultKind::ExpiredToken)),
        ),
        (
            "half an account",
            Some(Fault::on(ACCOUNT, FaultKind::TruncatedBody { bytes: 20 })),
        ),
    ];
    for (about, fault) in faults {
        let emulator = Emulator::start().unwrap();
        if let Some(fault) = fault {
            emulator.inject(fault.first(1));
        }
        assert_silent(&lab(&emulator, "emulator-refresh-token").success(), about);
    }
    let emulator = Emulator::start().unwrap();
    assert_silent(
        &lab(&emulator, "canary-refresh").status(4),
        "a token that is refused",
    );
}
