//! What was promised holds after a restart of an emulator with a directory, however the first one ended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use dropscript::emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::snapshot;
use crate::lab::{Lab, Reply, content_hash, noise};

const BLOCK: usize = 4 * 1024 * 1024;

fn lab(directory: &Path) -> Lab {
    Lab::with(Emulator::builder().directory(directory))
}

/// How the first emulator ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Nothing of it is left but its directory as it is at that moment.
    Killed,
    Dropped,
}

const ENDS: [End; 2] = [End::Killed, End::Dropped];

/// Two directories, the second of which is what the first is when its emulator ends.
struct Restart {
    folder: tempfile::TempDir,
    end: End,
}

impl Restart {
    fn new(end: End) -> Restart {
        let folder = tempfile::tempdir().expect("a folder");
        Restart { folder, end }
    }

    fn before(&self) -> Lab {
        lab(&self.folder.path().join("before"))
    }

    fn after(&self, lab_before: Lab) -> Lab {
        let before = self.folder.path().join("before");
        match self.end {
            End::Dropped => {
                drop(lab_before);
                lab(&before)
            }
            End::Killed => {
                let after = self.folder.path().join("after");
                snapshot(&before, &after);
                lab(&after)
            }
        }
    }
}

async fn start(lab: &Lab, arg: Value, body: Vec<u8>) -> String {
    let started = lab.upload("files/upload_session/start", arg, body).await;
    let id = started.ok()["session_id"].clone();
    id.as_str().expect("an id").to_owned()
}

async fn append(lab: &Lab, id: &str, offset: usize, close: bool, body: &[u8]) -> Reply {
    let arg = json!({"cursor": {"session_id": id, "offset": offset}, "close": close});
    lab.upload("files/upload_session/append_v2", arg, body.to_vec())
        .await
}

async fn finish(lab: &Lab, id: &str, offset: usize, path: &str, body: &[u8]) -> Reply {
    let arg = json!({"cursor": {"session_id": id, "offset": offset}, "commit": {"path": path}});
    lab.upload("files/upload_session/finish", arg, body.to_vec())
        .await
}

fn contents(lab: &Lab, path: &str) -> Vec<u8> {
    let contents = lab.emulator.contents("main", path);
    contents.expect("a file").to_vec()
}

#[tokio::test]
async fn a_session_goes_on_where_the_last_answer_left_it() {
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        let bytes = noise(2 * BLOCK + 12_345);
        let id = start(&before, json!({}), bytes[..7].to_vec()).await;
        append(&before, &id, 7, false, &bytes[7..BLOCK + 3])
            .await
            .ok();
        // Refused, so it never was.
        let cursor = json!({"session_id": id, "offset": BLOCK + 3});
        let wrong = json!({"cursor": cursor, "content_hash": "0".repeat(64)});
        before
            .upload("files/upload_session/append_v2", wrong, noise(99))
            .await
            .refused();

        let after = restart.after(before);
        let refused = append(&after, &id, 7, false, b"x").await;
        assert_eq!(refused.refused(), "incorrect_offset", "{end:?}");
        assert_eq!(refused.json()["error"]["correct_offset"], BLOCK + 3);
        append(&after, &id, BLOCK + 3, true, &bytes[BLOCK + 3..])
            .await
            .ok();
        let file = finish(&after, &id, bytes.len(), "/file", b"").await.ok();
        assert_eq!(file["content_hash"], content_hash(&bytes), "{end:?}");
        assert!(contents(&after, "/file") == bytes, "{end:?}");
        let again = finish(&after, &id, bytes.len(), "/again", b"").await;
        assert_eq!(again.refused(), "lookup_failed/not_found");
    }
}

#[tokio::test]
async fn the_pieces_of_a_concurrent_session_stay() {
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        let bytes = noise(3 * BLOCK + 5);
        let id = start(&before, json!({"session_type": "concurrent"}), Vec::new()).await;
        append(&before, &id, 2 * BLOCK, true, &bytes[2 * BLOCK..])
            .await
            .ok();
        append(&before, &id, 0, false, &bytes[..BLOCK]).await.ok();

        let after = restart.after(before);
        let early = finish(&after, &id, bytes.len(), "/file", b"").await;
        assert!(early.refused().contains("missing_data"), "{end:?}");
        append(&after, &id, BLOCK, false, &bytes[BLOCK..2 * BLOCK])
            .await
            .ok();
        let file = finish(&after, &id, bytes.len(), "/file", b"").await.ok();
        assert_eq!(file["content_hash"], content_hash(&bytes), "{end:?}");
        assert!(contents(&after, "/file") == bytes, "{end:?}");
    }
}

