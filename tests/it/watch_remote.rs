//! `watch --remote`: what others change in a folder at Dropbox reaches the script, whatever happens in between.

use std::fs;
use std::path::PathBuf;

use dropscript::emulator::{
    Emulator, EmulatorBuilder, Fault, FaultKind, LimitBody, LimitReason, RetryIn,
};
use dropscript::{Secret, StoredCredentials, TokenStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Child, Lab};

/// Tells each file.
const TELLS: &str = r"
    for file in event.files { print(`${event.source} ${file.kind} ${file.relative} ${file.attempt}.`) }
    if event.files.is_empty() { print(`${event.source} nothing.`) }
";

/// A Dropbox, others who change it, and a journal for several programs after each other.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    folder: TempDir,
    runtime: Runtime,
    http: reqwest::Client,
}

impl World {
    pub(crate) fn new(script: &str) -> Self {
        Self::with(Emulator::builder(), script)
    }

    pub(crate) fn with(emulator: EmulatorBuilder, script: &str) -> Self {
        let world = Self {
            emulator: emulator.start().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            runtime: Runtime::new().unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        fs::write(world.path("script.rhai"), script).unwrap();
        world.put("/In/first.txt", "1");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Somebody else writes a file.
    pub(crate) fn put(&self, path: &str, contents: &str) {
        self.emulator.put("main", path, contents.to_owned());
    }

    /// Somebody else calls a route.
    pub(crate) fn call(&self, route: &str, argument: &Value) {
        let url = format!("{}/2/{route}", self.emulator.url());
        let request = self
            .http
            .post(url)
            .bearer_auth(self.emulator.access_token("main"))
            .header("content-type", "application/json")
            .body(argument.to_string());
        let status = self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            answer.status().as_u16()
        });
        assert_eq!(status, 200, "{route} {argument}");
    }

    pub(crate) fn delete(&self, path: &str) {
        self.call("files/delete_v2", &json!({ "path": path }));
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        self.call(
            "files/move_v2",
            &json!({ "from_path": from, "to_path": to }),
        );
    }

    /// The program, with a connection to the emulator and a journal that it shares with others.
    pub(crate) fn lab(&self, words: &[&str]) -> Lab {
        self.lab_as("main", words)
    }

    fn lab_as(&self, account: &str, words: &[&str]) -> Lab {
        let config = format!(
            "default = \"work\"\n[connections.work]\nendpoint = \"{}\"\napp_key = \"emulator-app\"\ncredentials = \"file\"\n",
            self.emulator.url()
        );
        let journal = self.path("journal.db").display().to_string();
        let lab = Lab::new()
            .command(words)
            .args(&["--journal", &journal])
            .local("../home/config/dropscript/config.toml", &config);
        fs::create_dir_all(lab.path("../home/state/dropscript")).unwrap();
        let store = TokenStore::file(lab.path("../home/state/dropscript/credentials"));
        let credentials = StoredCredentials {
            refresh_token: Some(Secret::new(self.emulator.refresh_token(account))),
            ..StoredCredentials::default()
        };
        self.runtime
            .block_on(store.save("work", &credentials))
            .unwrap();
        lab
    }

    pub(crate) fn script(&self) -> String {
        self.path("script.rhai").display().to_string()
    }

    pub(crate) fn watch(&self, options: &[&str]) -> Child {
        let words = ["watch", &self.script(), "--remote", "/in"];
        let settle = if options.contains(&"--settle") {
            &[][..]
        } else {
            &["--settle", "50ms"]
        };
        self.lab(&words).args(settle).args(options).start()
    }

    fn fault(&self, route: &str, what: FaultKind, first: u64) {
        self.emulator.inject(Fault::on(route, what).first(first));
    }
}

fn end(mut child: Child) -> String {
    child.interrupt();
    child.end(130).stdout
}

/// What was told of files, in the order of its lines.
fn told(stdout: &str) -> Vec<String> {
    let lines = stdout.lines().filter(|line| !line.ends_with("nothing."));
    lines.map(str::to_owned).collect()
}

#[test]
fn what_others_create_modify_move_and_remove_is_told() {
    let world = World::new(TELLS);
    let mut child = world.watch(&[]);
    child.says("start created first.txt 1.");
    world.put("/In/a/b.txt", "1");
    child.says("remote created a/b.txt 1.");
    world.put("/In/a/b.txt", "22");
    child.says("remote modified a/b.txt 1.");
    world.rename("/In/a/b.txt", "/In/c.txt");
    child.says("removed a/b.txt 1.").says("created c.txt 1.");
    world.rename("/In/c.txt", "/out.txt");
    child.says("removed c.txt 1.");
    world.delete("/In/first.txt");
    child.says("remote removed first.txt 1.");
    world.put("/elsewhere.txt", "1");
    world.put("/In/last.txt", "1");
    child.says("remote created last.txt 1.");
    let stdout = end(child);
    assert!(!stdout.contains("elsewhere"), "{stdout}");
}

