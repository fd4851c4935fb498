//! A folder that becomes a link while `file::` works in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::bench::Bench;

const SECRET: &str = "canary-8c1d";

/// Makes a folder a link to another and a folder again, as often as it can.
fn swap(folder: &Path, outside: &Path, ends: &AtomicBool) {
    let aside = folder.with_extension("aside");
    while !ends.load(Relaxed) {
        fs::rename(folder, &aside).unwrap();
        in_place_of(folder, || symlink(outside, folder));
        std::thread::yield_now();
        fs::remove_file(folder).unwrap();
        in_place_of(folder, || fs::rename(&aside, folder));
    }
}

/// Puts something where the folder was, and where the script may have made one again meanwhile.
fn in_place_of(folder: &Path, put: impl Fn() -> std::io::Result<()>) {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    while let Err(error) = put() {
        let is_made_again = matches!(error.kind(), AlreadyExists | DirectoryNotEmpty);
        assert!(is_made_again, "{error}");
        // In vain while the script makes something in it.
        let _ = fs::remove_dir_all(folder);
    }
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files
        .map(|file| {
            (
                file.display().to_string(),
                fs::read_to_string(&file).unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn what_becomes_a_link_between_two_looks_leads_nowhere() {
    let is_full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|value| value == "full");
    let seconds = if is_full { 60 } else { 1 };
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.txt"), SECRET).unwrap();
    let before = contents(outside.path());
    let bench = Bench::new().file("flip/x.txt", "harmless");
    let ends = AtomicBool::new(false);
    let folder = bench.path("flip");
    let value = std::thread::scope(|scope| {
        scope.spawn(|| swap(&folder, outside.path(), &ends));
        let value = bench.try_eval(&format!(
            r#"
            let read = [];
            let times = 0;
            let end = time::now() + time::seconds({seconds});
            while time::now() < end {{
                times += 1;
                let text = attempt(|| file::read_text("flip/x.txt"));
                if text.ok && !(text.value in read) {{ read.push(text.value); }}
                attempt(|| file::write_text("flip/new.txt", "from a script"));
                attempt(|| file::append_text("flip/x.txt", ""));
                attempt(|| file::copy("flip/x.txt", "copied.txt"));
                attempt(|| file::move("flip/new.txt", "flip/other.txt"));
                attempt(|| file::create_folder("flip/folder"));
                attempt(|| file::delete("flip/folder"));
                attempt(|| file::list("flip/*"));
                let copied = attempt(|| file::read_text("copied.txt"));
                if copied.ok && !(copied.value in read) {{ read.push(copied.value); }}
            }}
            print(`${{times}} rounds`);
            read"#
        ));
        ends.store(true, Relaxed);
        value
            .unwrap_or_else(|error| panic!("{error}"))
            .value
            .to_string()
    });
    assert_ne!(bench.printed(), ["0 rounds"]);
    assert!(!value.contains(SECRET), "{value}");
    assert_eq!(
        contents(outside.path()),
        before,
        "something outside was changed"
    );
}