#[tokio::test]
async fn what_is_over_stays_over() {
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        before.emulator.put("main", "/there", "other");
        let finished = start(&before, json!({"close": true}), b"done".to_vec()).await;
        finish(&before, &finished, 4, "/done", b"").await.ok();
        let refused = before
            .upload("files/upload", json!({"path": "/there"}), "kept")
            .await;
        assert_eq!(refused.refused(), "path/conflict/file");
        let kept = refused.json()["error"]["upload_session_id"].clone();
        let open = start(&before, json!({}), b"open".to_vec()).await;
        let blobs = |folder: &str| {
            let blobs = restart.folder.path().join(folder);
            let blobs = blobs.join(".dropscript-emulator/blobs");
            fs::read_dir(blobs).expect("a folder").count()
        };
        assert_eq!(blobs("before"), 4);

        let after = restart.after(before);
        let gone = finish(&after, &finished, 4, "/again", b"").await;
        assert_eq!(gone.refused(), "lookup_failed/not_found", "{end:?}");
        let kept = kept.as_str().expect("an id");
        finish(&after, kept, 4, "/kept", b"").await.ok();
        assert_eq!(contents(&after, "/kept"), b"kept");
        finish(&after, &open, 4, "/open", b"").await.ok();
        assert_eq!(contents(&after, "/open"), b"open");
    }
}

/// Lets the user of the page allow the app, and gives the code.
async fn code(lab: &Lab) -> String {
    let fields =
        "client_id=emulator-app&response_type=code&decision=allow&token_access_type=offline";
    let path = format!("/oauth2/authorize?{fields}");
    let page = Reply::of(lab.request(Method::POST, &path)).await;
    let page = page.expect("an answer").text();
    let code = page.split("value=\"").nth(1);
    let code = code.and_then(|rest| rest.split('"').next());
    code.expect("the page shows the code").to_owned()
}

async fn token(lab: &Lab, fields: &str) -> Reply {
    let path = format!("/oauth2/token?{fields}");
    let request = lab.request(Method::POST, &path);
    let request = request.basic_auth("emulator-app", Some("emulator-secret"));
    Reply::of(request).await.expect("an answer")
}

async fn call_with(lab: &Lab, token: &str, route: &str) -> u16 {
    let request = lab.request(Method::POST, &format!("/2/{route}"));
    let reply = Reply::of(request.bearer_auth(token)).await;
    reply.expect("an answer").status
}

#[tokio::test]
async fn tokens_stay_as_they_were_issued_and_revoked() {
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        let text = |reply: &Reply, name: &str| reply.ok()[name].as_str().expect(name).to_owned();
        let (spent, waiting) = (code(&before).await, code(&before).await);
        let exchange = |code: &str| format!("grant_type=authorization_code&code={code}");
        let tokens = token(&before, &exchange(&spent)).await;
        let (access, refresh) = (
            text(&tokens, "access_token"),
            text(&tokens, "refresh_token"),
        );
        let revoked = before.emulator.access_token("main");
        let revoke = "auth/token/revoke";
        assert_eq!(call_with(&before, &revoked, revoke).await, 200);

        let after = restart.after(before);
        let whoami = "users/get_current_account";
        assert_eq!(call_with(&after, &access, whoami).await, 200, "{end:?}");
        assert_eq!(call_with(&after, &revoked, whoami).await, 401, "{end:?}");
        let refreshing = format!("grant_type=refresh_token&refresh_token={refresh}");
        let refreshed = text(&token(&after, &refreshing).await, "access_token");
        assert_eq!(call_with(&after, &refreshed, whoami).await, 200);
        assert_eq!(token(&after, &exchange(&spent)).await.status, 400);
        let late = text(&token(&after, &exchange(&waiting)).await, "access_token");
        // What is allowed after the restart has nothing to do with what was allowed before.
        assert_eq!(call_with(&after, &late, revoke).await, 200);
        assert_eq!(call_with(&after, &late, whoami).await, 401);
        assert_eq!(call_with(&after, &access, whoami).await, 200);
    }
}

