//! The watcher on real files. What it must find is known from the tests' own writing, never from events.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::time::timeout;

use super::{Change, ChangeKind, Verdict, WatchOptions, Watcher};

/// Far beyond what any wait here takes; a test that reaches it has failed.
const GUARD: Duration = Duration::from_secs(60);

/// All that was to be had at one time.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) files: Vec<Change>,
    pub(super) followed: Vec<PathBuf>,
    pub(super) notices: Vec<String>,
}

/// Waits until something has settled, takes all that has, and is done with it.
pub(super) async fn next(watcher: &Watcher) -> Changes {
    loop {
        let changes = take(watcher);
        if !(changes.files.is_empty() && changes.followed.is_empty() && changes.notices.is_empty())
        {
            return changes;
        }
        watcher.ready().await;
    }
}

pub(super) fn take(watcher: &Watcher) -> Changes {
    let mut files = Vec::new();
    while let Some(batch) = watcher.claim().expect("a journal") {
        files.extend(batch.files);
        watcher.finish(&batch.id, Verdict::Done).expect("a journal");
    }
    let news = watcher.news();
    Changes {
        files,
        followed: news.followed,
        notices: news.notices,
    }
}

/// A folder that is watched.
struct Bench {
    folder: TempDir,
    watcher: Watcher,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut WatchOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        fs::create_dir(&root).expect("made");
        let mut options = WatchOptions {
            roots: vec![root],
            settle: Duration::from_millis(100),
            ..WatchOptions::default()
        };
        change(&mut options);
        let watcher = Watcher::start(&options).expect("started");
        Self { folder, watcher }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("root").join(relative)
    }

    fn write(&self, relative: &str, contents: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        fs::write(path, contents).expect("written");
    }

    async fn next(&mut self) -> Changes {
        timeout(GUARD, next(&self.watcher))
            .await
            .expect("a change in time")
    }

    /// The changes of files, the latest of each, until this one has been made or modified.
    async fn until(&mut self, path: &str) -> BTreeMap<String, ChangeKind> {
        self.until_kind(path, |kind| kind != ChangeKind::Removed)
            .await
    }

    /// The changes of files, the latest of each, until this one is gone.
    async fn until_gone(&mut self, path: &str) -> BTreeMap<String, ChangeKind> {
        self.until_kind(path, |kind| kind == ChangeKind::Removed)
            .await
    }

    async fn until_kind(
        &mut self,
        path: &str,
        is_last: impl Fn(ChangeKind) -> bool,
    ) -> BTreeMap<String, ChangeKind> {
        let mut seen = BTreeMap::new();
        while !seen.get(path).copied().is_some_and(&is_last) {
            seen.extend(files(&self.next().await));
        }
        seen
    }

    /// Waits until these followed files were told.
    async fn until_followed(&mut self, paths: &[PathBuf]) {
        let mut seen = BTreeSet::new();
        while !paths.iter().all(|path| seen.contains(path)) {
            let changes = self.next().await;
            assert!(changes.files.is_empty(), "told twice: {changes:?}");
            seen.extend(changes.followed);
        }
    }
}

fn files(changes: &Changes) -> Vec<(String, ChangeKind)> {
    let files = changes.files.iter();
    files
        .map(|change| (change.relative.display().to_string(), change.kind))
        .collect()
}

fn save_atomically(path: &Path, contents: &str) {
    let draft = path.with_extension("tmp~");
    fs::write(&draft, contents).expect("written");
    fs::rename(draft, path).expect("renamed");
}

#[tokio::test]
async fn created_modified_and_removed_are_told_once_each() {
    let mut bench = Bench::new();
    bench.write("a.csv", "one");
    let changes = bench.next().await;
    assert_eq!(files(&changes), [("a.csv".to_owned(), ChangeKind::Created)]);
    assert_eq!(changes.files[0].size, 3);
    assert_eq!(
        changes.files[0].path,
        bench.path("a.csv").canonicalize().expect("there")
    );

    save_atomically(&bench.path("a.csv"), "three");
    let changes = bench.next().await;
    assert_eq!(
        files(&changes),
        [("a.csv".to_owned(), ChangeKind::Modified)]
    );
    assert_eq!(changes.files[0].size, 5);

    fs::remove_file(bench.path("a.csv")).expect("removed");
    let changes = bench.next().await;
    assert_eq!(files(&changes), [("a.csv".to_owned(), ChangeKind::Removed)]);
    assert_eq!(changes.files[0].size, 5, "the last one known");
}

