//! Plays steps on both sides and compares.

use std::cell::Cell;
use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::names::{NAMES, key};
use super::rules::{self, Kind, Path, Tree, Verdict, parent};
use super::{Commit, Mode, Names, Offset, Step};
use crate::lab::{Lab, Reply};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) worked: Cell<usize>,
    pub(super) refused: Cell<usize>,
}

/// A session as it should be.
struct Session {
    id: Value,
    concurrent: bool,
    closed: bool,
    bytes: Vec<u8>,
}

/// A listing that is carried on, and what a client knows from it.
struct Listing {
    cursor: Value,
    folder: String,
    recursive: bool,
    /// Paths, each with the id, and the rev of files.
    known: BTreeMap<String, (String, Option<String>)>,
    complete: bool,
}

pub(super) struct Driver<'a> {
    lab: &'a Lab,
    tally: &'a Tally,
    account: String,
    token: String,
    tree: Tree,
    sessions: [Option<Session>; 3],
    listings: [Option<Listing>; 3],
    pub(super) diary: Vec<String>,
}

type Outcome = Result<(), String>;

macro_rules! agree {
    ($condition:expr, $($why:tt)*) => {
        if !$condition {
            return Err(format!($($why)*));
        }
    };
}

fn path(names: &Names) -> Path {
    let given: String = names
        .iter()
        .flat_map(|index| ["/", NAMES[*index].0])
        .collect();
    Path {
        key: key(&given),
        given,
    }
}

fn content(which: usize) -> Vec<u8> {
    vec![b'a' + u8::try_from(which).expect("few"); which]
}

