//! Many clients at once: nothing that was answered is lost, nothing is told out of order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use dropscript::emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::dice::{Dice, seed};
use crate::lab::{Lab, Reply};

const CLIENTS: usize = 8;
const CALLS: usize = 60;

/// What a client was told of a path: a rev, or that it was deleted.
#[derive(Clone, Debug)]
struct Told {
    path: String,
    /// The rev that there is then; `None` after a deletion.
    rev: Option<String>,
    /// The rev that an update replaced.
    replaced: Option<String>,
}

async fn post(lab: &Lab, route: &str, arg: &Value, body: Option<String>) -> Reply {
    let token = lab.emulator.access_token("main");
    let request = lab
        .request(Method::POST, &format!("/2/{route}"))
        .bearer_auth(token);
    let request = match body {
        None => request
            .header("content-type", "application/json")
            .body(arg.to_string()),
        Some(body) => request
            .header("content-type", "application/octet-stream")
            .header("dropbox-api-arg", arg.to_string())
            .body(body),
    };
    Reply::of(request).await.expect("an answer")
}

/// Writes and deletes a few files, each from what was seen of it last.
async fn client(lab: &Lab, number: usize) -> Vec<Told> {
    let mut dice = Dice(seed().wrapping_add(number as u64));
    let mut told = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for call in 0..CALLS {
        let path = format!("/shared/{}.txt", dice.below(4));
        let content = format!("{number} {call}");
        let (route, arg, replaced) = match dice.below(8) {
            0 => ("files/delete_v2", json!({"path": path}), None),
            1 => (
                "files/list_folder",
                json!({"path": "", "recursive": true}),
                None,
            ),
            2 | 3 => ("files/upload", json!({"path": path, "mode": "add"}), None),
            _ => {
                let rev = seen
                    .get(&path)
                    .cloned()
                    .unwrap_or_else(|| "000000000".to_owned());
                let mode = json!({".tag": "update", "update": rev});
                (
                    "files/upload",
                    json!({"path": path, "mode": mode, "strict_conflict": true}),
                    Some(rev),
                )
            }
        };
        let reply = post(
            lab,
            route,
            &arg,
            (route == "files/upload").then_some(content),
        )
        .await;
        assert!(matches!(reply.status, 200 | 409), "{}", reply.text());
        if reply.status == 409 {
            let now = post(lab, "files/get_metadata", &json!({"path": path}), None).await;
            if now.status == 200 {
                let rev = now.json()["rev"].as_str().expect("a file").to_owned();
                seen.insert(path, rev);
            }
            continue;
        }
        match route {
            "files/upload" => {
                let rev = reply.json()["rev"].as_str().expect("a rev").to_owned();
                seen.insert(path.clone(), rev.clone());
                told.push(Told {
                    path,
                    rev: Some(rev),
                    replaced,
                });
            }
            "files/delete_v2" => told.push(Told {
                path,
                rev: None,
                replaced: None,
            }),
            _ => {}
        }
    }
    told
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

/// All that a cursor has to tell.
async fn drain(lab: &Lab, cursor: &mut Value) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let page = lab
            .ok("files/list_folder/continue", json!({"cursor": cursor}))
            .await;
        entries.extend(page["entries"].as_array().expect("entries").iter().cloned());
        *cursor = page["cursor"].clone();
        if page["has_more"] == false {
            return entries;
        }
    }
}

