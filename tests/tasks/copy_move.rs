//! Copying and moving many files at Dropbox.

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Filter, OnError, Overwrite, Report, Result, TransferOptions};

use crate::support::{Bench, kind, outcomes};

const ROUTES: [&str; 2] = ["copy", "move"];

fn options() -> TransferOptions {
    TransferOptions {
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

fn over(overwrite: Overwrite) -> TransferOptions {
    TransferOptions {
        overwrite,
        ..options()
    }
}

async fn relocate(
    bench: &Bench,
    how: &str,
    source: &str,
    folder: &str,
    options: TransferOptions,
) -> Result<Report> {
    match how {
        "copy" => bench.dbx.copy_into(source, folder, options).await,
        _ => bench.dbx.move_into(source, folder, options).await,
    }
}

/// Files of some number, each with its name as contents.
fn files(count: usize) -> Bench {
    let bench = Bench::new();
    for number in 0..count {
        bench.remote(&format!("/from/sub/{number}.txt"), number.to_string());
    }
    bench
}

fn below(bench: &Bench, folder: &str) -> Vec<String> {
    let inside = format!("{folder}/");
    let paths = bench.emulator.paths("main").into_iter();
    paths.filter(|path| path.starts_with(&inside)).collect()
}

#[tokio::test]
async fn a_folder_means_its_files_and_many_go_in_a_call() {
    for how in ROUTES {
        for count in [1, 2, 3, 1_003] {
            let bench = files(count);
            let report = relocate(&bench, how, "/from", "/to/deep", options())
                .await
                .unwrap();
            assert_eq!(
                (report.transferred, report.failed),
                (count as u64, 0),
                "{how} {count}"
            );
            assert_eq!(below(&bench, "/to/deep/sub").len(), count);
            let last = format!("/sub/{}.txt", count - 1);
            assert_eq!(
                bench.contents(&format!("/to/deep{last}")).unwrap(),
                (count - 1).to_string().as_bytes()
            );
            let left = if how == "copy" { count } else { 0 };
            assert_eq!(below(&bench, "/from/sub").len(), left, "{how} {count}");
            let batches = bench.calls(&format!("files/{how}_batch_v2"));
            assert_eq!(
                batches,
                if count > 2 {
                    count.div_ceil(1_000) as u64
                } else {
                    0
                }
            );
            assert!(bench.calls(&format!("files/{how}_v2")) <= 3);
        }
    }
}

#[tokio::test]
async fn globs_items_arrays_filters_and_new_places_are_as_for_a_transfer() {
    let bench = Bench::new();
    for path in ["/a/x.csv", "/a/y.txt", "/a/b/z.csv", "/c/q.csv"] {
        bench.remote(path, path);
    }
    let dbx = &bench.dbx;
    dbx.copy_into("/a/**/*.csv", "/glob", options())
        .await
        .unwrap();
    assert_eq!(
        below(&bench, "/glob"),
        ["/glob/b", "/glob/b/z.csv", "/glob/x.csv"]
    );
    let item = dbx.info("/a/y.txt").await.unwrap();
    dbx.copy_into(
        vec![item, dbx.info("/c/q.csv").await.unwrap()],
        "/items",
        options(),
    )
    .await
    .unwrap();
    assert_eq!(below(&bench, "/items"), ["/items/q.csv", "/items/y.txt"]);
    let filter = Filter {
        larger_than: "8".parse().ok(),
        ..Filter::default()
    };
    dbx.move_into(
        "/a",
        "/flat",
        TransferOptions {
            flatten: true,
            filter,
            ..options()
        },
    )
    .await
    .unwrap();
    assert_eq!(below(&bench, "/flat"), ["/flat/z.csv"]);
    assert_eq!(below(&bench, "/a"), ["/a/b", "/a/x.csv", "/a/y.txt"]);
    for (source, folder, expected) in [
        ("/none", "/x", "not_found"),
        ("/a/x.csv", "/x/new.csv", "invalid_argument"),
    ] {
        assert_eq!(
            kind(dbx.move_into(source, folder, options()).await),
            expected,
            "{source}"
        );
    }
    let empty = dbx.copy_into("/a/*.none", "/x", options()).await.unwrap();
    assert!(empty.items.is_empty());
}

#[tokio::test]
async fn what_is_there_is_minded_by_the_overwrite_mode() {
    for how in ROUTES {
        for (mode, outcome, there, beside) in [
            (Overwrite::Changed, "transferred", "new", None),
            (Overwrite::Always, "transferred", "new", None),
            (Overwrite::Size, "skipped", "old", None),
            (Overwrite::Never, "skipped", "old", None),
            (Overwrite::Fail, "failed", "old", None),
            (Overwrite::Rename, "transferred", "old", Some("new")),
        ] {
            let bench = Bench::new();
            bench.remote("/from/a.txt", "new");
            bench.remote("/to/a.txt", "old");
            let report = relocate(&bench, how, "/from", "/to", over(mode))
                .await
                .unwrap();
            assert_eq!(
                outcomes(&report),
                [("a.txt".to_owned(), outcome)],
                "{how} {mode:?} {report}"
            );
            assert_eq!(
                bench.contents("/to/a.txt").unwrap(),
                there.as_bytes(),
                "{how} {mode:?}"
            );
            let second = bench.contents("/to/a (2).txt");
            assert_eq!(
                second.as_deref(),
                beside.map(str::as_bytes),
                "{how} {mode:?}"
            );
            let gone = how == "move" && outcome == "transferred";
            assert_eq!(
                bench.contents("/from/a.txt").is_none(),
                gone,
                "{how} {mode:?}"
            );
            assert_eq!(
                below(&bench, "/to").len(),
                1 + usize::from(beside.is_some()),
                "{how} {mode:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_equal_file_at_the_target_is_enough() {
    for how in ROUTES {
        let bench = Bench::new();
        bench.remote("/from/a.txt", "same");
        bench.remote("/to/a.txt", "same");
        let rev = bench.dbx.info("/to/a.txt").await.unwrap().rev;
        let report = relocate(&bench, how, "/from", "/to", options())
            .await
            .unwrap();
        assert_eq!(report.skipped, 1);
        assert_eq!(bench.dbx.info("/to/a.txt").await.unwrap().rev, rev);
        assert_eq!(bench.contents("/from/a.txt").is_none(), how == "move");
    }
}

#[tokio::test]
async fn nothing_becomes_itself_and_is_lost() {
    for how in ROUTES {
        let bench = Bench::new();
        bench.remote("/A/x.txt", "x");
        for folder in ["/A", "/a", "/a/"] {
            for overwrite in [Overwrite::Changed, Overwrite::Always, Overwrite::Rename] {
                let report = relocate(&bench, how, "/A/x.txt", folder, over(overwrite))
                    .await
                    .unwrap();
                assert_eq!(report.skipped, 1, "{how} {folder} {overwrite:?}");
            }
        }
        assert_eq!(bench.contents("/A/x.txt").unwrap(), b"x");
        assert_eq!(below(&bench, "/A").len(), 1);
        // Into its own subfolder all goes that was there, once.
        let report = relocate(&bench, how, "/A", "/A/in", options())
            .await
            .unwrap();
        assert_eq!(report.transferred, 1);
        assert_eq!(bench.contents("/A/in/x.txt").unwrap(), b"x");
    }
}

#[tokio::test]
async fn two_sources_of_one_name_do_not_become_one() {
    let bench = Bench::new();
    bench.remote("/a/x.txt", "a");
    bench.remote("/b/X.txt", "b");
    let report = bench
        .dbx
        .move_into(vec!["/a/x.txt", "/b/X.txt"], "/to", options())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.failed), (1, 1));
    assert_eq!(bench.contents("/to/x.txt").unwrap(), b"a");
    assert_eq!(bench.contents("/b/X.txt").unwrap(), b"b");
}

#[tokio::test]
async fn an_answer_that_got_lost_is_looked_for() {
    for how in ROUTES {
        for route in [
            format!("files/{how}_batch_v2"),
            format!("files/{how}_batch/check_v2"),
        ] {
            let bench = files(5);
            bench
                .emulator
                .inject(Fault::on(&route, FaultKind::CutAfterCommit).first(1));
            let report = relocate(&bench, how, "/from", "/to", options())
                .await
                .unwrap();
            assert_eq!(
                (report.transferred, report.failed),
                (5, 0),
                "{route} {report}"
            );
            assert_eq!(below(&bench, "/to/sub").len(), 5, "{route}");
        }
    }
}

/// The first try may have been all that there was to do, and nobody knows: that there is nothing at the source any more is not the reason.
#[tokio::test]
async fn where_nobody_can_look_after_an_answer_that_got_lost_that_is_what_is_told() {
    let looks = |bench: &Bench| bench.calls("files/get_metadata");
    let before = {
        let bench = files(5);
        let moved = relocate(&bench, "move", "/from", "/to", options()).await;
        assert_eq!(moved.unwrap().transferred, 5);
        looks(&bench)
    };
    let bench = files(5);
    let lost = Fault::on("files/move_batch_v2", FaultKind::CutAfterCommit);
    bench.emulator.inject(lost.first(1));
    // Nobody waits for so long.
    let down = FaultKind::ServerError {
        status: 503,
        html: false,
        retry_after: Some(3_600),
    };
    let down = Fault::on("files/get_metadata", down).nth(before + 1);
    bench.emulator.inject(down);
    let report = relocate(&bench, "move", "/from", "/to", options())
        .await
        .unwrap();
    assert_eq!((report.transferred, report.failed), (4, 1), "{report}");
    let failed = report.items.iter().find_map(|item| item.error.as_ref());
    let failed = failed.unwrap();
    assert_eq!(failed.kind().as_str(), "server", "{failed:?}");
    assert!(failed.is_retryable());
    assert!(failed.hint().unwrap().contains("may be there"));
    assert_eq!(below(&bench, "/to/sub").len(), 5);
}

#[tokio::test]
async fn a_job_is_waited_for_and_entries_fail_by_themselves() {
    for how in ROUTES {
        let bench = files(6);
        let batch = format!("files/{how}_batch_v2");
        bench
            .emulator
            .inject(Fault::on(&batch, FaultKind::AsyncJob { pending: 2 }).first(1));
        let report = relocate(&bench, how, "/from", "/to", options())
            .await
            .unwrap();
        assert_eq!(report.transferred, 6, "{report}");
        assert_eq!(bench.calls(&format!("files/{how}_batch/check_v2")), 3);

        let bench = files(6);
        for error in ["too_many_write_operations", "internal_error"] {
            let failing = FaultKind::BatchEntries {
                error: error.to_owned(),
                entries: dropscript::emulator::FaultWhen::default(),
            };
            bench.emulator.inject(Fault::on(&batch, failing).first(1));
        }
        let report = relocate(&bench, how, "/from", "/to", options())
            .await
            .unwrap();
        assert_eq!(report.transferred, 6, "{report}");

        let bench = files(6);
        let failing = FaultKind::BatchEntries {
            error: "relocation_error/insufficient_quota".to_owned(),
            entries: dropscript::emulator::FaultWhen::default(),
        };
        bench.emulator.inject(Fault::on(&batch, failing).first(1));
        let failed = relocate(&bench, how, "/from", "/to", TransferOptions::default());
        assert_eq!(kind(failed.await), "no_space");
        assert_eq!(below(&bench, "/from/sub").len(), 6);
    }
}

/// Replacing takes several steps: whichever fails, nothing is lost, and what is left says where it is.
#[tokio::test]
async fn replacing_loses_nothing_wherever_it_fails() {
    for how in ROUTES {
        for route in ["files/copy_v2", "files/delete_v2", "files/move_v2"] {
            let bench = Bench::new();
            bench.remote("/from/a.txt", "new");
            bench.remote("/to/a.txt", "old");
            let refused = FaultKind::ServerError {
                status: 403,
                html: false,
                retry_after: None,
            };
            bench.emulator.inject(Fault::on(route, refused).first(1));
            let report = relocate(&bench, how, "/from", "/to", options())
                .await
                .unwrap();
            assert_eq!(report.failed, 1, "{how} {route} {report}");
            assert_eq!(
                bench.contents("/from/a.txt").unwrap(),
                b"new",
                "{how} {route}"
            );
            let left = below(&bench, "/to");
            if route == "files/move_v2" {
                let hint = report.items[0].error.as_deref().unwrap().hint().unwrap();
                assert!(hint.contains(&left[0]), "{hint} {left:?}");
                assert_eq!(bench.contents(&left[0]).unwrap(), b"new");
            } else {
                assert_eq!(left, ["/to/a.txt"], "{how} {route}");
                assert_eq!(bench.contents("/to/a.txt").unwrap(), b"old");
            }
        }
    }
}

#[tokio::test]
async fn plans_change_nothing_and_contradictions_are_refused() {
    let bench = files(4);
    let dry = TransferOptions {
        dry_run: true,
        ..options()
    };
    let before = bench.emulator.paths("main");
    for how in ROUTES {
        let report = relocate(&bench, how, "/from", "/to", dry.clone())
            .await
            .unwrap();
        assert_eq!(report.planned, 4);
    }
    assert_eq!(bench.emulator.paths("main"), before);
    for wrong in [
        TransferOptions {
            delete_source: true,
            ..options()
        },
        TransferOptions {
            keep_dates: false,
            ..options()
        },
    ] {
        assert_eq!(
            kind(bench.dbx.copy_into("/from", "/to", wrong).await),
            "invalid_argument"
        );
    }
}