impl<'a> Driver<'a> {
    pub(super) fn new(lab: &'a Lab, number: usize, tally: &'a Tally) -> Driver<'a> {
        let account = format!("model-{number}");
        let token = lab.emulator.access_token(&account);
        let (sessions, listings) = ([None, None, None], [None, None, None]);
        Driver {
            lab,
            tally,
            account,
            token,
            tree: Tree::default(),
            sessions,
            listings,
            diary: Vec::new(),
        }
    }

    pub(super) async fn play(&mut self, steps: &[Step]) -> Outcome {
        for step in steps {
            self.step(step).await?;
            self.compare().await?;
        }
        for (key, item) in &self.tree.items {
            let holds = self.lab.emulator.contents(&self.account, key);
            match &item.kind {
                Kind::File(content, _) => agree!(
                    holds.as_deref() == Some(content),
                    "`{key}` holds {holds:?}, not {content:?}"
                ),
                Kind::Folder => agree!(holds.is_none(), "the folder `{key}` holds {holds:?}"),
            }
        }
        Ok(())
    }

    async fn call(&mut self, route: &str, arg: Value, body: Option<Vec<u8>>) -> Reply {
        let request = self
            .lab
            .request(Method::POST, &format!("/2/{route}"))
            .bearer_auth(&self.token);
        let request = match body {
            None => request
                .header("content-type", "application/json")
                .body(arg.to_string()),
            Some(body) => {
                let escaped: String = arg.to_string().chars().flat_map(header_safe).collect();
                request
                    .header("content-type", "application/octet-stream")
                    .header("dropbox-api-arg", escaped)
                    .body(body)
            }
        };
        let reply = Reply::of(request).await.expect("an answer");
        // Not what is compared with after each step.
        if route != "files/list_folder" || !arg["limit"].is_null() {
            self.diary.push(format!(
                "{route} {arg} -> {} {}",
                reply.status,
                reply.text()
            ));
        }
        reply
    }

    /// Holds an answer to the verdict. When both worked, says where the item is.
    fn agreed(
        &self,
        verdict: Verdict,
        prefix: &str,
        reply: &Reply,
        metadata: &Value,
    ) -> Result<Option<Path>, String> {
        match verdict {
            Err(errors) => {
                agree!(
                    reply.status == 409,
                    "{errors:?} expected, got {} {}",
                    reply.status,
                    reply.text()
                );
                let summary = reply.summary();
                let expected = errors
                    .iter()
                    .any(|error| summary == format!("{prefix}{error}"));
                agree!(expected, "{errors:?} expected, got {summary}");
                self.tally.refused.set(self.tally.refused.get() + 1);
                Ok(None)
            }
            Ok(paths) => {
                agree!(
                    reply.status == 200,
                    "success expected, got {} {}",
                    reply.status,
                    reply.text()
                );
                let lower = metadata["path_lower"].as_str();
                let place = paths.iter().find(|path| Some(path.key.as_str()) == lower);
                let place =
                    place.ok_or_else(|| format!("one of {paths:?} expected, got {metadata}"))?;
                self.tally.worked.set(self.tally.worked.get() + 1);
                Ok(Some(place.clone()))
            }
        }
    }

    fn count(&self, reply: &Reply) {
        let tally = if reply.status == 200 {
            &self.tally.worked
        } else {
            &self.tally.refused
        };
        tally.set(tally.get() + 1);
    }

    #[allow(clippy::unnecessary_wraps, reason = "it stands for a step")]
    fn skip(&self) -> Outcome {
        self.tally.worked.set(self.tally.worked.get() + 1);
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Upload(commit, bytes) => {
                let (commit, mut arg) = self.commit(commit);
                arg["mute"] = true.into();
                let reply = self.call("files/upload", arg, Some(content(*bytes))).await;
                self.committed(&commit, content(*bytes), "path/", &reply)
            }
            Step::Folder {
                path: names,
                autorename,
            } => {
                let path = path(names);
                let arg = json!({"path": path.given, "autorename": autorename});
                let reply = self.call("files/create_folder_v2", arg, None).await;
                let verdict = self.tree.judge_folder(&path, *autorename);
                if let Some(place) =
                    self.agreed(verdict, "", &reply, &result(&reply)["metadata"])?
                {
                    self.tree.insert(&place, None, Kind::Folder);
                }
                Ok(())
            }
            Step::Delete { path: names, rev } => {
                let path = path(names);
                // What a rev means for a folder is not told.
                let file = self
                    .tree
                    .items
                    .get(&path.key)
                    .is_some_and(|item| item.rev().is_some());
                let rev = rev.filter(|_| file).map(|mode| self.rev(&path.key, mode));
                let arg = json!({"path": path.given, "parent_rev": rev});
                let reply = self.call("files/delete_v2", arg, None).await;
                let verdict = self.tree.judge_deletion(&path.key, rev.as_deref());
                if self
                    .agreed(verdict, "", &reply, &result(&reply)["metadata"])?
                    .is_some()
                {
                    self.tree.remove(&path.key);
                }
                Ok(())
            }
            Step::Move {
                from,
                to,
                autorename,
            } => {
                self.relocate(&path(from), &path(to), *autorename, false)
                    .await
            }
            Step::Copy {
                from,
                to,
                autorename,
            } => {
                self.relocate(&path(from), &path(to), *autorename, true)
                    .await
            }
            Step::Restore {
                path: names,
                version,
                of_other,
            } => self.restore(&path(names), *version, *of_other).await,
            Step::Look {
                path: names,
                deleted,
            } => self.look(&path(names), *deleted).await,
            Step::Start { .. } | Step::Append { .. } | Step::Finish { .. } => {
                self.session(step).await
            }
            Step::List { .. } | Step::Continue { .. } => self.listing(step).await,
        }
    }

    fn rev(&self, key: &str, mode: Mode) -> String {
        let current = self.tree.items.get(key).and_then(rules::Item::rev);
        let known = match mode {
            Mode::Current => current,
            Mode::Old(which) => {
                let versions = self.tree.history.get(key);
                versions.map(|versions| versions[which % versions.len()].0.as_str())
            }
            _ => None,
        };
        known.unwrap_or("0123456789abcdef").to_owned()
    }

    fn commit(&self, commit: &Commit) -> (rules::Commit, Value) {
        let path = path(&commit.path);
        let (mode, tag) = match commit.mode {
            Mode::Add => (rules::Mode::Add, json!("add")),
            Mode::Overwrite => (rules::Mode::Overwrite, json!({".tag": "overwrite"})),
            mode => {
                let rev = self.rev(&path.key, mode);
                (
                    rules::Mode::Update(rev.clone()),
                    json!({".tag": "update", "update": rev}),
                )
            }
        };
        let (autorename, strict) = (commit.autorename, commit.strict);
        let arg = json!({"path": path.given, "mode": tag, "autorename": autorename, "strict_conflict": strict});
        (
            rules::Commit {
                path,
                mode,
                autorename,
                strict,
            },
            arg,
        )
    }

    fn committed(
        &mut self,
        commit: &rules::Commit,
        content: Vec<u8>,
        prefix: &str,
        reply: &Reply,
    ) -> Outcome {
        let verdict = self.tree.judge_commit(commit, &content);
        if let Some(place) = self.agreed(verdict, prefix, reply, &result(reply))? {
            self.tree.put(&place, content);
        }
        Ok(())
    }

    async fn relocate(
        &mut self,
        from: &Path,
        to: &Path,
        autorename: bool,
        copies: bool,
    ) -> Outcome {
        // What a move to the very same path comes to is not told.
        if !copies && from.given == to.given {
            return self.skip();
        }
        let arg = json!({"from_path": from.given, "to_path": to.given, "autorename": autorename});
        let route = if copies {
            "files/copy_v2"
        } else {
            "files/move_v2"
        };
        let reply = self.call(route, arg, None).await;
        let verdict = self
            .tree
            .judge_relocation(&from.key, to, copies, autorename);
        if let Some(place) = self.agreed(verdict, "", &reply, &result(&reply)["metadata"])? {
            self.tree.relocate(&from.key, &place, copies);
        }
        Ok(())
    }

    async fn restore(&mut self, path: &Path, version: usize, of_other: bool) -> Outcome {
        let other = self.tree.history.keys().next().filter(|_| of_other);
        let versions = self.tree.history.get(other.unwrap_or(&path.key));
        let version = versions.map(|versions| versions[version % versions.len()].clone());
        let (rev, content) = version.unwrap_or_else(|| ("0123456789abcdef".to_owned(), Vec::new()));
        let reply = self
            .call(
                "files/restore",
                json!({"path": path.given, "rev": rev}),
                None,
            )
            .await;
        let verdict = self.tree.judge_restoring(path, &rev);
        if self.agreed(verdict, "", &reply, &result(&reply))?.is_some() {
            // The name comes back in a form that it had; which one is not told.
            let shown = result(&reply)["path_display"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let place = Path {
                key: path.key.clone(),
                given: shown,
            };
            agree!(
                key(&place.given) == path.key,
                "restored as `{}`",
                place.given
            );
            self.tree.put(&place, content);
            if let Some(rules::Item {
                kind: Kind::File(_, known),
                ..
            }) = self.tree.items.get_mut(&path.key)
            {
                *known = None;
            }
        }
        Ok(())
    }

    async fn look(&mut self, path: &Path, deleted: bool) -> Outcome {
        let reply = self
            .call(
                "files/get_metadata",
                json!({"path": path.given, "include_deleted": deleted}),
                None,
            )
            .await;
        self.count(&reply);
        let tag = match self.tree.items.get(&path.key) {
            Some(item) if item.rev().is_some() => "file",
            Some(_) => "folder",
            None if deleted && self.tree.deleted.contains(&path.key) => "deleted",
            None => {
                agree!(
                    reply.status == 409 && reply.summary() == "path/not_found",
                    "not found expected, got {}",
                    reply.text()
                );
                return Ok(());
            }
        };
        agree!(
            result(&reply)[".tag"] == tag,
            "{tag} expected, got {}",
            reply.text()
        );
        Ok(())
    }

    async fn session(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Start {
                slot,
                bytes,
                concurrent,
            } => {
                let kind = if *concurrent {
                    "concurrent"
                } else {
                    "sequential"
                };
                let reply = self
                    .call(
                        "files/upload_session/start",
                        json!({"session_type": kind}),
                        Some(content(*bytes)),
                    )
                    .await;
                self.count(&reply);
                if *concurrent && *bytes > 0 {
                    agree!(
                        reply.status == 409
                            && reply.summary() == "concurrent_session_data_not_allowed",
                        "{}",
                        reply.text()
                    );
                    return Ok(());
                }
                agree!(reply.status == 200, "{}", reply.text());
                let id = result(&reply)["session_id"].clone();
                let bytes = content(*bytes);
                self.sessions[*slot] = Some(Session {
                    id,
                    concurrent: *concurrent,
                    closed: false,
                    bytes,
                });
                Ok(())
            }
            Step::Append {
                slot,
                offset,
                bytes,
                close,
            } => self.append(*slot, *offset, content(*bytes), *close).await,
            Step::Finish {
                slot,
                offset,
                bytes,
                commit,
            } => self.finish(*slot, *offset, content(*bytes), commit).await,
            _ => unreachable!("only steps of sessions come here"),
        }
    }

    async fn append(
        &mut self,
        slot: usize,
        offset: Offset,
        bytes: Vec<u8>,
        close: bool,
    ) -> Outcome {
        let Some(session) = self.sessions[slot].take() else {
            return self.skip();
        };
        // Which of two errors comes first, and what it means to close twice, is not told.
        if session.closed
            && (matches!(offset, Offset::Wrong) || bytes.is_empty() || session.concurrent)
        {
            self.sessions[slot] = Some(session);
            return self.skip();
        }
        let right = session.bytes.len();
        let at = if matches!(offset, Offset::Wrong) {
            right + 1
        } else {
            right
        };
        let expected = match (&session, offset) {
            (
                Session {
                    concurrent: true, ..
                },
                Offset::Wrong,
            ) => Some("concurrent_session_invalid_offset"),
            (
                Session {
                    concurrent: true, ..
                },
                _,
            ) if !close && !bytes.is_empty() => Some("concurrent_session_invalid_data_size"),
            (_, Offset::Wrong) => Some("incorrect_offset"),
            (Session { closed: true, .. }, _) => Some("closed"),
            _ => None,
        };
        let arg = json!({"cursor": {"session_id": session.id, "offset": at}, "close": close});
        let mut session = session;
        let reply = self
            .call("files/upload_session/append_v2", arg, Some(bytes.clone()))
            .await;
        self.count(&reply);
        let agrees = match expected {
            Some(error) => reply.status == 409 && reply.summary() == error,
            None => reply.status == 200,
        };
        agree!(agrees, "{expected:?} expected, got {}", reply.text());
        if expected == Some("incorrect_offset") {
            let correct = reply.json()["error"]["correct_offset"].clone();
            agree!(correct == right, "{right} is correct, not {correct}");
        }
        if expected.is_none() {
            session.bytes.extend(bytes);
            session.closed |= close;
        }
        self.sessions[slot] = Some(session);
        Ok(())
    }

    async fn finish(
        &mut self,
        slot: usize,
        offset: Offset,
        bytes: Vec<u8>,
        commit: &Commit,
    ) -> Outcome {
        let Some(mut session) = self.sessions[slot].take() else {
            return self.skip();
        };
        let (commit, arg) = self.commit(commit);
        let right = session.bytes.len();
        let wrong = matches!(offset, Offset::Wrong);
        let at = if wrong { right + 1 } else { right };
        let more = !bytes.is_empty();
        let expected: &[&str] = match &session {
            // Which error comes first is not told.
            Session {
                concurrent: true,
                closed: false,
                ..
            } => &[
                "concurrent_session_not_closed",
                "concurrent_session_data_not_allowed",
            ],
            Session {
                concurrent: true, ..
            } if more => &[
                "concurrent_session_data_not_allowed",
                "lookup_failed/incorrect_offset",
            ],
            _ if wrong => &["lookup_failed/incorrect_offset"],
            Session { closed: true, .. } if more => &["lookup_failed/closed"],
            _ => &[],
        };
        let arg = json!({"cursor": {"session_id": session.id, "offset": at}, "commit": arg});
        let reply = self
            .call("files/upload_session/finish", arg, Some(bytes.clone()))
            .await;
        if !expected.is_empty() {
            self.count(&reply);
            let agrees = reply.status == 409 && expected.contains(&reply.summary().as_str());
            agree!(agrees, "{expected:?} expected, got {}", reply.text());
            self.sessions[slot] = Some(session);
            return Ok(());
        }
        session.bytes.extend(bytes);
        self.committed(&commit, session.bytes.clone(), "path/", &reply)?;
        if reply.status != 200 {
            // What was sent is kept for another try.
            self.sessions[slot] = Some(session);
        }
        Ok(())
    }

    async fn listing(&mut self, step: &Step) -> Outcome {
        match step {
            Step::List {
                slot,
                path: names,
                recursive,
                limit,
                at_end,
            } => {
                let folder = path(names);
                let arg = json!({"path": folder.given, "recursive": recursive, "limit": limit});
                let route = if *at_end {
                    "files/list_folder/get_latest_cursor"
                } else {
                    "files/list_folder"
                };
                let reply = self.call(route, arg, None).await;
                self.count(&reply);
                let expected = match self.tree.items.get(&folder.key) {
                    Some(item) if item.rev().is_some() => Some("path/not_folder"),
                    None if !folder.key.is_empty() => Some("path/not_found"),
                    _ => None,
                };
                if let Some(error) = expected {
                    agree!(
                        reply.status == 409 && reply.summary() == error,
                        "{error} expected, got {}",
                        reply.text()
                    );
                    return Ok(());
                }
                let mut listing = Listing {
                    cursor: Value::Null,
                    folder: folder.key,
                    recursive: *recursive,
                    known: BTreeMap::new(),
                    complete: *at_end,
                };
                if *at_end {
                    listing.cursor = result(&reply)["cursor"].clone();
                    listing.known = self.scope(&listing);
                } else {
                    listing.take_in(&result(&reply));
                }
                self.check(&listing)?;
                self.listings[*slot] = Some(listing);
                Ok(())
            }
            Step::Continue { slot, pages } => {
                let Some(mut listing) = self.listings[*slot].take() else {
                    return self.skip();
                };
                for _ in 0..*pages {
                    let reply = self
                        .call(
                            "files/list_folder/continue",
                            json!({"cursor": listing.cursor}),
                            None,
                        )
                        .await;
                    agree!(reply.status == 200, "{}", reply.text());
                    listing.take_in(&result(&reply));
                    if listing.complete {
                        break;
                    }
                }
                self.check(&listing)?;
                self.listings[*slot] = Some(listing);
                self.skip()
            }
            _ => unreachable!("only steps of listings come here"),
        }
    }

    /// What a complete listing must hold.
    fn scope(&self, listing: &Listing) -> BTreeMap<String, (String, Option<String>)> {
        let below = format!("{}/", listing.folder);
        let items = self.tree.items.iter().filter(|(path, _)| {
            path.starts_with(&below) && (listing.recursive || parent(path) == listing.folder)
        });
        items
            .map(|(path, item)| {
                let id = item.id.clone().unwrap_or_default();
                (path.clone(), (id, item.rev().map(str::to_owned)))
            })
            .collect()
    }

    fn check(&self, listing: &Listing) -> Outcome {
        let there = self.scope(listing);
        agree!(
            !listing.complete || listing.known == there,
            "a cursor told {:#?}, but there is {there:#?}",
            listing.known
        );
        Ok(())
    }

    /// Compares the whole tree, and takes over the ids and revs that the service has given.
    async fn compare(&mut self) -> Outcome {
        let reply = self
            .call(
                "files/list_folder",
                json!({"path": "", "recursive": true}),
                None,
            )
            .await;
        let listed = result(&reply);
        let entries = listed["entries"].as_array().cloned().unwrap_or_default();
        let there: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry["path_lower"].as_str())
            .collect();
        let expected: Vec<String> = self.tree.items.keys().cloned().collect();
        agree!(
            there.len() == expected.len(),
            "{expected:?} expected, there is {there:?}"
        );
        for entry in &entries {
            let path = entry["path_lower"].as_str().unwrap_or_default();
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let Some(item) = self.tree.items.get_mut(path) else {
                return Err(format!("{expected:?} expected, there is {there:?}"));
            };
            agree!(
                text("path_display") == item.display,
                "`{}` is shown as {entry}",
                item.display
            );
            agree!(
                item.display.ends_with(&format!("/{}", text("name"))),
                "`{}` has the name in {entry}",
                item.display
            );
            let id = item.id.get_or_insert_with(|| text("id"));
            agree!(*id == text("id"), "`{path}` had the id {id}: {entry}");
            match &mut item.kind {
                Kind::Folder => agree!(entry[".tag"] == "folder", "a folder expected: {entry}"),
                Kind::File(content, rev) => {
                    agree!(entry[".tag"] == "file", "a file expected: {entry}");
                    agree!(
                        entry["size"] == content.len(),
                        "{} bytes expected: {entry}",
                        content.len()
                    );
                    let versions = self.tree.history.entry(path.to_owned()).or_default();
                    let told = text("rev");
                    if let Some(known) = rev {
                        agree!(*known == told, "`{path}` had the rev {known}: {entry}");
                        continue;
                    }
                    *rev = Some(told.clone());
                    if !versions.iter().any(|(known, _)| *known == told) {
                        versions.push((told, content.clone()));
                    }
                }
            }
        }
        let mut ids: Vec<String> = self
            .tree
            .items
            .values()
            .filter_map(|item| item.id.clone())
            .collect();
        ids.sort();
        ids.dedup();
        agree!(
            ids.len() == entries.len(),
            "two items have one id: {entries:?}"
        );
        Ok(())
    }
}

impl Listing {
    /// Does what a client does with a page.
    fn take_in(&mut self, page: &Value) {
        for entry in page["entries"].as_array().into_iter().flatten() {
            let path = entry["path_lower"].as_str().unwrap_or_default().to_owned();
            let below = format!("{path}/");
            if entry[".tag"] != "folder" {
                self.known.retain(|known, _| !known.starts_with(&below));
            }
            // The listed folder itself is not a part of what it holds.
            if entry[".tag"] == "deleted" || path == self.folder {
                self.known.remove(&path);
                continue;
            }
            let text = |name: &str| entry[name].as_str().map(str::to_owned);
            self.known
                .insert(path, (text("id").unwrap_or_default(), text("rev")));
        }
        self.cursor = page["cursor"].clone();
        self.complete = page["has_more"] == false;
    }
}

fn result(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

fn header_safe(c: char) -> Vec<char> {
    if c.is_ascii() {
        return vec![c];
    }
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units).iter();
    units
        .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>())
        .collect()
}
