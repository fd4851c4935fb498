//! An account, a folder here, and what each of them holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Error, Outcome, Report};

use super::faults::harm;
use crate::support::{Dice, noise};

/// Files by their paths below a folder, with what they hold.
pub(super) type Tree = BTreeMap<String, Vec<u8>>;

/// An account with a folder here.
pub(super) struct World {
    pub(super) emulator: Emulator,
    pub(super) dbx: Connection,
    folder: tempfile::TempDir,
    dice: Dice,
    pub(super) transferred: u64,
    /// The names of copies that could not be put in their places, and that a task told of.
    aside: BTreeSet<String>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let emulator = Emulator::builder().seed(seed).start().unwrap();
        // By a refresh token, so that one that has expired is renewed.
        let dbx = Connection::builder("main")
            .endpoint(emulator.url())
            .refresh_token(emulator.refresh_token("main"))
            .app_key("emulator-app")
            .timeout(Duration::from_millis(1_500))
            .build()
            .unwrap();
        Self {
            emulator,
            dbx,
            folder: tempfile::tempdir().unwrap(),
            dice: Dice(seed),
            transferred: 0,
            aside: BTreeSet::new(),
        }
    }

    pub(super) fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.local(name).display().to_string()
    }

    /// A few files of all sizes, no two alike.
    pub(super) fn tree(&mut self) -> Tree {
        let count = 4 + self.dice.below(16);
        let mut tree = Tree::new();
        for number in 0..count {
            let folder = *self.dice.pick(&["", "sub/", "sub/deep/", "ü ☃/"]);
            let size = match self.dice.below(60) {
                0 => 0,
                1 => 9 << 20,
                2..=5 => 100_000 + self.dice.below(400_000),
                _ => 8 + self.dice.below(5_000),
            };
            let mut contents = noise(size);
            let salt = self.dice.below(usize::MAX).to_le_bytes();
            for (byte, salt) in contents.iter_mut().zip(salt) {
                *byte ^= salt;
            }
            tree.insert(format!("{folder}{number}.bin"), contents);
        }
        tree
    }

    pub(super) fn write(&self, name: &str, tree: &Tree) {
        for (relative, contents) in tree {
            let path = self.local(name).join(relative);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
    }

    /// What is below a folder: of the account where the path begins with `/`, else here. What a task told to lie aside is left out.
    pub(super) fn tree_of(&self, folder: &str) -> Tree {
        let mut tree = self.all_of(folder);
        let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        tree.retain(|path, _| !self.aside.contains(&name(path)));
        tree
    }

    fn all_of(&self, folder: &str) -> Tree {
        let mut tree = Tree::new();
        if !folder.starts_with('/') {
            read(&self.local(folder), "", &mut tree);
            return tree;
        }
        for path in self.emulator.paths("main") {
            let relative = path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some(relative) = relative
                && let Some(contents) = self.emulator.contents("main", &path)
            {
                tree.insert(relative.to_owned(), contents.to_vec());
            }
        }
        tree
    }

    /// Has much go wrong from now on.
    pub(super) fn harm(&mut self) {
        harm(&self.emulator, &mut self.dice);
    }

    pub(super) fn calm(&self) {
        self.emulator.clear_faults();
    }

    fn note_aside(&mut self, told: &Result<Report, Error>) {
        match told {
            Ok(report) => {
                let aside = report
                    .items
                    .iter()
                    .filter_map(|item| aside(item.error.as_ref()?));
                self.aside.extend(aside);
            }
            Err(error) => self.aside.extend(aside(error)),
        }
    }

    /// Checks what a task told against what is in the folder that it wrote to: what it calls done is there, as it is in `new`, and nothing
    /// is there that is in none of the trees.
    pub(super) fn check(
        &mut self,
        what: &str,
        told: Result<Report, Error>,
        to: &str,
        new: &Tree,
        old: &Tree,
    ) {
        self.note_aside(&told);
        let there = self.tree_of(to);
        for (path, contents) in &there {
            let known = [new, old]
                .iter()
                .any(|tree| tree.get(path) == Some(contents));
            assert!(
                known,
                "{what}: `{path}` holds what nobody put there: {}",
                failures(&told)
            );
        }
        for (path, contents) in self.all_of(to) {
            let known = [new, old]
                .iter()
                .any(|tree| tree.values().any(|known| *known == contents));
            assert!(known, "{what}: `{path}` is no copy of anything");
        }
        let report = match told {
            Ok(report) => report,
            Err(error) => {
                assert!(is_fair(&error), "{what}: {error:?}");
                return;
            }
        };
        self.transferred += report.transferred;
        let mut seen = BTreeSet::new();
        for item in &report.items {
            assert!(seen.insert(&item.source), "{what}: `{}` twice", item.source);
            match item.outcome {
                Outcome::Transferred => {
                    let within = if to.starts_with('/') {
                        to.to_owned()
                    } else {
                        self.text(to)
                    };
                    let relative = item.destination.strip_prefix(&within).unwrap();
                    let relative = &relative[1..];
                    let arrived = there.get(relative) == new.get(relative);
                    assert!(arrived, "{what}: `{relative}` did not arrive");
                }
                Outcome::Failed => {
                    let error = item.error.as_ref().unwrap();
                    assert!(is_fair(error), "{what}: {} {error:?}", item.source);
                }
                _ => {}
            }
        }
    }
}

/// What failed, and what was said of it.
fn failures(told: &Result<Report, Error>) -> String {
    let report = match told {
        Ok(report) => report,
        Err(error) => return format!("{error:?}"),
    };
    let errors = report.items.iter().filter_map(|item| item.error.as_ref());
    let lines = errors.map(|error| format!("\n{error:?} {:?}", error.hint()));
    lines.collect()
}

/// The name of a copy that an error tells of.
fn aside(error: &Error) -> Option<String> {
    let name = error.hint()?.split_once("/.dropscript-")?.1;
    Some(format!(".dropscript-{}", name.split_once('`')?.0))
}

/// What a task may come to under faults; all else would be told wrongly. A token that is refused as soon as it was renewed is the end of
/// the sign-in, as far as anybody can tell.
fn is_fair(error: &Error) -> bool {
    let kind = error.kind().as_str();
    let passes = [
        "network",
        "server",
        "timeout",
        "rate_limited",
        "integrity",
        "partial",
    ];
    passes.contains(&kind) || error.tag() == Some("expired_access_token")
}

fn read(folder: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let relative = format!("{below}{name}");
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{relative}/"), tree);
        } else {
            tree.insert(relative, fs::read(entry.path()).unwrap());
        }
    }
}
