//! A program that runs a script of its own against a Dropbox.
//!
//! It starts the emulator, so that it runs anywhere: `cargo run --example embed`. For a real account leave `endpoint` out.

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::error::Error;
use std::time::Duration;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Host, Limits, Permissions, UploadOptions};

const SCRIPT: &str = r#"
    let dbx = dropbox();
    for item in dbx.list("/reports", #{ kind: "files" }) {
        print(`${item.path} has ${item.size} bytes`);
    }
    dbx.list("/reports").count()
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("january.csv"), "month,sum\n1,42\n")?;
    std::fs::write(folder.path().join("february.csv"), "month,sum\n2,7\n")?;

    // The cloud tasks are ordinary async Rust.
    let connection = Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .build()?;
    let source = folder.path().join("*.csv").display().to_string();
    let report = connection
        .upload(source, "/reports", UploadOptions::default())
        .await?;
    println!("{report}");

    // A script sees the connections that it is given, and may do nothing else.
    let host = Host::builder()
        .connection(connection)
        .permissions(Permissions::none())
        .limits(Limits {
            deadline: Some(Duration::from_secs(60)),
            ..Limits::default()
        })
        .on_print(|line| println!("script: {line}"))
        .build()?;
    let outcome = host.eval(SCRIPT).await?;
    assert_eq!(outcome.value.as_int(), Ok(2));
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example works");
}
