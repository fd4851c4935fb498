//! The rules of a tree as the reference tells them, and nothing else: slow, plain, without HTTP.

use std::collections::{BTreeMap, BTreeSet};

/// A path: the form that counts, and the form as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) key: String,
    pub(super) given: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    /// What it holds, and its rev, `None` where the service has not told it yet.
    File(Vec<u8>, Option<String>),
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) display: String,
    /// `None` until the service has told it.
    pub(super) id: Option<String>,
    pub(super) kind: Kind,
}

impl Item {
    fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(..))
    }

    pub(super) fn rev(&self) -> Option<&str> {
        match &self.kind {
            Kind::File(_, rev) => rev.as_deref(),
            Kind::Folder => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Add,
    Overwrite,
    Update(String),
}

#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) path: Path,
    pub(super) mode: Mode,
    pub(super) autorename: bool,
    pub(super) strict: bool,
}

/// What a call must come to: where the item is then, under one of these paths, or one of these errors.
pub(super) type Verdict = Result<Vec<Path>, Vec<&'static str>>;

fn refused<T>(error: &'static str) -> Result<T, Vec<&'static str>> {
    Err(vec![error])
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) items: BTreeMap<String, Item>,
    pub(super) deleted: BTreeSet<String>,
    /// The revs that a path has held, with the contents and the form of the name.
    pub(super) history: BTreeMap<String, Vec<(String, Vec<u8>)>>,
}

pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn within(path: &str, folder: &str) -> bool {
    path.starts_with(&format!("{folder}/"))
}

impl Tree {
    fn below_a_file(&self, key: &str) -> bool {
        let mut folder = parent(key);
        while !folder.is_empty() {
            if self.items.get(folder).is_some_and(Item::is_file) {
                return true;
            }
            folder = parent(folder);
        }
        false
    }

