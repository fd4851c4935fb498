use super::*;

const SETTLE: Duration = Duration::from_secs(2);

struct Bench {
    ledger: Ledger,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            ledger: Ledger::new(SETTLE),
            start: Instant::now(),
        }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    fn see(&mut self, milliseconds: u64, path: &str, version: Option<i64>) {
        let now = self.at(milliseconds);
        self.ledger
            .observe(Path::new(path), version.map(Stamp::version), now);
    }

    fn see_folder(&mut self, milliseconds: u64, folder: &str, files: &[(&str, i64)]) {
        let now = self.at(milliseconds);
        let files: Vec<_> = files
            .iter()
            .map(|(name, n)| ((*name).into(), Stamp::version(*n)))
            .collect();
        self.ledger.observe_folder(Path::new(folder), &files, now);
    }

    fn claim(&mut self) -> Vec<(String, Option<u64>, Option<u64>)> {
        let size = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.size());
        let claimed = self.ledger.claim(usize::MAX).into_iter();
        claimed
            .map(|file| {
                (
                    file.path.display().to_string(),
                    size(file.before),
                    size(file.after),
                )
            })
            .collect()
    }

    /// Claims all there is and is done with it.
    fn take(&mut self) -> Vec<(String, Option<u64>, Option<u64>)> {
        let claimed = self.claim();
        for (path, ..) in &claimed {
            self.ledger.finish(Path::new(path));
        }
        claimed
    }
}

#[test]
fn a_version_settles_when_a_look_after_the_settle_time_sees_it_unchanged() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    assert_eq!(bench.ledger.next_due(), Some(bench.at(2000)));
    assert!(bench.ledger.due(bench.at(1999)).is_empty());
    assert_eq!(bench.ledger.due(bench.at(2000)), [Path::new("/r/a")]);
    assert!(bench.take().is_empty(), "time alone settles nothing");
    bench.see(2000, "/r/a", Some(1));
    assert!(bench.ledger.has_settled());
    assert_eq!(bench.take(), [("/r/a".into(), None, Some(1))]);
    assert!(bench.take().is_empty(), "handed over once");
}

#[test]
fn a_growing_file_waits_until_it_stops() {
    let mut bench = Bench::new();
    for second in 0..60 {
        bench.see(
            second * 1000,
            "/r/a",
            Some(1 + i64::try_from(second).expect("small")),
        );
        assert!(bench.take().is_empty());
    }
    bench.see(61_000, "/r/a", Some(60));
    assert_eq!(bench.take(), [("/r/a".into(), None, Some(60))]);
}

#[test]
fn a_change_after_settling_and_before_taking_waits_again() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    bench.see(2000, "/r/a", Some(1));
    bench.see(2500, "/r/a", Some(2));
    assert!(bench.take().is_empty());
    bench.see(4500, "/r/a", Some(2));
    assert_eq!(bench.take(), [("/r/a".into(), None, Some(2))]);
}

#[test]
fn what_is_created_and_removed_between_two_takes_is_no_change() {
    let mut bench = Bench::new();
    bench.see(0, "/r/4913", Some(1));
    bench.see(100, "/r/4913", None);
    assert!(bench.ledger.due(bench.at(5000)).is_empty());
    assert_eq!(bench.ledger.next_due(), None);
}

#[test]
fn a_removal_settles_too_so_that_delete_and_recreate_is_one_change() {
    let mut bench = Bench::new();
    bench
        .ledger
        .accept(Path::new("/r/a"), Some(Stamp::version(1)));
    bench.see(0, "/r/a", None);
    bench.see(500, "/r/a", Some(2));
    bench.see(2500, "/r/a", Some(2));
    assert_eq!(bench.take(), [("/r/a".into(), Some(1), Some(2))]);
    bench.see(3000, "/r/a", None);
    bench.see(5000, "/r/a", None);
    assert_eq!(bench.take(), [("/r/a".into(), Some(2), None)]);
    assert_eq!(bench.ledger.known.len(), 0, "nothing is kept of it");
}

