//! A program that shows how far a script's transfer is, and ends it from outside.
//!
//! `cargo run --example progress`

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Host, Observer, Permissions, Reason, RunOptions, TaskEvent};
use tokio_util::sync::CancellationToken;

/// Hears one run, and has had enough once the first files are there.
struct Impatient {
    enough: CancellationToken,
}

impl Observer for Impatient {
    fn print(&self, line: &str) {
        println!("script: {line}");
    }

    fn task(&self, event: TaskEvent<'_>) {
        match event {
            TaskEvent::Progress(progress) => {
                println!(
                    "{}: {} of {} files",
                    progress.task, progress.done, progress.total
                );
                if progress.done > 0 && !progress.over {
                    self.enough.cancel();
                }
            }
            TaskEvent::Ended(report) => println!("{report}"),
            _ => {}
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Slow enough to be stopped on the way.
    let emulator = Emulator::builder()
        .latency(Duration::from_millis(50))
        .start()?;
    let folder = tempfile::tempdir()?;
    for number in 0..200 {
        std::fs::write(folder.path().join(format!("{number}.txt")), "text")?;
    }
    let connection = Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .build()?;
    let host = Host::builder()
        .connection(connection)
        .working_directory(folder.path())
        .permissions(Permissions::none().read(folder.path()))
        .build()?;

    let enough = CancellationToken::new();
    let options = RunOptions {
        cancel: enough.clone(),
        observer: Some(Arc::new(Impatient { enough })),
        ..RunOptions::default()
    };
    let code =
        r#"print("begun"); dropbox().upload("*.txt", "/", #{ parallel: 1, overwrite: "always" })"#;
    let ended = host
        .eval_with(code, options)
        .await
        .expect_err("it was ended");
    println!("{ended}");
    assert_eq!(ended.reason, Reason::Interrupted);

    // Dropping the future of a run ends it too: a timeout needs nothing more.
    let late = tokio::time::timeout(Duration::from_millis(50), host.eval("loop {}")).await;
    assert!(late.is_err());
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example works");
}
