//! The watcher over several lives: what the journal brings back, and what it does not.

mod failures;
mod writers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::tests::{Changes, take};
use super::{
    Aftermath, Batch, ChangeKind, FailedFiles, Initial, JournalPlace, Verdict, WatchOptions,
    Watcher,
};
use crate::client::Written;

/// Far beyond what any wait here takes.
const GUARD: Duration = Duration::from_secs(60);

/// A folder that is watched now and then, with one journal.
struct World {
    folder: TempDir,
    options: WatchOptions,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        fs::create_dir(&root).expect("made");
        let options = WatchOptions {
            roots: vec![root],
            settle: Duration::from_millis(40),
            journal: JournalPlace::File(folder.path().join("journal.db")),
            name: "/s.rhai".to_owned(),
            retries: 0,
            ..WatchOptions::default()
        };
        Self { folder, options }
    }

    fn with(mut self, change: impl FnOnce(&mut WatchOptions)) -> Self {
        change(&mut self.options);
        self
    }

    fn start(&self) -> Watcher {
        Watcher::start(&self.options).expect("started")
    }

    fn path(&self, relative: &str) -> PathBuf {
        let root = self.folder.path().join("root");
        root.canonicalize().expect("there").join(relative)
    }

    fn write(&self, relative: &str, contents: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        fs::write(path, contents).expect("written");
    }

    fn failed(&self) -> FailedFiles {
        FailedFiles::open(&self.options.journal).expect("a journal")
    }
}

async fn claim(watcher: &Watcher) -> Batch {
    let claim = async {
        loop {
            if let Some(batch) = watcher.claim().expect("a journal") {
                return batch;
            }
            watcher.ready().await;
        }
    };
    timeout(GUARD, claim).await.expect("a batch in time")
}

/// Takes all there is until it is these changes.
async fn tells(watcher: &Watcher, expected: &[(&str, ChangeKind)]) {
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), *kind))
        .collect();
    let mut told = BTreeMap::new();
    let all = async {
        while told.len() < expected.len() {
            let Changes { files, .. } = take(watcher);
            for file in files {
                let name = file.relative.display().to_string();
                assert_eq!(told.insert(name, file.kind), None, "told twice");
            }
            if told.len() < expected.len() {
                watcher.ready().await;
            }
        }
    };
    timeout(GUARD, all).await.expect("all in time");
    assert_eq!(told, expected);
}

fn names(batch: &Batch) -> Vec<String> {
    let files = batch.files.iter();
    files
        .map(|file| file.relative.display().to_string())
        .collect()
}

fn fail(watcher: &Watcher, batch: &Batch) -> Aftermath {
    let ending = Verdict::Failed {
        error: "no good".to_owned(),
        counts: true,
    };
    watcher.finish(&batch.id, ending).expect("a journal")
}

#[tokio::test]
async fn what_happened_meanwhile_is_told_and_what_is_done_is_not() {
    use ChangeKind::{Created, Modified, Removed};
    let world = World::new();
    for name in [
        "kept.txt",
        "changed.txt",
        "gone.txt",
        "sub/gone.txt",
        "sub/deep/gone.txt",
    ] {
        world.write(name, "1");
    }
    let watcher = world.start();
    tells(
        &watcher,
        &[
            ("kept.txt", Created),
            ("changed.txt", Created),
            ("gone.txt", Created),
            ("sub/gone.txt", Created),
            ("sub/deep/gone.txt", Created),
        ],
    )
    .await;
    drop(watcher);
    world.write("changed.txt", "2");
    world.write("new/new.txt", "1");
    fs::remove_file(world.path("gone.txt")).expect("removed");
    fs::remove_dir_all(world.path("sub")).expect("removed");
    let watcher = world.start();
    let expected = [
        ("changed.txt", Modified),
        ("gone.txt", Removed),
        ("new/new.txt", Created),
        ("sub/deep/gone.txt", Removed),
        ("sub/gone.txt", Removed),
    ];
    tells(&watcher, &expected).await;
    drop(watcher);
    world.write("last.txt", "1");
    tells(&world.start(), &[("last.txt", Created)]).await;
}

