//! Changes at Dropbox that a run made, told to whoever watches there.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Client;
use crate::api::{Effect, Route};

/// A change at Dropbox that a script made.
#[derive(Debug, Clone)]
pub struct RemoteChange {
    /// The account, and how it is seen.
    pub(crate) account: String,
    pub(crate) what: Changed,
}

/// What became of a file or folder at Dropbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changed {
    /// There is this version of a file.
    Written {
        path_lower: String,
        id: String,
        rev: String,
    },
    /// It is gone, and all below it.
    Removed { path_lower: String },
}

/// Hears of each change at Dropbox that the run made.
#[derive(Clone, Default)]
pub(crate) struct OnChange(Option<Arc<HearsChanges>>);

type HearsChanges = dyn Fn(&RemoteChange) + Send + Sync;

impl OnChange {
    pub(crate) fn new(on_change: impl Fn(&RemoteChange) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(on_change)))
    }
}

impl fmt::Debug for OnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnChange")
    }
}

impl Client {
    /// What tells the account and the way that it is seen from others.
    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.0.owner, self.view().identity())
    }

    /// The run changed something.
    pub(super) fn tell(&self, what: Changed) {
        if let OnChange(Some(on_change)) = self.guards().on_change() {
            on_change(&RemoteChange {
                account: self.identity(),
                what,
            });
        }
    }

    /// Tells what the answer of a call says that it changed, if somebody hears.
    pub(super) fn tell_of_answer(&self, route: &Route<'_>, body: &[u8]) {
        if self.guards().on_change().0.is_none() || !may_tell(route) {
            return;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(body) else {
            return;
        };
        if route.effect == Effect::Deletes {
            if let Some(path) = answer["metadata"]["path_lower"].as_str() {
                let path_lower = path.to_owned();
                self.tell(Changed::Removed { path_lower });
            }
            return;
        }
        let mut files = Vec::new();
        find_files(&answer, &mut files);
        for file in files {
            self.tell(file);
        }
    }
}

/// Whether the answer of a route has what it changed: the route that did it, or one that asks how a job went.
fn may_tell(route: &Route<'_>) -> bool {
    route.effect != Effect::Reads || route.name.contains("/check")
}

/// The descriptions of files in an answer, wherever they are.
fn find_files(answer: &Value, files: &mut Vec<Changed>) {
    match answer {
        Value::Object(fields) => match file(fields) {
            Some(file) => files.push(file),
            None => fields.values().for_each(|value| find_files(value, files)),
        },
        Value::Array(values) => values.iter().for_each(|value| find_files(value, files)),
        _ => {}
    }
}

fn file(fields: &Map<String, Value>) -> Option<Changed> {
    let text = |name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Changed::Written {
        path_lower: text("path_lower")?,
        id: text("id")?,
        rev: text("rev")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_the_answers_of_batches() {
        let answer = serde_json::json!({ ".tag": "complete", "entries": [
            { ".tag": "success", "success": { ".tag": "file", "path_lower": "/a", "id": "id:1", "rev": "01", "size": 1 } },
            { ".tag": "failure", "failure": { ".tag": "other" } },
            { ".tag": "success", "path_lower": "/b", "id": "id:2", "rev": "02" },
        ] });
        let mut files = Vec::new();
        find_files(&answer, &mut files);
        let written = |path: &str, id: &str, rev: &str| Changed::Written {
            path_lower: path.to_owned(),
            id: id.to_owned(),
            rev: rev.to_owned(),
        };
        assert_eq!(
            files,
            [written("/a", "id:1", "01"), written("/b", "id:2", "02")]
        );
    }
}