#[tokio::test]
async fn folders_made_and_filled_in_one_go_lose_nothing() {
    const COUNT: usize = 300;
    let mut bench = Bench::new();
    for n in 0..COUNT {
        bench.write(&format!("a{n}/b/c/f.txt"), "x");
    }
    let mut seen = BTreeMap::new();
    while seen.len() < COUNT {
        seen.extend(files(&bench.next().await));
    }
    assert!(seen.values().all(|kind| *kind == ChangeKind::Created));
}

#[tokio::test]
async fn a_folder_that_goes_and_comes_back_is_still_watched() {
    let mut bench = Bench::new();
    for round in 0..5 {
        bench.write("sub/deep/a.txt", &"x".repeat(round + 1));
        bench.until("sub/deep/a.txt").await;
        fs::remove_dir_all(bench.path("sub")).expect("removed");
        if round % 2 == 0 {
            bench.until_gone("sub/deep/a.txt").await;
        }
    }
    fs::create_dir(bench.path("other")).expect("made");
    bench.write("outside/deep/b.txt", "b");
    bench.until("outside/deep/b.txt").await;
    fs::rename(bench.path("outside"), bench.path("other/inside")).expect("moved");
    bench.until_gone("outside/deep/b.txt").await;
    bench.write("other/inside/deep/c.txt", "c");
    bench.until("other/inside/deep/c.txt").await;
}

#[tokio::test]
async fn reading_is_no_change() {
    let mut bench = Bench::new();
    bench.write("sub/a.txt", "a");
    bench.until("sub/a.txt").await;
    for _ in 0..100 {
        fs::read(bench.path("sub/a.txt")).expect("read");
        fs::read_dir(bench.path("sub")).expect("read").count();
    }
    bench.write("z.txt", "z");
    assert_eq!(
        files(&bench.next().await),
        [("z.txt".to_owned(), ChangeKind::Created)]
    );
}

