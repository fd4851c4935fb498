//! The first look at many files, and the look after a pause, each by a process of its own.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use dropscript::{Initial, JournalPlace, WatchOptions, Watcher};

/// Files in a folder.
const IN_A_FOLDER: usize = 100;

/// Measures it for a hundred thousand files, and for a million.
pub(crate) fn measure() {
    println!(
        "\nThe look at the beginning, with a journal on the disk, in folders of {IN_A_FOLDER}"
    );
    println!(
        "  {:>9}  {:<44} {:>8} {:>14} {:>14}",
        "files", "", "seconds", "bytes a file", "at its peak"
    );
    for count in [100_000, 1_000_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        make(&root, count);
        let journal = folder.path().join("journal.db");
        for (which, what) in [
            ("new", "all are new, and wait for the script"),
            ("none", "all are left out (`--initial none`)"),
            ("new", "all are known"),
        ] {
            let figures = in_a_process(&[&root, &journal, Path::new(which)]);
            let each = |bytes: usize| (bytes << 10) / count;
            println!(
                "  {count:>9}  {what:<44} {:>8.2} {:>14} {:>14}",
                figures.seconds,
                each(figures.kept),
                each(figures.peak)
            );
        }
    }
}

/// What one look took: seconds, and KiB of memory.
struct Figures {
    seconds: f64,
    kept: usize,
    peak: usize,
}

fn in_a_process(arguments: &[&Path]) -> Figures {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).arg("--look").args(arguments).output();
    let output = output.expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let mut words = text.split_whitespace();
    let mut next = || words.next().expect("three numbers");
    Figures {
        seconds: next().parse().expect("seconds"),
        kept: next().parse().expect("a size"),
        peak: next().parse().expect("a size"),
    }
}

/// Takes the look, and prints what it took: with the folder, the journal, and which files count.
pub(crate) fn look(arguments: &[String]) {
    let [root, journal, which, ..] = arguments else {
        panic!("`--look FOLDER JOURNAL new|none`")
    };
    let options = WatchOptions {
        roots: vec![root.into()],
        journal: JournalPlace::File(journal.into()),
        name: "/bench.rhai".to_owned(),
        initial: match which.as_str() {
            "none" => Initial::None,
            _ => Initial::New,
        },
        ..WatchOptions::default()
    };
    let before = memory("VmRSS:");
    let begun = Instant::now();
    let watcher = Watcher::start(&options).expect("it starts");
    let seconds = begun.elapsed().as_secs_f64();
    let less = |what| memory(what).saturating_sub(before);
    println!("{seconds} {} {}", less("VmRSS:"), less("VmHWM:"));
    drop(watcher);
}

/// Memory of this process, in KiB.
fn memory(what: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("it is there").parse().expect("a number")
}

/// Makes so many files of nothing, older than the time to settle once the first look comes to them.
pub(crate) fn make(root: &Path, count: usize) {
    for folder in 0..count / IN_A_FOLDER {
        let folder = root.join(format!("{:03}/{folder:05}", folder / 100));
        fs::create_dir_all(&folder).expect("made");
        for file in 0..IN_A_FOLDER {
            File::create(folder.join(format!("file-{file:04}.txt"))).expect("made");
        }
    }
}
