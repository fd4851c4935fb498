//! What becomes of files whose runs fail.

use super::*;

#[tokio::test]
async fn what_keeps_failing_is_given_up_and_can_be_tried_again() {
    let world = World::new();
    world.write("a.txt", "1");
    let watcher = world.start();
    let batch = claim(&watcher).await;
    assert_eq!(fail(&watcher, &batch), Aftermath::GivenUp(1));
    let listed = world.failed().list(Some("/s.rhai")).expect("a list");
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0].path, listed[0].attempts),
        (&world.path("a.txt"), 1)
    );
    assert_eq!(
        (&listed[0].event, &*listed[0].error),
        (&batch.id, "no good")
    );
    assert!(
        world
            .failed()
            .list(Some("/other"))
            .expect("a list")
            .is_empty()
    );

    assert_eq!(world.failed().retry(None).expect("a journal"), 1);
    let again = claim(&watcher).await;
    assert_eq!((&again.id, again.files[0].attempt), (&batch.id, 2));
    watcher.finish(&again.id, Verdict::Done).expect("a journal");
    assert!(world.failed().list(None).expect("a list").is_empty());
    // What is given up does not come by itself, in another life either.
    world.write("b.txt", "1");
    let batch = claim(&watcher).await;
    assert_eq!(fail(&watcher, &batch), Aftermath::GivenUp(1));
    drop(watcher);
    world.write("c.txt", "1");
    tells(&world.start(), &[("c.txt", ChangeKind::Created)]).await;
}

#[tokio::test]
async fn a_file_that_spoils_a_run_does_not_take_the_others_with_it() {
    let world = World::new().with(|options| options.settle = Duration::from_millis(200));
    for name in ["a.txt", "bad.txt", "c.txt"] {
        world.write(name, name);
    }
    let watcher = world.start();
    let batch = claim(&watcher).await;
    assert_eq!(names(&batch), ["a.txt", "bad.txt", "c.txt"]);
    assert_eq!(fail(&watcher, &batch), Aftermath::Apart(3));
    let mut given_up = Vec::new();
    for _ in 0..3 {
        let one = claim(&watcher).await;
        assert_eq!(one.files[0].attempt, 2);
        if names(&one) == ["bad.txt"] {
            assert_eq!(fail(&watcher, &one), Aftermath::GivenUp(1));
            given_up.extend(names(&one));
        } else {
            watcher.finish(&one.id, Verdict::Done).expect("a journal");
        }
    }
    assert_eq!(given_up, ["bad.txt"]);
    assert!(watcher.claim().expect("a journal").is_none());
}

#[tokio::test]
async fn a_new_version_takes_the_place_of_one_that_failed() {
    let world = World::new().with(|options| options.retries = 3);
    world.write("a.txt", "1");
    let watcher = world.start();
    let batch = claim(&watcher).await;
    assert!(matches!(fail(&watcher, &batch), Aftermath::Again(_)));
    world.write("a.txt", "22");
    let next = claim(&watcher).await;
    assert_eq!((next.files[0].size, next.files[0].attempt), (2, 1));
    assert_eq!(
        next.files[0].kind,
        ChangeKind::Created,
        "nobody was done with it"
    );
    watcher.finish(&next.id, Verdict::Done).expect("a journal");
    assert_eq!(watcher.waiting(), (0, 0, 0));
}

#[tokio::test]
async fn a_server_that_is_away_uses_up_no_retry() {
    let world = World::new();
    world.write("a.txt", "1");
    let watcher = world.start();
    let mut batch = claim(&watcher).await;
    for attempt in 1..5 {
        assert_eq!(batch.files[0].attempt, attempt);
        let ending = Verdict::Failed {
            error: "unreachable".to_owned(),
            counts: false,
        };
        let aftermath = watcher.finish(&batch.id, ending).expect("a journal");
        assert!(matches!(aftermath, Aftermath::Again(_)));
        watcher.retry_now();
        batch = claim(&watcher).await;
    }
}