#[tokio::test]
async fn what_changes_while_the_owner_is_busy_gathers() {
    use ChangeKind::{Created, Modified, Removed};
    let mut bench = Bench::new();
    bench.write("a.txt", "1");
    bench.write("b.txt", "1");
    let mut known = BTreeMap::new();
    while known.len() < 2 {
        known.extend(files(&bench.next().await));
    }
    fs::remove_file(bench.path("b.txt")).expect("removed");
    bench.write("a.txt", "22");
    bench.write("c.txt", "1");
    let expected = [("a.txt", Modified), ("b.txt", Removed), ("c.txt", Created)];
    let expected = BTreeMap::from(expected.map(|(name, kind)| (name.to_owned(), kind)));
    let mut seen = BTreeMap::new();
    while seen.len() < expected.len() {
        seen.extend(files(&bench.next().await));
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn files_from_before_are_ready_at_once_when_they_are_old() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.txt"), "a").expect("written");
    let options = WatchOptions {
        roots: vec![folder.path().to_owned()],
        settle: Duration::ZERO,
        ..WatchOptions::default()
    };
    // Dates lag behind the clock: until they have caught up, the file counts as new, and settles as any other.
    let watcher = Watcher::start(&options).expect("started");
    let changes = timeout(GUARD, next(&watcher)).await.expect("in time");
    assert_eq!(files(&changes), [("a.txt".to_owned(), ChangeKind::Created)]);
}

#[tokio::test]
async fn a_root_that_goes_away_is_unknown_until_it_is_back() {
    let mut bench = Bench::new();
    bench.write("a.txt", "a");
    bench.write("sub/b.txt", "b");
    bench.until("sub/b.txt").await;
    let (root, away) = (bench.path(""), bench.folder.path().join("away"));
    fs::rename(&root, &away).expect("moved");
    let changes = bench.next().await;
    assert!(changes.files.is_empty(), "{changes:?}");
    assert!(changes.notices[0].contains("cannot be read"), "{changes:?}");

    fs::remove_file(away.join("a.txt")).expect("removed");
    fs::rename(&away, &root).expect("moved back");
    let changes = bench.next().await;
    assert!(changes.notices[0].contains("is back"), "{changes:?}");
    let seen = bench.until_gone("a.txt").await;
    assert_eq!(seen, [("a.txt".to_owned(), ChangeKind::Removed)].into());
    bench.write("sub/c.txt", "c");
    bench.until("sub/c.txt").await;
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_not_followed() {
    let mut bench = Bench::new();
    let outside = bench.folder.path().join("outside");
    fs::create_dir(&outside).expect("made");
    fs::write(outside.join("secret.txt"), "s").expect("written");
    std::os::unix::fs::symlink(&outside, bench.path("link")).expect("linked");
    std::os::unix::fs::symlink(outside.join("secret.txt"), bench.path("link.txt")).expect("linked");
    bench.write("z.txt", "z");
    assert_eq!(
        files(&bench.next().await),
        [("z.txt".to_owned(), ChangeKind::Created)]
    );
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_what_they_lead_to_where_that_is_wanted() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().expect("a temporary folder");
    let outside = outside.path();
    fs::write(outside.join("one.txt"), "1").expect("written");
    fs::create_dir_all(outside.join("folder/deep")).expect("made");
    let mut bench = Bench::with(|options| options.follow_links = true);
    symlink(outside.join("one.txt"), bench.path("link.txt")).expect("linked");
    symlink(outside.join("folder"), bench.path("link")).expect("linked");
    // Round and round, and nowhere.
    symlink(bench.path(""), outside.join("folder/deep/round")).expect("linked");
    symlink("loop", bench.path("loop")).expect("linked");
    symlink("missing", bench.path("dangling")).expect("linked");
    bench.until("link.txt").await;
    fs::write(outside.join("folder/deep/two.txt"), "2").expect("written");
    let seen = bench.until("link/deep/two.txt").await;
    assert!(seen.keys().all(|path| !path.contains("round")), "{seen:?}");
    fs::write(outside.join("one.txt"), "22").expect("written");
    let seen = bench.until("link.txt").await;
    assert_eq!(seen["link.txt"], ChangeKind::Modified);
    fs::remove_file(bench.path("link")).expect("removed");
    bench.until_gone("link/deep/two.txt").await;
}

#[tokio::test]
async fn polling_finds_the_same() {
    let mut bench = Bench::with(|options| options.poll = Some(Duration::from_millis(50)));
    bench.write("a/b/c.txt", "c");
    bench.until("a/b/c.txt").await;
    fs::remove_dir_all(bench.path("a")).expect("removed");
    bench.until_gone("a/b/c.txt").await;
}

#[tokio::test]
async fn a_root_may_be_a_file_which_is_replaced() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("data.csv");
    fs::write(&file, "one").expect("written");
    let options = WatchOptions {
        roots: vec![file.clone()],
        settle: Duration::from_millis(50),
        ..WatchOptions::default()
    };
    let watcher = Watcher::start(&options).expect("started");
    let changes = timeout(GUARD, next(&watcher)).await.expect("in time");
    assert_eq!(
        files(&changes),
        [("data.csv".to_owned(), ChangeKind::Created)]
    );
    save_atomically(&file, "four");
    let changes = timeout(GUARD, next(&watcher)).await.expect("in time");
    assert_eq!(
        files(&changes),
        [("data.csv".to_owned(), ChangeKind::Modified)]
    );
    fs::write(folder.path().join("other.csv"), "x").expect("written");
    fs::remove_file(&file).expect("removed");
    let changes = timeout(GUARD, next(&watcher)).await.expect("in time");
    assert_eq!(
        files(&changes),
        [("data.csv".to_owned(), ChangeKind::Removed)]
    );
}

#[tokio::test]
async fn followed_files_are_told_apart_however_they_are_saved() {
    let mut bench = Bench::new();
    let paths =
        ["a.rhai", "lib.rhai"].map(|name| bench.path("").canonicalize().expect("there").join(name));
    for path in &paths {
        fs::write(path, "1").expect("written");
    }
    bench.watcher.follow(&paths);
    let in_place = |path: &Path, text: &str| fs::write(path, text).expect("written");
    for save in [save_atomically, in_place] {
        for path in &paths {
            save(path, "22");
            bench.until_followed(std::slice::from_ref(path)).await;
        }
    }
}

#[tokio::test]
async fn a_module_saved_after_it_was_loaded_counts_when_it_is_followed() {
    let mut bench = Bench::new();
    let loaded = SystemTime::now() - Duration::from_secs(10);
    let module = bench.folder.path().join("lib.rhai");
    fs::write(&module, "2").expect("written");
    bench
        .watcher
        .follow_since(std::slice::from_ref(&module), loaded);
    assert_eq!(bench.next().await.followed.len(), 1);
}

#[test]
fn a_missing_root_is_an_error_that_names_it() {
    let options = WatchOptions {
        roots: vec!["/no/such/folder".into()],
        ..WatchOptions::default()
    };
    let error = Watcher::start(&options).err().expect("refused");
    assert_eq!(error.kind(), crate::ErrorKind::NotFound);
    assert!(error.to_string().contains("`/no/such/folder`"), "{error}");
}
