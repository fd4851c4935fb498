//! A client that remembers what it was told, and what it does not know because no answer came.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Listing;
use super::process::Process;
use crate::dice::Dice;
use crate::lab::{Reply, content_hash};

const NAMES: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    id: String,
    rev: String,
    hash: String,
}

#[derive(Clone, Debug)]
struct Session {
    id: String,
    bytes: Vec<u8>,
}

/// A call that was not answered.
#[derive(Clone, Debug)]
enum Unknown {
    /// The path may hold this.
    Write {
        path: String,
        hash: String,
    },
    Append {
        session: usize,
        bytes: Vec<u8>,
    },
    Finish {
        path: String,
        session: usize,
    },
    Move {
        from: String,
        to: String,
    },
    Delete {
        path: String,
    },
    Tag {
        path: String,
        text: String,
    },
}

pub(super) struct Worker {
    folder: String,
    dice: Dice,
    files: BTreeMap<String, File>,
    /// Versions that were replaced or deleted: revs and hashes.
    old: Vec<(String, String)>,
    sessions: Vec<Session>,
    finished: Vec<String>,
    tags: BTreeMap<String, BTreeSet<String>>,
    links: BTreeMap<String, String>,
    unknown: Option<Unknown>,
}

impl Worker {
    pub(super) fn new(number: usize, dice: Dice) -> Worker {
        Worker {
            folder: format!("/w{number}"),
            dice,
            files: BTreeMap::new(),
            old: Vec::new(),
            sessions: Vec::new(),
            finished: Vec::new(),
            tags: BTreeMap::new(),
            links: BTreeMap::new(),
            unknown: None,
        }
    }

    fn path(&mut self) -> String {
        let (folder, name) = (&self.folder, self.dice.below(NAMES));
        format!("{folder}/{}/{name}", name % 3)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let count = match self.dice.below(10) {
            0 => 0,
            1 => self.dice.below(2_000_000),
            _ => self.dice.below(10_000),
        };
        let first = self.dice.next();
        (0..count as u64)
            .map(|n| {
                (first.wrapping_add(n))
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .to_le_bytes()[5]
            })
            .collect()
    }

    fn present(&mut self) -> Option<String> {
        let paths: Vec<String> = self.files.keys().cloned().collect();
        (!paths.is_empty()).then(|| self.dice.pick(&paths).clone())
    }

    fn set(&mut self, path: &str, entry: &Value) {
        let text = |name: &str| entry[name].as_str().expect(name).to_owned();
        let file = File {
            id: text("id"),
            rev: text("rev"),
            hash: text("content_hash"),
        };
        if let Some(old) = self.files.insert(path.to_owned(), file) {
            self.old.push((old.rev, old.hash));
        }
    }

    fn unset(&mut self, path: &str) -> Option<File> {
        let file = self.files.remove(path)?;
        self.old.push((file.rev.clone(), file.hash.clone()));
        Some(file)
    }

    /// Makes a call; false when no answer came, which is remembered.
    pub(super) async fn step(&mut self, process: &Process) -> bool {
        match self.dice.below(12) {
            0..=2 => self.upload(process).await,
            3 => self.start(process).await,
            4 | 5 if !self.sessions.is_empty() => self.append(process).await,
            6 if !self.sessions.is_empty() => self.finish(process).await,
            7 | 8 => self.relocate(process).await,
            9 => self.delete(process).await,
            10 => self.tag(process).await,
            _ => self.link(process).await,
        }
        .is_some()
    }

    async fn call(
        &mut self,
        process: &Process,
        route: &str,
        arg: Value,
        body: Option<Vec<u8>>,
        unknown: Option<Unknown>,
    ) -> Option<Reply> {
        let reply = process.call(route, &arg, body).await;
        if reply.is_none() {
            self.unknown = unknown;
        }
        reply
    }

    async fn upload(&mut self, process: &Process) -> Option<()> {
        let (path, bytes) = (self.path(), self.bytes());
        let hash = content_hash(&bytes);
        let unknown = Unknown::Write {
            path: path.clone(),
            hash: hash.clone(),
        };
        let arg = json!({"path": path, "mode": "overwrite"});
        let reply = self.call(process, "files/upload", arg, Some(bytes), Some(unknown));
        let entry = reply.await?.ok();
        assert_eq!(entry["content_hash"], hash);
        self.set(&path, &entry);
        Some(())
    }