#[tokio::test]
async fn links_locks_tags_references_and_jobs_stay() {
    const LINK: &str = "sharing/create_shared_link_with_settings";
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        for path in ["/a", "/b", "/c"] {
            before.emulator.put("main", path, "hello");
        }
        let settings = json!({"require_password": true, "link_password": "secret"});
        let link = before
            .ok(LINK, json!({"path": "/a", "settings": settings}))
            .await;
        before.ok(LINK, json!({"path": "/b"})).await;
        let revoked = before.ok(LINK, json!({"path": "/c"})).await;
        let revoked = json!({"url": revoked["url"]});
        before
            .ok("sharing/revoke_shared_link", revoked.clone())
            .await;
        let listed = before.ok("sharing/list_shared_links", json!({})).await;
        let entries = json!({"entries": [{"path": "/a"}]});
        before.ok("files/lock_file_batch", entries.clone()).await;
        let locks = before
            .ok("files/get_file_lock_batch", entries.clone())
            .await;
        for text in ["one", "two"] {
            let tag = json!({"path": "/a", "tag_text": text});
            before.ok("files/tags/add", tag).await;
        }
        let tag = json!({"path": "/a", "tag_text": "one"});
        before.ok("files/tags/remove", tag).await;
        let tagged = json!({"paths": ["/a"]});
        let tags = before.ok("files/tags/get", tagged.clone()).await;
        let reference = before
            .ok("files/copy_reference/get", json!({"path": "/a"}))
            .await["copy_reference"]
            .clone();
        let job = before
            .ok("files/delete_batch", json!({"entries": [{"path": "/c"}]}))
            .await;
        let job = json!({"async_job_id": job["async_job_id"]});
        let outcome = before.ok("files/delete_batch/check", job.clone()).await;
        let path_of = |answer: Value| {
            let link = answer["link"].as_str().expect("a link");
            url::Url::parse(link).expect("an address").path().to_owned()
        };
        let down = before.ok("files/get_temporary_link", json!({"path": "/a"}));
        let down = path_of(down.await);
        let commit = json!({"commit_info": {"path": "/sent"}});
        let up = before.ok("files/get_temporary_upload_link", commit);
        let up = path_of(up.await);

        let after = restart.after(before);
        let again = after.ok("sharing/list_shared_links", json!({})).await;
        assert_eq!(again, listed, "{end:?}");
        let wrong = json!({"url": link["url"], "link_password": "wrong"});
        let refused = after.rpc("sharing/get_shared_link_metadata", wrong).await;
        assert_eq!(refused.refused(), "shared_link_access_denied");
        let refused = after.rpc("sharing/get_shared_link_metadata", revoked).await;
        assert_eq!(refused.refused(), "shared_link_not_found");
        assert_eq!(after.ok("files/get_file_lock_batch", entries).await, locks);
        assert_eq!(after.ok("files/tags/get", tagged).await, tags);
        assert_eq!(after.ok("files/delete_batch/check", job).await, outcome);
        let save = json!({"copy_reference": reference, "path": "/copy"});
        after.ok("files/copy_reference/save", save).await;
        assert_eq!(contents(&after, "/copy"), b"hello");
        let down = Reply::of(after.request(Method::GET, &down)).await;
        assert_eq!(down.expect("an answer").text(), "hello");
        for status in [200, 404] {
            let sent = after
                .request(Method::POST, &up)
                .header("content-type", "application/octet-stream")
                .body("sent");
            assert_eq!(Reply::of(sent).await.expect("an answer").status, status);
        }
        assert_eq!(contents(&after, "/sent"), b"sent");
    }
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_what_is_secret() {
    let directory = tempfile::tempdir().expect("a folder");
    let lab = lab(directory.path());
    code(&lab).await;
    let state = directory.path().join(".dropscript-emulator");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&state).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with("state.db")) {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "the database and its log");
}

#[test]
fn a_directory_of_an_earlier_version_is_taken_over() {
    let directory = tempfile::tempdir().expect("a folder");
    lab(directory.path()).emulator.put("main", "/a", "hello");
    let database = directory.path().join(".dropscript-emulator/state.db");
    let sql = |sql: &str| {
        let database = rusqlite::Connection::open(&database).expect("a database");
        database.execute_batch(sql).expect("it is done");
    };
    let seconds = "UPDATE changes SET client_modified = client_modified / 1000000";
    sql(&format!(
        "{seconds}; DROP TABLE entries; PRAGMA user_version = 2"
    ));
    {
        let lab = lab(directory.path());
        assert_eq!(contents(&lab, "/a"), b"hello");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let account = runtime.block_on(lab.rpc("users/get_current_account", json!(null)));
        assert_eq!(account.status, 200, "the standing token opens it");
    }
    sql("PRAGMA user_version = 1000");
    let refused = Emulator::builder().directory(directory.path()).start();
    let error = refused.expect_err("it is of a later version").to_string();
    assert!(error.contains("version 1000"), "{error}");
}

#[tokio::test]
async fn what_is_deleted_for_good_does_not_come_back() {
    for end in ENDS {
        let restart = Restart::new(end);
        let before = restart.before();
        for contents in ["old", "new"] {
            before.emulator.put("team-member", "/f/a", contents);
        }
        before.emulator.put("team-member", "/kept", "kept");
        let gone = json!({"path": "/f"});
        before
            .rpc_as("team-member", "files/permanently_delete", gone)
            .await
            .ok();

        let after = restart.after(before);
        let arg = json!({"path": "", "recursive": true, "include_deleted": true});
        let listed = after
            .rpc_as("team-member", "files/list_folder", arg)
            .await
            .ok();
        let listed = listed["entries"].as_array().expect("entries").clone();
        let names: Vec<&Value> = listed.iter().map(|entry| &entry["path_lower"]).collect();
        assert_eq!(names, ["/kept"], "{end:?}");
        let arg = json!({"path": "/f/a"});
        let versions = after
            .rpc_as("team-member", "files/list_revisions", arg)
            .await;
        assert_eq!(versions.refused(), "path/not_found", "{end:?}");
    }
}
