//! What changed since a cursor, and waiting for it.

use std::time::Duration;

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Connection, DeleteOptions, RemoteChanges};

use crate::support::Bench;

/// Longer than any test takes that does not hang.
const LONG: Option<Duration> = Some(Duration::from_secs(300));

fn shown(changes: &RemoteChanges) -> Vec<(&str, &str)> {
    let items = changes.items.iter();
    let mut shown: Vec<_> = items
        .map(|item| (item.kind.as_str(), item.path.as_str()))
        .collect();
    shown.sort_unstable();
    shown
}

#[tokio::test]
async fn a_cursor_tells_what_changed_and_what_is_gone() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    for path in ["/in/a.txt", "/in/deep/b.txt", "/beside.txt"] {
        bench.remote(path, path);
    }
    let all = dbx.changes("/in", None).await.unwrap();
    let found = shown(&all);
    assert!(found.contains(&("file", "/in/a.txt")), "{found:?}");
    assert!(found.contains(&("file", "/in/deep/b.txt")), "{found:?}");
    assert!(!found.contains(&("file", "/beside.txt")), "{found:?}");
    let nothing = dbx.changes("/in", Some(&all.cursor)).await.unwrap();
    assert!(nothing.items.is_empty());
    bench.remote("/in/new.txt", "new");
    bench.remote("/beside.txt", "new");
    let delete = dbx.delete("/in/deep", DeleteOptions::default());
    delete.await.unwrap();
    let changed = dbx.changes("/in", Some(&nothing.cursor)).await.unwrap();
    let found = shown(&changed);
    assert!(found.contains(&("file", "/in/new.txt")), "{found:?}");
    assert!(found.contains(&("deleted", "/in/deep")), "{found:?}");
    // The same cursor gives the same again.
    let again = dbx.changes("/in", Some(&nothing.cursor)).await.unwrap();
    assert_eq!(shown(&again), found);
}

/// Does something once a longpoll was begun.
async fn when_waiting(bench: &Bench, then: impl FnOnce()) {
    while bench.calls("files/list_folder/longpoll") == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    then();
}

#[tokio::test]
async fn a_change_ends_the_wait() {
    let bench = Bench::new();
    bench.remote("/in/a.txt", "a");
    let (changed, ()) = tokio::join!(
        bench.dbx.wait_for_changes("/in", None, LONG),
        when_waiting(&bench, || bench.remote("/in/b.txt", "b")),
    );
    let changed = changed.unwrap();
    assert_eq!(shown(&changed), [("file", "/in/b.txt")]);
    assert!(!changed.timed_out);
    // What came before the question is told at once.
    bench.remote("/in/c.txt", "c");
    let cursor = Some(changed.cursor.as_str());
    let next = bench.dbx.wait_for_changes("/in", cursor, LONG).await;
    assert_eq!(shown(&next.unwrap()), [("file", "/in/c.txt")]);
}

#[tokio::test]
async fn the_time_can_be_up_first() {
    let bench = Bench::new();
    bench.remote("/in/a.txt", "a");
    let short = Some(Duration::from_millis(100));
    let first = bench
        .dbx
        .wait_for_changes("/in", None, short)
        .await
        .unwrap();
    assert!(first.timed_out && first.items.is_empty());
    bench.remote("/in/b.txt", "b");
    let later = bench
        .dbx
        .wait_for_changes("/in", Some(&first.cursor), LONG)
        .await
        .unwrap();
    assert_eq!(shown(&later), [("file", "/in/b.txt")]);
}

#[tokio::test]
async fn no_token_goes_along_while_it_waits() {
    let bench = Bench::new();
    bench.remote("/in/a.txt", "a");
    let cursor = bench.dbx.changes("/in", None).await.unwrap().cursor;
    // A token that is not known would be refused.
    let stranger = Connection::builder("main")
        .endpoint(bench.emulator.url())
        .access_token("not-a-token")
        .build()
        .unwrap();
    let time = Some(Duration::from_millis(100));
    let waited = stranger.wait_for_changes("/in", Some(&cursor), time).await;
    assert!(waited.unwrap().timed_out);
}

#[tokio::test]
async fn a_cursor_that_was_dropped_is_a_conflict_that_says_what_to_do() {
    for route in ["files/list_folder/continue", "files/list_folder/longpoll"] {
        let bench = Bench::new();
        bench.remote("/in/a.txt", "a");
        let cursor = bench.dbx.changes("/in", None).await.unwrap().cursor;
        bench.remote("/in/b.txt", "b");
        bench
            .emulator
            .inject(Fault::on(route, FaultKind::ResetCursor));
        let waited = bench.dbx.wait_for_changes("/in", Some(&cursor), LONG).await;
        let error = waited.unwrap_err();
        assert_eq!(error.kind().as_str(), "conflict", "{route}");
        assert_eq!(error.tag(), Some("reset"), "{route}");
        assert!(
            error.hint().unwrap().contains("without a cursor"),
            "{route}"
        );
    }
}

#[tokio::test]
async fn nobody_asks_again_before_the_servers_backoff_is_over() {
    let bench = Bench::new();
    bench.remote("/in/a.txt", "a");
    let fault = FaultKind::LongpollBackoff { seconds: 3600 };
    bench
        .emulator
        .inject(Fault::on("files/list_folder/longpoll", fault).first(1));
    for _ in 0..2 {
        let time = Some(Duration::from_millis(100));
        let waited = bench.dbx.wait_for_changes("/in", None, time).await;
        assert!(waited.unwrap().timed_out);
    }
    assert_eq!(bench.calls("files/list_folder/longpoll"), 1);
}