#[test]
fn a_folder_that_goes_takes_its_files_along_and_one_that_comes_brings_them() {
    let world = World::new(TELLS);
    world.put("/other/x/1.txt", "1");
    world.put("/other/x/2.txt", "2");
    let mut child = world.watch(&[]);
    child.says("created first.txt");
    world.rename("/other", "/In/other");
    child
        .says("created other/x/1.txt")
        .says("created other/x/2.txt");
    world.delete("/In/other");
    child
        .says("removed other/x/1.txt")
        .says("removed other/x/2.txt");
    end(child);
}

#[test]
fn a_file_has_what_a_script_wants_to_know() {
    let world = World::new(
        "for f in event.files { print([f.path, f.root, f.folder, f.name, f.size, f.hash.len(), f.modified.year]) }",
    );
    world.put("/In/Sub/Some.TXT", "12345");
    let mut child = world.watch(&["--include", "*.TXT", "--case-sensitive"]);
    child.says(r#"["/In/Sub/Some.TXT", "/In", "/In/Sub", "Some.TXT", 5, 64, 2"#);
    let stdout = end(child);
    assert!(!stdout.contains("first.txt"), "{stdout}");
}

#[test]
fn the_whole_dropbox_can_be_watched() {
    let world = World::new("for f in event.files { print(`${f.root} ${f.relative}.`) }");
    let words = [
        "watch",
        &world.script(),
        "--remote",
        "/",
        "--settle",
        "50ms",
    ];
    let mut child = world.lab(&words).start();
    child.says("/ In/first.txt.");
    world.put("/top.txt", "1");
    child.says("/ top.txt.");
    end(child);
}

#[test]
fn a_rename_by_letter_case_is_one_change_under_the_new_name() {
    let world = World::new(TELLS);
    // Dropbox has no call for it: people go by another name, at least.
    let mut child = world.watch(&["--settle", "1s"]);
    child.says("created first.txt 1.");
    world.rename("/In/first.txt", "/In/between");
    world.rename("/In/between", "/In/FIRST.txt");
    child.says("modified FIRST.txt 1.");
    world.put("/In/last.txt", "1");
    child.says("created last.txt 1.");
    assert_eq!(told(&end(child)).len(), 3);
}

#[test]
fn the_same_bytes_once_more_are_no_change() {
    let world = World::new(TELLS);
    let mut child = world.watch(&[]);
    child.says("created first.txt 1.");
    world.rename("/In/first.txt", "/kept.txt");
    world.call(
        "files/copy_v2",
        &json!({ "from_path": "/kept.txt", "to_path": "/In/first.txt" }),
    );
    world.put("/In/last.txt", "1");
    child.says("created last.txt 1.");
    let stdout = end(child);
    assert!(!stdout.contains("modified"), "{stdout}");
}

#[test]
fn what_happened_meanwhile_is_told_and_what_is_done_is_not() {
    let world = World::new(TELLS);
    for name in ["kept", "changed", "gone"] {
        world.put(&format!("/In/{name}"), "1");
    }
    let mut child = world.watch(&[]);
    child
        .says("created changed")
        .says("created first.txt")
        .says("created kept");
    end(child);
    world.put("/In/changed", "22");
    world.delete("/In/gone");
    world.put("/In/new", "1");
    let mut child = world.watch(&[]);
    child.says("modified changed 1.");
    let mut stdout = child.says("created new 1.").said();
    if !stdout.contains("removed gone") {
        child.says("removed gone 1.");
    }
    stdout = end(child);
    assert_eq!(told(&stdout).len(), 3, "{stdout}");
}

#[test]
fn files_of_a_run_that_was_killed_come_again() {
    let world = World::new(
        r#"for file in event.files { print(`${event.id} ${file.kind} ${file.relative} ${file.attempt}.`) }
        if event.files.some(|f| f.name == "long.txt" && f.attempt == 1) { sleep("10 minutes") }"#,
    );
    let mut child = world.watch(&[]);
    child.says("created first.txt 1.");
    world.put("/In/long.txt", "1");
    child.says("created long.txt 1.");
    let said = child.said();
    let id = said.lines().last().unwrap().split(' ').next().unwrap();
    // Dropping it kills it in the middle of the run.
    drop(child);
    world.put("/In/more.txt", "1");
    let mut child = world.watch(&[]);
    child
        .says(&format!("{id} created long.txt 2."))
        .says("created more.txt 1.");
    assert_eq!(end(child).lines().count(), 2);
    let mut child = world.watch(&[]);
    world.put("/In/last.txt", "1");
    child.says("created last.txt 1.");
    assert_eq!(end(child).lines().count(), 1);
}

#[test]
fn a_cursor_that_is_lost_costs_no_change_and_makes_none() {
    let world = World::new(TELLS);
    world.put("/In/gone.txt", "1");
    let mut child = world.watch(&[]);
    child.says("created first.txt").says("created gone.txt");
    for (round, route) in ["files/list_folder/continue", "files/list_folder/longpoll"]
        .iter()
        .enumerate()
    {
        world.fault(route, FaultKind::ResetCursor, 1);
        world.put(&format!("/In/{round}.txt"), "1");
        child.says(&format!("remote created {round}.txt 1."));
    }
    end(child);
    // One that is lost while nobody looks.
    world.fault("files/list_folder/continue", FaultKind::ResetCursor, 1);
    world.delete("/In/gone.txt");
    world.put("/In/first.txt", "22");
    world.put("/In/last.txt", "1");
    let mut child = world.watch(&[]);
    child
        .says("modified first.txt 1.")
        .says("created last.txt 1.");
    if !child.said().contains("removed") {
        child.says("removed gone.txt 1.");
    }
    assert_eq!(told(&end(child)).len(), 3);
}

#[test]
fn connections_that_break_and_limits_cost_nothing() {
    let world = World::new(TELLS);
    let mut child = world.watch(&[]);
    child.says("created first.txt");
    let limit = FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after: Some(1),
        retry_in: RetryIn::Both,
        body: LimitBody::Json,
    };
    let faults = [
        ("files/list_folder/longpoll", FaultKind::CutBeforeHeaders),
        (
            "files/list_folder/longpoll",
            FaultKind::LongpollBackoff { seconds: 1 },
        ),
        (
            "files/list_folder/continue",
            FaultKind::CutAfter { bytes: 20 },
        ),
        (
            "files/list_folder/continue",
            FaultKind::ServerError {
                status: 500,
                html: false,
                retry_after: None,
            },
        ),
        ("files/list_folder/continue", limit),
        ("files/list_folder/*", FaultKind::ExpiredToken),
    ];
    for (round, (route, what)) in faults.into_iter().enumerate() {
        world.fault(route, what, 1);
        world.put(&format!("/In/{round}.txt"), "1");
        child.says(&format!("remote created {round}.txt 1."));
    }
    assert_eq!(told(&end(child)).len(), 7);
}

