//! A program that has an engine of its own and puts the functions of scripts into it.
//!
//! `cargo run --example own_engine`

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::error::Error;

use dropscript::emulator::Emulator;
use dropscript::rhai::{Engine, Scope};
use dropscript::{Connection, Host, Limits};

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let connection = Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .build()?;
    let host = Host::builder()
        .connection(connection)
        .limits(Limits {
            operations: Some(100_000),
            ..Limits::default()
        })
        .build()?;

    // Only the functions: all else stays as the program set it up.
    let mut engine = Engine::new();
    engine.register_fn("shout", |text: &str| text.to_uppercase());
    host.register_into(&mut engine);
    let mut scope = Scope::new();
    scope.push("name", "notes.txt");
    engine.run_with_scope(
        &mut scope,
        r#"dropbox().write_text("/" + name, shout("milk")); let text = dropbox().read_text("/notes.txt");"#,
    )?;
    let text: String = scope.get_value("text").ok_or("the script left it")?;
    println!("{text}");
    assert_eq!(text, "MILK");

    // Or the limits, the modules and the constants too, as the host's own engines have them.
    host.prepare(&mut engine);
    let ended = engine.run("loop {}").expect_err("it runs into a limit");
    println!("{ended}");
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example works");
}
