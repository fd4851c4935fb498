//! Who writes a file, and whether that is a change: a run itself, others, and those who write the same once more.

use super::*;

#[tokio::test]
async fn the_same_bytes_once_more_are_no_change() {
    let world = World::new();
    world.write("a.txt", "one");
    let watcher = world.start();
    tells(&watcher, &[("a.txt", ChangeKind::Created)]).await;
    world.write("a.txt", "one");
    world.write("b.txt", "1");
    tells(&watcher, &[("b.txt", ChangeKind::Created)]).await;
    drop(watcher);
    // A copy in its place, while nobody looks.
    fs::copy(world.path("a.txt"), world.path("a.copy")).expect("copied");
    fs::rename(world.path("a.copy"), world.path("a.txt")).expect("renamed");
    world.write("c.txt", "1");
    let watcher = world.start();
    tells(&watcher, &[("c.txt", ChangeKind::Created)]).await;
    world.write("a.txt", "two");
    tells(&watcher, &[("a.txt", ChangeKind::Modified)]).await;
}

#[tokio::test]
async fn what_a_run_writes_itself_is_no_change() {
    let world = World::new();
    world.write("in.txt", "1");
    world.write("old.txt", "1");
    let watcher = world.start();
    let mut told = 0;
    while told < 2 {
        let batch = claim(&watcher).await;
        told += batch.files.len();
        let handle = watcher.handle();
        if told == 2 {
            let draft = world.path("draft");
            fs::write(&draft, "result").expect("written");
            let metadata = fs::metadata(&draft).expect("there");
            fs::rename(draft, world.path("out.txt")).expect("renamed");
            handle
                .wrote(&world.path("out.txt"), Written::Whole(&metadata))
                .expect("a journal");
            fs::remove_file(world.path("old.txt")).expect("removed");
            handle
                .wrote(&world.path("old.txt"), Written::Removed)
                .expect("a journal");
        }
        watcher.finish(&batch.id, Verdict::Done).expect("a journal");
    }
    world.write("next.txt", "1");
    tells(&watcher, &[("next.txt", ChangeKind::Created)]).await;
    // Another one's change of the same file is one.
    world.write("out.txt", "other");
    tells(&watcher, &[("out.txt", ChangeKind::Modified)]).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_somebody_writes_waits_for_its_end() {
    let world = World::new();
    let watcher = world.start();
    let writer = fs::File::create(world.path("a.txt")).expect("made");
    world.write("b.txt", "1");
    tells(&watcher, &[("b.txt", ChangeKind::Created)]).await;
    // The other one has settled as well, and is looked at again and again.
    for _ in 0..3 {
        timeout(GUARD, watcher.ready()).await.expect("in time");
        assert!(watcher.claim().expect("a journal").is_none());
    }
    drop(writer);
    tells(&watcher, &[("a.txt", ChangeKind::Created)]).await;

    let world = world.with(|options| {
        options.open_wait = Duration::ZERO;
        options.name = "/other.rhai".to_owned();
    });
    let _writer = fs::File::create(world.path("c.txt")).expect("made");
    let expected = ["a.txt", "b.txt", "c.txt"].map(|name| (name, ChangeKind::Created));
    tells(&world.start(), &expected).await;
}

#[tokio::test]
async fn a_file_that_each_run_changes_is_stopped() {
    let world = World::new();
    world.write("a.txt", "0");
    let watcher = world.start();
    let mut runs = 0;
    let stopped = async {
        loop {
            if let Some(batch) = watcher.claim().expect("a journal") {
                runs += 1;
                world.write("a.txt", &runs.to_string());
                watcher.finish(&batch.id, Verdict::Done).expect("a journal");
            }
            let notices = watcher.news().notices;
            if notices
                .iter()
                .any(|notice| notice.contains("each of 10 runs"))
            {
                return;
            }
            watcher.ready().await;
        }
    };
    timeout(GUARD, stopped)
        .await
        .expect("it is stopped in time");
    assert_eq!(runs, 10);
    // Others go on.
    world.write("b.txt", "1");
    tells(&watcher, &[("b.txt", ChangeKind::Created)]).await;
}

/// Waits until so many files are seen to have changed.
async fn waits(watcher: &Watcher, count: usize) {
    let seen = async {
        loop {
            let (settled, unsettled, _) = watcher.waiting();
            if settled + unsettled >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(GUARD, seen).await.expect("seen in time");
}

#[tokio::test]
async fn what_another_one_wrote_is_not_hidden_by_what_a_run_writes_over_it() {
    let world = World::new();
    for name in ["a.txt", "b.txt", "in.txt"] {
        world.write(name, "1");
    }
    let watcher = world.start();
    let all = ["a.txt", "b.txt", "in.txt"].map(|name| (name, ChangeKind::Created));
    tells(&watcher, &all).await;
    world.write("in.txt", "22");
    let run = claim(&watcher).await;
    // Another one is at work while the run is.
    world.write("a.txt", "theirs");
    world.write("b.txt", "theirs");
    waits(&watcher, 2).await;
    let handle = watcher.handle();
    let draft = world.path("draft");
    fs::write(&draft, "ours").expect("written");
    let metadata = fs::metadata(&draft).expect("there");
    fs::rename(draft, world.path("a.txt")).expect("renamed");
    handle
        .wrote(&world.path("a.txt"), Written::Whole(&metadata))
        .expect("a journal");
    fs::remove_file(world.path("b.txt")).expect("removed");
    handle
        .wrote(&world.path("b.txt"), Written::Removed)
        .expect("a journal");
    watcher.finish(&run.id, Verdict::Done).expect("a journal");
    let told = [
        ("a.txt", ChangeKind::Modified),
        ("b.txt", ChangeKind::Removed),
    ];
    tells(&watcher, &told).await;
}