#[tokio::test]
async fn files_of_a_run_that_was_killed_come_again_under_the_same_name() {
    let world = World::new();
    world.write("a.txt", "1");
    world.write("b.txt", "1");
    let watcher = world.start();
    let mut first = claim(&watcher).await;
    while first.files.len() < 2 {
        // Both were not old enough at the same time.
        watcher
            .finish(&first.id, Verdict::Restarted)
            .expect("a journal");
        watcher.ready().await;
        first = claim(&watcher).await;
    }
    watcher
        .handle()
        .done(&first.id, &world.path("a.txt"))
        .expect("a journal");
    // Nobody says how the run ended.
    drop(watcher);
    let watcher = world.start();
    let again = claim(&watcher).await;
    assert_eq!((&again.id, again.files[0].attempt), (&first.id, 2));
    assert_eq!(names(&again), ["b.txt"], "the other one is done");
    watcher.finish(&again.id, Verdict::Done).expect("a journal");
    drop(watcher);
    world.write("c.txt", "1");
    tells(&world.start(), &[("c.txt", ChangeKind::Created)]).await;
}

#[tokio::test]
async fn a_changed_file_of_a_run_that_was_killed_is_another_version() {
    let world = World::new();
    world.write("a.txt", "1");
    let watcher = world.start();
    let first = claim(&watcher).await;
    drop(watcher);
    world.write("a.txt", "22");
    let watcher = world.start();
    let next = claim(&watcher).await;
    assert_ne!(next.id, first.id);
    let file = &next.files[0];
    assert_eq!(
        (file.kind, file.size, file.attempt),
        (ChangeKind::Created, 2, 1)
    );
}

#[tokio::test]
async fn the_first_files_are_all_or_none_where_that_is_wanted() {
    let world = World::new().with(|options| options.initial = Initial::None);
    world.write("a.txt", "1");
    let watcher = world.start();
    assert_eq!(watcher.skipped(), 1);
    world.write("b.txt", "1");
    tells(&watcher, &[("b.txt", ChangeKind::Created)]).await;
    drop(watcher);
    let world = world.with(|options| options.initial = Initial::All);
    let all = [
        ("a.txt", ChangeKind::Created),
        ("b.txt", ChangeKind::Created),
    ];
    tells(&world.start(), &all).await;
}

#[test]
fn a_journal_has_one_watcher_for_each_script() {
    let world = World::new();
    let watcher = world.start();
    let error = Watcher::start(&world.options).err().expect("refused");
    assert_eq!(error.kind(), crate::ErrorKind::Conflict);
    let world = world.with(|options| options.name = "/other.rhai".to_owned());
    let other = world.start();
    drop((watcher, other));
    world.start();
}

#[test]
fn a_journal_of_a_later_version_is_left_alone() {
    let world = World::new();
    drop(world.start());
    let JournalPlace::File(path) = &world.options.journal else {
        unreachable!("it is a file");
    };
    let database = rusqlite::Connection::open(path).expect("opened");
    database
        .execute("UPDATE watches SET format = 2", [])
        .expect("changed");
    let error = Watcher::start(&world.options).err().expect("refused");
    assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
}

#[tokio::test]
async fn the_journal_itself_is_no_change_where_it_is_watched() {
    let world = World::new().with(|options| {
        options.journal = JournalPlace::File(options.roots[0].join("journal.db"));
        options.own = options.journal.file().into_iter().collect();
    });
    world.write("a.txt", "1");
    let watcher = world.start();
    tells(&watcher, &[("a.txt", ChangeKind::Created)]).await;
    world.write("b.txt", "1");
    tells(&watcher, &[("b.txt", ChangeKind::Created)]).await;
}

#[tokio::test]
async fn files_are_known_whatever_their_names_are() {
    let world = World::new();
    let names = ["ü n.txt", "line\nbreak", "'quote'", "%;\\"];
    for name in names {
        world.write(name, "1");
    }
    let watcher = world.start();
    tells(&watcher, &names.map(|name| (name, ChangeKind::Created))).await;
    drop(watcher);
    fs::remove_file(world.path(names[1])).expect("removed");
    tells(&world.start(), &[(names[1], ChangeKind::Removed)]).await;
    assert!(Path::new(&world.path(names[0])).exists());
}