#[test]
fn a_dropbox_that_is_away_is_no_empty_one() {
    let world = World::new(TELLS);
    let mut child = world.watch(&[]);
    child.says("created first.txt");
    let refused = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: None,
    };
    world
        .emulator
        .inject(Fault::on("files/list_folder/*", refused));
    world.put("/In/a.txt", "1");
    child.complains("`/in` cannot be looked at");
    world.emulator.clear_faults();
    child
        .complains("`/in` is back")
        .says("remote created a.txt 1.");
    let stdout = end(child);
    assert!(!stdout.contains("removed"), "{stdout}");
}

#[test]
fn a_folder_that_goes_away_is_unknown_until_it_is_back() {
    let world = World::new(TELLS);
    world.put("/In/gone.txt", "1");
    let mut child = world.watch(&[]);
    child.says("created first.txt").says("created gone.txt");
    world.rename("/In", "/Out");
    child.complains("`/in` is not there any more");
    end(child);
    // The next program does not take it for empty either.
    let mut child = world.watch(&[]);
    child
        .says("start nothing.")
        .complains("`/in` is not there any more");
    world.delete("/Out/gone.txt");
    world.put("/Out/new.txt", "1");
    world.rename("/Out", "/In");
    child.complains("`/in` is back").says("created new.txt 1.");
    if !child.said().contains("removed") {
        child.says("removed gone.txt 1.");
    }
    assert_eq!(told(&end(child)).len(), 2);
}

#[test]
fn what_the_script_itself_changes_there_is_no_change() {
    let world = World::new(
        r#"
        for file in event.files { print(`${file.kind} ${file.relative}.`) }
        if event.files.some(|file| file.name == "go.txt" && file.kind == "created") {
            let dbx = dropbox();
            file::write_text("up.txt", "up");
            dbx.upload("up.txt", "/In");
            dbx.upload("up.txt", "/In/more");
            dbx.copy_to("/In/first.txt", "/In/copy.txt");
            dbx.rename("/In/first.txt", "/In/renamed.txt");
            dbx.delete("/In/go.txt");
            dbx.move("/In/bulk/*", "/In/moved");
            print("changed.");
        }"#,
    );
    for n in 0..4 {
        world.put(&format!("/In/bulk/{n}"), "1");
    }
    let mut child = world.watch(&["--allow-all"]);
    child.says("created first.txt.");
    world.put("/In/go.txt", "1");
    child.says("created go.txt.").says("changed.");
    world.put("/In/last.txt", "1");
    child.says("created last.txt.");
    // Somebody else's change of the same file is one.
    world.put("/In/up.txt", "other");
    child.says("modified up.txt.");
    world.delete("/In/copy.txt");
    child.says("removed copy.txt.");
    let stdout = end(child);
    let told: Vec<_> = stdout
        .lines()
        .skip_while(|line| *line != "changed.")
        .collect();
    assert_eq!(
        told,
        [
            "changed.",
            "created last.txt.",
            "modified up.txt.",
            "removed copy.txt."
        ]
    );
}

