//! What people read who make the mistakes that beginners make.
//!
//! Each script in `tests/script/mistakes` has its message beside it. `DROPSCRIPT_BLESS=1` writes the messages anew, for reading.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dropscript::ScriptError;
use dropscript::emulator::Emulator;

use crate::bench::Bench;
use crate::cloud::connection;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/script/mistakes")
}

/// The message, the place with its line, the calls that led there, and what would mend it.
fn told(error: &ScriptError) -> String {
    let mut text = format!("error: {}\n", error.message);
    for frame in &error.frames {
        let line = frame.source.lines().nth(frame.line - 1).unwrap_or_default();
        let indent = " ".repeat(frame.column - 1);
        let _ = writeln!(text, "  {frame}\n    {line}\n    {indent}^ {}", frame.label);
    }
    if let Some(hint) = &error.hint {
        let _ = writeln!(text, "help: {hint}");
    }
    text
}

#[test]
fn mistakes_of_beginners_are_told_well() {
    let emulator = Emulator::start().unwrap();
    let connection = connection(&emulator, "main");
    let bench = Bench::with(move |host| host.connection(connection.clone()));
    let bless = std::env::var_os("DROPSCRIPT_BLESS").is_some();
    let own = bench.folder().display().to_string();
    let mut wrong = String::new();
    let mut count = 0;
    let mut scripts: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "rhai")
        })
        .collect();
    scripts.sort();
    for script in scripts {
        count += 1;
        let name = script.file_stem().unwrap().to_string_lossy().into_owned();
        fs::copy(&script, bench.path("main.rhai")).unwrap();
        let found = match bench.run("main.rhai") {
            Err(error) => told(&error).replace(&own, "FOLDER"),
            Ok(_) => "no error\n".to_owned(),
        };
        let expected = script.with_extension("txt");
        if bless {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&found) {
            let _ = writeln!(wrong, "{name}:\n{found}");
        }
        if found == "no error\n" {
            let _ = writeln!(wrong, "{name}: no error");
        }
    }
    assert!(count >= 100, "{count} scripts");
    assert!(wrong.is_empty(), "{wrong}");
}
