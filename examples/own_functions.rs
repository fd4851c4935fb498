//! A program whose scripts call functions and use types of its own, beside ours.
//!
//! `cargo run --example own_functions`

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use dropscript::emulator::Emulator;
use dropscript::rhai::{Engine, EvalAltResult};
use dropscript::{Connection, Host};

/// What the program knows of its customers.
#[derive(Clone)]
struct Customer {
    name: String,
    folder: String,
}

/// Where invoices are noted.
type Ledger = Arc<Mutex<Vec<String>>>;

const SCRIPT: &str = r#"
    for customer in customers() {
        let path = `${customer.folder}/invoice.txt`;
        dropbox().write_text(path, `Dear ${customer.name}`);
        note(path);
    }
    // An error of the program is caught as any other.
    let why = ();
    try { note("") } catch (e) { why = message_of(e) }
    why
"#;

/// Adds what is ours to the engine of a script.
fn extend(engine: &mut Engine, ledger: &Ledger) {
    engine
        .register_type_with_name::<Customer>("Customer")
        .register_get("name", |customer: &mut Customer| customer.name.clone())
        .register_get("folder", |customer: &mut Customer| customer.folder.clone())
        .register_fn("customers", || -> dropscript::rhai::Array {
            let customer = |name: &str| Customer {
                name: name.to_owned(),
                folder: format!("/customers/{}", name.to_lowercase()),
            };
            ["Ada", "Grace"]
                .map(|name| dropscript::rhai::Dynamic::from(customer(name)))
                .into()
        });
    let ledger = Arc::clone(ledger);
    engine.register_fn(
        "note",
        move |path: &str| -> Result<(), Box<EvalAltResult>> {
            if path.is_empty() {
                return Err("an invoice needs a path".into());
            }
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.push(path.to_owned());
            Ok(())
        },
    );
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let connection = Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .build()?;
    let ledger = Ledger::default();
    let noted = Arc::clone(&ledger);
    let host = Host::builder()
        .connection(connection)
        .extend(move |engine| extend(engine, &noted))
        .build()?;

    // Parsed once, the script may be run as often as there is something to do.
    let script = host.compile("invoices", SCRIPT)?;
    let why = host.run(&script).await?.value;
    println!("refused: {why}");
    let noted = ledger
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    println!("{noted:?}");
    assert_eq!(
        noted,
        ["/customers/ada/invoice.txt", "/customers/grace/invoice.txt"]
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example works");
}
