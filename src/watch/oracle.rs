//! The watcher against writers of many kinds. The oracle is the tree that they leave, never what the watcher believes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::tests::next;
use super::{Change, ChangeKind, WatchOptions, Watcher};

/// Far beyond what it takes to settle; without a change for so long, one was lost.
const GUARD: Duration = Duration::from_secs(30);
const STEPS: usize = 1500;

/// The sizes of files by their path below the root.
type Tree = BTreeMap<PathBuf, u64>;

/// A few numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64: good enough to mix the styles.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One step of a writer in its own folder. What cannot be done, because nothing is there, is not done.
fn step(home: &Path, dice: &mut Dice) -> std::io::Result<()> {
    let folder = home.join(format!("f{}/g{}", dice.roll(3), dice.roll(3)));
    let file = folder.join(format!("{}.txt", dice.roll(5)));
    let size = usize::try_from(dice.roll(2000)).unwrap_or_default();
    match dice.roll(9) {
        0..=1 => {
            fs::create_dir_all(&folder)?;
            fs::write(&file, vec![b'x'; size])
        }
        2 => {
            fs::create_dir_all(&folder)?;
            let draft = file.with_extension("part");
            fs::write(&draft, vec![b'x'; size])?;
            fs::rename(draft, file)
        }
        3 => fs::File::options()
            .append(true)
            .open(file)?
            .write_all(b"more"),
        4 => fs::remove_file(file),
        5 => fs::remove_dir_all(folder),
        6 => fs::rename(&folder, folder.with_extension("moved")),
        7 => fs::rename(folder.with_extension("moved"), &folder),
        _ => fs::hard_link(&file, file.with_extension("link")),
    }
}

fn walk(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(root, &path, tree);
        } else {
            let below = path.strip_prefix(root).expect("below the root");
            tree.insert(below.to_owned(), fs::metadata(&path).expect("a file").len());
        }
    }
}

fn apply(tree: &mut Tree, change: Change) {
    let known = tree.contains_key(&change.relative);
    assert_eq!(known, change.kind != ChangeKind::Created, "{change:?}");
    match change.kind {
        ChangeKind::Removed => tree.remove(&change.relative),
        ChangeKind::Created | ChangeKind::Modified => tree.insert(change.relative, change.size),
    };
}

async fn writers_lose_nothing(seed: u64, poll: Option<Duration>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("there");
    let options = WatchOptions {
        roots: vec![root.clone()],
        settle: Duration::from_millis(40),
        poll,
        ..WatchOptions::default()
    };
    let watcher = Watcher::start(&options).expect("started");
    let writers = (1..=4).map(|n| {
        let (home, mut dice) = (root.join(format!("w{n}")), Dice(seed * n));
        std::thread::spawn(move || {
            for _ in 0..STEPS {
                // A step on what is not there fails, as it should.
                let _ = step(&home, &mut dice);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut told = Tree::new();
    while writers.iter().any(|writer| !writer.is_finished()) {
        let taken = timeout(Duration::from_millis(10), next(&watcher)).await;
        taken
            .into_iter()
            .flat_map(|changes| changes.files)
            .for_each(|change| apply(&mut told, change));
    }
    let mut left = Tree::new();
    walk(&root, &root, &mut left);
    assert!(!left.is_empty());
    while told != left {
        let changes = timeout(GUARD, next(&watcher)).await;
        let changes = changes.unwrap_or_else(|_| {
            let stale = told
                .iter()
                .filter(|(path, size)| left.get(*path) != Some(size));
            let lost = left
                .iter()
                .filter(|(path, size)| told.get(*path) != Some(size));
            panic!(
                "seed {seed}: told but not so: {:?}; not told: {:?}",
                stale.collect::<Vec<_>>(),
                lost.collect::<Vec<_>>(),
            )
        });
        changes
            .files
            .into_iter()
            .for_each(|change| apply(&mut told, change));
    }
}

#[tokio::test]
async fn what_writers_leave_is_what_was_told() {
    for seed in [0x9E37_79B9, 0x85EB_CA6B, 0xC2B2_AE35] {
        writers_lose_nothing(seed, None).await;
    }
}

#[tokio::test]
async fn polling_tells_the_same() {
    writers_lose_nothing(0x27D4_EB2F, Some(Duration::from_millis(20))).await;
}
