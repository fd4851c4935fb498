//! Commits that meet: one holds the namespace, and how the other is told.

use std::time::{Duration, Instant};

use dropscript::emulator::{Emulator, Fault, FaultKind, WriteRefusal};
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

const BUSY: &str = "too_many_write_operations";

/// A call that commits.
struct Commit {
    route: &'static str,
    arg: Value,
    /// The error of the route that says it was held up; of a batch, that of its entries.
    error: &'static str,
    batch: bool,
}

/// A call of each route that commits, on a lab that [`furnished`] made.
async fn commits(lab: &Lab) -> Vec<Commit> {
    let rev = lab.ok("files/get_metadata", json!({"path": "/a"})).await["rev"].clone();
    let get = "files/copy_reference/get";
    let reference = lab.ok(get, json!({"path": "/a"})).await["copy_reference"].clone();
    let mut finish = Vec::new();
    for _ in 0..3 {
        let start = "files/upload_session/start";
        let opened = lab.upload(start, json!({"close": true}), "x").await.ok();
        let cursor = json!({"session_id": opened["session_id"], "offset": 1});
        finish.push(json!({"cursor": cursor, "commit": {"path": "/new"}}));
    }
    let pair = json!({"from_path": "/a", "to_path": "/b"});
    let pairs = json!({"entries": [pair]});
    let one = |route, arg: &Value, error| Commit {
        route,
        arg: arg.clone(),
        error,
        batch: false,
    };
    let batch = |route, arg: &Value, error| Commit {
        batch: true,
        ..one(route, arg, error)
    };
    let path = &json!({"path": "/c"});
    let saved = &json!({"path": "/c", "copy_reference": reference});
    let deletions = &json!({"entries": [{"path": "/a"}]});
    let session = "too_many_write_operations";
    vec![
        one("files/upload", path, "path/too_many_write_operations"),
        one("files/alpha/upload", path, "path/too_many_write_operations"),
        one(
            "files/create_folder",
            path,
            "path/too_many_write_operations",
        ),
        one(
            "files/create_folder_v2",
            path,
            "path/too_many_write_operations",
        ),
        one("files/delete", &json!({"path": "/a"}), BUSY),
        one("files/delete_v2", &json!({"path": "/a"}), BUSY),
        one("files/copy", &pair, "to/too_many_write_operations"),
        one("files/copy_v2", &pair, "to/too_many_write_operations"),
        one("files/move", &pair, "to/too_many_write_operations"),
        one("files/move_v2", &pair, "to/too_many_write_operations"),
        one(
            "files/restore",
            &json!({"path": "/a", "rev": rev}),
            "path_write/too_many_write_operations",
        ),
        one(
            "files/copy_reference/save",
            saved,
            "path/too_many_write_operations",
        ),
        one("files/upload_session/finish", &finish[0], session),
        batch(
            "files/upload_session/finish_batch_v2",
            &json!({"entries": [finish[1]]}),
            session,
        ),
        batch(
            "files/upload_session/finish_batch",
            &json!({"entries": [finish[2]]}),
            session,
        ),
        batch(
            "files/create_folder_batch",
            &json!({"paths": ["/c"]}),
            "path/too_many_write_operations",
        ),
        batch("files/delete_batch", deletions, BUSY),
        batch("files/copy_batch_v2", &pairs, BUSY),
        batch("files/move_batch_v2", &pairs, BUSY),
        batch("files/copy_batch", &pairs, BUSY),
        batch("files/move_batch", &pairs, BUSY),
    ]
}

fn furnished(lab: Lab) -> Lab {
    lab.emulator.put("main", "/a", "0123456789");
    lab
}

async fn send(lab: &Lab, commit: &Commit) -> Reply {
    match commit.route {
        "files/upload" | "files/alpha/upload" => {
            lab.upload(commit.route, commit.arg.clone(), "new").await
        }
        "files/upload_session/finish" => lab.upload(commit.route, commit.arg.clone(), "").await,
        _ => lab.rpc(commit.route, commit.arg.clone()).await,
    }
}

fn assert_refused_whole(reply: &Reply, route: &str) {
    assert_eq!(reply.status, 429, "{route}: {}", reply.text());
    assert_eq!(reply.summary(), BUSY, "{route}");
    assert_eq!(reply.header("retry-after"), "1", "{route}");
}

/// The tags of an error, from the outside in.
fn tags(error: &Value) -> String {
    let name = error[".tag"].as_str().expect("a tag");
    match error.get(name) {
        Some(inner) => format!("{name}/{}", tags(inner)),
        None => name.to_owned(),
    }
}

/// What became of a batch, also where it launches a job.
async fn outcome(lab: &Lab, route: &str, reply: &Reply) -> Value {
    let launched = reply.ok();
    let Some(job) = launched.get("async_job_id") else {
        return launched;
    };
    let check = match route.strip_suffix("_v2") {
        Some(route) => format!("{route}/check_v2"),
        None => format!("{route}/check"),
    };
    lab.ok(&check, json!({"async_job_id": job})).await
}

