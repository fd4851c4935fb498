//! Plays steps on both sides and compares.

use std::cell::Cell;

use reqwest::Method;
use serde_json::{Value, json};

use super::names::{NAMES, key};
use super::rules::{self, Kind, Path, Tree, Verdict};
use super::{Commit, Mode, Names, Step};
use crate::lab::{Lab, Reply};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) worked: Cell<usize>,
    pub(super) refused: Cell<usize>,
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

mod listings;
mod reading;
mod sessions;

use listings::Listing;
use sessions::Session;

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
            Step::Versions { path: names, limit } => self.versions(&path(names), *limit).await,
            Step::Archive { path: names } => self.archive(&path(names)).await,
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