#[test]
fn a_look_at_a_folder_finds_what_is_new_changed_and_gone_in_it_alone() {
    let mut bench = Bench::new();
    for (path, n) in [("/r/a", 1), ("/r/b", 1), ("/r/c", 1), ("/r/sub/a", 1)] {
        bench
            .ledger
            .accept(Path::new(path), Some(Stamp::version(n)));
    }
    bench.see(0, "/r/passing", Some(1));
    let now = [("a", 1), ("b", 2), ("d", 4)];
    bench.see_folder(100, "/r", &now);
    bench.see_folder(2100, "/r", &now);
    assert_eq!(
        bench.take(),
        [
            ("/r/b".into(), Some(1), Some(2)),
            ("/r/c".into(), Some(1), None),
            ("/r/d".into(), None, Some(4)),
        ]
    );
}

#[test]
fn files_from_before_settle_by_their_dates() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    bench
        .ledger
        .settle_by_dates(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    assert!(!bench.ledger.has_settled());
    bench
        .ledger
        .settle_by_dates(SystemTime::UNIX_EPOCH + Duration::from_secs(3));
    assert_eq!(bench.take(), [("/r/a".into(), None, Some(1))]);
}

#[test]
fn what_is_not_retained_is_unknown() {
    let mut bench = Bench::new();
    bench
        .ledger
        .accept(Path::new("/r/a"), Some(Stamp::version(1)));
    bench.see(0, "/r/b", Some(1));
    bench.ledger.retain(|path| path.ends_with("b"));
    assert_eq!(bench.ledger.known.len(), 0);
    assert_eq!(
        bench.ledger.pending.at_or_below(Path::new("/")),
        [Path::new("/r/b")]
    );
}

#[test]
fn the_next_version_waits_until_the_one_before_is_done_with() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    bench.see(2000, "/r/a", Some(1));
    assert_eq!(bench.claim(), [("/r/a".into(), None, Some(1))]);
    bench.see(3000, "/r/a", Some(1));
    bench.see(4000, "/r/a", Some(2));
    bench.see(6000, "/r/a", Some(2));
    assert!(bench.claim().is_empty(), "one at a time");
    bench.ledger.finish(Path::new("/r/a"));
    assert!(bench.ledger.has_settled());
    assert_eq!(bench.take(), [("/r/a".into(), Some(1), Some(2))]);
}

#[test]
fn a_newer_version_takes_the_place_of_one_that_failed() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    bench.see(2000, "/r/a", Some(1));
    bench.claim();
    bench.ledger.set_running(Path::new("/r/a"), false);
    assert!(bench.claim().is_empty(), "it waits for its next try");
    bench.see(3000, "/r/a", Some(2));
    bench.see(5000, "/r/a", Some(2));
    let claims = bench.ledger.claim(9);
    assert!(claims[0].supersedes && claims[0].before.is_none());
}

#[test]
fn what_is_given_back_comes_again() {
    let mut bench = Bench::new();
    bench.see(0, "/r/a", Some(1));
    bench.see(2000, "/r/a", Some(1));
    bench.claim();
    let now = bench.at(2500);
    bench.ledger.give_back(Path::new("/r/a"), true, now);
    assert_eq!(bench.claim(), [("/r/a".into(), None, Some(1))]);
    let now = bench.at(3000);
    bench.ledger.give_back(Path::new("/r/a"), false, now);
    assert!(bench.claim().is_empty());
    bench.see(5000, "/r/a", Some(1));
    assert_eq!(bench.claim(), [("/r/a".into(), None, Some(1))]);
}

#[test]
fn each_file_has_its_turn() {
    let mut bench = Bench::new();
    let see = |bench: &mut Bench, at, path, n| {
        bench.see(at, path, Some(n));
        bench.see(at + 2000, path, Some(n));
    };
    for path in ["/r/a", "/r/b", "/r/c"] {
        see(&mut bench, 0, path, 1);
    }
    for (round, expected) in (0..).zip(["/r/a", "/r/b", "/r/c"]) {
        let claims = bench.ledger.claim(1);
        assert_eq!(claims[0].path, Path::new(expected));
        bench.ledger.finish(&claims[0].path);
        // The first one never rests.
        see(
            &mut bench,
            3000 * (round + 1),
            "/r/a",
            2 + i64::try_from(round).expect("small"),
        );
    }
}
