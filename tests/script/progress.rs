//! How far a task is, told to scripts and programs.

use std::sync::{Arc, Mutex};

use dropscript::emulator::Emulator;
use dropscript::{Level, Observer, Permissions, RunOptions, TaskEvent};
use futures_util::future::join_all;

use crate::bench::Bench;
use crate::cloud::connection;

/// What a program hears of the tasks of its scripts.
type Heard = Arc<Mutex<Vec<String>>>;

fn lab() -> (Arc<Emulator>, Bench, Heard) {
    let emulator = Arc::new(Emulator::start().unwrap());
    let heard = Heard::default();
    let (main, other) = (
        connection(&emulator, "main"),
        connection(&emulator, "other"),
    );
    let told = Arc::clone(&heard);
    let bench = Bench::with(move |host| {
        let told = Arc::clone(&told);
        host.connection(main.clone())
            .connection(other.clone())
            .permissions(Permissions::none().read(".").write("."))
            .on_task(move |event| {
                let line = match event {
                    TaskEvent::Progress(progress) if progress.over => format!(
                        "{} over: {} of {}, {} of {}",
                        progress.task,
                        progress.done,
                        progress.total,
                        progress.bytes,
                        progress.total_bytes
                    ),
                    TaskEvent::Ended(report) => {
                        format!("{} ended: {}", report.task, report.items.len())
                    }
                    _ => return,
                };
                told.lock().unwrap().push(line);
            })
    });
    let bench = bench
        .file("out/a.txt", "one")
        .file("out/b.txt", "three")
        .file("out/sub/c.txt", "");
    (emulator, bench, heard)
}

#[test]
fn a_closure_hears_how_far_a_transfer_is_and_of_its_end() {
    let (_emulator, bench, heard) = lab();
    bench.eval(
        r#"
        let dbx = dropbox();
        let all = #{ done: 3, total: 3, bytes: 8, total_bytes: 8 };
        let last = ();
        let hear = |p| { last = p; };
        fn same(last, all) {
            for key in all.keys() { assert_eq(last[key], all[key]); }
            assert(last.file.len() > 0);
        }
        dbx.upload("out", "/in", #{ progress: |p| { last = p } });
        same(last, all);
        last = (); dbx.download("/in", "back", #{ progress: |p| { last = p } }); same(last, all);
        last = (); dbx.copy("/in", "/copy", #{ progress: |p| { last = p } }); same(last, all);
        last = (); dbx.move("/copy", "/moved", #{ progress: |p| { last = p } }); same(last, all);
        last = (); dropbox("other").copy_from(dbx, "/in", "/here", #{ progress: |p| { last = p } }); same(last, all);
        last = (); dbx.mirror_up("out", "/mirror", #{ progress: |p| { last = p } }); same(last, all);
        // What is equal counts as done too.
        last = (); dbx.upload("out", "/in", #{ progress: |p| { last = p } }); same(last, all);
        "#,
    );
    let heard = heard.lock().unwrap();
    assert_eq!(heard[0], "upload over: 3 of 3, 8 of 8");
    assert_eq!(heard[1], "upload ended: 3");
    let ended: Vec<&str> = heard
        .iter()
        .filter_map(|line| line.split_once(" ended: 3").map(|(task, _)| task))
        .collect();
    let tasks = [
        "upload",
        "download",
        "copy",
        "move",
        "copy_from",
        "mirror_up",
        "upload",
    ];
    assert_eq!(ended, tasks);
}

#[test]
fn what_a_closure_throws_ends_the_task() {
    let (_emulator, bench, heard) = lab();
    let thrown =
        bench.fail(r#"dropbox().upload("out", "/in", #{ progress: |p| { throw "enough" } });"#);
    assert!(thrown.message.contains("enough"), "{}", thrown.message);
    // Who draws it learns that it is over.
    assert!(heard.lock().unwrap()[0].starts_with("upload over"));
    let wrong = bench.fail(r#"dropbox().upload("out", "/in", #{ progress: true });"#);
    assert!(wrong.hint.unwrap().contains("total_bytes"));
}

#[test]
fn a_report_of_what_failed_is_told_too() {
    let (_emulator, bench, heard) = lab();
    bench.fail(
        r#"
        let dbx = dropbox();
        dbx.write_text("/in/a.txt", "other");
        dbx.upload("out", "/in", #{ overwrite: "fail" });
        "#,
    );
    assert_eq!(heard.lock().unwrap().last().unwrap(), "upload ended: 3");
}

/// Notes what one run tells.
#[derive(Default)]
struct Listener(Mutex<Vec<String>>);

impl Observer for Listener {
    fn print(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn log(&self, level: Level, line: &str) {
        self.0.lock().unwrap().push(format!("{level:?} {line}"));
    }

    fn task(&self, event: TaskEvent<'_>) {
        if let TaskEvent::Ended(report) = event {
            self.0
                .lock()
                .unwrap()
                .push(format!("{} ended", report.task));
        }
    }
}

#[test]
fn each_of_many_runs_at_once_is_heard_by_its_own_observer() {
    let (_emulator, bench, _) = lab();
    let host = bench.host();
    let runs = (0..20).map(|number| {
        let (host, listener) = (host.clone(), Arc::new(Listener::default()));
        let options = RunOptions {
            args: vec![number.to_string()],
            observer: Some(listener.clone()),
            ..RunOptions::default()
        };
        async move {
            let code = r#"print(args[0]); debug("x"); dropbox().upload("out", `/${args[0]}`);"#;
            host.eval_with(code, options).await.unwrap();
            (number, listener)
        }
    });
    for (number, listener) in bench.runtime().block_on(join_all(runs)) {
        let heard = listener.0.lock().unwrap();
        let logged = "Debug eval:1: \"x\"".to_owned();
        assert_eq!(
            *heard,
            [number.to_string(), logged, "upload ended".to_owned()]
        );
    }
    // The host hears all of them.
    assert_eq!(bench.printed().len(), 20);
}
