//! What happens to files while they are looked at for a run, which nobody waits for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::journal::JournalPlace;
use super::super::look;
use super::super::roots::Roots;
use super::super::scope::{Links, Scope};
use super::super::selection::Everything;
use super::*;

/// A queue of the files of a folder, which have settled.
fn queue(root: &Path) -> Queue {
    let roots = Roots::find(&[root.to_owned()]).expect("found");
    let scope = Scope::new(roots, Arc::new(Everything), &[], Links::Left);
    let journal = Journal::open(&JournalPlace::Memory, "/s.rhai", "local").expect("a journal");
    let policy = Policy {
        batch: 100,
        retries: 0,
        kinds: ChangeKind::ALL.to_vec(),
        open_wait: Duration::ZERO,
    };
    let findings = Arc::new(Findings::new(Duration::ZERO));
    Queue::new(findings, journal, Origin::Disk(scope), policy).expect("a queue")
}

fn settle(queue: &Queue, path: &Path) {
    let seen = look::file(path).expect("looked at");
    for _ in 0..2 {
        let now = Instant::now();
        queue
            .findings
            .update(|state| state.files.observe(path, seen, now));
    }
}

fn file(root: &Path, name: &str) -> PathBuf {
    let path = root.join(name);
    fs::write(&path, "1").expect("written");
    path
}

#[test]
fn a_file_that_a_run_writes_while_it_is_read_for_another_settles_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("there");
    let mut queue = queue(&root);
    let (ours, other) = (file(&root, "a.txt"), file(&root, "b.txt"));
    settle(&queue, &ours);
    settle(&queue, &other);
    let proven = queue
        .draft()
        .expect("a journal")
        .expect("two files")
        .prove();
    let draft = root.join("draft");
    fs::write(&draft, "22").expect("written");
    let metadata = fs::metadata(&draft).expect("there");
    fs::rename(draft, &ours).expect("renamed");
    queue
        .wrote(&ours, Written::Whole(&metadata))
        .expect("a journal");
    let batch = queue.begin(proven).expect("a journal").expect("one file");
    let paths: Vec<_> = batch.files.iter().map(|file| &file.path).collect();
    assert_eq!(paths, [&other]);
    // Nobody has had the version before, so the one that the run wrote is told.
    settle(&queue, &ours);
    let proven = queue.draft().expect("a journal").expect("a file").prove();
    let batch = queue.begin(proven).expect("a journal").expect("the other");
    assert_eq!((&batch.files[0].path, batch.files[0].size), (&ours, 2));
}

#[test]
fn what_is_being_read_for_one_run_is_in_no_other() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("there");
    let mut queue = queue(&root);
    let path = file(&root, "a.txt");
    settle(&queue, &path);
    let draft = queue.draft().expect("a journal").expect("a file");
    assert!(queue.draft().expect("a journal").is_none());
    let batch = queue.begin(draft.prove()).expect("a journal");
    let batch = batch.expect("a file");
    let ending = Verdict::Failed {
        error: "no".to_owned(),
        counts: false,
    };
    queue.finish(&batch.id, ending).expect("a journal");
    queue.retry_now();
    let draft = queue.draft().expect("a journal").expect("a file");
    fs::write(&path, "22").expect("written");
    settle(&queue, &path);
    assert!(queue.draft().expect("a journal").is_none());
    assert!(queue.begin(draft.prove()).expect("a journal").is_none());
    settle(&queue, &path);
    assert!(queue.draft().expect("a journal").is_some());
}