    async fn start(&mut self, process: &Process) -> Option<()> {
        let bytes = self.bytes();
        let sent = Some(bytes.clone());
        let reply = self.call(process, "files/upload_session/start", json!({}), sent, None);
        let id = reply.await?.ok()["session_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        self.sessions.push(Session { id, bytes });
        Some(())
    }

    async fn append(&mut self, process: &Process) -> Option<()> {
        let (session, bytes) = (self.dice.below(self.sessions.len()), self.bytes());
        let Session { id, bytes: before } = &self.sessions[session];
        let arg = json!({"cursor": {"session_id": id, "offset": before.len()}});
        let sent = Some(bytes.clone());
        let unknown = Unknown::Append {
            session,
            bytes: bytes.clone(),
        };
        let reply = self.call(
            process,
            "files/upload_session/append_v2",
            arg,
            sent,
            Some(unknown),
        );
        reply.await?.ok();
        self.sessions[session].bytes.extend(bytes);
        Some(())
    }

    async fn finish(&mut self, process: &Process) -> Option<()> {
        let (session, path) = (self.dice.below(self.sessions.len()), self.path());
        let Session { id, bytes } = &self.sessions[session];
        let hash = content_hash(bytes);
        let arg = json!({
            "cursor": {"session_id": id, "offset": bytes.len()},
            "commit": {"path": path, "mode": "overwrite"},
        });
        let unknown = Unknown::Finish {
            path: path.clone(),
            session,
        };
        let sent = Some(Vec::new());
        let reply = self.call(
            process,
            "files/upload_session/finish",
            arg,
            sent,
            Some(unknown),
        );
        let entry = reply.await?.ok();
        assert_eq!(entry["content_hash"], hash);
        self.set(&path, &entry);
        self.finished.push(self.sessions.swap_remove(session).id);
        Some(())
    }

    async fn relocate(&mut self, process: &Process) -> Option<()> {
        let (Some(from), to) = (self.present(), self.path()) else {
            return Some(());
        };
        if self.files.contains_key(&to) {
            return Some(());
        }
        let unknown = Unknown::Move {
            from: from.clone(),
            to: to.clone(),
        };
        let arg = json!({"from_path": from, "to_path": to});
        let reply = self
            .call(process, "files/move_v2", arg, None, Some(unknown))
            .await?;
        self.unset(&from);
        self.set(&to, &reply.ok()["metadata"]);
        Some(())
    }

    async fn delete(&mut self, process: &Process) -> Option<()> {
        let Some(path) = self.present() else {
            return Some(());
        };
        let unknown = Unknown::Delete { path: path.clone() };
        let arg = json!({"path": path});
        let reply = self.call(process, "files/delete_v2", arg, None, Some(unknown));
        reply.await?.ok();
        self.unset(&path);
        Some(())
    }

    async fn tag(&mut self, process: &Process) -> Option<()> {
        let Some(path) = self.present() else {
            return Some(());
        };
        let (id, text) = (
            self.files[&path].id.clone(),
            format!("t{}", self.dice.below(20)),
        );
        let unknown = Unknown::Tag {
            path: path.clone(),
            text: text.clone(),
        };
        let arg = json!({"path": path, "tag_text": text});
        let reply = self.call(process, "files/tags/add", arg, None, Some(unknown));
        reply.await?.ok();
        self.tags.entry(id).or_default().insert(text);
        Some(())
    }

    async fn link(&mut self, process: &Process) -> Option<()> {
        let Some(path) = self.present() else {
            return Some(());
        };
        let arg = json!({"path": path});
        let route = "sharing/create_shared_link_with_settings";
        let reply = self.call(process, route, arg, None, None).await?;
        let id = self.files[&path].id.clone();
        if reply.status == 409 {
            let known = &reply.json()["error"]["shared_link_already_exists"]["metadata"]["url"];
            let known = known.as_str().expect("the link that there is").to_owned();
            assert_eq!(*self.links.entry(id).or_insert(known.clone()), known);
        } else {
            let url = reply.ok()["url"].as_str().expect("an address").to_owned();
            // One that is there already would have been told.
            assert_eq!(self.links.insert(id, url), None);
        }
        Some(())
    }

    /// Holds what is there against what was told; of what was not answered, either is right, and is known then.
    pub(super) async fn check(&mut self, process: &Process, listing: &Listing, directory: &Path) {
        if let Some(unknown) = self.unknown.take() {
            self.learn(process, listing, unknown).await;
        }
        let prefix = format!("{}/", self.folder);
        let files = listing.iter().filter(|(path, _)| path.starts_with(&prefix));
        let there: BTreeMap<&str, &(String, String)> = files
            .filter_map(|(path, file)| Some((path.as_str(), file.as_ref()?)))
            .collect();
        let told: Vec<(String, String)> = self
            .files
            .values()
            .map(|file| (file.rev.clone(), file.hash.clone()))
            .collect();
        let told: BTreeMap<&str, &(String, String)> =
            self.files.keys().map(String::as_str).zip(&told).collect();
        assert_eq!(there, told, "{}", self.folder);
        if let Some(path) = self.present() {
            let File { id, hash, .. } = self.files[&path].clone();
            assert_eq!(content_hash(&process.download(&id).await), hash);
            let plain = fs::read(directory.join(&path[1..])).expect("a plain file");
            assert_eq!(content_hash(&plain), hash);
        }
        if !self.old.is_empty() {
            let (rev, hash) = self.dice.pick(&self.old).clone();
            let contents = process.download(&format!("rev:{rev}")).await;
            assert_eq!(content_hash(&contents), hash, "{rev}");
        }
        for session in &self.sessions {
            let offset = offset(process, &session.id).await;
            assert_eq!(offset, Some(session.bytes.len()), "{}", session.id);
        }
        if !self.finished.is_empty() {
            let id = self.dice.pick(&self.finished).clone();
            assert_eq!(offset(process, &id).await, None, "it is over");
        }
        for (path, file) in &self.files {
            if let Some(url) = self.links.get(&file.id) {
                let arg = json!({ "url": url });
                let link = process.ok("sharing/get_shared_link_metadata", arg).await;
                assert_eq!(
                    (&link["id"], &link["path_lower"]),
                    (&json!(file.id), &json!(path))
                );
            }
            if let Some(tags) = self.tags.get(&file.id) {
                assert_eq!(tagged(process, path).await, *tags, "{path}");
            }
        }
    }

    async fn learn(&mut self, process: &Process, listing: &Listing, unknown: Unknown) {
        let hash_at = |path: &str| Some(listing.get(path)?.as_ref()?.1.clone());
        match unknown {
            Unknown::Write { path, hash } => {
                // Whatever it is, `check` finds it wrong unless it is the old or the new.
                if hash_at(&path) == Some(hash) {
                    self.look(process, &path).await;
                }
            }
            Unknown::Append { session, bytes } => {
                let session = &mut self.sessions[session];
                let after = session.bytes.len() + bytes.len();
                if offset(process, &session.id).await == Some(after) {
                    session.bytes.extend(bytes);
                }
            }
            Unknown::Finish { path, session } => {
                if offset(process, &self.sessions[session].id).await.is_none() {
                    let session = self.sessions.swap_remove(session);
                    assert_eq!(hash_at(&path), Some(content_hash(&session.bytes)));
                    self.look(process, &path).await;
                    self.finished.push(session.id);
                }
            }
            Unknown::Move { from, to } => {
                if hash_at(&from).is_none() {
                    let moved = self.unset(&from).expect("it was there");
                    self.look(process, &to).await;
                    assert_eq!(
                        (&self.files[&to].id, &self.files[&to].hash),
                        (&moved.id, &moved.hash)
                    );
                }
            }
            Unknown::Delete { path } => {
                if hash_at(&path).is_none() {
                    self.unset(&path);
                }
            }
            Unknown::Tag { path, text } => {
                if tagged(process, &path).await.contains(&text) {
                    let id = self.files[&path].id.clone();
                    self.tags.entry(id).or_default().insert(text);
                }
            }
        }
    }

    async fn look(&mut self, process: &Process, path: &str) {
        let entry = process
            .ok("files/get_metadata", json!({ "path": path }))
            .await;
        if self
            .files
            .get(path)
            .is_none_or(|file| entry["rev"] != file.rev)
        {
            self.set(path, &entry);
        }
    }

    /// The sessions that are still open become files, with the bytes of all their parts.
    pub(super) async fn finish_all(&mut self, process: &Process) {
        while !self.sessions.is_empty() {
            self.finish(process).await.expect("an answer");
        }
    }
}

/// How much a session has; `None` when it is over.
async fn offset(process: &Process, id: &str) -> Option<usize> {
    let arg = json!({"cursor": {"session_id": id, "offset": 1u64 << 40}});
    let reply = process
        .call("files/upload_session/append_v2", &arg, Some(Vec::new()))
        .await;
    let reply = reply.expect("an answer");
    if reply.refused() == "not_found" {
        return None;
    }
    let offset = reply.json()["error"]["correct_offset"].as_u64();
    usize::try_from(offset.expect("an offset")).ok()
}

async fn tagged(process: &Process, path: &str) -> BTreeSet<String> {
    let answer = process.ok("files/tags/get", json!({"paths": [path]})).await;
    let tags = answer["paths_to_tags"][0]["tags"]
        .as_array()
        .expect("tags")
        .clone();
    let text = |tag: &Value| tag["tag_text"].as_str().expect("a text").to_owned();
    tags.iter().map(text).collect()
}