#[test]
fn no_answered_change_is_lost_and_every_rev_is_replaced_once() {
    let lab = Arc::new(Lab::new());
    let arg = json!({"path": "", "recursive": true});
    // The clients share a pool of connections, so they share what drives it too.
    let runtime = Arc::new(runtime());
    let latest = runtime.block_on(lab.ok("files/list_folder/get_latest_cursor", arg.clone()));
    let all = Arc::new(Mutex::new(Vec::new()));
    let clients = (0..CLIENTS).map(|number| {
        let (lab, all, runtime) = (Arc::clone(&lab), Arc::clone(&all), Arc::clone(&runtime));
        thread::spawn(move || {
            let told = runtime.block_on(client(&lab, number));
            all.lock().expect("no client panics").push(told);
        })
    });
    let clients: Vec<_> = clients.collect();
    // A watcher follows with its cursor meanwhile.
    let (mut cursor, mut watched) = (latest["cursor"].clone(), Vec::new());
    while clients.iter().any(|client| !client.is_finished()) {
        watched.extend(runtime.block_on(drain(&lab, &mut cursor)));
    }
    for client in clients {
        client.join().expect("no client panics");
    }
    watched.extend(runtime.block_on(drain(&lab, &mut cursor)));
    let told = std::mem::take(&mut *all.lock().expect("no client panics"));

    // What the watcher saw is what a cursor tells that was not followed meanwhile.
    let mut late = latest["cursor"].clone();
    assert_eq!(watched, runtime.block_on(drain(&lab, &mut late)));
    let place: BTreeMap<&str, usize> = watched
        .iter()
        .enumerate()
        .filter_map(|(place, entry)| Some((entry["rev"].as_str()?, place)))
        .collect();
    let deletions = watched
        .iter()
        .filter(|entry| entry[".tag"] == "deleted")
        .count();
    assert_eq!(
        deletions,
        told.iter()
            .flatten()
            .filter(|told| told.rev.is_none())
            .count()
    );
    for told in &told {
        let places: Vec<usize> = told
            .iter()
            .filter_map(|told| told.rev.as_deref())
            .map(|rev| place[rev])
            .collect();
        // Identical bytes are never written twice here, so each success is one entry, in the client's order.
        assert!(
            places.is_sorted(),
            "a client's changes are out of order: {places:?}"
        );
    }
    let replaced: Vec<(&String, &String)> = told
        .iter()
        .flatten()
        .filter_map(|told| Some((&told.path, told.replaced.as_ref()?)))
        .collect();
    assert!(
        replaced.len() > CLIENTS,
        "hardly any update worked: {replaced:?}"
    );
    let distinct: BTreeSet<_> = replaced.iter().collect();
    assert_eq!(
        distinct.len(),
        replaced.len(),
        "a rev was replaced twice: {replaced:?}"
    );
    // An update stands right behind what it replaced.
    for told in told.iter().flatten() {
        let (Some(rev), Some(replaced)) = (&told.rev, &told.replaced) else {
            continue;
        };
        let (from, to) = (place[replaced.as_str()], place[rev.as_str()]);
        let between = watched[from + 1..to]
            .iter()
            .find(|entry| entry["path_lower"] == told.path.as_str());
        assert!(from < to && between.is_none(), "{told:?} lost {between:?}");
    }
    // The log, applied from the start, is the tree.
    let mut tree: BTreeMap<&str, &Value> = BTreeMap::new();
    for entry in &watched {
        let path = entry["path_lower"].as_str().expect("a path");
        if entry[".tag"] == "deleted" {
            tree.remove(path);
        } else {
            tree.insert(path, entry);
        }
    }
    let listed = runtime.block_on(lab.ok("files/list_folder", arg));
    let listed: Vec<&Value> = listed["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .collect();
    assert_eq!(tree.into_values().collect::<Vec<_>>(), listed);
}

#[test]
fn it_stops_while_requests_are_under_way() {
    for _ in 0..5 {
        let emulator = Emulator::start().expect("the emulator starts");
        let (url, token) = (emulator.url().to_owned(), emulator.access_token("main"));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (url, token) = (url.clone(), token.clone());
                thread::spawn(move || {
                    runtime().block_on(async {
                        let http = reqwest::Client::builder()
                            .no_proxy()
                            .build()
                            .expect("a client");
                        let mut answered = 0;
                        // Until the emulator is gone.
                        loop {
                            let arg = json!({"path": format!("/{number}"), "mode": "overwrite"});
                            let body = vec![b'x'; 1 + answered % 100_000];
                            let request = http
                                .post(format!("{url}/2/files/upload"))
                                .bearer_auth(&token)
                                .header("content-type", "application/octet-stream")
                                .header("dropbox-api-arg", arg.to_string())
                                .body(body);
                            match request.send().await {
                                Ok(reply) => assert_eq!(reply.status(), 200),
                                Err(_) => return answered,
                            }
                            answered += 1;
                        }
                    })
                })
            })
            .collect();
        while emulator.calls().of("files/upload") < 100 {
            thread::yield_now();
        }
        let start = Instant::now();
        drop(emulator);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "stopping took {:?}",
            start.elapsed()
        );
        let answered: usize = clients
            .into_iter()
            .map(|client| client.join().expect("no client panics"))
            .sum();
        assert!(answered >= 100 - CLIENTS, "{answered}");
    }
}