    fn conflict(&self, key: &str) -> Option<&'static str> {
        Some(if self.items.get(key)?.is_file() {
            "conflict/file"
        } else {
            "conflict/folder"
        })
    }

    /// The names that something may get in place of a taken one. Whether a folder's name has an extension is not told.
    fn renamed(&self, taken: &Path, update: bool, folders: bool) -> Vec<Path> {
        let (above, name) = taken.given.rsplit_once('/').expect("a path");
        let split = name.rfind('.').filter(|dot| *dot > 0).unwrap_or(name.len());
        let mut splits = vec![split];
        if folders {
            splits.push(name.len());
        }
        let candidate = |split: usize, number: usize| {
            let mark = match (update, number) {
                (true, 2) => "conflicted copy".to_owned(),
                (true, number) => format!("conflicted copy {}", number - 1),
                (false, number) => number.to_string(),
            };
            let name = format!("{} ({mark}){}", &name[..split], &name[split..]);
            let given = format!("{above}/{name}");
            Path {
                key: super::names::key(&given),
                given,
            }
        };
        let free = |split| {
            let numbers = 2..1000;
            let mut candidates = numbers.map(|number| candidate(split, number));
            candidates
                .find(|path| !self.items.contains_key(&path.key))
                .expect("a free name")
        };
        splits.into_iter().map(free).collect()
    }

    pub(super) fn judge_commit(&self, commit: &Commit, content: &[u8]) -> Verdict {
        let key = &commit.path.key;
        if self.below_a_file(key) {
            return refused("conflict/file_ancestor");
        }
        let update = matches!(commit.mode, Mode::Update(_));
        let here = vec![commit.path.clone()];
        let conflict = match self.items.get(key) {
            None if update && commit.strict => "conflict/file",
            None => return Ok(here),
            Some(Item {
                kind: Kind::Folder, ..
            }) => "conflict/folder",
            Some(Item {
                kind: Kind::File(old, rev),
                ..
            }) => {
                let same = old == content;
                let fits = match &commit.mode {
                    Mode::Add => false,
                    Mode::Overwrite => true,
                    Mode::Update(wanted) => rev.as_ref() == Some(wanted),
                };
                if (same && !commit.strict) || (!same && fits) {
                    return Ok(here);
                }
                "conflict/file"
            }
        };
        if commit.autorename {
            return Ok(self.renamed(&commit.path, update, false));
        }
        refused(conflict)
    }

    pub(super) fn judge_folder(&self, path: &Path, autorename: bool) -> Verdict {
        if self.below_a_file(&path.key) {
            return refused("path/conflict/file_ancestor");
        }
        match self.conflict(&path.key) {
            None => Ok(vec![path.clone()]),
            Some(_) if autorename => Ok(self.renamed(path, false, true)),
            Some("conflict/file") => refused("path/conflict/file"),
            Some(_) => refused("path/conflict/folder"),
        }
    }

    pub(super) fn judge_relocation(
        &self,
        from: &str,
        to: &Path,
        copies: bool,
        autorename: bool,
    ) -> Verdict {
        let Some(item) = self.items.get(from) else {
            return refused("from_lookup/not_found");
        };
        if !copies && to.key == from {
            let given = item.display.clone();
            return Ok(vec![Path {
                key: from.to_owned(),
                given,
            }]);
        }
        if within(&to.key, from) {
            return Err(match (item.is_file(), copies) {
                (true, _) => vec!["to/conflict/file_ancestor", "duplicated_or_nested_paths"],
                (false, true) => vec!["duplicated_or_nested_paths", "cant_move_folder_into_itself"],
                (false, false) => vec!["cant_move_folder_into_itself"],
            });
        }
        if self.below_a_file(&to.key) {
            return refused("to/conflict/file_ancestor");
        }
        match self.conflict(&to.key) {
            None => Ok(vec![to.clone()]),
            Some(_) if autorename => Ok(self.renamed(to, false, !item.is_file())),
            Some("conflict/file") => refused("to/conflict/file"),
            Some(_) => refused("to/conflict/folder"),
        }
    }

    pub(super) fn judge_deletion(&self, key: &str, parent_rev: Option<&str>) -> Verdict {
        match self.items.get(key) {
            None => refused("path_lookup/not_found"),
            Some(item) if parent_rev.is_some() && item.rev() != parent_rev => {
                refused("path_write/conflict/file")
            }
            Some(item) => Ok(vec![Path {
                key: key.to_owned(),
                given: item.display.clone(),
            }]),
        }
    }

    pub(super) fn judge_restoring(&self, path: &Path, rev: &str) -> Verdict {
        let Some(versions) = self.history.get(&path.key) else {
            return refused("path_lookup/not_found");
        };
        if !versions.iter().any(|(known, _)| known == rev) {
            return refused("invalid_revision");
        }
        if self.below_a_file(&path.key) {
            return refused("path_write/conflict/file_ancestor");
        }
        match self.conflict(&path.key) {
            Some("conflict/folder") => refused("path_write/conflict/folder"),
            _ => Ok(vec![path.clone()]),
        }
    }

    /// Puts a file somewhere; a file that is there keeps its id and the form of its name.
    pub(super) fn put(&mut self, path: &Path, content: Vec<u8>) {
        if let Some(Item {
            kind: Kind::File(old, rev),
            ..
        }) = self.items.get_mut(&path.key)
        {
            if *old != content {
                (*old, *rev) = (content, None);
            }
            return;
        }
        self.insert(path, None, Kind::File(content, None));
    }

    pub(super) fn insert(&mut self, path: &Path, id: Option<String>, kind: Kind) {
        let (above, given_above) = (parent(&path.key), parent(&path.given));
        if !above.is_empty() && !self.items.contains_key(above) {
            let folder = Path {
                key: above.to_owned(),
                given: given_above.to_owned(),
            };
            self.insert(&folder, None, Kind::Folder);
        }
        let shown = self.items.get(above).map_or("", |folder| &folder.display);
        let name = &path.given[given_above.len()..];
        let display = format!("{shown}{name}");
        self.deleted.remove(&path.key);
        self.items
            .insert(path.key.clone(), Item { display, id, kind });
    }

    /// Takes out an item with all below it.
    pub(super) fn remove(&mut self, key: &str) -> Vec<(String, Item)> {
        let all = std::mem::take(&mut self.items).into_iter();
        let (gone, kept): (Vec<_>, Vec<_>) =
            all.partition(|(path, _)| path == key || within(path, key));
        self.items.extend(kept);
        self.deleted
            .extend(gone.iter().map(|(path, _)| path.clone()));
        gone
    }

    pub(super) fn relocate(&mut self, from: &str, to: &Path, copies: bool) {
        if from == to.key {
            return;
        }
        let top = self.items[from].display.len();
        let branch = if copies {
            let all = self
                .items
                .iter()
                .filter(|(path, _)| *path == from || within(path, from));
            all.map(|(path, item)| (path.clone(), item.clone()))
                .collect()
        } else {
            self.remove(from)
        };
        for (path, item) in branch {
            let target = Path {
                key: format!("{}{}", to.key, &path[from.len()..]),
                given: format!("{}{}", to.given, &item.display[top..]),
            };
            let kind = match item.kind {
                Kind::File(content, _) => Kind::File(content, None),
                Kind::Folder => Kind::Folder,
            };
            self.insert(&target, if copies { None } else { item.id }, kind);
        }
    }
}