#[tokio::test]
async fn every_commit_is_refused_while_another_one_holds_the_namespace() {
    let day = Duration::from_secs(86_400);
    let lab = furnished(Lab::with(Emulator::builder().write_lock(day)));
    let commits = commits(&lab).await;
    let create = |path: &'static str| lab.rpc("files/create_folder_v2", json!({"path": path}));
    // Whichever comes second is refused, and then the other one holds it.
    tokio::select! {
        refused = create("/x") => assert_refused_whole(&refused, "files/create_folder_v2"),
        refused = create("/y") => assert_refused_whole(&refused, "files/create_folder_v2"),
    }
    for commit in &commits {
        assert_refused_whole(&send(&lab, commit).await, commit.route);
    }
    let link = json!({"commit_info": {"path": "/c"}});
    let link = lab.ok("files/get_temporary_upload_link", link).await;
    let link = link["link"].as_str().expect("a link");
    let path = link
        .strip_prefix(lab.emulator.url())
        .expect("it leads here");
    let request = lab.request(reqwest::Method::POST, path).body("x");
    let request = request.header("content-type", "application/octet-stream");
    assert_refused_whole(&Reply::of(request).await.expect("an answer"), path);
    let save = json!({"path": "/c", "url": lab.emulator.url()});
    lab.ok("files/save_url", save).await;
    assert_eq!(lab.emulator.paths("main"), ["/a"]);
}

#[tokio::test]
async fn the_error_of_the_route_tells_it_where_there_is_one() {
    let lab = furnished(Lab::new());
    let commits = commits(&lab).await;
    let told = WriteRefusal::Route;
    lab.emulator
        .inject(Fault::on("*", FaultKind::TooManyWriteOperations { told }));
    for commit in &commits {
        let reply = send(&lab, commit).await;
        if commit.batch {
            assert_refused_whole(&reply, commit.route);
        } else {
            assert_eq!(reply.refused(), commit.error, "{}", commit.route);
        }
    }
    assert_eq!(lab.emulator.paths("main"), ["/a"]);
    assert_eq!(lab.emulator.calls().struck(BUSY), commits.len() as u64);
}

#[tokio::test]
async fn the_entries_of_a_batch_tell_it() {
    let lab = furnished(Lab::new());
    let commits = commits(&lab).await;
    let told = WriteRefusal::Entry;
    lab.emulator
        .inject(Fault::on("*", FaultKind::TooManyWriteOperations { told }));
    for commit in &commits {
        let reply = send(&lab, commit).await;
        if !commit.batch {
            assert_eq!(reply.refused(), commit.error, "{}", commit.route);
            continue;
        }
        let outcome = outcome(&lab, commit.route, &reply).await;
        // The first versions of these know no failing entries: the whole job fails.
        let failure = match commit.route {
            "files/copy_batch" | "files/move_batch" => &outcome["failed"],
            _ => &outcome["entries"][0]["failure"],
        };
        assert_eq!(tags(failure), commit.error, "{}: {outcome}", commit.route);
    }
    assert_eq!(lab.emulator.paths("main"), ["/a"]);
}

#[tokio::test]
async fn an_upload_that_was_held_up_keeps_its_bytes() {
    let lab = Lab::new();
    let told = WriteRefusal::Route;
    let held = FaultKind::TooManyWriteOperations { told };
    lab.emulator.inject(Fault::on("files/upload", held).nth(1));
    let reply = lab
        .upload("files/upload", json!({"path": "/a"}), "kept")
        .await;
    assert_eq!(reply.refused(), "path/too_many_write_operations");
    let session = &reply.json()["error"]["upload_session_id"];
    let cursor = json!({"session_id": session, "offset": 4});
    let finish = json!({"cursor": cursor, "commit": {"path": "/a"}});
    lab.upload("files/upload_session/finish", finish, "")
        .await
        .ok();
    assert_eq!(
        lab.emulator.contents("main", "/a").as_deref(),
        Some(&b"kept"[..])
    );
}

#[tokio::test]
async fn a_batch_is_one_commit_of_its_entries() {
    let lock = Duration::from_millis(100);
    let lab = Lab::with(Emulator::builder().write_lock(lock));
    let paths: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
    let start = Instant::now();
    let made = lab
        .ok("files/create_folder_batch", json!({"paths": paths}))
        .await;
    assert!(
        start.elapsed() >= 2 * lock,
        "a request, and twenty twentieths"
    );
    assert_eq!(made["entries"].as_array().map(Vec::len), Some(20));
    assert_eq!(lab.emulator.paths("main").len(), 20);
}

#[tokio::test]
async fn accounts_do_not_hinder_each_other() {
    let lab = Lab::with(Emulator::builder().write_lock(Duration::from_millis(200)));
    let create = |account: &str| {
        let request = lab
            .request(reqwest::Method::POST, "/2/files/create_folder_v2")
            .bearer_auth(lab.emulator.access_token(account))
            .header("content-type", "application/json")
            .body(json!({"path": "/x"}).to_string());
        async { Reply::of(request).await.expect("an answer") }
    };
    let (one, two, three) = tokio::join!(create("main"), create("other"), create("third"));
    for reply in [one, two, three] {
        reply.ok();
    }
}