#[test]
fn the_first_files_are_all_or_none_where_that_is_wanted() {
    let world = World::new(TELLS);
    let mut child = world.watch(&["--initial", "none"]);
    child.complains("1 files that were there before are left out");
    world.put("/In/a.txt", "1");
    child.says("remote created a.txt 1.");
    assert_eq!(told(&end(child)).len(), 1);
    let mut child = world.watch(&["--initial", "all"]);
    child
        .says("start created a.txt 1.")
        .says("start created first.txt 1.");
    end(child);
}

#[test]
fn files_are_done_one_by_one_given_up_listed_and_tried_again() {
    let world = World::new(
        r#"for file in event.files {
            if file.name == "Bad.txt" && file.attempt < 3 { throw "no good" }
            print(`${file.relative} ${file.attempt}.`);
            done(file);
        }"#,
    );
    world.put("/In/A.txt", "1");
    world.put("/In/Bad.txt", "1");
    world.delete("/In/first.txt");
    let mut child = world.watch(&["--retries", "1"]);
    child.says("A.txt 1.").complains("again in 1 s");
    child.complains("`Bad.txt` is given up");
    let listed = world.lab(&["watch", "--failed"]).success();
    assert!(
        listed.stdout.contains("/In/Bad.txt  2 runs"),
        "{}",
        listed.stdout
    );
    world.lab(&["watch", "--retry"]).success();
    child.says("Bad.txt 3.");
    let stdout = end(child);
    assert_eq!(stdout.matches("A.txt").count(), 1, "{stdout}");
}

#[test]
fn local_files_and_those_at_dropbox_come_to_one_script() {
    let world = World::new(TELLS);
    fs::create_dir(world.path("data")).unwrap();
    let data = world.path("data").display().to_string();
    let mut child = world.watch(&[&data]);
    child.says("created first.txt");
    fs::write(world.path("data/here.txt"), "1").unwrap();
    child.says("local created here.txt 1.");
    world.put("/In/there.txt", "1");
    child.says("remote created there.txt 1.");
    end(child);
}

#[test]
fn another_account_is_not_taken_for_the_one_that_was_watched() {
    let world = World::new(TELLS);
    let mut child = world.watch(&[]);
    child.says("created first.txt");
    end(child);
    world.emulator.put("other", "/In/x.txt", "x");
    let words = ["watch", &world.script(), "--remote", "/in"];
    let lab = world.lab_as("other", &words);
    lab.stderr_contains("is another account").status(1);
}

#[test]
fn what_cannot_be_watched_ends_it_at_once() {
    let world = World::new(TELLS);
    let watch = |folder: &str| {
        let words = ["watch", &world.script(), "--remote", folder];
        world.lab(&words)
    };
    watch("/missing")
        .stderr_contains("no folder `/missing` at Dropbox")
        .status(2);
    watch("in").stderr_contains("did you mean `/in`?").status(2);
    watch("id:abc").stderr_contains("it is no id").status(2);
    Lab::new()
        .command(&["watch", "script.rhai", "--remote", "/in"])
        .script(TELLS)
        .stderr_contains("there is no connection to Dropbox")
        .status(4);
}

#[test]
fn events_tell_of_the_folder() {
    let world = World::new(TELLS);
    let mut child = world.watch(&["--json"]);
    child.says(r#"{"event":"watching","paths":[],"remote":"/in"}"#);
    child.says(r#""source":"start","files":1"#);
    world.put("/In/a.txt", "1");
    child.says(r#""source":"remote","files":1"#);
    end(child);
}

#[test]
fn an_emulator_in_a_folder_is_watched_as_a_dropbox_is() {
    let lab = Lab::new()
        .command(&[
            "watch",
            "script.rhai",
            "--remote",
            "/in",
            "--settle",
            "50ms",
        ])
        .script(TELLS)
        .remote("/in/a.txt", "1");
    let remote = lab.path("../remote/in/b.txt");
    let mut child = lab.start();
    child.says("start created a.txt 1.");
    fs::write(remote, "1").unwrap();
    child.says("created b.txt 1.");
    end(child);
}
