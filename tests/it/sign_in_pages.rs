//! Signing in by command with a real browser: what a person may do there, and what others may try meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::{Pid, Signal, kill_process};

use crate::login::Desk;
use crate::support::{Browser, Child, Done, Lab, allow, appears};

/// Starts to sign in with the person's browser; the program, and the page that it wants opened.
fn begin(desk: &Desk) -> (Child, String) {
    let mut child = desk
        .lab(&["login", "work"])
        .env("BROWSER", "sh browser.sh")
        .start();
    child.complains("waiting for you");
    let page = appears(&child.path("opened"));
    (child, page)
}

#[tokio::test]
async fn forged_requests_in_between_change_nothing() {
    let desk = Desk::new();
    let (mut child, page) = begin(&desk);
    let browser = Browser::start().await;
    browser.open(&page).await;
    let back = desk.redirect_uri();
    let forged = Browser::start().await;
    for query in [
        "/?code=c&state=s",
        "/?error=access_denied",
        "/?error=access_denied&state=s",
        "/done?code=c",
    ] {
        forged.open(&format!("{back}{query}")).await;
    }
    forged.close().await;
    child.assert_running();
    // The person, who saw nothing of it, goes on.
    browser.click("#allow").await;
    browser.arrives_at(&format!("{back}/done")).await;
    // Who goes back and forth finds nobody who takes the code again.
    let done = child.end(0);
    browser.fails_to_open(back).await;
    browser.close().await;
    assert!(done.stderr.contains("`work` is "), "{}", done.stderr);
}

#[tokio::test]
async fn who_denies_it_is_told_so_here_and_there() {
    let desk = Desk::new();
    let (child, page) = begin(&desk);
    let browser = Browser::start().await;
    browser.open(&page).await;
    browser.click("#deny").await;
    let denied = format!("{}/denied", desk.redirect_uri());
    browser.arrives_at(&denied).await;
    assert!(browser.source().await.contains("Nothing was connected"));
    browser.close().await;
    let done = child.end(4);
    assert!(done.stderr.contains("denied"), "{}", done.stderr);
    assert!(!done.state("credentials/work.json").exists());
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let desk = Desk::new();
    let paste = || desk.lab(&["login", "work", "--browser", "none"]);
    let mut child = paste().start_at_a_terminal();
    let code = allow(&asked(&mut child)).await;
    child.type_in(&format!("{code}\n"));
    child.end(0);
    let mut child = paste().start_at_a_terminal();
    asked(&mut child);
    child.type_in(&format!("{code}\n"));
    let done = child.end(4);
    assert!(done.stdout.contains("expired"), "{}", done.stdout);
}

/// The page that a person without a browser is told to open.
fn asked(child: &mut Child) -> String {
    child.says("paste the code");
    child.told_page()
}

#[tokio::test]
async fn a_private_window_that_is_closed_ends_the_sign_in() {
    let desk = Desk::new();
    // The real one, told what it needs to run in tests.
    let wrapper = "#!/bin/sh\necho $$ > pid.part\nmv pid.part pid\nPATH=$REAL_PATH\nexec chromium --headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update \"$@\"\n";
    let mut child = with_chromium(&desk, wrapper).start();
    child.complains("waiting for you");
    let pid = appears(&child.path("pid"));
    while desk.authorizations() == 0 {
        child.assert_running();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let done = close(&pid, child);
    assert!(!done.state("credentials/work.json").exists());
    done.left_nothing_temporary();
}

#[tokio::test]
async fn what_a_closed_window_leaves_running_is_ended_before_its_profile_is_thrown_away() {
    let desk = Desk::new();
    // Its first process can be ended by itself; the other writes on and on.
    let browser = "#!/bin/sh\nPATH=$REAL_PATH\nwhile :; do mkdir -p \"$TMPDIR/deep\"; echo > \"$TMPDIR/deep/$$\"; done 2>/dev/null &\necho $$ > pid.part\nmv pid.part pid\nexec sleep 600\n";
    let mut child = with_chromium(&desk, browser).start();
    child.complains("waiting for you");
    let pid = appears(&child.path("pid"));
    let done = close(&pid, child);
    done.left_nothing_temporary();
}

/// Ends the first process of a private window, and with it the program.
fn close(pid: &str, child: Child) -> Done {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let done = child.end(4);
    assert!(
        done.stderr.contains("the window was closed"),
        "{}",
        done.stderr
    );
    done
}

/// The program, which finds this as its browser for private windows.
fn with_chromium(desk: &Desk, wrapper: &str) -> Lab {
    let path = std::env::var("PATH").unwrap();
    let lab = desk
        .lab(&["login", "work", "--browser", "internal"])
        .local("bin/chromium", wrapper)
        .env("REAL_PATH", &path);
    let program = lab.path("bin/chromium");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = program.parent().unwrap().display().to_string();
    lab.env("PATH", &format!("{folder}:{path}"))
}
